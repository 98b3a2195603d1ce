"""`python -m benchmarks [append] [serving] [checking] [rules] [replicas] [--small]`: one comparable line an operation.

The first line names machine, interpreter and commit; RESULTS.md holds what was measured, by which command.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator

from benchmarks import append, checking, replicas, rules, serving
from benchmarks.ledgers import machine


def main() -> int:
    """Run the named benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", default=["append", "serving", "checking", "rules", "replicas"], metavar="NAME"
    )
    parser.add_argument("--small", action="store_true", help="ledgers of 10⁵ entries only, and a 1 GB file")
    options = parser.parse_args()
    small = (100_000,)
    runs: dict[str, Callable[[], Iterator[str]]] = {
        "append": append.run,
        "serving": lambda: serving.run(small) if options.small else serving.run(),
        "checking": lambda: checking.run(small, 10**9) if options.small else checking.run(),
        "rules": lambda: rules.run(small) if options.small else rules.run(),
        "replicas": replicas.run,
    }
    print(f"# {machine()}; python -m benchmarks {' '.join(sys.argv[1:])}", flush=True)
    for name in options.names:
        for line in runs[name]():
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
