"""Sentences of the node: configuration, HTTP, clock, overload."""

MESSAGES: dict[str, tuple[str, str]] = {
    "node.asking-cosigners": (
        "正在询问共同签名者账本现至何处（须有 {expected} 方答复），之后才封块：请稍后重试。",
        "Cosigners are being asked where the ledger stands ({expected} must answer) before anything is sealed: retry shortly.",
    ),
    "node.behind-witness": (
        "独立见证者已签名到 {expected} 条，本机只有 {actual} 条：本机的数据是旧的，封块会造成分叉。请从较新的备份或副本恢复（yuanzheng recover）。",
        "A witness has cosigned {expected} leaves, and this store has {actual}: it is an older copy, and sealing would fork the ledger. Recover from a newer backup or a replica (yuanzheng recover).",
    ),
    "node.behind": (
        "{field} 持有 {expected} 条，本机只有 {actual} 条：正在核对，核对之前不封块。",
        "{field} holds {expected} leaves, and this node {actual}: nothing is sealed until that is cleared up.",
    ),
    "node.block-ahead": (
        "区块时间 {actual} 超出本机时钟的容许范围（{expected}），暂不签名：请核对本机与中心的时钟。",
        "The block's time {actual} is beyond what this node's clock allows ({expected}), so it is not cosigned: check both clocks.",
    ),
    "node.broken": (
        "账本在{field}处违反规则（{actual}）：{reason}。本节点拒绝跟随，证据已保存。",
        "The ledger breaks a rule at {field} ({actual}): {reason} This node refuses to follow, and has kept the proof.",
    ),
    "node.cannot-take-back": (
        "无法从共同签名者取回缺失的条目（{actual}）：{reason}",
        "What is missing cannot be taken back from the cosigners ({actual}): {reason}",
    ),
    "node.cosigner-answer": (
        "{field} 的答复应为 {expected}，实为 {actual}。",
        "{field} was to answer {expected}; it answered {actual}.",
    ),
    "node.cosigner-key": (
        "{field} 不是共同签名密钥（实为 {actual}）：请用 {expected} 生成。",
        "{field} is not a cosigner's key (it is {actual}): make one with {expected}.",
    ),
    "node.cosigners-unreachable": (
        (
            "须有 {expected} 个共同签名者答复才能确认本机数据不旧，{actual} 未答复，因此不封块。请恢复与其的连接；确知其永久失去时，可用 "
            "serve --alone 强行封块：若本机数据是旧备份，将签出第二段历史，所有持有较新检查点的人都会看到。"
        ),
        (
            "{expected} cosigners must answer before it is sure that this store is not an old copy; {actual} did not, so nothing is "
            "sealed. Restore the connection. Only if they are gone for ever, serve --alone seals regardless: if this store is an old "
            "backup, that signs a second history, for everybody to see who holds a later checkpoint."
        ),
    ),
    "node.fenced": (
        "本机已被隔离（{actual}）：账本在别处继续，此处不再封块。请把本机设为副本（serve --replica-of），或在确认后用 yuanzheng promote。",
        "This node is fenced ({actual}): the ledger goes on elsewhere, and nothing is sealed here. Make it a replica (serve --replica-of), or promote it (yuanzheng promote) once that is certain.",
    ),
    "node.fetching": (
        "正在取回缺失的条目（已有 {actual}，需要 {expected}）：请稍后重试。",
        "Missing leaves are being fetched ({actual} of {expected} are here): retry shortly.",
    ),
    "node.forked": (
        "账本分叉：大小为 {size} 时本机的树根为 {expected}，对方为 {actual}。",
        "The ledger forks: at size {size} the root here is {expected}, there {actual}.",
    ),
    "node.is-a-replica": (
        "本节点是副本，不封块：请提交到 /entries（会转交主节点）。",
        "This node is a replica and seals nothing: submit to /entries, which passes entries on to the primary.",
    ),
    "node.is-the-primary": (
        "本节点是主节点，不转交条目。",
        "This node is the primary, and passes no entries on.",
    ),
    "node.misbehaviour": (
        "账本的签名者违反了承诺（{actual}），证据已保存：yuanzheng evidence-of-misbehaviour list。",
        "The log broke its word ({actual}), and the proof is kept: yuanzheng evidence-of-misbehaviour list.",
    ),
    "node.misled": (
        "{field} 提供的内容与账本签名的不符：应为 {expected}，实为 {actual}（大小 {size}）。",
        "What {field} served is not what the log signed: expected {expected}, found {actual} (size {size}).",
    ),
    "node.no-block": (
        "应以{expected}结尾，其后还有 {actual} 条。",
        "A signed tree ends with {expected}; {actual} leaves follow it.",
    ),
    "node.no-new-epoch": (
        "这些条目须开启第 {expected} 纪元，实际仍为 {actual}：其中应有 ledger.recover。",
        "These entries must open epoch {expected}, and leave it at {actual}: ledger.recover must be among them.",
    ),
    "node.other-size": (
        "授权机构签署的恢复是从 {actual} 条起，本机持有 {expected} 条：请重新拟写并签名。",
        "The recovery that the authority signed is from {actual} leaves on, and {expected} are held: prepare and sign it anew.",
    ),
    "node.no-checkpoint": (
        "尚无检查点（{actual}）：本节点还没有持有任何内容。",
        "There is no checkpoint yet ({actual}): this node holds nothing so far.",
    ),
    "node.no-cosignature": (
        "{field} 的答复中没有 {expected} 的共同签名。",
        "The answer of {field} has no cosignature by {expected}.",
    ),
    "node.no-cosigner": (
        "{actual} 都不是本账本策略中的共同签名者。",
        "None of {actual} is a cosigner of this ledger's policy.",
    ),
    "node.no-cosigners": (
        "本节点的策略没有共同签名者。",
        "This node's policy names no cosigners.",
    ),
    "node.no-source": (
        "没有可用的来源：{actual}",
        "No source serves what is needed: {actual}",
    ),
    "node.not-held-yet": (
        "本节点目前持有 {expected} 条，尚未到 {actual} 条。",
        "This node holds {expected} leaves and not yet {actual}.",
    ),
    "node.not-the-logs": (
        "没有 {expected} 的签名，只有 {actual} 的。",
        "It bears no signature by {expected}, but by {actual}.",
    ),
    "node.lost-tail": (
        "{field} 仍在第 {actual} 纪元，账本已在第 {expected} 纪元：它从第 {size} 条起的末尾不在账本中，由 ledger.recover 条目说明，不是分叉。其中的条目可重新提交。",
        (
            "{field} is still in epoch {actual}, and the ledger is in epoch {expected}: what it holds from leaf {size} on is a lost tail, "
            "which the ledger.recover entry explains, and no fork. Its entries can be sent again."
        ),
    ),
    "node.other-origin": (
        "此处的账本是 {expected}，不是 {actual}。",
        "The ledger here is {expected}, not {actual}.",
    ),
    "node.other-root": (
        "该大小的树根应为 {expected}，实为 {actual}。",
        "The root at this size is {expected}; found {actual}.",
    ),
    "node.quorum-unmet": (
        "条目已在本机落盘（第 {actual} 号叶），但在 {expected} 内未取得足够的共同签名：请稍后以相同内容重试，会得到同一结果。",
        "The entry is durable here (leaf {actual}), but the quorum has not cosigned within {expected}: send the same bytes again shortly for the same answer.",
    ),
    "node.replicas-members": (
        "{field} 的成员须都是 witness 行所列，{actual} 不是。",
        "The members of {field} must be witnesses of the policy; {actual} is not.",
    ),
    "node.replicas-threshold": (
        "{field} 的门限应为 {expected}（多数），实为 {actual}：否则失去少数副本就可能丢失条目。",
        "The threshold of {field} must be {expected}, a majority; found {actual}: otherwise the loss of a few replicas loses entries.",
    ),
    "node.source-answer": (
        "{field} 的答复应为 {expected}，实为 {actual}。",
        "{field} was to answer {expected}; it answered {actual}.",
    ),
    "node.source-short": (
        "{field} 提供的内容不足：应为 {expected}，实为 {actual}。",
        "{field} served too little: expected {expected}, found {actual}.",
    ),
    "node.batch-size": (
        "一次可提交 {expected} 条（{field}），实为 {actual} 条：请分批提交。",
        "One request may carry {expected} entries ({field}); found {actual}: send smaller batches.",
    ),
    "node.body-size": (
        "请求正文不得超过 {expected} 字节（{field}），实为 {actual}：请分批提交。",
        "A request's body may have {expected} bytes ({field}); found {actual}: send smaller batches.",
    ),
    "node.clock-backward": (
        "时钟被拨回：应为 {expected}，现为 {actual}。封块已停止；时钟恢复后会自动继续，请稍后重试。",
        "The clock was set back: expected {expected}, found {actual}. Sealing waits until it is right again; retry later.",
    ),
    "node.clock-unsynchronised": (
        (
            "时钟未同步（应在 {expected} 之内，实为 {actual}），封块已停止：请启动时间同步（chrony、ntpd），或设置 "
            "sealing.tolerate_unsynchronised。"
        ),
        (
            "The clock is not synchronised (expected within {expected}, found {actual}), so nothing is sealed: start time "
            "synchronisation (chrony, ntpd), or set sealing.tolerate_unsynchronised."
        ),
    ),
    "node.config-file": (
        "无法读取配置文件 {field}：{actual}。",
        "The configuration file {field} cannot be read: {actual}.",
    ),
    "node.config-unknown": (
        "{field}：没有名为 {actual} 的设置；是否指 {expected}？",
        "{field}: there is no setting {actual}; did you mean {expected}?",
    ),
    "node.config-value": (
        "{field}：{name} 应为 {expected}，实为 {actual}。",
        "{field}: {name} must be {expected}; found {actual}.",
    ),
    "node.content-type": (
        "正文类型应为 {expected}，实为 {actual}。",
        "The body's type must be {expected}; found {actual}.",
    ),
    "node.digest": ("查询参数应为 {expected}，实为 {actual}。", "The query must be {expected}; found {actual}."),
    "node.entry-name": (
        "条目应以 {expected} 指明，实为 {actual}。",
        "An entry is named by {expected}; found {actual}.",
    ),
    "node.evidence-kept": (
        "针对日志的 {actual} 类证据已保存于 {field}：请核验，并另存一份于他处。",
        "Evidence of kind {actual} against the log was kept in {field}: verify it, and copy it to a safe place.",
    ),
    "node.evidence-not-kept": (
        "针对日志的 {actual} 类证据未能保存到 {field}：{reason}",
        "Evidence of kind {actual} against the log could not be kept in {field}: {reason}",
    ),
    "node.key-file": (
        "无法读取私钥文件 {field}（{actual}）。",
        "The private key file {field} cannot be read ({actual}).",
    ),
    "node.key-mode": (
        "私钥文件 {field} 的权限应为 {expected}，实为 {actual}：请运行 chmod 600。",
        "The private key file {field} must have mode {expected}, found {actual}: run chmod 600.",
    ),
    "node.method": ("此地址支持 {expected}，不支持 {actual}。", "This address takes {expected}, not {actual}."),
    "node.no-entry": ("账本中没有 {actual}；应为 {expected}。", "The ledger has no {actual}; expected {expected}."),
    "node.not-found": ("没有 {actual} 这一地址，或该内容尚未发布。", "There is nothing at {actual}, or not yet."),
    "node.not-ready": ("节点暂不能封块（{actual}）：{reason}", "The node cannot seal now ({actual}): {reason}"),
    "node.no-member": (
        "没有分中心核验过密钥 {actual}。",
        "No sub-centre has attested the key {actual}.",
    ),
    "node.no-office": (
        "密钥 {actual} 不是任何分中心的密钥。",
        "The key {actual} is no sub-centre's.",
    ),
    "node.no-statistics": (
        "统计文件 {field} 目前无法使用：{actual}。",
        "The file of the statistics, {field}, cannot be used now: {actual}.",
    ),
    "node.no-work": (
        "{actual} 不是作品，也不属于任何作品。",
        "{actual} is not a work and belongs to none.",
    ),
    "node.not-yet": (
        "在区块高度 {actual} 时，该作品尚未登记。",
        "At height {actual} this work was not registered yet.",
    ),
    "node.number": (
        "参数 {field} 应为 {expected}，实为 {actual}。",
        "The parameter {field} must be {expected}; found {actual}.",
    ),
    "node.overloaded": (
        "等待封块的条目已有 {actual} 条，上限为 {expected} 条（server.max_waiting_entries）：请稍后重试。",
        "{actual} entries wait already, and the limit is {expected} (server.max_waiting_entries): retry shortly.",
    ),
    "node.outbox-full": (
        "总节点不可达，等待转交的条目已有 {actual} 条，上限为 {expected} 条（outbox.max_entries），本次提交一条也未收下：请稍后重试。",
        "The primary is away, {actual} entries wait to be passed on, and the limit is {expected} (outbox.max_entries); nothing of this submission was taken: retry later.",
    ),
    "node.outbox-strangers": (
        "总节点不可达，本节点所存账本不认识签名密钥的条目已有 {actual} 条在等待转交，上限为 {expected} 条（outbox.max_strangers），本次提交一条也未收下：请待总节点恢复后再提交。",
        "The primary is away, {actual} entries by keys that the ledger held here does not know wait already, and the limit is {expected} (outbox.max_strangers); nothing of this submission was taken: submit again when the primary is back.",
    ),
    "node.policy-file": (
        "无法读取策略文件 {field}（{actual}）。",
        "The policy file {field} cannot be read ({actual}).",
    ),
    "node.port": (
        "无法监听 {expected}（{actual}）：请检查 {field}，或停止占用该端口的程序。",
        "Cannot listen on {expected} ({actual}): check {field}, or stop the program that has the port.",
    ),
    "node.sealer-away": ("封块进程暂不可用：请稍后重试。", "The sealing process is away: retry shortly."),
    "node.sizes": ("树大小应为 {expected}，实为 {actual}。", "The sizes must be {expected}; found {actual}."),
    "node.primary-answer": (
        "总节点的答复应为 {expected}，实为 {actual}：请检查地址、代理与网络；条目会继续重试。",
        "The primary's answer should be {expected}; found {actual}: check address, proxy and network; entries are tried again.",
    ),
    "node.primary-trouble": (
        "总节点暂不收条目（{actual}）：{reason}",
        "The primary takes no entries now ({actual}): {reason}",
    ),
    "node.printing": (
        "正在排版的证书已达 {expected} 份：请稍后再试，或取 /certificate 后用 yuanzheng pdf 自行打印。",
        "{expected} certificates are being printed already: try again shortly, or fetch /certificate and run yuanzheng pdf.",
    ),
    "node.streams": (
        "此进程的 /events 连接已达 {expected} 条上限：请稍后重试，或改为定期读取 /checkpoint。",
        "{expected} readers of /events are connected to this process already: try again shortly, or poll /checkpoint.",
    ),
    "node.stopping": ("节点正在停止：请稍后重试。", "The node is stopping: retry shortly."),
    "node.tls-file": (
        "无法使用证书文件 {field}（{actual}）。",
        "The certificate file {field} cannot be used ({actual}).",
    ),
    "node.tls-half": (
        "设置了 {field}，就须同时设置 {expected}：证书与私钥成对使用。",
        "Where {field} is set, {expected} must be too: a certificate and its key go together.",
    ),
    "node.tls-pair": (
        "无法使用证书 {field} 及其私钥 {name}（{actual}）：请检查两个文件是否完整、是否成对。",
        "The certificate {field} with the key {name} cannot be used ({actual}): check that both are whole and belong together.",
    ),
    "node.tls-period": (
        "证书 {field} 的有效期为 {expected}，现在是 {actual}：请换上有效的证书，并检查本机时钟。",
        "The certificate {field} is valid from {expected}, and it is {actual} now: put a valid one there, and check this machine's clock.",
    ),
    "node.unknown-log-key": (
        (
            "{actual} 出示的检查点由本机账本和策略都不认识的账本密钥签名：可能是另一节点已接任主节点，也可能是谎言。须有 {expected} 个共同签名者"
            "以已知密钥答复才能排除前者，因此不封块。若已换钥或已由他人接任，请在策略中列出新密钥。"
        ),
        (
            "{actual}: a checkpoint under a log key that neither this ledger nor the policy knows, or no answer. Another node may have been "
            "promoted, or it is a lie; until {expected} cosigners answer under a known key nothing is sealed. If there is a new log "
            "key, name it in the policy."
        ),
    ),
    "node.unreachable": (
        "没有从 {field} 得到完整的回答（{actual}）。",
        "No whole answer came from {field} ({actual}).",
    ),
    "node.wait": ("{field} 只能为 {expected}，实为 {actual}。", "{field} can only be {expected}; found {actual}."),
    "node.worker-start": (
        "工作进程未能启动：应{expected}就绪，实为 {actual}。",
        "A worker did not start: expected it {expected}; found {actual}.",
    ),
    "node.wrong-log-key": (
        "私钥与账本不符：现行的账本公钥为 {expected}，所给私钥的公钥为 {actual}：请把现行私钥放到配置的 log_key 或 next_log_key。",
        "The private key is not this ledger's: the key in force is {expected}, given are {actual}: put it where log_key or next_log_key says.",
    ),
}
