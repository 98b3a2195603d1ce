"""Sentences about policies."""

MESSAGES: dict[str, tuple[str, str]] = {
    "policy.line": (
        "策略文件{field}：应为 {expected}，实为 {actual}。",
        "Policy, {field}: expected {expected}; found {actual}.",
    ),
    "policy.no-quorum": ("策略文件缺少 {expected}。", "The policy lacks {expected}."),
    "policy.quorum": (
        "见证不足：策略要求 {expected}，已验证的见证为：{actual}。",
        "The quorum {expected} is not met; cosignatures verified: {actual}.",
    ),
    "policy.size": ("策略文件应为 {expected}，实为 {actual} 字节。", "A policy has {expected}; found {actual}."),
    "policy.unknown-log": (
        "检查点不是由策略所信任的账本签署：应为 {expected}，实为 {actual}。",
        "The checkpoint is not by a log that the policy trusts: expected {expected}; found {actual}.",
    ),
}
