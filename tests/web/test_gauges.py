"""What ``/metrics`` shows: every name once, labels that are bounded, and drift that is measured right."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from baa_node.db import audit, peer, peers, studies
from baa_node.db.studies import State
from baa_node.dicom.practice import PracticePacs
from baa_node.errors import StoreError
from baa_node.metrics import KINDS
from baa_node.web import gauges
from baa_node.web.probes import registry_of
from tests.web.visit import Visit

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(visit: Visit) -> Samples:
    families = text_string_to_metric_families(visit.get("/metrics").text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[f"baa_node_{name}", frozenset(labels.items())]


def rise(before: Samples, after: Samples, name: str, **labels: str) -> float:
    return value(after, name, **labels) - value(before, name, **labels)


@pytest.fixture(autouse=True)
def fresh_gauges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gauges, "DRIFT_EVERY_S", 0.0)
    monkeypatch.setattr(gauges, "SETTLED_EVERY_S", 0.0)


def test_a_reading_is_counted_and_timed(visit: Visit, tmp_path: Path) -> None:
    before = scrape(visit)
    visit.report(tmp_path)
    after = scrape(visit)
    assert rise(before, after, "readings_finished_total", result="assessed") == 1
    for step in ("read", "report"):
        assert rise(before, after, "step_seconds_count", step=step) == 1
        assert 0 < rise(before, after, "step_seconds_sum", step=step) < 60
    assert rise(before, after, "turnaround_seconds_count", until="reported", result="assessed") == 1
    assert value(after, "readings", state="UNDELIVERABLE") == 1


def test_what_is_done_with_is_counted_now_and_then_and_what_waits_each_time(
    visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = scrape(visit)
    monkeypatch.setattr(gauges, "SETTLED_EVERY_S", 3600.0)
    for number, state in enumerate((State.DELIVERED, State.QUARANTINED), start=1):
        instance = visit.report(tmp_path, SOPInstanceUID=f"2.25.{number}")
        with visit.console.database.transaction() as c:
            studies.set_state(c, instance.sop_instance_uid, 1, state, now=datetime.now(UTC))
    after = scrape(visit)
    assert [rise(before, after, "readings", state=state) for state in ("DELIVERED", "QUARANTINED")] == [0, 1]
    monkeypatch.setattr(gauges, "SETTLED_EVERY_S", 0.0)
    assert rise(before, scrape(visit), "readings", state="DELIVERED") == 1


def test_a_refusal_is_counted_by_its_reason(visit: Visit, tmp_path: Path) -> None:
    before = scrape(visit)
    visit.report(tmp_path, ViewPosition="LL")
    after = scrape(visit)
    assert rise(before, after, "readings_finished_total", result="refused") == 1
    assert rise(before, after, "refusals_total", reason="BAA104") == 1
    assert value(after, "drift_share", of="refused") == 1.0


def deliver(visit: Visit, folder: Path, port: int) -> None:
    with visit.console.database.transaction() as c:
        one = peers.Peer(name="pacs", ae_title="PACS", host="127.0.0.1", port=port, source=True, destination=True, tls=False)
        peers.add_peer(c, one, actor="test", now=datetime.now(UTC))
    instance = visit.report(folder)
    visit.desk().deliver(instance.sop_instance_uid, 1, "pacs")


def test_a_delivery_is_counted_and_timed_from_the_last_byte(visit: Visit, tmp_path: Path) -> None:
    pacs = PracticePacs.start("PACS", port=0)
    before = scrape(visit)
    deliver(visit, tmp_path, pacs.port)
    pacs.stop()
    after = scrape(visit)
    assert rise(before, after, "delivery_attempts_total", kind="dicom", result="delivered") == 1
    assert rise(before, after, "turnaround_seconds_count", until="delivered", result="assessed") == 1
    assert rise(before, after, "step_seconds_count", step="deliver") == 1


def test_what_waits_is_counted_with_its_age(visit: Visit, tmp_path: Path) -> None:
    deliver(visit, tmp_path, 9)
    samples = scrape(visit)
    assert value(samples, "queue_length", work="delivery") == 1
    assert 0 <= value(samples, "queue_oldest_seconds", work="delivery") < 60
    assert value(samples, "queue_length", work="reading") == 0


def test_events_that_the_audit_repository_was_not_told_are_counted(visit: Visit, tmp_path: Path) -> None:
    assert value(scrape(visit), "audit_untold") == 0  # there is no repository
    with visit.console.database.transaction() as c:
        audit.open_queue(c)
    visit.receive(tmp_path)
    assert value(scrape(visit), "audit_untold") == 1


def test_drift_is_told_by_trait(visit: Visit, tmp_path: Path) -> None:
    visit.report(tmp_path)
    samples = scrape(visit)
    assert value(samples, "drift_images") == 1
    assert value(samples, "drift_mean", trait="bone_age_months") == 118.0
    assert value(samples, "drift_mean", trait="difference_months") == pytest.approx(118 - 120, abs=0.2)
    assert 1 < value(samples, "drift_mean", trait="mean_grey") < 254
    assert value(samples, "drift_mean", trait="focus") == pytest.approx(0.125)  # 2 of 16 equal places
    assert ("baa_node_drift_psi", frozenset({("trait", "bone_age_months")})) not in samples  # other weights, and one image


def test_what_was_read_before_traits_were_kept_is_left_out(visit: Visit, tmp_path: Path) -> None:
    instance = visit.report(tmp_path)
    with visit.console.database.transaction() as c:
        outcome = studies.get_outcome(c, instance.sop_instance_uid, 1) or {}
        outcome.pop("traits")
        c.exec_driver_sql("UPDATE readings SET outcome = ?", (json.dumps(outcome),))
    samples = scrape(visit)
    assert value(samples, "drift_images") == 1
    assert not [name for name, _ in samples if name == "baa_node_drift_mean"]


def test_provider_asked_and_used_stand_side_by_side(visit: Visit) -> None:
    visit.console.health.asked = "CUDAExecutionProvider"
    samples = scrape(visit)
    assert value(samples, "provider", asked="CUDAExecutionProvider", used="CPUExecutionProvider") == 1
    assert value(samples, "provider_fallback") == 1
    assert value(samples, "check", part="inference") == 0.5


def test_a_gpu_lost_under_way_is_on_record(visit: Visit, tmp_path: Path) -> None:
    desk, instance = visit.desk(), visit.receive(tmp_path)
    (member,) = desk.ensemble.members
    on = iter(["CUDAExecutionProvider", *["CPUExecutionProvider"] * 9])
    lost = replace(desk.ensemble, members=(replace(member, provider=lambda: next(on)),))
    assert replace(desk, ensemble=lost).read(instance.sop_instance_uid, 1)
    (event,) = [one for one in visit.events() if one.kind == "PROVIDER_CHANGED"]
    assert (event.subject, event.detail, event.outcome) == ("CPUExecutionProvider", {"before": "CUDAExecutionProvider"}, 4)


def test_without_a_database_the_rest_is_told(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> AbstractContextManager[None]:
        raise StoreError("away")

    monkeypatch.setattr(visit.console.health.database, "reading", away)
    samples = scrape(visit)
    assert value(samples, "record_available") == 0
    assert value(samples, "check", part="database") == 0
    assert value(samples, "images_received_total", answer="new") >= 0


def test_labels_are_bounded_and_hold_nothing_of_a_patient(visit: Visit, tmp_path: Path) -> None:
    secrets = {"PatientName": "Xylophon^Quentin", "PatientID": "PID-736251", "AccessionNumber": "SECRET-77"}
    instance = visit.report(tmp_path, **secrets)
    visit.report(tmp_path, **secrets, ViewPosition="LL")
    text = visit.get("/metrics").text
    assert not [one for one in (*secrets.values(), instance.sop_instance_uid, instance.study_instance_uid) if one in text]
    labels = {name for labels in re.findall(r"\{(.*?)\}", text) for name in re.findall(r"(\w+)=", labels)}
    known = {"answer", "asked", "bundle", "end", "kind", "le", "limit", "of", "part", "peer", "reason", "result", "state", "step", "trait"}
    assert labels - {"until", "used", "version", "work"} <= known
    assert len(text.splitlines()) < 450


def test_every_kind_of_peer_is_a_label() -> None:
    assert {*peer.KINDS, "gone"} == {*KINDS}


def test_the_first_look_asks_the_database_nothing(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    whole = visit.console.health.database.reading

    def counting() -> Callable[..., object]:
        asked.append("reading")
        return whole()  # type: ignore[return-value]

    monkeypatch.setattr(visit.console.health.database, "reading", counting)
    registry_of(visit.console.health, None)
    assert asked == []
