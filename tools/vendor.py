"""Bring others' browser modules as npm's registry has them, those whose digests are pinned here and no other.

    python -m tools.vendor

Needs `npm`, and asks the registry that it is set up for. What is in node/web/vendor already and has its digest stays.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

FOLDER = Path(__file__).resolve().parent.parent / "node" / "web" / "vendor"
PINNED = {
    "qr@0.7.0": {
        "index.js": "a0de370051f94bd74f218f74401fdf197585e3f9ef0143164f87ea941a3fdd6f",
        "decode.js": "00e209820dcb11d624e9a03d6383e580766792b57d1651318f0a29e4e1ff0fe8",
        "LICENSE-MIT": "07a9f887e9215644439b808628b09f8eece932d79130ff563f958f3a1783e684",
    },
}
"""Packages, and of each its files by their SHA-256."""


def missing(package: str) -> dict[str, str]:
    """Files of a package that are not here as they should be, with the digests that they should have."""
    folder = FOLDER / package.partition("@")[0]
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()} if folder.is_dir() else {}
    return {name: digest for name, digest in PINNED[package].items() if found.get(name) != digest}


def fetch(package: str) -> dict[str, bytes]:
    """A package's files by their names. Raises `CalledProcessError` where npm does not bring it."""
    with TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", package, "--silent", "--pack-destination", folder], check=True, stdout=subprocess.DEVNULL
        )
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as members:
            files = ((each.name, members.extractfile(each)) for each in members if each.isfile())
            return {name.removeprefix("package/"): file.read() for name, file in files if file is not None}


def main() -> int:
    """Write what is missing; 1 where the registry has another file under a pinned name."""
    for package in PINNED:
        wanted = missing(package)
        given = fetch(package) if wanted else {}
        for name, digest in wanted.items():
            actual = sha256(given.get(name, b"")).hexdigest()
            if actual != digest:
                print(
                    f"{package}: {name} should have the SHA-256 {digest} and has {actual}; nothing was written",
                    file=sys.stderr,
                )
                return 1
        for name in wanted:
            path = FOLDER / package.partition("@")[0] / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(given[name])
            print(f"{path.relative_to(FOLDER)} from {package}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
