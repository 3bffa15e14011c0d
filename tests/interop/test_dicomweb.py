"""DICOMweb with Orthanc's plug-in: results out by STOW-RS, images in from Orthanc's own STOW-RS client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest

from tests.parts.images import copy_in_new_study
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc, dicomweb_plugin
from tests.parts.programs import eventually, free_port

TOKEN = "t0ken-of-the-tests"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Orthanc, Node]]:
    """An archive and a node that speak nothing but DICOMweb with each other."""
    folder = tmp_path_factory.mktemp("web")
    (folder / "token").write_text(TOKEN)
    tokens = f"web=file:{folder / 'token'}"
    node = Node(folder / "node", DICOMWEB__ENABLED="true", DICOMWEB__TOKENS=tokens)
    services = {"node": {"Url": f"{node.console_url}/dicom-web/", "HttpHeaders": {"Authorization": f"Bearer {TOKEN}"}}}
    settings = {"Plugins": [dicomweb_plugin()], "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "Servers": services}}
    with Orthanc(folder / "orthanc", node_port=free_port(), settings=settings) as orthanc:
        add = ("peers", "add", "web", "--kind", "stow", "--url", f"http://127.0.0.1:{orthanc.http_port}/dicom-web", "--source")
        assert node.cli(*add).returncode == 0
        with node.start():
            yield orthanc, node
            assert node.stop() == 0
            assert "Traceback" not in (folder / "node" / "node.stderr").read_text()


def stow(orthanc: Orthanc, identifier: str) -> dict[str, Any]:
    """Let Orthanc send an instance to the node by STOW-RS."""
    job: dict[str, Any] = orthanc.post("/dicom-web/servers/node/stow", {"Resources": [identifier], "Synchronous": True})
    return job


def study_of(path: Path) -> str:
    return str(pydicom.dcmread(path, stop_before_pixels=True).StudyInstanceUID)


def delivery(node: Node, study: str) -> dict[str, Any]:
    (found,) = node.json("studies", "show", study)["deliveries"]
    return dict(found)


def test_an_image_comes_by_stow_and_its_results_go_back_by_stow(web: tuple[Orthanc, Node], hand: Path, tmp_path: Path) -> None:
    orthanc, node = web
    image = copy_in_new_study(hand, tmp_path / "image.dcm")
    study = study_of(image)
    stow(orthanc, orthanc.upload(image))
    report, capture = orthanc.report_in(study), orthanc.capture_in(study)
    assert report.StudyInstanceUID == capture.StudyInstanceUID == study
    found = eventually(lambda: (one := delivery(node, study))["state"] == "delivered" and one, what="the delivery", timeout_s=30)
    assert sorted(found["stored"]) == sorted([report.SOPInstanceUID, capture.SOPInstanceUID])
    (instance,) = node.json("studies", "show", study)["instances"]
    assert (instance["peer"], instance["calling_ae"]) == ("web", "STOW-RS")
    assert "receipt: its answer alone" in node.cli("studies", "show", study).stdout


def test_what_is_sent_again_is_there_once_and_byte_for_byte(web: tuple[Orthanc, Node], hand: Path, tmp_path: Path) -> None:
    orthanc, node = web
    image = copy_in_new_study(hand, tmp_path / "image.dcm")
    study = study_of(image)
    identifier = orthanc.upload(image)
    stow(orthanc, identifier)
    eventually(lambda: len(orthanc.find(StudyInstanceUID=study)) == 3, what="report and picture", timeout_s=30)
    eventually(lambda: delivery(node, study)["state"] == "delivered", what="the delivery")
    assert stow(orthanc, identifier)  # the node knows it
    assert node.deliver_again(study) == 1  # and the archive what it is sent a second time
    eventually(lambda: delivery(node, study)["state"] == "delivered", what="the second delivery")
    assert orthanc.stays(3, study, for_s=1.5)
    kept = {path.name.rpartition(".")[0]: path.read_bytes() for path in (node.data / "spool" / "results").rglob("*") if path.is_file()}
    for one in (*orthanc.in_study(study, "1.2.840.10008.5.1.4.1.1.88.34"), *orthanc.in_study(study, "1.2.840.10008.5.1.4.1.1.7")):
        assert orthanc.file(one) == kept[orthanc.dataset(one).SOPInstanceUID]


def test_a_probe_reaches_the_archive(web: tuple[Orthanc, Node]) -> None:
    assert "answers queries" in web[1].cli("peers", "test", "web").stdout


def test_a_wrong_token_is_turned_away_and_shown(web: tuple[Orthanc, Node], hand: Path, tmp_path: Path) -> None:
    orthanc, node = web
    orthanc.http.put("/dicom-web/servers/stranger", json={"Url": f"{node.console_url}/dicom-web/"}).raise_for_status()
    identifier = orthanc.upload(copy_in_new_study(hand, tmp_path / "image.dcm"))
    answer = orthanc.http.post("/dicom-web/servers/stranger/stow", json={"Resources": [identifier], "Synchronous": True})
    assert answer.is_error
    assert "no bearer token" in node.cli("peers", "list").stdout
