"""Keys in the browser: never readable there, backed up at their making, and the same keys as the command line's."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from ledger import keys
from ledger.errors import LedgerError
from tests.centres import call, done
from tests.web.sites import bare
from tools import keybackup

PASSPHRASE = "corréct horse battery"
DECOMPOSED = "corre\u0301ct horse battery"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "hasPrf": True,
}


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A browser that has no key yet."""
    async with bare(browser, {}) as page:
        yield page


async def run(page: Page, body: str, given: Any = None) -> Any:
    """What a function of this body returns, with the keystore as `store`; a refusal as its code."""
    return await page.evaluate(
        """async ([body, given]) => {
          const store = await import("/lib/keystore.js");
          const { hex, utf8 } = await import("/lib/bytes.js");
          try {
            return await Object.getPrototypeOf(async () => {}).constructor("store", "hex", "utf8", "given", body)(
              store, hex, utf8, given);
          } catch (error) {
            if (error.code === undefined || error instanceof DOMException) throw error;
            return { refused: error.code, said: error.sentence("zh") };
          }
        }""",
        [body, given],
    )


SIGNED = """
  const record = (await store.list())[0];
  return [record.id, hex(await (await store.signerFor(record)).sign(utf8("message")))];
"""


async def test_a_new_key_signs_and_cannot_be_read(page: Page) -> None:
    """Its signatures are Ed25519's; no way of WebCrypto gives its private half out; a reload finds it again."""
    made = await run(page, "return (await store.create('lin.example', given)).id;", PASSPHRASE)
    await page.reload()
    public, signature = await run(page, SIGNED)
    assert public == made
    keys.verify(bytes.fromhex(public), b"message", bytes.fromhex(signature))
    exported = """
      const { key } = (await store.list())[0];
      const tried = ["raw", "pkcs8", "jwk"].map((format) => crypto.subtle.exportKey(format, key));
      const found = await Promise.allSettled(tried);
      return [key.extractable, key.usages, ...found.map(({ status }) => status)];
    """
    assert await run(page, exported) == [False, ["sign"], "rejected", "rejected", "rejected"]


async def test_the_backup_is_kept_until_its_owner_has_opened_his_copy(page: Page) -> None:
    """A page that was closed too early still has the backup; once the copy was opened, none is kept."""
    create = "const made = await store.create('a', given); return [made.id, made.backup, made.confirmed];"
    made = await run(page, create, PASSPHRASE)
    other = await run(page, "return (await store.create('b', given)).backup;", PASSPHRASE)
    identity, backup, confirmed = made
    assert not confirmed
    confirm = "const kept = await store.confirm(...given); return [kept.confirmed, kept.backup];"
    assert (await run(page, confirm, [identity, backup, "wrong passphrase"]))["refused"] == "vault.passphrase"
    assert (await run(page, confirm, [identity, other, PASSPHRASE]))["refused"] == "keys.other-backup"
    assert (await run(page, confirm, [identity, backup[:-9] + "\n", PASSPHRASE]))["refused"] == "keys.backup"
    assert await run(page, "return (await store.get(given)).backup;", identity) == backup
    assert await run(page, confirm, [identity, backup, DECOMPOSED]) == [True, None]
    assert await run(page, "return (await store.get(given)).backup;", identity) is None


async def test_a_short_passphrase_guards_nothing(page: Page) -> None:
    """Neither side makes such a backup, and no key is left behind."""
    assert (await run(page, "await store.create('a', 'short');"))["refused"] == "vault.short-passphrase"
    assert await run(page, "return (await store.list()).length;") == 0
    with pytest.raises(LedgerError, match="too short"):
        keybackup.seal("a", keys.SigningKey(bytes(32)), "short")


async def test_the_command_line_restores_what_the_page_made(page: Page, tmp_path: Path) -> None:
    """`yuanzheng key restore` reads the browser's backup: the same key, usable without any browser."""
    create = "const { id, backup } = await store.create('lin.example', given); return [id, backup];"
    identity, backup = await run(page, create, PASSPHRASE)
    (tmp_path / "lin.key-backup").write_text(backup, encoding="utf-8")
    restore = ("key", "restore", tmp_path / "lin.key", "--backup", tmp_path / "lin.key-backup", "--passphrase-env", "P")
    assert call(*restore, P="another passphrase").code == 3
    assert not (tmp_path / "lin.key").exists()
    assert done(*restore, "--json", P=DECOMPOSED).json["public"] == identity
    vkey, _ = keys.parse_private((tmp_path / "lin.key").read_text(encoding="utf-8"))
    assert (vkey.name, vkey.key.hex()) == ("lin.example", identity)


async def test_the_page_imports_what_the_command_line_made(page: Page, tmp_path: Path) -> None:
    """A private key file, and its backup on another device, give the same signatures as the command line's key."""
    path, backup = tmp_path / "lin.key", tmp_path / "lin.key-backup"
    done("key", "new", path, "--name", "lin.example")
    done("key", "backup", path, "--backup", backup, "--passphrase-env", "P", P=PASSPHRASE)
    _, key = keys.parse_private(path.read_text(encoding="utf-8"))
    expected = [key.public.hex(), key.sign(b"message").hex()]
    imported = "const { confirmed } = await store.importFile(given.text, given); return confirmed;"
    assert await run(page, imported, {"text": path.read_text(encoding="utf-8")})
    assert await run(page, SIGNED) == expected
    await run(page, "await store.remove((await store.list())[0].id);")
    text = backup.read_text(encoding="utf-8")
    refused = await run(page, imported, {"text": text, "passphrase": "wrong passphrase", "path": "lin.key-backup"})
    assert refused == {"refused": "vault.passphrase", "said": "lin.key-backup 的口令不对。"}
    assert await run(page, imported, {"text": text, "passphrase": PASSPHRASE})
    assert await run(page, SIGNED) == expected


@pytest.mark.parametrize("text", ["", "PRIVATE+KEY+a+00000000+AAAA\n", "PRIVATE+KEY+a", "PRIVATE+KEY+a+b+c\n"])
async def test_what_is_no_key_file(page: Page, text: str) -> None:
    """Refused in words, which do not repeat the text."""
    said = await run(page, "await store.importFile(given);", text)
    assert said["refused"] in ("keys.private", "keys.backup")
    assert "AAAA" not in said["said"]


async def test_both_sides_refuse_the_same_bent_backups(page: Page) -> None:
    """Every character of a backup counts, and so does each member of its header: other algorithms, rounds that would guard
    nothing or take for ever, and second spellings are refused by the page and by the command line."""
    key = keys.SigningKey(bytes(range(32)))
    whole = keybackup.seal("lin.example", key, PASSPHRASE, rounds=100_000)
    head, *rest = whole.strip().split(".")
    header = json.loads(urlsafe_b64decode(head + "=="))
    bent = [
        bend(header, rest, {name: value})
        for name, value in [
            ("alg", "PBES2-HS256+A128KW"), ("enc", "A128GCM"), ("p2c", 1), ("p2c", 10**9), ("p2c", 1.5), ("p2s", "AAAA"),
            ("cty", ""), ("kid", "00" * 32), ("kid", None), ("crit", ["x"]), ("zip", "DEF"),
        ]
    ]  # fmt: skip
    places = [len(head) + 3, len(head) + 70, len(whole) - 40, len(whole) - 5]
    bent += [whole[:at] + ("B" if whole[at] == "A" else "A") + whole[at + 1 :] for at in places]
    bent += [".".join([head, *rest[:3]]), f"{whole.strip()}.AAAA", whole.strip() + "=\n", f" {whole}", "x" * 5000]
    opening = """
      const { open } = await import("/lib/backup.js");
      const tried = [];
      for (const text of given[0]) tried.push(await open(text, given[1]).then(() => null, (error) => error.code));
      return tried;
    """
    expected = []
    for text in bent:
        with pytest.raises(LedgerError) as refused:
            keybackup.unseal(text, PASSPHRASE, "path")
        expected.append(refused.value.code)
    assert await run(page, opening, [bent, PASSPHRASE]) == expected
    assert set(expected) == {"keys.backup", "vault.passphrase"}
    assert keybackup.unseal(whole, PASSPHRASE, "path")[1].seed == key.seed


def bend(header: dict[str, Any], rest: list[str], changes: dict[str, Any]) -> str:
    """The backup with another header."""
    text = json.dumps({**header, **changes}, separators=(",", ":"))
    return ".".join([urlsafe_b64encode(text.encode()).decode().rstrip("="), *rest]) + "\n"


async def test_a_passkey_guards_the_key(page: Page, browser: Browser) -> None:
    """With a passkey nothing is kept that signs by itself: the authenticator must answer at every signature, and without
    it the key is out of reach, but for its backup."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    added = await session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    available = "return (await import('/lib/passkey.js')).isAvailable();"
    assert await run(page, available)
    create = "const made = await store.create('lin.example', given, { passkey: true });"
    identity, key, backup = await run(page, f"{create} return [made.id, made.key, made.backup];", PASSPHRASE)
    assert key is None
    public, signature = await run(page, SIGNED)
    assert public == identity
    keys.verify(bytes.fromhex(public), b"message", bytes.fromhex(signature))
    seed = keybackup.unseal(backup, PASSPHRASE, "path")[1].seed
    kept = await run(page, "return Array.from(Object.values((await store.list())[0].passkey), hex).join();")
    assert seed.hex() not in kept
    await session.send("WebAuthn.removeVirtualAuthenticator", added)
    fresh = await session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    assert (await run(page, SIGNED))["refused"] == "keys.passkey-declined"
    await session.send("WebAuthn.removeVirtualAuthenticator", fresh)
    async with bare(browser, {}) as other:
        imported = "return (await store.importFile(given[0], { passphrase: given[1] })).id;"
        assert await run(other, imported, [backup, PASSPHRASE]) == identity


async def test_a_lost_passkey_is_replaced_by_the_backup(page: Page) -> None:
    """The key, and the keeper of what it has signed, are usable again by the backup, and by no other key's."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    added = await session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    create = """
      const { id, backup } = await store.create('a', given, { passkey: true });
      const other = await store.create('b', given);
      const { seal } = await import("/lib/sealing.js");
      globalThis.sealed = await seal(await store.unlock(id), "one", { title: "花型" });
      return [id, backup, other.backup];
    """
    identity, backup, other = await run(page, create, PASSPHRASE)
    sealed = await page.evaluate("({ by: sealed.by, iv: [...sealed.iv], data: [...sealed.data] })")
    assert sealed["by"] == identity
    await page.reload()
    assert await run(page, "return store.keeperOf(given);", identity) is None
    await session.send("WebAuthn.removeVirtualAuthenticator", added)
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    assert (await run(page, "return store.unlock(given);", identity))["refused"] == "keys.passkey-declined"
    replace = "const { passkey } = await store.unguard(given[0], given[1], { passphrase: given[2] }); return passkey;"
    assert (await run(page, replace, [identity, other, PASSPHRASE]))["refused"] == "keys.other-backup"
    assert (await run(page, replace, [identity, backup, "wrong passphrase"]))["refused"] == "vault.passphrase"
    assert await run(page, "return store.keeperOf(given);", identity) is None
    assert await run(page, replace, [identity, backup, PASSPHRASE]) is None
    opening = """
      const { open } = await import("/lib/sealing.js");
      const sealed = { ...given, iv: Uint8Array.from(given.iv), data: Uint8Array.from(given.data) };
      return (await open(await store.keeperOf(given.by), "one", sealed)).title;
    """
    assert await run(page, opening, sealed) == "花型"
    public, signature = await run(page, SIGNED)
    assert public == identity
    keys.verify(bytes.fromhex(public), b"message", bytes.fromhex(signature))


async def test_the_keeper_cannot_be_read(page: Page) -> None:
    """Neither the handle that signs nor the one that opens what was signed can be exported, wrapped or derived from."""
    await run(page, "await store.create('a', given);", PASSPHRASE)
    exported = """
      const { keeper } = (await store.list())[0];
      const tried = ["raw", "jwk"].map((format) => crypto.subtle.exportKey(format, keeper));
      return [keeper.extractable, keeper.usages, ...(await Promise.allSettled(tried)).map(({ status }) => status)];
    """
    assert await run(page, exported) == [False, ["encrypt", "decrypt"], "rejected", "rejected"]
