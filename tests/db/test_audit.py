from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text

from baa_node.db import Connection, Database, audit
from baa_node.db.audit import AuditEvent, AuditKind, Fault
from baa_node.db.tables import audit_events, instances
from baa_node.errors import StoreError
from tests.db import made
from tests.db.plans import plans_of, whole_tables
from tests.db.tamper import change

ROWS = 10


def event(subject: str = "node", **changes: Any) -> AuditEvent:
    values: dict[str, Any] = {"kind": AuditKind.NODE_STARTED, "actor": "node", "detail": {"text": "Größe ☃", "n": 1, "x": 0.1, "no": None}}
    return AuditEvent(subject=subject, **{**values, **changes})


@pytest.fixture
def chained(c: Connection) -> Connection:
    for number in range(1, ROWS + 1):
        audit.append(c, event(f"subject {number}"), now=made.later(number))
    return c


def found(c: Connection) -> list[tuple[Fault, int]]:
    return [(finding.fault, finding.seq) for finding in audit.verify(c)]


def renumber(c: Connection, *, first: int, by: int) -> None:
    """Shift the numbers of the rows from ``first`` on, in an order that keeps them unique."""
    change(c, "UPDATE audit_events SET seq = -seq WHERE seq >= :first", first=first)
    change(c, "UPDATE audit_events SET seq = -seq + :by WHERE seq < 0", by=by)


def insert_copy(c: Connection, *, of: int, seq: int, previous: str, sha256: str) -> None:
    columns = "at, kind, actor, subject, study, outcome, detail"
    copied = f"SELECT :seq, {columns}, :previous, :sha256 FROM audit_events WHERE seq = :of"
    statement = f"INSERT INTO audit_events (seq, {columns}, previous, sha256) {copied}"
    change(c, statement, of=of, seq=seq, previous=previous, sha256=sha256)


def hash_at(c: Connection, seq: int) -> str:
    return str(c.execute(text("SELECT sha256 FROM audit_events WHERE seq = :seq"), {"seq": seq}).scalar_one())


def rehash(c: Connection, seq: int) -> None:
    """Give a row the hash that its content asks for now, as a careful forger would."""
    row = next(json.loads(line) for line in audit.export(c) if json.loads(line)["seq"] == seq)
    change(c, "UPDATE audit_events SET sha256 = :sha256 WHERE seq = :seq", seq=seq, sha256=expected_hash(row))


def expected_hash(line: dict[str, Any]) -> str:
    """Hash an exported line by the words of the documentation alone."""
    body = {key: value for key, value in line.items() if key not in {"seq", "previous", "sha256"}}
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{line['previous']}\n{canonical}".encode()).hexdigest()


def test_an_untouched_trail_is_whole(chained: Connection) -> None:
    assert audit.verify(chained) == []
    assert audit.head_of(chained) == (ROWS, hash_at(chained, ROWS))


def test_an_empty_trail_is_whole(c: Connection) -> None:
    assert audit.verify(c) == []
    assert audit.head_of(c) == (0, audit.GENESIS)


@pytest.mark.parametrize(
    "edit",
    [
        "actor = 'somebody'",
        "subject = 'x'",
        "kind = 'NODE_STOPPED'",
        "outcome = 4",
        "study = '1.2'",
        "detail = '{}'",
        "detail = 'no json'",
        "at = '2026-03-01 09:30:59'",
        "sha256 = previous",
        "previous = sha256",
    ],
)
@pytest.mark.parametrize("seq", [1, 5, ROWS])
def test_an_edited_row_is_named_and_no_other(chained: Connection, edit: str, seq: int) -> None:
    change(chained, f"UPDATE audit_events SET {edit} WHERE seq = :seq", seq=seq)
    assert found(chained) == [(Fault.EDITED, seq)]
    assert f"row {seq} was edited" in audit.verify(chained)[0].text


@pytest.mark.parametrize(
    ("first", "last", "named"), [(1, 1, "row 1 was"), (4, 6, "rows 4 to 6 were"), (ROWS, ROWS, "row 10 was"), (1, 10, "rows 1 to 10 were")]
)
def test_deleted_rows_are_named(chained: Connection, first: int, last: int, named: str) -> None:
    change(chained, "DELETE FROM audit_events WHERE seq BETWEEN :first AND :last", first=first, last=last)
    assert found(chained) == [(Fault.DELETED, first)]
    assert audit.verify(chained)[0].text == f"{named} deleted"


def test_a_deletion_hidden_by_new_numbers_is_found(chained: Connection) -> None:
    change(chained, "DELETE FROM audit_events WHERE seq = 4")
    renumber(chained, first=5, by=-1)
    change(chained, "UPDATE audit_head SET seq = 9")
    assert found(chained) == [(Fault.BROKEN, 4)]


def test_the_first_row_removed_and_the_rest_renumbered_is_found(chained: Connection) -> None:
    change(chained, "DELETE FROM audit_events WHERE seq = 1")
    renumber(chained, first=2, by=-1)
    change(chained, "UPDATE audit_head SET seq = 9")
    assert found(chained) == [(Fault.BROKEN, 1)]


def test_a_row_put_between_is_named_and_no_other(chained: Connection) -> None:
    before = hash_at(chained, 4)
    renumber(chained, first=5, by=1)
    insert_copy(chained, of=4, seq=5, previous=before, sha256="")
    rehash(chained, 5)
    change(chained, "UPDATE audit_head SET seq = 11")
    assert found(chained) == [(Fault.INSERTED, 5)]


def test_a_row_put_at_the_end_is_named(chained: Connection) -> None:
    insert_copy(chained, of=4, seq=11, previous=hash_at(chained, ROWS), sha256="")
    rehash(chained, 11)
    assert found(chained) == [(Fault.INSERTED, 11)]


@pytest.mark.parametrize(("one", "other"), [(3, 4), (1, 2), (9, 10), (2, 8)])
def test_swapped_rows_are_both_named(chained: Connection, one: int, other: int) -> None:
    change(chained, "UPDATE audit_events SET seq = -1 WHERE seq = :one", one=one)
    change(chained, "UPDATE audit_events SET seq = :one WHERE seq = :other", one=one, other=other)
    change(chained, "UPDATE audit_events SET seq = :other WHERE seq = -1", other=other)
    assert found(chained) == [(Fault.MOVED, one), (Fault.MOVED, other)]
    assert audit.verify(chained)[0].text == f"row {one} was moved: by its hash it belongs where row {other} stands"


@pytest.mark.parametrize("seq", [1, 5])
def test_an_edit_with_a_fitting_hash_breaks_the_next_row(chained: Connection, seq: int) -> None:
    change(chained, "UPDATE audit_events SET actor = 'somebody' WHERE seq = :seq", seq=seq)
    rehash(chained, seq)
    assert found(chained) == [(Fault.BROKEN, seq + 1)]
    assert f"row {seq + 1} does not follow row {seq}" in audit.verify(chained)[0].text


def test_an_edit_of_the_last_row_with_a_fitting_hash_misses_the_head(chained: Connection) -> None:
    change(chained, "UPDATE audit_events SET actor = 'somebody' WHERE seq = 10")
    rehash(chained, ROWS)
    assert found(chained) == [(Fault.BROKEN, ROWS + 1)]


@pytest.mark.parametrize("attack", ["DELETE FROM audit_head", f"UPDATE audit_head SET seq = 0, sha256 = '{audit.GENESIS}'"])
def test_a_lost_head_is_told(chained: Connection, attack: str) -> None:
    change(chained, attack)
    assert found(chained) == [(Fault.BROKEN, ROWS + 1)]


def test_a_trail_without_a_head_is_not_continued(chained: Connection) -> None:
    change(chained, "DELETE FROM audit_head")
    with pytest.raises(StoreError, match="head of the audit chain"):
        audit.append(chained, event(), now=made.NOW)


def test_several_attacks_are_all_told(chained: Connection) -> None:
    change(chained, "UPDATE audit_events SET actor = 'somebody' WHERE seq = 2")
    change(chained, "DELETE FROM audit_events WHERE seq = 5")
    change(chained, "UPDATE audit_events SET seq = -1 WHERE seq = 8")
    change(chained, "UPDATE audit_events SET seq = 8 WHERE seq = 9")
    change(chained, "UPDATE audit_events SET seq = 9 WHERE seq = -1")
    assert found(chained) == [(Fault.EDITED, 2), (Fault.DELETED, 5), (Fault.MOVED, 8), (Fault.MOVED, 9)]


@given(st.lists(st.tuples(st.sampled_from(["edit", "delete", "swap"]), st.integers(1, ROWS), st.integers(1, ROWS)), min_size=1, max_size=4))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_done_verify_tells_it_and_ends(chained: Connection, attacks: list[tuple[str, int, int]]) -> None:
    before = [json.loads(line) for line in audit.export(chained)]
    with chained.begin_nested() as undo:
        for attack, one, other in attacks:
            if attack == "edit":
                change(chained, "UPDATE audit_events SET actor = 'x' WHERE seq = :one", one=one)
            elif attack == "delete":
                change(chained, "DELETE FROM audit_events WHERE seq = :one", one=one)
            else:
                change(chained, "UPDATE audit_events SET seq = -1 WHERE seq = :one", one=one)
                change(chained, "UPDATE audit_events SET seq = :one WHERE seq = :other", one=one, other=other)
                change(chained, "UPDATE audit_events SET seq = :other WHERE seq = -1", other=other)
        changed = [json.loads(line) for line in audit.export(chained)] != before
        assert bool(audit.verify(chained)) == changed
        undo.rollback()


def test_concurrent_writers_keep_the_chain_whole(database: Database) -> None:
    def write(writer: int) -> None:
        for number in range(15):
            with database.transaction() as c:
                audit.append(c, event(f"{writer}/{number}"), now=made.later(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    with database.reading() as c:
        assert audit.verify(c) == []
        subjects = [record.subject for record in audit.list_events(c, limit=1000)]
    assert sorted(subjects) == sorted(f"{writer}/{number}" for writer in range(8) for number in range(15))


def test_two_nodes_on_one_database_keep_the_chain_whole(url: str) -> None:
    nodes = [Database.open(url), Database.open(url)]

    def write(node: Database) -> None:
        for number in range(20):
            with node.transaction() as c:
                audit.append(c, event(), now=made.later(number))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, nodes))
    with nodes[0].reading() as c:
        assert audit.verify(c) == []
        assert audit.head_of(c)[0] == 40
    for node in nodes:
        node.close()


def test_an_undone_transaction_leaves_no_gap(database: Database) -> None:
    with database.transaction() as c:
        audit.append(c, event("kept"), now=made.NOW)

    def append_and_fail() -> None:
        with database.transaction() as c:
            audit.append(c, event("undone"), now=made.NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        append_and_fail()
    with database.transaction() as c:
        assert audit.append(c, event("next"), now=made.NOW) == 2
        assert audit.verify(c) == []


def test_events_come_back_as_they_went_in(c: Connection) -> None:
    audit.append(c, event("1.2.3", study="1.2", outcome=8), now=made.NOW)
    (record,) = audit.list_events(c)
    assert (record.seq, record.at, record.kind, record.actor) == (1, made.NOW, AuditKind.NODE_STARTED, "node")
    assert (record.subject, record.study, record.outcome) == ("1.2.3", "1.2", 8)
    assert record.detail == {"text": "Größe ☃", "n": 1, "x": 0.1, "no": None}


def test_a_damaged_detail_does_not_hide_the_others(chained: Connection) -> None:
    change(chained, "UPDATE audit_events SET detail = 'no json' WHERE seq = 5")
    details = {record.seq: record.detail for record in audit.list_events(chained)}
    assert details[5] == {"damaged": True}
    assert details[4]["n"] == 1


def test_filters_narrow_and_the_newest_are_kept(c: Connection) -> None:
    for number in range(6):
        kind = AuditKind.READING_DONE if number % 2 else AuditKind.INSTANCE_RECEIVED
        audit.append(c, event(f"1.{number // 2}", study=f"study {number // 3}", kind=kind), now=made.later(number))

    def numbers(**filters: Any) -> list[int]:
        return [record.seq for record in audit.list_events(c, **filters)]

    assert numbers() == [1, 2, 3, 4, 5, 6]
    assert numbers(limit=2) == [5, 6]
    assert numbers(subject="1.1") == [3, 4]
    assert numbers(study="study 1") == [4, 5, 6]
    assert numbers(kind=AuditKind.READING_DONE, study="study 1") == [4, 6]
    assert numbers(since=made.later(4)) == [5, 6]
    assert numbers(subject="nobody") == []


def test_an_export_can_be_checked_without_this_program(chained: Connection) -> None:
    lines = [json.loads(line) for line in audit.export(chained)]
    assert [line["seq"] for line in lines] == list(range(1, ROWS + 1))
    previous = "0" * 64
    for line in lines:
        assert line["previous"] == previous
        previous = line["sha256"]
        assert previous == expected_hash(line)
    assert lines[0]["at"] == "2026-03-01T09:30:01.123456+00:00"
    assert lines[0]["detail"]["text"] == "Größe ☃"


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"outcome": 1}, ValueError), ({"detail": {"x": [1]}}, TypeError), ({"detail": {"x": {}}}, TypeError)],
)
def test_an_event_that_cannot_be_is_refused(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        event(**changes)


def test_texts_that_no_database_holds_do_not_stop_the_trail(c: Connection) -> None:
    audit.append(c, event("A\0\udc80", actor="\udc80", study="\0", detail={"x": "\udc80\0", "\udc81": 1}), now=made.NOW)
    (record,) = audit.list_events(c)
    assert (record.subject, record.actor, record.study, record.detail) == ("A??", "?", "?", {"x": "?\0", "?": 1})
    assert audit.verify(c) == []


def test_what_cannot_be_hashed_for_ever_is_refused(c: Connection) -> None:
    with pytest.raises(ValueError, match="JSON"):
        audit.append(c, event(detail={"x": float("nan")}), now=made.NOW)
    with pytest.raises(ValueError, match="zone"):
        audit.append(c, event(), now=made.NOW.replace(tzinfo=None))


@pytest.mark.parametrize("statement", ["UPDATE audit_events SET actor = 'x' WHERE seq = 3", "DELETE FROM audit_events WHERE seq = 3"])
def test_the_database_itself_refuses_changes(database: Database, statement: str) -> None:
    with database.transaction() as c:
        for number in range(5):
            audit.append(c, event(), now=made.later(number))
    with pytest.raises(StoreError, match="append-only"), database.transaction() as c:
        c.execute(text(statement))
    with database.reading() as c:
        assert audit.verify(c) == []


def test_a_cut_end_with_a_head_that_fits_is_seen_against_a_noted_one_alone(chained: Connection) -> None:
    noted = audit.head_of(chained)
    change(chained, "DELETE FROM audit_events WHERE seq > 7")
    change(chained, "UPDATE audit_head SET seq = 7, sha256 = :sha256", sha256=hash_at(chained, 7))
    assert audit.verify(chained) == []
    assert [(one.fault, one.seq) for one in audit.verify(chained, noted=noted)] == [(Fault.CUT, ROWS)]
    audit.append(chained, event(), now=made.NOW)
    assert audit.verify(chained, noted=(8, "0" * 64))[0].text.startswith("row 8 is not the one that was noted")
    assert audit.verify(chained, noted=audit.head_of(chained)) == []


def test_everything_about_something_is_found_along_indexes(c: Connection) -> None:
    fill(c, 20_000)
    plans = plans_of(c, lambda c: audit.list_events(c, about="ACC-77", limit=None))
    assert not whole_tables(plans), plans
    assert any("ix_audit_events_study" in step for plan in plans for step in plan), plans
    found = audit.list_events(c, about="ACC-77", limit=None)
    assert [record.study for record in found] == ["2.77"] * 20


def fill(c: Connection, count: int) -> None:
    """Put events into the trail, twenty a study; their hashes do not matter here."""
    columns = ("seq", "at", "kind", "actor", "subject", "study", "outcome", "detail", "previous", "sha256")
    rest = {"at": made.NOW, "kind": "READING_DONE", "actor": "node", "outcome": 0, "detail": "{}", "previous": "0" * 64, "sha256": "0" * 64}
    rows = [{**rest, "seq": 1 + n, "subject": f"1.{n}", "study": f"2.{n // 20}"} for n in range(count)]
    assert set(rows[0]) == set(columns)
    c.execute(insert(audit_events), rows)
    images = [made.instance(f"3.{n}", study_instance_uid=f"2.{n}", accession_number=f"ACC-{n}") for n in range(count // 20)]
    c.execute(insert(instances), [vars(one) for one in images])
