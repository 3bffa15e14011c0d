from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.memory import Noted, courses, grows, judged, measure


def test_ten_studies_are_noted_one_by_one(tmp_path: Path) -> None:
    with courses(tmp_path) as course:
        notes = list(measure(course, 10))
    assert [one.studies for one in notes] == list(range(1, 11))
    assert all(one.blocks > 100_000 and one.resident_mib > 50 for one in notes)


@pytest.mark.parametrize(("blocks", "mib", "told"), [(3, 0.0, False), (30, 0.0, True), (3, 0.03, True)])
def test_a_node_that_grows_is_told_from_one_that_does_not(blocks: int, mib: float, told: bool) -> None:
    notes = [Noted(studies=100 * part, blocks=10**6 + 100 * part * blocks, resident_mib=250 + 100 * part * mib) for part in range(1, 11)]
    assert judged(notes)["blocks_a_study"] == blocks
    assert grows(judged(notes)) is told
