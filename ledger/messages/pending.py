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
    "pending.refused": (
        "账本拒绝了该条目，未予登记：原因见 error。",
        "The ledger refused this entry, and it is not registered: error says why.",
    ),
    "pending.sealed": (
        "该条目已登记：以 result 所载为准，证书可按编号索取。",
        "This entry is registered: result says where; ask for its certificate by the number.",
    ),
    "pending.size": (
        "待办回执应为{expected}，实为 {actual}。",
        "A pending receipt has {expected}; found {actual}.",
    ),
    "pending.tag": (
        "待办回执解码后应以 {expected} 开头，实为 {actual}。",
        "A pending receipt holds {expected} at its beginning; found {actual}.",
    ),
    "pending.waits": (
        "本分中心已收下该条目，将转交总节点；这还不是登记，条目也可能被拒绝。请凭此回执稍后查询。",
        "This sub-centre holds the entry and will pass it on to the primary; it is not yet a registration, and the entry may be refused. Ask again later.",
    ),
}
