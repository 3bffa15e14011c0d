from __future__ import annotations

from baa_node.db import Connection, studies
from baa_node.db.studies import State, counts
from tests.db import made


def test_nothing_is_counted_as_nothing(c: Connection) -> None:
    assert counts.count_readings(c) == dict.fromkeys(State, 0)
    assert counts.count_deliveries(c) == {"pending": 0, "delivered": 0, "failed": 0}


def test_each_state_is_counted(reported: Connection) -> None:
    studies.record_arrival(reported, made.instance("1.2.3"), now=made.NOW)
    found = counts.count_readings(reported)
    assert (found["RECEIVED"], found["REPORTED"], sum(found.values())) == (1, 1, 2)
    assert counts.count_deliveries(reported) == {"pending": 2, "delivered": 0, "failed": 0}
