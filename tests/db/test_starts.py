from __future__ import annotations

from typing import Any

from baa_node.db import Connection, Database, audit, starts
from baa_node.db.audit import AuditRecord
from baa_node.db.claim import Claim
from baa_node.db.starts import Start
from tests.db import made
from tests.parts.postgresql import PostgreSQL

DEFAULTS = {"node.port": 11112, "report.language": "en"}


def start(executor: str = "e1", **settings: Any) -> Start:
    return Start(
        executor_id=executor,
        name="BAA_NODE",
        actor="system:baa",
        settings={**DEFAULTS, **{key.replace("__", "."): value for key, value in settings.items()}},
        defaults=DEFAULTS,
        detail={"version": "1"},
    )


def since(c: Connection, seq: int = 0) -> list[AuditRecord]:
    return audit.next_events(c, after=seq, limit=100)


def test_the_first_start_tells_what_differs_from_the_defaults(c: Connection) -> None:
    starts.note_start(c, start(node__port=104), now=made.NOW)
    begun, changed = since(c)
    assert (begun.kind, begun.subject, begun.detail) == ("NODE_STARTED", "BAA_NODE", {"version": "1"})
    assert (changed.kind, changed.actor, changed.subject, changed.detail) == (
        "SETTING_CHANGED",
        "system:baa",
        "node.port",
        {"from": 11112, "to": 104},
    )


def test_a_later_start_tells_what_changed_since_and_nothing_else(c: Connection) -> None:
    starts.note_start(c, start(node__port=104), now=made.NOW)
    starts.note_stop(c, start(node__port=104), now=made.later(1))
    starts.note_start(c, start(node__port=104), now=made.later(2))
    assert [event.kind for event in since(c, 2)] == ["NODE_STOPPED", "NODE_STARTED"]
    starts.note_stop(c, start(), now=made.later(3))
    starts.note_start(c, start(report__language="de"), now=made.later(4))
    changed = [(event.subject, event.detail) for event in since(c, 6)]
    assert changed == [("node.port", {"from": 104, "to": 11112}), ("report.language", {"from": "en", "to": "de"})]


def test_a_key_that_a_version_brings_or_drops_is_compared_with_its_default(c: Connection) -> None:
    starts.note_start(c, start(old__key=1), now=made.NOW)
    starts.note_stop(c, start(), now=made.NOW)
    before = audit.head_of(c)[0]
    newer = Start(executor_id="e1", name="N", actor="system:baa", settings={**DEFAULTS, "new.key": 5}, defaults={**DEFAULTS, "new.key": 5})
    starts.note_start(c, newer, now=made.NOW)
    assert [(event.subject, event.detail) for event in since(c, before + 1)] == [("old.key", {"from": 1, "to": None})]


def test_a_node_that_died_is_noticed_at_its_next_start(c: Connection) -> None:
    starts.note_start(c, start(), now=made.NOW)
    starts.note_start(c, start("another"), now=made.NOW)
    starts.note_start(c, start(), now=made.later(9))
    assert [(event.kind, event.outcome) for event in since(c)] == [
        ("NODE_STARTED", 0),
        ("NODE_STARTED", 0),
        ("NODE_DIED", 12),
        ("NODE_STARTED", 0),
    ]


def test_a_digest_tells_a_change_and_nothing_else(c: Connection) -> None:
    digest = starts.digester(c)
    assert digest(b"s3cret") == digest(b"s3cret") != digest(b"s3cret2")
    assert "s3cret" not in digest(b"s3cret")


def test_one_of_several_processes_holds_a_claim(url: str) -> None:
    databases = [Database.open(url) for _ in range(2)]
    one, other = (database.claim(77) for database in databases)
    assert one.held()
    assert one.held()
    if url.startswith("postgresql"):
        assert not other.held()
        one.release()
        assert other.held()
        assert not one.held()
    for claim in (one, other):
        claim.release()
    for database in databases:
        database.close()


def test_a_claim_is_lost_with_its_connection_and_can_be_taken_again(postgresql: PostgreSQL) -> None:
    database = Database.open(postgresql.empty_database())
    claim: Claim = database.claim(78)
    assert claim.held()
    with database.transaction() as c:
        c.exec_driver_sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 78")
    assert not claim.held()
    assert claim.held()
    claim.release()
    database.close()
