"""From events of the trail to audit messages: which event is which message of PS3.15 A.5.3, and who took part in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias
from urllib.parse import quote, urlsplit

from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import ExplicitVRLittleEndian

from baa_node.atna.lookup import Lookup
from baa_node.core.messages import atna
from baa_node.core.messages.atna import Event, Kind, Message, Participant, Role, Thing
from baa_node.core.priors.history import examination_of
from baa_node.db.audit import AuditKind, AuditRecord
from baa_node.db.peers import Peer
from baa_node.dicom.commitment import STUDY_ROOT_FIND
from baa_node.dicom.query import studies_question, wanted_for

Run: TypeAlias = Sequence[AuditRecord]
"""Events that are one message, in their order."""

UNTOLD: Final = frozenset(
    {
        AuditKind.INSTANCE_LEFT_ALONE,
        AuditKind.READING_DONE,  # what the node thinks of an image it has: its report is told of when stored
        AuditKind.READING_REFUSED,
        AuditKind.READING_QUARANTINED,
        AuditKind.REPORT_DISMISSED,
        AuditKind.DELIVERY_REOPENED,  # the attempt that follows is told
        AuditKind.DELIVERY_FOUND,
        AuditKind.COMMITMENT_ASKED,  # PS3.15 has no message for storage commitment
        AuditKind.COMMITMENT_GIVEN,
        AuditKind.COMMITMENT_FAILED,
        AuditKind.EXECUTOR_TAKEN_OVER,
        AuditKind.PROVIDER_CHANGED,
    }
)
"""Kinds of events without a message."""

_FOLDED: Final = frozenset({AuditKind.INSTANCE_RECEIVED, AuditKind.INSTANCE_DUPLICATE, AuditKind.REPORT_STORED})
_SECURITY: Final = ("tls_", "tokens", "atna.", "log.", "console.trusted_proxies", "console.idle_minutes", "console.session_hours")
_NETWORK: Final = ("node.", "console.", "bridges.", "dicomweb.", "priors.")


@dataclass(frozen=True, kw_only=True)
class Node:
    """Who tells: this node, as messages name it."""

    source: atna.Source
    ae_title: str
    host: str
    process: str


class Translator:
    """Makes messages of events, one after the other: it notes in passing which process the events are of."""

    def __init__(self, node: Node, lookup: Lookup) -> None:
        self._node, self._lookup = node, lookup
        self._transferred: Mapping[AuditKind, tuple[str, str]] = {
            AuditKind.INSTANCE_RECEIVED: ("C", ""),
            AuditKind.INSTANCE_DUPLICATE: ("R", ""),
            AuditKind.INSTANCE_CONFLICT: ("C", "other content under a UID that is known: set aside"),
            AuditKind.INSTANCE_REJECTED: ("C", "rejected"),
        }
        self._by_kind: Mapping[AuditKind, Callable[[Run], Message | None]] = {
            AuditKind.NODE_STARTED: self._activity,
            AuditKind.NODE_STOPPED: self._activity,
            AuditKind.NODE_DIED: self._activity,
            AuditKind.ASSOCIATION_REFUSED: self._refused,
            AuditKind.TLS_REFUSED: self._refused,
            **dict.fromkeys(self._transferred, self._received),
            AuditKind.REREAD_ORDERED: self._accessed,
            AuditKind.STUDY_SHOWN: self._accessed,
            AuditKind.REPORT_STORED: self._accessed,
            AuditKind.DELIVERY_BEGUN: self._delivered,
            AuditKind.DELIVERY_ATTEMPT: self._delivered,
            AuditKind.DELIVERY_DONE: self._delivered,
            AuditKind.DELIVERY_FAILED: self._delivered,
            AuditKind.FILES_REMOVED: self._removed,
            AuditKind.PEER_QUERIED: self._queried,
            **dict.fromkeys((AuditKind.PEER_ADDED, AuditKind.PEER_CHANGED, AuditKind.PEER_REMOVED), self._changed),
            **dict.fromkeys((AuditKind.USER_ADDED, AuditKind.USER_CHANGED, AuditKind.USER_REMOVED), self._changed),
            **dict.fromkeys((AuditKind.ROUTE_ADDED, AuditKind.ROUTE_CHANGED, AuditKind.ROUTE_REMOVED), self._changed),
            **dict.fromkeys((AuditKind.CERTIFICATE_ADDED, AuditKind.CERTIFICATE_CHANGED, AuditKind.CERTIFICATE_REMOVED), self._changed),
            **dict.fromkeys((AuditKind.SETTING_CHANGED, AuditKind.BUNDLE_LOADED, AuditKind.AUDIT_UNTOLD), self._changed),
            **dict.fromkeys((AuditKind.BACKUP_MADE, AuditKind.RECORD_RESTORED), self._changed),
            AuditKind.LOGGED_IN: self._authentication,
            AuditKind.LOGGED_OUT: self._authentication,
            AuditKind.LOGIN_FAILED: self._authentication,
            AuditKind.AUDIT_READ: self._log_used,
            AuditKind.AUDIT_EXPORTED: self._log_used,
        }

    @property
    def told(self) -> frozenset[AuditKind]:
        """Kinds of events that have a message."""
        return frozenset(self._by_kind)

    def message(self, run: Run) -> Message | None:
        """Make the message of a run; None where nothing was transferred after all, or the kind is not one of this version.

        Raises
        ------
        StoreError, SpoolError
            Record or spool cannot be asked at the moment.
        """
        first = run[0]
        if first.kind == AuditKind.NODE_STARTED:
            self.note_process(first)
        if first.kind not in set(AuditKind):
            return None
        make = self._by_kind.get(AuditKind(first.kind))
        return make(run) if make else None

    def note_process(self, started: AuditRecord) -> None:
        """Take the following events for those of the process that started with this one."""
        self._node = replace(self._node, process=str(started.detail.get("process", "")), host=str(started.detail.get("host", "")))

    def _say(
        self,
        run: Run,
        event: Event,
        action: str,
        participants: tuple[Participant, ...],
        *,
        kind: Kind | None = None,
        things: tuple[Thing, ...] = (),
        outcome_text: str = "",
    ) -> Message:
        return Message(
            event=event,
            action=action,
            at=run[-1].at,
            source=self._node.source,
            participants=participants,
            outcome=max(one.outcome for one in run),
            outcome_text=outcome_text,
            kinds=(kind,) if kind else (),
            things=things,
        )

    def _process(self, role: Role | None = None, *, requestor: bool = False) -> Participant:
        node = self._node
        return Participant(user=node.process, requestor=requestor, role=role, ae_titles=(node.ae_title,), address=node.host)

    def _activity(self, run: Run) -> Message:
        (record,) = run
        user = str(record.detail.get("user") or "")
        started = record.kind == AuditKind.NODE_STARTED
        launcher = (Participant(user=user, requestor=True, role=Role.LAUNCHER, address=self._node.host),) if started and user else ()
        return self._say(
            run,
            Event.APPLICATION_ACTIVITY,
            "E",
            (self._process(Role.APPLICATION), *launcher),
            kind=Kind.START if started else Kind.STOP,
            outcome_text="it did not stop in order; noticed at the next start" if record.kind == AuditKind.NODE_DIED else "",
        )

    def _received(self, run: Run) -> Message:
        first = run[0]
        action, trouble = self._transferred[AuditKind(first.kind)]
        sender = Participant(
            user=first.actor,
            requestor=True,
            role=Role.SOURCE,
            ae_titles=_texts(first.detail.get("calling_ae") or first.actor),
            address=str(first.detail.get("address") or ""),
        )
        classes = Counter(str(one.detail["sop_class_uid"]) for one in run if one.detail.get("sop_class_uid"))
        sha256 = str(first.detail.get("sha256") or "") if first.kind == AuditKind.INSTANCE_CONFLICT else ""
        things = self._about(first, classes, images=[one.subject for one in run], sha256=sha256)
        participants = (sender, self._process(Role.DESTINATION))
        return self._say(run, Event.INSTANCES_TRANSFERRED, action, participants, things=things, outcome_text=trouble)

    def _accessed(self, run: Run) -> Message:
        first = run[0]
        made = first.kind == AuditKind.REPORT_STORED
        if made:
            classes: Mapping[str, int] = Counter(one for record in run for one in self._classes_of(record))
        else:
            classes = self._lookup.study(first.study or "").sop_classes
        return self._say(run, Event.INSTANCES_ACCESSED, "C" if made else "R", self._actors(first), things=self._about(first, classes))

    def _delivered(self, run: Run) -> Message | None:
        (record,) = run
        peer = self._lookup.peer(str(record.detail.get("peer")))
        begun, messages = record.kind == AuditKind.DELIVERY_BEGUN, peer is not None and peer.takes_messages
        trouble = str(record.detail.get("error") or "")
        if (begun and messages) or trouble.startswith("not sent"):
            return None
        event = Event.BEGIN_TRANSFERRING if begun else Event.EXPORT if messages else Event.INSTANCES_TRANSFERRED
        things = self._about(record, self._classes_sent(record), images=[record.subject])
        participants = (self._process(Role.SOURCE, requestor=True), _receiver(str(record.detail.get("peer")), peer, media=messages))
        return self._say(run, event, "E" if begun else "R", participants, things=things, outcome_text=trouble)

    def _removed(self, run: Run) -> Message:
        (record,) = run
        study = self._lookup.study(record.study or "")
        last = study.files_left == 0
        things = self._about(record, study.sop_classes if last else self._one(record.subject), images=[record.subject])
        event = Event.STUDY_DELETED if last else Event.INSTANCES_ACCESSED
        return self._say(run, event, "D", (self._process(requestor=True),), things=things)

    def _queried(self, run: Run) -> Message | None:
        (record,) = run
        header = self._lookup.header(str(record.detail.get("for")))
        wanted = wanted_for(examination_of(header)) if header is not None else None
        query = _encoded(studies_question(wanted)) if wanted else b""
        participants = (self._process(Role.SOURCE, requestor=True), _receiver(record.subject, self._lookup.peer(record.subject)))
        things = (atna.queried(STUDY_ROOT_FIND, query, ExplicitVRLittleEndian),)
        return self._say(run, Event.QUERY, "E", participants, things=things, outcome_text=str(record.detail.get("error") or ""))

    def _refused(self, run: Run) -> Message:
        (record,) = run
        detail = {key: str(record.detail.get(key) or "") for key in ("calling_ae", "called_ae", "address", "reason")}
        caller = Participant(
            user=record.actor or detail["address"], requestor=True, ae_titles=_texts(detail["calling_ae"]), address=detail["address"]
        )
        what = "no TLS" if record.kind == AuditKind.TLS_REFUSED else f"association with {detail['called_ae']} refused"
        thing = atna.alert_about(atna.NODE_ID, detail["calling_ae"] or detail["address"], f"{what}: {detail['reason']}")
        participants = (self._process(), caller)
        return self._say(run, Event.SECURITY_ALERT, "E", participants, kind=Kind.NODE_AUTHENTICATION, things=(thing,))

    def _changed(self, run: Run) -> Message:
        (record,) = run
        id_type = {"PEER": atna.NODE_ID, "USER": atna.USER_IDENTIFIER}.get(record.kind.partition("_")[0], atna.URI)
        subject = self._uri(record.subject) if id_type is atna.URI else record.subject
        told = ", ".join(f"{key}: {value}" for key, value in record.detail.items())
        thing = atna.alert_about(id_type, subject, f"{record.kind} {record.subject}: {told}")
        return self._say(run, Event.SECURITY_ALERT, "E", self._actors(record), kind=_kind_of_change(record), things=(thing,))

    def _authentication(self, run: Run) -> Message:
        (record,) = run
        person = Participant(user=record.subject, requestor=True, address=str(record.detail.get("address") or ""))
        kind = Kind.LOGOUT if record.kind == AuditKind.LOGGED_OUT else Kind.LOGIN
        trouble = str(record.detail.get("reason") or "")
        return self._say(run, Event.USER_AUTHENTICATION, "E", (person, self._process()), kind=kind, outcome_text=trouble)

    def _log_used(self, run: Run) -> Message:
        return self._say(run, Event.AUDIT_LOG_USED, "R", self._actors(run[0]), things=(atna.audit_log(self._uri("audit")),))

    def _about(self, record: AuditRecord, classes: Mapping[str, int], *, images: Iterable[str] = (), sha256: str = "") -> tuple[Thing, ...]:
        """Name study and patient; a patient whom nobody knows any more has neither number nor name."""
        study = self._lookup.study(record.study or "")
        patient = self._lookup.patient([*images] if sha256 else [*images, *study.images], sha256)
        accession = str(record.detail.get("accession_number") or study.accession)
        return (
            atna.study(record.study or "", accession=accession, instances=classes),
            atna.patient(patient.patient_id if patient else "", patient.patient_name if patient else ""),
        )

    def _actors(self, record: AuditRecord) -> tuple[Participant, ...]:
        """Give the person, where there is one, and the process."""
        origin, there, name = record.actor.partition(":")
        if not there:
            return (self._process(requestor=True),)
        address = str(record.detail.get("address") or "") if origin == "console" else self._node.host
        return Participant(user=name, requestor=True, address=address), self._process()

    def _one(self, sop_instance_uid: str) -> Mapping[str, int]:
        header = self._lookup.header(sop_instance_uid)
        return {} if header is None else {str(header.get("SOPClassUID", "")): 1}

    def _classes_sent(self, record: AuditRecord) -> Mapping[str, int]:
        """SOP classes of what a delivery is about: what is to be sent when it begins, what was taken when it has ended."""
        revision, peer = int(record.detail.get("revision") or 0), str(record.detail.get("peer"))
        named = str(record.detail.get("objects") or "").split()
        objects = self._lookup.results(record.subject, revision) if named else self._lookup.sent(record.subject, revision, peer)
        return Counter(one.sop_class_uid for one in objects if not named or one.sop_instance_uid in named)

    def _classes_of(self, record: AuditRecord) -> list[str]:
        results = self._lookup.results(str(record.detail.get("source_uid")), int(record.detail.get("revision") or 0))
        return [one.sop_class_uid for one in results if one.sop_instance_uid == record.subject]

    def _uri(self, what: str) -> str:
        return f"urn:baa-node:{quote(self._node.source.name)}:{quote(what)}"


def runs(records: Iterable[AuditRecord]) -> Iterator[list[AuditRecord]]:
    """Put neighbours together that are one transfer: images that a caller sent of one study, objects made for one study."""
    run: list[AuditRecord] = []
    for record in records:
        if run and not (record.kind in _FOLDED and _key(run[0]) == _key(record)):
            yield run
            run = []
        run.append(record)
    if run:
        yield run


def _key(record: AuditRecord) -> tuple[object, ...]:
    return record.kind, record.study, record.actor, record.detail.get("calling_ae"), record.detail.get("address"), record.outcome


def _kind_of_change(record: AuditRecord) -> Kind:
    if record.kind == AuditKind.AUDIT_UNTOLD:
        return Kind.RECORDING_STOPPED
    by_kind = {"PEER": Kind.NETWORK_CONFIGURATION, "ROUTE": Kind.NETWORK_CONFIGURATION, "USER": Kind.USER_ATTRIBUTES}
    known = by_kind.get(record.kind.partition("_")[0])
    if known:
        return known
    if record.kind.startswith("CERTIFICATE") or any(part in record.subject for part in _SECURITY):
        return Kind.SECURITY_CONFIGURATION
    return Kind.NETWORK_CONFIGURATION if record.subject.startswith(_NETWORK) else Kind.SOFTWARE_CONFIGURATION


def _receiver(name: str, peer: Peer | None, *, media: bool = False) -> Participant:
    """Name a destination; of one that was removed no more than its name is known."""
    address = "" if peer is None else peer.host or str(urlsplit(peer.url).hostname or "")
    role = Role.DESTINATION_MEDIA if media else Role.DESTINATION
    return Participant(user=name, requestor=False, role=role, ae_titles=_texts(peer.ae_title if peer else ""), address=address, media=media)


def _texts(text: object) -> tuple[str, ...]:
    return (str(text),) if text else ()


def _encoded(query: Dataset) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_dataset(buffer, query)
    return buffer.getvalue()
