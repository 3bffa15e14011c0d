"""Dashboard and alert rules name metrics that the node has, with labels that it gives; Prometheus' own tool checks and tries the rules."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from baa_node.core.ensemble import BundleIdentity
from baa_node.core.watch.norms import NORMS
from baa_node.db import Database, executors
from baa_node.web import PeerWatch
from baa_node.web.peer_watch import Answered
from baa_node.web.probes import registry_of
from tests.deploy.test_deploy import DEPLOY
from tests.web.visit import Clock, Visit, console_in

RULES = DEPLOY / "prometheus" / "baa-node.rules.yml"
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "baa-node.json").read_text(encoding="utf-8"))
ALERTS = [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]
PANELS = DASHBOARD["panels"]
EXPRESSIONS = [rule["expr"] for rule in ALERTS] + [target["expr"] for panel in PANELS for target in panel["targets"]]

Labels = dict[str, set[str]]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Labels]:
    """Every sample that a node with work behind it exports, with the values of each label."""
    folder = tmp_path_factory.mktemp("node")
    database = Database.open(f"sqlite:///{folder / 'node.db'}")
    visit = Visit(console_in(folder, database, Clock()), 0)
    health = visit.console.health
    health.asked, health.peers = "CUDAExecutionProvider", PeerWatch(database, lambda peer: None, every_s=60)
    health.peers._answers = {"pacs": Answered(trouble="")}
    for number in range(50):
        instance = visit.receive(folder, SOPInstanceUID=f"1.2.{number}")
        if number % 25 == 0:
            visit.desk().read(instance.sop_instance_uid, 1)
    outcome = {"status": "assessed", "determination": "normal", "sex": "F", "spread_months": 2.0}
    traits = {**{name: norm.mean for name, norm in NORMS.traits.items()}, "difference_months": 1.0, "z_score": 0.1, "short_side_px": 400}
    with database.transaction() as c:
        executors.sign_on(c, "one", host="reader", now=datetime.now(UTC))
        c.exec_driver_sql("UPDATE readings SET outcome = ?", (json.dumps({**outcome, "traits": traits}),))
    found: dict[str, Labels] = {}
    bundle = BundleIdentity(name="rsna-hands", version="0.5.0", sha256=NORMS.bundle_sha256)
    for family in text_string_to_metric_families(generate_latest(registry_of(health, bundle)).decode()):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for name, value in sample.labels.items():
                labels.setdefault(name, set()).add(value)
    visit.close()
    database.close()
    return found


def named(expression: str) -> list[tuple[str, dict[str, str]]]:
    """Metrics of an expression with their matchers, the operator in front of each value."""
    found = re.findall(r"\b(baa_node_\w+)(?:\{([^}]*)\})?", expression)
    return [(name, {label: op + value for label, op, value in re.findall(r'(\w+)(=~|=)"([^"]*)"', matchers)}) for name, matchers in found]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_is_asked_for_is_exported(expression: str, exported: dict[str, Labels]) -> None:
    for name, matchers in named(expression):
        assert name in exported, name
        for label, wanted in matchers.items():
            pattern = re.escape(wanted[1:]) if wanted[1] != "~" else wanted[2:]
            values = [pattern] if wanted[1] != "~" else pattern.split("|")
            for value in values:
                assert any(re.fullmatch(value, one) for one in exported[name][label]), (name, label, value)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_labels_grouped_by_are_there(expression: str, exported: dict[str, Labels]) -> None:
    grouped = {label.strip() for labels in re.findall(r"\bby \(([^)]*)\)", expression) for label in labels.split(",")}
    known = {label for name, _ in named(expression) for label in exported[name]} | {"instance"}
    assert grouped <= known


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_legends_use_labels_that_the_expression_keeps(panel: dict[str, Any], exported: dict[str, Labels]) -> None:
    for target in panel["targets"]:
        wanted = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        kept = re.findall(r"\bby \(([^)]*)\)", target["expr"])
        there = {label.strip() for labels in kept for label in labels.split(",")}
        plain = {label for name, _ in named(target["expr"]) for label in exported[name]}
        assert wanted <= (there if kept else plain)


def test_a_metric_that_is_not_there_would_be_noticed(exported: dict[str, Labels]) -> None:
    with pytest.raises(AssertionError):
        test_what_is_asked_for_is_exported("rate(baa_node_images_recieved_total[5m])", exported)
    with pytest.raises(AssertionError):
        test_what_is_asked_for_is_exported('baa_node_readings{state="LOST"}', exported)


def test_every_metric_of_our_own_is_on_the_dashboard(exported: dict[str, Labels]) -> None:
    shown = {name for panel in PANELS for target in panel["targets"] for name, _ in named(target["expr"])}
    families = {re.sub(r"_(bucket|sum|count|created|total)$", "", name) for name in exported if not name.endswith("_created")}
    told = {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in shown}
    assert families - told <= {"baa_node_provider_fallback"}  # an alert's


def test_dashboard_has_no_panel_on_another() -> None:
    taken = [(x, y) for panel in PANELS for x in cells(panel["gridPos"], "x", "w") for y in cells(panel["gridPos"], "y", "h")]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


def cells(where: dict[str, int], start: str, size: str) -> range:
    return range(where[start], where[start] + where[size])


def test_every_alert_says_how_bad_it_is_and_what_happened() -> None:
    assert {rule["labels"]["severity"] for rule in ALERTS} == {"page", "ticket", "info"}
    assert all(rule["annotations"]["summary"][-1] in ".?" for rule in ALERTS)
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS)


def promtool(*arguments: str | Path) -> str:
    if shutil.which("promtool") is None:
        pytest.skip("needs promtool (Debian package prometheus)")
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_the_rules() -> None:
    assert f"{len(ALERTS)} rules found" in promtool("check", "rules", RULES)


def test_alerts_come_and_go_when_they_should() -> None:
    assert "SUCCESS" in promtool("test", "rules", RULES.with_name("baa-node.rules.test.yml"))


def test_prometheus_parses_what_the_dashboard_asks(tmp_path: Path) -> None:
    asked = [target["expr"].replace("$__rate_interval", "5m") for panel in PANELS for target in panel["targets"]]
    rules = [{"record": f"dashboard:{number}", "expr": expression} for number, expression in enumerate(asked)]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"{len(asked)} rules found" in promtool("check", "rules", tmp_path / "rules.yml")


def test_what_prometheus_would_see_it_finds_sound(exported: dict[str, Labels], tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    text = generate_latest(registry_of(console_in(tmp_path, database, Clock()).health, None))
    database.close()
    if shutil.which("promtool") is None:
        pytest.skip("needs promtool (Debian package prometheus)")
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    complaints = [line for line in done.stderr.decode().splitlines() if "_created" not in line]
    assert complaints == []
