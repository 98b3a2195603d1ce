"""The category set: what a work may be claimed to be. A claim, never a grant.

Sources: 民法典 §123 (objects of intellectual property) and, under works, 著作权法 §3. The set is versioned; the charter
names the version and its digest, so that a reader in twenty years knows which table a code meant.
"""

from __future__ import annotations

from hashlib import sha256

from ledger import encoding

VERSION = 1

CATEGORIES: dict[str, tuple[str, str, str]] = {
    "work.writing": ("文字作品", "written work", "著作权法 §3(1)"),
    "work.oral": ("口述作品", "oral work", "著作权法 §3(2)"),
    "work.performing": (
        "音乐、戏剧、曲艺、舞蹈、杂技艺术作品",
        "musical, dramatic, quyi, dance or acrobatic work",
        "著作权法 §3(3)",
    ),
    "work.art": ("美术、建筑作品", "work of fine art or architecture", "著作权法 §3(4)"),
    "work.photograph": ("摄影作品", "photographic work", "著作权法 §3(5)"),
    "work.audiovisual": ("视听作品", "audiovisual work", "著作权法 §3(6)"),
    "work.graphic": ("图形作品和模型作品", "graphic or model work", "著作权法 §3(7)"),
    "work.software": ("计算机软件", "computer software", "著作权法 §3(8)"),
    "work.other": ("符合作品特征的其他智力成果", "other intellectual achievement", "著作权法 §3(9)"),
    "invention": ("发明", "invention", "民法典 §123(2)"),
    "utility-model": ("实用新型", "utility model", "民法典 §123(2)"),
    "design": ("外观设计", "design", "民法典 §123(2)"),
    "trade-mark": ("商标", "trade mark", "民法典 §123(3)"),
    "geographical-indication": ("地理标志", "geographical indication", "民法典 §123(4)"),
    "trade-secret": ("商业秘密", "trade secret", "民法典 §123(5)"),
    "layout-design": ("集成电路布图设计", "layout design of integrated circuits", "民法典 §123(6)"),
    "plant-variety": ("植物新品种", "plant variety", "民法典 §123(7)"),
    "other": ("法律规定的其他客体", "other object provided by law", "民法典 §123(8)"),
}
"""Code → (Chinese name, English name, statute)."""

TAGS: dict[str, tuple[str, str, str]] = {
    "ai-assisted": ("人工智能辅助生成", "made with the help of AI", "声明"),
    "creative-plan": ("创意方案", "creative plan", "地方标签"),
    "data": ("数据知识产权", "data intellectual property", "地方标签"),
    "fashion": ("花型·款式", "fashion pattern or style", "地方标签"),
    "process": ("工艺·配方", "process or recipe", "地方标签"),
    "user-interface": ("用户界面", "user interface", "地方标签"),
}
"""Local tags beside the category: code → (Chinese name, English name, source). They have no legal effect."""


def digest() -> bytes:
    """SHA-256 (32 bytes) of the canonical tables: `[version, {code: [zh, en, statute]}, {tag: [zh, en, source]}]`."""
    tables = [{code: list(names) for code, names in table.items()} for table in (CATEGORIES, TAGS)]
    return sha256(encoding.encode([VERSION, *tables])).digest()
