"""Evidence packages: one zip with all that a judge's clerk needs, the same bytes for the same content."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from ledger.messages import text

_EPOCH = (1980, 1, 1, 0, 0, 0)


def build(
    name: str,
    certificate: bytes,
    salts: bytes,
    policy: bytes,
    *,
    number: str,
    verifier: bytes | None,
    files: Sequence[tuple[Path, str]] = (),
) -> bytes:
    """The package's bytes: README.txt first, then certificate, salts, policy, verifier, and the originals if given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        readme = "\r\n".join(
            text("tools.package-readme", language, name=name, number=number) for language in ("zh", "en")
        )
        # A byte order mark, so that an old Notepad shows the Chinese.
        _put(package, "README.txt", b"\xef\xbb\xbf" + readme.replace("\n", "\r\n").encode())
        _put(package, f"{name}.tlog-proof", certificate)
        _put(package, f"{name}.salts.json", salts)
        _put(package, "policy", policy)
        if verifier is not None:
            _put(package, "yuanzheng-verify.pyz", verifier)
        for path, relative in files:
            with path.open("rb") as stream, package.open(_info(f"files/{relative}"), "w", force_zip64=True) as target:
                while chunk := stream.read(1 << 20):
                    target.write(chunk)
    return buffer.getvalue()


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def _put(package: zipfile.ZipFile, name: str, data: bytes) -> None:
    package.writestr(_info(name), data)
