"""Whether the clocks agree that stamp this record."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from baa_node.db.executors import list_executors
from baa_node.db.tables import audit_events, audit_head
from baa_node.mistakes import Mistake

TOLERATED_S: Final = 60.0


def skews(c: Connection, now: datetime) -> list[str]:
    """Say which clocks are not those of this host: of PostgreSQL, of other hosts' signs of life, of the newest audit event.

    What lies in the past proves nothing, as a host may be off; only PostgreSQL is asked what time it is.
    """
    found = [("the database", _database_time(c)), ("whoever wrote the newest audit event", _newest_event(c))]
    found += [(f"host {one.host}", one.beat_at) for one in list_executors(c)]
    return [_told(whose, at, now) for whose, at in found if at is not None and _differs(whose, at, now)]


def _differs(whose: str, at: datetime, now: datetime) -> bool:
    ahead_s = (at - now).total_seconds()
    return abs(ahead_s) > TOLERATED_S if whose == "the database" else ahead_s > TOLERATED_S


def _told(whose: str, at: datetime, now: datetime) -> str:
    minutes = (at - now).total_seconds() / 60
    return Mistake.CLOCK_SKEW.told(whose=whose, minutes=abs(minutes), direction="ahead of" if minutes > 0 else "behind")


def _database_time(c: Connection) -> datetime | None:
    """Time of the server; SQLite has none of its own."""
    if c.dialect.name != "postgresql":
        return None
    time: datetime = c.execute(select(func.clock_timestamp())).scalar_one()
    return time


def _newest_event(c: Connection) -> datetime | None:
    head = select(audit_head.c.seq).where(audit_head.c.id == 1).scalar_subquery()
    at: datetime | None = c.execute(select(audit_events.c.at).where(audit_events.c.seq == head)).scalar()
    return at
