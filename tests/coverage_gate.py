"""Fail when a module is covered less than `[tool.yuanzheng.coverage]` in pyproject.toml asks for.

    python tests/coverage_gate.py REPORT

Reads what `coverage json` wrote with branches on. A module's share is (lines + branches run) / (lines +
branches). The table names what is missing: a line by its number, a branch as `from→to` (`from→exit` leaves
the function).
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def least(path: str, demands: Mapping[str, float]) -> float:
    """The least share in per cent that the first fitting pattern asks of the module at `path`; 0 if none
    fits."""
    return next((float(share) for pattern, share in demands.items() if fnmatchcase(path, pattern)), 0.0)


def missing(module: Mapping[str, Any]) -> str:
    """The lines and branches that no test reached, as a person looks for them."""
    lines = set(module["missing_lines"])
    branches = [arc for arc in module["missing_branches"] if not lines.intersection(arc)]
    named = [f"{start}→{'exit' if end < 0 else end}" for start, end in branches]
    return ", ".join([*ranges(sorted(lines)), *named])


def ranges(numbers: Sequence[int]) -> list[str]:
    """Consecutive numbers joined: [1, 2, 3, 7] → ["1-3", "7"]."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return [str(first) if first == last else f"{first}-{last}" for first, last in found]


def shortfalls(report: Mapping[str, Any], demands: Mapping[str, float]) -> list[tuple[str, float, float, str]]:
    """The modules below their demand: (path, share, demand, what is missing).

    Raises `ValueError` if the report has no branches, or if a demand's pattern fits no module that was
    measured.
    """
    if not report["meta"]["branch_coverage"]:
        raise ValueError("The coverage report holds no branches: run with --cov-branch.")
    files: Mapping[str, Mapping[str, Any]] = report["files"]
    idle = [pattern for pattern in demands if not any(fnmatchcase(path, pattern) for path in files)]
    if idle:
        raise ValueError(f"No measured module fits {', '.join(idle)}, named in [tool.yuanzheng.coverage].")
    found = []
    for path, module in sorted(files.items()):
        demand = least(path, demands)
        # Not the rounded text of the report: 99.996 % is not 100 %.
        summary = module["summary"]
        total = summary["num_statements"] + summary["num_branches"]
        share = 100 * (summary["covered_lines"] + summary["covered_branches"]) / total if total else 100.0
        if share < demand:
            found.append((path, share, demand, missing(module)))
    return found


def main() -> None:
    """Print the table and exit with 1 if a module falls short; one line otherwise."""
    report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    demands = project["tool"]["yuanzheng"]["coverage"]
    try:
        short = shortfalls(report, demands)
    except ValueError as problem:
        sys.exit(str(problem))
    for path, share, demand, what in short:
        print(f"{path:<32} {share:6.2f} % of {demand:g} %   missing: {what}")
    if short:
        sys.exit(f"Coverage: {len(short)} modules fall short.")
    print(f"Coverage: {report['totals']['percent_covered']:.1f} % in all; every module meets its gate.")


if __name__ == "__main__":
    main()
