"""Several writers in one transaction: all durable at once, and no one's failure anybody else's."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event, insert, text

from baa_node.db import Connection, Database, audit
from baa_node.db.audit import AuditEvent, AuditKind
from baa_node.db.studies.arrivals import first_reading
from baa_node.db.tables import readings
from baa_node.errors import StoreError
from tests.db.made import NOW, instance
from tests.parts.programs import eventually

Work = Callable[[Connection], str]


def noting(subject: str) -> Work:
    """Work that leaves an event."""

    def work(c: Connection) -> str:
        audit.append(c, AuditEvent(kind=AuditKind.BACKUP_MADE, actor="test", subject=subject), now=NOW)
        return subject

    return work


def failing(subject: str, error: Exception) -> Work:
    """Work that leaves an event, and then fails."""

    def work(c: Connection) -> str:
        noting(subject)(c)
        raise error

    return work


def noted(database: Database) -> list[str]:
    with database.reading() as c:
        assert audit.verify(c) == []
        return [one.subject for one in audit.list_events(c)]


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path / 'record.db'}")
    yield opened
    opened.close()


@pytest.fixture
def commits(record: Database) -> list[int]:
    """Grows by one at each commit."""
    seen: list[int] = []
    event.listen(record._engine, "commit", lambda c: seen.append(1))
    return seen


def at_once(record: Database, works: list[Work]) -> list[Future[str]]:
    """Run all while somebody else is writing, so that they wait together; in the order given."""
    convoy = record.convoy
    assert convoy is not None
    with ThreadPoolExecutor(len(works)) as pool:
        with record.transaction():
            done = []
            for count, work in enumerate(works, start=1):
                done.append(pool.submit(record.together, work))
                eventually(lambda count=count: convoy.waiting == count, what="a writer to wait", every_s=0.001)  # type: ignore[misc]
        return done


def test_what_it_returns_is_durable(database: Database) -> None:
    assert database.together(noting("one")) == "one"
    assert noted(database) == ["one"]


def test_what_it_raises_undoes_it(database: Database) -> None:
    with pytest.raises(KeyError):
        database.together(failing("one", KeyError("x")))
    assert noted(database) == []


def test_who_waits_together_is_committed_together(record: Database, commits: list[int]) -> None:
    done = at_once(record, [noting(str(number)) for number in range(8)])
    assert [one.result() for one in done] == [str(number) for number in range(8)]
    assert sorted(noted(record)) == [str(number) for number in range(8)]
    assert len(commits) == 2  # whose writing they waited for, and theirs


@pytest.mark.parametrize("error", [KeyError("x"), StoreError("no"), sqlite3.IntegrityError("twice")])
def test_one_that_fails_spoils_nobody_elses(record: Database, error: Exception) -> None:
    first, bad, last = at_once(record, [noting("first"), failing("bad", error), noting("last")])
    assert [first.result(), last.result()] == ["first", "last"]
    with pytest.raises(StoreError if isinstance(error, sqlite3.Error) else type(error)):
        bad.result()
    assert noted(record) == ["first", "last"]


def test_nobody_is_told_success_when_the_commit_fails(record: Database) -> None:
    def orphan(c: Connection) -> str:  # what it refers to is missed at the commit alone
        c.execute(text("PRAGMA defer_foreign_keys=ON"))
        c.execute(insert(readings), first_reading(instance(), now=NOW))
        return noting("orphan")(c)

    for one in at_once(record, [noting("first"), orphan, noting("last")]):
        with pytest.raises(StoreError):
            one.result()
    assert noted(record) == []


def test_nobody_goes_on_in_a_transaction_that_sqlite_ended(record: Database) -> None:
    def full(c: Connection) -> str:
        c.connection.driver_connection.execute("ROLLBACK")  # as SQLite does where the disk is full
        raise sqlite3.OperationalError("database or disk is full")

    for one in at_once(record, [noting("first"), full, noting("last")]):
        with pytest.raises(StoreError):
            one.result()
    assert noted(record) == []


def test_what_was_given_up_is_not_done_later(record: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert record.convoy is not None
    monkeypatch.setattr("baa_node.db.database.BUSY_TIMEOUT_S", 0.05)
    with ThreadPoolExecutor(1) as pool, record.transaction():
        late = pool.submit(record.together, noting("late"))
        with pytest.raises(StoreError, match="another thread"):
            late.result()
    assert record.convoy.waiting == 0
    assert record.together(noting("next")) == "next"
    assert noted(record) == ["next"]
