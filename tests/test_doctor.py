"""What the doctor tells of files, retention and deliveries; its other checks are tried where their mistakes are (``tests/mistakes``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from baa_node.config import load_config
from baa_node.db import Database, peers, studies
from baa_node.doctor import Ground, examine
from baa_node.spool import FolderSpool
from tests.cli.command import Command
from tests.db import made

Told = Callable[[str], tuple[bool, str]]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path / "data", monkeypatch, capsys)


@pytest.fixture
def told(cli: Command) -> Told:
    def look(check: str) -> tuple[bool, str]:
        unused: dict[str, Any] = {"ensemble": None, "probe": None}
        ground = Ground(config=load_config(cli.folder, None), now=made.later(3600), database=partial(opened, cli), **unused)
        (found,) = examine(ground, [check])
        return found.ok, found.finding

    return look


@contextmanager
def opened(cli: Command) -> Iterator[Database]:
    database = cli.database()
    yield database
    database.close()


def image(cli: Command, uid: str, *, delivery: studies.DeliveryState) -> list[Path]:
    """Record an image whose report reached the PACS, waits, or was given up; its files."""
    database, spool = cli.database(), FolderSpool(cli.folder / "spool")
    paths = [spool.write("instances", uid, b"image"), spool.write("results", f"{uid}.1", b"report")]
    with database.transaction() as c:
        studies.record_arrival(c, made.instance(uid, path=paths[0]), now=made.NOW)
        studies.record_outcome(c, uid, 1, state=studies.State.READ, outcome=made.READ, now=made.NOW)
        studies.record_results(c, [made.result(f"{uid}.1", source_uid=uid, path=paths[1])])
        studies.open_deliveries(c, uid, 1, ["pacs"], now=made.NOW)
        (seen,) = studies.list_deliveries(c, uid, 1)
        studies.record_attempt(c, seen, state=delivery, status=None, error=None, next_attempt_at=made.later(60), now=made.later(1))
    database.close()
    return [spool.root / path for path in paths]


def test_a_file_that_the_record_names_and_the_spool_does_not_have_is_told(cli: Command, told: Told) -> None:
    _, report = image(cli, "1.1", delivery="delivered")
    assert told("spool")[0]
    report.unlink()
    ok, finding = told("spool")
    assert not ok
    assert "1 files that the record names are not in" in finding
    assert report.name in finding


def test_what_waits_and_what_was_given_up_is_told(cli: Command, told: Told) -> None:
    assert told("deliveries") == (True, "0 wait; 0 were given up")
    image(cli, "1.1", delivery="delivered")
    image(cli, "1.2", delivery="pending")
    image(cli, "1.3", delivery="failed")
    ok, finding = told("deliveries")
    assert ok
    assert finding.startswith(f"1 wait, the oldest since {made.NOW.astimezone():%Y-%m-%d %H:%M:%S}; 1 were given up")
    assert "baa-node studies retry" in finding


@pytest.mark.parametrize(
    ("days", "free_mb", "said"),
    [
        (0, 0, "images are kept for ever; finished work is forgotten after 30 days"),
        (90, 0, "images leave 90 days after the last result was delivered, never before"),
        (90, 300, "images leave 90 days after the last result was delivered or when less than 300 MiB are free, never before"),
    ],
)
def test_what_leaves_and_when_is_told(told: Told, monkeypatch: pytest.MonkeyPatch, days: int, free_mb: int, said: str) -> None:
    monkeypatch.setenv("BAA_NODE_RETENTION__DAYS", str(days))
    monkeypatch.setenv("BAA_NODE_RETENTION__FREE_MB", str(free_mb))
    ok, finding = told("retention")
    assert ok, finding
    assert finding.startswith(said)


def test_room_that_is_made_too_late_is_told(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAA_NODE_RETENTION__FREE_MB", "256")
    ok, finding = told("retention")
    assert not ok
    assert "above spool.reserve_mb, 256" in finding


def test_a_full_disk_from_which_nothing_may_leave_is_told(cli: Command, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAA_NODE_RETENTION__FREE_MB", str(1 << 40))  # no disk has so much
    image(cli, "1.1", delivery="pending")
    ok, finding = told("retention")
    assert not ok
    assert "nothing in it may leave" in finding
    image(cli, "1.2", delivery="delivered")
    assert told("retention")[0]


@pytest.mark.parametrize(
    ("wants", "pdf", "nothing"), [(("pdf",), "false", True), (("pdf",), "true", False), (("pdf", "sr"), "false", False)]
)
def test_a_destination_that_wants_what_is_never_made_is_named(
    cli: Command, monkeypatch: pytest.MonkeyPatch, wants: tuple[str, ...], pdf: str, nothing: bool
) -> None:
    database = cli.database()
    with database.transaction() as c:
        peers.add_peer(c, made.peer("printer", source=False, wants=wants), actor="test", now=made.NOW)
    database.close()
    monkeypatch.setenv("BAA_NODE_REPORT__PDF", pdf)
    unused: dict[str, Any] = {"ensemble": None, "probe": lambda peer: "answers"}
    ground = Ground(config=load_config(cli.folder, None), now=made.later(3600), database=partial(opened, cli), **unused)
    (found,) = examine(ground, ["peers"])
    assert found.ok is not nothing
    assert ("printer wants only PDF and report.pdf is false" in found.finding) is nothing
