"""Deliveries: one for each reading and destination, open until the peer has everything or is given up."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import Column, Connection, Integer, RowMapping, Select, bindparam, select, update

from baa_node.db import audit
from baa_node.db.audit import AuditEvent, AuditKind, Scalar
from baa_node.db.engine import insert_once, storable
from baa_node.db.studies.readings import ALL, State, get_reading, set_state, study_of
from baa_node.db.tables import deliveries
from baa_node.errors import StoreError

DeliveryState: TypeAlias = Literal["pending", "delivered", "failed"]
Receipt: TypeAlias = Literal["sent", "committed", "found"]


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How far one reading's results are on their way to one peer.

    Attributes
    ----------
    state
        ``pending`` until the peer took everything (``delivered``) or was given up (``failed``).
    reopened
        How often an operator reopened it; part of the name of the work that follows.
    opened_at
        When it was opened, or last reopened: patience counts from there.
    stored
        SOP Instance UIDs that the peer has taken so far; these are not sent again.
    receipt, receipt_at
        The highest rung of the ladder ``sent``, ``committed``, ``found``, and since when; None before it is delivered.
    receipt_note
        Why it is not higher.
    confirms, confirm_at
        How often a higher rung was tried, and when next; None where there is nothing left to try.
    last_status
        DIMSE status (PS3.7 annex C) of the last attempt, None when no answer came.
    """

    source_uid: str
    revision: int
    peer: str
    state: DeliveryState
    attempts: int
    reopened: int
    last_status: int | None
    last_error: str | None
    next_attempt_at: datetime | None
    opened_at: datetime
    delivered_at: datetime | None
    stored: tuple[str, ...] = ()
    receipt: Receipt | None = None
    receipt_at: datetime | None = None
    receipt_note: str | None = None
    confirms: int = 0
    confirm_at: datetime | None = None


_EVENTS: Final[dict[DeliveryState, tuple[AuditKind, int]]] = {
    "pending": (AuditKind.DELIVERY_ATTEMPT, 4),
    "delivered": (AuditKind.DELIVERY_DONE, 0),
    "failed": (AuditKind.DELIVERY_FAILED, 8),
}


def open_deliveries(c: Connection, source_uid: str, revision: int, peers: Iterable[str], now: datetime) -> None:
    """Open a delivery to each named peer, due at once; one that is there already stays as it is. Not an event: the report is.

    Raises
    ------
    StoreError
        No such reading.
    """
    get_reading(c, source_uid, revision, lock=True)
    for peer in peers:
        values = {"source_uid": source_uid, "revision": revision, "peer": peer, "state": "pending", "attempts": 0, "reopened": 0}
        insert_once(c, deliveries, {**values, "next_attempt_at": now, "opened_at": now})


def note_begun(c: Connection, delivery: Delivery, objects: Iterable[str], *, now: datetime) -> None:
    """Record as ``DELIVERY_BEGUN`` that the first of these SOP Instance UIDs is about to be sent; nothing else changes."""
    detail: dict[str, Scalar] = {"revision": delivery.revision, "peer": delivery.peer, "objects": " ".join(objects)}
    study = study_of(c, delivery.source_uid)
    event = AuditEvent(kind=AuditKind.DELIVERY_BEGUN, actor="node", subject=delivery.source_uid, study=study, detail=detail)
    audit.append(c, event, now=now)


def record_attempt(
    c: Connection,
    seen: Delivery,
    *,
    state: DeliveryState,
    status: int | None,
    error: str | None,
    next_attempt_at: datetime | None,
    now: datetime,
    stored: Iterable[str] = (),
    confirm: bool = False,
) -> bool:
    """Count an attempt and what became of it, and move the reading on: DELIVERED after the last, UNDELIVERABLE after a failed one.

    Recorded as ``DELIVERY_ATTEMPT``, ``DELIVERY_DONE`` or ``DELIVERY_FAILED``.

    Parameters
    ----------
    seen
        The delivery as it was when the attempt began.
    stored
        SOP Instance UIDs that the peer has taken, in this attempt and before.
    confirm
        Once delivered, look at once for a higher receipt.

    Returns
    -------
    bool
        False, and nothing is changed, when another process recorded an attempt or an operator reopened it in the meantime.

    Raises
    ------
    StoreError
        No such delivery.
    """
    source_uid, revision, peer = seen.source_uid, seen.revision, seen.peer
    get_reading(c, source_uid, revision, lock=True)
    before = _get(c, source_uid, revision, peer)
    if (before.state, before.attempts, before.reopened) != (seen.state, seen.attempts, seen.reopened):
        return False
    error = None if error is None else storable(error)
    values: dict[str, Any] = {
        "state": state,
        "attempts": before.attempts + 1,
        "last_status": status,
        "last_error": error,
        "next_attempt_at": next_attempt_at if state == "pending" else None,
        "delivered_at": now if state == "delivered" else None,
        "stored": sorted({*seen.stored, *stored}),
    }
    if state == "delivered":
        values |= {"receipt": "sent", "receipt_at": now, "receipt_note": None, "confirm_at": now if confirm else None}
    c.execute(update(deliveries).where(*delivery_row(source_uid, revision, peer)).values(values))
    _settle(c, source_uid, revision, now=now)
    kind, outcome = _EVENTS[state]
    detail: dict[str, Scalar] = {"revision": revision, "peer": peer, "attempt": before.attempts + 1, "status": status, "error": error}
    event = AuditEvent(kind=kind, actor="node", subject=source_uid, study=study_of(c, source_uid), outcome=outcome, detail=detail)
    audit.append(c, event, now=now)
    return True


def _settle(c: Connection, source_uid: str, revision: int, *, now: datetime) -> None:
    states = {delivery.state for delivery in list_deliveries(c, source_uid, revision)}
    if "failed" in states:
        set_state(c, source_uid, revision, State.UNDELIVERABLE, now=now)
    elif states == {"delivered"}:
        set_state(c, source_uid, revision, State.DELIVERED, now=now)


def reopen_delivery(c: Connection, source_uid: str, revision: int, peer: str, *, actor: str, now: datetime) -> Delivery:
    """Make a failed or waiting delivery due at once, recorded as ``DELIVERY_REOPENED``; the reading is REPORTED again.

    Raises
    ------
    StoreError
        No such delivery, or the peer has everything already.
    """
    reading = get_reading(c, source_uid, revision, lock=True)
    before = _get(c, source_uid, revision, peer)
    if before.state == "delivered":
        raise StoreError(f"{peer} already has the results of {source_uid}, reading {revision}")
    values = {"state": "pending", "reopened": before.reopened + 1, "next_attempt_at": now, "opened_at": now}
    c.execute(update(deliveries).where(*delivery_row(source_uid, revision, peer)).values(values))
    given_up = "failed" in {delivery.state for delivery in list_deliveries(c, source_uid, revision)}
    if not given_up and reading.state not in {State.READ, State.REFUSED}:  # then something is being made yet
        set_state(c, source_uid, revision, State.REPORTED, now=now)
    study = study_of(c, source_uid)
    detail: dict[str, Scalar] = {"revision": revision, "peer": peer, "attempts": before.attempts, "error": before.last_error}
    audit.append(c, AuditEvent(kind=AuditKind.DELIVERY_REOPENED, actor=actor, subject=source_uid, study=study, detail=detail), now=now)
    return _get(c, source_uid, revision, peer)


def list_deliveries(c: Connection, source_uid: str, revision: int) -> list[Delivery]:
    """List the deliveries of one reading by peer."""
    query = select(deliveries).where(deliveries.c.source_uid == source_uid, deliveries.c.revision == revision)
    return [delivery_of(row) for row in c.execute(query.order_by(deliveries.c.peer)).mappings()]


def deliveries_of(c: Connection, source_uids: Iterable[str]) -> list[Delivery]:
    """List the deliveries of several instances by instance, revision and peer."""
    query = select(deliveries).where(deliveries.c.source_uid.in_(list(source_uids)))
    return [
        delivery_of(row) for row in c.execute(query.order_by(deliveries.c.source_uid, deliveries.c.revision, deliveries.c.peer)).mappings()
    ]


class Pages:
    """A query for some deliveries at a time in the order of a time, those of the same time always in the same order.

    Put together once: asked several times for each study, it would take longer to put together than to answer.

    Parameters
    ----------
    query
        Holds a parameter ``now``.
    """

    def __init__(self, query: Select[Any], when: Column[Any]) -> None:
        ordered = query.order_by(when, deliveries.c.source_uid, deliveries.c.revision, deliveries.c.peer)
        self._to_all = ordered.offset(bindparam("skip", type_=Integer)).limit(bindparam("limit", type_=Integer))
        self._but_to = self._to_all.where(deliveries.c.peer.not_in(bindparam("but_to", expanding=True)))

    def page(self, c: Connection, *, now: datetime, but_to: Collection[str], skip: int, limit: int) -> list[Delivery]:
        """Give one page, without the deliveries to some peers."""
        values: dict[str, Any] = {"now": now, "skip": skip, "limit": limit}
        rows = c.execute(self._but_to, {**values, "but_to": list(but_to)}) if but_to else c.execute(self._to_all, values)
        return [delivery_of(row) for row in rows.mappings()]


_DUE: Final = Pages(
    select(deliveries).where(deliveries.c.state == "pending", deliveries.c.next_attempt_at <= bindparam("now")),
    deliveries.c.next_attempt_at,
)
_ONE: Final = select(deliveries).where(
    deliveries.c.source_uid == bindparam("uid"), deliveries.c.revision == bindparam("revision"), deliveries.c.peer == bindparam("peer")
)


def due_deliveries(c: Connection, *, now: datetime, but_to: Collection[str] = (), skip: int = 0, limit: int = ALL) -> list[Delivery]:
    """List the pending deliveries whose time has come, longest waiting first.

    Parameters
    ----------
    but_to
        Peers whose deliveries are left out.
    skip, limit
        How many of the others are passed over, and how many given at most.
    """
    return _DUE.page(c, now=now, but_to=but_to, skip=skip, limit=limit)


def _get(c: Connection, source_uid: str, revision: int, peer: str) -> Delivery:
    row = c.execute(_ONE, {"uid": source_uid, "revision": revision, "peer": peer}).mappings().first()
    if row is None:
        raise StoreError(f"no delivery of {source_uid}, reading {revision}, to {peer} was opened")
    return delivery_of(row)


def lock_delivery(c: Connection, source_uid: str, revision: int, peer: str) -> Delivery:
    """Look a delivery up; nobody else changes it until the transaction ends.

    Raises
    ------
    StoreError
        No such delivery.
    """
    get_reading(c, source_uid, revision, lock=True)
    return _get(c, source_uid, revision, peer)


def delivery_row(source_uid: str, revision: int, peer: str) -> tuple[Any, Any, Any]:
    """Give the conditions that name one row of ``deliveries``."""
    return deliveries.c.source_uid == source_uid, deliveries.c.revision == revision, deliveries.c.peer == peer


def delivery_of(row: RowMapping) -> Delivery:
    """Make a delivery of a row of ``deliveries``."""
    return Delivery(**{**row, "stored": tuple(row["stored"] or ())})
