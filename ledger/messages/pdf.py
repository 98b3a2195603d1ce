"""The certificate as PDF: its fixed labels, and what is wrong with one that is read."""

MESSAGES = {
    "pdf.label.number": ("证书编号", "Certificate number"),
    "pdf.label.issuer": ("出证机构", "Issued by"),
    "pdf.label.created": ("登记时间", "Registered at"),
    "pdf.label.page": ("第 {page} 页，共 {pages} 页", "Page {page} of {pages}"),
    "pdf.attachments": (
        "PDF 附件有误：应为{expected}，实为{actual}",
        "The PDF's attachments are wrong: expected {expected}, got {actual}",
    ),
    "pdf.size": (
        "PDF 文件过大：至多 {expected} 字节，实为 {actual} 字节",
        "The PDF is too large: at most {expected} bytes, got {actual}",
    ),
    "pdf.encrypted": ("PDF 文件已加密，无法读取附件", "The PDF is encrypted, so its attachments cannot be read"),
    "pdf.broken": ("不是完好的 PDF 文件，或附件已损坏", "Not an intact PDF file, or its attachments are damaged"),
}
