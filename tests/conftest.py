"""Parts shared by the tests that drive the node from outside, and what is shown when one of them fails."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.programs import Service, free_port

ROOT = Path(__file__).resolve().parents[1]


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
def samples() -> Path:
    """Folder of the synthetic hands."""
    return ROOT / "sample_dicom"


@pytest.fixture(scope="session")
def hand(samples: Path) -> Path:
    """Return the smallest synthetic hand that is to be read."""
    expected = json.loads((samples / "expected.json").read_text(encoding="utf-8"))["files"]
    readable = [samples / str(one["file"]) for one in expected if one["status"] == "assessed"]
    return min(readable, key=lambda path: path.stat().st_size)


@pytest.fixture(scope="session")
def round_trip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Orthanc, Node]]:
    """One PACS and one node that know each other, for all tests that leave both as they are."""
    folder = tmp_path_factory.mktemp("round_trip")
    node = Node(folder / "node")
    with Orthanc(folder / "orthanc", node_port=node.port) as orthanc:
        node.add_peer("pacs", orthanc.ae_title, orthanc.port)
        with node.start():
            yield orthanc, node


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
