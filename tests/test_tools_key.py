"""`yuanzheng key`: keys for people, and keys for cosigners."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import pkcs12

from ledger import keys
from tests.centres import Said, call, done


@pytest.mark.parametrize(("options", "kind"), [((), keys.ED25519), (("--cosigner",), keys.COSIGNATURE)])
def test_a_key_of_either_type(tmp_path: Path, options: tuple[str, ...], kind: int) -> None:
    """The file is the owner's alone, and show tells the type and name that new gave it."""
    path = tmp_path / "a.key"
    made = done("key", "new", path, "--name", "replica.example/wuhan", "--json", *options).json
    vkey, key = keys.parse_private(path.read_text(encoding="utf-8"))
    assert (vkey.name, vkey.kind, vkey.key) == ("replica.example/wuhan", kind, key.public)
    assert keys.parse_vkey(made["vkey"]) == vkey
    assert path.stat().st_mode & 0o777 == 0o600
    assert done("key", "show", path, "--json").json["vkey"] == str(vkey)


def test_a_cosigner_has_a_name_of_its_own(tmp_path: Path) -> None:
    """The name stands in every checkpoint that it cosigns."""
    said = call("key", "new", tmp_path / "a.key", "--cosigner")
    assert said.code != 0
    assert not (tmp_path / "a.key").exists()


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\nb"])
def test_names_that_no_note_can_hold(tmp_path: Path, name: str) -> None:
    """A key file that could never be read again is not written."""
    assert call("key", "new", tmp_path / "a.key", "--name", name).code != 0
    assert not (tmp_path / "a.key").exists()


def test_a_backup_comes_back_as_the_same_key(tmp_path: Path) -> None:
    """Restored under its passphrase it is the same file; under another, or over an existing file, nothing is written."""
    path, backup, again = (tmp_path / name for name in ("a.key", "a.key-backup", "b.key"))
    done("key", "new", path, "--name", "lin.example")
    done("key", "backup", path, "--backup", backup, "--passphrase-env", "P", P="correct horse battery")
    assert backup.stat().st_mode & 0o777 == 0o600
    assert (
        call("key", "restore", again, "--backup", backup, "--passphrase-env", "P", P="another horse battery").code == 3
    )
    assert not again.exists()
    done("key", "restore", again, "--backup", backup, "--passphrase-env", "P", P="correct horse battery")
    assert again.read_bytes() == path.read_bytes()
    assert (
        call("key", "restore", again, "--backup", backup, "--passphrase-env", "P", P="correct horse battery").code == 3
    )


def test_a_key_comes_out_of_pkcs12(tmp_path: Path) -> None:
    """An Ed25519 key, under its passphrase alone; a key of another algorithm is refused, and so is what is no such file."""
    own = Ed25519PrivateKey.generate()
    for name, key in (("ed25519", own), ("p256", ec.generate_private_key(ec.SECP256R1()))):
        assert isinstance(key, Ed25519PrivateKey | ec.EllipticCurvePrivateKey)
        sealed = pkcs12.serialize_key_and_certificates(
            b"lin", key, None, None, serialization.BestAvailableEncryption(b"pass word")
        )
        (tmp_path / f"{name}.p12").write_bytes(sealed)
    (tmp_path / "noise.p12").write_bytes(b"\x30" + b"noise" * 50)

    def restore(name: str, passphrase: str) -> Said:
        words = (
            "key",
            "restore",
            tmp_path / f"{name}.key",
            "--backup",
            tmp_path / f"{name}.p12",
            "--name",
            "lin.example",
        )
        return call(*words, "--passphrase-env", "P", "--json", P=passphrase)

    assert restore("ed25519", "another word").code == 3
    assert restore("ed25519", "pass word").code == 0
    vkey, restored = keys.parse_private((tmp_path / "ed25519.key").read_text())
    assert (vkey.name, restored.seed) == ("lin.example", own.private_bytes_raw())
    for name in ("p256", "noise"):
        assert restore(name, "pass word").code == 3
        assert not (tmp_path / f"{name}.key").exists()


def test_a_cosigner_is_not_backed_up(tmp_path: Path) -> None:
    """Such a key is retired when it is lost: two that cosign would be a fork's accomplices."""
    path = tmp_path / "a.key"
    done("key", "new", path, "--cosigner", "--name", "replica.example/wuhan")
    said = call("key", "backup", path, "--backup", tmp_path / "b", "--passphrase-env", "P", P="correct horse battery")
    assert said.code == 3
    assert not (tmp_path / "b").exists()
    assert call("key", "backup", path, "--passphrase-env", "P", P="correct horse battery").code == 3
