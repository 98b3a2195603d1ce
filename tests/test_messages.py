"""The catalogue of sentences: complete in both languages, exactly what the code uses, and sayable."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from string import Formatter

import pytest

from ledger import kinds
from ledger.errors import LedgerError
from ledger.messages import AREAS, area
from ledger.messages.phrases import PHRASES, phrase
from node import web
from tests.source import PACKAGES, ROOT, modules

HAN = re.compile(r"[\u4e00-\u9fff]")
CODE = re.compile(rf"(?:{'|'.join(AREAS)})(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)+")
FILE = re.compile(
    r".*\.(?:atom|bin|css|html|js|json|lock|log|mdb|md|pdf|pem|pid|py|pyz|sock|tlog-proof|toml|txt|typ|zip)"
)

# What pages say: their scripts' strings and templates, and the texts that their elements name.
PAGES = {
    name: content.decode()
    for name, content in web.files().items()
    if name != web.TABLES and not name.startswith("lib/words")
}
SAID = re.compile(rf"""["'`]((?:{"|".join(AREAS)})\.[a-z0-9-]*(?:\$\{{[^}}]*\}})?[a-z0-9-]*)["'`]""")

CATALOGUE = {code: texts for name in AREAS for code, texts in area(name).items()}
TREES = {name: tree for name, tree in modules(*PACKAGES).items() if not name.startswith("ledger.messages")}


def placeholders(sentence: str) -> set[str]:
    """The names in a sentence's braces."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def error_classes() -> set[str]:
    """`LedgerError` and its descendants that take a code as their first argument."""
    found = {"LedgerError"}
    classes = [node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while True:
        more = {
            node.name
            for node in classes
            if any(isinstance(base, ast.Name) and base.id in found for base in node.bases)
            and not any(isinstance(item, ast.FunctionDef) and item.name == "__init__" for item in node.body)
        }
        if more <= found:
            return found
        found |= more


def raised() -> Iterator[tuple[str, ast.Call, str]]:
    """Every error that is made with a code written out: (code, call, where)."""
    classes = error_classes()
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                code = node.args[0].value
                called = ast.unparse(node.func).rpartition(".")[2]
                if called in classes and isinstance(code, str):
                    yield code, node, f"{name}, line {node.lineno}"


def strings() -> Iterator[tuple[str, str]]:
    """Every string constant but the names of fields, as in `field="block.count"`: (text, where)."""
    for name, tree in TREES.items():
        nodes = list(ast.walk(tree))
        fields = {id(node.value) for node in nodes if isinstance(node, ast.keyword) and node.arg == "field"}
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in fields:
                yield node.value, f"{name}, line {node.lineno}"
    for name, source in PAGES.items():
        for code in SAID.findall(re.sub(r'field: "[^"]*"', "", source)):
            yield code, name


def composed() -> Iterator[re.Pattern[str]]:
    """Patterns of the codes that an f-string puts together, as `f"verify.{step}"`."""
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                first, dot, _ = str(node.values[0].value).partition(".")
                if dot and first in AREAS:
                    yield re.compile("".join(map(pattern, node.values)))
    for source in PAGES.values():
        for code in SAID.findall(source):
            # `verify.verdict-${verdict}`, or a beginning that replaces another.
            if "$" in code or code.endswith("-"):
                yield re.compile(re.escape(code.partition("$")[0]) + "[a-z0-9-]+")


def pattern(part: ast.expr) -> str:
    """A regular expression for one part of an f-string."""
    return re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z0-9.-]+"


def is_something_else(text: str) -> bool:
    """Whether a text that looks like a code is the name of a kind of entry, of a module, or of a file."""
    module = ROOT.joinpath(*text.split("."))
    return text in kinds.KINDS or FILE.fullmatch(text) is not None or module.with_suffix(".py").exists()


@pytest.mark.parametrize("name", AREAS)
def test_area_holds_only_its_own_codes(name: str) -> None:
    """A code's area is the part before its first dot, and its sentences stand in that area's file."""
    assert all(code.startswith(f"{name}.") and CODE.fullmatch(code) for code in area(name))


def test_every_file_of_sentences_is_a_listed_area() -> None:
    """A file that `AREAS` forgets would never be read."""
    files = {path.stem for path in (ROOT / "ledger" / "messages").glob("*.py")} - {"__init__", "phrases"}
    assert files == set(AREAS)


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_both_languages_say_the_same_with_the_same_placeholders(code: str) -> None:
    """Chinese and English both exist, are in their own script, and fill in the same names."""
    chinese, english = CATALOGUE[code]
    assert placeholders(chinese) == placeholders(english)
    assert all(name.isidentifier() for name in placeholders(english))
    assert chinese.strip()
    assert english.strip()
    assert not HAN.search(english)
    assert HAN.search(chinese) or chinese == english


@pytest.mark.parametrize("code", sorted(CATALOGUE))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_sentence_can_be_said(code: str, language: str) -> None:
    """With its placeholders given, every sentence comes out whole."""
    names = placeholders(CATALOGUE[code][1]) - {"field", "expected", "actual"}
    error = LedgerError(code, field="f", expected="e", actual="a", **dict.fromkeys(names, "p"))
    assert error.sentence("zh" if language == "zh" else "en")


def test_every_code_in_use_has_a_sentence() -> None:
    """An error whose code is missing would end in a KeyError before the user."""
    used = {code: where for code, _, where in raised()}
    used |= {text: where for text, where in strings() if CODE.fullmatch(text) and not is_something_else(text)}
    missing = {code: where for code, where in used.items() if code not in CATALOGUE}
    assert not missing


def test_no_sentence_is_unused() -> None:
    """A sentence that no code says is a leftover, or the sign of a check that was lost."""
    said = {text for text, _ in strings()}
    patterns = list(composed())
    silent = [code for code in CATALOGUE if code not in said]
    assert not [code for code in silent if not any(pattern.fullmatch(code) for pattern in patterns)]


def test_every_error_gives_what_its_sentence_asks_for() -> None:
    """Where an error is made, each placeholder of its sentence is given: nobody reads `expected None`."""
    problems = []
    for code, call, where in raised():
        given = {keyword.arg for keyword in call.keywords}
        if code in CATALOGUE and None not in given:
            lacking = placeholders(CATALOGUE[code][1]) - {name for name in given if name is not None}
            if lacking:
                problems.append(f"{where}: {code} lacks {sorted(lacking)}")
    assert not problems


# Words that are the same in Chinese: formats, programs, names in files, and what somebody typed.
SAME = re.compile(
    r"[a-z]+(?=[=/])|\b(?:base64|base45|bin|str|int|nil|bool|array|map|index|extra|none|any|all|log|witness|group|quorum|name|key|"
    r"tlog-proof|yuanzheng|any|work|kind|body|data|port|server|from|html|vnd|application|octet-stream|local|policy|entry)\b"
)


def phrases() -> Iterator[tuple[str, str]]:
    """Every phrase written out as `expected=` or `actual=` of an error, or as a value of a step: (phrase, where)."""
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            values = [keyword.value for keyword in node.keywords if keyword.arg in ("expected", "actual")]
            called = ast.unparse(node.func)
            values += node.args[2:4] if called == "steps.add" else []
            values += node.args[1:2] if called in ("_wrong", "self._wrong") else []
            values += node.args[2:4] if called == "Finding" else []
            for value in values:
                for part in alternatives(value):
                    yield part, f"{name}, line {node.lineno}"


def alternatives(value: ast.expr) -> Iterator[str]:
    """The texts that an expression may be, a number standing in for what is filled in."""
    if isinstance(value, ast.IfExp):
        yield from alternatives(value.body)
        yield from alternatives(value.orelse)
    elif isinstance(value, ast.BoolOp):
        for each in value.values:
            yield from alternatives(each)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in value.values)


def test_every_phrase_has_its_chinese() -> None:
    """What fills a Chinese sentence is Chinese too: no two English words in a row are left."""
    found = dict(phrases())
    assert len(found) > 100
    left = {
        text: where
        for text, where in found.items()
        if re.search(r"[a-z]{2,} +[a-z]{2,}|^[a-z]{3,}$", SAME.sub("", phrase(text, "zh")))
    }
    assert not left


def test_no_phrase_is_unused_or_hidden() -> None:
    """Each phrase is found by its own line, not by an earlier, wider one."""
    for english, chinese in PHRASES:
        count = english.count("*")
        said = phrase(english.replace("*", "7"), "zh")
        assert said == chinese.format(*["7"] * count), english
        assert phrase(english, "en") == english


def test_long_input_is_left_alone() -> None:
    """Nobody's input is searched for phrases at length."""
    text = "a or " * 200
    assert phrase(text, "zh") == text


def test_every_step_says_why_it_matters() -> None:
    """A page explains each step of a verification to whoever judges, and explains no step that there is not."""
    steps = {code for code in area("verify") if not re.match(r"verify\.(outcome|verdict|what)-", code)}
    assert {f"verify.{code.removeprefix('web.why-')}" for code in area("web") if code.startswith("web.why-")} == steps
