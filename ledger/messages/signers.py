"""Registrations that others must sign too: co-owners, and the representatives of a company."""

MESSAGES: dict[str, tuple[str, str]] = {
    "signers.consent": ("同意并保存", "Consent and save"),
    "signers.consent-many": (
        "有 {count} 件作品请您签署：请逐件核对后再同意",
        "{count} works ask for your consent: read each before you sign",
    ),
    "signers.consent-missing": ("已收下；还缺 {actual} 的同意。", "Taken; the consent of {actual} is still missing."),
    "signers.consent-title": ("请核对后再同意", "Read it before you consent"),
    "signers.consented": (
        "已签署同意，请把保存的文件交回给登记人。",
        "Your consent is signed: give the saved file back to the one who registers.",
    ),
    "signers.leave": ("不同意", "Do not consent"),
    "signers.too-many-files": (
        "须由代表人一同签署的作品，公开登记时最多 {expected} 个文件，实为 {actual} 个：请改为密封，或分成几件。",
        "A work that representatives must sign too holds {expected} files at most if it is open; this one has {actual}: seal it, or split it.",
    ),
}
