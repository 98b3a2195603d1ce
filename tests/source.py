"""The project's own source as syntax trees, for the tests that hold the code to its architecture."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("ledger", "node", "tools")


@cache
def modules(*packages: str) -> dict[str, ast.Module]:
    """Dotted name → syntax tree of every module in `packages`; a package goes by its own name."""
    found = {}
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    return found


def imports(name: str, tree: ast.AST, known: frozenset[str]) -> Iterator[str]:
    """Dotted names that the module `name` imports anywhere, inside functions too.

    `from ledger import keys` names `ledger.keys` where that is one of the `known` modules; with a package
    comes the package above it.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}, line {node.lineno}: name the module in full"
            assert node.module is not None
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in known else node.module


def import_graph(*packages: str) -> dict[str, set[str]]:
    """Module → everything it imports, as `imports` names it."""
    trees = modules(*packages)
    known = frozenset(trees)
    return {name: set(imports(name, tree, known)) for name, tree in trees.items()}
