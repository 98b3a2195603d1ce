"""Sentences about kinds of entries."""

MESSAGES: dict[str, tuple[str, str]] = {
    "kinds.no-work": (
        "{actual} 类条目不带 {field}。",
        "An entry of kind {actual} carries no {field}.",
    ),
    "kinds.not-in-force": (
        "类别 {actual} 在规则第 {version} 版中尚未启用；可用的有：{expected}。",
        "The kind {actual} is not in force under rules version {version}; in force are: {expected}.",
    ),
    "kinds.unknown": (
        "没有名为 {actual} 的条目类别；可用的有：{expected}。",
        "There is no kind of entry called {actual}; there are: {expected}.",
    ),
}
