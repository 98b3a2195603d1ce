"""Whether a page is the one that a browser makes of its certificate: the browser's own modules, run in V8 without a browser.

What runs is `node/web/printing` and nothing else; it gets a certificate, the fonts and the page, and reaches no file, no
network and no clock. What a browser compressed is unpacked here, since engines have no such function.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from node.web import bundle, labels

MEMORY = 512 * 2**20
"""Bytes that making one page may take; the fonts are 10 MB."""
SECONDS = 60
"""As long as a browser at /verify waits for one page."""
MAX_UNPACKED = 2**26
"""Bytes that the streams of one page may unpack to, together: a certificate has as many at most."""
_ENTRIES = ("printing/again.js", "printing/font.js")
_HEAD = b"\nstream\n"
_END = b"\nendstream\nendobj\n"
_DEFLATE = 8
# What browsers have and a bare engine lacks, as far as the modules use it.
_HOST = """
const globals = {
  TextEncoder: class {
    encode(text) {
      const escaped = unescape(encodeURIComponent(text.toWellFormed()));
      return Uint8Array.from(escaped, (c) => c.charCodeAt(0));
    }
  },
  TextDecoder: class {
    decode(data) {
      const parts = [];
      for (let at = 0; at < data.length; at += 8192) parts.push(String.fromCharCode(...data.subarray(at, at + 8192)));
      return decodeURIComponent(escape(parts.join("")));
    }
  },
  atob: (text) => String.fromCharCode(...Uint8Array.fromBase64(text, { lastChunkHandling: "strict" })),
  btoa: (text) => Uint8Array.from(text, (c) => c.charCodeAt(0)).toBase64(),
};
Object.assign(globalThis, globals);
"""
_UNPACKING = """
const lib_unpacking = { unpack: async (data) => {
  const found = globalThis.unpacked[`${data.byteOffset} ${data.length}`];
  if (found === undefined) throw new RangeError("not compressed");
  return Uint8Array.fromBase64(found);
} };
"""
_RUN = """
let fonts;
globalThis.load = (serif, mono) => {
  const font = (data) => new printing_font.Font(Uint8Array.fromBase64(data));
  fonts = { serif: font(serif), mono: font(mono) };
};
globalThis.compare = async (page, proof, unpacked) => {
  globalThis.unpacked = JSON.parse(unpacked);
  return printing_again.isMadeOf(Uint8Array.fromBase64(page), Uint8Array.fromBase64(proof), fonts);
};
"""


@cache
def _script() -> str:
    return _HOST + bundle.bundled(*_ENTRIES, instead={"lib/unpacking.js": _UNPACKING}) + _RUN


def are_made_of(pages: Sequence[tuple[bytes, bytes]]) -> list[bool | None]:
    """Of each `(page, proof)` whether a browser makes this page of this certificate; None where it could not be tried: no
    engine is here, or it came to no end.

    A process of its own does it, since an engine that is at work can be stopped in no other way.
    """
    if not pages or find_spec("py_mini_racer") is None:
        return [None] * len(pages)
    asked = [[b64encode(page).decode(), b64encode(proof).decode(), _unpacked(page)] for page, proof in pages]
    command = [sys.executable, "-P", "-c", _CHILD, str(Path(__file__).parents[2])]
    try:
        done = subprocess.run(
            command, input=json.dumps(asked), capture_output=True, text=True, check=True, timeout=SECONDS * len(pages)
        )
        found: list[bool | None] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError):
        return [None] * len(pages)
    return found


_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from node.web import making; making.main()"


def main() -> None:
    """The process that compares: pages in, answers out."""
    from py_mini_racer import JSPromise, JSPromiseError, MiniRacer

    engine = MiniRacer()
    engine.set_hard_memory_limit(MEMORY)
    engine.eval(_script())
    serif, mono = (b64encode(font).decode() for font in labels.fonts().values())
    engine.eval(f"load({json.dumps(serif)}, {json.dumps(mono)})")
    found: list[bool] = []
    for page, proof, unpacked in json.load(sys.stdin):
        promise = engine.eval(f"compare({json.dumps(page)}, {json.dumps(proof)}, {json.dumps(json.dumps(unpacked))})")
        assert isinstance(promise, JSPromise)
        try:
            found.append(promise.get() is True)
        except JSPromiseError:
            found.append(False)
    json.dump(found, sys.stdout)


def _unpacked(page: bytes) -> dict[str, str]:
    """What is compressed in a page, in base64, by where it begins and how long it is there.

    Nothing is unpacked from the first on that breaks off, that something follows, or that swells beyond what is allowed:
    a browser refuses it too.
    """
    found = {}
    left = MAX_UNPACKED
    at = page.find(_HEAD)
    while at >= 0 and (end := page.find(_END, start := at + len(_HEAD))) >= 0:
        at = page.find(_HEAD, end)
        if page[start] & 15 != _DEFLATE:
            continue
        unpacking = zlib.decompressobj()
        try:
            content = unpacking.decompress(page[start:end], left + 1)
        except zlib.error:
            break
        if len(content) > left or not unpacking.eof or unpacking.unused_data:
            break
        left -= len(content)
        found[f"{start} {end - start}"] = b64encode(content).decode()
    return found
