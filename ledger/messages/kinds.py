"""Sentences about kinds of entries."""

MESSAGES: dict[str, tuple[str, str]] = {
    "kinds.no-work": (
        "{actual} 类条目不带 {field}。",
        "An entry of kind {actual} carries no {field}.",
    ),
    "kinds.prev-missing": (
        "{actual} 类条目必须带 {field}：您所见的该作品最新条目的叶哈希（{expected}）。",
        "An entry of kind {actual} must carry {field}: the leaf hash of the work's newest entry as you know it ({expected}).",
    ),
    "kinds.unknown": (
        "没有名为 {actual} 的条目类别；可用的有：{expected}。",
        "There is no kind of entry called {actual}; there are: {expected}.",
    ),
    "kinds.work-missing": (
        "{actual} 类条目必须带 {field}：其作品登记条目的叶哈希（{expected}）。",
        "An entry of kind {actual} must carry {field}: the leaf hash of its work's registration ({expected}).",
    ),
}
