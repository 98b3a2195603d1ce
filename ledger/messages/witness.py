"""Sentences about witnessing: what logs and witnesses say to each other, and what a witness keeps."""

MESSAGES: dict[str, tuple[str, str]] = {
    "witness.answer": (
        "见证方的回答应为 {expected}，实为 {actual}。",
        "A witness answers with {expected}; found {actual}.",
    ),
    "witness.busy": (
        "等待处理的见证请求已达 {expected} 个：请稍后重试。",
        "{expected} requests to cosign are waiting: try again later.",
    ),
    "witness.conflict": (
        "旧大小应为最近一次联署的 {expected}，实为 {actual}。",
        "The old size must be {expected}, which was cosigned last; found {actual}.",
    ),
    "witness.disk": (
        "无法读写见证方的状态文件夹 {field}：{actual}。没有作出联署。",
        "The witness's folder {field} cannot be read or written: {actual}. Nothing was cosigned.",
    ),
    "witness.extension": (
        "检查点的扩展行应为 {expected}，实为 …{actual}。",
        "Among a checkpoint's extension lines there is {expected}; found …{actual}.",
    ),
    "witness.hash": (
        "一致性证明的每一项应为 {expected}，实为 {actual} 字节。",
        "A proof's hash has {expected}; found {actual}.",
    ),
    "witness.key-kind": (
        "见证密钥应为 {expected}（yuanzheng key new --cosigner），实为 {actual}。",
        "A witness signs with {expected} (yuanzheng key new --cosigner); found {actual}.",
    ),
    "witness.locked": (
        "另一进程正在以文件夹 {field} 作见证：同一密钥只能由一个进程使用。",
        "Another process witnesses with the folder {field}: one process alone may use a key.",
    ),
    "witness.lost": (
        (
            "见证方 {actual} 的状态文件 {field} 已丢失或损坏：无法得知此密钥曾联署过什么，不得再用。请作废此密钥，"
            "以新名称和新密钥、在空文件夹中重新开始，并通知各账本更换策略。"
        ),
        (
            "The witness {actual} has lost {field}, or it is damaged: nobody can tell what the key has cosigned, so it "
            "must be retired. Begin again with a new key under a new name in an empty folder, and tell the logs to change "
            "their policies."
        ),
    ),
    "witness.no-time": (
        "见证方 {actual} 的联署没有 {expected}。",
        "The cosignature by {actual} lacks {expected}.",
    ),
    "witness.old": ("请求的首行应为 {expected}，实为 {actual}。", "A request begins with {expected}; found {actual}."),
    "witness.old-size": (
        "旧大小应为 {expected}（检查点的大小），实为 {actual}。",
        "The old size must be {expected}, the checkpoint's; found {actual}.",
    ),
    "witness.other-key": (
        "文件夹 {field} 属于见证密钥 {expected}，不属于 {actual}：新密钥须用空文件夹。",
        "The folder {field} belongs to the witness {expected}, not to {actual}: a new key begins in an empty folder.",
    ),
    "witness.own-log": (
        "{field} 中的 {actual} 是本节点自己的账本或密钥：见证须用独立的名称和密钥，且只为其他账本作见证。",
        "{actual} in {field} is this node's own ledger or key: a witness has a name and a key of its own, for other logs.",
    ),
    "witness.path-length": (
        "一致性证明应为 {expected} 项，实为 {actual} 项。",
        "A consistency proof has {expected} hashes; found {actual}.",
    ),
    "witness.size": ("请求应为 {expected}，实为 {actual} 字节。", "A request has {expected}; found {actual}."),
    "witness.unknown-log": (
        "本节点不为账本 {actual} 作见证。",
        "This node does not cosign the log {actual}.",
    ),
}
