"""What the node promises around a reading: patience, admission, once and only once, nothing of its own, a trail of it all."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest

from tests.parts.dcmtk import dciodvfy_errors, echoscu, storescp, storescu
from tests.parts.images import copy_in_new_study
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.programs import eventually, free_port
from tests.parts.report import CONCLUSION, bone_age_months, evidence, named

LATE_S = 15.0


@pytest.fixture
def fresh(hand: Path, tmp_path: Path) -> Path:
    """A hand that nobody has seen before."""
    return copy_in_new_study(hand, tmp_path / "fresh.dcm")


def uids(path: Path) -> tuple[str, str]:
    """Study and SOP Instance UID of a file."""
    ds = pydicom.dcmread(path, stop_before_pixels=True)
    return str(ds.StudyInstanceUID), str(ds.SOPInstanceUID)


def events(node: Node, **chosen: str) -> list[dict[str, Any]]:
    """Audit events, oldest first; keywords are options of ``audit list``."""
    options = [word for name, value in chosen.items() for word in (f"--{name}", value)]
    found: list[dict[str, Any]] = node.json("audit", "list", "--limit", "10000", *options)
    return found


def kinds(node: Node, **chosen: str) -> list[str]:
    return [event["kind"] for event in events(node, **chosen)]


def test_a_pacs_that_comes_late_gets_its_report(fresh: Path, tmp_path: Path) -> None:
    node = Node(tmp_path / "node", PIPELINE__RETRY_LONGEST_S=5)
    port = free_port()
    node.add_peer("pacs", Orthanc.ae_title, port)
    study, _ = uids(fresh)
    with node.start():
        assert storescu(node.port, fresh).returncode == 0
        time.sleep(LATE_S)
        assert "DELIVERY_ATTEMPT" in kinds(node, study=study)
        with Orthanc(tmp_path / "orthanc", node_port=node.port, port=port) as orthanc:
            assert bone_age_months(orthanc.report_in(study, timeout_s=60)) is not None
            orthanc.capture_in(study)


def test_a_site_gets_its_reports_in_its_language(fresh: Path, tmp_path: Path) -> None:
    node = Node(tmp_path / "node", REPORT__LANGUAGE="pt")
    with storescp(tmp_path / "received") as port:
        node.add_peer("pacs", "STORESCU", port)
        with node.start():
            assert storescu(node.port, fresh, calling="STORESCU").returncode == 0
            eventually(lambda: any(tmp_path.glob("received/SR*")), what="a report", timeout_s=60)
            report = pydicom.dcmread(next(tmp_path.glob("received/SR*")))
    assert str(named(report, CONCLUSION)[0].TextValue).startswith("Idade óssea ")
    assert dciodvfy_errors(next(tmp_path.glob("received/SR*"))) == []


def test_an_unknown_caller_is_shown_and_admitted_without_a_restart(node: Node, orthanc: Orthanc, fresh: Path) -> None:
    rejected = echoscu(node.port, calling="STRANGER")
    assert rejected.returncode != 0
    assert "Calling AE Title Not Recognized" in rejected.stdout
    shown = node.cli("peers", "list").stdout
    command = re.search(r"baa-node .*peers add .*STRANGER.*", shown)
    assert command is not None, shown
    admitted = node.run_line(command[0])
    assert admitted.returncode == 0, admitted.stdout
    assert echoscu(node.port, calling="STRANGER").returncode == 0
    assert "STRANGER" in [event["actor"] for event in events(node, kind="ASSOCIATION_REFUSED")]
    assert kinds(node, kind="PEER_ADDED")
    assert storescu(node.port, fresh, calling="STRANGER").returncode == 0
    assert bone_age_months(orthanc.report_in(uids(fresh)[0])) is not None  # the PACS is the only destination


def test_a_wrong_called_title_is_rejected_with_that_reason(node: Node) -> None:
    assert "Called AE Title Not Recognized" in echoscu(node.port, called="SOMEBODY").stdout


def test_the_same_instance_again_gives_no_second_result(node: Node, orthanc: Orthanc, fresh: Path) -> None:
    study, instance = uids(fresh)
    for _ in range(3):
        assert storescu(node.port, fresh).returncode == 0
    orthanc.report_in(study)
    orthanc.capture_in(study)
    assert storescu(node.port, fresh).returncode == 0
    assert orthanc.stays(2, study, for_s=2.0)
    assert kinds(node, subject=instance).count("READING_DONE") == 1


def test_the_same_uid_with_other_content_is_quarantined_and_shown(node: Node, orthanc: Orthanc, fresh: Path) -> None:
    study, instance = uids(fresh)
    assert storescu(node.port, fresh).returncode == 0
    orthanc.capture_in(study)
    ds = pydicom.dcmread(fresh)
    ds.PatientID = "SOMEBODY-ELSE"
    ds.save_as(fresh)
    answer = storescu(node.port, fresh)
    assert answer.returncode != 0
    assert "0x111" in answer.stdout  # PS3.7 C.5.1: duplicate SOP instance
    assert orthanc.stays(2, study, for_s=2.0)
    assert "INSTANCE_CONFLICT" in kinds(node, subject=instance)
    assert "quarantine" in node.cli("studies", "show", study).stdout.lower()


@pytest.fixture
def open_minded(tmp_path: Path) -> Iterator[tuple[Orthanc, Node]]:
    """A node that takes secondary captures, and with them what it drew itself."""
    node = Node(tmp_path / "node", NODE__SECONDARY_CAPTURE="true")
    with Orthanc(tmp_path / "orthanc", node_port=node.port) as orthanc:
        node.add_peer("pacs", orthanc.ae_title, orthanc.port)
        with node.start():
            yield orthanc, node


def test_its_own_output_is_never_read(open_minded: tuple[Orthanc, Node], fresh: Path) -> None:
    orthanc, node = open_minded
    study, _ = uids(fresh)
    assert orthanc.send_to_node(orthanc.upload(fresh))["FailedInstancesCount"] == 0
    drawn = orthanc.capture_in(study)
    (identifier,) = orthanc.find(SOPInstanceUID=drawn.SOPInstanceUID)
    assert orthanc.send_to_node(identifier)["FailedInstancesCount"] == 0
    assert orthanc.stays(3, study, for_s=3.0)
    (ignored,) = events(node, subject=drawn.SOPInstanceUID, kind="INSTANCE_DUPLICATE")
    assert ignored["detail"]["own"] is True
    assert kinds(node, kind="INSTANCE_RECEIVED") == ["INSTANCE_RECEIVED"]


def test_the_trail_tells_the_whole_story(node: Node, orthanc: Orthanc, fresh: Path) -> None:
    study, instance = uids(fresh)
    assert storescu(node.port, fresh).returncode == 0
    orthanc.capture_in(study)
    story = ["INSTANCE_RECEIVED", "READING_DONE", "REPORT_STORED", "DELIVERY_DONE"]
    eventually(lambda: "DELIVERY_DONE" in kinds(node, study=study), what="the end of the delivery")
    assert [kind for kind in dict.fromkeys(kinds(node, study=study)) if kind in story] == story
    assert {instance} < {event["subject"] for event in events(node, study=study)}
    assert node.cli("audit", "verify").returncode == 0


def test_a_person_finds_the_study(node: Node, orthanc: Orthanc, fresh: Path) -> None:
    study, instance = uids(fresh)
    assert storescu(node.port, fresh).returncode == 0
    report = orthanc.report_in(study)
    assert evidence(report) == [(study, instance)]
    assert study in [one["study_instance_uid"] for one in node.json("studies", "list")]
    assert study in node.cli("studies", "list").stdout
    shown: dict[str, Any] = node.json("studies", "show", study)
    assert instance in str(shown)


def test_health_is_told_over_http(node: Node) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        assert node.http(path).status_code == 200


def test_sigterm_ends_it_cleanly_and_it_comes_back(fresh: Path, tmp_path: Path) -> None:
    node = Node(tmp_path / "node")
    node.add_peer("pacs", Orthanc.ae_title, free_port())
    node.start()
    assert storescu(node.port, fresh).returncode == 0
    assert node.stop() == 0
    assert echoscu(node.port).returncode != 0
    with node.start():
        assert echoscu(node.port).returncode == 0
    assert len(kinds(node, kind="NODE_STARTED")) == len(kinds(node, kind="NODE_STOPPED")) == 2


def test_no_patient_in_what_the_node_says(fresh: Path, tmp_path: Path) -> None:
    ds = pydicom.dcmread(fresh)
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = "Xylophon^Quentin", "PID-736251", "20130417"
    ds.save_as(fresh)
    node = Node(tmp_path / "node", LOG__LEVEL="debug")
    node.add_peer("pacs", Orthanc.ae_title, free_port())
    with node.start():
        service = node.running
        assert storescu(node.port, fresh).returncode == 0
        eventually(lambda: kinds(node, kind="DELIVERY_ATTEMPT"), what="a failed delivery")
        metrics = node.http("/metrics").text
    said = service.stdout.read_text() + service.stderr.read_text() + metrics
    assert not [secret for secret in ("Xylophon", "736251", "20130417") if secret in said]
