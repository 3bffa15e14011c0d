"""From a PACS to the node and back: every sample's report and picture, as the PACS holds them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import highdicom
import pydicom
import pytest

from tests.parts.dcmtk import dciodvfy_errors, dcmsend, storescu
from tests.parts.images import copy_in_new_study
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.programs import program, run
from tests.parts.report import (
    CONCLUSION,
    LOWER_LIMIT,
    UPPER_LIMIT,
    bone_age_months,
    differing_identifiers,
    evidence,
    named,
    number,
    picture_sources,
    reasons,
)

FOLDER = Path(__file__).resolve().parents[2] / "sample_dicom"
SAMPLES = sorted(FOLDER.glob("*.dcm"))
EXPECTED: dict[str, dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def sent(round_trip: tuple[Orthanc, Node]) -> dict[str, pydicom.Dataset]:
    """Let Orthanc send every sample; returns their headers by file name."""
    orthanc, _ = round_trip
    summary = orthanc.send_to_node(*(orthanc.upload(path) for path in SAMPLES))
    assert summary["FailedInstancesCount"] == 0
    return {path.name: pydicom.dcmread(path, stop_before_pixels=True) for path in SAMPLES}


def test_there_are_samples() -> None:
    assert {path.name for path in SAMPLES} == set(EXPECTED)
    kinds = [one["kind"] for one in EXPECTED.values()]
    assert kinds.count("assessed") >= 8
    assert kinds.count("refused") >= 3


@pytest.mark.parametrize("name", [path.name for path in SAMPLES])
class TestSample:
    """What came back for one sample."""

    @pytest.fixture
    def source(self, sent: dict[str, pydicom.Dataset], name: str) -> pydicom.Dataset:
        return sent[name]

    @pytest.fixture
    def report(self, orthanc: Orthanc, source: pydicom.Dataset) -> pydicom.Dataset:
        return orthanc.report_in(source.StudyInstanceUID, timeout_s=60)

    @pytest.fixture
    def picture(self, orthanc: Orthanc, source: pydicom.Dataset) -> pydicom.Dataset:
        return orthanc.capture_in(source.StudyInstanceUID, timeout_s=60)

    def test_the_report_says_what_the_offline_reading_says(
        self, report: pydicom.Dataset, offline: dict[Path, dict[str, Any]], name: str
    ) -> None:
        (expected,) = (said for path, said in offline.items() if path.name == name)
        assert reasons(report) == sorted(expected["reasons"])
        if expected["status"] == "assessed":
            assert bone_age_months(report) == round(expected["bone_age_months"], 1)
            assert [number(report, LOWER_LIMIT), number(report, UPPER_LIMIT)] == [round(limit, 1) for limit in expected["interval_months"]]
        else:
            assert expected["status"] == "refused"
            assert bone_age_months(report) is None
            assert reasons(report)

    def test_it_is_read_or_refused_as_the_samples_say(self, report: pydicom.Dataset, name: str) -> None:
        expected = EXPECTED[name]
        assert reasons(report) == sorted(expected["reasons"])
        assert (bone_age_months(report) is not None) == (expected["kind"] == "assessed")

    def test_it_is_the_same_patient_study_and_order(
        self, report: pydicom.Dataset, picture: pydicom.Dataset, source: pydicom.Dataset
    ) -> None:
        assert differing_identifiers(report, source) == []
        assert differing_identifiers(picture, source) == []

    def test_it_points_at_its_source(self, report: pydicom.Dataset, picture: pydicom.Dataset, source: pydicom.Dataset) -> None:
        assert evidence(report) == [(source.StudyInstanceUID, source.SOPInstanceUID)]
        assert picture_sources(picture) == [source.SOPInstanceUID]

    def test_one_report_and_one_picture(self, report: pydicom.Dataset, picture: pydicom.Dataset, orthanc: Orthanc) -> None:
        assert len(orthanc.reports(report.StudyInstanceUID)) == 1
        assert len(orthanc.captures(picture.StudyInstanceUID)) == 1

    def test_both_stand_in_new_series_of_our_own(self, report: pydicom.Dataset, picture: pydicom.Dataset, source: pydicom.Dataset) -> None:
        assert len({report.SeriesInstanceUID, picture.SeriesInstanceUID, source.SeriesInstanceUID}) == 3
        assert report.VerificationFlag == "UNVERIFIED"

    def test_the_validator_finds_no_error(self, report: pydicom.Dataset, picture: pydicom.Dataset, tmp_path: Path) -> None:
        for ds, path in ((report, tmp_path / "report.dcm"), (picture, tmp_path / "picture.dcm")):
            ds.save_as(path)
            assert dciodvfy_errors(path) == []

    def test_other_software_reads_it(self, report: pydicom.Dataset, tmp_path: Path) -> None:
        path = tmp_path / "report.dcm"
        report.save_as(path)
        (conclusion,) = named(report, CONCLUSION)
        dump = run(program("dsrdump"), path)
        page = run(program("dsr2html"), "+U8", path)
        assert (dump.returncode, page.returncode) == (0, 0)
        assert conclusion.TextValue[:40] in page.stdout
        assert highdicom.sr.srread(io.BytesIO(path.read_bytes())).SOPInstanceUID == report.SOPInstanceUID

    def test_the_picture_is_there_to_be_looked_at(self, picture: pydicom.Dataset) -> None:
        assert min(picture.pixel_array.shape[:2]) >= 512
        assert picture.pixel_array.std() > 10  # grey levels: not an empty sheet


@pytest.mark.parametrize("send", [storescu, dcmsend], ids=["storescu", "dcmsend"])
def test_what_dcmtk_sends_is_read_too(orthanc: Orthanc, node: Node, hand: Path, tmp_path: Path, send: Any) -> None:
    path = copy_in_new_study(hand, tmp_path / "hand.dcm")
    answer = send(node.port, path)
    assert answer == 1 if send is dcmsend else answer.returncode == 0
    assert bone_age_months(orthanc.report_in(pydicom.dcmread(path).StudyInstanceUID)) is not None


def test_a_real_adult_hand_is_refused_by_name(orthanc: Orthanc, node: Node, shared_data: Path) -> None:
    path = shared_data / "dicom" / "hand_cr_j2k_lossless.dcm"
    source = pydicom.dcmread(path, stop_before_pixels=True)
    assert orthanc.send_to_node(orthanc.upload(path))["FailedInstancesCount"] == 0
    report = orthanc.report_in(source.StudyInstanceUID, timeout_s=60)
    (offline,) = node.assess(path)
    assert offline["status"] == "refused"
    assert reasons(report) == sorted(offline["reasons"])
    assert bone_age_months(report) is None
    assert differing_identifiers(report, source) == []


@pytest.mark.parametrize(
    "name", ["hip_cr_jpegls_near", "hip_cr_jpeg_lossless", "lower_leg_cr_j2k_lossy", "chest_cr_j2k_lossy", "dog_thorax_dx", "tiny_cr_16x16"]
)
def test_a_real_radiograph_of_something_else_gets_no_age(orthanc: Orthanc, shared_data: Path, tmp_path: Path, name: str) -> None:
    path = copy_in_new_study(shared_data / "dicom" / f"{name}.dcm", tmp_path / "other.dcm")
    assert orthanc.send_to_node(orthanc.upload(path))["FailedInstancesCount"] == 0
    report = orthanc.report_in(pydicom.dcmread(path).StudyInstanceUID, timeout_s=60)
    assert bone_age_months(report) is None
    assert reasons(report)


def test_the_demonstration_shows_all_of_this(tmp_path: Path, node: Node) -> None:
    done = node.cli("demo", "--samples", FOLDER, "--out", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for path in SAMPLES:
        assert path.name in done.stdout
        assert pydicom.dcmread(tmp_path / f"{path.stem}.sr.dcm").Modality == "SR"
        assert (tmp_path / f"{path.stem}.png").stat().st_size > 10_000
