"""What each step of a delivery does to record and destination. Every method may be run again after a crash with the same effect."""

from __future__ import annotations

import io
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from pydicom import dcmread
from pydicom.uid import generate_uid

from baa_node.bridges import Attempt, Parcel, Wires, bridge_to, kinds_for
from baa_node.core.messages.told import reasons_in
from baa_node.db import Connection, Database, peers, studies
from baa_node.db.studies import Delivery, DeliveryState, ResultObject
from baa_node.dicom import commitment
from baa_node.dicom.endpoint import Endpoint
from baa_node.errors import DeliveryError
from baa_node.kinds import kinds_made
from baa_node.metrics import ATTEMPTS_MADE, TURNAROUND_SECONDS
from baa_node.results import ResultMaker
from baa_node.spool import Spool
from baa_node.traces import watched

log = logging.getLogger(__name__)

COMMITMENT_AT_ONCE_S = 1.0
"""How long the association stays open for an answer: some peers give it there, most on an association of their own."""

REST_WITHIN_S: Final = 10.0
"""How long a delivery that has begun waits for what is still being made; then it is tried again later."""

LOOK_EVERY_S: Final = 0.1
"""At the record, while another process may be the one that makes it."""

NOT_MADE_YET: Final = "a part of the results is not made yet"


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long deliveries are tried: each pause is as long as the wait so far, from the first to the longest, then the end."""

    first_s: float = 2.0
    longest_s: float = 3600.0
    give_up_after_s: float = 7 * 86400.0

    def pause_s(self, waited_s: float) -> float:
        """Seconds until the next attempt of a delivery that was opened `waited_s` ago; the pauses double by themselves."""
        return min(self.longest_s, max(self.first_s, waited_s))


@dataclass(frozen=True, kw_only=True)
class Dispatch:
    """Everything that it takes to send the results of a reading and to see that they arrived.

    Attributes
    ----------
    endpoint
        Turns a peer entry into an address with our calling AE title and TLS settings.
    maker
        Knows which objects are made of a result.
    confirm, commitment_wait_s
        Whether to ask destinations for commitment and by query, and how long they may take to answer before they are asked again.
    permit
        Returns when this process may still act; called before anything is sent.
    made
        Notified when everything of a result is made; the record says it, too.
    asked_for
        Set when a delivery has sent what there was and waits for the rest; nothing hangs on it but who goes first.
    wires
        Settings for destinations that are no DICOM applications.
    announce
        Whether each attempt to send objects is an audit event before it begins, as an audit repository wants it.
    """

    database: Database
    spool: Spool
    maker: ResultMaker
    endpoint: Callable[[peers.Peer], Endpoint]
    patience: Patience
    confirm: bool = True
    commitment_wait_s: float = 60.0
    permit: Callable[[], None] = lambda: None
    made: threading.Condition = field(default_factory=threading.Condition)
    asked_for: threading.Event = field(default_factory=threading.Event)
    wires: Wires = field(default_factory=Wires)
    announce: bool = False

    @watched("deliver")
    def deliver(self, uid: str, revision: int, peer_name: str) -> None:
        """Send the results to one peer once and record how it ended and when to try again."""
        due = self._delivery(uid, revision, peer_name)
        if due is None or due.delivery.state != "pending":
            return
        attempt = self._attempt(due, due.peer) if due.peer else Attempt(error="peer entry was removed")
        self._note_attempt(due, attempt, confirm=self.confirm and due.peer is not None and due.peer.kind == "dicom")

    def fail_delivery(self, uid: str, revision: int, peer_name: str, code: str) -> None:
        """Give a delivery up for a fault of ours, and show it."""
        due = self._delivery(uid, revision, peer_name)
        if due is not None and due.delivery.state == "pending":
            self._note_attempt(due, Attempt(error=f"internal error {code}; see the log of the node"))

    @watched("confirm")
    def look_for_receipt(self, uid: str, revision: int, peer_name: str) -> None:
        """Try for a higher receipt of a delivery: commitment first, then what the peer's own query shows."""
        due = self._delivery(uid, revision, peer_name)
        if due is None or due.delivery.state != "delivered" or due.delivery.confirm_at is None:
            return
        delivery = due.delivery
        stored = [self._stored(one) for one in due.results if one.sop_instance_uid in delivery.stored]
        if due.peer is None or not stored:
            self._note_unconfirmed(delivery, "peer entry was removed" if due.peer is None else "what it took is not known", None)
            return
        try:
            self._ask(self.endpoint(due.peer), delivery, stored)
        except commitment.NotOfferedError as neither:
            self._note_unconfirmed(delivery, str(neither), None)
        except DeliveryError as error:  # it may have been asked all the same, and answer later
            as_it_is = self._delivery(uid, revision, peer_name) or due
            self._note_unconfirmed(as_it_is.delivery, str(error), self._next_look(delivery))

    def _delivery(self, uid: str, revision: int, peer_name: str) -> _Due | None:
        with self.database.reading() as connection:
            found = next((one for one in studies.list_deliveries(connection, uid, revision) if one.peer == peer_name), None)
            if found is None:
                return None
            return _Due(
                delivery=found,
                results=studies.list_results(connection, uid, revision),
                peer=_peer(connection, peer_name),
                reading=studies.get_reading(connection, uid, revision),
            )

    def _completed(self, due: _Due) -> _Due:
        """Wait until everything of the result is made, at most `REST_WITHIN_S`."""
        delivery, deadline = due.delivery, time.monotonic() + REST_WITHIN_S
        self.asked_for.set()
        while not due.complete and time.monotonic() < deadline:
            with self.made:
                self.made.wait(LOOK_EVERY_S)
            due = self._delivery(delivery.source_uid, delivery.revision, delivery.peer) or due
        return due

    def _ask(self, endpoint: Endpoint, delivery: Delivery, stored: Sequence[commitment.Stored]) -> None:
        if delivery.receipt == "sent":
            with suppress(commitment.NotOfferedError):
                self._ask_commitment(endpoint, delivery, stored)
                return
        self.permit()
        missing = len(stored) - len(commitment.find_stored(endpoint, stored))
        if missing:
            self._note_unconfirmed(delivery, f"{missing} of {len(stored)} objects are not in its query", self._next_look(delivery))
            return
        with self.database.transaction() as connection:
            studies.note_found(connection, delivery, now=datetime.now(UTC))

    def _ask_commitment(self, endpoint: Endpoint, delivery: Delivery, stored: Sequence[commitment.Stored]) -> None:
        """Note first, ask then: the answer may come on another association before this one is over."""
        transaction_uid = str(generate_uid(prefix=None))
        with self.database.transaction() as connection:
            again_at = self._next_look(delivery)
            if not studies.ask_commitment(connection, delivery, transaction_uid, confirm_at=again_at, now=datetime.now(UTC)):
                return
        self.permit()
        try:
            answer = commitment.request_commitment(endpoint, transaction_uid, stored, wait_s=COMMITMENT_AT_ONCE_S)
        except commitment.NotOfferedError:
            with self.database.transaction() as connection:
                studies.withdraw_commitment(connection, delivery, transaction_uid)
            raise
        if answer is not None:
            with self.database.transaction() as connection:
                studies.note_commitment(connection, transaction_uid, answer.committed, dict(answer.failed), now=datetime.now(UTC))

    def _next_look(self, delivery: Delivery) -> datetime | None:
        """When to look again: pauses as long as the wait so far, from `commitment_wait_s` to the longest, then never."""
        now = datetime.now(UTC)
        waited_s = (now - (delivery.delivered_at or now)).total_seconds()
        if waited_s > self.patience.give_up_after_s:
            return None
        return now + timedelta(seconds=max(self.commitment_wait_s, min(self.patience.longest_s, waited_s)))

    def _note_unconfirmed(self, delivery: Delivery, note: str, look_at: datetime | None) -> None:
        with self.database.transaction() as connection:
            studies.note_unconfirmed(connection, delivery, note, confirm_at=look_at)

    def _stored(self, result: ResultObject) -> commitment.Stored:
        ds = dcmread(io.BytesIO(self.spool.read(result.path)), stop_before_pixels=True)
        return commitment.Stored(
            sop_class_uid=result.sop_class_uid,
            sop_instance_uid=result.sop_instance_uid,
            study_instance_uid=ds.StudyInstanceUID,
            series_instance_uid=ds.SeriesInstanceUID,
        )

    def _attempt(self, due: _Due, peer: peers.Peer) -> Attempt:
        due, delivery = self._ready(due, peer), due.delivery
        kinds = self._kinds(due, peer)
        wanted = _not_yet([one for one in due.results if one.kind in kinds], delivery.stored)
        coming = [] if due.complete else sorted(kinds - {one.kind for one in due.results})
        with self.database.reading() as connection:
            replaced = peer.takes_messages and bool(studies.list_results(connection, delivery.source_uid, delivery.revision + 1))
        if replaced:  # a message that comes after the one that amends it would undo the amendment
            return Attempt(stored=True, error=f"not sent: reading {delivery.revision + 1} replaces it")
        if not wanted:
            return Attempt(stored=True, error="" if delivery.stored else "not sent: it wants nothing of this result")
        rest = _Rest(coming=coming, completed=lambda: self._completed(due))
        parcel = Parcel(
            results=wanted,
            outcome=due.reading.outcome or {},
            revision=delivery.revision,
            read=lambda one: self.spool.read(one.path),
            coming=coming,
            rest=rest.give,
        )
        if self.announce:
            with self.database.transaction() as connection:
                objects = [alternatives[0].sop_instance_uid for alternatives in parcel.alternatives]
                studies.note_begun(connection, delivery, objects, now=datetime.now(UTC))
        try:
            attempt = bridge_to(peer, self.wires, endpoint=self.endpoint, permit=self.permit).send(parcel)
            return _unfinished(attempt) if rest.missed else attempt
        except DeliveryError as error:
            return Attempt(retry=error.retry_helps, status=error.status, error=str(error))

    def _ready(self, due: _Due, peer: peers.Peer) -> _Due:
        """Wait until there is enough to begin with: the report for a DICOM peer and for a message, all of it for the others.

        An attempt that is announced names all objects, so it waits for them, too.
        """
        kinds, there = self._kinds(due, peer), {one.kind for one in due.results}
        enough = bool(kinds & there) and not self.announce if peer.kind == "dicom" else kinds <= there
        return due if enough else self._completed(due)

    def _kinds(self, due: _Due, peer: peers.Peer) -> frozenset[str]:
        """Name what the peer gets of these results, of what is or will be made."""
        refused = peer.refusals != "both" and self._is_refusal(due.results)
        there = {one.kind for one in due.results}
        if not due.complete:
            no_number = (due.reading.outcome or {}).get("status") != "assessed"
            there.update(kinds_made(refused=no_number, pdf=self.maker.pdf, refusals=self.maker.refusals))
        return kinds_for(peer, refused=refused, kinds=due.reading.decision.kinds) & there

    def _is_refusal(self, results: Sequence[ResultObject]) -> bool:
        """Whether these results give reasons instead of a bone age, by what the report says; only a refusal may be without one."""
        report = next((one for one in results if one.kind == "sr"), None)
        return report is None or bool(reasons_in(dcmread(io.BytesIO(self.spool.read(report.path)))))

    def _note_attempt(self, due: _Due, attempt: Attempt, *, confirm: bool = False) -> None:
        """Record an attempt; none is the last one before everything is made."""
        delivery, peer = due.delivery, due.peer
        if not self._completed(due).complete:
            attempt = _unfinished(attempt)
        now = datetime.now(UTC)
        next_at = now + timedelta(seconds=self.patience.pause_s((now - delivery.opened_at).total_seconds()))
        again = attempt.retry and next_at <= delivery.opened_at + timedelta(seconds=self.patience.give_up_after_s)
        state: DeliveryState = "delivered" if attempt.stored else "pending" if again else "failed"
        if attempt.error and not attempt.stored:
            log.warning("results of %s did not reach %s: %s", delivery.source_uid, delivery.peer, attempt.error)
        with self.database.transaction() as connection:
            reading = studies.get_reading(connection, delivery.source_uid, delivery.revision)
            noted = studies.record_attempt(
                connection,
                delivery,
                state=state,
                status=attempt.status,
                error=attempt.error or None,
                next_attempt_at=next_at if again else None,
                now=now,
                stored=attempt.taken,
                confirm=confirm,
            )
        if noted:
            ATTEMPTS_MADE.labels(peer.kind if peer else "gone", state).inc()
        if noted and state == "delivered" and not delivery.reopened:
            time_turnaround("delivered", reading, now)


@dataclass(kw_only=True)
class _Rest:
    """What of a result is still being made while the beginning is sent.

    Attributes
    ----------
    missed
        Whether the attempt has to do without it: what is made a moment after that is for the next attempt.
    """

    coming: Sequence[str]
    completed: Callable[[], _Due]

    def __post_init__(self) -> None:
        self.missed = bool(self.coming)

    def give(self) -> list[ResultObject]:
        """Wait for it; nothing where it takes too long."""
        if not self.coming:
            return []
        due = self.completed()
        self.missed = not due.complete
        return [one for one in due.results if one.kind in self.coming]


@dataclass(frozen=True, kw_only=True)
class _Due:
    """A delivery as the record holds it: what there is to send, to whom, and whether more is being made."""

    delivery: Delivery
    results: list[ResultObject]
    peer: peers.Peer | None
    reading: studies.Reading

    @property
    def complete(self) -> bool:
        """Whether everything of the result is made."""
        return studies.is_complete(self.reading)


def _unfinished(attempt: Attempt) -> Attempt:
    """Judge an attempt that went without a part of the results: there is another one, whatever came of this."""
    return replace(attempt, stored=False, retry=True, error=NOT_MADE_YET if attempt.stored else attempt.error)


def time_turnaround(until: str, reading: studies.Reading, now: datetime) -> None:
    """Note how long after the last byte, or the order, a result was ``reported`` or ``delivered``."""
    result = "assessed" if (reading.outcome or {}).get("status") == "assessed" else "refused"
    TURNAROUND_SECONDS.labels(until, result).observe(max(0.0, (now - reading.ordered_at).total_seconds()))


def _not_yet(results: Sequence[ResultObject], stored: Sequence[str]) -> list[ResultObject]:
    """Leave out the kinds of which the peer has one alternative already."""
    there = {result.kind for result in results if result.sop_instance_uid in stored}
    return [result for result in results if result.kind not in there]


def _peer(connection: Connection, name: str) -> peers.Peer | None:
    return next((one for one in peers.list_peers(connection) if one.name == name), None)
