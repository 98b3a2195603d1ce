"""Sentences about tlog-proof files."""

MESSAGES: dict[str, tuple[str, str]] = {
    "proof.ascii": ("证明文件头部应为 {expected}，实为 {actual}。", "A proof's lines are {expected}; found {actual}."),
    "proof.header": (
        "证明文件应以 {expected} 开头，实为 {actual}。",
        "A proof begins with {expected}; found {actual}.",
    ),
    "proof.index": (
        "证明文件应有一行 {expected}，实为 {actual}。",
        "A proof has a line with {expected}; found {actual}.",
    ),
    "proof.path": (
        "证明路径应为 {expected}，实为 {actual} 行。",
        "A proof's path is {expected}; found {actual} lines.",
    ),
    "proof.size": ("证明文件应为 {expected}，实为 {actual} 字节。", "A proof has {expected}; found {actual}."),
}
