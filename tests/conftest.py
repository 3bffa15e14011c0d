"""Parts shared by the tests that drive the node from outside, and what is shown when one of them fails."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pydicom
import pytest

from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.programs import Service, free_port

ROOT = Path(__file__).resolve().parents[1]

# A host that lends its processors to others makes any example slow at times, which says nothing about the example.
hypothesis.settings.register_profile("node", deadline=None)
hypothesis.settings.load_profile("node")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the running services said when a test fails."""
    report = yield
    if report.failed:
        report.sections.extend((f"{service.name} (process {service.pid})", service.said()) for service in Service.running)
    return report


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real images beside the repository; without it the test is skipped."""
    data = ROOT.parent / "shared" / "data"
    if not data.is_dir():
        pytest.skip("needs the real images of ../shared/data, which are not part of the project")
    return data


@pytest.fixture(scope="session")
def offline(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, dict[str, Any]]:
    """What ``baa-node assess`` says of each synthetic sample."""
    files = sorted((ROOT / "sample_dicom").glob("*.dcm"))
    return dict(zip(files, Node(tmp_path_factory.mktemp("offline")).assess(*files), strict=True))


@pytest.fixture(scope="session")
def hand(offline: dict[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the smallest synthetic hand that is read, uncompressed so that every program can send and recode it."""
    smallest = min((path for path, said in offline.items() if said["status"] == "assessed"), key=lambda path: path.stat().st_size)
    ds = pydicom.dcmread(smallest)
    ds.decompress(generate_instance_uid=False)
    target = tmp_path_factory.mktemp("hand") / "hand.dcm"
    ds.save_as(target)
    return target


@pytest.fixture(scope="session")
def round_trip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Orthanc, Node]]:
    """One PACS and one node that know each other, for all tests that leave both as they are."""
    folder = tmp_path_factory.mktemp("round_trip")
    node = Node(folder / "node")
    with Orthanc(folder / "orthanc", node_port=node.port) as orthanc:
        node.add_peer("pacs", orthanc.ae_title, orthanc.port)
        with node.start():
            log = node.running.stderr
            yield orthanc, node
            assert node.stop() == 0
            assert "Traceback" not in log.read_text()


@pytest.fixture
def orthanc(round_trip: tuple[Orthanc, Node]) -> Orthanc:
    return round_trip[0]


@pytest.fixture
def node(round_trip: tuple[Orthanc, Node]) -> Node:
    return round_trip[1]


@pytest.fixture
def lone_orthanc(tmp_path: Path) -> Iterator[Orthanc]:
    """A PACS without a node."""
    with Orthanc(tmp_path / "orthanc", node_port=free_port()) as orthanc:
        yield orthanc
