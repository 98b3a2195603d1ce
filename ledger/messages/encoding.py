"""Sentences about canonical MessagePack."""

MESSAGES: dict[str, tuple[str, str]] = {
    "encoding.depth": (
        "嵌套过深：应为 {expected} 层，实为 {actual} 层。",
        "Nested too deep: expected {expected}, found {actual}.",
    ),
    "encoding.int-range": (
        "整数超出范围：应为 {expected}，实为 {actual}。",
        "Integer out of range: expected {expected}, found {actual}.",
    ),
    "encoding.key-order": (
        "映射的键须严格递增：应为 {expected}，实为 {actual}。",
        "Map keys must strictly increase: expected {expected}, found {actual}.",
    ),
    "encoding.key-type": ("映射的键应为 {expected}，实为 {actual}。", "A map key must be {expected}; found {actual}."),
    "encoding.malformed": ("不是完整的 {expected} 数据（{actual}）。", "Not whole, valid {expected} ({actual})."),
    "encoding.not-canonical": (
        "编码不唯一：应为 {expected}，这 {actual} 不是。",
        "Not canonical: expected {expected}; these {actual} are not.",
    ),
    "encoding.trailing": (
        "数据之后有多余内容：应为 {expected}，实为 {actual}。",
        "Expected {expected}; found {actual}.",
    ),
    "encoding.type": (
        "不支持的类型：应为 {expected}，实为 {actual}。",
        "Unsupported type: expected {expected}; found {actual}.",
    ),
    "encoding.utf-8": ("文本应为 {expected} 编码，实为 {actual}。", "Text must be {expected}; found {actual}."),
}
