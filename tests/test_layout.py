"""The architecture, held by walking the syntax trees: which way imports point, and where I/O may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter

import pytest

from tests.source import PACKAGES, ROOT, import_graph, imports, modules

# A package may import itself and the packages to its right.
ORDER = ("tools", "node", "ledger")

# Lowest first. A module of `ledger` that stands nowhere here is a format.
LAYERS = (
    {"ledger.messages"},
    {"ledger.errors"},
    {"ledger.encoding", "ledger.merkle"},
    {"formats"},
    {"ledger.rules"},
    {"ledger.chain"},
    {"ledger.certificate", "ledger.verify", "ledger.misbehaviour"},
    {"ledger.tables", "ledger.packed", "ledger.runs", "ledger.datafile"},
    {"ledger.commit", "ledger.snapshot"},
    {"ledger.store"},
)
STORE = LAYERS[-1]

# What reads a clock, a file, a socket, an environment or chance, or starts something.
OUTSIDE_WORLD = frozenset(
    """
    aiohttp asyncio concurrent ctypes fcntl ftplib glob http io logging lmdb mmap multiprocessing node os
    pathlib pickle platform queue random secrets select selectors shelve shutil signal socket socketserver
    sqlite3 ssl subprocess sys syslog tempfile threading time tools urllib uuid uvloop
    """.split()
)
# `sys.byteorder`, `sys.maxsize` and the like are constants.
HARMLESS = {"sys"}
FORBIDDEN_CALLS = {"open", "print", "input", "exec", "eval", "compile", "breakpoint", "__import__"}
FORBIDDEN_ATTRIBUTES = {
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"),
    ("sys", "stdin"), ("sys", "stdout"), ("sys", "stderr"), ("sys", "argv"), ("sys", "exit"),
}  # fmt: skip

LEDGER = modules("ledger")
PURE = sorted(set(LEDGER) - STORE)


def rank(module: str) -> int:
    """The height of a `ledger` module's layer."""
    name = "ledger.messages" if module.startswith("ledger.messages.") else module
    return next((height for height, layer in enumerate(LAYERS) if name in layer), LAYERS.index({"formats"}))


def reachable(start: str) -> dict[str, str]:
    """Everything that `start` imports, directly or not → the module that imports it. Packages above count
    too."""
    graph = import_graph(*PACKAGES)
    found: dict[str, str] = {}
    todo = [start]
    while todo:
        module = todo.pop()
        for imported in graph.get(module, ()):
            parts = imported.split(".")
            for name in (".".join(parts[:length]) for length in range(1, len(parts) + 1)):
                if name not in found:
                    found[name] = module
                    todo.append(name)
    return found


@pytest.mark.parametrize("package", ORDER)
def test_packages_import_only_downwards(package: str) -> None:
    """`tools` may import `node` and `ledger`, `node` only `ledger`, `ledger` neither; none imports the
    tests."""
    allowed = set(ORDER[ORDER.index(package) :])
    strangers = (set(ORDER) | {"tests", "benchmarks"}) - allowed
    for module, imported in import_graph(package).items():
        upward = {name for name in imported if name.split(".")[0] in strangers}
        assert not upward, f"{module} imports {sorted(upward)}"


@pytest.mark.parametrize("module", sorted(LEDGER))
def test_ledger_imports_only_its_own_layer_or_a_lower_one(module: str) -> None:
    """Inside `ledger`: store → chain → rules → formats → encoding, merkle → errors → messages."""
    for imported in imports(module, LEDGER[module], frozenset(LEDGER)):
        if imported.startswith("ledger."):
            assert rank(imported) <= rank(module), f"{module} imports {imported}, which is of a higher layer"


def test_ledger_has_no_import_cycle() -> None:
    """Every module of `ledger` can be read after the ones that it needs; static_order raises on a cycle."""
    graph = {module: names - {module} for module, names in import_graph("ledger").items()}
    assert len(list(TopologicalSorter(graph).static_order())) >= len(graph)


def test_layers_name_modules_that_exist() -> None:
    """A layer that names a module of yesterday guards nothing."""
    named = set().union(*LAYERS) - {"formats"}
    assert named <= set(LEDGER)


@pytest.mark.parametrize("module", PURE)
def test_ledger_has_no_input_or_output_outside_the_store(module: str) -> None:
    """No module of `ledger` but the store's reaches a clock, a file, a socket, the environment or chance."""
    tree = LEDGER[module]
    tops = {name.split(".")[0] for name in imports(module, tree, frozenset(LEDGER))}
    assert not (tops & OUTSIDE_WORLD) - HARMLESS
    if module != "ledger.messages":
        assert "importlib" not in tops, "an import by a computed name escapes this test"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in FORBIDDEN_CALLS, f"{node.func.id}() in line {node.lineno}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used = (node.value.id, node.attr)
            assert used not in FORBIDDEN_ATTRIBUTES, f"{'.'.join(used)} in line {node.lineno}"


def test_verify_reaches_no_store_service_clock_file_or_socket() -> None:
    """Nothing that `ledger.verify` imports, at any distance, is the store, the service or the outside
    world."""
    found = reachable("ledger.verify")
    for name in LAYERS[-3] | LAYERS[-2] | STORE | {"numpy"} | OUTSIDE_WORLD - HARMLESS:
        assert name not in found, f"{name} comes in by {found[name]}"


def test_verify_loads_no_store_or_service_when_it_runs() -> None:
    """What the syntax trees cannot show, a library's own imports: a fresh interpreter with `ledger.verify` in
    it has no lmdb, aiohttp, numpy, node or tools."""
    program = "import sys, ledger.verify; print(*sorted(sys.modules))"
    command = (sys.executable, "-c", program)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert "ledger" in loaded
    assert not loaded & {"lmdb", "aiohttp", "numpy", "uvloop", "node", "tools"}


def test_only_outermost_loops_catch_everything() -> None:
    """`ledger` and `node` never write `except Exception`, `except BaseException` or a bare `except` that
    swallows."""
    for name, tree in modules("ledger", "node").items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and catches_all(node) and not raises_again(node):
                main = name in {"node.main", "node.__main__", "node.app"}
                assert main, f"{name} catches everything in line {node.lineno}"


def catches_all(handler: ast.ExceptHandler) -> bool:
    """Whether a handler takes every exception."""
    return handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"}
    )


def raises_again(handler: ast.ExceptHandler) -> bool:
    """Whether a handler ends by passing the exception on: it tidies up, and hides nothing."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None
