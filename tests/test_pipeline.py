"""The durable walk behind intake: real database, spool, engine and an in-process PACS; only the network is a stand-in."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom import Dataset
from pydicom.uid import generate_uid

from baa_node import pipeline
from baa_node.core.gates.limits import Gates
from baa_node.core.objects.findings import read_report
from baa_node.core.reading import ReadingPolicy
from baa_node.core.report import Device
from baa_node.core.words import Language
from baa_node.db import Database, audit, peers, studies
from baa_node.dicom import scp
from baa_node.dicom.practice import PracticePacs
from baa_node.dicom.scu import Endpoint
from baa_node.dispatch import Patience
from baa_node.errors import SpoolError, StoreError
from baa_node.intake import Intake
from baa_node.pipeline import Pipeline
from baa_node.results import ResultMaker
from baa_node.sections import REFUSALS
from baa_node.spool import FolderSpool
from baa_node.steps import Desk
from tests.parts.hands import constant_ensemble, hand_cr, part10
from tests.parts.programs import eventually, free_port
from tests.parts.times import NOW

DEVICE = Device(name="TEST", uid="2.25.1", manufacturer="baa_node project", model="baa_node", serial="1", version="0")


@dataclass
class Bench:
    """A node without sockets of its own."""

    folder: Path
    desk: Desk
    intake: Intake
    pacs_port: int
    pipeline: Pipeline | None = None

    def make(self, **changes: Any) -> None:
        """Change what is made of a reading."""
        self.desk = replace(self.desk, maker=replace(self.desk.maker, **changes))

    def start(self) -> None:
        self.pipeline = Pipeline(self.desk, queue_url=f"sqlite:///{self.folder / 'queue.db'}", executor_id="test")
        self.pipeline.start()

    def stop(self) -> None:
        if self.pipeline is not None:
            self.pipeline.stop(5)
            self.pipeline = None

    def send(self, ds: Dataset) -> int:
        content = part10(ds)
        caller = scp.Caller(calling_ae="PACS", called_ae="BAA_NODE", address="127.0.0.1", tls=False)
        received = scp.Received(
            caller=caller,
            sop_class_uid=ds.SOPClassUID,
            sop_instance_uid=ds.SOPInstanceUID,
            transfer_syntax_uid=ds.file_meta.TransferSyntaxUID,
            study_instance_uid=ds.StudyInstanceUID,
            series_instance_uid=ds.SeriesInstanceUID,
            header=pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True),
            content=content,
        )
        return self.intake.receive(received).status

    def states(self, ds: Dataset) -> list[str]:
        with self.desk.database.reading() as connection:
            return [reading.state.value for reading in studies.show_study(connection, ds.StudyInstanceUID).readings]

    def kinds(self) -> list[str]:
        with self.desk.database.reading() as connection:
            return [event.kind for event in audit.list_events(connection, limit=1000)]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    database = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    port = free_port()
    with database.transaction() as connection:
        peer = peers.Peer(name="pacs", ae_title="PACS", host="127.0.0.1", port=port, source=True, destination=True, tls=False)
        peers.add_peer(connection, peer, actor="test", now=NOW)
    spool = FolderSpool(tmp_path / "spool")
    desk = Desk(
        database=database,
        spool=spool,
        ensemble=constant_ensemble(),
        maker=ResultMaker(spool=spool, device=DEVICE),
        policy=ReadingPolicy(),
        endpoint=lambda peer: Endpoint(ae_title=peer.ae_title, host=peer.host, port=peer.port, calling_ae="BAA_NODE"),
        study_quiet_s=0.5,
        patience=Patience(first_s=0.3, longest_s=1.0),
    )
    bench = Bench(tmp_path, desk, Intake(database, spool, ae_title="BAA_NODE"), port)
    yield bench
    bench.stop()
    database.close()


@pytest.fixture
def pacs(bench: Bench) -> Iterator[PracticePacs]:
    pacs = PracticePacs.start("PACS", port=bench.pacs_port)
    yield pacs
    pacs.stop()


def wait(condition: Callable[[], bool], what: str) -> None:
    eventually(condition, what=what, timeout_s=60)


def test_an_image_becomes_a_report_and_a_picture(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path)
    bench.start()
    assert bench.send(ds) == scp.STORED
    wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
    results = pacs.results_for(ds.SOPInstanceUID)
    assert set(results) == {"sr", "capture"}
    assert read_report(results["sr"])["bone_age_months"] == 118.0
    assert [results[kind].StudyInstanceUID for kind in results] == [ds.StudyInstanceUID] * 2
    assert bench.kinds()[:3] == ["PEER_ADDED", "INSTANCE_RECEIVED", "READING_DONE"]
    assert "DELIVERY_DONE" in bench.kinds()[3:]
    with bench.desk.database.reading() as connection:
        assert audit.verify(connection) == []


def test_the_node_writes_in_its_own_language(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    bench.make(language=Language.SPANISH)
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
    assert str(read_report(pacs.results_for(ds.SOPInstanceUID)["sr"])["conclusion"]).startswith("Edad ósea 9 años y 10 meses (118,0 meses")


def test_a_page_of_pdf_goes_with_them_where_it_is_wanted(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path)
    bench.make(pdf=True)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
    results = pacs.results_for(ds.SOPInstanceUID)
    assert set(results) == {"sr", "capture", "pdf"}
    assert results["pdf"].EncapsulatedDocument.startswith(b"%PDF-")
    assert {kind: one.StudyInstanceUID for kind, one in results.items()} == dict.fromkeys(results, ds.StudyInstanceUID)


def test_what_arrived_while_nothing_ran_is_taken_up(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path)
    bench.send(ds)
    bench.start()
    wait(lambda: len(pacs.received) == 2, "results")


def test_a_pacs_that_comes_late_gets_everything_once(bench: Bench, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.kinds().count("DELIVERY_ATTEMPT") >= 2, "two attempts in vain")
    pacs = PracticePacs.start("PACS", port=bench.pacs_port)
    try:
        wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
        assert len(pacs.received) == 2
        assert pacs.stores == 2
    finally:
        pacs.stop()


def test_a_delivery_is_given_up_and_shown(bench: Bench, tmp_path: Path) -> None:
    bench.desk = replace(bench.desk, patience=Patience(first_s=0.2, longest_s=0.4, give_up_after_s=0.5))
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["UNDELIVERABLE"], "the end")
    assert bench.kinds()[-1] == "DELIVERY_FAILED"


def test_an_operators_retry_brings_it_after_all(bench: Bench, tmp_path: Path) -> None:
    bench.desk = replace(bench.desk, patience=Patience(first_s=0.2, longest_s=0.4, give_up_after_s=0.5))
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["UNDELIVERABLE"], "the end")
    pacs = PracticePacs.start("PACS", port=bench.pacs_port)
    try:
        with bench.desk.database.transaction() as connection:
            studies.reopen_delivery(connection, ds.SOPInstanceUID, 1, "pacs", actor="test", now=datetime.now(UTC))
        wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
    finally:
        pacs.stop()


def test_a_refusal_is_sent_when_the_study_is_quiet(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path, ViewPosition="LL")
    bench.start()
    began = time.monotonic()
    bench.send(ds)
    wait(lambda: len(pacs.received) == 2, "refusal")
    assert time.monotonic() - began >= 0.5
    assert read_report(pacs.results_for(ds.SOPInstanceUID)["sr"])["reasons"] == ["BAA104"]


def test_a_refusal_is_dropped_when_another_image_of_the_study_was_read(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    good = hand_cr(tmp_path)
    bad = hand_cr(tmp_path, StudyInstanceUID=good.StudyInstanceUID, ViewPosition="LL", seed=2)
    bench.start()
    bench.send(bad)
    bench.send(good)
    wait(lambda: sorted(bench.states(good)) == ["DELIVERED", "DISMISSED"], "one result")
    time.sleep(0.5)
    assert len(pacs.received) == 2
    assert "REPORT_DISMISSED" in bench.kinds()


@pytest.mark.parametrize(("refusals", "sent"), [("sr", {"sr"}), ("picture", {"capture"}), ("both", {"sr", "capture"})])
def test_a_refusal_is_sent_as_the_administrator_wants_it(
    bench: Bench, pacs: PracticePacs, tmp_path: Path, refusals: str, sent: set[str]
) -> None:
    bench.make(refusals=REFUSALS[refusals])
    bad, good = hand_cr(tmp_path, ViewPosition="LL"), hand_cr(tmp_path)
    good.StudyInstanceUID, good.SOPInstanceUID = generate_uid(), generate_uid()
    good.file_meta.MediaStorageSOPInstanceUID = good.SOPInstanceUID
    bench.start()
    bench.send(bad)
    bench.send(good)
    wait(lambda: bench.states(bad) == bench.states(good) == ["DELIVERED"], "both delivered")
    assert set(pacs.results_for(bad.SOPInstanceUID)) == sent
    assert set(pacs.results_for(good.SOPInstanceUID)) == {"sr", "capture"}


def test_a_refusal_that_nobody_wants_stands_in_the_record_alone(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    bench.make(refusals=REFUSALS["none"])
    ds = hand_cr(tmp_path, ViewPosition="LL")
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["DISMISSED"], "the refusal settled")
    with bench.desk.database.reading() as connection:
        (reading,) = studies.show_study(connection, ds.StudyInstanceUID).readings
        assert reading.outcome is not None
        assert reading.outcome["reasons"] == ["BAA104"]
    assert bench.kinds()[-2:] == ["READING_REFUSED", "REPORT_DISMISSED"]
    assert pacs.stores == 0


def test_a_fault_of_ours_that_nobody_wants_to_get_is_set_aside_and_shown(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    bench.make(refusals=REFUSALS["none"])
    object.__setattr__(bench.desk.maker, "make", failing(1, ZeroDivisionError(), bench.desk.maker.make))
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["QUARANTINED"], "the reading set aside")
    assert pacs.stores == 0


def test_an_image_that_takes_too_long_is_refused(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    bench.desk = replace(bench.desk, policy=ReadingPolicy(gates=Gates(time_limit_s=1e-9)))
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: len(pacs.received) == 2, "refusal")
    assert read_report(pacs.results_for(ds.SOPInstanceUID)["sr"])["reasons"] == ["BAA116"]


def test_an_operators_order_gives_an_amended_report(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: len(pacs.received) == 2, "first report")
    first = pacs.results_for(ds.SOPInstanceUID)["sr"].SOPInstanceUID
    with bench.desk.database.transaction() as connection:
        studies.order_reading(connection, ds.SOPInstanceUID, actor="test", reason="check", now=NOW)
    wait(lambda: len(pacs.received) == 4, "second report")
    second = next(one for one in pacs.received.values() if one.get("PredecessorDocumentsSequence"))
    named = second.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert named.ReferencedSOPInstanceUID == first


def test_unparsable_bytes_in_the_spool_become_a_refusal(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path, PixelData=b"\0\0", SOPInstanceUID=generate_uid())
    bench.start()
    bench.send(ds)
    wait(lambda: len(pacs.received) == 2, "refusal")
    assert read_report(pacs.results_for(ds.SOPInstanceUID)["sr"])["reasons"] == ["BAA112"]


def test_a_failing_reader_is_reported_and_does_not_stop_the_next(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    ensemble = constant_ensemble()

    def fail(*_: object) -> None:
        raise RuntimeError("no such thing as a network")

    broken = replace(ensemble, members=(replace(ensemble.members[0], run=fail),))
    bench.desk = replace(bench.desk, ensemble=broken)
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: len(pacs.received) == 2, "refusal")
    assert read_report(pacs.results_for(ds.SOPInstanceUID)["sr"])["reasons"] == ["BAA115"]


def test_a_second_run_of_the_report_step_builds_nothing_anew(bench: Bench, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path)
    bench.send(ds)
    uid = ds.SOPInstanceUID
    bench.desk.read(uid, 1)
    bench.desk.report(uid, 1)
    with bench.desk.database.reading() as connection:
        before = studies.list_results(connection, uid, 1)
    bench.desk.read(uid, 1)
    bench.desk.report(uid, 1)
    with bench.desk.database.reading() as connection:
        assert studies.list_results(connection, uid, 1) == before
    assert bench.kinds().count("READING_DONE") == 1


@pytest.mark.parametrize("sex", ["F", ""])
def test_a_reading_recorded_before_the_queue_was_lost_is_finished(bench: Bench, pacs: PracticePacs, tmp_path: Path, sex: str) -> None:
    ds = hand_cr(tmp_path, sex=sex)
    bench.send(ds)
    assert bench.desk.read(ds.SOPInstanceUID, 1) is bool(sex)
    bench.start()
    wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
    assert len(pacs.received) == 2


@pytest.mark.parametrize(("waited_s", "pause_s"), [(0.1, 2.0), (2.0, 2.0), (4.0, 4.0), (8.0, 8.0), (86400.0, 3600.0)])
def test_pauses_grow_to_a_limit(waited_s: float, pause_s: float) -> None:
    assert Patience().pause_s(waited_s) == pause_s


def test_finished_work_is_forgotten_and_not_done_again(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
    assert bench.pipeline is not None
    assert bench.pipeline.forget_finished(NOW) == 0  # long ago
    wait(lambda: bench.pipeline.forget_finished(datetime.now(UTC)) >= 2, "the reading and its delivery forgotten")
    time.sleep(2)
    assert pacs.stores == 2


def transient(text: str) -> StoreError:
    error = StoreError(text)
    error.retry_helps = True
    return error


def failing(times: int, error: Exception, method: Callable[..., object]) -> Callable[..., object]:
    """Let a method fail so many times before it works."""
    left = [times]

    def sometimes(*arguments: object, **named: object) -> object:
        if left[0]:
            left[0] -= 1
            raise error
        return method(*arguments, **named)

    return sometimes


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps give up after two attempts, and what waits is tried again soon."""
    options = {"retries_allowed": True, "interval_seconds": 0.01, "max_attempts": 2, "should_retry": pipeline._may_pass}
    monkeypatch.setattr(pipeline, "_patient", lambda name: {"name": name, **options})
    monkeypatch.setattr(pipeline, "FIRST_PAUSE_S", 0.2)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("step", ["read", "report", "deliver", "look_for_receipt"])
@pytest.mark.parametrize("error", [SpoolError("the share is away"), transient("the database is away")], ids=["spool", "database"])
def test_what_is_away_for_long_is_waited_for(bench: Bench, pacs: PracticePacs, tmp_path: Path, step: str, error: Exception) -> None:
    object.__setattr__(bench.desk, step, failing(7, error, getattr(bench.desk, step)))
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
    assert pacs.stores == 2
    assert "READING_REFUSED" not in bench.kinds()


@pytest.mark.usefixtures("impatient")
def test_a_refusal_waits_for_what_is_away(bench: Bench, pacs: PracticePacs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "LONGEST_PAUSE_S", 0.3)
    object.__setattr__(bench.desk, "judge_refusal", failing(5, transient("away"), bench.desk.judge_refusal))
    ds = hand_cr(tmp_path, ViewPosition="LL")
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["DELIVERED"], "the refusal delivered")


def test_a_report_that_cannot_be_built_becomes_a_refusal(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    object.__setattr__(bench.desk.maker, "make", failing(1, ZeroDivisionError(), bench.desk.maker.make))
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["DELIVERED"], "a refusal delivered")
    (report,) = [one for one in pacs.received.values() if one.Modality == "SR"]
    assert read_report(report)["reasons"] == ["BAA115"]


def test_where_not_even_a_refusal_can_be_built_the_reading_is_set_aside_and_shown(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    object.__setattr__(bench.desk.maker, "make", failing(2, ZeroDivisionError(), bench.desk.maker.make))
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["QUARANTINED"], "the reading set aside")
    assert "READING_QUARANTINED" in bench.kinds()
    assert pacs.stores == 0


def test_a_delivery_that_fails_here_is_given_up_and_shown(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    object.__setattr__(bench.desk, "deliver", failing(1, ZeroDivisionError(), bench.desk.deliver))
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["UNDELIVERABLE"], "the end")
    assert "DELIVERY_FAILED" in bench.kinds()
