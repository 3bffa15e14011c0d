"""Rules of PS3.15 A.5 that an audit message must keep, written from its text; whatever breaks one is named."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import datetime
from xml.etree import ElementTree as ET

from pydicom.sr.codedict import codes
from pydicom.uid import UID

BOM = b"\xef\xbb\xbf"
CODE = {"csd-code", "codeSystemName", "originalText"}

CHILDREN = {
    "AuditMessage": r"EventIdentification (ActiveParticipant )+AuditSourceIdentification (ParticipantObjectIdentification )*",
    "EventIdentification": r"EventID (EventTypeCode )*(EventOutcomeDescription )?",
    "ActiveParticipant": r"(RoleIDCode )*(MediaIdentifier )?",
    "MediaIdentifier": r"MediaType ",
    "AuditSourceIdentification": r"(AuditSourceTypeCode )*",
    "ParticipantObjectIdentification": (
        r"ParticipantObjectIDTypeCode (ParticipantObjectName|ParticipantObjectQuery) "
        r"(ParticipantObjectDetail )*(ParticipantObjectDescription )*"
    ),
    "ParticipantObjectDescription": r"(Accession )*(SOPClass )*",
}
"""Elements in their order; those not named here have none."""

NEEDED = {
    "EventIdentification": {"EventDateTime", "EventOutcomeIndicator"},
    "ActiveParticipant": {"UserID", "UserIsRequestor"},
    "AuditSourceIdentification": {"AuditSourceID"},
    "AuditSourceTypeCode": {"csd-code"},
    "ParticipantObjectIdentification": {"ParticipantObjectID"},
    "ParticipantObjectDetail": {"type", "value"},
    "Accession": {"Number"},
    "SOPClass": {"NumberOfInstances"},
    **dict.fromkeys(("EventID", "EventTypeCode", "RoleIDCode", "MediaType", "ParticipantObjectIDTypeCode"), CODE),
}
ALLOWED = {
    "EventIdentification": {"EventActionCode"},
    "ActiveParticipant": {"AlternativeUserID", "UserName", "NetworkAccessPointID", "NetworkAccessPointTypeCode"},
    "AuditSourceIdentification": {"AuditEnterpriseSiteID"},
    "ParticipantObjectIdentification": {
        "ParticipantObjectTypeCode",
        "ParticipantObjectTypeCodeRole",
        "ParticipantObjectDataLifeCycle",
        "ParticipantObjectSensitivity",
    },
    "SOPClass": {"UID"},
}
VALUES = {
    "EventActionCode": r"[CRUDE]",
    "EventOutcomeIndicator": r"0|4|8|12",
    "UserIsRequestor": r"true|false",
    "NetworkAccessPointTypeCode": r"[1-5]",
    "ParticipantObjectTypeCode": r"[1-4]",
    "ParticipantObjectTypeCodeRole": r"[1-9]|1[0-9]|2[0-4]",
    "NumberOfInstances": r"[0-9]+",
    "AlternativeUserID": r"AETITLES=[^;]+(;[^;]+)*",
}
ACTIONS = {
    "110100": "E",
    "110101": "R",
    "110102": "E",
    "110103": "CRUD",
    "110104": "CRU",
    "110105": "D",
    "110106": "R",
    "110112": "E",
    "110113": "E",
    "110114": "E",
}
ROLES = {"110100": {"110150"}, "110102": {"110152", "110153"}, "110104": {"110152", "110153"}, "110112": {"110152", "110153"}}
"""Roles that must be taken, by event."""

OBJECTS = {
    "110101": {"12"},
    **{event: {"110180", "2"} for event in ("110102", "110103", "110104", "110105", "110106")},
    "110112": {"110181"},
}
"""Types of identifiers of the objects that must be named, by event."""


def parsed(frame: bytes) -> ET.Element:
    """The message of one syslog message, whose header is checked on the way."""
    header, bom, xml = frame.partition(BOM)
    assert bom, frame[:200]
    assert re.fullmatch(rb"<85>1 (\S+) (\S+) baa-node (\S+) DICOM\+RFC3881 - ", header), header
    datetime.fromisoformat(header.split()[1].decode())
    assert b"\n" not in xml
    return ET.fromstring(xml)


def faults(message: ET.Element) -> list[str]:
    """Everything that breaks a rule."""
    return [*_shape(message), *_meaning(message)]


def _shape(element: ET.Element) -> Iterator[str]:
    tag, names = element.tag, set(element.attrib)
    if not re.fullmatch(CHILDREN.get(tag, ""), "".join(f"{child.tag} " for child in element)):
        yield f"{tag} has {[child.tag for child in element]}"
    needed = NEEDED.get(tag, set())
    if not needed <= names <= needed | ALLOWED.get(tag, set()):
        yield f"{tag} has attributes {sorted(names)}"
    for name, value in element.attrib.items():
        if name in VALUES and not re.fullmatch(VALUES[name], value):
            yield f"{name} is {value!r}"
    if element.get("codeSystemName") == "DCM" and element.get("originalText") != _meaning_of(element.attrib["csd-code"]):
        yield f"{element.get('csd-code')} does not mean {element.get('originalText')}"
    for child in element:
        yield from _shape(child)


def _meaning(message: ET.Element) -> Iterator[str]:
    event = message.find("EventIdentification")
    assert event is not None
    code = next(event.iter("EventID")).attrib["csd-code"]
    if event.get("EventActionCode", "") not in ACTIONS[code]:
        yield f"{code} with action {event.get('EventActionCode')}"
    roles = {one.attrib["csd-code"] for one in message.iter("RoleIDCode")}
    if not ROLES.get(code, set()) <= roles:
        yield f"{code} without role {ROLES[code] - roles}"
    objects = [one.attrib["csd-code"] for one in message.iter("ParticipantObjectIDTypeCode")]
    if not OBJECTS.get(code, set()) <= set(objects) or objects.count("2") > 1:
        yield f"{code} about {objects}"
    if datetime.fromisoformat(event.attrib["EventDateTime"]).tzinfo is None:
        yield "a time without zone"
    for detail in message.iter("ParticipantObjectDetail"):
        text = base64.b64decode(detail.attrib["value"], validate=True).decode()
        if detail.get("type") == "TransferSyntax" and not UID(text).is_transfer_syntax:
            yield f"transfer syntax {text}"


def _meaning_of(code: str) -> str:
    return next(one.meaning for one in (getattr(codes.DCM, name) for name in codes.DCM.dir()) if one.value == code)
