"""What each step of a reading does to record and spool. Every method may be run again after a crash with the same effect.

Nothing here knows in which order the steps run or what happens between them: that is ``pipeline.py``.
"""

from __future__ import annotations

import enum
import io
import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from baa_node.bridges import Attempt, Parcel, Wires, bridge_to, kinds_for
from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.codes import Reason
from baa_node.core.ensemble import Ensemble
from baa_node.core.history import Examination, examination_of
from baa_node.core.messages.told import reasons_in
from baa_node.core.radiograph import Radiograph
from baa_node.core.reading import ReadingPolicy, read_bone_age
from baa_node.core.record import from_json, to_json
from baa_node.core.traits import Traits
from baa_node.db import Connection, Database, audit, peers, routes, studies
from baa_node.db.audit import AuditEvent, AuditKind
from baa_node.db.studies import Delivery, DeliveryState, Instance, ResultObject, State
from baa_node.dicom import commitment, scu
from baa_node.errors import DeliveryError, InstanceError
from baa_node.frames import RecentFrames
from baa_node.metrics import ATTEMPTS_MADE, READINGS, REFUSALS, TURNAROUND_SECONDS
from baa_node.mistakes import codes_in
from baa_node.priors import Found, PriorSearch
from baa_node.process import out_of_time
from baa_node.results import NOTHING, Grey, Kind, ResultMaker, kinds_made
from baa_node.spool import Spool
from baa_node.traces import note, watched
from baa_node.wiring import none_named

log = logging.getLogger(__name__)

COMMITMENT_AT_ONCE_S = 1.0
"""How long the association stays open for an answer: some peers give it there, most on an association of their own."""

ORDER: Final[tuple[tuple[Kind, ...], ...]] = (("sr",), ("capture", "pdf"))
"""What is made and recorded together: the report is on its way while the picture is drawn."""

REST_WITHIN_S: Final = 10.0
"""How long a delivery that has begun waits for what is still being made; then it is tried again later."""

LOOK_EVERY_S: Final = 0.1
"""At the record, while another process may be the one that makes it."""

NOT_MADE_YET: Final = "a part of the results is not made yet"


class Verdict(enum.Enum):
    """What becomes of a refusal once its study has been looked at."""

    WAIT = "wait"
    SEND = "send"
    DISMISS = "dismiss"


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
class Desk:
    """One reader's desk: everything a step needs, wired once by the daemon.

    Attributes
    ----------
    endpoint
        Turns a peer entry into an address with our calling AE title and TLS settings.
    others
        Gives the networks of a bundle that a route names; BundleError where it is not installed.
    maker
        Makes report and picture; where it makes nothing of a refusal, that is dismissed once its study is quiet.
    wires
        Settings for destinations that are no DICOM applications.
    confirm, commitment_wait_s
        Whether to ask destinations for commitment and by query, and how long they may take to answer before they are asked again.
    priors
        Finds earlier assessments for a report; None looks for none.
    permit
        Returns when this process may still act; called before anything is sent.
    due
        Set when something has become due, to wake whoever starts it; need not be reliable: the record says it, too.
    made
        Notified when everything of a result is made; the record says it, too.
    frames
        What was decoded for reading, for the picture.
    announce
        Whether each attempt to send objects is an audit event before it begins, as an audit repository wants it.
    """

    database: Database
    spool: Spool
    ensemble: Ensemble
    maker: ResultMaker
    policy: ReadingPolicy
    endpoint: Callable[[peers.Peer], scu.Endpoint]
    study_quiet_s: float
    patience: Patience
    confirm: bool = True
    commitment_wait_s: float = 60.0
    priors: PriorSearch | None = None
    permit: Callable[[], None] = lambda: None
    due: threading.Event = field(default_factory=threading.Event)
    made: threading.Condition = field(default_factory=threading.Condition)
    frames: RecentFrames = field(default_factory=RecentFrames)
    wires: Wires = field(default_factory=Wires)
    others: Callable[[str], Ensemble] = none_named
    announce: bool = False

    @watched("read")
    def read(self, uid: str, revision: int) -> bool:
        """Read the image and record what came out; True when it holds a bone age.

        Raises
        ------
        SpoolError
            The file is not there (yet); retry helps.
        """
        with self.database.reading() as connection:
            known = studies.get_outcome(connection, uid, revision)
            instance = studies.get_instance(connection, uid)
            bundle = studies.get_reading(connection, uid, revision).decision.bundle
        if known is not None:
            return bool(known["status"] == "assessed")
        source, frame = self._source(instance), partial(self.frames.keep, instance.path)
        examination = None if isinstance(source, Refusal) else examination_of(source)
        traits = Traits()
        result = self._read(source, self.others(bundle) if bundle else self.ensemble, traits, frame)
        self._record(uid, revision, result, examination, traits)
        return isinstance(result, Assessment)

    def fail(self, uid: str, revision: int, code: str) -> None:
        """Record that reading failed here for a reason that is not the image's: a refusal that people can see."""
        self._record(uid, revision, Refusal(reasons=(Reason.INTERNAL,), detail=f"internal error {code}; see the log of the node"))

    def judge_refusal(self, uid: str, revision: int) -> tuple[Verdict, float]:
        """Decide on a refusal: dismissed when another image of its study was read or none are sent, else sent when the study is quiet.

        Returns
        -------
        tuple
            The verdict and, for `Verdict.WAIT`, the seconds to wait.
        """
        now = datetime.now(UTC)
        with self.database.reading() as connection:
            study = studies.get_instance(connection, uid).study_instance_uid
            read = studies.study_has_reading(connection, study)
            quiet_s = (now - studies.study_last_arrival(connection, study)).total_seconds()
        rest_s = self.study_quiet_s - quiet_s
        if not read and rest_s > 0:
            return Verdict.WAIT, rest_s
        if not read and self.maker.refusals:
            return Verdict.SEND, 0.0
        with self.database.transaction() as connection:
            studies.set_state(connection, uid, revision, State.DISMISSED, now=now)
        return Verdict.DISMISS, 0.0

    @watched("report")
    def report(self, uid: str, revision: int) -> list[str]:
        """Build report and picture, store their bytes once, open a delivery to each destination; return the peers' names.

        The report is on its way while the picture is drawn. A second run finds the bytes of the first and goes on from there: an
        object is never built twice under one UID.
        """
        with self.database.reading() as connection:
            instance = studies.get_instance(connection, uid)
            stored = studies.list_results(connection, uid, revision)
            reading = studies.get_reading(connection, uid, revision)
        if reading.outcome is None:
            raise InstanceError(f"{uid} revision {revision} was reported before it was read")
        if not studies.is_complete(reading):
            self._make(instance, revision, from_json(reading.outcome), {one.kind for one in stored})
        return self._open_deliveries(instance, revision)

    def report_failure(self, uid: str, revision: int, code: str) -> list[str]:
        """Report that no report could be made, as a refusal; where even that fails, set the reading aside for a person.

        A report that is made, and may have been sent, stays as it is: then only the picture is missing.
        """
        refusal = Refusal(reasons=(Reason.INTERNAL,), detail=f"internal error {code}; see the log of the node")
        with self.database.reading() as connection:
            instance = studies.get_instance(connection, uid)
            stored = studies.list_results(connection, uid, revision)
        if stored:
            log.error("%s is reported without all that belongs to it: internal error %s", uid, code)
            return self._open_deliveries(instance, revision)
        try:
            objects = self.maker.make(instance, revision, refusal, amended=self._amended(uid, revision))
        except Exception:  # noqa: BLE001 - whatever it is, it must not be lost
            objects = []
        if not objects:
            with self.database.transaction() as connection:
                studies.set_state(connection, uid, revision, State.QUARANTINED, now=datetime.now(UTC))
            return []
        return self._open_deliveries(instance, revision, objects)

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

    def _read(self, ds: Dataset | Refusal, ensemble: Ensemble, traits: Traits, keep: Callable[[Grey], None]) -> Assessment | Refusal:
        if isinstance(ds, Refusal):
            return ds
        ends, before = out_of_time(self.policy.gates.time_limit_s), ensemble.provider
        moments = iter(("decoded", "looked at"))

        def see(radiograph: Radiograph) -> None:
            keep(radiograph.pixels)
            traits.see(radiograph)

        def too_late() -> bool:
            note(next(moments))
            return ends()

        result = read_bone_age(ds, traits.watching(ensemble), self.policy, out_of_time=too_late, see=see)
        note("estimated")
        traits.conclude(result)
        if (now_on := ensemble.provider) != before:
            self._note_provider(before, now_on)
        return result

    def _note_provider(self, before: str, now_on: str) -> None:
        log.warning("readings run on %s from now on, no longer on %s: the numbers are the same", now_on, before)
        event = AuditEvent(kind=AuditKind.PROVIDER_CHANGED, actor="node", subject=now_on, outcome=4, detail={"before": before})
        with self.database.transaction() as connection:
            audit.append(connection, event, now=datetime.now(UTC))

    def _source(self, instance: Instance) -> Dataset | Refusal:
        try:
            return dcmread(io.BytesIO(self.spool.read(instance.path)))
        except (ValueError, EOFError, KeyError, OverflowError, NotImplementedError):
            return Refusal(reasons=(Reason.UNDECODABLE,), detail="the data set cannot be parsed")

    def _record(
        self,
        uid: str,
        revision: int,
        result: Assessment | Refusal,
        examination: Examination | None = None,
        traits: Traits | None = None,
    ) -> None:
        if isinstance(result, Refusal) and codes_in(result.detail):
            log.warning("%s is not read: %s", uid, result.detail)
        state = State.READ if isinstance(result, Assessment) else State.REFUSED
        with self.database.transaction() as connection:
            recorded = studies.record_outcome(
                connection,
                uid,
                revision,
                state=state,
                outcome={**to_json(result), "traits": traits.values if traits else {}},
                now=datetime.now(UTC),
                patient_key=studies.patient_key(connection, examination) if examination else None,
                examined_on=examination.examined_on if examination else None,
            )
        if recorded:
            _count(result)

    def _make(self, instance: Instance, revision: int, result: Assessment | Refusal, there: Collection[str]) -> None:
        """Make what is not there yet and record it in `ORDER`; a delivery is opened with the first."""
        found = self._search(instance, result)
        note("compared")
        amended = self._amended(instance.sop_instance_uid, revision)
        frame = self.frames.take(instance.path)
        for kinds in ORDER:
            missing = [kind for kind in kinds if kind not in there]
            objects = (
                self.maker.make(instance, revision, result, found=found, amended=amended, kinds=missing, frame=frame) if missing else []
            )
            note(f"{kinds[0]} made")
            if objects:
                self._open_deliveries(instance, revision, objects, found=found, complete=False)
                note(f"{kinds[0]} recorded")

    def _search(self, instance: Instance, result: Assessment | Refusal) -> Found:
        """Look for what came before; a refusal is compared with nothing."""
        if self.priors is None or isinstance(result, Refusal):
            return NOTHING
        source = dcmread(io.BytesIO(self.spool.read(instance.path)), stop_before_pixels=True)
        return self.priors.search(instance.sop_instance_uid, examination_of(source), result.laterality)

    def _amended(self, uid: str, revision: int) -> list[ResultObject]:
        if revision == 1:
            return []
        with self.database.reading() as connection:
            return studies.list_results(connection, uid, revision - 1)

    def _open_deliveries(
        self, instance: Instance, revision: int, objects: Sequence[ResultObject] = (), *, found: Found | None = None, complete: bool = True
    ) -> list[str]:
        """Record objects and open a delivery to each destination, all or nothing; `complete` when no more objects come."""
        uid, now = instance.sop_instance_uid, datetime.now(UTC)
        with self.database.transaction() as connection:
            studies.record_results(connection, objects)
            if found is not None:
                studies.record_earlier(connection, uid, revision, found.earlier)
            decision = studies.get_reading(connection, uid, revision).decision
            names = routes.destinations_for(connection, decision, instance.peer)
            studies.open_deliveries(connection, uid, revision, names, now=now)
            reading = studies.get_reading(connection, uid, revision, lock=True)
            if fresh := complete and reading.state in {State.READ, State.REFUSED}:
                studies.set_state(connection, uid, revision, State.REPORTED if names else State.UNDELIVERABLE, now=now)
        self.due.set()
        if fresh:
            with self.made:
                self.made.notify_all()
            _time_turnaround("reported", reading, now)
        return names

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
        while not due.complete and time.monotonic() < deadline:
            with self.made:
                self.made.wait(LOOK_EVERY_S)
            due = self._delivery(delivery.source_uid, delivery.revision, delivery.peer) or due
        return due

    def _ask(self, endpoint: scu.Endpoint, delivery: Delivery, stored: Sequence[commitment.Stored]) -> None:
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

    def _ask_commitment(self, endpoint: scu.Endpoint, delivery: Delivery, stored: Sequence[commitment.Stored]) -> None:
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
        parcel = Parcel(
            results=wanted,
            outcome=due.reading.outcome or {},
            revision=delivery.revision,
            read=lambda one: self.spool.read(one.path),
            coming=coming,
            rest=lambda: [one for one in self._completed(due).results if one.kind in coming] if coming else [],
        )
        if self.announce:
            with self.database.transaction() as connection:
                objects = [alternatives[0].sop_instance_uid for alternatives in parcel.alternatives]
                studies.note_begun(connection, delivery, objects, now=datetime.now(UTC))
        try:
            return bridge_to(peer, self.wires, endpoint=self.endpoint, permit=self.permit).send(parcel)
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
            attempt = replace(attempt, stored=False, retry=True, error=NOT_MADE_YET if attempt.stored else attempt.error)
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
            _time_turnaround("delivered", reading, now)


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


def _count(result: Assessment | Refusal) -> None:
    READINGS.labels("assessed" if isinstance(result, Assessment) else "refused").inc()
    for reason in result.reasons if isinstance(result, Refusal) else ():
        REFUSALS.labels(reason.code).inc()


def _time_turnaround(until: str, reading: studies.Reading, now: datetime) -> None:
    result = "assessed" if (reading.outcome or {}).get("status") == "assessed" else "refused"
    TURNAROUND_SECONDS.labels(until, result).observe(max(0.0, (now - reading.ordered_at).total_seconds()))


def _not_yet(results: Sequence[ResultObject], stored: Sequence[str]) -> list[ResultObject]:
    """Leave out the kinds of which the peer has one alternative already."""
    there = {result.kind for result in results if result.sop_instance_uid in stored}
    return [result for result in results if result.kind not in there]


def _peer(connection: Connection, name: str) -> peers.Peer | None:
    return next((one for one in peers.list_peers(connection) if one.name == name), None)
