from __future__ import annotations

import base64
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from pydicom.filereader import read_dataset

from baa_node.atna import Translator
from baa_node.atna.messages import UNTOLD, runs
from baa_node.core.messages.atna import to_xml
from baa_node.db import audit, peers, studies
from baa_node.db.audit import AuditKind, KeptPatient
from tests.atna.conftest import CR, PLANTED, Trail, image
from tests.db import made
from tests.parts.atna import faults

SR = "1.2.840.10008.5.1.4.1.1.88.33"


def told(trail: Trail, translator: Translator, after: int = 0) -> list[ET.Element]:
    """The messages of all events after one, each checked against the rules."""
    made_of = [translator.message(run) for run in runs(trail.events(after))]
    messages = [ET.fromstring(to_xml(message)) for message in made_of if message]
    assert [faults(message) for message in messages] == [[] for _ in messages]
    return messages


def event(message: ET.Element) -> tuple[str, str, str, str]:
    """EventID, action, outcome, first EventTypeCode."""
    found = message.find("EventIdentification")
    assert found is not None
    kind = found.find("EventTypeCode")
    code = found.find("EventID")
    assert code is not None
    kind_code = kind.attrib["csd-code"] if kind is not None else ""
    return code.attrib["csd-code"], found.attrib["EventActionCode"], found.attrib["EventOutcomeIndicator"], kind_code


def things(message: ET.Element) -> dict[str, tuple[str, str]]:
    """Identifier and name of the objects by the type of their identifier."""
    return {
        one.find("ParticipantObjectIDTypeCode").attrib["csd-code"]: (  # type: ignore[union-attr]
            one.attrib["ParticipantObjectID"],
            one.findtext("ParticipantObjectName") or "",
        )
        for one in message.findall("ParticipantObjectIdentification")
    }


def users(message: ET.Element) -> list[tuple[str, str, str]]:
    """UserID, whether requestor, network access point."""
    found = message.findall("ActiveParticipant")
    return [(one.attrib["UserID"], one.attrib["UserIsRequestor"], one.get("NetworkAccessPointID", "")) for one in found]


def alert(message: ET.Element) -> str:
    detail = message.find(".//ParticipantObjectDetail[@type='Alert Description']")
    assert detail is not None
    return base64.b64decode(detail.attrib["value"]).decode()


def test_every_kind_of_event_has_a_message_or_a_reason_to_have_none(translator: Translator) -> None:
    assert translator.told | UNTOLD == set(AuditKind)
    assert not translator.told & UNTOLD


def test_start_stop_and_what_died(trail: Trail, translator: Translator) -> None:
    detail = {"process": 17, "host": "10.1.1.1", "user": "baa"}
    trail.note(AuditKind.NODE_STARTED, actor="daemon", detail=detail)
    trail.note(AuditKind.NODE_DIED, actor="daemon", outcome=12, detail={**detail, "process": 18})
    trail.note(AuditKind.NODE_STARTED, actor="daemon", detail={**detail, "process": 18})
    trail.note(AuditKind.NODE_STOPPED, actor="daemon", detail={**detail, "process": 18})
    messages = told(trail, translator)
    assert [event(one) for one in messages] == [
        ("110100", "E", "0", "110120"),
        ("110100", "E", "12", "110121"),
        ("110100", "E", "0", "110120"),
        ("110100", "E", "0", "110121"),
    ]
    assert [users(one)[0][0] for one in messages] == ["17", "17", "18", "18"]
    assert users(messages[0])[1] == ("baa", "true", "10.1.1.1")


def test_images_of_one_study_that_come_together_are_one_transfer(trail: Trail, translator: Translator) -> None:
    trail.arrive("1.1")
    trail.arrive("1.2")
    trail.arrive("1.3", study="1.2.9")
    first, second = told(trail, translator)
    assert event(first) == ("110104", "C", "0", "")
    assert things(first) == {"110180": (made.STUDY, "A-0001"), "2": ("P-1", PLANTED)}
    assert [one.attrib for one in first.iter("SOPClass")] == [{"UID": CR, "NumberOfInstances": "2"}]
    assert users(first) == [("pacs", "true", "10.0.0.5"), ("4711", "false", "node.example")]
    assert things(second)["110180"][0] == "1.2.9"


def test_an_image_again_is_read_and_one_with_other_content_is_a_failure_of_its_own_patient(trail: Trail, translator: Translator) -> None:
    trail.arrive("1.1")
    trail.arrive("1.1")
    trail.arrive("1.1", content=image("1.1", patient="OTHER^ONE", number="P-2"))
    _, again, other = told(trail, translator)
    assert event(again) == ("110104", "R", "0", "")
    assert event(other)[:3] == ("110104", "C", "8")
    assert things(other)["2"] == ("P-2", "OTHER^ONE")


def delivered(trail: Trail, **peer: Any) -> studies.Delivery:
    with trail.database.transaction() as c:
        peers.add_peer(c, made.peer(**peer), actor="cli:root", now=made.NOW)
    image_ = trail.arrive()
    with trail.database.transaction() as c:
        studies.record_outcome(c, image_.sop_instance_uid, 1, state=studies.State.READ, outcome=made.READ, now=made.NOW)
        studies.record_results(c, [made.result("2.25.1", sop_class_uid=SR), made.result("2.25.2", kind="capture", sop_class_uid=CR)])
        studies.open_deliveries(c, image_.sop_instance_uid, 1, ["pacs"], made.NOW)
        return studies.list_deliveries(c, image_.sop_instance_uid, 1)[0]


def attempt(trail: Trail, delivery: studies.Delivery, **changes: Any) -> None:
    values: dict[str, Any] = {"state": "delivered", "status": 0, "error": None, "next_attempt_at": None, "stored": ["2.25.1"]}
    with trail.database.transaction() as c:
        studies.record_attempt(c, delivery, now=made.NOW, **{**values, **changes})


def test_a_delivery_begins_and_ends(trail: Trail, translator: Translator) -> None:
    delivery = delivered(trail)
    before = trail.events()[-1].seq
    with trail.database.transaction() as c:
        studies.note_begun(c, delivery, ["2.25.1", "2.25.2"], now=made.NOW)
    attempt(trail, delivery)
    begin, end = told(trail, translator, before)
    assert (event(begin), event(end)) == (("110102", "E", "0", ""), ("110104", "R", "0", ""))
    assert sorted(one.attrib["UID"] for one in begin.iter("SOPClass")) == [CR, SR]
    assert [one.attrib["UID"] for one in end.iter("SOPClass")] == [SR]
    assert users(end) == [("4711", "true", "node.example"), ("pacs", "false", "pacs.example")]
    assert things(end)["2"] == ("P-1", PLANTED)


def test_a_delivery_that_fails_says_why(trail: Trail, translator: Translator) -> None:
    delivery = delivered(trail)
    before = trail.events()[-1].seq
    attempt(trail, delivery, state="failed", status=0xC000, error="cannot understand", stored=[])
    (message,) = told(trail, translator, before)
    assert event(message) == ("110104", "R", "8", "")
    assert message.findtext(".//EventOutcomeDescription") == "cannot understand"


def test_what_was_not_sent_was_not_transferred(trail: Trail, translator: Translator) -> None:
    delivery = delivered(trail)
    before = trail.events()[-1].seq
    attempt(trail, delivery, error="not sent: it wants nothing of this result", stored=[])
    assert told(trail, translator, before) == []


def test_a_message_to_a_ris_is_an_export(trail: Trail, translator: Translator) -> None:
    peer = {"kind": "hl7", "url": "mllp://ris.example:2575/RIS/HOSPITAL", "ae_title": "", "host": "", "port": 0, "source": False}
    delivery = delivered(trail, **peer)
    before = trail.events()[-1].seq
    with trail.database.transaction() as c:
        studies.note_begun(c, delivery, ["2.25.1"], now=made.NOW)
    attempt(trail, delivery)
    (message,) = told(trail, translator, before)
    assert event(message) == ("110106", "R", "0", "")
    assert message.find(".//MediaIdentifier/MediaType").attrib["csd-code"] == "110037"  # type: ignore[union-attr]
    assert users(message)[1] == ("pacs", "false", "ris.example")


def test_reports_are_created_and_studies_are_looked_at(trail: Trail, translator: Translator) -> None:
    delivered(trail)
    created = told(trail, translator)[-1]
    assert event(created) == ("110103", "C", "0", "")
    assert sorted(one.attrib["UID"] for one in created.iter("SOPClass")) == [CR, SR]
    before = trail.note(AuditKind.STUDY_SHOWN, actor="console:ann", subject=made.STUDY, study=made.STUDY) - 1
    (shown,) = told(trail, translator, before)
    assert event(shown) == ("110103", "R", "0", "")
    assert users(shown) == [("ann", "true", ""), ("4711", "false", "node.example")]
    assert things(shown)["2"] == ("P-1", PLANTED)


def remove(trail: Trail, instance: studies.Instance) -> None:
    """Let the files of an image leave as the housekeeper does."""
    with trail.database.transaction() as c:
        studies.set_state(c, instance.sop_instance_uid, 1, studies.State.DISMISSED, now=made.NOW)
        assert studies.note_removed(c, instance.sop_instance_uid, reason="age", now=made.NOW)
        audit.keep_patient(c, instance.sop_instance_uid, KeptPatient(patient_id="P-1", patient_name=PLANTED))
    trail.spool.remove(instance.path)


def test_a_study_is_deleted_with_its_last_image_and_the_patient_is_still_named(trail: Trail, translator: Translator) -> None:
    with trail.database.transaction() as c:
        audit.open_queue(c)
    one, other = trail.arrive("1.1"), trail.arrive("1.2")
    before = trail.events()[-1].seq
    remove(trail, one)
    assert [event(message)[:2] for message in told(trail, translator, before)] == [("110103", "D")]
    remove(trail, other)
    deleted = told(trail, translator, before)[-1]
    assert event(deleted)[:2] == ("110105", "D")
    assert things(deleted) == {"110180": (made.STUDY, "A-0001"), "2": ("P-1", PLANTED)}
    with trail.database.transaction() as c:
        assert audit.note_told(c, before=0, until=trail.events()[-1].seq)
        assert audit.kept_patient(c, "1.1") is None


def test_a_query_for_earlier_reports_holds_what_was_asked(trail: Trail, translator: Translator) -> None:
    with trail.database.transaction() as c:
        peers.add_peer(c, made.peer(), actor="cli:root", now=made.NOW)
    trail.arrive("1.1")
    before = trail.note(AuditKind.PEER_QUERIED, subject="pacs", study=made.STUDY, detail={"for": "1.1", "error": None}) - 1
    (message,) = told(trail, translator, before)
    assert event(message) == ("110112", "E", "0", "")
    query = read_dataset(BytesIO(base64.b64decode(message.findtext(".//ParticipantObjectQuery") or "")), False, True)
    assert (query.PatientID, query.StudyDate, query.QueryRetrieveLevel) == ("P-1", "-20260301", "STUDY")
    assert users(message) == [("4711", "true", "node.example"), ("pacs", "false", "pacs.example")]


@pytest.mark.parametrize(
    ("kind", "subject", "detail", "expected"),
    [
        (AuditKind.PEER_CHANGED, "pacs", {"port_from": 104, "port_to": 105}, "110128"),
        (AuditKind.ROUTE_CHANGED, "hands", {"position_from": 1, "position_to": 2}, "110128"),
        (AuditKind.USER_ADDED, "ann", {"role": "admin"}, "110137"),
        (AuditKind.SETTING_CHANGED, "node.port", {"from": 104, "to": 105}, "110128"),
        (AuditKind.SETTING_CHANGED, "node.tls_key, content", {"from": "digest 1", "to": "digest 2"}, "110129"),
        (AuditKind.SETTING_CHANGED, "inference.bundle", {"from": "", "to": "/x"}, "110131"),
        (AuditKind.AUDIT_UNTOLD, "audit repository", {"first": 1, "last": 9}, "110133"),
        (AuditKind.BACKUP_MADE, "backup", {"files": 9}, "110131"),
        (AuditKind.RECORD_RESTORED, "backup", {"files": 9}, "110131"),
    ],
)
def test_a_change_is_a_security_alert_with_old_and_new(
    trail: Trail, translator: Translator, kind: AuditKind, subject: str, detail: dict[str, Any], expected: str
) -> None:
    trail.note(kind, actor="cli:root", subject=subject, detail=detail)
    (message,) = told(trail, translator)
    assert event(message) == ("110113", "E", "0", expected)
    assert users(message)[0][:2] == ("root", "true")
    assert all(f"{key}: {value}" in alert(message) for key, value in detail.items())


def test_refused_callers_are_security_alerts(trail: Trail, translator: Translator) -> None:
    with trail.database.transaction() as c:
        peers.note_refused_caller(c, calling_ae="SPY", called_ae="BAA_NODE", address="10.9.9.9", reason="unknown_caller", now=made.NOW)
    trail.note(AuditKind.TLS_REFUSED, actor="", subject="10.9.9.8", outcome=4, detail={"address": "10.9.9.8", "reason": "no certificate"})
    association, tls = told(trail, translator)
    assert event(association) == event(tls) == ("110113", "E", "4", "110126")
    assert users(association)[1] == ("SPY", "true", "10.9.9.9")
    assert alert(association) == "association with BAA_NODE refused: unknown_caller"
    assert users(tls)[1] == ("10.9.9.8", "true", "10.9.9.8")
    assert alert(tls) == "no TLS: no certificate"


@pytest.mark.parametrize(
    ("kind", "outcome", "expected"),
    [
        (AuditKind.LOGGED_IN, 0, ("110114", "E", "0", "110122")),
        (AuditKind.LOGIN_FAILED, 4, ("110114", "E", "4", "110122")),
        (AuditKind.LOGGED_OUT, 0, ("110114", "E", "0", "110123")),
    ],
)
def test_log_in_and_out(trail: Trail, translator: Translator, kind: AuditKind, outcome: int, expected: tuple[str, ...]) -> None:
    trail.note(kind, actor="console", subject="ann", outcome=outcome, detail={"address": "10.0.0.7"})
    (message,) = told(trail, translator)
    assert event(message) == expected
    assert users(message) == [("ann", "true", "10.0.0.7"), ("4711", "false", "node.example")]


@pytest.mark.parametrize("kind", [AuditKind.AUDIT_READ, AuditKind.AUDIT_EXPORTED])
def test_who_reads_the_trail_is_told(trail: Trail, translator: Translator, kind: AuditKind) -> None:
    trail.note(kind, actor="console:ann", subject="audit trail")
    (message,) = told(trail, translator)
    assert event(message) == ("110101", "R", "0", "")
    assert things(message) == {"12": ("urn:baa-node:BAA%20NODE:audit", "Security Audit Log")}


def test_a_file_that_is_no_data_set_names_nobody(trail: Trail, translator: Translator) -> None:
    trail.arrive("1.1", content=b"no DICOM at all")
    (message,) = told(trail, translator)
    assert things(message)["2"] == ("", "")


def test_an_event_of_a_kind_that_this_version_does_not_know_is_passed_over(trail: Trail, translator: Translator) -> None:
    trail.note(AuditKind.NODE_STARTED, actor="daemon")
    (record,) = trail.events()
    object.__setattr__(record, "kind", "SOMETHING_NEW")
    assert translator.message([record]) is None
