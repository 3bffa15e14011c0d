from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from baa_node.db import Database, audit, clock, executors
from baa_node.db.audit import AuditEvent, AuditKind

EVENT = AuditEvent(kind=AuditKind.NODE_STARTED, actor="daemon", subject="BAA_NODE")


def test_clocks_that_agree_are_not_spoken_of(database: Database) -> None:
    now = datetime.now(UTC)
    with database.transaction() as c:
        executors.sign_on(c, "one", host="reader1", now=now - timedelta(days=30))
        audit.append(c, EVENT, now=now - timedelta(days=30))
        assert clock.skews(c, now) == []


def test_signs_of_life_and_events_of_the_future_are_spoken_of(database: Database) -> None:
    now = datetime.now(UTC)
    with database.transaction() as c:
        executors.sign_on(c, "two", host="reader2", now=now + timedelta(minutes=10))
        audit.append(c, EVENT, now=now + timedelta(minutes=20))
        event, host = clock.skews(c, now)
    assert "clock of whoever wrote the newest audit event is 20 min ahead of" in event
    assert "clock of host reader2 is 10 min ahead of" in host


@pytest.mark.parametrize(("away", "told"), [(-60, "60 min ahead of"), (60, "60 min behind")])
def test_only_postgresql_has_a_time_of_its_own(database: Database, away: int, told: str) -> None:
    with database.reading() as c:
        found = clock.skews(c, datetime.now(UTC) + timedelta(minutes=away))
        postgresql = c.dialect.name == "postgresql"
    assert len(found) == postgresql
    assert all(f"clock of the database is {told}" in one for one in found)
