"""Sentences about rules; a code is the rule's name."""

MESSAGES: dict[str, tuple[str, str]] = {
    "rules.at-in-the-future": (
        "签名人声明的时间 {actual} 超前太多（{expected} 毫秒以内）：请校准签名设备的时钟后重新签名。",
        "The signer's time {actual} lies too far ahead ({expected} ms): set the signing device's clock and sign again.",
    ),
    "rules.attestation-expired": (
        "该成员的主体核验已到期（应在 {expected} 之前，现为 {actual}）：请到分中心重新核验。",
        "The member's attestation has expired ({expected}, now {actual}): let a sub-centre attest the key anew.",
    ),
    "rules.authority-quorum": (
        "授权机构的签名不足：需要 {expected} 个，实有 {actual} 个。",
        "Too few signatures of the authority: {expected} are needed, {actual} came.",
    ),
    "rules.category-set": (
        "章程所指的类别表与本程序的第 {expected} 版不符（章程写的是第 {actual} 版）。",
        "The charter's category set is not this program's version {expected} (the charter says {actual}).",
    ),
    "rules.charter-first": (
        "章程必须是账本的第 0 号条目，且只有一份；第 {index} 号条目却是 {actual}。",
        "The charter must be leaf 0 and stand only there; leaf {index} would be {actual}.",
    ),
    "rules.consent-not-asked": (
        "{actual} 类条目不需要他人同意：请去掉 {field}。",
        "An entry of kind {actual} takes no consents: leave out {field}.",
    ),
    "rules.empty-period": (
        "{field} 须为 {expected}，实为 {actual}：有效期不能为空。",
        "{field} must be {expected}, found {actual}: the period would be empty.",
    ),
    "rules.key-has-a-role": (
        "{field} 中的密钥已用作 {actual}：一把密钥只能有一种身份，请另换一把。",
        "The key in {field} already serves as {actual}: a key has one role; use another key.",
    ),
    "rules.log-key": (
        "{field} 没有列入为本账本签署区块的密钥 {expected}。",
        "{field} does not name {expected}, the key that signs this ledger's blocks.",
    ),
    "rules.member-of-another-office": (
        "该成员已由另一分中心（{expected}，第 {index} 号条目）核验且尚未到期。",
        "This member is attested by another sub-centre ({expected}, leaf {index}), and still in force.",
    ),
    "rules.not-an-office": (
        "{actual} 不是经授权的分中心密钥。",
        "{actual} is not the key of an accredited sub-centre.",
    ),
    "rules.not-attested": (
        "签名人 {actual} 未经任何分中心核验：请先到分中心办理主体核验。",
        "The signer {actual} has not been attested by any sub-centre: have a sub-centre attest this key first.",
    ),
    "rules.not-the-authority": (
        "{actual} 不是章程所列的授权机构密钥。",
        "{actual} is not one of the authority's keys in the charter.",
    ),
    "rules.office-not-in-force": (
        "该分中心的授权此刻无效（{expected}，现为 {actual}）。",
        "The sub-centre's accreditation is not in force ({expected}, now {actual}).",
    ),
    "rules.outside-scope": (
        "{actual} 不在该分中心的授权范围内（{field}）；范围为：{expected}。",
        "{actual} lies outside the sub-centre's scope ({field}); its scope is: {expected}.",
    ),
    "rules.same-statement": (
        "同一内容已以另一签名记为第 {expected} 号条目；如确为另一行为，请换用新的随机数。",
        "The same statement stands at leaf {expected} under a different signature; a new act needs a new nonce.",
    ),
    "rules.threshold": (
        "{field} 须为 {expected}，实为 {actual}。",
        "{field} must be {expected}, found {actual}.",
    ),
    "rules.version": (
        "本程序执行规则第 {expected} 版，章程要求第 {actual} 版：请升级程序。",
        "This program knows rules version {expected}, the charter asks for {actual}: use a newer program.",
    ),
    "rules.wrong-ledger": (
        "章程的账本标识 {actual} 与条目的 {expected} 不一致。",
        "The charter's origin {actual} differs from the entry's ledger {expected}.",
    ),
}
