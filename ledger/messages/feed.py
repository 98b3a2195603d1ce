"""What a feed of acts says."""

MESSAGES: dict[str, tuple[str, str]] = {
    "feed.annulled": ("登记已撤销，自 {time} 起", "registration annulled from {time}"),
    "feed.completeness": (
        "本节点所知的后续行为；没有遗漏须重放账本才能证明。以证书为准。",
        "Later acts as this node knows them; that none is missing is proven only by replaying the ledger. Trust the certificates.",
    ),
    "feed.in-force": ("登记有效", "registration in force"),
    "feed.standing": (
        "{standing}；权利人 {owners}，有效许可 {licences}，质押 {pledges}，异议 {objections}",
        "{standing}; owners {owners}, licences in force {licences}, pledges {pledges}, objections {objections}",
    ),
    "feed.through": ("经办 {name}", "through {name}"),
    "feed.title": ("作品 {number} 的后续行为", "later acts of work {number}"),
    "feed.withdrawn": ("登记已撤回，自 {time} 起", "registration withdrawn from {time}"),
}
