"""A child comes again a year later: the second report names the first, from the node's record or out of the archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest

from tests.parts.dcmtk import dciodvfy_errors, storescu
from tests.parts.images import copy_in_new_study
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.report import named
from tests.parts.watch import Moment

COMMENT, VELOCITY = ("121106", "DCM"), ("BAA006", "99BAANODE")


def examination(hand: Path, folder: Path, day: str, **elements: object) -> Path:
    return copy_in_new_study(
        hand, folder / f"{day}.dcm", PatientID="WALK-1", StudyDate=day, AcquisitionDate=day, PatientAge=None, **elements
    )


def study_of(path: Path) -> str:
    return str(pydicom.dcmread(path, stop_before_pixels=True).StudyInstanceUID)


def told(report: pydicom.Dataset, start: str) -> list[str]:
    return [str(item.TextValue) for item in named(report, COMMENT) if str(item.TextValue).startswith(start)]


def named_evidence(report: pydicom.Dataset) -> list[str]:
    return [
        str(item.ReferencedSOPInstanceUID)
        for study in report.get("PertinentOtherEvidenceSequence") or ()
        for series in study.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    ]


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory, hand: Path) -> Iterator[tuple[Orthanc, Node, Path]]:
    """An archive that may be asked, the node that read the first film, and the film."""
    folder = tmp_path_factory.mktemp("priors")
    node = Node(folder / "node")
    first = examination(hand, folder, "20250110")
    with Orthanc(folder / "orthanc", node_port=node.port) as orthanc:
        node.add_peer("pacs", orthanc.ae_title, orthanc.port, "--query")
        with node.start():
            assert storescu(node.port, first).returncode == 0
            orthanc.report_in(study_of(first), timeout_s=60)
            yield orthanc, node, first


def queries(node: Node) -> list[dict[str, Any]]:
    return [event["detail"] for event in node.json("audit", "list") if event["kind"] == "PEER_QUERIED"]


def check(report: pydicom.Dataset, before: pydicom.Dataset, tmp_path: Path) -> None:
    assert named_evidence(report) == [before.SOPInstanceUID]
    (line,) = told(report, "Earlier: 2025-01-10")
    assert f"bone age {float(named(before, ('85151-9', 'LN'))[0].MeasuredValueSequence[0].NumericValue):.1f} mo" in line
    (velocity,) = named(report, VELOCITY)
    assert float(velocity.MeasuredValueSequence[0].NumericValue) == 0  # the same film again
    report.save_as(tmp_path / "report.dcm")
    assert dciodvfy_errors(tmp_path / "report.dcm") == []


def test_the_second_report_names_the_first(pacs: tuple[Orthanc, Node, Path], hand: Path, tmp_path: Path) -> None:
    orthanc, node, first = pacs
    before = orthanc.report_in(study_of(first))
    second = examination(hand, tmp_path, "20260109")
    assert storescu(node.port, second).returncode == 0
    check(orthanc.report_in(study_of(second), timeout_s=60), before, tmp_path)
    shown = node.cli("studies", "show", study_of(second)).stdout
    assert "    earlier    2025-01-10: " in shown
    assert str(before.SOPInstanceUID) in shown


def test_a_node_that_never_saw_the_child_finds_the_report_in_the_archive(
    pacs: tuple[Orthanc, Node, Path], hand: Path, tmp_path: Path
) -> None:
    orthanc, _, first = pacs
    before = orthanc.report_in(study_of(first))
    stranger = Node(tmp_path / "stranger")
    stranger.add_peer("pacs", orthanc.ae_title, orthanc.port, "--query")
    third = examination(hand, tmp_path, "20260110")
    with stranger.start():
        began = Moment()
        assert storescu(stranger.port, third).returncode == 0
        report = orthanc.report_in(study_of(third), timeout_s=60)
        kept_s = Moment().kept_s(began)
        (query,) = queries(stranger)
        text = stranger.running.stderr.read_text()
    assert study_of(first) in {study.StudyInstanceUID for study in report.PertinentOtherEvidenceSequence}
    assert str(before.SOPInstanceUID) in named_evidence(report)
    assert query["error"] is None
    assert query["used"] >= 1
    assert query["seconds"] < 2 + kept_s
    assert "WALK-1" not in text


def test_another_child_is_not_told_of(pacs: tuple[Orthanc, Node, Path], hand: Path, tmp_path: Path) -> None:
    orthanc, node, _ = pacs
    other = copy_in_new_study(hand, tmp_path / "other.dcm", PatientID="WALK-2", StudyDate="20260109", AcquisitionDate="20260109")
    assert storescu(node.port, other).returncode == 0
    report = orthanc.report_in(study_of(other), timeout_s=60)
    assert named_evidence(report) == []
    assert told(report, "Earlier") == []


def test_another_sex_and_hand_than_before_are_told(pacs: tuple[Orthanc, Node, Path], hand: Path, tmp_path: Path) -> None:
    orthanc, node, first = pacs
    was = pydicom.dcmread(first, stop_before_pixels=True)
    changed = {"PatientSex": "M" if was.PatientSex == "F" else "F", "ImageLaterality": "R", "Laterality": "R"}
    later = examination(hand, tmp_path, "20250901", **changed)
    assert storescu(node.port, later).returncode == 0
    report = orthanc.report_in(study_of(later), timeout_s=60)
    assert len(told(report, "The assessment of 2025-01-10")) == 2
    assert named(report, VELOCITY) == []
