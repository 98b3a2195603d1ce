"""Alarms: what an operator must hear of. Counted, kept for /status, logged, and posted to an address of the operator's.

| code | params |
|---|---|
| `alarm.misbehaviour` | `who` broke the rules of the log, `evidence` the file that proves it |
| `alarm.quorum-unmet` | `since` when (as people read it), `missing` the cosigners that do not answer |
| `alarm.clock` | `offset` by how much (ms) the `peers` are ahead |
| `alarm.store` | `reason`, and `reason_zh` where there is one |
| `alarm.certificate-expires` | `name` the file, `until` its end (as people read it) |
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ledger.errors import LedgerError
from node.clock import Clock
from node.config import AlarmSection
from node.transport import Transport, Unreachable

log = logging.getLogger("yuanzheng.alarms")

MISBEHAVIOUR = "alarm.misbehaviour"
QUORUM_UNMET = "alarm.quorum-unmet"
CLOCK = "alarm.clock"
STORE = "alarm.store"
CERTIFICATE_EXPIRES = "alarm.certificate-expires"

KEPT = 100
"""Alarms told by /status, and at most so many that wait to be posted."""
SAME_MS = 600_000
"""The same again within ten minutes is the same alarm."""
PAUSES = (2.0, 8.0, 32.0, 128.0)
"""Seconds between tries to post an alarm; after the last of them it is given up."""
POST_SECONDS = 10.0


class Alarm(Protocol):
    """Whoever can raise an alarm: `Alarms.raise_`, or what a test puts in its place."""

    def __call__(self, code: str, /, **params: Any) -> None:
        """Raise one; never waits."""
        ...


@dataclass(slots=True)
class Raised:
    """An alarm: first at `time` and last at `last` (ms since 1970 UTC), `count` times."""

    code: str
    params: dict[str, Any]
    time: int
    last: int
    zh: str
    en: str
    count: int = 1

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "code": self.code,
            "time": self.time,
            "last": self.last,
            "count": self.count,
            "zh": self.zh,
            "en": self.en,
            "params": self.params,
        }


class Alarms:
    """The alarms of one node, `node` being its name among those of the ledger `origin`. Use `run` as a task."""

    def __init__(
        self,
        settings: AlarmSection,
        transport: Transport,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        *,
        origin: str,
        node: str,
    ) -> None:
        self._webhook = settings.webhook
        self._transport = transport
        self._clock = clock
        self._sleep = sleep
        self._who = {"origin": origin, "node": node}
        self._recent: deque[Raised] = deque(maxlen=KEPT)
        self._unposted: deque[Raised] = deque(maxlen=KEPT)
        self._wake = asyncio.Event()
        self.counts: Counter[str] = Counter()
        self.lost = 0

    def raise_(self, code: str, /, **params: Any) -> None:
        """Raise an alarm whose sentence is `code`'s, filled from `params`. Call from the event loop; never waits."""
        now = self._clock.now_ms()
        self.counts[code] += 1
        for known in self._recent:
            if known.code == code and known.params == params and abs(now - known.time) < SAME_MS:
                known.count += 1
                known.last = now
                return
        said = LedgerError(code, **params)
        raised = Raised(code, params, now, now, said.sentence("zh"), said.sentence("en"))
        self._recent.append(raised)
        log.error("%s %s", code, raised.en)
        if self._webhook:
            if len(self._unposted) == KEPT:
                self.lost += 1
            self._unposted.append(raised)
            self._wake.set()

    def status(self) -> dict[str, Any]:
        """For /status: how often each code was raised, the newest alarms first, and what became of posting them.

        The address that they go to may hold a secret, and is not told.
        """
        return {
            "counts": dict(self.counts),
            "recent": [each.document() for each in reversed(self._recent)],
            "unposted": len(self._unposted),
            "lost": self.lost,
        }

    async def run(self) -> None:
        """Post alarms, one after another, until cancelled."""
        while True:
            await self._wake.wait()
            while self._unposted:
                raised = self._unposted[0]
                posted = await self._post(raised)
                # So many may have come meanwhile that this one was pushed out.
                if self._unposted[0] is raised:
                    self._unposted.popleft()
                    self.lost += not posted
            self._wake.clear()

    async def _post(self, raised: Raised) -> bool:
        body = json.dumps({**self._who, **raised.document()}, ensure_ascii=False, default=str).encode()
        headers = {"Content-Type": "application/json"}
        reason = ""
        for pause in (*PAUSES, None):
            try:
                answer = await self._transport.ask(
                    "POST", self._webhook, body=body, headers=headers, seconds=POST_SECONDS
                )
                if 200 <= answer.status < 300:
                    return True
                reason = f"status {answer.status}"
            except Unreachable as error:
                reason = str(error.actual)
            if pause is not None:
                await self._sleep(pause)
        log.warning("the alarm %s could not be posted: %s", raised.code, reason)
        return False
