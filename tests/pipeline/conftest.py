"""A bench with a node on it, and the PACS that it sends to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from baa_node.db import Database, peers
from baa_node.dicom.practice import PracticePacs
from baa_node.dispatch import Patience
from baa_node.intake import Intake
from baa_node.spool import FolderSpool
from tests.db import made
from tests.parts.desk import desk_on
from tests.parts.programs import free_port
from tests.parts.times import NOW
from tests.parts.workbench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    database = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    port = free_port()
    with database.transaction() as connection:
        peers.add_peer(connection, made.peer(host="127.0.0.1", port=port), actor="test", now=NOW)
    spool = FolderSpool(tmp_path / "spool")
    desk = desk_on(database, spool, study_quiet_s=0.5, patience=Patience(first_s=0.3, longest_s=1.0))
    bench = Bench(tmp_path, desk, Intake(database, spool, ae_title="BAA_NODE"), port)
    yield bench
    bench.stop()
    database.close()


@pytest.fixture
def pacs(bench: Bench) -> Iterator[PracticePacs]:
    pacs = PracticePacs.start("PACS", port=bench.pacs_port)
    yield pacs
    pacs.stop()
