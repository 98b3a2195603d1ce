"""Rules about the ledger itself: its charter, its authority, its rules, its recovery, and what nodes report."""

from __future__ import annotations

from ledger import block as blocks
from ledger import categories, keys, kinds
from ledger.errors import RuleError
from ledger.rules.act import AUTHORITY, CHARTER, EPOCH, RULES_IN_FORCE, Act


def charter(act: Act) -> None:
    """The first entry: origin, short name, authority, log keys, rules and category set."""
    data, entry = act.data, act.entry
    if data["origin"] != entry.ledger:
        raise act.refuse("wrong-ledger", "data.origin", expected=entry.ledger, actual=data["origin"])
    if data["rules"] != kinds.RULES_VERSION:
        raise act.refuse("version", "data.rules", expected=kinds.RULES_VERSION, actual=data["rules"])
    if data["categories"] != {"digest": categories.digest(), "version": categories.VERSION}:
        given = data["categories"]["version"]
        raise act.refuse("category-set", "data.categories", expected=categories.VERSION, actual=given)
    _threshold(act)
    if set(data["authority"]) & set(data["logs"]):
        raise act.conflict("key-has-a-role", "data.logs", expected="log", actual="authority")
    for key in (*data["authority"], *data["logs"]):
        keys.admit(key)
    if entry.by not in data["authority"]:
        raise act.refuse("not-the-authority", "body.by", actual=entry.by)
    act.quorum(data)
    act.put(*CHARTER, data)


def adopt(act: Act) -> None:
    """Other rules, from the next block on. A node that does not know them stops there and says so."""
    adopted = act.record(*RULES_IN_FORCE)
    present = kinds.RULES_VERSION if adopted is None else adopted
    version = act.data["version"]
    if version <= present:
        raise act.refuse("version-order", "data.version", expected=f"after {present}", actual=version)
    act.put(*RULES_IN_FORCE, version)


def succeed(act: Act) -> None:
    """Other keys for the authority; each of them signs, so that none is named that nobody holds."""
    data, present = act.data, act.authority()
    _threshold(act)
    for key in data["authority"]:
        act.new_key(key, "authority", "data.authority")
        if not act.uses(key):
            raise act.refuse("consent-missing", "body.consents", expected="new keys", actual=key)
    past = sorted({*present.get("past", ()), *present["authority"]} - set(data["authority"]))
    act.put(*AUTHORITY, {**data, "acts": [*present.get("acts", ()), act.index], "past": past})


def recover(act: Act) -> None:
    """A new epoch: what was promised beyond `size` and is not here was lost with a disk, and is no fork. Where it is a
    block's second entry and a rotation of the log's key the first, the new key signs that very block."""
    present, began = act.record(*EPOCH) or (0, None)
    if began == act.time:
        raise act.refuse("epoch", "data.epoch", expected="that of a later block", actual=act.data["epoch"])
    if act.data["epoch"] != present + 1:
        raise act.refuse("epoch", "data.epoch", expected=present + 1, actual=act.data["epoch"])
    _size(act)
    act.put(*EPOCH, [act.data["epoch"], act.time])


def health(act: Act) -> None:
    """A node reports on a ledger that it can have seen."""
    _size(act)


def anchor(act: Act) -> None:
    """A time stamp from outside is over a block of this ledger, and so over everything before it."""
    index = act.registry.find_leaf(act.data["block"])
    if index is None or not blocks.is_block(act.registry.leaf(index)):
        raise act.refuse("not-a-block", "data.block", expected="a block of this ledger", actual=act.data["block"])


def _threshold(act: Act) -> None:
    limit, threshold = len(act.data["authority"]), act.data["threshold"]
    if threshold > limit:
        raise RuleError("rules.threshold", field="data.threshold", expected=f"at most {limit}", actual=threshold)


def _size(act: Act) -> None:
    if act.data["size"] > act.index:
        raise act.refuse("size", "data.size", expected=f"at most {act.index}", actual=act.data["size"])
