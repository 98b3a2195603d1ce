"""Build `yuanzheng-verify.pyz` and `verify.html`: verification alone, in one file, where nothing can be installed.

The one is for any Python, the other for any browser (`node.web.bundle`). The first holds the verifying part of `ledger`, the
command, and msgpack's plain Python; nothing compiled, no lmdb, no aiohttp, no numpy. Ed25519 is `ledger.ed25519`, SM3 is
OpenSSL's or `ledger.sm3`. The same sources give the same bytes.
"""

from __future__ import annotations

import argparse
import io
import sys
import zipfile
from functools import cache
from hashlib import sha256
from importlib import metadata, util
from pathlib import Path

from node.web import bundle
from tools.files import read_limited, write_file
from tools.verify import MAX_POLICY

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path("dist/yuanzheng-verify.pyz")
PAGE_TARGET = Path("dist/verify.html")
LEDGER = (
    "__init__ base45 block categories certificate chain checkpoint commitment cosignature ed25519 encoding entry errors "
    "keys kinds merkle misbehaviour note number pending policy proof receipt schema sm3 tiles times verify works"
).split()
TOOLS = ["__init__", "console", "files", "finding", "verify", "verifier"]
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MAIN = b"""import sys

# Whatever is installed here, this verifier is the one in this file.
sys.modules["nacl"] = None
from tools.verifier import main

sys.exit(main())
"""


def sources() -> dict[str, bytes]:
    """Every file of the verifier: name in the archive → content."""
    found = {"__main__.py": _MAIN, "LICENSE": (ROOT / "LICENSE").read_bytes() if (ROOT / "LICENSE").exists() else b""}
    for module in LEDGER:
        found[f"ledger/{module}.py"] = (ROOT / "ledger" / f"{module}.py").read_bytes()
    for package in ("messages", "rules"):
        for path in sorted((ROOT / "ledger" / package).glob("*.py")):
            found[f"ledger/{package}/{path.name}"] = path.read_bytes()
    for module in TOOLS:
        found[f"tools/{module}.py"] = (ROOT / "tools" / f"{module}.py").read_bytes()
    for module in ("__init__", "durably", "pdf/__init__", "pdf/reading", "pdf/sheet"):
        found[f"node/{module}.py"] = (ROOT / "node" / f"{module}.py").read_bytes()
    for name in ("msgpack", "pypdf"):
        found |= _dependency(name)
    return found


def _dependency(name: str) -> dict[str, bytes]:
    """The pure-Python part of a package, and its licence."""
    spec = util.find_spec(name)
    assert spec is not None and spec.origin is not None  # noqa: PT018  # a dependency
    folder = Path(spec.origin).parent
    found = {
        f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in sorted(folder.rglob("*.py"))
    }
    for file in metadata.files(name) or ():
        if file.name in ("COPYING", "LICENSE"):
            found[f"{name}/LICENSE"] = Path(str(file.locate())).read_bytes()
    return found


@cache
def build() -> bytes:
    """The zipapp's bytes."""
    buffer = io.BytesIO()
    buffer.write(b"#!/usr/bin/env python3\n")
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(sources().items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, content, compresslevel=9)
    return buffer.getvalue()


def find_verifier() -> bytes | None:
    """The verifier to put into evidence packages."""
    return build()


@cache
def find_page() -> bytes:
    """The verifier for browsers to put into evidence packages: without a policy, which a package cannot vouch for."""
    return bundle.build()


def main() -> int:
    """Write both and print their digests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=TARGET)
    parser.add_argument("--page", type=Path, default=PAGE_TARGET)
    parser.add_argument("--policy", type=Path, help="a policy for the page to show and to verify by")
    options = parser.parse_args()
    policy = None if options.policy is None else read_limited(options.policy, MAX_POLICY)
    for path, data, mode in ((options.out, build(), 0o755), (options.page, bundle.build(policy), 0o644)):
        write_file(path, data, mode=mode)
        print(f"{sha256(data).hexdigest()}  {path}  ({len(data)} bytes)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
