"""Asking a server, beside a verdict, what the ledger says today."""

MESSAGES: dict[str, tuple[str, str]] = {
    "asking.ask": (
        "向账本查询",
        "Ask the ledger",
    ),
    "asking.asked": (
        "以下由 {actual} 提供，并已由您的浏览器逐项核对。",
        "What follows came from {actual}; your browser checked it, item by item.",
    ),
    "asking.continues": (
        "账本现在的 {actual} 个叶子原样延续了证书所载的 {expected} 个叶子。",
        "The ledger's {actual} leaves of today continue, unchanged, the {expected} that the certificate is about.",
    ),
    "asking.hint": (
        "上面的结论不依赖任何服务器。若还想知道此后发生了什么，可以查询打开本页的这台服务器：它会知道您在看哪一条记录，除此之外什么也得不到。",
        "The verdict above depends on no server. To learn what has happened since, ask the server that this page came from: it learns which entry you are looking at, and nothing else.",
    ),
    "asking.later-entries": (
        "此后的登记",
        "Entries since",
    ),
    "asking.no-later": (
        "这张证书之后，账本上没有关于这件作品的登记。",
        "Since this certificate the ledger has no entry about the work.",
    ),
    "asking.not-there": (
        "账本查不到这条记录。若凭据上的签名有效，这就是未兑现的承诺：请保存凭据，并告知分中心或见证方。",
        "The ledger does not know this entry. If the evidence's signature is valid, a promise was broken: keep the evidence, and tell a sub-centre or a witness.",
    ),
    "asking.not-yet": (
        "这条记录还没有登记到账本。收到凭据只是承诺转送，请稍后再查。",
        "This entry is not on the ledger yet. The slip only promises to pass it on: ask again later.",
    ),
    "asking.now": (
        "正在查询并核对……",
        "Asking, and checking the answer…",
    ),
    "asking.other-ledger": (
        "这台服务器的账本是 {actual}，而证书属于 {expected}：请到该账本的网站查询。",
        "This server keeps the ledger {actual}, and the certificate belongs to {expected}: ask at that ledger's site.",
    ),
    "asking.status-today": (
        "当前状态",
        "Status today",
    ),
    "asking.title": (
        "账本现在怎么说（可选，联网）",
        "What the ledger says today (optional, online)",
    ),
}
