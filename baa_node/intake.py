"""What happens to a received instance: look, spool, record, hand over. Success is answered only after the first three."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

from baa_node.core.report import is_own_object
from baa_node.db import Connection, Database, audit, peers, studies
from baa_node.db.audit import AuditEvent, AuditKind
from baa_node.dicom import scp
from baa_node.dicom.commitment import Commitment
from baa_node.errors import StoreError
from baa_node.spool import Spool, place

_META_GROUP_LENGTH = slice(140, 144)  # preamble 128, DICM 4, (0002,0000) UL header 8: PS3.10 7.1
_META_END = 144


class Intake:
    """The node's answers to callers; called from the threads of many associations at once.

    Parameters
    ----------
    bundle
        SHA-256 of the bundle that reads: an image sent once more that another one read is read again. Empty never does that.
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
        bundle: str = "",
        arrived: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._spool = spool
        self._ae_title = ae_title
        self._any_called_ae = any_called_ae
        self._bundle = bundle
        self._arrived = arrived

    def admit(self, caller: scp.Caller) -> scp.Admission:
        """Admit sources, and destinations, which may come to say what they commit themselves to; note the others for an administrator."""
        if not self._any_called_ae and caller.called_ae.strip() != self._ae_title:
            return self._refuse(caller, scp.Admission.WRONG_CALLED_AE)
        with self._database.reading() as connection:
            known = peers.source_for(connection, caller.calling_ae) or peers.destination_for(connection, caller.calling_ae)
        return scp.Admission.ADMITTED if known else self._refuse(caller, scp.Admission.UNKNOWN_CALLER)

    def receive(self, received: scp.Received) -> scp.Answer:
        """Make one instance durable.

        Raises
        ------
        SpoolError
            Answered by the listener with 0xA700, as is a database that cannot be written: the sender keeps its copy.
        """
        try:
            return self._receive(received, datetime.now(UTC))
        except StoreError:
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
        digest = content_sha256(received.content)
        with self._database.reading() as connection:
            peer = _sender(connection, received.caller)
            arrival = studies.arrival_of(connection, received.sop_instance_uid, digest)
            gone = arrival is studies.Arrival.DUPLICATE and studies.removed_at(connection, received.sop_instance_uid) is not None
            own = is_own_object(received.header) or studies.is_own_result(connection, received.sop_instance_uid)
        if peer is None:
            return scp.Answer(status=scp.NOT_AUTHORISED, comment="no peer entry admits images from this sender")
        if own:
            self._ignore(received, now)
            return scp.Answer(status=scp.STORED)
        name = f"{received.sop_instance_uid}.{digest[:12]}"
        # Of a duplicate the file is there already. Whoever comes second in a race is told so by the record.
        # One that left the spool by age is kept again: somebody may want it read again.
        known = arrival is studies.Arrival.DUPLICATE and not gone
        path = place("instances", name) if known else self._spool.write("instances", name, received.content)
        return self._record(received, digest, path, peer.name, now)

    def _record(self, received: scp.Received, digest: str, path: str, peer: str, now: datetime) -> scp.Answer:
        instance = studies.Instance(
            sop_instance_uid=received.sop_instance_uid,
            sop_class_uid=received.sop_class_uid,
            study_instance_uid=received.study_instance_uid,
            series_instance_uid=received.series_instance_uid,
            transfer_syntax_uid=received.transfer_syntax_uid,
            accession_number=str(received.header.get("AccessionNumber") or ""),
            sha256=digest,
            path=path,
            size=len(received.content),
            peer=peer,
            calling_ae=received.caller.calling_ae.strip(),
            received_at=now,
        )
        ordered: int | None = None
        with self._database.transaction() as connection:
            arrival = studies.record_arrival(connection, instance, now=now)
            if arrival is studies.Arrival.DUPLICATE:
                studies.note_restored(connection, instance.sop_instance_uid)
                ordered = self._order_if_outdated(connection, instance)
        if arrival is studies.Arrival.CONFLICT:
            return scp.Answer(status=scp.DUPLICATE, comment="same SOP Instance UID, other content: quarantined")
        if arrival is studies.Arrival.NEW or ordered:
            self._arrived()
        return scp.Answer(status=scp.STORED)

    def _order_if_outdated(self, connection: Connection, instance: studies.Instance) -> int | None:
        """Order a reading of an image that another bundle read; its revision, None where none is needed."""
        if not self._bundle:
            return None
        uid, actor, now = instance.sop_instance_uid, instance.peer, instance.received_at
        return studies.order_if_outdated(connection, uid, bundle=self._bundle, actor=actor, now=now)

    def turn_away(self, caller: scp.Caller, reason: str) -> None:
        """Note a caller that may not send, for an administrator."""
        with self._database.transaction() as connection:
            peers.note_refused_caller(
                connection,
                calling_ae=caller.calling_ae,
                called_ae=caller.called_ae,
                address=caller.address,
                reason=reason,
                now=datetime.now(UTC),
            )

    def _refuse(self, caller: scp.Caller, admission: scp.Admission) -> scp.Admission:
        self.turn_away(caller, admission.name.lower())
        return admission

    def _ignore(self, received: scp.Received, now: datetime) -> None:
        event = AuditEvent(
            kind=AuditKind.INSTANCE_DUPLICATE,
            actor=received.caller.calling_ae.strip(),
            subject=received.sop_instance_uid,
            study=received.study_instance_uid,
            detail={"own": True},
        )
        with self._database.transaction() as connection:
            audit.append(connection, event, now=now)


def _sender(connection: Connection, caller: scp.Caller) -> peers.Peer | None:
    return peers.source_named(connection, caller.peer) if caller.peer else peers.source_for(connection, caller.calling_ae)


def content_sha256(part10: bytes) -> str:
    """SHA-256 of the data set of a Part 10 file, without the file meta information, which each receiver writes anew."""
    length = int.from_bytes(part10[_META_GROUP_LENGTH], "little")
    return hashlib.sha256(memoryview(part10)[_META_END + length :]).hexdigest()
