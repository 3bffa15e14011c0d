"""Asking a peer for earlier reports: what is asked, what is taken, and how little a bad peer can do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.presentation import build_context

from baa_node.dicom.commitment import NotOfferedError
from baa_node.dicom.query import MOST_ANSWERS, Fetched, Limits, Wanted, fetch_reports
from baa_node.dicom.scu import Endpoint
from baa_node.errors import DeliveryError
from tests.parts.prior_reports import CLASSES, FIND, GET, PriorArchive, prior_report
from tests.parts.programs import free_port
from tests.parts.results import full_dx
from tests.parts.watch import Moment, own_s

WANTED = Wanted(patient_id="4711", issuer="Example hospital", until=date(2025, 1, 2))
PATIENT = full_dx()


@pytest.fixture
def archive() -> Iterator[PriorArchive]:
    with PriorArchive() as archive:
        yield archive


def endpoint(port: int) -> Endpoint:
    return Endpoint(ae_title="ARCHIVE", host="127.0.0.1", port=port, calling_ae="BAA_NODE")


def fetch(archive: PriorArchive, limits: Limits | None = None, wanted: Wanted = WANTED) -> Fetched:
    fetched = Fetched()
    fetch_reports(endpoint(archive.port), wanted, fetched, limits or Limits(wait_s=20))
    return fetched


def test_every_report_of_the_patient_comes(archive: PriorArchive) -> None:
    reports = [prior_report(PATIENT, months=months, StudyDate=f"20{months}0101") for months in (18, 19, 20)]
    for ds in reports:
        archive.hold(ds)
    archive.hold(prior_report(PATIENT, PatientID="another"))
    fetched = fetch(archive)
    assert fetched.found == 3
    assert [ds.StudyDate for ds in fetched.reports] == ["20200101", "20190101", "20180101"]
    assert {ds.SOPInstanceUID for ds in fetched.reports} == {ds.SOPInstanceUID for ds in reports}


def test_the_question_names_patient_issuer_and_last_day() -> None:
    asked: list[Dataset] = []

    def find(event: evt.Event) -> Iterator[tuple[int, None]]:
        asked.append(event.identifier)
        yield from ()

    with peer([FIND, GET], find=find) as port:
        fetch_reports(endpoint(port), WANTED, Fetched(), Limits(wait_s=20))
    (question,) = asked
    assert (question.QueryRetrieveLevel, question.PatientID, question.IssuerOfPatientID) == ("STUDY", "4711", "Example hospital")
    assert (question.StudyDate, question.ModalitiesInStudy) == ("-20250102", "SR")


def test_a_number_in_another_script_is_declared() -> None:
    asked: list[Dataset] = []

    def find(event: evt.Event) -> Iterator[tuple[int, None]]:
        asked.append(event.identifier)
        yield from ()

    wanted = Wanted(patient_id="患者1", issuer="", until=date(2025, 1, 2))
    with peer([FIND, GET], find=find) as port:
        fetch_reports(endpoint(port), wanted, Fetched(), Limits(wait_s=20))
    assert (asked[0].SpecificCharacterSet, asked[0].PatientID) == ("ISO_IR 192", "患者1")


@pytest.mark.parametrize(("number", "one"), [("4711", True), ("4*", False), ("471?", False), ("47\\11", False), ("", False)])
def test_a_wild_card_is_not_one_patient(number: str, one: bool) -> None:
    assert Wanted(patient_id=number, issuer="", until=date(2025, 1, 2)).is_one_patient is one
    assert Wanted(patient_id="4711", issuer=number, until=date(2025, 1, 2)).is_one_patient is (one or number == "")


@pytest.mark.parametrize("classes", [[FIND], [GET], []])
def test_a_peer_without_both_services_is_told_apart(classes: list[str]) -> None:
    with PriorArchive(*(classes or ["1.2.840.10008.1.1"])) as archive:
        archive.hold(prior_report(PATIENT, StudyDate="20200101", months=98.0))
        with pytest.raises(NotOfferedError, match=r"offers no .*(GET|FIND)"):
            fetch(archive)


def test_no_more_than_the_limits_allow(archive: PriorArchive) -> None:
    for day in range(1, 8):
        archive.hold(prior_report(PATIENT, StudyDate=f"2020010{day}", months=98.0))
    few = fetch(archive, Limits(wait_s=20, objects=3))
    assert [ds.StudyDate for ds in few.reports] == ["20200107", "20200106", "20200105"]
    assert len(fetch(archive, Limits(wait_s=20, studies=2)).reports) == 2


def test_an_object_beyond_the_limit_is_left_and_the_others_come(archive: PriorArchive) -> None:
    huge = prior_report(PATIENT, StudyDate="20200102", months=98.0)
    huge.add_new(0x00420011, "OB", bytes(60_000))
    archive.hold(huge)
    archive.hold(prior_report(PATIENT, StudyDate="20200101", months=98.0))
    fetched = fetch(archive, Limits(wait_s=20, object_bytes=40_000))
    assert [ds.StudyDate for ds in fetched.reports] == ["20200101"]
    assert fetched.found == 2


def test_one_that_never_ends_ends_the_association(archive: PriorArchive) -> None:
    endless = prior_report(PATIENT, StudyDate="20200102", months=98.0)
    endless.add_new(0x00420011, "OB", bytes(1_000_000))
    archive.hold(endless)
    with pytest.raises(DeliveryError):
        fetch(archive, Limits(wait_s=20, object_bytes=40_000))


def test_all_together_stay_within_the_total(archive: PriorArchive) -> None:
    for day in range(1, 6):
        ds = prior_report(PATIENT, StudyDate=f"2020010{day}", months=98.0)
        ds.add_new(0x00420011, "OB", bytes(30_000))
        archive.hold(ds)
    assert len(fetch(archive, Limits(wait_s=20, total_bytes=100_000)).reports) in {2, 3}


def test_time_is_up_for_a_peer_that_trickles(archive: PriorArchive) -> None:
    archive.hold(prior_report(PATIENT, StudyDate="20200101", months=98.0))
    archive.before_find = threading.Event()
    began = Moment()
    with pytest.raises(DeliveryError, match=r"no answer|not done in time"):
        fetch(archive, Limits(wait_s=0.5))
    assert own_s(began) < 3


def test_nobody_there_is_told() -> None:
    with pytest.raises(DeliveryError, match="refuses connections"):
        fetch_reports(endpoint(free_port()), WANTED, Fetched())


class peer:  # noqa: N801 - reads as what it is
    """A provider whose answers are the test's."""

    def __init__(self, classes: list[str], **handlers: Any) -> None:
        ae = AE("ARCHIVE")
        ae.supported_contexts = [build_context(one) for one in classes]
        for sop_class in CLASSES:
            ae.add_supported_context(sop_class, scu_role=True, scp_role=True)
        events = {"find": evt.EVT_C_FIND, "get": evt.EVT_C_GET}
        self._server = ae.start_server(
            ("127.0.0.1", 0), block=False, evt_handlers=[(events[name], handler) for name, handler in handlers.items()]
        )

    def __enter__(self) -> int:
        return int(self._server.socket.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()


def answering(**answer: object) -> Any:
    def find(event: evt.Event) -> Iterator[tuple[int, Dataset]]:
        ds = Dataset()
        ds.QueryRetrieveLevel = event.identifier.QueryRetrieveLevel
        for keyword, value in answer.items():
            setattr(ds, keyword, value)
        yield 0xFF00, ds

    return find


def test_a_failed_query_is_told_with_its_status() -> None:
    def find(event: evt.Event) -> Iterator[tuple[int, None]]:
        yield 0xA700, None

    with peer([FIND, GET], find=find) as port, pytest.raises(DeliveryError, match="0xA700"):
        fetch_reports(endpoint(port), WANTED, Fetched(), Limits(wait_s=20))


def test_an_answer_about_somebody_else_is_not_followed() -> None:
    fetched = Fetched()
    with peer([FIND, GET], find=answering(PatientID="4712", StudyInstanceUID="1.2.3")) as port:
        fetch_reports(endpoint(port), WANTED, fetched, Limits(wait_s=20))
    assert (fetched.found, fetched.reports) == (0, [])


def test_answers_without_end_are_not_read_to_it() -> None:
    def find(event: evt.Event) -> Iterator[tuple[int, Dataset]]:
        for number in range(MOST_ANSWERS + 10):
            ds = Dataset()
            ds.StudyInstanceUID = f"1.2.{number}"
            yield 0xFF00, ds

    with peer([FIND, GET], find=find) as port, pytest.raises(DeliveryError, match="more than 500 answers"):
        fetch_reports(endpoint(port), WANTED, Fetched(), Limits(wait_s=30))


def test_what_is_no_report_is_not_fetched() -> None:
    fetched = Fetched()
    dose = answering(
        StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.4", SOPInstanceUID="1.2.5", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.67"
    )
    with peer([FIND, GET], find=dose) as port:
        fetch_reports(endpoint(port), WANTED, fetched, Limits(wait_s=20))
    assert fetched.found == 0
