"""Audit messages of IHE ATNA: the XML of DICOM PS3.15 A.5.1, the events and participants of A.5.3.

Each message is about one event and, where it is about patients at all, about one of them. Every text that comes from outside is
cut to a length and freed of what XML cannot hold, so that a message of ours never grows beyond what a repository must take
(32,768 octets, PS3.15 A.6).
"""

from __future__ import annotations

import base64
import enum
import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from xml.etree import ElementTree as ET

from pydicom.sr.coding import Code

LONGEST_TEXT: Final = 512
"""Characters of one value that is taken over."""

LONGEST_QUERY: Final = 12_288
"""Octets of a query data set that are repeated in its message; one of ours has less than 300."""

_BREAKS: Final = re.compile("[\t\n\r]")
_NO_XML: Final = re.compile("[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _dcm(value: str, meaning: str) -> Code:
    return Code(value, "DCM", meaning)


class Event(enum.Enum):
    """What happened (EventID, PS3.15 A.5.3), by its code in PS3.16 annex D."""

    APPLICATION_ACTIVITY = _dcm("110100", "Application Activity")
    AUDIT_LOG_USED = _dcm("110101", "Audit Log Used")
    BEGIN_TRANSFERRING = _dcm("110102", "Begin Transferring DICOM Instances")
    INSTANCES_ACCESSED = _dcm("110103", "DICOM Instances Accessed")
    INSTANCES_TRANSFERRED = _dcm("110104", "DICOM Instances Transferred")
    STUDY_DELETED = _dcm("110105", "DICOM Study Deleted")
    EXPORT = _dcm("110106", "Export")
    QUERY = _dcm("110112", "Query")
    SECURITY_ALERT = _dcm("110113", "Security Alert")
    USER_AUTHENTICATION = _dcm("110114", "User Authentication")


class Kind(enum.Enum):
    """Finer kind of an event (EventTypeCode)."""

    START = _dcm("110120", "Application Start")
    STOP = _dcm("110121", "Application Stop")
    LOGIN = _dcm("110122", "Login")
    LOGOUT = _dcm("110123", "Logout")
    NODE_AUTHENTICATION = _dcm("110126", "Node Authentication")
    NETWORK_CONFIGURATION = _dcm("110128", "Network Configuration")
    SECURITY_CONFIGURATION = _dcm("110129", "Security Configuration")
    SOFTWARE_CONFIGURATION = _dcm("110131", "Software Configuration")
    RECORDING_STOPPED = _dcm("110133", "Audit Recording Stopped")
    USER_ATTRIBUTES = _dcm("110137", "User Security Attributes Changed")


class Role(enum.Enum):
    """Part that a participant had (RoleIDCode)."""

    APPLICATION = _dcm("110150", "Application")
    LAUNCHER = _dcm("110151", "Application Launcher")
    DESTINATION = _dcm("110152", "Destination Role ID")
    SOURCE = _dcm("110153", "Source Role ID")
    DESTINATION_MEDIA = _dcm("110154", "Destination Media")


STUDY_UID: Final = _dcm("110180", "Study Instance UID")
SOP_CLASS_UID: Final = _dcm("110181", "SOP Class UID")
NODE_ID: Final = _dcm("110182", "Node ID")
PATIENT_NUMBER: Final = Code("2", "RFC-3881", "Patient Number")
USER_IDENTIFIER: Final = Code("11", "RFC-3881", "User Identifier")
URI: Final = Code("12", "RFC-3881", "URI")
MEDIA_URI: Final = _dcm("110037", "URI")

APPLICATION_SERVER: Final = "4"
"""AuditSourceTypeCode: an application server process."""

_PERSON, _SYSTEM = "1", "2"
_AS_PATIENT, _AS_REPORT, _AS_SECURITY_RESOURCE = "1", "3", "13"


@dataclass(frozen=True, kw_only=True)
class Participant:
    """A person or process that took part.

    Attributes
    ----------
    user
        Name of a person; number, title or address of a process.
    ae_titles
        Under which a process is known.
    requestor
        Whether it wanted what happened.
    address
        Name or IP address of the machine; empty where not known.
    media
        Whether it stands for what data is exported to.
    """

    user: str
    requestor: bool
    role: Role | None = None
    name: str = ""
    ae_titles: tuple[str, ...] = ()
    address: str = ""
    media: bool = False


@dataclass(frozen=True, kw_only=True)
class Source:
    """Who reports: ``AuditSourceID``, and the site that it belongs to."""

    name: str
    site: str = ""


@dataclass(frozen=True, kw_only=True)
class Thing:
    """Something that an event was about (ParticipantObjectIdentification).

    Attributes
    ----------
    query
        Octets of a query; it stands where other things have a name.
    details
        Type and value pairs.
    accession, instances
        Of a study: Accession Number, and how many instances of each SOP Class UID are meant.
    """

    type_code: str
    role: str
    id_type: Code
    identifier: str
    name: str = ""
    query: bytes | None = None
    details: tuple[tuple[str, str], ...] = ()
    accession: str = ""
    instances: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Message:
    """One audit message.

    Attributes
    ----------
    action
        C(reate), R(ead), U(pdate), D(elete) or E(xecute).
    outcome
        0 success, 4 minor, 8 serious, 12 major failure.
    """

    event: Event
    action: str
    at: datetime
    source: Source
    participants: tuple[Participant, ...]
    outcome: int = 0
    outcome_text: str = ""
    kinds: tuple[Kind, ...] = ()
    things: tuple[Thing, ...] = ()


def study(uid: str, *, accession: str, instances: Mapping[str, int]) -> Thing:
    """Name a study, and how many instances of which SOP Class UID the event is about."""
    return Thing(
        type_code=_SYSTEM,
        role=_AS_REPORT,
        id_type=STUDY_UID,
        identifier=uid,
        name=accession,
        accession=accession,
        instances=tuple(sorted(instances.items())),
    )


def patient(number: str, name: str) -> Thing:
    """Name a patient by number and name."""
    return Thing(type_code=_PERSON, role=_AS_PATIENT, id_type=PATIENT_NUMBER, identifier=number, name=name)


def audit_log(uri: str) -> Thing:
    """Name the audit trail (PS3.15 A.5.3.2 fixes what it is called)."""
    return Thing(type_code=_SYSTEM, role=_AS_SECURITY_RESOURCE, id_type=URI, identifier=uri, name="Security Audit Log")


def alert_about(id_type: Code, identifier: str, text: str) -> Thing:
    """Name what a security alert is about, and say why."""
    return Thing(
        type_code=_SYSTEM,
        role=_AS_SECURITY_RESOURCE,
        id_type=id_type,
        identifier=identifier,
        name=identifier,
        details=(("Alert Description", text),),
    )


def queried(sop_class: str, query: bytes, transfer_syntax: str) -> Thing:
    """Name the SOP class that was asked, with the query as it was encoded."""
    return Thing(
        type_code=_SYSTEM,
        role=_AS_REPORT,
        id_type=SOP_CLASS_UID,
        identifier=sop_class,
        query=query[:LONGEST_QUERY],
        details=(("TransferSyntax", transfer_syntax),),
    )


def to_xml(message: Message) -> bytes:
    """Write a message as UTF-8 without line breaks, with its XML declaration."""
    root = ET.Element("AuditMessage")
    _event(root, message)
    for participant in message.participants:
        _participant(root, participant)
    source = ET.SubElement(root, "AuditSourceIdentification", _present(AuditEnterpriseSiteID=message.source.site))
    source.set("AuditSourceID", _clean(message.source.name))
    ET.SubElement(source, "AuditSourceTypeCode", {"csd-code": APPLICATION_SERVER})
    for thing in message.things:
        _thing(root, thing)
    return b'<?xml version="1.0" encoding="UTF-8"?>' + ET.tostring(root, encoding="unicode").encode("utf-8")


def _event(root: ET.Element, message: Message) -> None:
    values = {
        "EventActionCode": message.action,
        "EventDateTime": message.at.isoformat(timespec="milliseconds"),
        "EventOutcomeIndicator": str(message.outcome),
    }
    event = ET.SubElement(root, "EventIdentification", values)
    _coded(event, "EventID", message.event.value)
    for kind in message.kinds:
        _coded(event, "EventTypeCode", kind.value)
    if message.outcome_text:
        ET.SubElement(event, "EventOutcomeDescription").text = _clean(message.outcome_text)


def _participant(root: ET.Element, one: Participant) -> None:
    titles = ";".join(one.ae_titles)
    values = {
        "UserID": _clean(one.user),
        **_present(AlternativeUserID=f"AETITLES={titles}" if titles else "", UserName=one.name),
        "UserIsRequestor": "true" if one.requestor else "false",
    }
    if one.address:
        values |= {"NetworkAccessPointID": _clean(one.address), "NetworkAccessPointTypeCode": "2" if _is_ip(one.address) else "1"}
    element = ET.SubElement(root, "ActiveParticipant", values)
    if one.role:
        _coded(element, "RoleIDCode", one.role.value)
    if one.media:
        _coded(ET.SubElement(element, "MediaIdentifier"), "MediaType", MEDIA_URI)


def _thing(root: ET.Element, thing: Thing) -> None:
    values = {
        "ParticipantObjectID": _clean(thing.identifier),
        "ParticipantObjectTypeCode": thing.type_code,
        "ParticipantObjectTypeCodeRole": thing.role,
    }
    element = ET.SubElement(root, "ParticipantObjectIdentification", values)
    _coded(element, "ParticipantObjectIDTypeCode", thing.id_type)
    if thing.query is None:
        ET.SubElement(element, "ParticipantObjectName").text = _clean(thing.name)
    else:
        ET.SubElement(element, "ParticipantObjectQuery").text = base64.b64encode(thing.query).decode("ascii")
    for kind, text in thing.details:
        ET.SubElement(element, "ParticipantObjectDetail", {"type": kind, "value": base64.b64encode(_clean(text).encode()).decode("ascii")})
    if thing.id_type == STUDY_UID:
        _contents(ET.SubElement(element, "ParticipantObjectDescription"), thing.accession, thing.instances)


def _contents(element: ET.Element, accession: str, instances: Iterable[tuple[str, int]]) -> None:
    if accession:
        ET.SubElement(element, "Accession", {"Number": _clean(accession)})
    for sop_class, count in instances:
        ET.SubElement(element, "SOPClass", {"UID": _clean(sop_class), "NumberOfInstances": str(count)})


def _coded(parent: ET.Element, tag: str, code: Code) -> None:
    values = {"csd-code": code.value, "codeSystemName": code.scheme_designator, "originalText": code.meaning}
    ET.SubElement(parent, tag, values)


def _present(**texts: str) -> dict[str, str]:
    return {name: _clean(text) for name, text in texts.items() if text}


def _clean(text: str) -> str:
    """Cut a text to length, on one line, with U+FFFD for what XML 1.0 cannot hold: senders put anything into a name."""
    return _NO_XML.sub("\ufffd", _BREAKS.sub(" ", text[:LONGEST_TEXT]))


def _is_ip(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True
