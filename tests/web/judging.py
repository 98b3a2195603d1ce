"""One case as it is handed to the verifier in a browser, and both verifiers' answers in one form."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from ledger import pending, policy, verify
from ledger.errors import LedgerError
from tests.web.evidence import Case


def handed(case: Case) -> dict[str, Any]:
    """A case as JSON."""
    is_text = isinstance(case.evidence, str)
    return {
        "text": case.evidence if is_text else None,
        "data": None if isinstance(case.evidence, str) else b64encode(case.evidence).decode(),
        "policy": None if case.policy is None else b64encode(case.policy).decode(),
        "files": [
            {"name": file.name, "size": str(file.size), "sha256": file.sha256.hex(), "sm3": file.sm3.hex()}
            for file in case.files
        ],
    }


def judged(case: Case) -> dict[str, Any]:
    """What the Python verifier says: verdict, every step with its values in both languages and its error, and facts."""
    try:
        trusted = None if case.policy is None else policy.parse(case.policy)
    except LedgerError as error:
        return {
            "refused": [error.code, error.sentence("zh"), error.sentence("en")],
            "verdict": None,
            "steps": [],
            "facts": {},
        }
    if isinstance(case.evidence, bytes):
        report = verify.certificate(case.evidence, files=case.files, policy=trusted)
    elif case.evidence.startswith(pending.PREFIX):
        report = verify.pending_receipt(case.evidence, policy=trusted)
    else:
        report = verify.compact_receipt(case.evidence, policy=trusted)
    steps = [
        [
            step.code,
            step.outcome,
            *step.values("en"),
            *step.values("zh"),
            None if step.error is None else step.error.code,
        ]
        for step in report.steps
    ]
    return {"verdict": report.verdict, "steps": steps, "facts": _plain(report.facts)}


def _plain(value: Any) -> Any:
    """A value with its numbers as text, since JavaScript's are exact only to 2⁵³."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if type(value) is int else value
