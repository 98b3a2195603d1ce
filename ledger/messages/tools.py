"""Sentences of the command line."""

MESSAGES: dict[str, tuple[str, str]] = {
    "tools.act-file": (
        "{field} 不是待签文件（yuanzheng act 生成的 .act.json），或已损坏：{actual}。",
        "{field} is not an act's file (.act.json, made by yuanzheng act), or is damaged: {actual}.",
    ),
    "tools.act-signed": (
        "该文件已签名（{actual}），不能再加同意：请重新拟写。",
        "This act is signed already ({actual}); a consent now would be worth nothing: prepare it anew.",
    ),
    "tools.act-unsigned": (
        "{field} 尚未签名：请先用 yuanzheng sign 签名。",
        "{field} is not signed yet: sign it with yuanzheng sign first.",
    ),
    "tools.act-written": (
        "已写入 {actual}。",
        "Written to {actual}.",
    ),
    "tools.again": ("（此前已登记，返回首次结果）", "(registered before: the first answer again)"),
    "tools.audit-failed": (
        "账本未通过核查；证据保存在 {actual}，请交给账本运营方与监督机构。",
        "The ledger does not hold; the evidence is kept in {actual}. Show it to whoever runs and oversees the ledger.",
    ),
    "tools.audit-first-use": (
        "说明：账本公钥取自对方自己（首次使用即记住）。要得到独立的结论，请用 --policy 或 --log-key。",
        (
            "Note: the log's key came from the ledger itself and is remembered from now on. Give --policy or --log-key for a "
            "conclusion of your own."
        ),
    ),
    "tools.audit-holds": (
        "一致：新核查 {number} 条，用时 {actual} 秒；散列、签名、规则、时间与瓦片全部相符。",
        "Consistent: {number} new leaves in {actual} s; every hash, signature, rule, time and tile holds.",
    ),
    "tools.backed-up": (
        "已备份到 {actual}：{size} 条，树根 {root}。",
        "Backed up to {actual}: {size} leaves, root {root}.",
    ),
    "tools.backup-cosigner": (
        "{actual} 是副本或见证人的密钥：这种密钥丢失后应停用，不作备份。",
        "{actual} is a cosigner's key: such a key is retired when it is lost, and not backed up.",
    ),
    "tools.bad-answer": (
        "{field} 的回答不是账本节点的回答（{actual}）：请检查地址。",
        "{field} does not answer as a ledger's node does ({actual}): check the address.",
    ),
    "tools.bad-certificate": (
        "{field}：节点给出的证书未通过核验（{actual}），未保存。请勿信任该节点。",
        "{field}: the node's certificate does not verify ({actual}) and was not kept. Do not trust that node.",
    ),
    "tools.bad-state": (
        "核查记录 {field} 已损坏（{actual}）：此前所见无从比较。请恢复该文件，或另用 --state 从头核查。",
        "What an earlier audit remembered is damaged ({field}: {actual}): restore the file, or audit anew with another --state.",
    ),
    "tools.broken": (
        "账本在 {field} 处不成立（{actual}）。",
        "The ledger does not hold at {field} ({actual}).",
    ),
    "tools.consented": (
        "已同意：{actual} 现有 {number} 个同意签名。",
        "Consented: {actual} now has {number} consents.",
    ),
    "tools.cosigner-name": (
        "联署密钥要有自己的名称，因为名称会写进每一份检查点：请加 --name replica.example/wuhan 之类的名称。",
        "A cosigner has a name of its own, which stands in every checkpoint: give one, such as --name replica.example/wuhan.",
    ),
    "tools.defect": (
        "程序出错：{actual}。这是本程序的缺陷，不是您的操作；加 --debug 可看详情。",
        "A defect in this program: {actual}. It is not your doing; --debug shows the details.",
    ),
    "tools.empty-folder": ("文件夹 {actual} 中没有文件。", "There is no file in the folder {actual}."),
    "tools.entry-refused": ("被拒绝（{field}）：{actual}", "Refused ({field}): {actual}"),
    "tools.exists": (
        "{actual} 已存在，绝不覆盖：请换一个位置。",
        "{actual} exists and is never overwritten: choose another place.",
    ),
    "tools.expected": ("应为", "expected"),
    "tools.exported": (
        "已导出 {size} 条到 {actual}，新写 {number} 个文件。",
        "Exported {size} leaves to {actual}; {number} files are new.",
    ),
    "tools.fact-by": ("签名人公钥", "signer's key"),
    "tools.fact-category": ("声明的类别", "claimed category"),
    "tools.fact-checked": ("新核查条数", "checked now"),
    "tools.fact-disclosed": ("披露内容", "disclosed"),
    "tools.fact-file": ("文件", "file"),
    "tools.fact-height": ("区块高度", "block height"),
    "tools.fact-index": ("账本序号", "leaf index"),
    "tools.fact-kind": ("类别", "kind"),
    "tools.fact-leaf": ("叶哈希", "leaf hash"),
    "tools.fact-ledger": ("账本", "ledger"),
    "tools.fact-log-key": ("账本公钥", "log key"),
    "tools.fact-number": ("证书编号", "certificate number"),
    "tools.fact-office": ("核验机构", "attesting office"),
    "tools.fact-profile": ("规则类型", "profile"),
    "tools.fact-promised": ("分中心收到时间（未登记）", "taken by the sub-centre (not registered)"),
    "tools.fact-public": ("公钥", "public key"),
    "tools.fact-replica": ("分中心节点", "sub-centre's node"),
    "tools.fact-root": ("树根", "root"),
    "tools.fact-size": ("账本大小", "size"),
    "tools.fact-time": ("出块时间", "block time"),
    "tools.fact-vkey": ("验证公钥", "verifier key"),
    "tools.field-name": (
        "没有名为 {actual} 的字段（{field}）；可用的有：{expected}。",
        "There is no field {actual} ({field}); there are: {expected}.",
    ),
    "tools.field-value": (
        "字段 {field} 的值 {actual} 读不懂：应为 {expected}。",
        "The value {actual} of the field {field} cannot be read: expected {expected}.",
    ),
    "tools.field-word": (
        "{actual} 不是“字段=值”的形式：例如 {expected}。",
        "{actual} is not of the form FIELD=VALUE: for example {expected}.",
    ),
    "tools.file-changed": (
        "{field} 在读取过程中被改动（{expected} 字节变为 {actual}）：请在无人修改时重试。",
        "{field} changed while it was read ({expected} bytes, then {actual}): try again when nobody writes to it.",
    ),
    "tools.file-name": (
        "文件名 {actual} 不是 UTF-8：请先改名。",
        "The file name {actual} is not UTF-8: rename the file first.",
    ),
    "tools.files-missing": (
        "{field} 类条目必须附文件：请用 --files 给出。",
        "An entry of kind {field} has a manifest: give its files with --files.",
    ),
    "tools.follow-address": (
        "--webhook 应为 http 或 https 地址，实为 {actual}。",
        "--webhook must be an http or https address; found {actual}.",
    ),
    "tools.follow-bad-secret": (
        "{field} 中的密钥应为 {expected}。删除该文件可另生成一把；接收方须同时更换。",
        "The secret in {field} must be {expected}. Delete the file to have another made; your receiver must change with it.",
    ),
    "tools.follow-gone": (
        "{field} 答复 410：不再接收。已停止。",
        "{field} says 410, that it wants no more posts. Stopped.",
    ),
    "tools.follow-inconsistent": (
        "节点给出的条目 {field} 未通过核验（{actual}），没有通知任何人。请保存证据并告知分中心或见证方。",
        "The node's entry {field} does not verify ({actual}); nobody was told of it. Keep the evidence, and tell a sub-centre or a witness.",
    ),
    "tools.follow-no-work": (
        "{actual} 不属于任何作品，没有后续可跟踪。",
        "{actual} belongs to no work, so that nothing follows from it.",
    ),
    "tools.follow-policy": (
        "须用 --policy 或 --log-key 给出您所信任的策略：未经核验的内容不作通知。",
        "Give the policy that you trust, with --policy or --log-key: nothing is posted that was not verified.",
    ),
    "tools.follow-secret": (
        "已生成签名密钥 {actual}：请交给接收方，用以核对 webhook-signature。",
        "The signing secret was made in {actual}: give it to your receiver, which checks webhook-signature by it.",
    ),
    "tools.follow-state": (
        "{field} 不是 yuanzheng follow 的状态文件，或已损坏：请移走它；已通知过的会再通知一次。",
        "{field} is no state of yuanzheng follow, or is damaged: move it away; what was told will be told again.",
    ),
    "tools.follow-told": ("已通知：{number} {actual}", "Told: {number} {actual}"),
    "tools.follow-undetermined": (
        "条目 {field} 在您的策略下无法判断（{actual}），暂不通知；下一轮再核验。",
        "Entry {field} is undetermined under your policy ({actual}) and is not posted; it is verified again in the next round.",
    ),
    "tools.follow-unsent": (
        "{field} 尚未送达（{actual}），下一轮再送。",
        "{field} was not taken ({actual}); it is posted again in the next round.",
    ),
    "tools.fork": (
        "分叉：账本在同一大小出示了另一个树根（此前 {expected}，现为 {actual}）。",
        "Fork: the ledger shows another root at the same size (before {expected}, now {actual}).",
    ),
    "tools.found": ("实为", "found"),
    "tools.fsck-clean": (
        "未发现问题：{size} 条，所有派生数据与重放结果一致（{number} 处异常）。",
        "Nothing found: {size} leaves, and everything stored equals what follows from them ({number} findings).",
    ),
    "tools.fsck-wrong": (
        "在 {size} 条的存储中发现 {number} 处异常，见上。请勿继续写入；从备份恢复。",
        "{number} findings in a store of {size} leaves, listed above. Write nothing more; restore a backup.",
    ),
    "tools.kept": (
        "总节点不可达，分中心已签收此条目，待恢复后按序转交。查询结果：{field}；打印凭条：{field}/slip.pdf",
        "The primary is away: the sub-centre has taken the entry and passes it on when it is back. What became of it: {field}; a slip to print: {field}/slip.pdf",
    ),
    "tools.key-name": ("密钥名称应为 {expected}，实为 {actual}。", "A key's name is {expected}; found {actual}."),
    "tools.init-done": (
        (
            "账本 {origin} 已建立于 {directory}。\n"
            "  账本公钥：{vkey}\n"
            "  请把公钥公布在至少两个独立的地方；把 keys/authority-*.key 移到保险柜，本机不再需要它们。\n"
            "  启动：yuanzheng serve --config {config}"
        ),
        (
            "The ledger {origin} stands in {directory}.\n"
            "  log key: {vkey}\n"
            "  Publish this key in at least two independent places; move keys/authority-*.key to a safe, this machine needs "
            "them no more.\n"
            "  Start it: yuanzheng serve --config {config}"
        ),
    ),
    "tools.interrupted": ("已中断；再次运行同一命令即可继续。", "Interrupted; run the same command again to go on."),
    "tools.init-host": (
        "--host 只与 {expected} 一起使用。",
        "--host goes with {expected} alone.",
    ),
    "tools.local-ca-away": (
        "缺少 {field}：签发新证书时，请把本地证书机构的私钥放回原处。",
        "{field} is away: put the local authority's key back to issue a certificate.",
    ),
    "tools.local-ca-constraint": (
        "本地证书机构只能为 {expected} 签发，不能为 {actual} 签发：如需增加，请移走 {name}，重新运行，并让各浏览器信任新的机构。",
        (
            "The local authority is for {expected} alone, not for {actual}: to have more, move {name} away, run this again, and have "
            "browsers trust the new authority."
        ),
    ),
    "tools.local-ca-host": (
        "{actual} 不是主机名或地址：应如 {expected}。",
        "{actual} is neither a host's name nor an address: expected such as {expected}.",
    ),
    "tools.local-ca-key": (
        "{field} 不是 {expected} 的私钥。",
        "{field} is not the private key of {expected}.",
    ),
    "tools.local-ca-made": (
        "本地证书机构与节点证书已建立于 {directory}。请把 {expected} 移到保险处，签发新证书时再放回。",
        (
            "A local certificate authority and the node's certificate stand in {directory}. Move {expected} to a safe place; it is needed "
            "again only to issue a certificate."
        ),
    ),
    "tools.local-ca-other": (
        "{field} 的 [tls] 已使用 {actual}：此命令不改动它。",
        "[tls] in {field} uses {actual} already: this command leaves it alone.",
    ),
    "tools.local-ca-renewed": (
        "新证书 {field}：{name}，有效至 {actual}。运行中的节点数秒内自动启用，无需重启。",
        "A fresh certificate, {field}: {name}, until {actual}. A running node takes it into use within seconds, without a restart.",
    ),
    "tools.local-ca-restart": (
        "{field} 已加上 [tls]。节点监听 {actual}：若其他机器要访问，请在 [server] 设 host（0.0.0.0 为全部地址），然后重启节点一次。",
        (
            "{field} now has [tls]. The node listens at {actual}: where other machines are to reach it, set host in [server] (0.0.0.0: all "
            "addresses). Then restart the node, this once."
        ),
    ),
    "tools.local-ca-trust": (
        (
            "让浏览器信任此节点（{name}）：\n"
            "  1. 用可信的方式（如 U 盘）把 {field} 带到使用浏览器的电脑，并核对其 SHA-256 指纹：\n"
            "     {actual}\n"
            "  2. Windows：双击该文件 → 安装证书 → 本地计算机 → “受信任的根证书颁发机构”。macOS：用“钥匙串访问”打开，设为“始终信任”。\n"
            "     Linux：复制到 /usr/local/share/ca-certificates/ 后运行 update-ca-certificates。iOS、Android：作为证书描述文件或 CA 证书安装，iOS 还须在\n"
            "     “证书信任设置”中启用。Firefox：设置 → 隐私与安全 → 查看证书 → 证书颁发机构 → 导入。\n"
            "  3. 重新打开浏览器，用 https:// 访问以上任一名称或地址。\n"
            "含义：持有该机构私钥（ca.key）的人，可以向信任它的电脑冒充以上名称（及其子域名）和地址，但不能冒充其他网站。不再使用时，请从系统中删除该证书。\n"
            "它与账本中的证明无关：证书（.tlog-proof）的核验不依赖 HTTPS。"
        ),
        (
            "To have browsers trust this node ({name}):\n"
            "  1. Carry {field} to the computer with the browser in a way that you trust, such as a stick, and compare its SHA-256 fingerprint:\n"
            "     {actual}\n"
            "  2. Windows: open the file, Install Certificate, Local Machine, Trusted Root Certification Authorities. macOS: open it with Keychain\n"
            "     Access and set Always Trust. Linux: copy it to /usr/local/share/ca-certificates/ and run update-ca-certificates. iOS, Android: install\n"
            "     it as a profile or CA certificate; on iOS enable it under Certificate Trust Settings. Firefox: Settings, Privacy and Security, View\n"
            "     Certificates, Authorities, Import.\n"
            "  3. Start the browser again, and go to any of the names or addresses above with https://.\n"
            "What that means: whoever has the authority's key (ca.key) can pretend to be these names (and names below them) and addresses, and no other site, to computers that\n"
            "trust it. Remove it from them when it is no longer used. What the ledger proves has nothing to do with it: verifying a certificate\n"
            "(.tlog-proof) does not rest on HTTPS."
        ),
    ),
    "tools.lookup-found": (
        "共 {number} 项。是否还有更早的登记：无法判断，除非重放账本（yuanzheng audit）。",
        "{number} found. Whether an earlier one is missing is undetermined unless you replay the ledger (yuanzheng audit).",
    ),
    "tools.no-actor": (
        "请说明由谁签署：{expected}。",
        "Say who is to sign: {expected}.",
    ),
    "tools.no-backup": (
        "请指明备份文件：{expected}。",
        "Say where the backup is: {expected}.",
    ),
    "tools.no-block": (
        "账本在 {field} 之后缺少 {expected}：有 {actual} 条不属于任何区块。",
        "The ledger lacks {expected} after {field}: {actual} leaves belong to no block.",
    ),
    "tools.no-file": ("找不到文件 {actual}。", "There is no file {actual}."),
    "tools.no-files-here": (
        "{field} 类条目不附文件，却给出了 {actual} 个。",
        "An entry of kind {field} has no manifest, and {actual} files were given.",
    ),
    "tools.no-log-in-policy": (
        "该地址的策略没有列出账本公钥：请用 --policy 或 --log-key 给出您信任的公钥。",
        "The policy at this address names no log: give the key that you trust by --policy or --log-key.",
    ),
    "tools.not-found": (
        "没有找到（{number} 项）。这不证明从未登记：无法判断，除非重放账本（yuanzheng audit）。",
        "Nothing found ({number}). That does not prove that nothing was registered: replay the ledger to know (yuanzheng audit).",
    ),
    "tools.not-the-actor": (
        "应由 {expected} 签署，所给密钥是 {actual}。",
        "This act is for {expected} to sign; the key given is {actual}.",
    ),
    "tools.one-subject": (
        "请恰好给出 {expected} 个查询对象（文件、编号、--sha256 或 --sm3），现有 {actual} 个。",
        "Give exactly {expected} of file, number, --sha256 and --sm3; found {actual}.",
    ),
    "tools.os-error": ("{field} 读写失败：{actual}。", "{field} failed: {actual}."),
    "tools.other-entry": (
        "节点给出的不是所要的条目：应为 {expected}，实为 {actual}；未保存。请核对编号与节点地址。",
        "The node sent another entry than was asked for: expected {expected}, found {actual}; not kept. Check number and address.",
    ),
    "tools.other-export": (
        "目录 {field} 中已有另一份账本的导出（本账本：{expected}；其中：{actual}）：请换一个目录。",
        "{field} holds the export of another ledger or history (this one: {expected}; there: {actual}): choose another directory.",
    ),
    "tools.other-ledger": (
        "这不是此前核查的账本：应为 {expected}，实为 {actual}，或其公钥已变。",
        "This is not the ledger audited before: expected {expected}, found {actual}, or its key has changed.",
    ),
    "tools.other-profile": (
        "此前按 {expected} 规则核查，现在要求 {actual}：请换一个 --state，或用 --profile {expected}。",
        "This was audited by the rules of {expected} before, now {actual} is asked: use another --state, or --profile {expected}.",
    ),
    "tools.other-work": (
        "{field} 属于另一次登记，与 {actual} 的内容或选项不同：请换一个 --out，或移走旧文件。",
        "{field} belongs to another registration; {actual} differs in content or options: choose another --out.",
    ),
    "tools.package": ("证据包 {field} 无法读取：{actual}。", "The evidence package {field} cannot be read: {actual}."),
    "tools.package-member": (
        "证据包 {field} 含有不应有的成员 {actual}：解包后它会冒充原文件，未作核验。",
        "The evidence package {field} holds {actual}, which does not belong there: unpacked, it could pass for an original. Nothing was verified.",
    ),
    "tools.package-policy": (
        "包内附带的策略（仅供参考，未被信任；请与公布的账本公钥核对后用 --policy 给出）：{actual}",
        "The package holds this policy (shown, not trusted; compare it with the published key and give --policy): {actual}",
    ),
    "tools.package-proofs": (
        "证据包 {field} 应有 {expected} 份证书，实有 {actual} 份。",
        "The evidence package {field} must hold {expected} certificate; found {actual}.",
    ),
    "tools.package-readme": (
        (
            "原证 证据包：{name}（证书编号 {number}）\n"
            "\n"
            "1. {name}.tlog-proof 是证书：证明所列文件的数字指纹在出块时间之前已存在，且此后未变。\n"
            "   它不证明独创性、作者身份或权利有效性。请保留原件。\n"
            "2. 核验无需联网，也无需信任出证机构。用浏览器打开 verify.html，放入本证据包；\n"
            "   或在有 Python 3.11 以上的电脑上运行：\n"
            "     python3 yuanzheng-verify.pyz {name}.tlog-proof 原文件 --policy policy --lang zh\n"
            "   结论为「一致」「不一致」或「无法判断」，并逐步列出应为之值与实为之值。\n"
            "3. policy 载有账本公钥。使用前请与账本公布的公钥（公报、其他分中心、法院存档）核对：\n"
            "   包内的公钥本身不能作为信任的依据。核验程序也可能被替换：重要场合请另取，或核对其 SHA-256。\n"
            "4. {name}.salts.json 载有打开承诺的盐值，等同于所披露内容本身，请妥善保管。\n"
        ),
        (
            "Yuanzheng evidence package: {name} (certificate {number})\n"
            "\n"
            "1. {name}.tlog-proof is the certificate. It proves that the files' fingerprints existed before the block's time and\n"
            "   have not changed since. It does not prove originality, authorship or validity. Keep the originals.\n"
            "2. Verifying needs no network, and no trust in whoever issued it. Open verify.html in a browser and drop this package\n"
            "   on it, or run on any machine with Python 3.11 or later:\n"
            "     python3 yuanzheng-verify.pyz {name}.tlog-proof ORIGINAL-FILE --policy policy --lang en\n"
            "   The verdict is CONSISTENT, INCONSISTENT or UNDETERMINED, each step with the value expected and found.\n"
            "3. policy holds the log's public key. Compare it first with the key that the ledger has published elsewhere\n"
            "   (gazette, another sub-centre, a court's files): a key from inside a package proves nothing by itself. Nor do the\n"
            "   verifiers in it: where much depends on it, get yours elsewhere, or compare its SHA-256.\n"
            "4. {name}.salts.json holds the salts that open the commitments. Guard it like what it discloses.\n"
        ),
    ),
    "tools.policy-or-key": (
        "--policy 与 --log-key 只能给出其一。",
        "Give --policy or --log-key, not both.",
    ),
    "tools.process-died": (
        "核查签名的进程意外终止（{actual}）：可能内存不足，请减少进程数（--processes、replica.processes）后重试。",
        "A process that checks signatures has died ({actual}): perhaps memory ran out; try again with fewer (--processes, replica.processes).",
    ),
    "tools.refused": (
        "{field} 拒绝了请求（应为 {expected}，实为 {actual}）",
        "{field} refused the request (expected {expected}, found {actual})",
    ),
    "tools.register-again": (
        "有 {number} 件尚无完整证书；{actual} 中的 *.salts.json 是盐值的唯一副本，请保管好，稍后再次运行同一命令即可取得证书，不会重复登记。",
        "{number} have no complete certificate yet. Keep the *.salts.json files in {actual}, the only copies of the salts, and run the same command again later for the certificates: nothing is registered twice.",
    ),
    "tools.registered": (
        "已登记 {number} 件，结果保存在 {actual}。其中的 *.salts.json 是盐值的唯一副本，请备份并保密。",
        (
            "{number} registered; the results are in {actual}. Its *.salts.json files are the only copies of the salts: back "
            "them up and keep them secret."
        ),
    ),
    "tools.registered-before": (
        "注意：{field} 的内容已有登记：{number}，{actual}，登记人 {by}。",
        "Note: the bytes of {field} are registered already: {number}, {actual}, by {by}.",
    ),
    "tools.registered-untrusted": (
        "说明：证书已用节点自己公布的策略核对；要独立核对，请用 --policy 给出您所信任的策略。",
        "Note: the certificates were checked against the node's own policy; give --policy to check them against yours.",
    ),
    "tools.rollback": (
        "回退：账本变小了（此前 {expected} 条，现为 {actual} 条）。",
        "Rollback: the ledger got smaller (before {expected} leaves, now {actual}).",
    ),
    "tools.serving": ("节点已就绪：{actual}（按 Ctrl-C 停止）", "The node serves at {actual} (Ctrl-C stops it)"),
    "tools.threshold": (
        "--threshold 应为 {expected}，实为 {actual}。",
        "--threshold must be {expected}; found {actual}.",
    ),
    "tools.too-large": (
        "{field} 过大：至多 {expected} 字节，实为 {actual}。",
        "{field} is too large: at most {expected} bytes, found {actual}.",
    ),
    "tools.uncosigned": (
        "已封块并落盘，但策略要求的联署尚不足：稍后再次运行同一命令，即得带联署的答复。",
        "Sealed and on disk, but too few of those whom the policy asks for have cosigned: run the same command again later for an answer with their cosignatures.",
    ),
    "tools.unreachable": (
        "无法连接 {field}（{actual}）：请检查地址，或确认节点正在运行。已保存的内容不会丢失，可再次运行同一命令。",
        (
            "Cannot reach {field} ({actual}): check the address and whether the node runs. What was saved is not lost; run the "
            "same command again."
        ),
    ),
    "tools.usage": (
        "用法有误：{actual}。请看 {field} --help。",
        "Wrong usage: {actual}. See {field} --help.",
    ),
    "tools.verdict": ("结论", "verdict"),
    "tools.written": ("已写入 {actual}。", "Written: {actual}."),
    "tools.wrong-root": (
        "账本的内容与其签名的树根不符：签名的是 {expected}，重算得 {actual}。",
        "The ledger's content does not give the root it signed: signed {expected}, recomputed {actual}.",
    ),
    "tools.wrong-tile": (
        "瓦片 {field} 与内容不符：应为 {expected}，实为 {actual}。",
        "The tile {field} does not fit the leaves: expected {expected}, found {actual}.",
    ),
    "tools.no-works": ("请给出要登记的作品：{expected}。", "Say what to register: {expected}."),
    "tools.table": (
        "表格 {field} 有误：须有{expected}且每行都填，实为 {actual}。",
        "The table {field} is wrong: every line needs {expected}, found {actual}.",
    ),
    "tools.case-checked": ("移交内容的根哈希：{actual}", "Disclosure root: {actual}"),
    "tools.case-packaged": (
        "已写入 {field}：{number} 份证书。移交条目的 disclosed 填：{actual}",
        "Written to {field}: {number} certificates. The hand-over entry's disclosed is: {actual}",
    ),
    "tools.disclosed": (
        "已写入 {field}：披露 {number} 项（{actual}）。",
        "Written to {field}: {number} disclosures ({actual}).",
    ),
    "tools.nothing-so-named": (
        "没有名为 {actual} 的内容；有：{expected}。",
        "There is nothing called {actual}; there are: {expected}.",
    ),
    "tools.other-openings": (
        "{field} 不属于这份证书的条目（{expected}）。",
        "{field} does not belong to this certificate's entry ({expected}).",
    ),
    "tools.status-ended": (
        "登记已失效（撤回或撤销）。",
        "The registration is no longer in force (withdrawn or annulled).",
    ),
    "tools.status-in-force": ("登记有效。", "The registration is in force."),
    "tools.status-licences": ("有效许可", "licences in force"),
    "tools.status-objections": ("未了结的异议", "open objections"),
    "tools.status-owners": ("权利人", "owners"),
    "tools.status-pledges": ("质押", "pledges"),
    "tools.pdf-proof": (
        "该 PDF 内没有 {expected}：它不是本系统的证书，或已被改动。",
        "This PDF holds no {expected}: it is no certificate of ours, or was changed.",
    ),
    "tools.printed": (
        "已写入 {field}：{number} 字节，SHA-256 {actual}",
        "Written to {field}: {number} bytes, SHA-256 {actual}",
    ),
    "tools.init-which": (
        "请说明要建立什么：{expected}。",
        "Say what to make: {expected}.",
    ),
    "tools.replica-made": (
        (
            "副本目录已建立：{directory}。\n"
            "  请把下面一行加入中心的策略（policy），并把名称列入 replicas 组（门限须为多数）：\n"
            "{actual}\n"
            "  启动：yuanzheng serve --config {config}"
        ),
        (
            "The replica's directory stands in {directory}.\n"
            "  Add this line to the centre's policy, and its name to the group replicas (its threshold a majority):\n"
            "{actual}\n"
            "  Start it: yuanzheng serve --config {config}"
        ),
    ),
    "tools.replica-trust": (
        "副本须知道它跟随的是哪一个账本：请给出 {expected}。",
        "A replica must know which ledger it follows: give {expected}.",
    ),
    "tools.fact-cosigners": ("共同签名者", "cosigned by"),
    "tools.fact-epoch": ("纪元", "epoch"),
    "tools.fetched-in-part": (
        "只取回 {expected} 条，其中已签名的为 {actual} 条（{reason}）：请再次运行同一命令，或增加来源。",
        "{expected} leaves were fetched, and a signed checkpoint covers {actual} ({reason}): run the same command again, or add sources.",
    ),
    "tools.no-epochs": (
        "{actual} 类账本没有声明恢复的条目，不能提升副本：请设立新账本，并公布旧账本的最后大小。",
        "An {actual} ledger has no entry that declares a recovery, so no replica is promoted: begin a new ledger and publish the old one's last size.",
    ),
    "tools.not-a-replica": (
        "{field} 不是副本的配置（没有 replica.of）：无须提升。",
        "{field} is not a replica's configuration (it has no replica.of): there is nothing to promote.",
    ),
    "tools.not-all-fetched": (
        "{field} 持有 {expected} 条，只取回 {actual} 条：请在其可达后再次运行；确知其有误时，去掉这一来源。",
        "{field} holds {expected} leaves, and {actual} were fetched: run it again when all of it can be read, or leave that source out if it is known to be wrong.",
    ),
    "tools.not-taken-out": (
        "无法从 {field} 中去掉 {actual}：请先把 [replica] 写成单独的一节。",
        "{actual} cannot be taken out of {field}: write [replica] as a section of its own first.",
    ),
    "tools.primary-lives": (
        "{actual} 上的主节点仍在运行：请先将其停止，再提升副本；否则会有两个节点同时封块。",
        "A primary runs at {actual}: stop it before a replica is promoted, or two nodes seal at once.",
    ),
    "tools.promote-commands": (
        "尚未提升：本机持有 {size} 条，新纪元为 {number}。请在授权机构的机器上依次运行以下命令，再在本机运行最后一条：",
        "Not promoted yet: this replica holds {size} leaves, and the next epoch is {number}. Run these at the authority's machines, and the last one here:",
    ),
    "tools.promote-few": (
        "须有 {expected} 个其他副本答复，才能确认没有遗漏已确认的条目；未答复的有 {actual}。确知其永久失去时，可用 --alone。",
        "{expected} other replicas must answer before it is sure that nothing acknowledged is missing; silent: {actual}. Only if they are gone for ever, use --alone.",
    ),
    "tools.promoted": (
        "已提升：本机现在是主节点。启动：yuanzheng serve --config {config}；再把本机地址列为其余副本 of 的第一项。",
        "Promoted: this is the primary now. Start it: yuanzheng serve --config {config}; then let the other replicas name it first in their `of`.",
    ),
    "tools.promoted-outbox": (
        "另有 {number} 条待转交的条目写在 {actual}：启动后用 yuanzheng send 提交。",
        "{number} entries that waited to be passed on are in {actual}: send them with yuanzheng send once it serves.",
    ),
    "tools.recovered": (
        "账本已恢复到 {actual}，每条都已核验。启动：yuanzheng serve --config {config}",
        "The ledger stands in {actual} again, every leaf verified. Start it: yuanzheng serve --config {config}",
    ),
    "tools.source-silent": (
        "来源 {field} 未能提供：{actual}",
        "The source {field} gave nothing: {actual}",
    ),
    "tools.still-a-replica": (
        "{field} 仍把本机的密钥 {actual} 列为见证者：请先在策略中删去这一行及其在 replicas 组中的名称，并改正门限。",
        "{field} still names this node's key {actual} as a witness: take the line and its name in the group replicas out first, and correct the threshold.",
    ),
    "tools.store-there": (
        "{actual} 已有存储：绝不覆盖。请先将其移走保存（它可能含有别处没有的条目），再运行本命令。",
        "There is a store in {actual}, which is never overwritten: move it away and keep it, for it may hold what nobody else has; then run this again.",
    ),
}
