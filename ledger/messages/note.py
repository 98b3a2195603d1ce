"""Sentences about signed notes, checkpoints and cosignatures."""

MESSAGES: dict[str, tuple[str, str]] = {
    "note.checkpoint-lines": (
        "检查点正文应为 {expected}（不带扩展行），实为 {actual} 行。",
        "A checkpoint has {expected} and no extension lines; found {actual}.",
    ),
    "note.checkpoint-root": (
        "检查点的树根应为 {expected}，实为 {actual} 字节。",
        "A checkpoint's root is {expected}; found {actual} bytes.",
    ),
    "note.checkpoint-size": (
        "检查点的树大小应为 {expected}，实为 {actual}。",
        "A checkpoint's size is {expected}; found {actual}.",
    ),
    "note.control": ("签名文本中应 {expected}，实为 {actual}。", "A signed note has {expected}; found {actual}."),
    "note.cosignature": (
        "见证签名应为 {expected}，实为 {actual} 字节，或时间戳过大。",
        "A cosignature has {expected} and a sane timestamp; found {actual} bytes.",
    ),
    "note.origin": (
        "账本标识只能由 {expected} 组成，实为 {actual}。",
        "An origin is made of {expected}; found {actual}.",
    ),
    "note.parts": ("签名文本应为 {expected}，实为 …{actual}。", "A signed note is {expected}; found …{actual}."),
    "note.signature-line": (
        "签名行应为 {expected}，实为 {actual}。",
        "A signature line reads {expected}; found {actual}.",
    ),
    "note.signatures": (
        "签名应为 {expected} 个，实为 {actual} 个。",
        "Expected {expected} signatures; found {actual}.",
    ),
    "note.size": ("签名文本应为 {expected}，实为 {actual} 字节。", "A signed note has {expected}; found {actual}."),
    "note.timestamp": ("时间戳应为 {expected}，实为 {actual}。", "A timestamp is {expected}; found {actual}."),
    "note.unsigned": (
        "没有 {expected} 的签名；签名者为：{actual}。",
        "There is no signature by {expected}; signed by: {actual}.",
    ),
    "note.utf-8": ("签名文本应为 {expected}，实为 {actual}。", "A signed note is {expected}; found {actual}."),
}
