"""Sentences about rules; a code is the rule's name."""

MESSAGES: dict[str, tuple[str, str]] = {
    "rules.agent": (
        "分中心代客户办理时须写明 {field}（应为 {expected}，实为 {actual}）；成员自己办理时不得写。",
        "An office that acts for a client says so in {field} (expected {expected}, found {actual}); a member who acts for himself must not.",
    ),
    "rules.already-compromised": (
        "密钥 {actual} 已登记为失密。",
        "The key {actual} is recorded as compromised already.",
    ),
    "rules.at-in-the-future": (
        "签名人声明的时间 {actual} 超前太多（{expected} 毫秒以内）：请校准签名设备的时钟后重新签名。",
        "The signer's time {actual} lies too far ahead ({expected} ms): set the signing device's clock and sign again.",
    ),
    "rules.attestation-ended": (
        "成员 {actual} 的主体核验已终止（第 {expected} 号条目）：请到分中心重新核验。",
        "The attestation of {actual} has ended (leaf {expected}): let a sub-centre attest the key anew.",
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
    "rules.clerk-dismissed": (
        "经办人 {actual} 已被免职。",
        "The clerk {actual} has been dismissed.",
    ),
    "rules.clerk-expired": (
        "经办人的任期已满（应在 {expected}，现为 {actual}）：请分中心重新任命。",
        "The clerk's appointment has expired ({expected}, now {actual}): let the office appoint him anew.",
    ),
    "rules.clerk-of-another-office": (
        "该经办人正受另一分中心（{expected}）任用。",
        "This clerk is appointed by another sub-centre ({expected}).",
    ),
    "rules.consent-missing": (
        "缺少同意签名：{expected}（{actual}）须对同一内容签名。",
        "A consent is missing: {expected} ({actual}) must sign this very statement.",
    ),
    "rules.consent-not-asked": (
        "{expected} 类条目不需要 {actual} 的同意：请去掉该签名。",
        "An entry of kind {expected} does not take the consent of {actual}: leave it out.",
    ),
    "rules.draft-chain": (
        "{field} 与前一阶段不衔接：应为 {expected}，实为 {actual}。",
        "{field} does not follow on the stage before: expected {expected}, found {actual}.",
    ),
    "rules.empty-period": (
        "{field} 须为 {expected}，实为 {actual}：有效期不能为空。",
        "{field} must be {expected}, found {actual}: the period would be empty.",
    ),
    "rules.epoch": (
        "{field} 应为 {expected}，实为 {actual}：每次恢复只进一个纪元。",
        "{field} must be {expected}, found {actual}: each recovery is one epoch on.",
    ),
    "rules.exclusive-licence": (
        "与第 {expected} 号条目的专有许可冲突：同一权利、地域和期间已许可给 {actual}。",
        "This conflicts with the exclusive licence at leaf {expected}: the same right, territory and time are licensed to {actual}.",
    ),
    "rules.files-order": (
        "{field} 应为 {expected}，实为 {actual}：文件清单须按顺序补齐。",
        "{field} must be {expected}, found {actual}: a manifest is completed in order.",
    ),
    "rules.files-to-follow": (
        "该作品的文件清单尚未补齐（{expected}）：请先提交 work.files，再办理 {actual}。",
        "This work's manifest is not complete ({expected}): send its work.files before {actual}.",
    ),
    "rules.involuntary": (
        "{field} 应为 {expected}，实为 {actual}：继承、合并、破产、判决引起的转移由分中心或授权机构办理，其余由权利人办理。",
        "{field} must be {expected}, found {actual}: what courts, heirs, mergers and bankruptcies transfer goes through an office or the authority; the rest is for the owners.",
    ),
    "rules.key-compromised": (
        "密钥 {actual} 已登记为失密（第 {expected} 号条目），其此后的签名无效：请换用新密钥。",
        "The key {actual} is recorded as compromised (leaf {expected}); nothing it signs since then counts: use a new key.",
    ),
    "rules.key-has-a-role": (
        "{field} 中的密钥已用作 {actual}：一把密钥只能有一种身份，请另换一把。",
        "The key in {field} already serves as {actual}: a key has one role; use another key.",
    ),
    "rules.key-replaced": (
        "密钥 {actual} 已由 {expected} 接替：请用新密钥签名。",
        "The key {actual} has been replaced by {expected}: sign with the new key.",
    ),
    "rules.log-key": (
        "{field} 没有列入为本账本签署区块的密钥 {expected}。",
        "{field} does not name {expected}, the key that signs this ledger's blocks.",
    ),
    "rules.manifest-root": (
        "文件清单与登记时声明的不符：应为 {expected}，实为 {actual}。",
        "The manifest is not the one that was announced: expected {expected}, found {actual}.",
    ),
    "rules.member-of-another-office": (
        "该成员由另一分中心（{expected}）核验：请由该分中心办理。",
        "Another sub-centre ({expected}) answers for this member: let that one act.",
    ),
    "rules.no-interest": (
        "{actual} 不是该作品的利害关系人：应为 {expected}。",
        "{actual} has no interest in this work: expected {expected}.",
    ),
    "rules.no-pledge": (
        "{actual} 不是该作品现有的质押：应为 {expected}。",
        "{actual} is not a pledge of this work: expected {expected}.",
    ),
    "rules.no-such-work": (
        "账本中没有以 {actual} 登记的作品。",
        "No work is registered under {actual} in this ledger.",
    ),
    "rules.not-a-block": (
        "{actual} 不是本账本的区块：应为 {expected}。",
        "{actual} is not a block of this ledger: expected {expected}.",
    ),
    "rules.not-a-member": (
        "{actual} 不符合要求：应为 {expected}。",
        "{actual} is not what it should be: expected {expected}.",
    ),
    "rules.not-an-office": (
        "{actual} 不是经授权的分中心密钥。",
        "{actual} is not the key of an accredited sub-centre.",
    ),
    "rules.not-attested": (
        "签名人 {actual} 未经任何分中心核验：请先到分中心办理主体核验。",
        "The signer {actual} has not been attested by any sub-centre: have a sub-centre attest this key first.",
    ),
    "rules.not-by-a-clerk": (
        "此事须由分中心自己的密钥 {expected} 签署，经办人 {actual} 不能代签。",
        "This takes the office's own key {expected}; its clerk {actual} cannot sign it.",
    ),
    "rules.not-in-force": (
        "该登记已失效（{actual}）：应为 {expected}。",
        "This registration is no longer in force ({actual}): expected {expected}.",
    ),
    "rules.not-the-authority": (
        "{actual} 不是章程所列的授权机构密钥。",
        "{actual} is not one of the authority's keys in the charter.",
    ),
    "rules.not-the-keys-office": (
        "只有授权机构、密钥本人或为其负责的分中心可以登记失密：{actual} 不归 {expected} 管。",
        "Only the authority, the key itself or its office may report a compromise: {expected} does not answer for {actual}.",
    ),
    "rules.not-its-clerk": (
        "{actual} 不是分中心 {expected} 的经办人。",
        "{actual} is not a clerk of the office {expected}.",
    ),
    "rules.not-the-owner": (
        "{actual} 不是该作品的权利人（现为 {expected}）。",
        "{actual} is not an owner of this work (it is {expected}).",
    ),
    "rules.not-the-signer": (
        "{field} 须由原签名人 {expected} 办理，实为 {actual}。",
        "{field} is for the original signer {expected}, not for {actual}.",
    ),
    "rules.nothing-to-follow": (
        "该作品的文件清单已经完整，没有待补的文件。",
        "This work's manifest is complete: no files are to follow.",
    ),
    "rules.nothing-to-object-to": (
        "没有可以异议的对象：应为 {expected}。",
        "There is nothing here to object to: expected {expected}.",
    ),
    "rules.objection-twice": (
        "您对同一条目的异议（第 {expected} 号条目）尚未了结。",
        "Your objection to the same entry (leaf {expected}) is still open.",
    ),
    "rules.office-not-in-force": (
        "该分中心的授权此刻无效（{expected}，现为 {actual}）。",
        "The sub-centre's accreditation is not in force ({expected}, now {actual}).",
    ),
    "rules.office-suspended": (
        "分中心 {actual} 的授权已中止（至 {expected}）。",
        "The accreditation of the office {actual} is suspended (until {expected}).",
    ),
    "rules.outside-scope": (
        "{actual} 不在该分中心的授权范围内（{field}）；范围为：{expected}。",
        "{actual} lies outside the sub-centre's scope ({field}); its scope is: {expected}.",
    ),
    "rules.owner-twice": (
        "{field} 中有重复的权利人。",
        "{field} names an owner twice.",
    ),
    "rules.pledged": (
        "该作品已质押（第 {actual} 号条目），解除前不能撤回。",
        "This work is pledged (leaf {actual}): release the pledge first.",
    ),
    "rules.representatives": (
        "成员 {member} 须由代表人共同签名：需要 {expected} 个，实有 {actual} 个。",
        "The member {member} acts through representatives: {expected} must sign too, {actual} did.",
    ),
    "rules.rights": (
        "{field} 应为 {expected}，实为 {actual}：著作权用著作权法第十条的项号 5–17，其他客体用 0。",
        "{field} must be {expected}, found {actual}: items 5 to 17 of Copyright Law §10 for works, 0 for anything else.",
    ),
    "rules.same-statement": (
        "同一内容已以另一签名记为第 {expected} 号条目；如确为另一行为，请换用新的随机数。",
        "The same statement stands at leaf {expected} under a different signature; a new act needs a new nonce.",
    ),
    "rules.shares": (
        "{field} 的份额不对：应为 {expected}，实为 {actual}。",
        "The shares in {field} do not add up: expected {expected}, found {actual}.",
    ),
    "rules.signer-no-owner": (
        "签名人不在 {field} 所列权利人之中：应含 {expected}。",
        "The signer is not among the owners in {field}: expected {expected}.",
    ),
    "rules.size": (
        "{field} 应为 {expected}，实为 {actual}：不能超出账本现有的大小。",
        "{field} must be {expected}, found {actual}: it cannot exceed the ledger's size.",
    ),
    "rules.stale-prev": (
        "该作品已有更新的条目 {expected}（第 {index} 号），您所见的是 {actual}：请查看后重新签名。",
        "The work has a newer entry {expected} (leaf {index}) than the {actual} that you saw: look at it, and sign anew.",
    ),
    "rules.sublicence": (
        "{field} 不允许这样的再许可：应为 {expected}，实为 {actual}。",
        "{field} does not allow this sublicence: expected {expected}, found {actual}.",
    ),
    "rules.target": (
        "{field} 应指向 {expected}，实为 {actual}。",
        "{field} must point to {expected}, found {actual}.",
    ),
    "rules.territory": (
        "{field} 应为 {expected}，实为 {actual}：WORLD 已包含所有地域。",
        "{field} must be {expected}, found {actual}: WORLD includes every territory.",
    ),
    "rules.threshold": (
        "{field} 须为 {expected}，实为 {actual}。",
        "{field} must be {expected}, found {actual}.",
    ),
    "rules.too-many": (
        "{field} 超出上限 {expected}（会成为 {actual}）。",
        "{field} would exceed the limit of {expected} ({actual}).",
    ),
    "rules.version": (
        "本程序执行规则第 {expected} 版，账本要求第 {actual} 版：请升级程序。",
        "This program knows rules version {expected}, the ledger asks for {actual}: use a newer program.",
    ),
    "rules.version-order": (
        "{field} 应为 {expected}，实为 {actual}：规则版本只能递增。",
        "{field} must be {expected}, found {actual}: versions of the rules only go up.",
    ),
    "rules.waiting-period": (
        "接替密钥尚在异议期内（{expected} 生效，现为 {actual}）。",
        "The replacement key still waits for objections (in force {expected}, now {actual}).",
    ),
    "rules.wrong-ledger": (
        "章程的账本标识 {actual} 与条目的 {expected} 不一致。",
        "The charter's origin {actual} differs from the entry's ledger {expected}.",
    ),
    "rules.wrong-role": (
        "此类密钥的轮换须由 {expected} 办理，实为 {actual}。",
        "The rotation of this key is for the {expected}, not the {actual}.",
    ),
}
