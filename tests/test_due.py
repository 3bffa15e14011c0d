"""What is due comes from the record; who has a place does it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from baa_node.db import Database, studies
from baa_node.due import CONFIRM, DELIVER, READ, Places, Work, work_due
from tests.db import made
from tests.parts.times import NOW

FIRST, SECOND, THIRD = (Work(READ, f"{uid}.1", (uid, 1)) for uid in ("1.2", "1.3", "1.4"))


def places(freed: list[str] | None = None, **changes: int) -> Places:
    told = freed if freed is not None else []
    return Places(freed=lambda: told.append("freed"), **{"readers": 2, "parallel_deliveries": 1, **changes})


def test_a_lane_has_so_many_places_and_no_more() -> None:
    some = places()
    assert [some.take(one) for one in (FIRST, SECOND, THIRD)] == [True, True, False]
    some.leave(READ, FIRST.name)
    assert some.take(THIRD)


def test_the_same_work_has_one_place() -> None:
    some = places()
    assert some.take(FIRST)
    assert not some.take(FIRST)


@pytest.mark.parametrize("workflow", [DELIVER, CONFIRM])
def test_each_peer_has_places_of_its_own(workflow: str) -> None:
    some = places()
    assert some.take(Work(workflow, "a", ("1.2", 1, "one")))
    assert not some.take(Work(workflow, "b", ("1.3", 1, "one")))
    assert some.take(Work(workflow, "c", ("1.3", 1, "another")))
    assert some.take(FIRST)


def test_who_waits_for_a_place_is_told() -> None:
    freed: list[str] = []
    some = places(freed)
    with some.held(READ, FIRST.name):
        assert not freed
    assert freed == ["freed"]


def test_what_goes_on_after_a_cut_holds_its_place_however_full_the_lane() -> None:
    some = places(readers=1)
    assert some.take(FIRST)
    with some.held(READ, SECOND.name), pytest.raises(ZeroDivisionError), some.held(READ, FIRST.name):
        raise ZeroDivisionError
    assert some.take(FIRST)


def test_leaving_twice_is_harmless() -> None:
    some = places(readers=1)
    assert some.take(FIRST)
    some.leave(READ, FIRST.name)
    some.leave(READ, FIRST.name)
    assert some.take(SECOND)
    assert not some.take(THIRD)


def test_many_threads_never_share_a_place() -> None:
    some, taken = places(readers=3), []
    work = [Work(READ, str(number), (str(number), 1)) for number in range(64)]
    threads = [threading.Thread(target=lambda one=one: taken.append(some.take(one))) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 61 + [True] * 3


def test_deliveries_come_before_readings_and_the_oldest_first(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    with database.transaction() as c:
        for uid in ("1.2.3", "1.2.2"):
            studies.record_arrival(c, made.instance(uid), now=NOW)
        studies.record_arrival(c, made.instance(), now=NOW)
        studies.open_deliveries(c, made.IMAGE, 1, ["pacs"], now=NOW)
    due = [*work_due(database, NOW)]
    database.close()
    assert [one.workflow for one in due] == [DELIVER, READ, READ, READ]
    assert due[0] == Work(DELIVER, f"{made.IMAGE}.1.to.pacs.1.0", (made.IMAGE, 1, "pacs"))
    assert len({one.name for one in due}) == 4


@pytest.fixture
def backlog(tmp_path: Path) -> Iterator[Database]:
    """A long backlog: 250 readings, whose results are due at one peer that has too many of them, and the last two at another."""
    database = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    with database.transaction() as c:
        for number in range(250):
            uid = f"1.2.{1000 + number}"
            studies.record_arrival(c, made.instance(uid), now=NOW)
            studies.open_deliveries(c, uid, 1, ["archive"], now=NOW)
        for number in (248, 249):
            studies.open_deliveries(c, f"1.2.{1000 + number}", 1, ["pacs"], now=NOW + timedelta(seconds=1))
    yield database
    database.close()


def test_of_a_backlog_everything_is_given_once(backlog: Database) -> None:
    due = [one.name for one in work_due(backlog, NOW + timedelta(seconds=9))]
    assert len(due) == len(set(due)) == 250 + 252


def test_no_more_of_a_backlog_is_read_than_there_are_places(backlog: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    given = Counter[str]()
    for name in ("pending_readings", "due_deliveries", "due_confirmations"):
        monkeypatch.setattr(studies, name, counting(getattr(studies, name), given, name))
    some = places(readers=3, parallel_deliveries=2)
    taken = [one for one in work_due(backlog, NOW + timedelta(seconds=9), full=some.full) if some.take(one)]
    lanes = Counter(one.lane for one in taken)
    assert lanes == {"assess_instance": 3, "deliver_results archive": 2, "deliver_results pacs": 2}, "a full lane keeps none back"
    assert given["pending_readings"] == 100
    assert given["due_deliveries"] == 100 + 2


def test_only_a_thorough_look_goes_through_what_a_slow_peer_has_waiting(backlog: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    given = Counter[str]()
    monkeypatch.setattr(studies, "due_deliveries", counting(studies.due_deliveries, given, "due_deliveries"))
    some = places(readers=0, parallel_deliveries=2)
    at = NOW + timedelta(seconds=9)

    def look(*, thorough: bool) -> Counter[str]:
        given.clear()
        return Counter(one.lane for one in work_due(backlog, at, full=some.full, thorough=thorough) if some.take(one))

    assert look(thorough=False) == {"deliver_results archive": 2}
    assert given["due_deliveries"] == 100
    assert look(thorough=True) == {"deliver_results pacs": 2}
    assert given["due_deliveries"] == 100 + 2


def counting(ask: Callable[..., list[object]], given: Counter[str], name: str) -> Callable[..., list[object]]:
    def asked(*arguments: object, **options: object) -> list[object]:
        found = ask(*arguments, **options)
        given[name] += len(found)
        return found

    return asked


def test_what_is_done_elsewhere_at_the_head_of_a_backlog_keeps_nothing_back(backlog: Database) -> None:
    elsewhere = {f"1.2.{1000 + number}.1" for number in range(230)}
    some, taken = places(readers=30), set()
    for one in work_due(backlog, NOW, full=some.full):
        if one.workflow == READ and one.name not in elsewhere and some.take(one):
            taken.add(one.name)
    assert taken == {f"1.2.{1000 + number}.1" for number in range(230, 250)}


def test_look_after_look_a_backlog_is_worked_off_to_its_end(backlog: Database) -> None:
    some, done = places(readers=7, parallel_deliveries=3), set[str]()
    while taken := [
        one for one in work_due(backlog, NOW + timedelta(seconds=9), full=some.full) if one.name not in done and some.take(one)
    ]:
        for one in taken:
            done.add(one.name)
            some.leave(one.lane, one.name)
    assert len(done) == 250 + 252
