"""Sentences about pending receipts and what becomes of entries that wait."""

MESSAGES: dict[str, tuple[str, str]] = {
    "pending.bad-signature": (
        "待办回执的签名（{field}）不是公钥 {actual} 所签：回执已被改动，或并非该分中心所发。",
        "The pending receipt's {field} is not by the key {actual}: it was altered, or is not this sub-centre's.",
    ),
    "pending.prefix": (
        "待办回执应以 {expected} 开头，实为 {actual}。",
        "A pending receipt begins with {expected}; found {actual}.",
    ),
    "pending.size": (
        "待办回执应为{expected}，实为 {actual}。",
        "A pending receipt has {expected}; found {actual}.",
    ),
    "pending.tag": (
        "待办回执解码后应以 {expected} 开头，实为 {actual}。",
        "A pending receipt holds {expected} at its beginning; found {actual}.",
    ),
}
