"""What is due comes from the record; who has a place does it."""

from __future__ import annotations

import threading
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
    with database.reading() as c:
        due = work_due(c, NOW)
    database.close()
    assert [one.workflow for one in due] == [DELIVER, READ, READ, READ]
    assert due[0] == Work(DELIVER, f"{made.IMAGE}.1.to.pacs.1.0", (made.IMAGE, 1, "pacs"))
    assert len({one.name for one in due}) == 4
