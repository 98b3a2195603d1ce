"""Evidence packages: one zip with all that a judge's clerk needs, the same bytes for the same content."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path

from ledger.commitment import FileDigest
from ledger.errors import LedgerError
from ledger.messages import text
from tools.files import writing
from tools.verify import FILES

EPOCH = (1980, 1, 1, 0, 0, 0)


def write(
    target: Path,
    name: str,
    certificate: bytes,
    salts: bytes,
    policy: bytes,
    *,
    number: str,
    verifier: bytes | None,
    verifier_page: bytes | None = None,
    page: bytes | None = None,
    files: Sequence[tuple[Path, FileDigest]] = (),
) -> None:
    """Write a package (0600): README.txt, certificate, its PDF, salts, policy, both verifiers, and the originals if
    given.

    `files` are paths and what was measured there; they are copied in constant memory, and not compressed. Raises
    `LedgerError` if one is no longer what was measured.
    """
    with writing(target, mode=0o600) as stream, zipfile.ZipFile(stream, "w") as package:
        readme = "\r\n".join(
            text("tools.package-readme", language, name=name, number=number) for language in ("zh", "en")
        )
        # A byte order mark, so that an old Notepad shows the Chinese.
        _put(package, "README.txt", b"\xef\xbb\xbf" + readme.replace("\n", "\r\n").encode())
        _put(package, f"{name}.tlog-proof", certificate)
        if page is not None:
            _put(package, f"{name}.pdf", page)
        _put(package, f"{name}.salts.json", salts)
        _put(package, "policy", policy)
        if verifier_page is not None:
            _put(package, "verify.html", verifier_page)
        if verifier is not None:
            _put(package, "yuanzheng-verify.pyz", verifier)
        for path, digest in files:
            _put_original(package, path, digest)


def _put_original(package: zipfile.ZipFile, path: Path, digest: FileDigest) -> None:
    # Stored: a verifier can then refuse whatever would swell, and most originals are compressed already.
    info = _info(FILES + digest.name, zipfile.ZIP_STORED)
    size, sha256 = 0, hashlib.sha256()
    with path.open("rb") as original, package.open(info, "w", force_zip64=True) as member:
        while size <= digest.size and (chunk := original.read(1 << 20)):
            sha256.update(chunk)
            member.write(chunk)
            size += len(chunk)
    if sha256.digest() != digest.sha256:
        raise LedgerError("tools.file-changed", field=str(path), expected=digest.size, actual=size)


def _info(name: str, compression: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, EPOCH)
    info.compress_type = compression
    info.create_system = 3
    info.external_attr = 0o644 << 16
    return info


def _put(package: zipfile.ZipFile, name: str, data: bytes) -> None:
    package.writestr(_info(name, zipfile.ZIP_DEFLATED), data)
