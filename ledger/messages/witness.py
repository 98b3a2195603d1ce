"""Sentences about witnessing: what logs and witnesses say to each other, and what a witness keeps."""

MESSAGES: dict[str, tuple[str, str]] = {
    "witness.answer": (
        "见证方的回答应为 {expected}，实为 {actual}。",
        "A witness answers with {expected}; found {actual}.",
    ),
    "witness.extension": (
        "检查点的扩展行应为 {expected}，实为 …{actual}。",
        "Among a checkpoint's extension lines there is {expected}; found …{actual}.",
    ),
    "witness.hash": (
        "一致性证明的每一项应为 {expected}，实为 {actual} 字节。",
        "A proof's hash has {expected}; found {actual}.",
    ),
    "witness.no-time": (
        "见证方 {actual} 的联署没有 {expected}。",
        "The cosignature by {actual} lacks {expected}.",
    ),
    "witness.old": ("请求的首行应为 {expected}，实为 {actual}。", "A request begins with {expected}; found {actual}."),
    "witness.path-length": (
        "一致性证明应为 {expected} 项，实为 {actual} 项。",
        "A consistency proof has {expected} hashes; found {actual}.",
    ),
    "witness.size": ("请求应为 {expected}，实为 {actual} 字节。", "A request has {expected}; found {actual}."),
}
