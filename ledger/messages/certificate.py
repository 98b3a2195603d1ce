"""Sentences about certificates and certificate numbers."""

MESSAGES: dict[str, tuple[str, str]] = {
    "certificate.authority-order": (
        "证书中的授权链顺序不对：应为 {expected}，实为 {actual}。",
        "The certificate's chain of authority is out of order: expected {expected}, found {actual}.",
    ),
    "certificate.block-leaf": (
        "第 {actual} 号是区块叶而不是条目，没有证书：请改取其 /proof。",
        "Leaf {actual} is a block leaf, not an entry, and has no certificate: ask for its /proof.",
    ),
    "certificate.check-digits": (
        "证书编号 {number} 的校验位应为 {expected}，实为 {actual}：请核对是否抄错。",
        "The check digits of {number} should be {expected}, found {actual}: look for a mistyped digit.",
    ),
    "certificate.later": (
        "证书所附的后续记录不对：应为 {expected}，实为第 {actual} 号条目。",
        "The later entries in the certificate are wrong: expected {expected}, found leaf {actual}.",
    ),
    "certificate.no-extra": (
        "这是不带附加数据的包含证明，不是证书：应有 {expected}。",
        "This is a bare inclusion proof, not a certificate: expected {expected}.",
    ),
    "certificate.no-manifest": (
        "证书披露了第 {actual} 号文件，却没有披露清单根。",
        "The certificate discloses file {actual} without disclosing the manifest it belongs to.",
    ),
    "certificate.number": (
        "证书编号的格式应如 {expected}，实为 {actual}。",
        "A certificate number looks like {expected}; found {actual}.",
    ),
    "certificate.work": (
        "证书所附的作品登记不是本条目所属的作品：应为 {expected}，实为 {actual}。",
        "The registration in the certificate is not that of the entry's work: expected {expected}, found {actual}.",
    ),
}
