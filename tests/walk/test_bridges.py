"""One study to three destinations of three kinds: each gets it, and a dead one delays no other."""

from __future__ import annotations

import ssl
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pydicom
import pytest

from tests.parts.certificates import Authorities, Identity
from tests.parts.dcmtk import storescu
from tests.parts.dicomweb import stores
from tests.parts.fhir import FhirStore, WebServer
from tests.parts.images import copy_in_new_study
from tests.parts.mllp import MllpReceiver, silence
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.programs import eventually, free_port
from tests.parts.report import bone_age_months


def deliveries(node: Node, study: str) -> dict[str, Any]:
    return {one["peer"]: one for one in node.json("studies", "show", study)["deliveries"]}


def states(node: Node, study: str) -> dict[str, str]:
    return {name: one["state"] for name, one in deliveries(node, study).items()}


@pytest.mark.timeout(300)
def test_three_destinations_of_three_kinds(hand: Path, tmp_path: Path) -> None:
    image = copy_in_new_study(hand, tmp_path / "image.dcm")
    study = str(pydicom.dcmread(image, stop_before_pixels=True).StudyInstanceUID)
    settings = {"BRIDGES__TIMEOUT_S": 20, "PIPELINE__RETRY_FIRST_S": 600}  # nothing is tried again but by order
    node, store, fhir_port = Node(tmp_path / "node", **settings), FhirStore(), free_port()
    with Orthanc(tmp_path / "orthanc", node_port=node.port) as orthanc, MllpReceiver(silence(20)) as ris:
        node.add_peer("pacs", "ORTHANC", orthanc.port, "--route-to", "pacs")
        for name, kind, url in (("ris", "hl7", ris.url), ("ehr", "fhir", f"http://127.0.0.1:{fhir_port}/base")):
            assert node.cli("peers", "add", name, "--kind", kind, "--url", url).returncode == 0
        assert node.cli("peers", "edit", "pacs", "--route-to", "pacs", "--route-to", "ris", "--route-to", "ehr").returncode == 0
        with node.start():
            assert storescu(node.port, image).returncode == 0
            months = bone_age_months(orthanc.report_in(study))
            seen = eventually(
                lambda: (now := deliveries(node, study))["pacs"]["state"] == "delivered" and now, what="the PACS to be served"
            )
            assert seen["ris"]["attempts"] == 0  # the silent one is still being waited for
            eventually(lambda: deliveries(node, study)["ehr"]["last_error"], what="the absent one to be noticed")
            assert states(node, study) == {"pacs": "delivered", "ris": "pending", "ehr": "pending"}
            with WebServer(store, port=fhir_port):
                assert node.cli("studies", "retry", study).returncode == 0
                eventually(lambda: states(node, study)["ehr"] == "delivered", what="the server that came back", timeout_s=30)
            assert float(store.only("Observation").valueQuantity.value) == months
            eventually(lambda: deliveries(node, study)["ris"]["last_error"], what="the silent one to be left", timeout_s=40)
            ris.answer = lambda message: b"\x0b" + str(message.create_ack()).encode() + b"\x1c\x0d"
            assert node.cli("studies", "retry", study).returncode == 0
            eventually(lambda: states(node, study)["ris"] == "delivered", what="the receiver that woke up", timeout_s=60)
            assert float(ris.messages[-1]["OBX.F5"]) == months
            assert {message["MSH.F10"] for message in ris.messages} == {ris.messages[0]["MSH.F10"]}
            shown = node.cli("studies", "show", study).stdout
            assert all(f"to {name}: delivered" in shown for name in ("pacs", "ris", "ehr"))
            kinds = [event["kind"] for event in node.json("studies", "show", study)["events"]]
            assert kinds.count("DELIVERY_DONE") == 3
            assert node.cli("audit", "verify").returncode == 0
            assert "Traceback" not in node.running.stderr.read_text()


@pytest.fixture
def hospital(tmp_path: Path) -> Authorities:
    folder = tmp_path / "hospital"
    folder.mkdir()
    return Authorities(folder)


def encrypted(identity: Identity) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    return context


@pytest.mark.timeout(300)
def test_destinations_over_tls_get_results_once_the_running_node_was_given_their_authority(
    hand: Path, tmp_path: Path, hospital: Authorities
) -> None:
    """FHIR and DICOMweb over HTTPS, HL7 over MLLPS."""
    image = copy_in_new_study(hand, tmp_path / "image.dcm")
    study = str(pydicom.dcmread(image, stop_before_pixels=True).StudyInstanceUID)
    node, store = Node(tmp_path / "node", PIPELINE__RETRY_FIRST_S=600), FhirStore()  # nothing is tried again but by order
    names = ("ehr", "archive", "ris")
    with ExitStack() as running:
        tls = encrypted(hospital.issue("good"))
        ehr, archive = (running.enter_context(WebServer(one, tls=tls)) for one in (store, stores))
        ris = running.enter_context(MllpReceiver(tls=tls))
        for name, kind, url in (("ehr", "fhir", ehr.url), ("archive", "stow", archive.url), ("ris", "hl7", ris.url)):
            assert node.cli("peers", "add", name, "--kind", kind, "--url", url).returncode == 0
        node.add_peer("room", "ROOM", 104, "--no-destination", *(part for name in names for part in ("--route-to", name)))
        running.enter_context(node.start())
        process = node.running.pid
        assert storescu(node.port, image, calling="ROOM").returncode == 0
        eventually(lambda: all(one["last_error"] for one in deliveries(node, study).values()), what="each to be tried", every_s=1)
        for name, one in deliveries(node, study).items():
            assert one["state"] == "pending", name
            assert "of an authority that is not trusted here (" in one["last_error"], name
            assert "baa-node certificates trust" in one["last_error"], name
            assert "(BAA-M203)" in one["last_error"], name
        assert [*ehr.requests, *archive.requests, *ris.messages] == [], "nothing was sent to whom nobody vouches for"
        assert node.cli("certificates", "trust", hospital.ca).returncode == 0
        assert node.cli("certificates", "look").returncode == 0
        assert node.cli("studies", "retry", study).returncode == 0
        eventually(lambda: set(states(node, study).values()) == {"delivered"}, what="each to be served", every_s=1)
        assert node.running.pid == process
        months = float(store.only("Observation").valueQuantity.value)
        assert float(ris.messages[-1]["OBX.F5"]) == months
        assert len(archive.requests) >= 2, "report and picture"
