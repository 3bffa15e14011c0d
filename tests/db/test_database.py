from __future__ import annotations

import re
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, insert, select, text

from baa_node.core.routes.routing import UNROUTED
from baa_node.db import Database, accounts, audit, engine, make_engine, peers, routes, schema, studies
from baa_node.db.audit import AuditEvent, AuditKind
from baa_node.db.engine import make_own_engine, parse_url
from baa_node.db.tables import metadata
from baa_node.errors import ConfigError, StoreError
from tests.db import made
from tests.parts.postgresql import PostgreSQL
from tests.parts.watch import Moment, own_s


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'record.db'}"


def test_what_is_committed_is_there_after_opening_again(url: str) -> None:
    database = Database.open(url)
    with database.transaction() as c:
        peers.add_peer(c, made.peer(), actor="test", now=made.NOW)
    database.close()
    again = Database.open(url)
    with again.reading() as c:
        assert peers.list_peers(c) == [made.peer()]
    again.close()


def test_an_exception_undoes_everything(database: Database) -> None:
    def add_and_fail() -> None:
        with database.transaction() as c:
            peers.add_peer(c, made.peer(), actor="test", now=made.NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        add_and_fail()
    with database.reading() as c:
        assert peers.list_peers(c) == []
        assert audit.head_of(c) == (0, audit.GENESIS)


def test_a_reading_cannot_write_and_the_next_transaction_can(database: Database) -> None:
    with pytest.raises(StoreError, match=r"read.?only"), database.reading() as c:
        peers.add_peer(c, made.peer(), actor="test", now=made.NOW)
    with database.transaction() as c:
        peers.add_peer(c, made.peer(), actor="test", now=made.NOW)


def test_a_reading_sees_one_state_while_others_write(database: Database) -> None:
    with database.reading() as reader:
        assert peers.list_peers(reader) == []
        with database.transaction() as c:
            peers.add_peer(c, made.peer(), actor="test", now=made.NOW)
        assert peers.list_peers(reader) == []
    with database.reading() as reader:
        assert len(peers.list_peers(reader)) == 1


def test_the_migrations_give_the_tables(database: Database) -> None:
    with database.reading() as c:
        assert compare_metadata(MigrationContext.configure(c, opts={"compare_type": True}), metadata) == []


def test_every_revision_is_listed_in_order() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.SCRIPTS))
    scripts = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(scripts)) == schema.REVISIONS


def test_a_newer_schema_is_refused_with_both_revisions(url: str) -> None:
    database = Database.open(url)
    with database.transaction() as c:
        c.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(StoreError, match=rf"revision 9999.*revision {schema.REVISIONS[-1]}"):
        Database.open(url)


def test_many_may_open_an_empty_database_at_once(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: Database.open(url), range(4)))
    for database in opened:
        with database.reading() as c:
            assert schema.is_current(c)
        database.close()


class Busy:
    """A new file that others change, too: so often it is said to be locked."""

    def __init__(self, times: int, code: int = sqlite3.SQLITE_BUSY_RECOVERY) -> None:
        self.left, self.code = times, code
        self.said: list[str] = []

    def execute(self, statement: str) -> Busy:
        self.said.append(statement)
        if self.left:
            self.left -= 1
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = self.code
            raise error
        return self

    def close(self) -> None:
        self.said.append("closed")


def test_a_new_file_that_others_open_at_the_same_moment_is_waited_for() -> None:
    connection = Busy(3)
    engine._keep_log_beside(connection, 5)
    assert connection.said == [*["PRAGMA journal_mode=WAL"] * 4, "closed"]


@pytest.mark.parametrize(("patience_s", "code"), [(0.05, sqlite3.SQLITE_BUSY), (5, sqlite3.SQLITE_CANTOPEN)])
def test_a_file_that_stays_locked_or_is_broken_is_not_waited_for_longer(patience_s: float, code: int) -> None:
    began = Moment()
    with pytest.raises(sqlite3.OperationalError):
        engine._keep_log_beside(Busy(10**6, code), patience_s)
    assert own_s(began) < 1


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"folder .*nowhere does not exist"):
        Database.open(f"sqlite:///{tmp_path / 'nowhere' / 'record.db'}")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    path.write_bytes(b"this is a text file, not a database" * 100)
    with pytest.raises(StoreError, match=r"record\.db: file is not a database") as caught:
        Database.open(f"sqlite:///{path}")
    assert not caught.value.retry_helps


def test_an_unreachable_server_is_named_without_the_password() -> None:
    with pytest.raises(StoreError, match=r"postgresql.*127\.0\.0\.1:1/") as caught:
        Database.open("postgresql://baa:s3cret-w0rd@127.0.0.1:1/record")
    assert "s3cret-w0rd" not in str(caught.value)
    assert caught.value.retry_helps


def test_a_wrong_password_is_told_without_repeating_it(postgresql: PostgreSQL) -> None:
    with pytest.raises(StoreError, match="authentication failed") as caught:
        Database.open(postgresql.url.replace("s3cret-w0rd", "wr0ng-w0rd") + "/postgres")
    assert "wr0ng-w0rd" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", ["mysql://baa:pw@host/x", "sqlite://", "sqlite:///:memory:", "no url at all pw"])
def test_other_databases_are_refused(bad: str) -> None:
    with pytest.raises(ConfigError, match=r"\[database\] url") as caught:
        Database.open(bad)
    assert "pw" not in str(caught.value)


def test_a_locked_file_is_an_error_that_may_pass(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_S", 0.1)
    database = Database.open(sqlite_url)
    other = sqlite3.connect(tmp_path / "record.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked") as caught, database.transaction():
        pass
    assert caught.value.retry_helps
    with database.reading() as c:
        assert peers.list_peers(c) == []
    other.close()
    database.close()


def test_sqlite_keeps_its_promises(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    with database.transaction() as c:
        settings = {
            name: c.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    database.close()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_an_engine_for_others_lets_them_begin(url: str) -> None:
    made_engine = make_engine(url)
    with made_engine.begin() as c:
        if c.dialect.name == "sqlite":
            c.execute(text("BEGIN IMMEDIATE"))
        c.execute(text("CREATE TABLE theirs (x INTEGER)"))
        c.execute(text("INSERT INTO theirs VALUES (1)"))
    with made_engine.connect() as c:
        assert c.execute(text("SELECT x FROM theirs")).scalar() == 1
    made_engine.dispose()


def test_what_they_commit_may_lag_behind_and_waits_for_no_disk(url: str) -> None:
    made_engine = make_engine(url)
    with made_engine.connect() as c:
        asked = "PRAGMA synchronous" if c.dialect.name == "sqlite" else "SHOW synchronous_commit"
        assert c.execute(text(asked)).scalar() in {1, "off"}
    made_engine.dispose()


def test_the_record_waits_for_the_disk(url: str) -> None:
    database = Database.open(url)
    with database.transaction() as c:
        asked = "PRAGMA synchronous" if c.dialect.name == "sqlite" else "SHOW synchronous_commit"
        assert c.execute(text(asked)).scalar() in {2, "on"}
    database.close()


def test_threads_take_turns(database: Database) -> None:
    with database.transaction() as c:
        c.execute(text("CREATE TABLE tally (n INTEGER)"))
        c.execute(text("INSERT INTO tally VALUES (0)"))

    def add(_: int) -> None:
        with database.transaction() as c:
            n = c.execute(text("SELECT n FROM tally" + (" FOR UPDATE" if c.dialect.name == "postgresql" else ""))).scalar_one()
            c.execute(text("UPDATE tally SET n = :n"), {"n": n + 1})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(80)))
    with database.reading() as c:
        assert c.execute(text("SELECT n FROM tally")).scalar() == 80
    assert threading.active_count() < 20


def test_times_need_a_zone_and_come_back_in_utc(database: Database) -> None:
    table = metadata.tables["refused_callers"]
    values = {"calling_ae": "A", "called_ae": "B", "address": "::1", "reason": "", "count": 1, "last_at": made.NOW}
    with pytest.raises(StoreError, match="without zone"), database.transaction() as c:
        c.execute(insert(table).values(**values, first_at=made.NOW.replace(tzinfo=None)))
    with database.transaction() as c:
        c.execute(insert(table).values(**values, first_at=made.NOW.astimezone()))
        found = c.execute(select(table.c.first_at)).scalar_one()
    assert found == made.NOW
    assert re.fullmatch(r"UTC|None", str(found.tzinfo))


def at_revision(url: str, revision: str) -> None:
    """Make a database as an earlier version left it."""
    database = make_own_engine(parse_url(url))
    with database.connect() as c, c.begin():
        config = Config()
        config.set_main_option("script_location", str(schema.SCRIPTS))
        config.attributes["connection"] = c
        command.upgrade(config, revision)
        for table, rows in OLD_ROWS.items():
            for row in rows:
                names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
                c.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), row)
        for subject in ("1.2.3", "2.25.1"):  # the trail is written today as the first version wrote it
            audit.append(c, AuditEvent(kind=AuditKind.INSTANCE_RECEIVED, actor="pacs", subject=subject, study="1.2"), now=made.NOW)
    database.dispose()


THEN = "2026-01-02 03:04:05+00:00"
OLD_ROWS: dict[str, list[dict[str, object]]] = {
    "peers": [
        {
            "name": "pacs",
            "ae_title": "PACS",
            "host": "pacs.example",
            "port": 104,
            "source": True,
            "destination": True,
            "tls": False,
            "route_to": "[]",
        }
    ],
    "instances": [
        {
            "sop_instance_uid": "1.2.3",
            "sha256": "a" * 64,
            "sop_class_uid": "1.2",
            "study_instance_uid": "1.2",
            "series_instance_uid": "1.2.1",
            "transfer_syntax_uid": "1.2.840.10008.1.2.1",
            "accession_number": "A1",
            "path": "instances/aa/1.2.3",
            "size": 12,
            "peer": "pacs",
            "calling_ae": "PACS",
            "received_at": THEN,
        }
    ],
    "readings": [
        {
            "sop_instance_uid": "1.2.3",
            "revision": 1,
            "state": "DELIVERED",
            "ordered_by": "pacs",
            "reason": "",
            "ordered_at": THEN,
            "changed_at": THEN,
        }
    ],
    "results": [
        {
            "sop_instance_uid": "2.25.1",
            "sop_class_uid": "1.2.840.10008.5.1.4.1.1.88.34",
            "source_uid": "1.2.3",
            "revision": 1,
            "kind": "sr",
            "rank": 0,
            "path": "results/aa/2.25.1",
            "sha256": "b" * 64,
            "created_at": THEN,
        }
    ],
    "deliveries": [
        {
            "source_uid": "1.2.3",
            "revision": 1,
            "peer": "pacs",
            "state": "delivered",
            "attempts": 2,
            "reopened": 0,
            "opened_at": THEN,
            "delivered_at": THEN,
        }
    ],
}
"""What the first schema could hold."""


@pytest.mark.parametrize("revision", schema.REVISIONS[:-1])
def test_what_an_earlier_version_recorded_is_carried_forward(url: str, revision: str) -> None:
    at_revision(url, revision)
    database = Database.open(url)
    with database.reading() as c:
        assert schema.revision_of(c) == schema.REVISIONS[-1]
        assert peers.list_peers(c) == [made.peer()]  # a DICOM peer that wants everything, as it was
        (delivery,) = studies.list_deliveries(c, "1.2.3", 1)
        assert (delivery.state, delivery.attempts, delivery.stored, delivery.receipt, delivery.confirms) == ("delivered", 2, (), None, 0)
        assert studies.get_instance(c, "1.2.3").removed_at is None
        assert studies.due_confirmations(c, now=made.NOW) == []
        assert accounts.list_users(c) == []
        assert [(peer.name, peer.query) for peer in peers.list_peers(c)] == [("pacs", False)]
        reading = studies.get_reading(c, "1.2.3", 1)
        assert (reading.state, reading.earlier) == ("DELIVERED", ())
        assert (reading.decision, studies.get_instance(c, "1.2.3").called_ae, routes.list_routes(c)) == (UNROUTED, "", [])
        assert [result.series_instance_uid for result in studies.list_results(c, "1.2.3", 1)] == [None]
        assert [event.subject for event in audit.list_events(c)] == ["1.2.3", "2.25.1"]
        assert audit.verify(c) == []
        assert len(c.execute(text("SELECT patient_salt FROM installation WHERE id = 1")).scalar_one()) == 64
    database.close()


def test_every_database_has_a_salt_of_its_own(url: str, tmp_path: Path) -> None:
    salts = set()
    for one in (url, f"sqlite:///{tmp_path / 'other.db'}"):
        database = Database.open(one)
        with database.reading() as c:
            salts.add(c.execute(text("SELECT patient_salt FROM installation")).scalar_one())
        database.close()
    assert len(salts) == 2


def test_a_connection_is_told_once_that_it_only_reads(tmp_path: Path) -> None:
    """SQLite prepares every statement of a connection anew after each pragma of that kind."""
    database = Database.open(f"sqlite:///{tmp_path / 'record.db'}")
    said: list[str] = []
    for engine_of_it in (database._engine, database._reader):
        event.listen(engine_of_it, "begin", lambda c: c.connection.driver_connection.set_trace_callback(said.append))
    for _ in range(3):
        with database.transaction() as c:
            peers.list_peers(c)
        with database.reading() as c:
            peers.list_peers(c)
    database.close()
    assert sum("FROM peers" in one for one in said) == 6
    assert not [one for one in said if "PRAGMA" in one.upper()]
