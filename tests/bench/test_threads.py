from __future__ import annotations

from tests.bench.threads import manners, measure


def test_every_manner_reads() -> None:
    chosen = manners()
    taken = measure(chosen, rounds=1)
    assert [one.name for one in taken] == [one.name for one in chosen]
    assert all(one.wall_ms > 0 and one.cpu_ms > 0 for one in taken)
