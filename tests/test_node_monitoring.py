"""The dashboard and the alerts that the project hands out: of metrics that nodes really export, as Prometheus reads them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests import ledgers
from tests.certificates import Authority
from tests.nodes import embedded, make_centre
from tests.replicas import make_union, united
from tests.source import ROOT
from tests.test_node_http import accepted, submit

ALERTS = (ROOT / "docs" / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
DASHBOARD = json.loads((ROOT / "docs" / "grafana" / "yuanzheng.json").read_text(encoding="utf-8"))
OPERATING = (ROOT / "docs" / "OPERATING.md").read_text(encoding="utf-8")
METRIC = re.compile(r"\byuanzheng_[a-z_]+\b")
EXPRESSIONS = re.findall(r"^ +expr: (.+)$", ALERTS, re.MULTILINE)


def queries() -> Iterator[tuple[str, str]]:
    """Each expression of the dashboard, with its legend."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"], target["legendFormat"]


async def exported(tmp_path: Path) -> tuple[set[str], set[str]]:
    """The names and labels of what a primary with cosigners, a replica, and a node with HTTPS export."""
    names: set[str] = set()
    labels = {"instance", "job"}

    async def scrape(http: aiohttp.ClientSession, url: str) -> None:
        async with http.get(url + "/metrics") as answer:
            text = await answer.text()
        names.update(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels.update(sample.labels)

    union = make_union(tmp_path / "union")
    async with united(union) as (primary, replicas), aiohttp.ClientSession() as http:
        await accepted(primary, union.centre.work())
        await submit(primary, ledgers.registration(by=ledgers.party("stranger"), at=union.centre.began))
        for node in (primary, replicas[0]):
            await scrape(http, node.url)
    authority = Authority(tmp_path)
    pair = authority.issue()
    centre = make_centre(tmp_path / "https", tls_certificate=str(pair.certificate), tls_key=str(pair.key))
    connector = aiohttp.TCPConnector(ssl=authority.trusting())
    async with embedded(centre) as node, aiohttp.ClientSession(connector=connector) as http:
        await scrape(http, node.url)
    return names, labels


async def test_every_metric_that_is_named_is_exported_and_shown(tmp_path: Path) -> None:
    """By a real primary, replica or HTTPS node, with the labels that legends and sentences use; and nothing is left out."""
    names, labels = await exported(tmp_path)
    shown = {name for expression, _ in queries() for name in METRIC.findall(expression)}
    watched = set(METRIC.findall(" ".join(EXPRESSIONS)))
    assert shown <= names
    assert watched <= names
    assert names - shown - watched == {"yuanzheng_node_info"}
    used = {label for _, legend in queries() for label in re.findall(r"{{(\w+)}}", legend)}
    used |= set(re.findall(r"\$labels\.(\w+)", ALERTS))
    assert used <= labels


def test_the_dashboard_is_one_that_grafana_imports() -> None:
    """Every panel has an id of its own, a place that no other has, and a title in both languages."""
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken
        taken |= cells
        assert re.fullmatch(r"[\u4e00-\u9fff、]+ · [A-Z][\w /,'-]+", panel["title"]), panel["title"]
        for target in panel.get("targets", ()):
            assert "$instance" in target["expr"]
            assert panel["datasource"]["uid"] == "${datasource}"
            assert panel["description"]
    assert {each["name"] for each in DASHBOARD["templating"]["list"]} == {"datasource", "instance"}


def test_every_alert_says_in_both_languages_what_it_is_and_where_to_read() -> None:
    """Each has an expression, how urgent it is, two sentences, and a section of the operators' page."""
    alerts = re.split(r"^ +- alert: ", ALERTS, flags=re.MULTILINE)[1:]
    assert len(alerts) == len(EXPRESSIONS) > 10
    for alert in alerts:
        assert re.search(r"^ +severity: (page|warn)$", alert, re.MULTILINE)
        assert re.search(r'^ +zh: ".*[\u4e00-\u9fff].*。"$', alert, re.MULTILINE)
        assert re.search(r'^ +en: "[^\u4e00-\u9fff]+\."$', alert, re.MULTILINE)
        section = re.search(r'^ +section: "(.+)"$', alert, re.MULTILINE)
        assert section is not None
        assert f"## {section[1]}\n" in OPERATING or f"**{section[1]}:**" in OPERATING, section[1]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_takes_the_alerts_and_the_dashboards_expressions(tmp_path: Path) -> None:
    """promtool, Prometheus' own checker, finds nothing wrong with either."""
    checked = tmp_path / "dashboard.yml"
    rules: list[dict[str, Any]] = [
        {"record": f"dashboard:{number}", "expr": expression.replace("$instance", ".*")}
        for number, (expression, _) in enumerate(queries())
    ]
    checked.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    for path in (ROOT / "docs" / "prometheus" / "alerts.yml", checked):
        done = subprocess.run(["promtool", "check", "rules", str(path)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "SUCCESS" in done.stdout
