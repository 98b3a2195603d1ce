"""A log that signs whatever it is given, so that a verifier can be shown what an honest one never would be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger import checkpoint, cosignature, encoding, entry, keys, merkle, note, proof
from ledger.certificate import Certificate, OpenFile, OpenValue, ProvenLeaf
from ledger.keys import VKey
from tests import makers
from tests.ledgers import LOG, ORIGIN, START, party

LOG_VKEY = VKey(ORIGIN, keys.ED25519, LOG.public)
COURT, SCHOOL = (party(name) for name in ("court", "school"))
COURT_VKEY = VKey("court.example/w1", keys.COSIGNATURE, COURT.public)
SCHOOL_VKEY = VKey("school.example/w", keys.COSIGNATURE, SCHOOL.public)
TRUST = f"log {LOG_VKEY}\nquorum none\n".encode()
WITNESSED = (
    f"log {LOG_VKEY}\nwitness court {COURT_VKEY}\nwitness school {SCHOOL_VKEY}\ngroup both all court school\n"
    "group one 1 both\nquorum one\n"
).encode()


@dataclass
class Forge:
    """A log that signs whatever it is given: some leaves, and one block over them."""

    leaves: list[bytes]
    header: dict[str, Any] = field(default_factory=dict)
    log: keys.SigningKey = LOG
    cosigners: Sequence[tuple[VKey, keys.SigningKey, int]] = ()

    def certificate(
        self,
        index: int,
        *,
        authority: Sequence[int] | None = None,
        work: int | None = None,
        later: Sequence[int] = (),
        open: Sequence[OpenValue | OpenFile] = (),  # noqa: A002  # the certificate's own name for it
    ) -> Certificate:
        """The certificate of the leaf at `index` with the chain and the other entries at these indexes."""
        hashes = [merkle.leaf_hash(leaf) for leaf in self.leaves]
        body = {
            "by": self.log.public,
            "clock": {"error": 150, "synced": True},
            "count": len(self.leaves),
            "epoch": 0,
            "first": 0,
            "height": 0,
            "ledger": ORIGIN,
            "prev": bytes(32),
            "root": merkle.root(hashes),
            "time": START + makers.DAY,
            "tree": merkle.root(hashes),
            **self.header,
        }
        signed = entry.BLOCK_TAG + encoding.encode(body)
        leaf = signed + self.log.sign(signed)
        whole = [*hashes, merkle.leaf_hash(leaf)]
        paths = [tuple(path) for path in merkle.paths(whole)]
        head = checkpoint.Checkpoint(ORIGIN, len(whole), merkle.root(whole))
        text = head.body()
        vkey = VKey(ORIGIN, keys.ED25519, self.log.public)
        lines = [note.sign(text, vkey, self.log.sign)]
        lines += [cosignature.cosign(head, name, key, time) for name, key, time in self.cosigners]

        def proven(at: int) -> ProvenLeaf:
            return ProvenLeaf(at, self.leaves[at], paths[at])

        return Certificate(
            proof=proof.TlogProof(index, paths[index], note.Note(text, tuple(lines)).encode(), None),
            entry=self.leaves[index],
            block=leaf,
            block_path=paths[-1],
            root_path=tuple(merkle.path(index, hashes)),
            open=tuple(open),
            authority=None if authority is None else tuple(map(proven, authority)),
            work=None if work is None else proven(work),
            later=tuple(map(proven, later)),
        )
