"""Case packages: how the members of one are called, its list and disclosure root, and the pages that a clerk reads first.

The command line and the browser make the same package; a test compares them. Format: docs/FORMAT.md, "Case package".
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from ledger import encoding, merkle
from ledger.kinds import KINDS, RECIPIENTS
from ledger.messages import text
from ledger.times import stamp
from node.pdf.sheet import Text

MANIFEST, INDEX, README = "清单.json", "索引.html", "README.txt"
# What stands in a package beside certificates, their pages and originals.
MEMBERS = frozenset({MANIFEST, INDEX, README, "policy", "verify.html", "yuanzheng-verify.pyz"})
FOLDERS = {"work": "1-确权", "licence": "2-用权", "infringement": "3-取证", "case": "4-维权", "other": "5-其他"}
USING = ("work.licence", "work.transfer", "work.pledge", "work.release")
PLATFORM = (text("case.platform", "zh"), text("case.platform", "en"))
TO: Mapping[str, tuple[str, str]] = {**RECIPIENTS, "platform": PLATFORM}
"""To whom a package may go: whom a hand-over entry knows, and a platform, which has no key and gets no such entry."""
COUNTED = ("owners", "licences", "pledges", "objections")
STYLE = (
    'body{font:16px/1.7 "Noto Sans CJK SC","Microsoft YaHei",sans-serif;max-width:66em;margin:2em auto;padding:1em}'
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid #999;padding:.3em .6em;text-align:left}"
    "code{word-break:break-all;font-size:12px}[lang=en]{color:#555;font-size:14px}"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One member as the index shows it."""

    path: str
    sha256: bytes
    about: Text


def both(code: str, **fields: object) -> Text:
    """A sentence in both languages."""
    return text(f"case.{code}", "zh", **fields), text(f"case.{code}", "en", **fields)


def _worded(code: str, name: str, words: Text, **fields: object) -> Text:
    """The same where one placeholder has a text of its own in each."""
    return both(code, **{name: words[0]}, **fields)[0], both(code, **{name: words[1]}, **fields)[1]


def proof_path(kind: str, number: str) -> str:
    """Where the certificate of an entry of this kind is put."""
    folder = "licence" if kind in USING else kind.partition(".")[0]
    return f"{FOLDERS.get(folder, FOLDERS['other'])}/{number}-{KINDS[kind].chinese}.tlog-proof"


def about(code: str, kind: str, time: int) -> Text:
    """What a certificate or its page is."""
    known = KINDS[kind]
    return _worded(f"about-{code}", "kind", (known.chinese, known.english), time=stamp(time))


def disclosure_root(members: Mapping[str, bytes]) -> bytes:
    """RFC 6962 root (32 bytes) over canonical `[path, SHA-256]` of every member but the list itself, by path."""
    rows = [[path, digest] for path, digest in sorted(members.items()) if path != MANIFEST]
    return merkle.root([merkle.leaf_hash(encoding.encode([*row])) for row in rows])


def manifest(members: Mapping[str, bytes]) -> bytes:
    """The list of members with their SHA-256 and their root."""
    digests = {path: digest.hex() for path, digest in sorted(members.items())}
    listed = {"disclosed": disclosure_root(members).hex(), "members": digests}
    return json.dumps(listed, ensure_ascii=False, indent=1).encode() + b"\n"


def readme(to: str) -> bytes:
    """What a clerk reads before anything else."""
    lines = _worded("readme", "to", TO[to], index=INDEX)
    # A byte order mark, so that an old Notepad shows the Chinese.
    return b"\xef\xbb\xbf" + "\n".join(lines).replace("\n", "\r\n").encode()


def index(members: Sequence[Listed], work: str, counts: Mapping[str, int], *, in_force: bool, to: str) -> bytes:
    """The page that a clerk opens first: what is in the package, and how the work stands. It has no script."""
    state = both("in-force" if in_force else "ended")
    fields = {"work": work, **{name: counts[name] for name in COUNTED}}
    chinese = text("case.index-work", "zh", to=TO[to][0], state=state[0], **fields)
    english = text("case.index-work", "en", to=TO[to][1], state=state[1], **fields)
    paragraphs = [(chinese, english), both("index-check"), both("index-root", list=MANIFEST)]
    rows = "".join(
        f'<tr><td><a href="{html.escape(quote(each.path))}">{html.escape(each.path)}</a><td>{_pair(each.about)}'
        f"<td><code>{each.sha256.hex()}</code>\n"
        for each in sorted(members, key=lambda each: each.path)
    )
    said = "".join(f"<p>{_pair(each)}</p>\n" for each in paragraphs)
    title, file, what = both("index-title"), both("column-file"), both("column-about")
    return (
        f'<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{title[0]} · {title[1]}</title>\n'
        '<meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" '
        f"content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<style>{STYLE}</style></head><body>\n"
        f"<h1>{_pair(title)}</h1>\n{said}"
        f"<table><tr><th>{_pair(file)}<th>{_pair(what)}<th>SHA-256\n{rows}</table>\n</body></html>\n"
    ).encode()


def _pair(pair: Text) -> str:
    chinese, english = map(html.escape, pair)
    return f'{chinese} <span lang="en">{english}</span>'
