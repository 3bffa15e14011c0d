"""The search for earlier assessments behind a reading: the own record, willing peers, slow ones, silent ones and liars."""

from __future__ import annotations

import io
import logging
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from baa_node import priors
from baa_node.core.objects.findings import read_report
from baa_node.core.picture import draw_picture
from baa_node.core.radiograph import from_dataset
from baa_node.core.record import from_json
from baa_node.db import audit, peers, studies
from baa_node.dicom.practice import PracticePacs
from baa_node.priors import PriorSearch
from baa_node.sections import PriorsSection
from tests.parts.hands import constant_ensemble, hand_cr
from tests.parts.prior_reports import PriorArchive, prior_report
from tests.parts.report import named
from tests.parts.results import DEVICE
from tests.parts.times import NOW
from tests.parts.watch import Moment, own_s
from tests.parts.workbench import Bench, wait

COMMENT = ("121106", "DCM")


@pytest.fixture
def searching(bench: Bench) -> Bench:
    """A node that looks for earlier assessments."""
    bench.desk = replace(bench.desk, priors=PriorSearch(bench.desk.database, bench.desk.endpoint, wait_s=3.0))
    return bench


@pytest.fixture
def archive(searching: Bench) -> Iterator[PriorArchive]:
    """A peer that may be asked."""
    with PriorArchive() as archive:
        admit(searching, archive.port)
        yield archive


def admit(bench: Bench, port: int) -> None:
    archive = peers.Peer(
        name="archive", ae_title="ARCHIVE", host="127.0.0.1", port=port, source=False, destination=False, tls=False, query=True
    )
    with bench.desk.database.transaction() as connection:
        peers.add_peer(connection, archive, actor="test", now=NOW)


def reading(bench: Bench, ds: Dataset, revision: int = 1) -> None:
    """Take one image from its arrival to its stored report."""
    if revision == 1:
        assert bench.send(ds) == 0
    bench.desk.read(ds.SOPInstanceUID, revision)
    bench.desk.report(ds.SOPInstanceUID, revision)


def report_of(bench: Bench, ds: Dataset, revision: int = 1) -> Dataset:
    with bench.desk.database.reading() as connection:
        results = studies.list_results(connection, ds.SOPInstanceUID, revision)
    (path,) = [one.path for one in results if one.kind == "sr" and one.rank == 0]
    return parsed(bench.desk.spool.read(path))


def parsed(content: bytes) -> Dataset:
    return dcmread(io.BytesIO(content))


def comments(report: Dataset) -> list[str]:
    return [str(item.TextValue) for item in named(report, COMMENT)]


def told(report: Dataset) -> list[str]:
    return [line for line in comments(report) if line.startswith("Earlier:")]


def queries(bench: Bench) -> list[dict[str, Any]]:
    with bench.desk.database.reading() as connection:
        return [event.detail for event in audit.list_events(connection, limit=1000) if event.kind == "PEER_QUERIED"]


def first_and_second(folder: Path, **second: object) -> tuple[Dataset, Dataset]:
    """Images of one patient, a year apart."""
    first = hand_cr(folder, StudyDate="20240102")
    return first, hand_cr(folder, StudyDate="20250102", **second)


def test_a_second_examination_names_the_first(searching: Bench, tmp_path: Path) -> None:
    first, second = first_and_second(tmp_path)
    reading(searching, first)
    reading(searching, second)
    before, report = report_of(searching, first), report_of(searching, second)
    assert "PertinentOtherEvidenceSequence" not in before
    (study,) = report.PertinentOtherEvidenceSequence
    assert study.StudyInstanceUID == first.StudyInstanceUID
    assert study.ReferencedSeriesSequence[0].SeriesInstanceUID == before.SeriesInstanceUID
    assert study.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == before.SOPInstanceUID
    assert told(report) == ["Earlier: 2024-01-02, bone age 118.0 mo at 108.0 mo (constant 1)."]
    with searching.desk.database.reading() as connection:
        (earlier,) = studies.get_reading(connection, second.SOPInstanceUID, 1).earlier
    assert (earlier.sop_instance_uid, earlier.bone_age_months) == (before.SOPInstanceUID, 118.0)


def test_the_picture_shows_the_first(searching: Bench, tmp_path: Path) -> None:
    first, second = first_and_second(tmp_path)
    reading(searching, first)
    reading(searching, second)
    with searching.desk.database.reading() as connection:
        outcome = studies.get_outcome(connection, second.SOPInstanceUID, 1)
        named_ones = studies.get_reading(connection, second.SOPInstanceUID, 1).earlier
        (path,) = [one.path for one in studies.list_results(connection, second.SOPInstanceUID, 1) if one.kind == "capture"]
    assert outcome is not None
    sent = parsed(searching.desk.spool.read(path)).pixel_array
    pixels = from_dataset(second).pixels
    drawn = {
        with_them: draw_picture(pixels, from_json(outcome), version=DEVICE.version, earlier=named_ones[:with_them]) for with_them in (0, 1)
    }
    assert np.array_equal(sent, drawn[1])
    assert not np.array_equal(sent, drawn[0])


def test_an_implausible_change_is_a_caution_of_the_report(searching: Bench, tmp_path: Path) -> None:
    first, second = first_and_second(tmp_path)
    searching.desk = replace(searching.desk, ensemble=constant_ensemble(180.0))
    reading(searching, first)
    searching.desk = replace(searching.desk, ensemble=constant_ensemble(110.0))
    reading(searching, second)
    assert any(
        line.startswith("Bone age fell by 70.0 months in the 12.0 months since 2024-01-02")
        for line in comments(report_of(searching, second))
    )


def test_a_change_of_sex_and_hand_is_told(searching: Bench, tmp_path: Path) -> None:
    first = hand_cr(tmp_path, sex="M", StudyDate="20240102", ImageLaterality="R")
    second = hand_cr(tmp_path, StudyDate="20250102", ImageLaterality="L")
    reading(searching, first)
    reading(searching, second)
    assert [line for line in comments(report_of(searching, second)) if "other" in line] == [
        "The assessment of 2024-01-02 was made for the other sex: check the patient's identity.",
        "The assessment of 2024-01-02 is of the other hand.",
    ]


def test_a_change_of_birth_date_is_told_and_the_bone_ages_are_not_compared(searching: Bench, tmp_path: Path) -> None:
    first = hand_cr(tmp_path, StudyDate="20240102", PatientBirthDate="20150301")
    second = hand_cr(tmp_path, StudyDate="20250102")
    searching.desk = replace(searching.desk, ensemble=constant_ensemble(180.0))
    reading(searching, first)
    searching.desk = replace(searching.desk, ensemble=constant_ensemble(110.0))
    reading(searching, second)
    report = report_of(searching, second)
    assert [line for line in comments(report) if "2024-01-02" in line and not line.startswith("Earlier:")] == [
        "The assessment of 2024-01-02 was made with another birth date: check the patient's identity.",
    ]
    assert len(told(report)) == 1
    assert named(report, ("BAA006", "99BAANODE")) == []


@pytest.mark.parametrize("change", [{"PatientID": "somebody else"}, {"IssuerOfPatientID": "elsewhere"}, {"PatientID": ""}])
def test_other_patients_are_not_found(searching: Bench, tmp_path: Path, change: dict[str, str]) -> None:
    first, second = first_and_second(tmp_path, **change)
    reading(searching, first)
    reading(searching, second)
    assert told(report_of(searching, second)) == []


def test_a_refusal_and_an_earlier_revision_do_not_count(searching: Bench, tmp_path: Path) -> None:
    first, second = first_and_second(tmp_path)
    reading(searching, hand_cr(tmp_path, StudyDate="20230102", ViewPosition="LL"))
    reading(searching, first)
    with searching.desk.database.transaction() as connection:
        studies.order_reading(connection, first.SOPInstanceUID, actor="test", reason="check", now=NOW)
    searching.desk = replace(searching.desk, ensemble=constant_ensemble(121.0))
    reading(searching, first, revision=2)
    reading(searching, second)
    assert told(report_of(searching, second)) == ["Earlier: 2024-01-02, bone age 121.0 mo at 108.0 mo (constant 1)."]


def test_neither_number_nor_name_is_in_record_or_trail(searching: Bench, tmp_path: Path, archive: PriorArchive) -> None:
    first, second = first_and_second(tmp_path, PatientID="SECRET-4711", PatientName="Secret^Name")
    reading(searching, second)
    files = [path.read_bytes() for path in searching.folder.glob("node.db*")]
    assert files
    assert not any(b"SECRET-4711" in content or b"Secret^Name" in content for content in files)
    assert first.PatientID != second.PatientID


def test_a_peers_report_is_fetched_and_named(searching: Bench, archive: PriorArchive, tmp_path: Path) -> None:
    _, second = first_and_second(tmp_path)
    theirs = prior_report(second, StudyDate="20240102", months=107.0)
    archive.hold(theirs)
    reading(searching, second)
    report = report_of(searching, second)
    assert told(report) == ["Earlier: 2024-01-02, bone age 107.0 mo at 108.0 mo (Other maker Other reader 2)."]
    named_report = report.PertinentOtherEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert named_report.ReferencedSOPInstanceUID == theirs.SOPInstanceUID
    (query,) = queries(searching)
    assert (query["found"], query["fetched"], query["used"], query["error"]) == (1, 1, 1, None)
    assert not any("archive" in line for line in comments(report))


def test_what_both_know_of_one_study_is_told_once(searching: Bench, archive: PriorArchive, tmp_path: Path) -> None:
    first, second = first_and_second(tmp_path)
    reading(searching, first)
    archive.hold(report_of(searching, first))
    reading(searching, second)
    assert len(told(report_of(searching, second))) == 1


LIES = {
    "other patient": {"PatientID": "somebody else"},
    "other birth date": {"PatientBirthDate": "20150202"},
    "no birth date": {"PatientBirthDate": ""},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_report_of_another_patient_is_not_believed(
    searching: Bench, archive: PriorArchive, tmp_path: Path, lie: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    _, second = first_and_second(tmp_path)
    archive.hold(prior_report(second, StudyDate="20240102", months=50.0, **lie), found_as=second.PatientID)
    with caplog.at_level(logging.INFO, "baa_node.priors"):
        reading(searching, second)
    assert told(report_of(searching, second)) == []
    assert caplog.messages == ["report from archive ignored: other patient"]
    assert queries(searching)[0]["fetched"] == 1


@pytest.mark.parametrize("silence", ["accepts nothing", "answers no query", "sends no object"])
def test_a_peer_that_never_answers_delays_nothing_beyond_the_time(searching: Bench, tmp_path: Path, silence: str) -> None:
    _, second = first_and_second(tmp_path)
    with silent(silence, second) as port:
        admit(searching, port)
        waits = waiting(searching)
        reading(searching, second)
    assert waits[0].s > 2.4
    assert waits[0].own_s < 5
    report = report_of(searching, second)
    assert any("Not every archive" in line for line in comments(report))
    assert read_report(report)["bone_age_months"] == 118.0
    (query,) = queries(searching)
    assert query["error"]
    third = hand_cr(tmp_path, StudyDate="20250103")
    reading(searching, third)
    assert waits[1].own_s < 1  # the peer is left alone for a while
    assert len(queries(searching)) == 1
    assert any("Not every archive" in line for line in comments(report_of(searching, third)))


def test_as_it_comes_a_silent_peer_delays_a_report_by_two_seconds_and_no_more(bench: Bench, tmp_path: Path) -> None:
    bench.desk = replace(bench.desk, priors=PriorSearch(bench.desk.database, bench.desk.endpoint, wait_s=PriorsSection().wait_s))
    waits = waiting(bench)
    ds = hand_cr(tmp_path)
    with silent("accepts nothing", ds) as port:
        admit(bench, port)
        reading(bench, ds)
    (waited,) = waits
    assert waited.s > 1.5
    assert waited.own_s < 2.5  # half a second for the threads on a busy machine
    assert any("Not every archive" in line for line in comments(report_of(bench, ds)))


@dataclass(frozen=True)
class Wait:
    """How long a report waited for peers: by the clock, and of the time that this machine had for itself."""

    s: float
    own_s: float


def waiting(bench: Bench) -> list[Wait]:
    """What each report waits for peers, from now on."""
    assert bench.desk.priors is not None
    taken: list[Wait] = []
    ask = bench.desk.priors._ask

    def timed(*arguments: Any) -> Any:
        began = Moment()
        try:
            return ask(*arguments)
        finally:
            taken.append(Wait(time.monotonic() - began.at, own_s(began)))

    bench.desk.priors._ask = timed  # type: ignore[method-assign]
    return taken


class silent:  # noqa: N801 - reads as what it is
    """A peer that stops answering at some point."""

    def __init__(self, silence: str, ds: Dataset) -> None:
        self._archive = PriorArchive()
        self._listening: socket.socket | None = None
        if silence == "accepts nothing":
            self._listening = socket.create_server(("127.0.0.1", 0))
        elif silence == "answers no query":
            self._archive.before_find = threading.Event()
        else:
            self._archive.before_store = threading.Event()
            self._archive.hold(prior_report(ds, StudyDate="20240102", months=107.0))

    def __enter__(self) -> int:
        if self._listening is not None:
            return int(self._listening.getsockname()[1])
        self._archive.__enter__()
        return self._archive.port

    def __exit__(self, *_: object) -> None:
        if self._listening is not None:
            self._listening.close()
            return
        self._archive.__exit__()


def test_what_came_in_time_is_used_though_the_rest_did_not(searching: Bench, archive: PriorArchive, tmp_path: Path) -> None:
    _, second = first_and_second(tmp_path)
    archive.hold(prior_report(second, StudyDate="20240102", months=107.0))
    archive.hold(prior_report(second, StudyDate="20230102", months=97.0))
    archive.before_store = threading.Event()
    archive.free_stores = 1
    reading(searching, second)
    archive.before_store.set()
    report = report_of(searching, second)
    assert len(told(report)) == 1
    assert any("Not every archive" in line for line in comments(report))


def test_nobody_is_asked_when_told_so_or_when_nothing_could_be_believed(searching: Bench, archive: PriorArchive, tmp_path: Path) -> None:
    reading(searching, hand_cr(tmp_path, StudyDate="20250102", PatientBirthDate=""))
    reading(searching, hand_cr(tmp_path, StudyDate="20250102", PatientID="4*"))
    reading(searching, hand_cr(tmp_path, StudyDate="20250102", ViewPosition="LL"))
    never = PriorSearch(searching.desk.database, searching.desk.endpoint, wait_s=0)
    searching.desk = replace(searching.desk, priors=never)
    reading(searching, hand_cr(tmp_path, StudyDate="20250102"))
    assert queries(searching) == []
    assert archive.asked == 0


def test_a_fault_of_ours_is_no_reason_to_have_no_report(
    searching: Bench, archive: PriorArchive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(priors, "fetch_reports", fail)
    _, second = first_and_second(tmp_path)
    reading(searching, second)
    assert read_report(report_of(searching, second))["bone_age_months"] == 118.0
    assert queries(searching)[0]["error"] == "ZeroDivisionError"


def test_through_the_whole_line(searching: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    first, second = first_and_second(tmp_path)
    searching.start()
    searching.send(first)
    wait(lambda: searching.states(first) == ["DELIVERED"], "the first result")
    searching.send(second)
    wait(lambda: searching.states(second) == ["DELIVERED"], "the second result")
    sent = pacs.results_for(second.SOPInstanceUID)["sr"]
    assert told(sent) == ["Earlier: 2024-01-02, bone age 118.0 mo at 108.0 mo (constant 1)."]
