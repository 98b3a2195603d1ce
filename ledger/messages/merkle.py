"""Sentences about the Merkle tree."""

MESSAGES: dict[str, tuple[str, str]] = {
    "merkle.hash-size": (
        "散列应为 {expected} 字节，实为 {actual} 字节。",
        "A hash must have {expected} bytes; found {actual}.",
    ),
    "merkle.index": ("序号应为 {expected}，实为 {actual}。", "The index must be {expected}; found {actual}."),
    "merkle.path-length": (
        "证明路径应恰有 {expected}，实为 {actual} 个。",
        "The proof must hold exactly {expected}; found {actual}.",
    ),
    "merkle.peaks": (
        "树的右缘应有 {expected} 个散列，实为 {actual} 个。",
        "The frontier must hold {expected} hashes; found {actual}.",
    ),
    "merkle.root-mismatch": (
        "树根不符：应为 {expected}，由证明算得 {actual}。",
        "The root differs: expected {expected}, the proof gives {actual}.",
    ),
    "merkle.sizes": ("旧树大小应为 {expected}，实为 {actual}。", "The old size must be {expected}; found {actual}."),
}
