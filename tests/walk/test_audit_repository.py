"""From a PACS to the node and back, as an audit record repository hears of it: rsyslog, by TLS with certificates on both sides."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pydicom
import pytest

from tests.parts.atna import faults, parsed
from tests.parts.certificates import Authorities
from tests.parts.images import copy_in_new_study
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.programs import eventually
from tests.parts.rsyslog import Rsyslog

NAME, NUMBER = "PLANTED^NAME^IN^THE^WALK", "PLANTED-NUMBER-4711"


@dataclass
class Walk:
    """What was heard, and what the node wrote for itself."""

    messages: list[ET.Element]
    study: str
    log: str
    database: bytes

    def events(self) -> list[str]:
        return [next(one.iter("EventID")).attrib["csd-code"] for one in self.messages]

    def named(self, event: str) -> list[ET.Element]:
        return [one for one, code in zip(self.messages, self.events(), strict=True) if code == event]


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, hand: Path) -> Walk:
    folder = tmp_path_factory.mktemp("repository")
    authorities = Authorities(tmp_path_factory.mktemp("certificates"))
    identity = authorities.issue("good")
    repository = Rsyslog(folder / "rsyslog", authorities, identity)
    node = Node(
        folder / "node",
        ATNA__REPOSITORY=f"tls://127.0.0.1:{repository.tls_port}",
        ATNA__TLS_CA=authorities.ca,
        ATNA__TLS_CERTIFICATE=identity.certificate,
        ATNA__TLS_KEY=identity.key,
    )
    ds = pydicom.dcmread(copy_in_new_study(hand, folder / "hand.dcm", PatientName=NAME, PatientID=NUMBER), stop_before_pixels=True)
    with Orthanc(folder / "orthanc", node_port=node.port) as orthanc:
        node.add_peer("pacs", orthanc.ae_title, orthanc.port)
        with node.start():  # the repository is away
            orthanc.send_to_node(orthanc.upload(folder / "hand.dcm"))
            orthanc.report_in(ds.StudyInstanceUID)
            eventually(lambda: delivered(node, ds.StudyInstanceUID), what="the delivery", every_s=0.5)
            node.kill()  # with everything still waiting
        repository.start()
        with node.start():
            pass  # and stopped in order
    messages = [parsed(one) for one in repository.received()]
    repository.stop()
    log = (folder / "node" / "node.stderr").read_text() + (folder / "node" / "node.stdout").read_text()
    stored = b"".join(path.read_bytes() for path in node.data.glob("*.db*"))
    return Walk(messages, str(ds.StudyInstanceUID), log, stored)


def delivered(node: Node, study: str) -> bool:
    return any(one["state"] == "delivered" for one in node.json("studies", "show", study)["deliveries"])


def test_everything_that_happened_is_told_and_by_the_rules(walk: Walk) -> None:
    assert [faults(one) for one in walk.messages] == [[] for _ in walk.messages]
    assert {"110100", "110102", "110103", "110104", "110113"} <= set(walk.events())


def test_the_image_that_came_and_the_report_that_went_name_the_patient(walk: Walk) -> None:
    received, *sent = walk.named("110104")
    assert next(received.iter("EventIdentification")).attrib["EventActionCode"] == "C"
    assert next(sent[0].iter("EventIdentification")).attrib["EventActionCode"] == "R"
    for message in (*walk.named("110102"), received, *sent):
        study, patient = message.findall("ParticipantObjectIdentification")
        assert study.attrib["ParticipantObjectID"] == walk.study
        assert (patient.attrib["ParticipantObjectID"], patient.findtext("ParticipantObjectName")) == (NUMBER, NAME)


def test_a_delivery_begins_before_it_ends(walk: Walk) -> None:
    events = walk.events()
    assert events.index("110102") < len(events) - events[::-1].index("110104") - 1


def test_the_node_that_was_killed_is_told_to_have_died(walk: Walk) -> None:
    found = [
        (next(one.iter("EventTypeCode")).attrib["csd-code"], next(one.iter("EventIdentification")).attrib["EventOutcomeIndicator"])
        for one in walk.named("110100")
    ]
    assert found == [("110120", "0"), ("110121", "12"), ("110120", "0"), ("110121", "0")]


def test_settings_are_told_with_old_and_new(walk: Walk) -> None:
    details = [one.attrib["value"] for message in walk.named("110113") for one in message.iter("ParticipantObjectDetail")]
    said = [base64.b64decode(one).decode() for one in details]
    assert any(re.search(r"SETTING_CHANGED node\.port: from: 11112, to: \d+", one) for one in said)
    assert any("SETTING_CHANGED atna.tls_key, content: from: None, to: digest" in one for one in said)


def test_the_patient_stands_in_no_log_and_no_database(walk: Walk) -> None:
    assert walk.log
    for planted in (NAME, NUMBER, "PLANTED"):
        assert planted not in walk.log
        assert planted.encode() not in walk.database
