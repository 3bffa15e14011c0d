from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.parts import watch
from tests.parts.watch import Moment


def test_what_was_kept_from_a_processor_does_not_count() -> None:
    began, ended = Moment(10.0, (5.0, 7.0)), Moment(14.0, (6.0, 7.5))
    assert ended.since(began) == pytest.approx(3.0)
    assert ended.kept_s(began) == pytest.approx(1.0)


def test_where_nothing_is_counted_nothing_is_taken_off() -> None:
    assert Moment(14.0, ()).since(Moment(10.0, ())) == pytest.approx(4.0)


def test_what_the_system_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  1 2 3 4 5 6 7 800 0 0\ncpu0 1 2 3 4 5 6 7 300 0 0\ncpu1 1 2 3 4 5 6 7 500 0 0\nintr 1\n")
    monkeypatch.setattr(watch, "STAT", stat)
    monkeypatch.setattr(os, "sysconf", lambda name: 100)
    assert watch.stolen_s() == (3.0, 5.0)
