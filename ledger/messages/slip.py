"""What a pending slip says: the paper that a member takes home while his entry waits."""

MESSAGES: dict[str, tuple[str, str]] = {
    "slip.footer": (
        "核验本回执：yuanzheng verify 加扫得的文本（YZP1:…），结论至多为“无法判断”。登记完成后，请凭查询地址领取回执或证书，本凭条即可作废。",
        "Verify: yuanzheng verify with the scanned text (YZP1:…); the verdict is UNDETERMINED at best. Once the entry is registered, fetch its receipt or certificate at the address; this slip is then void.",
    ),
    "slip.key": ("分中心公钥", "Sub-centre's key"),
    "slip.leaf": ("条目的叶哈希", "Leaf hash of the entry"),
    "slip.ledger": ("账本", "Ledger"),
    "slip.office": ("收存的分中心", "Sub-centre"),
    "slip.place": ("查询地址", "Where to ask"),
    "slip.place-code": ("扫码查询进展", "Scan to see what became of it"),
    "slip.receipt-code": ("待办回执（供核验）", "The pending receipt, to be verified"),
    "slip.received": ("收到时间", "Received"),
    "slip.received-at": ("{time}，以分中心时钟为准", "{time}, by the sub-centre's clock"),
    "slip.subtitle": ("分中心已收存，待转交总节点", "Held by a sub-centre, to be passed on to the primary"),
    "slip.title": ("待办回执", "Pending slip"),
    "slip.warning": (
        "这还不是登记。条目尚未进入账本，没有编号，也可能被拒绝。本凭条只是分中心将其转交的承诺。",
        "This is not yet a registration. The entry is not in the ledger, has no number and may be refused. This slip is only the sub-centre's promise to pass it on.",
    ),
}
