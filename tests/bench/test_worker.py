from __future__ import annotations

from pathlib import Path

from baa_node.db import Database, peers, studies
from baa_node.spool import FolderSpool
from tests.bench.worker import PausingDesk
from tests.db import made
from tests.parts.desk import desk_on
from tests.parts.times import NOW


def test_a_worker_that_pauses_takes_a_study_to_its_end(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    with database.transaction() as c:
        peers.add_peer(c, made.peer(), actor="bench", now=NOW)
        studies.record_arrival(c, made.instance(), now=NOW)
    desk = desk_on(database, FolderSpool(tmp_path / "spool"), kind=PausingDesk, pause_s=0.0)
    assert desk.read(made.IMAGE, 1)
    assert desk.report(made.IMAGE, 1) == ["pacs"]
    desk.deliver(made.IMAGE, 1, "pacs")
    with database.reading() as c:
        assert studies.get_reading(c, made.IMAGE, 1).state is studies.State.DELIVERED
        (delivery,) = studies.list_deliveries(c, made.IMAGE, 1)
    assert len(delivery.stored) == 3
    database.close()
