from __future__ import annotations

import base64
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.sr.codedict import codes

from baa_node.core.messages import atna
from baa_node.core.messages.atna import Event, Kind, Message, Participant, Role, Source
from tests.parts.atna import faults

AT = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)
US = Participant(user="4711", requestor=False, role=Role.DESTINATION, ae_titles=("BAA_NODE",), address="node")
THEM = Participant(user="pacs", requestor=True, role=Role.SOURCE, ae_titles=("PACS", "PACS2"), address="10.0.0.5")
CR = "1.2.840.10008.5.1.4.1.1.1"


def transferred(*, name: str = "DOE^JANE", number: str = "P1", accession: str = "A1", trouble: str = "") -> Message:
    things = (atna.study("1.2", accession=accession, instances={CR: 2}), atna.patient(number, name))
    source = Source(name="BAA_NODE", site="Hospital")
    return Message(
        event=Event.INSTANCES_TRANSFERRED,
        action="C",
        at=AT,
        source=source,
        participants=(THEM, US),
        outcome_text=trouble,
        outcome=4 if trouble else 0,
        things=things,
    )


def test_a_transfer_says_who_what_and_whose() -> None:
    message = ET.fromstring(atna.to_xml(transferred()))
    assert faults(message) == []
    event = message.find("EventIdentification")
    assert event is not None
    assert event.attrib == {"EventActionCode": "C", "EventDateTime": "2026-03-01T09:30:00.123+00:00", "EventOutcomeIndicator": "0"}
    sender, receiver = message.findall("ActiveParticipant")
    assert sender.attrib == {
        "UserID": "pacs",
        "AlternativeUserID": "AETITLES=PACS;PACS2",
        "UserIsRequestor": "true",
        "NetworkAccessPointID": "10.0.0.5",
        "NetworkAccessPointTypeCode": "2",
    }
    assert receiver.get("NetworkAccessPointTypeCode") == "1"
    study, patient = message.findall("ParticipantObjectIdentification")
    assert study.find("ParticipantObjectDescription/Accession").attrib == {"Number": "A1"}  # type: ignore[union-attr]
    assert study.find("ParticipantObjectDescription/SOPClass").attrib == {"UID": CR, "NumberOfInstances": "2"}  # type: ignore[union-attr]
    assert (patient.get("ParticipantObjectID"), patient.findtext("ParticipantObjectName")) == ("P1", "DOE^JANE")
    source = message.find("AuditSourceIdentification")
    assert source is not None
    assert source.attrib == {"AuditEnterpriseSiteID": "Hospital", "AuditSourceID": "BAA_NODE"}


def test_a_failure_says_why() -> None:
    message = ET.fromstring(atna.to_xml(transferred(trouble="status 0xA700")))
    assert message.findtext("EventIdentification/EventOutcomeDescription") == "status 0xA700"
    assert faults(message) == []


def test_a_query_carries_the_data_set_and_its_syntax() -> None:
    things = (atna.queried("1.2.840.10008.5.1.4.1.2.2.1", b"\x08\0\x52\0", "1.2.840.10008.1.2.1"),)
    parts = (Participant(user="1", requestor=True, role=Role.SOURCE), Participant(user="pacs", requestor=False, role=Role.DESTINATION))
    message = ET.fromstring(
        atna.to_xml(Message(event=Event.QUERY, action="E", at=AT, source=Source(name="x"), participants=parts, things=things))
    )
    assert faults(message) == []
    assert base64.b64decode(message.findtext(".//ParticipantObjectQuery") or "") == b"\x08\0\x52\0"
    assert message.find(".//ParticipantObjectName") is None


@pytest.mark.parametrize("enumeration", [Event, Kind, Role])
def test_codes_mean_what_the_standard_says(enumeration: type[Event | Kind | Role]) -> None:
    known = {one.value: one.meaning for one in (getattr(codes.DCM, name) for name in codes.DCM.dir())}
    for member in enumeration:
        assert known[member.value.value] == member.value.meaning


@given(st.text(), st.text(), st.text(), st.text())
@settings(max_examples=200)
def test_whatever_senders_put_into_a_text_the_message_is_well_formed(name: str, number: str, accession: str, trouble: str) -> None:
    xml = atna.to_xml(transferred(name=name * 50, number=number, accession=accession, trouble=trouble))
    assert faults(ET.fromstring(xml)) == []
    assert b"\n" not in xml
    assert len(xml) < 32_768


def test_the_longest_message_stays_below_what_a_repository_must_take() -> None:
    endless = '\N{GRINNING FACE}<&"' * 10_000
    xml = atna.to_xml(transferred(name=endless, number=endless, accession=endless, trouble=endless))
    assert len(xml) < 32_768


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda xml: xml.replace(b'UserIsRequestor="true"', b'UserIsRequestor="yes"'), "UserIsRequestor is 'yes'"),
        (lambda xml: xml.replace(b"<ParticipantObjectName>DOE^JANE</ParticipantObjectName>", b""), "ParticipantObjectIdentification has"),
        (lambda xml: xml.replace(b'EventActionCode="C"', b'EventActionCode="E"'), "110104 with action E"),
        (lambda xml: xml.replace(b"Source Role ID", b"Source"), "110153 does not mean"),
        (lambda xml: xml.replace(b"AuditSourceID=", b"SourceID="), "AuditSourceIdentification has attributes"),
    ],
)
def test_the_check_sees_what_is_wrong(spoil: object, named: str) -> None:
    spoiled = spoil(atna.to_xml(transferred()))  # type: ignore[operator]
    assert any(named in fault for fault in faults(ET.fromstring(spoiled)))
