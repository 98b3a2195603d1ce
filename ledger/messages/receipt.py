"""Sentences about compact receipts."""

MESSAGES: dict[str, tuple[str, str]] = {
    "receipt.base45": (
        "回执文本不是合法的 base45 编码（{actual}）：请完整复制或重新扫描二维码。",
        "The receipt's text is not valid base45 ({actual}): copy it whole, or scan the code again.",
    ),
    "receipt.prefix": (
        "回执应以 {expected} 开头，实为 {actual}。",
        "A receipt begins with {expected}; found {actual}.",
    ),
    "receipt.size": (
        "回执应为 {expected}，实为 {actual}。",
        "A receipt has {expected}; found {actual}.",
    ),
}
