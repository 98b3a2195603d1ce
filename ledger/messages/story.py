"""The life of one right, as the demonstration tells it."""

MESSAGES: dict[str, tuple[str, str]] = {
    "story.chapter-1": (
        "授权与核验：授权机构离线授权分中心，经办人核验各方",
        "Accreditation: offline, the authority accredits an office; its clerk attests those who come",
    ),
    "story.chapter-2": (
        "确权：两次草图存证，登记花型，窗口代办",
        "Making it provable: two sketches, the pattern, and a walk-in at the counter",
    ),
    "story.chapter-3": (
        "用权：专有许可给商场；竞争者与重复许可被拒",
        "Using it: an exclusive licence; a rival's and a second one refused",
    ),
    "story.chapter-4": (
        "质押：银行同意后设立；未经其同意不得转让",
        "Pledge: with the bank's consent; without it nothing moves",
    ),
    "story.chapter-5": (
        "维权：两家网店取证、投诉、移交调解与法院并签收",
        "Enforcing: two captures, a complaint, handed over to mediation and a court, which sign for it",
    ),
    "story.chapter-6": (
        "异议：竞争者异议，结果入账，撤回异议",
        "Objection: a rival objects, the outcome is recorded, he withdraws",
    ),
    "story.chapter-7": ("查询：银行查看质押前后某日的状态", "Asking: the bank looks at the status as of a day"),
    "story.chapter-8": (
        "删除：设计师姓名应请求删除，旧证书用她的副本仍可核验",
        "Erasure: the designer's name goes on request; the old certificate still verifies with her copy",
    ),
    "story.chapter-9": (
        "终止：失密、免职、撤销、中止，之后的签名一律被拒",
        "Endings: compromise, dismissal, annulment, suspension; what is signed after them is refused",
    ),
    "story.refused": ("{actual} 被拒：{expected}", "{actual} refused: {expected}"),
    "story.status": (
        "该作品共 {number} 条记录；质押：当时 {expected} 项，现在 {actual} 项",
        "The work has {number} entries; pledges: {expected} then, {actual} now",
    ),
}
