"""Sentences of the node: configuration, HTTP, clock, overload."""

MESSAGES: dict[str, tuple[str, str]] = {
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
    "node.printing": (
        "正在排版的证书已达 {expected} 份：请稍后再试，或取 /certificate 后用 yuanzheng pdf 自行打印。",
        "{expected} certificates are being printed already: try again shortly, or fetch /certificate and run yuanzheng pdf.",
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
