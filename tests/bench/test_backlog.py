from __future__ import annotations

from collections import Counter
from pathlib import Path

from baa_node.db import Database
from baa_node.due import Places
from tests.bench.backlog import DELIVERIES, LOOKS, PEER, READERS, Cost, fill, look, table


def test_a_look_into_a_backlog_takes_as_much_as_there_are_places(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    fill(database, 30)
    places = Places(readers=READERS, parallel_deliveries=DELIVERIES, freed=lambda: None)
    lanes = Counter(work.lane for work in look(database, places))
    assert lanes == {"assess_instance": READERS, f"deliver_results {PEER}": DELIVERIES}
    assert look(database, places) == []
    database.close()


def test_a_row_has_every_look() -> None:
    costs = [Cost(database="SQLite", waiting=1000, look=one, cpu_ms=number, clock_ms=2 * number) for number, one in enumerate(LOOKS, 1)]
    assert table(costs)[-1] == "| SQLite, 1,000 wait | 1.0 (2.0) | 2.0 (4.0) | 3.0 (6.0) | 4.0 (8.0) |"
