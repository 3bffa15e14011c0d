"""What happens to a received instance: look, spool, record, hand over. Success is answered only after the first three."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from baa_node.core.attributes import short_text
from baa_node.core.objects.identifiers import is_own_object
from baa_node.core.routes.routing import Arriving, Considered, Decision, consider, decide
from baa_node.db import Connection, Database, audit, peers, routes, studies
from baa_node.db.admission import why_refused
from baa_node.db.audit import AuditEvent, AuditKind
from baa_node.dicom import scp
from baa_node.dicom.commitment import Commitment
from baa_node.errors import SpoolError, StoreError
from baa_node.metrics import RECEIVED, caller_refused
from baa_node.mistakes import Mistake
from baa_node.spool import Spool, place
from baa_node.traces import step

log = logging.getLogger("baa_node.intake")

EVERY: Final = timedelta(minutes=1)
MOST_ADDRESSES: Final = 1000
"""Callers without TLS that are recorded within `EVERY`: a storm of them must not fill the audit trail."""

DISTRUSTED: Final = frozenset({"no_tls", "tls_failed"})
"""Reasons to turn a caller away that `Intake.distrust` puts on record."""

_META_GROUP_LENGTH = slice(140, 144)  # preamble 128, DICM 4, (0002,0000) UL header 8: PS3.10 7.1
_META_END = 144


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """What an instance is to the node before anything is done with it.

    Attributes
    ----------
    sender
        The source it comes from; None where no entry admits its images.
    own
        Whether this node, or another of its kind, made it.
    considered
        The routes that were looked at for it.
    """

    sender: peers.Peer | None
    own: bool
    arrival: studies.Arrival
    considered: tuple[Considered, ...]

    @property
    def known(self) -> bool:
        """Whether the same bytes came before."""
        return self.arrival is studies.Arrival.DUPLICATE

    @property
    def decision(self) -> Decision:
        """What its route says."""
        return decide(self.considered)


def admission_of(connection: Connection, caller: scp.Caller, *, ae_title: str, any_called_ae: bool) -> scp.Admission:
    """Decide about a caller: it calls the node, or a title of a route, and is a source or a destination."""
    called = caller.called_ae.strip()
    if called != ae_title and not any_called_ae and called not in routes.called_titles(connection):
        return scp.Admission.WRONG_CALLED_AE
    known = peers.source_for(connection, caller.calling_ae) or peers.destination_for(connection, caller.calling_ae)
    return scp.Admission.ADMITTED if known else scp.Admission.UNKNOWN_CALLER


def look_at(connection: Connection, received: scp.Received, digest: str) -> Prospect:
    """Ask the record and the routes about an instance; nothing is changed."""
    caller, uid = received.caller, received.sop_instance_uid
    arriving = Arriving(calling_ae=caller.calling_ae, called_ae=caller.called_ae, header=received.header)
    return Prospect(
        sender=_sender(connection, caller),
        own=is_own_object(received.header) or studies.is_own_result(connection, uid),
        arrival=studies.arrival_of(connection, uid, digest),
        considered=consider(routes.list_routes(connection), arriving),
    )


def no_calibration(_: str) -> Mapping[str, str]:
    """Correct nothing: what an intake is told where no calibration of the site is in force."""
    return {}


class Intake:
    """The node's answers to callers; called from the threads of many associations at once.

    Parameters
    ----------
    bundle
        Gives the SHA-256 of the bundle with a name, of the configured one for an empty name: an image sent once more that another one
        read is read again. An empty digest never does that.
    calibrations
        Gives the SHA-256 of the site's calibration by the sexes that it corrects for estimates of the bundle with a digest: an image sent
        once more that was calibrated otherwise is read again, too.
    arrived
        Called after a new instance is durable, to wake whoever hands it to the pipeline. It must not block and need not
        be reliable: what it misses is found in the database.
    """

    def __init__(
        self,
        database: Database,
        spool: Spool,
        *,
        ae_title: str,
        any_called_ae: bool = False,
        bundle: Callable[[str], str] = lambda name: "",
        calibrations: Callable[[str], Mapping[str, str]] = no_calibration,
        arrived: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._spool = spool
        self._ae_title = ae_title
        self._any_called_ae = any_called_ae
        self._bundle = bundle
        self._calibrations = calibrations
        self._arrived = arrived
        self._distrusted = _NowAndThen()

    def admit(self, caller: scp.Caller) -> scp.Admission:
        """Admit sources, and destinations, which may come to say what they commit themselves to; note the others for an administrator."""
        with self._database.reading() as connection:
            admission = admission_of(connection, caller, ae_title=self._ae_title, any_called_ae=self._any_called_ae)
        return admission if admission is scp.Admission.ADMITTED else self._refuse(caller, admission)

    def receive(self, received: scp.Received) -> scp.Answer:
        """Make one instance durable.

        Raises
        ------
        SpoolError
            Answered by the listener with 0xA700, as is a database that cannot be written: the sender keeps its copy.
        """
        try:
            with step("receive", received.sop_instance_uid):
                return self._receive(received, datetime.now(UTC))
        except SpoolError:
            RECEIVED.labels("failed").inc()
            raise
        except StoreError as error:
            log.error("instance from %s not stored: %s", received.caller.calling_ae, error)  # noqa: TRY400 - the sender keeps its copy
            RECEIVED.labels("failed").inc()
            return scp.Answer(status=scp.OUT_OF_RESOURCES, comment="database not available")

    def committed(self, caller: scp.Caller, commitment: Commitment) -> bool:
        """Note what a destination commits itself to; False for a transaction that this node never began.

        Raises
        ------
        StoreError
            The record cannot be written; the caller may say it again.
        """
        with self._database.transaction() as connection:
            known = studies.note_commitment(
                connection, commitment.transaction_uid, commitment.committed, dict(commitment.failed), now=datetime.now(UTC)
            )
        if known:
            self._arrived()
        return known

    def _receive(self, received: scp.Received, now: datetime) -> scp.Answer:
        digest = received.sha256
        with self._database.reading() as connection:
            prospect = look_at(connection, received, digest)
            gone = prospect.known and studies.removed_at(connection, received.sop_instance_uid) is not None
        if prospect.sender is None:
            RECEIVED.labels("not_authorised").inc()
            self.turn_away(received.caller, "no_source")
            return scp.Answer(status=scp.NOT_AUTHORISED, comment="no peer entry admits images from this sender")
        if prospect.own:
            self._ignore(received, now)
            return scp.Answer(status=scp.STORED)
        name = f"{received.sop_instance_uid}.{digest[:12]}"
        # Of a duplicate the file is there already. Whoever comes second in a race is told so by the record.
        # One that left the spool by age is kept again: somebody may want it read again.
        there = prospect.known and not gone
        path = place("instances", name) if there else self._spool.write("instances", name, received.opening, received.encoded)
        instance = _instance(received, digest, path, prospect.sender.name, now)
        return self._record(instance, prospect.decision, received.caller.address)

    def _record(self, instance: studies.Instance, decision: Decision, address: str) -> scp.Answer:
        arrival, ordered = self._database.together(lambda connection: self._write(connection, instance, decision, address))
        RECEIVED.labels(arrival.value).inc()
        if arrival is studies.Arrival.CONFLICT:
            return scp.Answer(status=scp.DUPLICATE, comment="same SOP Instance UID, other content: quarantined")
        if arrival is studies.Arrival.NEW or ordered:
            self._arrived()
        return scp.Answer(status=scp.STORED)

    def _write(
        self, connection: Connection, instance: studies.Instance, decision: Decision, address: str
    ) -> tuple[studies.Arrival, int | None]:
        """Put an arrival on record; what it is, and the revision that was ordered of an image that came once more."""
        arrival = studies.record_arrival(connection, instance, now=instance.received_at, decision=decision, address=address)
        if arrival is not studies.Arrival.DUPLICATE:
            return arrival, None
        studies.note_restored(connection, instance.sop_instance_uid)
        return arrival, self._order_again(connection, instance, decision)

    def _order_again(self, connection: Connection, instance: studies.Instance, decision: Decision) -> int | None:
        """Order a reading of an image that was left alone and is not now, or whose number is of another bundle or calibration."""
        uid, actor, now = instance.sop_instance_uid, instance.peer, instance.received_at
        if decision.read and (ordered := studies.order_if_left_alone(connection, uid, decision=decision, actor=actor, now=now)):
            return ordered
        digest = self._bundle(studies.last_decision(connection, uid).bundle)
        if not digest:
            return None
        return studies.order_if_outdated(connection, uid, bundle=digest, calibrations=self._calibrations(digest), actor=actor, now=now)

    def turn_away(self, caller: scp.Caller, reason: str) -> None:
        """Note a caller that gets nowhere, for an administrator, and say in the log why."""
        caller_refused(reason.partition(": ")[0])
        with self._database.transaction() as connection:
            noted = peers.note_refused_caller(
                connection,
                calling_ae=caller.calling_ae,
                called_ae=caller.called_ae,
                address=caller.address,
                reason=reason,
                now=datetime.now(UTC),
                audited=reason.partition(": ")[0] not in DISTRUSTED,
            )
            known = peers.list_peers(connection)
        log.warning("turned away: %s", why_refused(noted, known, own=self._ae_title))

    def distrust(self, address: str, reason: str) -> None:
        """Record as ``TLS_REFUSED`` that no TLS came about with a caller; of one address once a minute, as anybody can try for ever."""
        now = datetime.now(UTC)
        if not self._distrusted.may(address, now):
            return
        event = AuditEvent(kind=AuditKind.TLS_REFUSED, actor="", subject=address, outcome=4, detail={"address": address, "reason": reason})
        try:
            with self._database.transaction() as connection:
                audit.append(connection, event, now=now)
        except StoreError as error:
            log.warning("a caller without TLS could not be noted: %s", error)

    def _refuse(self, caller: scp.Caller, admission: scp.Admission) -> scp.Admission:
        self.turn_away(caller, admission.name.lower())
        return admission

    def _ignore(self, received: scp.Received, now: datetime) -> None:
        log.warning("%s", Mistake.SENT_BACK.told(calling=received.caller.calling_ae, own=self._ae_title))
        event = AuditEvent(
            kind=AuditKind.INSTANCE_DUPLICATE,
            actor=received.caller.calling_ae.strip(),
            subject=received.sop_instance_uid,
            study=received.study_instance_uid,
            detail={"own": True, "address": received.caller.address, "calling_ae": received.caller.calling_ae.strip()},
        )
        with self._database.transaction() as connection:
            audit.append(connection, event, now=now)
        RECEIVED.labels("own").inc()


def _instance(received: scp.Received, digest: str, path: str, peer: str, now: datetime) -> studies.Instance:
    return studies.Instance(
        sop_instance_uid=received.sop_instance_uid,
        sop_class_uid=received.sop_class_uid,
        study_instance_uid=received.study_instance_uid,
        series_instance_uid=received.series_instance_uid,
        transfer_syntax_uid=received.transfer_syntax_uid,
        accession_number=short_text(received.header, "AccessionNumber"),
        sha256=digest,
        path=path,
        size=len(received.opening) + len(received.encoded),
        peer=peer,
        calling_ae=received.caller.calling_ae.strip(),
        called_ae=received.caller.called_ae.strip(),
        received_at=now,
    )


class _NowAndThen:
    """Lets each address through once in `EVERY`, and no more addresses than are kept in mind."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def may(self, address: str, now: datetime) -> bool:
        """Say whether it is this address's turn."""
        with self._lock:
            if len(self._until) >= MOST_ADDRESSES:
                self._until = {known: until for known, until in self._until.items() if until > now}
            if address in self._until and self._until[address] > now:
                return False
            room = len(self._until) < MOST_ADDRESSES
            if room:
                self._until[address] = now + EVERY
            return room


def _sender(connection: Connection, caller: scp.Caller) -> peers.Peer | None:
    return peers.source_named(connection, caller.peer) if caller.peer else peers.source_for(connection, caller.calling_ae)


def content_sha256(part10: bytes) -> str:
    """SHA-256 of the data set of a Part 10 file, without the file meta information, which each receiver writes anew."""
    length = int.from_bytes(part10[_META_GROUP_LENGTH], "little")
    return hashlib.sha256(memoryview(part10)[_META_END + length :]).hexdigest()
