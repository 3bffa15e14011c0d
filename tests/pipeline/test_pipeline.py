"""The durable walk behind intake: real database, spool, engine and an in-process PACS; only the network is a stand-in."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from baa_node.core.objects.findings import read_report
from baa_node.core.words import Language
from baa_node.db import audit, peers, studies
from baa_node.dicom import scp
from baa_node.dicom.practice import PracticePacs
from tests.db import made
from tests.parts.hands import hand_cr
from tests.parts.times import NOW
from tests.parts.workbench import Bench, wait


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


def test_each_destination_gets_the_page_or_not_as_it_wants(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    ward = PracticePacs.start("WARD")
    with bench.desk.database.transaction() as connection:
        printing = made.peer("ward", host="127.0.0.1", port=ward.port, source=False, wants=("sr", "pdf"))
        peers.add_peer(connection, printing, actor="test", now=NOW)
        archive = replace(peers.get_peer(connection, "pacs"), wants=("sr", "picture"), route_to=("pacs", "ward"))
        peers.edit_peer(connection, "pacs", archive, actor="test", now=NOW)
    bench.make(pdf=True)
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery to both")
    ward.stop()
    assert set(pacs.results_for(ds.SOPInstanceUID)) == {"sr", "capture"}
    assert set(ward.results_for(ds.SOPInstanceUID)) == {"sr", "pdf"}


@pytest.mark.parametrize("view", ["PA", "LL"], ids=["assessed", "refused"])
def test_nobody_s_name_or_number_is_in_the_picture(bench: Bench, pacs: PracticePacs, tmp_path: Path, view: str) -> None:
    """Two children of the same age with the same film: nothing of who they are may make their pictures differ."""
    whose = (
        {"PatientName": "Doe^Jane", "PatientID": "4711", "AccessionNumber": "A-1", "StudyID": "S-1", "ReferringPhysicianName": "House^G"},
        {"PatientName": "Roe^Anna", "PatientID": "0815", "AccessionNumber": "B-2", "StudyID": "T-2", "ReferringPhysicianName": "Who^D"},
    )
    films = [hand_cr(tmp_path, ViewPosition=view, StudyDate=f"2025010{place}", **one) for place, one in enumerate(whose, start=2)]
    films[1].PatientBirthDate = "20150102"
    bench.start()
    for film in films:
        bench.send(film)
    wait(lambda: [bench.states(film) for film in films] == [["DELIVERED"]] * 2, "both results")
    one, other = (pacs.results_for(film.SOPInstanceUID)["capture"] for film in films)
    assert one.PatientName != other.PatientName
    assert one.PixelData == other.PixelData


def test_what_arrived_while_nothing_ran_is_taken_up(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path)
    bench.send(ds)
    bench.start()
    wait(lambda: len(pacs.received) == 2, "results")


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
