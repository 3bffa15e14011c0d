"""Receipts: what a peer says of the objects that it was sent. Each rung is stronger than the one before: sent, committed, found."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from baa_node.db import audit
from baa_node.db.audit import AuditEvent, AuditKind, Scalar
from baa_node.db.studies.deliveries import Delivery, Pages, delivery_row, lock_delivery
from baa_node.db.studies.readings import ALL, State, set_state, study_of
from baa_node.db.tables import commitments, deliveries

FIRST_PAUSE_S: Final = 30.0
LONGEST_PAUSE_S: Final = 3600.0


_DUE: Final = Pages(select(deliveries).where(deliveries.c.confirm_at <= bindparam("now")), deliveries.c.confirm_at)


def due_confirmations(c: Connection, *, now: datetime, but_to: Collection[str] = (), skip: int = 0, limit: int = ALL) -> list[Delivery]:
    """List the deliveries for which a higher receipt is to be looked for, longest waiting first; parameters as of `due_deliveries`.

    Those that are sent once more meanwhile are among them: asked for their state, the database would go through all that ever were.
    """
    return _DUE.page(c, now=now, but_to=but_to, skip=skip, limit=limit)


def ask_commitment(c: Connection, seen: Delivery, transaction_uid: str, *, confirm_at: datetime | None, now: datetime) -> bool:
    """Note that a peer is about to be asked, so that its answer is known however it comes; recorded as ``COMMITMENT_ASKED``.

    Parameters
    ----------
    confirm_at
        When to ask again if there is no answer; None gives up then.

    Returns
    -------
    bool
        False, and nothing is changed, when another process asked in the meantime.
    """
    if not _is_as_seen(c, seen):
        return False
    key = {"source_uid": seen.source_uid, "revision": seen.revision, "peer": seen.peer}
    c.execute(insert(commitments).values(transaction_uid=transaction_uid, asked_at=now, **key))
    note = "asked for commitment" + (f" {seen.confirms + 1} times" if seen.confirms else "") + ", not answered yet"
    _write(c, seen, receipt_note=note, confirms=seen.confirms + 1, confirm_at=confirm_at)
    _audit(c, AuditKind.COMMITMENT_ASKED, seen, now, {"transaction_uid": transaction_uid})
    return True


def withdraw_commitment(c: Connection, asked: Delivery, transaction_uid: str) -> None:
    """Take back a request that the peer did not get: the delivery is as it was ``asked`` about."""
    if c.execute(delete(commitments).where(commitments.c.transaction_uid == transaction_uid)).rowcount == 1:
        _write(c, asked, receipt_note=asked.receipt_note, confirms=asked.confirms, confirm_at=asked.confirm_at)


def note_commitment(c: Connection, transaction_uid: str, committed: Iterable[str], failed: dict[str, int], *, now: datetime) -> bool:
    """Take a peer's answer: ``COMMITMENT_GIVEN`` when it covers everything sent, else ``COMMITMENT_FAILED`` and the rest is sent again.

    The same answer again, or another to a second request, changes nothing. The pause before sending again is as long as the delivery took
    so far.

    Returns
    -------
    bool
        False for a transaction that was never begun here.
    """
    asked = c.execute(select(commitments).where(commitments.c.transaction_uid == transaction_uid)).mappings().first()
    if asked is None:
        return False
    now_ = lock_delivery(c, asked["source_uid"], asked["revision"], asked["peer"])
    mine = commitments.c.transaction_uid == transaction_uid, commitments.c.answered_at.is_(None)
    if c.execute(update(commitments).where(*mine).values(answered_at=now)).rowcount != 1 or now_.state != "delivered":
        return True
    missing = sorted(set(now_.stored) - set(committed) | (set(failed) & set(now_.stored)))
    if missing:
        _send_again(c, now_, missing, failed, now)
    elif now_.receipt == "sent":  # who was asked twice answers twice: the second takes nothing away from what was found since the first
        _write(c, now_, receipt="committed", receipt_at=now, receipt_note=None, confirm_at=now)
        _audit(c, AuditKind.COMMITMENT_GIVEN, now_, now, {"transaction_uid": transaction_uid})
    return True


def note_found(c: Connection, seen: Delivery, *, now: datetime) -> None:
    """Note that the peer's own query shows everything, recorded as ``DELIVERY_FOUND``; there is nothing higher."""
    if _is_as_seen(c, seen):
        _write(c, seen, receipt="found", receipt_at=now, receipt_note=None, confirm_at=None)
        _audit(c, AuditKind.DELIVERY_FOUND, seen, now, {})


def note_unconfirmed(c: Connection, seen: Delivery, note: str, *, confirm_at: datetime | None) -> None:
    """Note why there is no higher receipt, and when to look again; None does not."""
    if _is_as_seen(c, seen):
        _write(c, seen, receipt_note=note, confirms=seen.confirms + 1, confirm_at=confirm_at)


def _send_again(c: Connection, delivery: Delivery, missing: list[str], failed: dict[str, int], now: datetime) -> None:
    waited_s = (now - delivery.opened_at).total_seconds()
    pause = timedelta(seconds=min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, waited_s)))
    reasons = ", ".join(sorted({f"0x{failed[uid]:04X}" if uid in failed else "not named" for uid in missing}))
    note = f"no commitment for {len(missing)} of {len(delivery.stored)} objects ({reasons}); these are sent again"
    left = sorted(set(delivery.stored) - set(missing))
    again = {"state": "pending", "stored": left, "next_attempt_at": now + pause, "delivered_at": None}
    _write(c, delivery, receipt=None, receipt_note=note, confirm_at=None, **again)
    set_state(c, delivery.source_uid, delivery.revision, State.REPORTED, now=now)
    _audit(c, AuditKind.COMMITMENT_FAILED, delivery, now, {"missing": len(missing), "reasons": reasons}, outcome=8)


def _is_as_seen(c: Connection, seen: Delivery) -> bool:
    found = lock_delivery(c, seen.source_uid, seen.revision, seen.peer)
    return (found.state, found.confirms, found.receipt, found.reopened) == (seen.state, seen.confirms, seen.receipt, seen.reopened)


def _write(c: Connection, delivery: Delivery, **values: Any) -> None:
    c.execute(update(deliveries).where(*delivery_row(delivery.source_uid, delivery.revision, delivery.peer)).values(values))


def _audit(c: Connection, kind: AuditKind, delivery: Delivery, now: datetime, detail: dict[str, Scalar], *, outcome: int = 0) -> None:
    event = AuditEvent(
        kind=kind,
        actor=delivery.peer if kind in {AuditKind.COMMITMENT_GIVEN, AuditKind.COMMITMENT_FAILED} else "node",
        subject=delivery.source_uid,
        study=study_of(c, delivery.source_uid),
        outcome=outcome,
        detail={"revision": delivery.revision, "peer": delivery.peer, **detail},
    )
    audit.append(c, event, now=now)
