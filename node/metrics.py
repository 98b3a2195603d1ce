"""What /status says, in numbers for Prometheus (text format).

Metrics of one process of a node carry its `pid`: each worker counts what came to it alone, and reports that every
`service.REPORT_SECONDS`, so that whichever worker answers tells of all. All others are the node's. Parts that a node does
not have are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = Mapping[str, str]


def render(status: Mapping[str, Any]) -> bytes:
    """The metrics of a node whose /status says `status`."""
    registry = CollectorRegistry()
    registry.register(_Given(status))
    return generate_latest(registry)


class _Given(Collector):
    """A collector over one dictionary: nothing here outlives the answer."""

    def __init__(self, status: Mapping[str, Any]) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        status = self._status
        sealer = status["sealer"]

        def part(name: str) -> Any:
            # What the sealing process alone knows comes with its status.
            return status.get(name) or sealer.get(name)

        yield from _ledger(status)
        yield from _sealer(sealer)
        yield from _processes(status["processes"])
        yield from _clock(status["clock"], part("clocks") or {})
        now = status["clock"]["now_ms"]
        if cosigning := part("cosigning"):
            yield from _cosigning(cosigning, now)
        if following := part("following"):
            yield from _following(following)
        if outbox := part("outbox"):
            yield _gauge("outbox_entries", "Entries that wait for the primary.", outbox.get("waiting"))
            yield _age("outbox_oldest_age_seconds", "How long the oldest of them has waited.", outbox, "oldest_ms", now)
        if misbehaviour := part("misbehaviour"):
            yield _gauge("misbehaviour_evidence", "Pieces of evidence of misbehaviour kept.", misbehaviour.get("kept"))
        if statistics := part("statistics"):
            yield _gauge("statistics_height", "Height up to which /statistics counts.", statistics.get("height"))
        if alarms := part("alarms"):
            rows = [({"code": code}, count) for code, count in alarms.get("counts", {}).items()]
            yield _counter("alarms", "Alarms by code.", ["code"], rows)


def _ledger(status: Mapping[str, Any]) -> Iterator[Metric]:
    names = {name: str(status[name]) for name in ("origin", "profile", "version")}
    yield InfoMetricFamily("yuanzheng_node", "The ledger and the software.", value=names)
    yield _gauge("tree_size", "Leaves in the tree.", status["size"])
    yield _gauge("height", "Height of the newest block; -1 before the first.", status["height"])
    newest = status["newest_block"] or {}
    now = status["clock"]["now_ms"]
    yield _age("newest_block_age_seconds", "Time since the newest block's.", newest, "time", now)
    yield _gauge("store_bytes", "Bytes in use by the store.", status["store"]["bytes"])
    yield _gauge("store_free_bytes", "Bytes that are free where the store lies.", status["store"]["free"])


def _sealer(sealer: Mapping[str, Any]) -> Iterator[Metric]:
    yield _counter("blocks_sealed", "Blocks sealed since the node started.", [], [({}, sealer.get("blocks_sealed"))])
    yield _gauge("sealer_waiting_entries", "Entries that wait for the next block.", sealer.get("waiting"))
    rows = [({"code": code}, count) for code, count in sealer.get("refusals", {}).items()]
    yield _counter("refusals", "Entries that a rule refused, by code.", ["code"], rows)
    trouble = sealer.get("trouble")
    found = [] if trouble is None else [({"code": trouble["code"]}, 1)]
    yield _gauges("sealing_trouble", "Why nothing is sealed now; no sample if nothing is wrong.", ["code"], found)


def _processes(processes: Sequence[Mapping[str, Any]]) -> Iterator[Metric]:
    named = [({"pid": str(each["pid"])}, each) for each in processes]
    rows = [(pid, each["uptime_seconds"]) for pid, each in named]
    yield _gauges("process_uptime_seconds", "How long it has served.", ["pid"], rows)
    rows = [(pid, each["waiting"]) for pid, each in named]
    yield _gauges("process_waiting_entries", "Entries that wait in it.", ["pid"], rows)
    rows = [(pid, each["streams"]) for pid, each in named]
    yield _gauges("process_event_streams", "Readers of /events.", ["pid"], rows)
    rows = [({**pid, "code": code}, count) for pid, each in named for code, count in each["refusals"].items()]
    yield _counter("process_refusals", "Entries refused before sealing, by code.", ["pid", "code"], rows)
    rows = [({**pid, "status": code}, count) for pid, each in named for code, count in each["responses"].items()]
    yield _counter("process_responses", "Responses by HTTP status.", ["pid", "status"], rows)
    secured = [(pid, each["tls"]) for pid, each in named if each["tls"] is not None]
    if secured:
        text = "When the TLS certificate in use ends, in seconds since 1970 UTC."
        rows = [(pid, tls["expires_ms"] / 1000) for pid, tls in secured]
        yield _gauges("process_certificate_expiry_seconds", text, ["pid"], rows)
        text = "Whether the certificate's files cannot be used as they are now."
        rows = [(pid, int(tls["trouble"] is not None)) for pid, tls in secured]
        yield _gauges("process_certificate_trouble", text, ["pid"], rows)


def _clock(clock: Mapping[str, Any], clocks: Mapping[str, Any]) -> Iterator[Metric]:
    yield _gauge("clock_synchronised", "Whether the kernel calls its clock synchronised.", int(clock["synced"]))
    error = clock["error_us"]
    yield _gauge("clock_error_seconds", "The kernel's bound on its error.", None if error is None else error / 1e6)
    peers = {name: each for name, each in clocks.get("peers", {}).items() if each.get("offset_ms") is not None}
    rows = [({"peer": name}, each["offset_ms"] / 1000) for name, each in peers.items()]
    yield _gauges("clock_offset_seconds", "How far a peer's clock is ahead of this node's.", ["peer"], rows)
    rows = [({"peer": name}, each["uncertainty_ms"] / 1000) for name, each in peers.items()]
    yield _gauges("clock_offset_uncertainty_seconds", "By how much that may be wrong.", ["peer"], rows)


def _cosigning(cosigning: Mapping[str, Any], now: int) -> Iterator[Metric]:
    yield _gauge("published_size", "Leaves of the newest published checkpoint.", cosigning.get("published_size"))
    yield _gauge("target_size", "Leaves of the checkpoint asked for now.", cosigning.get("target_size"))
    yield _gauge("quorum_met", "Whether the newest target met the policy.", int(bool(cosigning.get("met"))))
    yield _age("quorum_unmet_seconds", "How long it has not.", cosigning, "unmet_since_ms", now)
    cosigners = cosigning.get("cosigners", {})

    def rows(field: str, unit: float = 1) -> list[tuple[Labels, float | None]]:
        found = ((name, each.get(field)) for name, each in cosigners.items())
        return [({"cosigner": name}, value / unit) for name, value in found if value is not None]

    label = ["cosigner"]
    yield _gauges("cosigner_size", "Leaves that a cosigner signed last.", label, rows("size"))
    yield _gauges("cosigner_lag_seconds", "How long its last cosignature took.", label, rows("lag_ms", 1000))
    missing = [
        ({"cosigner": name}, (now - each["missing_since_ms"]) / 1000 if each.get("missing_since_ms") is not None else 0)
        for name, each in cosigners.items()
    ]
    yield _gauges("cosigner_missing_seconds", "How long it has not answered.", label, missing)
    troubled = [({"cosigner": name}, int(bool(each.get("trouble")))) for name, each in cosigners.items()]
    yield _gauges("cosigner_trouble", "Whether its last answer was a refusal or broken.", label, troubled)


def _following(following: Mapping[str, Any]) -> Iterator[Metric]:
    label = {"source": str(following.get("source") or "")}
    for field, text in (
        ("size", "Leaves replayed."),
        ("target", "Leaves of the checkpoint that is followed."),
        ("lag", "Leaves still missing."),
    ):
        value = following.get(field)
        yield _gauges(f"following_{field}", text, ["source"], [(label, value)])


def _gauge(name: str, text: str, value: float | None) -> Metric:
    return _gauges(name, text, [], [({}, value)])


def _gauges(name: str, text: str, labels: list[str], rows: Sequence[tuple[Labels, float | None]]) -> Metric:
    family = GaugeMetricFamily(f"yuanzheng_{name}", text, labels=labels)
    for given, value in rows:
        if value is not None:
            family.add_metric([given[label] for label in labels], value)
    return family


def _age(name: str, text: str, values: Mapping[str, Any], field: str, now: int) -> Metric:
    since = values.get(field)
    return _gauge(name, text, None if since is None else (now - since) / 1000)


def _counter(name: str, text: str, labels: list[str], rows: Sequence[tuple[Labels, float | None]]) -> Metric:
    family = CounterMetricFamily(f"yuanzheng_{name}", text, labels=labels)
    for given, value in rows:
        if value is not None:
            family.add_metric([given[label] for label in labels], value)
    return family
