"""Verification steps and verdicts: each step's sentence says what was compared and why it matters."""

MESSAGES: dict[str, tuple[str, str]] = {
    "verify.authority": (
        "授权链：章程、分中心授权、主体核验依次在账本之内，且当时有权作此登记",
        "Chain of authority: charter, accreditation and attestation stand in the ledger and allowed this entry",
    ),
    "verify.block-inclusion": (
        "区块头在同一棵账本树之内",
        "The block header stands in the same ledger tree",
    ),
    "verify.block-ledger": (
        "区块头属于同一账本",
        "The block header belongs to the same ledger",
    ),
    "verify.block-root": (
        "条目在其区块之内：由条目与路径重算的区块根，与区块头所载一致",
        "The entry stands in its block: the block root recomputed from entry and path equals the header's",
    ),
    "verify.block-signature": (
        "区块头由账本密钥签署",
        "The block header is signed by the log key",
    ),
    "verify.disclosed-file": (
        "披露的文件记录属于密封清单",
        "The disclosed file record belongs to the sealed manifest",
    ),
    "verify.disclosure": (
        "披露的内容与账本上的承诺值一致",
        "The disclosed value matches the commitment on the ledger",
    ),
    "verify.entry-signature": (
        "条目由声明的签名人签署，签后未改",
        "The entry is signed by the stated signer and unchanged since",
    ),
    "verify.file": (
        "文件：大小、SHA-256 与 SM3 和登记时一致",
        "File: size, SHA-256 and SM3 equal those registered",
    ),
    "verify.format": (
        "格式完整，且是唯一的编码",
        "The format is whole and in its only encoding",
    ),
    "verify.inclusion": (
        "条目在账本树之内：由条目与路径重算的树根，与签名检查点一致",
        "The entry stands in the ledger tree: the root recomputed from entry and path equals the signed checkpoint's",
    ),
    "verify.later": (
        "后续记录：同一作品此后的条目，均在账本之内",
        "Later entries of the same work, each in the ledger",
    ),
    "verify.log-key-only": (
        "仅账本密钥：回执只证明账本密钥的承诺，没有独立见证；需要更多请索取证书",
        "Log key only: a receipt is the log key's promise without independent witnesses; ask for the certificate",
    ),
    "verify.log-signature": (
        "检查点由您所信任的账本密钥签署",
        "The log key that you trust has signed",
    ),
    "verify.no-files": (
        "未提供原文件：本次只核验了证书本身，请一并提供原件以核对内容",
        "No original file was given: only the certificate itself was checked; give the originals to compare them",
    ),
    "verify.opaque": (
        "条目内容不属于本账本的登记格式：只证明这些字节在账本之内",
        "The entry is not of the registration format: what is proven is that these bytes stand in the ledger",
    ),
    "verify.page": (
        "印刷的页面与内嵌证书所生成的一致",
        "The printed page is the one that the certificate inside it makes",
    ),
    "verify.page-browser": (
        "印刷的页面由浏览器制作，这里没能重新生成，其上的文字未经核对：请与本报告所列逐项比对，或只核验 .tlog-proof 证书，或在节点的 /verify 页面打开此 PDF，由浏览器重新生成并核对",
        "The printed page was made in a browser; it could not be made again here, and its text was not compared: compare it with what this report lists, or verify the .tlog-proof alone, or open the PDF at a node's /verify, where the browser makes the page again",
    ),
    "verify.pending": (
        "待办回执只是分中心转交条目的承诺，不是登记：条目也可能被拒绝；登记后请索取回执或证书",
        "A pending receipt is a sub-centre's promise to pass an entry on, not a registration: it may yet be refused; ask for the receipt or certificate",
    ),
    "verify.pending-replica": (
        "作出承诺的分中心节点在核验者的策略之内",
        "The replica that promised is one of the verifier's policy",
    ),
    "verify.pending-signature": (
        "待办回执由其所载公钥签署，签后未改",
        "The pending receipt is signed by the key that it names and unchanged since",
    ),
    "verify.policy": (
        "信任来源：本次核验所用的策略或账本公钥",
        "Source of trust: the policy or log key that is used here",
    ),
    "verify.quorum": (
        "独立见证：检查点上的见证签名满足核验者的策略",
        "Independent witnesses: the cosignatures on the checkpoint meet the verifier's policy",
    ),
    "verify.reference": (
        "简式回执只有编号与条目散列，本身不能证明：请按编号索取证书",
        "A short receipt holds only number and leaf hash and proves nothing by itself: ask for the certificate",
    ),
    "verify.status": (
        "后续状态：证书不证明此后没有变更、异议或撤销；如需，请查询账本或重放全部记录",
        "Later status: a certificate does not prove that nothing came later; ask the ledger, or replay it",
    ),
    "verify.time": (
        "出块时间：账本声明的时间，及其时钟当时是否已同步",
        "Block time: the time the ledger stated, and whether its clock was synchronised",
    ),
    "verify.verdict-consistent": ("一致", "CONSISTENT"),
    "verify.verdict-inconsistent": ("不一致", "INCONSISTENT"),
    "verify.verdict-undetermined": ("无法判断", "UNDETERMINED"),
    "verify.outcome-failed": ("不符", "failed"),
    "verify.outcome-note": ("说明", "note"),
    "verify.outcome-ok": ("相符", "ok"),
    "verify.outcome-unknown": ("无法判断", "unknown"),
    "verify.what-it-proves": (
        "证明：该数据在此时间前已存在且此后未变。不证明：独创性、作者身份、权利有效性。请保留原件。",
        (
            "Proves: this data existed before that time and has not changed since. Does not prove: originality, authorship or "
            "validity. Keep the original."
        ),
    ),
    "verify.work": (
        "所属作品的登记在账本之内",
        "The registration of the work that this entry belongs to stands in the ledger",
    ),
}
