"""A power cut may set the queue back behind the record by its last moments, as nobody waits for the disk there (decision 0024)."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset
from sqlalchemy import Engine, event

from baa_node.db import Database, audit
from baa_node.dicom.practice import PracticePacs
from baa_node.dispatch import Patience
from baa_node.intake import Intake
from baa_node.spool import FolderSpool
from tests.parts.desk import desk_on
from tests.parts.hands import hand_cr
from tests.parts.workbench import Bench, wait

LAGS = (1, 3, 100)
"""Commits by which the queue is set back; the last is all of them."""
CUTS = 6


@dataclass(frozen=True)
class Moment:
    """Record and queue, as they were just before a commit to either."""

    record: bytes
    queue: bytes


@contextmanager
def moments_of(record: Path, queue: Path) -> Iterator[list[Moment]]:
    moments: list[Moment] = []

    def keep(_connection: object) -> None:
        if queue.exists():
            moments.append(Moment(as_it_is(record), as_it_is(queue)))

    event.listen(Engine, "commit", keep)
    try:
        yield moments
    finally:
        event.remove(Engine, "commit", keep)


def as_it_is(path: Path) -> bytes:
    with closing(sqlite3.connect(path)) as database, closing(sqlite3.connect(":memory:")) as copy:
        database.backup(copy)
        return copy.serialize()


def test_nothing_is_lost_doubled_or_told_otherwise(bench: Bench, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path)
    bench.send(ds)
    pacs = PracticePacs.start("PACS", port=bench.pacs_port)
    with moments_of(tmp_path / "node.db", tmp_path / "queue.db") as moments:
        bench.start()
        wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
        bench.stop()
    pacs.stop()
    assert len(moments) > 8
    queues = list(dict.fromkeys(moment.queue for moment in moments))
    for turn, number in enumerate(range(len(moments) - 1, 0, -(len(moments) // CUTS))):
        moment = moments[number]
        lagging = queues[max(0, queues.index(moment.queue) - LAGS[turn % len(LAGS)])]
        check_goes_on(tmp_path / str(number), Moment(moment.record, lagging), tmp_path / "spool", bench.pacs_port, ds)


def check_goes_on(folder: Path, moment: Moment, spool: Path, port: int, ds: Dataset) -> None:
    """What was left after the cut ends as if there had been none; what was delivered stays delivered and is not sent again."""
    folder.mkdir()
    (folder / "node.db").write_bytes(moment.record)
    (folder / "queue.db").write_bytes(moment.queue)
    shutil.copytree(spool, folder / "spool")
    database, kept = Database.open(f"sqlite:///{folder / 'node.db'}"), FolderSpool(folder / "spool")
    desk = desk_on(database, kept, study_quiet_s=0.5, patience=Patience(first_s=0.3, longest_s=1.0))
    bench = Bench(folder, desk, Intake(database, kept, ae_title="BAA_NODE"), port)
    delivered = bench.states(ds) == ["DELIVERED"]
    pacs = PracticePacs.start("PACS", port=port)
    try:
        bench.start()
        wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
        if delivered:
            time.sleep(1.5)  # two looks at what is due, and a poll of the queue
    finally:
        bench.stop()
        pacs.stop()
    assert set(pacs.results_for(ds.SOPInstanceUID)) == (set() if delivered else {"sr", "capture"})
    assert pacs.stores == (0 if delivered else 2)
    assert bench.kinds().count("READING_DONE") == 1
    with database.reading() as connection:
        assert audit.verify(connection) == []
    database.close()
