"""Sentences about entries and the shapes of their data."""

MESSAGES: dict[str, tuple[str, str]] = {
    "entry.bad-consent": (
        "{actual} 的同意签名与本条目不符：请由该方对同一内容重新签名。",
        "The consent of {actual} does not verify over this statement: let that party sign this very statement.",
    ),
    "entry.bad-signature": (
        "签名与签名人 {actual} 的公钥不符：内容被改动，或签名用了别的密钥。",
        "The signature does not verify under the signer's key {actual}: the content was changed, or another key signed it.",
    ),
    "entry.block-tag": (
        "条目不能以区块标记 {actual} 开头：该标记只属于账本自己的区块。",
        "An entry may not begin with the block tag {actual}: it belongs to the ledger's own blocks.",
    ),
    "entry.consents-order": (
        "{field} 须按公钥升序排列、每个公钥一次，且不含签名人自己。",
        "{field} must be sorted by key, each key once, never the signer's own.",
    ),
    "entry.missing-key": (
        "缺少必需的字段 {field}，应为 {expected}。",
        "The field {field} is missing; expected {expected}.",
    ),
    "entry.shape": (
        "字段 {field} 不合格式：应为 {expected}，实为 {actual}。",
        "The field {field} has the wrong shape: expected {expected}, found {actual}.",
    ),
    "entry.size": (
        "条目长度应为 {expected}，实为 {actual} 字节。",
        "An entry must be {expected}; found {actual} bytes.",
    ),
    "entry.tag": (
        "条目应以 {expected} 开头，实为 {actual}。",
        "An entry must begin with {expected}; found {actual}.",
    ),
    "entry.unknown-key": (
        "字段 {field} 不为现行规则所识；可用的有：{expected}。",
        "The rules in force do not know the field {field}; they know: {expected}.",
    ),
    "entry.wrong-ledger": (
        "本条目写给账本 {actual}，而这里是 {expected}：请用正确的账本标识重新签名。",
        "This entry was signed for the ledger {actual}, and this one is {expected}: sign it anew for the right ledger.",
    ),
}
