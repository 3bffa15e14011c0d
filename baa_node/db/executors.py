"""Processes that read and deliver, and their signs of life: what a host leaves undone, another one takes up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from sqlalchemy import ColumnElement, Connection, bindparam, select, update

from baa_node.db import audit
from baa_node.db.audit import AuditEvent, AuditKind
from baa_node.db.engine import insert_once
from baa_node.db.tables import executors

Life: TypeAlias = Literal["alive", "stopped", "lost"]


@dataclass(frozen=True, kw_only=True)
class Executor:
    """One process with the worker role.

    Attributes
    ----------
    executor_id
        Stays the same over restarts of an installation.
    incarnation
        Counts its starts: a process that was declared lost cannot speak for the one that came after it.
    beats
        Counts its signs of life. Others see them go on or not by their own clocks; ``beat_at`` is for people to read.
    """

    executor_id: str
    host: str
    incarnation: int
    beats: int
    state: Life
    started_at: datetime
    beat_at: datetime


_BEAT: Final = (
    update(executors)
    .where(executors.c.executor_id == bindparam("id"), executors.c.incarnation == bindparam("number"), executors.c.state == "alive")
    .values(beats=executors.c.beats + 1, beat_at=bindparam("at"))
)


def sign_on(c: Connection, executor_id: str, *, host: str, now: datetime) -> int:
    """Begin another life of this executor, whatever became of the last one; its number."""
    fresh = {"host": host, "beats": 0, "state": "alive", "started_at": now, "beat_at": now}
    if insert_once(c, executors, {"executor_id": executor_id, "incarnation": 1, **fresh}):
        return 1
    c.execute(update(executors).where(_is(executor_id)).values(incarnation=executors.c.incarnation + 1, **fresh))
    return int(c.execute(select(executors.c.incarnation).where(_is(executor_id))).scalar_one())


def beat(c: Connection, executor_id: str, incarnation: int, *, now: datetime) -> bool:
    """Give a sign of life; False when this life is over: another process took the work over, or a newer start took the name."""
    return c.execute(_BEAT, {"id": executor_id, "number": incarnation, "at": now}).rowcount == 1


def sign_off(c: Connection, executor_id: str, incarnation: int, *, now: datetime) -> None:
    """End this life in order: what it leaves undone may be taken up at once."""
    mine = (_is(executor_id), executors.c.incarnation == incarnation, executors.c.state == "alive")
    c.execute(update(executors).where(*mine).values(state="stopped", beat_at=now))


def declare_lost(c: Connection, seen: Executor, *, actor: str, now: datetime) -> bool:
    """End the life of another executor unless it gave a sign since it was ``seen``; recorded as ``EXECUTOR_TAKEN_OVER``.

    Returns
    -------
    bool
        True for the one process whose word it was.
    """
    silent = (_is(seen.executor_id), executors.c.incarnation == seen.incarnation, executors.c.beats == seen.beats)
    if c.execute(update(executors).where(*silent, executors.c.state == "alive").values(state="lost")).rowcount != 1:
        return False
    event = AuditEvent(
        kind=AuditKind.EXECUTOR_TAKEN_OVER,
        actor=actor,
        subject=seen.executor_id,
        outcome=8,
        detail={"host": seen.host, "incarnation": seen.incarnation, "last_sign_of_life": seen.beat_at.isoformat()},
    )
    audit.append(c, event, now=now)
    return True


def list_executors(c: Connection) -> list[Executor]:
    """List all that ever signed on, by name."""
    return [Executor(**row) for row in c.execute(select(executors).order_by(executors.c.executor_id)).mappings()]


def _is(executor_id: str) -> ColumnElement[bool]:
    return executors.c.executor_id == executor_id
