"""Earlier reports out of real archives: Orthanc and DCMTK's dcmqrscp, each by C-FIND and C-GET."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from baa_node.core.priors.history import Earlier, Examination
from baa_node.core.priors.prior_report import read_earlier
from baa_node.core.report import COMPREHENSIVE_3D_SR, COMPREHENSIVE_SR, build_report
from baa_node.dicom.query import Fetched, Limits, Wanted, fetch_reports
from baa_node.dicom.scu import Endpoint
from tests.parts.dcmtk import NODELAY, echoscu, storescu
from tests.parts.orthanc import Orthanc
from tests.parts.programs import Service, eventually, free_port, program
from tests.parts.results import DEVICE, WRITTEN_AT, assessment, full_dx

NOW = Examination(
    patient_id="4711", issuer="Example hospital", birth_date=date(2010, 1, 1), examined_on=date(2021, 1, 1), study_instance_uid="1.2.9"
)
WANTED = Wanted(patient_id=NOW.patient_id, issuer=NOW.issuer, until=date(2021, 1, 1))
SERVER = """
NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
PRIORS {folder} RW (200, 1024mb) ANY
AETable END
"""


def sources() -> list[Dataset]:
    """Images of two years of the patient, one of the day after, one of somebody else."""
    made = []
    for number, (day, patient) in enumerate((("20190101", "4711"), ("20200101", "4711"), ("20210102", "4711"), ("20200101", "4712")), 1):
        ds = full_dx()
        ds.StudyDate, ds.PatientID = day, patient
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID = f"1.2.{number}", f"1.2.{number}.1", f"1.2.{number}.1.1"
        made.append(ds)
    return made


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("reports")
    paths = []
    for number, source in enumerate(sources()):
        path = folder / f"{number}.dcm"
        sop_class = COMPREHENSIVE_3D_SR if number % 2 else COMPREHENSIVE_SR
        report = build_report(source, assessment(90.0 + 10 * number), DEVICE, written_at=WRITTEN_AT, sop_class_uid=sop_class)
        report.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def found(port: int, ae_title: str) -> list[float]:
    fetched = Fetched()
    endpoint = Endpoint(ae_title=ae_title, host="127.0.0.1", port=port, calling_ae="BAA_NODE")
    fetch_reports(endpoint, WANTED, fetched, Limits(wait_s=20))
    read = [read_earlier(ds, NOW) for ds in fetched.reports]
    return sorted(one.bone_age_months for one in read if isinstance(one, Earlier))


def test_orthanc_gives_what_it_has(tmp_path: Path, files: list[Path]) -> None:
    with Orthanc(tmp_path / "orthanc", node_port=free_port()) as orthanc:
        for path in files:
            orthanc.upload(path)
        assert found(orthanc.port, orthanc.ae_title) == [90.0, 100.0]


@contextmanager
def dcmqrscp(folder: Path) -> Iterator[int]:
    port = free_port()
    (folder / "store").mkdir(parents=True)
    settings = folder / "dcmqrscp.cfg"
    settings.write_text(SERVER.format(port=port, folder=folder / "store"))
    with Service("dcmqrscp", [program("dcmqrscp"), "-c", str(settings)], folder=folder, env=NODELAY):
        eventually(lambda: echoscu(port, called="PRIORS").returncode == 0, what="dcmqrscp to answer an echo")
        yield port


def test_dcmqrscp_gives_what_it_has(tmp_path: Path, files: list[Path]) -> None:
    with dcmqrscp(tmp_path / "archive") as port:
        assert storescu(port, *files, called="PRIORS").returncode == 0
        assert found(port, "PRIORS") == [90.0, 100.0]


def test_an_empty_archive_gives_nothing(lone_orthanc: Orthanc) -> None:
    assert found(lone_orthanc.port, lone_orthanc.ae_title) == []
