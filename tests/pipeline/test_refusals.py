"""Refusals on their way: when one is sent, in which form, and what becomes one."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.uid import generate_uid

from baa_node.core.gates.limits import Gates
from baa_node.core.objects.findings import read_report
from baa_node.core.reading import ReadingPolicy
from baa_node.db import studies
from baa_node.dicom.practice import PracticePacs
from baa_node.sections import REFUSALS
from baa_node.steps import Verdict
from tests.parts.hands import constant_ensemble, hand_cr
from tests.parts.workbench import Bench, wait


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


@pytest.mark.parametrize(("view", "verdict"), [("PA", Verdict.DISMISS), ("LL", Verdict.SEND)])
def test_a_refusal_waits_for_images_of_the_study_that_wait_to_be_read(bench: Bench, tmp_path: Path, view: str, verdict: Verdict) -> None:
    other = hand_cr(tmp_path, ViewPosition=view)
    bad = hand_cr(tmp_path, StudyInstanceUID=other.StudyInstanceUID, ViewPosition="LL", seed=2)
    bench.desk = replace(bench.desk, study_quiet_s=0)
    bench.send(bad)
    bench.send(other)
    bench.desk.read(bad.SOPInstanceUID, 1)
    waits, pause_s = bench.desk.judge_refusal(bad.SOPInstanceUID, 1)
    assert (waits, pause_s > 0) == (Verdict.WAIT, True)
    bench.desk.read(other.SOPInstanceUID, 1)
    assert bench.desk.judge_refusal(bad.SOPInstanceUID, 1)[0] is verdict


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


def test_an_image_that_takes_too_long_is_refused(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    bench.desk = replace(bench.desk, policy=ReadingPolicy(gates=Gates(time_limit_s=1e-9)))
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: len(pacs.received) == 2, "refusal")
    assert read_report(pacs.results_for(ds.SOPInstanceUID)["sr"])["reasons"] == ["BAA116"]


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
