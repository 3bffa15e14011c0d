"""Readings: each instance is read once, and again whenever somebody orders it."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Integer, RowMapping, Select, bindparam, insert, select, union_all, update

from baa_node.core.priors.history import Earlier
from baa_node.core.record import earlier_from_json
from baa_node.core.routes.routing import UNROUTED, Decision
from baa_node.db import audit
from baa_node.db.audit import AuditEvent, AuditKind, Scalar
from baa_node.db.tables import instances, readings
from baa_node.errors import StoreError


class State(enum.StrEnum):
    """Where a reading stands. It moves downwards, but for an operator's retry from UNDELIVERABLE to REPORTED."""

    LEFT_ALONE = "LEFT_ALONE"  # kept and not read, as a route says; somebody may order a reading all the same
    RECEIVED = "RECEIVED"  # durable, not yet read
    READ = "READ"  # there is a number, not yet all that is made of it
    REFUSED = "REFUSED"  # no number; the refusal waits for the study to be quiet
    REPORTED = "REPORTED"  # the result objects are stored
    DELIVERED = "DELIVERED"  # every destination has them
    DISMISSED = "DISMISSED"  # a refusal not sent: another image of the study was read, or none are sent
    UNDELIVERABLE = "UNDELIVERABLE"  # some destination was given up
    QUARANTINED = "QUARANTINED"  # set aside for a person to look at


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One reading of one instance.

    Attributes
    ----------
    revision
        1 for the first; each ordered re-reading is one more.
    ordered_by
        The sending peer for revision 1, else who ordered it.
    reason
        Why it was ordered; empty for revision 1.
    outcome
        What ``record_outcome`` was given; None before.
    earlier
        The assessments of earlier examinations that its report names, oldest first; empty before there is a report.
    decision
        What was decided for it when the image came, or was ordered to be read again.
    """

    sop_instance_uid: str
    revision: int
    state: State
    ordered_by: str
    reason: str
    ordered_at: datetime
    changed_at: datetime
    outcome: dict[str, Any] | None
    earlier: tuple[Earlier, ...] = ()
    decision: Decision = UNROUTED


_UNFINISHED: Final = (State.RECEIVED.value, State.READ.value, State.REFUSED.value)

ALL: Final = (1 << 31) - 1
"""A limit that is none: more rows than there will be."""


def _pending() -> Select[tuple[str, int]]:
    """Ask for the oldest of each state, as the index has them, then for the oldest of those: a backlog is not sorted as a whole."""
    key = (readings.c.ordered_at, readings.c.sop_instance_uid, readings.c.revision)
    oldest = [
        select(select(*key).where(readings.c.state == state).order_by(*key).limit(bindparam("last", type_=Integer)).subquery())
        for state in _UNFINISHED
    ]
    all_of_them = union_all(*oldest).subquery()
    at, uid, revision = (all_of_them.c[column.key] for column in key)
    skip, limit = (bindparam(name, type_=Integer) for name in ("skip", "limit"))
    return select(uid, revision).order_by(at, uid, revision).offset(skip).limit(limit)


# Put together once: for a study they run dozens of times, and to put them together takes longer than SQLite takes to answer.
_PENDING: Final = _pending()
_READING: Final = select(readings).where(readings.c.sop_instance_uid == bindparam("uid"), readings.c.revision == bindparam("revision"))
_LOCKED_READING: Final = _READING.with_for_update()
_FINISHED: Final = (State.DELIVERED.value, State.UNDELIVERABLE.value)
NUMBERED: Final = (State.READ, State.REPORTED, State.DELIVERED, State.UNDELIVERABLE)
_TOLD: Final = ("bone_age_months", "chronological_age_months", "z_score", "sex", "reasons", "bundle", "provider", "calibration")
_STATE_EVENTS: Final = {
    State.DISMISSED: (AuditKind.REPORT_DISMISSED, 0),
    State.QUARANTINED: (AuditKind.READING_QUARANTINED, 8),
}


NO_CALIBRATION: Final[Mapping[str, str]] = {}


def order_reading(c: Connection, sop_instance_uid: str, *, actor: str, reason: str, now: datetime, decision: Decision | None = None) -> int:
    """Order an instance to be read, or read again, and return the new revision; recorded as ``REREAD_ORDERED``.

    Parameters
    ----------
    decision
        What is to become of it. None stays with what was decided for the last reading; where that was to leave the image alone, the
        order overrules it and results go where the sender's entry says.

    Raises
    ------
    StoreError
        No such instance, or its file was removed by age or disk pressure.
    """
    study = study_of(c, sop_instance_uid, lock=True)
    gone = c.execute(select(instances.c.removed_at).where(instances.c.sop_instance_uid == sop_instance_uid)).scalar()
    if gone is not None:
        raise StoreError(f"the file of {sop_instance_uid} left the spool on {gone:%Y-%m-%d}; send the image again, then order the reading")
    last = _last(c, sop_instance_uid)
    latest = last.revision if last else 0
    if decision is None:
        decision = last.decision if last and last.decision.read else UNROUTED
    route = decision.to_json() if decision.route else None
    values = {"sop_instance_uid": sop_instance_uid, "revision": latest + 1, "state": State.RECEIVED.value, "route": route}
    c.execute(insert(readings).values(**values, ordered_by=actor, reason=reason, ordered_at=now, changed_at=now))
    detail: dict[str, Scalar] = {"revision": latest + 1, "reason": reason}
    event = AuditEvent(kind=AuditKind.REREAD_ORDERED, actor=actor, subject=sop_instance_uid, study=study, detail=detail)
    audit.append(c, event, now=now)
    return latest + 1


def order_if_outdated(
    c: Connection, sop_instance_uid: str, *, bundle: str, calibrations: Mapping[str, str] = NO_CALIBRATION, actor: str, now: datetime
) -> int | None:
    """Order an image that came once more to be read again where other networks, or another calibration, gave its last number.

    Parameters
    ----------
    bundle
        SHA-256 of the bundle that reads now, as an outcome holds it.
    calibrations
        SHA-256 of the site's calibration by the sexes (``"F"``, ``"M"``) that it corrects.

    Returns
    -------
    int or None
        The new revision; None where the last reading is not finished, gave no number, or is of this bundle and calibration.
    """
    study_of(c, sop_instance_uid, lock=True)
    last = _last(c, sop_instance_uid)
    outcome = (last.outcome or {}) if last and last.state in _FINISHED else {}
    read_with = (outcome.get("bundle") or {}).get("sha256")
    if read_with is None:
        return None
    if read_with != bundle:
        return order_reading(c, sop_instance_uid, actor=actor, reason="sent again, read by another bundle before", now=now)
    if (outcome.get("calibration") or {}).get("sha256") == calibrations.get(outcome.get("sex") or ""):
        return None
    return order_reading(c, sop_instance_uid, actor=actor, reason="sent again, calibrated otherwise before", now=now)


def order_if_left_alone(c: Connection, sop_instance_uid: str, *, decision: Decision, actor: str, now: datetime) -> int | None:
    """Order an image that came once more to be read where it was left alone before; its revision, None where it was not."""
    study_of(c, sop_instance_uid, lock=True)
    last = _last(c, sop_instance_uid)
    if last is None or last.state is not State.LEFT_ALONE:
        return None
    return order_reading(c, sop_instance_uid, actor=actor, reason="sent again, left alone before", now=now, decision=decision)


def last_decision(c: Connection, sop_instance_uid: str) -> Decision:
    """Give what was decided for the last reading of an instance."""
    last = _last(c, sop_instance_uid)
    return last.decision if last else UNROUTED


def _last(c: Connection, sop_instance_uid: str) -> Reading | None:
    query = select(readings).where(readings.c.sop_instance_uid == sop_instance_uid).order_by(readings.c.revision.desc()).limit(1)
    row = c.execute(query).mappings().first()
    return None if row is None else reading_from(row)


def pending_readings(c: Connection, *, skip: int = 0, limit: int = ALL) -> list[tuple[str, int]]:
    """List ``(SOP Instance UID, revision)`` of what has no result objects yet, oldest first: to be handed over after a restart.

    A reading stays in the list until its report is stored, or the refusal dismissed, so that nothing rests on the durable
    engine's memory alone.

    Parameters
    ----------
    skip, limit
        How many are passed over, and how many given at most.
    """
    asked = {"skip": skip, "limit": limit, "last": min(ALL, skip + limit)}
    return [(row.sop_instance_uid, row.revision) for row in c.execute(_PENDING, asked)]


def record_outcome(
    c: Connection,
    sop_uid: str,
    revision: int,
    *,
    state: State,
    outcome: Mapping[str, Any],
    now: datetime,
    patient_key: str | None = None,
    examined_on: date | None = None,
) -> bool:
    """Store what a reading gave, recorded as ``READING_DONE`` or ``READING_REFUSED``.

    The first outcome of a reading stands: a step that runs twice, here or on another host, cannot change a number that may
    be reported already. Another outcome needs another revision.

    Parameters
    ----------
    state : State
        READ or REFUSED.
    outcome : Mapping
        JSON, no patient data. A number under ``bone_age_months`` makes the study one that has a reading.
    patient_key, examined_on
        By which later examinations of the same patient find this one, see `history`; kept of a number only.

    Returns
    -------
    bool
        False when there was an outcome already; ask ``get_outcome`` for the one that stands.

    Raises
    ------
    StoreError
        No such reading.
    ValueError
        Another state, or a number that JSON cannot hold.
    """
    if state not in {State.READ, State.REFUSED}:
        raise ValueError(f"a reading gives READ or REFUSED, not {state}")
    stored = json.loads(json.dumps(dict(outcome), allow_nan=False))
    if get_reading(c, sop_uid, revision, lock=True).outcome is not None:
        return False
    values = {"state": state.value, "outcome": stored, "bone_age_months": stored.get("bone_age_months"), "changed_at": now}
    if values["bone_age_months"] is not None:
        values |= {"patient_key": patient_key, "examined_on": examined_on}
    c.execute(update(readings).where(*_key(sop_uid, revision)).values(values))
    kind = AuditKind.READING_DONE if state is State.READ else AuditKind.READING_REFUSED
    detail = {"revision": revision, **{name: _scalar(stored[name]) for name in _TOLD if name in stored}}
    study, failure = study_of(c, sop_uid), 0 if state is State.READ else 4
    event = AuditEvent(kind=kind, actor="node", subject=sop_uid, study=study, outcome=failure, detail=detail)
    audit.append(c, event, now=now)
    return True


def get_reading(c: Connection, sop_uid: str, revision: int, *, lock: bool = False) -> Reading:
    """Look a reading up; with ``lock`` nobody else changes it until the transaction ends.

    Raises
    ------
    StoreError
        No such reading.
    """
    row = c.execute(_LOCKED_READING if lock else _READING, {"uid": sop_uid, "revision": revision}).mappings().first()
    if row is None:
        raise StoreError(f"no reading {revision} of instance {sop_uid}")
    return reading_from(row)


def get_outcome(c: Connection, sop_uid: str, revision: int) -> dict[str, Any] | None:
    """Give what ``record_outcome`` stored; None before, and for a reading that does not exist."""
    return c.execute(select(readings.c.outcome).where(*_key(sop_uid, revision))).scalar()


def set_state(c: Connection, sop_uid: str, revision: int, state: State, *, now: datetime) -> None:
    """Move a reading on; DISMISSED and QUARANTINED are audited. The state it has already changes nothing.

    Raises
    ------
    StoreError
        No such reading.
    """
    if get_reading(c, sop_uid, revision, lock=True).state is state:
        return
    c.execute(update(readings).where(*_key(sop_uid, revision)).values(state=state.value, changed_at=now))
    if state in _STATE_EVENTS:
        kind, outcome = _STATE_EVENTS[state]
        study = study_of(c, sop_uid)
        event = AuditEvent(kind=kind, actor="node", subject=sop_uid, study=study, outcome=outcome, detail={"revision": revision})
        audit.append(c, event, now=now)


def is_complete(reading: Reading) -> bool:
    """Tell whether everything of a reading's result is made; before, its report may be on its way already."""
    return reading.state.value not in _UNFINISHED


def study_has_reading(c: Connection, study_uid: str) -> bool:
    """Tell whether any image of the study gave a number, delivered or not."""
    numbered = select(readings.c.revision).where(
        readings.c.sop_instance_uid == instances.c.sop_instance_uid,
        readings.c.bone_age_months.is_not(None),
        readings.c.state.in_([state.value for state in NUMBERED]),
    )
    query = select(instances.c.sop_instance_uid).where(instances.c.study_instance_uid == study_uid, numbered.exists())
    return c.execute(query.limit(1)).first() is not None


def study_is_being_read(c: Connection, study_uid: str) -> bool:
    """Tell whether any image of the study waits for its reading."""
    query = select(readings.c.state).join(instances, readings.c.sop_instance_uid == instances.c.sop_instance_uid)
    return State.RECEIVED.value in c.execute(query.where(instances.c.study_instance_uid == study_uid)).scalars()


def study_of(c: Connection, sop_instance_uid: str, *, lock: bool = False) -> str:
    """Give the Study Instance UID of a received instance.

    Raises
    ------
    StoreError
        No such instance.
    """
    query = select(instances.c.study_instance_uid).where(instances.c.sop_instance_uid == sop_instance_uid)
    study: str | None = c.execute(query.with_for_update() if lock else query).scalar()
    if study is None:
        raise StoreError(f"no instance {sop_instance_uid} was received")
    return study


def reading_from(row: RowMapping) -> Reading:
    """Make a reading of a row of ``readings``."""
    values = {name: value for name, value in row.items() if name not in {"bone_age_months", "patient_key", "examined_on", "route"}}
    earlier = tuple(earlier_from_json(one) for one in row["earlier"] or ())
    decision = Decision.from_json(row["route"]) if row["route"] else UNROUTED
    return Reading(**{**values, "state": State(row["state"]), "earlier": earlier, "decision": decision})


def _key(sop_uid: str, revision: int) -> tuple[Any, Any]:
    return readings.c.sop_instance_uid == sop_uid, readings.c.revision == revision


def _scalar(value: object) -> Scalar:
    return value if isinstance(value, Scalar) else json.dumps(value, sort_keys=True)
