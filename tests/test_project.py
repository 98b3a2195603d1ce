"""The project's frame: pinned requirements, portable files, documents that name what exists, and the
wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.coverage_gate import least, missing, ranges, shortfalls
from tests.source import PACKAGES, ROOT
from tools import vendor

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CACHES = {".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__"}
SKIPPED = CACHES | {".git", ".venv", "build", "dist"}
BINARY = {".json", ".mdb", ".otf", ".pdf", ".png", ".pyz", ".ttf", ".zip"}

# Spelled apart, so that this file is not itself what it looks for.
REGISTRIES = ("py" + "pi.org", "python" + "hosted", "index" + "-url", "find" + "-links", "crates" + ".io")
HOMES = ("/ho" + r"me/\w", "/ro" + "ot/", "/Us" + r"ers/\w", "/wo" + r"rk/\w", r"C:\\Us" + "ers")
MACHINES = re.compile("|".join(HOMES))


def texts() -> dict[Path, str]:
    """Every text file of the project that a clone would hold; built, cached and binary files left out."""
    found = {}
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in SKIPPED and not name.endswith(".egg-info")]
        for name in files:
            path = Path(folder, name)
            if path.suffix not in BINARY and not name.startswith(".coverage"):
                found[path.relative_to(ROOT)] = path.read_bytes().decode("utf-8", errors="replace")
    return found


def make_targets() -> set[str]:
    """The targets that the Makefile declares."""
    declared = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert declared is not None
    return set(declared[1].split())


def code_in(document: Path) -> list[str]:
    """The lines of a document that a reader may copy: fenced blocks and single backticks."""
    text = document.read_text(encoding="utf-8")
    fenced = re.findall(r"^```[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    return [line.strip().removeprefix("$ ") for block in fenced for line in block.splitlines()] + inline


def pins(lock: Path) -> dict[str, str]:
    """Each pinned line of a lock file with its marker → everything after it up to the next."""
    blocks = re.split(r"^(?=[a-z0-9])", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {block.partition("\\")[0].strip(): block for block in blocks if re.match(r"[a-z0-9]", block)}


def versions(lock: Path) -> set[str]:
    """The `name==version` of each pinned line."""
    return {pin.partition(" ")[0] for pin in pins(lock)}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_locks_pin_every_package_by_version_and_hash(lock: Path) -> None:
    """Every line of a lock is `name==version`, with at least one SHA-256; nothing else, and no address."""
    found = pins(lock)
    assert found
    for pin, block in found.items():
        assert re.match(r"[a-z0-9._-]+==[0-9][0-9a-z.]*( ;|$)", pin)
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", block), f"{pin} has no hash"
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    options = re.findall(r"^\s*(-[a-z-]*)", text, re.MULTILINE)
    assert set(options) == {"--hash"}


def test_locks_agree_on_every_version() -> None:
    """What `make test` tests is what `make demo` runs: the versions of run.txt stand in test.txt and
    bench.txt."""
    run = versions(ROOT / "requirements" / "run.txt")
    for other in ("test", "bench"):
        assert run <= versions(ROOT / "requirements" / f"{other}.txt")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_locks_hold_what_the_lists_ask_for(lock: Path) -> None:
    """A name added to a `.in` file without `make lock` is noticed here and not on the next machine."""
    asked = re.findall(r"^[a-z][\w.-]*", lock.with_suffix(".in").read_text(encoding="utf-8"), re.MULTILINE)
    locked = {pin.partition("==")[0] for pin in pins(lock)}
    assert {name.lower().replace("_", "-") for name in asked} <= locked


def test_no_file_names_a_registry_or_a_machine() -> None:
    """The project installs from whatever its user's pip is set up for, and carries nobody's paths."""
    for path, text in texts().items():
        assert not [name for name in REGISTRIES if name in text], path
        if path.name != "LICENSE":
            assert not MACHINES.search(text), (path, MACHINES.search(text))


def test_documents_name_only_make_targets_that_exist() -> None:
    """Whoever copies `make …` out of a document gets what it promises."""
    targets = make_targets()
    named = {
        (document.name, target)
        for document in DOCUMENTS
        for line in code_in(document)
        for target in re.findall(r"(?:^|[;&] *)make ([a-z]+)\b", line)
    }
    assert named
    assert not {pair for pair in named if pair[1] not in targets}


def test_documents_name_only_commands_that_exist() -> None:
    """Whoever copies `yuanzheng …` out of a document finds that command: its help is there."""
    pattern = re.compile(r"(?:^|[;&] *|bin/)yuanzheng ([a-z][a-z-]*)\b")
    lines = [line for document in DOCUMENTS for line in code_in(document)]
    named = {command for line in lines for command in pattern.findall(line)}
    for command in sorted(named):
        asked = (sys.executable, "-m", "tools.main", command, "--help")
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, f"yuanzheng {command}: {done.stderr}"


def test_documents_link_only_to_files_that_exist() -> None:
    """A relative link in a document leads somewhere."""
    for document in DOCUMENTS:
        for link in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
            if "://" not in link and not link.startswith("mailto:"):
                assert (document.parent / link).exists(), f"{document.name} links to {link}"


def test_every_target_is_explained() -> None:
    """`make help` tells what each target is for, all but the ones that only prepare others."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    explained = set(re.findall(r"^([a-z]+):.* ## \S", text, re.MULTILINE))
    assert make_targets() - explained == {"python", "run-venv", "test-venv", "bench-venv"}


def test_every_dependency_has_its_reason() -> None:
    """Each direct dependency has a line in the decision about dependencies."""
    reasons = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text(encoding="utf-8").lower()
    for list_ in (ROOT / "requirements").glob("*.in"):
        for name in re.findall(r"^[a-z][\w.-]*", list_.read_text(encoding="utf-8"), re.MULTILINE):
            assert re.search(rf"`{re.escape(name)}`", reasons), f"{name} of {list_.name}"


def test_vendored_code_is_what_was_published() -> None:
    """Every file of others in the pages is pinned with its package and licence, and is unchanged."""
    pinned = {f"{package.partition('@')[0]}/{name}" for package, files in vendor.PINNED.items() for name in files}
    found = {
        path.relative_to(vendor.FOLDER).as_posix()
        for path in vendor.FOLDER.rglob("*.*")
        if path.parent != vendor.FOLDER
    }
    assert found | {each for each in pinned if "LICENSE" in each} == pinned
    assert not any(vendor.missing(package) for package in vendor.PINNED)
    assert all(any("LICENSE" in name for name in files) for files in vendor.PINNED.values())


def test_ci_runs_the_tests_and_nothing_else() -> None:
    """What CI runs is what anybody runs."""
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert lines[1:] == ["set -e", 'cd "$(dirname "$0")/.."', "make test"]


def test_the_wheel_holds_the_packages_their_types_and_the_command(tmp_path: Path) -> None:
    """Built from a clean copy, the wheel has the three packages with py.typed, the licence, the console
    script and the dependencies, and neither tests nor benchmarks."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, source)
    for name in (*PACKAGES, "requirements"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    build = ("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(tmp_path), ".")
    done = subprocess.run((*pip, *build), cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("yuanzheng-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        info = next(name.partition("/")[0] for name in names if ".dist-info/" in name)
        metadata = archive.read(f"{info}/METADATA").decode()
        scripts = archive.read(f"{info}/entry_points.txt").decode()
    assert {name.partition("/")[0] for name in names} == {*PACKAGES, info}
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)
    assert {"node/pdf/certificate.typ", "node/pdf/slip.typ", "node/pdf/type.typ", "node/pdf/fonts/OFL.txt"} <= set(
        names
    )
    assert sum(name.startswith("node/pdf/fonts/") and name.endswith((".otf", ".ttf")) for name in names) == 2
    scripts_of_web = {path.relative_to(source).as_posix() for path in (source / "node" / "web").rglob("*.js")}
    assert len(scripts_of_web) > 20
    assert scripts_of_web <= set(names)
    assert "yuanzheng = tools.main:main" in scripts
    assert "License-Expression: Apache-2.0" in metadata
    asked = set(re.findall(r"^Requires-Dist: ([a-z0-9-]+)", metadata, re.MULTILINE))
    run = (ROOT / "requirements" / "run.in").read_text(encoding="utf-8")
    assert asked == set(re.findall(r"^[a-z][\w-]*", run, re.MULTILINE))
    sources = {path for package in PACKAGES for path in (source / package).rglob("*.py")}
    assert {path.relative_to(source).as_posix() for path in sources} <= set(names)


def report(**modules: Mapping[str, Any]) -> dict[str, Any]:
    """A coverage report of the given modules of `ledger`."""
    files = {f"ledger/{name}.py": module for name, module in modules.items()}
    return {"meta": {"branch_coverage": True}, "files": files}


def measured(statements: int, branches: int, lines: list[int], arcs: list[list[int]]) -> dict[str, Any]:
    """One module's part of a coverage report, of which `lines` and `arcs` were not run."""
    return {
        "summary": {
            "num_statements": statements,
            "covered_lines": statements - len(lines),
            "num_branches": branches,
            "covered_branches": branches - len(arcs),
        },
        "missing_lines": lines,
        "missing_branches": arcs,
    }


def test_the_gate_names_every_missing_line_and_branch() -> None:
    """A module that falls short is listed with what no test reached, and one that meets its share is not."""
    modules = report(
        tiles=measured(10, 4, [], []),
        keys=measured(10, 4, [5, 6, 9], [[5, 7], [8, -1], [3, 10]]),
        store=measured(100, 100, [1], [[3, 4]]),
    )
    found = shortfalls(modules, {"ledger/store.py": 95, "ledger/**": 100})
    assert [(path, what) for path, _, _, what in found] == [("ledger/keys.py", "5-6, 9, 8→exit, 3→10")]


def test_the_gate_is_not_fooled_by_rounding() -> None:
    """One branch in a hundred thousand is still missing."""
    modules = report(rules=measured(50_000, 50_000, [], [[1, 2]]))
    assert shortfalls(modules, {"ledger/**": 100})


def test_the_gate_refuses_a_report_that_cannot_show_it() -> None:
    """Without branches, or with a pattern for a module that was renamed, the gate would pass anything."""
    with pytest.raises(ValueError, match="no branches"):
        shortfalls({"meta": {"branch_coverage": False}, "files": {}}, {})
    with pytest.raises(ValueError, match="No measured module"):
        shortfalls(report(keys=measured(1, 0, [], [])), {"ledger/gone.py": 95, "ledger/**": 100})


def test_the_gate_takes_the_first_pattern_that_fits() -> None:
    """The store's own share stands before that of its folder; what nobody asked for is asked nothing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    demands = project["tool"]["yuanzheng"]["coverage"]
    assert least("ledger/store.py", demands) == 95
    assert least("ledger/merkle.py", demands) == 100
    assert least("ledger/messages/keys.py", demands) == 100
    assert least("tools/main.py", demands) == 0


def test_missing_parts_are_named_as_a_person_looks_for_them() -> None:
    """Neighbouring lines are joined, and a branch from or to a line that never ran is not told twice."""
    assert ranges([]) == []
    assert ranges([1, 2, 3, 7, 9, 10]) == ["1-3", "7", "9-10"]
    assert missing({"missing_lines": [4], "missing_branches": [[4, 5], [3, 4], [6, 8]]}) == "4, 6→8"
