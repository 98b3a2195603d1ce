"""Sentences about blocks."""

MESSAGES: dict[str, tuple[str, str]] = {
    "block.bad-signature": (
        "高度 {height} 的区块头签名与账本公钥 {actual} 不符。",
        "The signature of the block at height {height} does not verify under the log key {actual}.",
    ),
    "block.broken-rule": (
        "高度 {height} 的区块中，{field} 违反规则 {actual}：{reason}",
        "In the block at height {height}, {field} breaks the rule {actual}: {reason}",
    ),
    "block.mismatch": (
        "高度 {height} 的区块头字段 {field} 不符：应为 {expected}，实为 {actual}。",
        "The block header at height {height} is wrong in {field}: expected {expected}, found {actual}.",
    ),
    "block.no-charter": (
        "本账本的首个区块必须载有章程：应为 {expected} 条，实为 {actual} 条。",
        "The first block of this ledger must hold its charter: expected {expected} entries, found {actual}.",
    ),
    "block.outside": (
        "序号 {actual} 不在该区块之内（应为 {expected}）。",
        "The index {actual} lies outside the block ({expected}).",
    ),
    "block.repeated-entry": (
        "高度 {height} 的区块中，{field} 重复了第 {actual} 号条目。",
        "In the block at height {height}, {field} repeats the entry at leaf {actual}.",
    ),
    "block.size": (
        "区块叶长度应为 {expected}，实为 {actual} 字节。",
        "A block leaf must be {expected}; found {actual} bytes.",
    ),
    "block.tag": (
        "区块叶应以 {expected} 开头，实为 {actual}。",
        "A block leaf must begin with {expected}; found {actual}.",
    ),
    "block.time-not-increasing": (
        "区块时间必须严格递增：应晚于上一区块（{expected}），实为 {actual}。",
        "Block times must strictly increase: expected {expected}, found {actual}.",
    ),
}
