"""Sentences about tiles and bundles."""

MESSAGES: dict[str, tuple[str, str]] = {
    "tiles.bundle": (
        "条目包在第 {leaf} 条处断裂：应为 {expected}，共 {actual}。",
        "The entry bundle breaks off at leaf {leaf}: expected {expected}, of {actual} in all.",
    ),
    "tiles.bundle-count": (
        "条目包应有 {expected} 条，实为 {actual} 条。",
        "The entry bundle must hold {expected} leaves; found {actual}.",
    ),
    "tiles.path": ("瓦片路径的格式为 {expected}，实为 {actual}。", "A tile's path is {expected}; found {actual}."),
}
