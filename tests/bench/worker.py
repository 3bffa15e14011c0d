"""A worker that waits where others compute: ``python -m tests.bench.worker DATA_DIR PAUSE_S``, settings by the environment.

Queue, record, lease and the order of the steps are the node's own; instead of networks, report and picture there is a pause that takes
no processor, and instead of a destination somebody who takes everything. So many of them on few cores still show what the pipeline and
its database can do, and nothing of what reading costs.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydicom.uid import generate_uid

from baa_node.bridges import Attempt
from baa_node.config import load_config
from baa_node.daemon import LOOK_S
from baa_node.db import Database, studies
from baa_node.lease import Lease
from baa_node.pipeline import Pipeline
from baa_node.process import settle
from baa_node.spool import FolderSpool
from baa_node.steps import Desk
from baa_node.wiring.installation import load_identity
from tests.db import made
from tests.parts.desk import desk_on
from tests.parts.results import assessment


@dataclass(frozen=True, kw_only=True)
class PausingDesk(Desk):
    """Does to the record what a reading does, after a pause."""

    pause_s: float

    def read(self, uid: str, revision: int) -> bool:
        """Give the same number each time."""
        time.sleep(self.pause_s)
        self._record(uid, revision, assessment())
        return True

    def report(self, uid: str, revision: int) -> list[str]:
        """Record three objects that nobody made."""
        now = datetime.now(UTC)
        with self.database.reading() as connection:
            instance = studies.get_instance(connection, uid)
        kinds = (("sr", 0), ("sr", 1), ("capture", 0))
        objects = [
            made.result(str(generate_uid(prefix=None)), source_uid=uid, kind=kind, rank=rank, created_at=now) for kind, rank in kinds
        ]
        with self.database.transaction() as connection:
            studies.record_results(connection, objects)
            studies.record_earlier(connection, uid, revision, [])
        return self._open_deliveries(instance, revision)

    def deliver(self, uid: str, revision: int, peer_name: str) -> None:
        """Note that everything was taken."""
        due = self._delivery(uid, revision, peer_name)
        if due is not None:
            self._note_attempt(due, Attempt(stored=True, status=0, taken=tuple(one.sop_instance_uid for one in due.results)))


def main() -> None:
    config, pause_s = load_config(Path(sys.argv[1]), None), float(sys.argv[2])
    config.data_dir.mkdir(parents=True, exist_ok=True)
    settle()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    identity, database, spool = load_identity(config.data_dir), Database.open(config.database_url), FolderSpool(Path(config.spool_path))
    lease = Lease(
        database,
        identity.executor_id,
        beat_s=config.pipeline.beat_s,
        dead_after_s=config.pipeline.dead_after_s,
        take_up=lambda names: pipeline.take_up(names),
    )
    desk = desk_on(database, spool, kind=PausingDesk, study_quiet_s=1, permit=lease.hold, pause_s=pause_s)
    pipeline = Pipeline(desk, queue_url=config.queue_url, executor_id=identity.executor_id, readers=config.pipeline.readers)
    lease.start()
    pipeline.start()
    while not stopping.wait(LOOK_S):
        pass
    pipeline.stop()
    lease.stop()
    database.close()


if __name__ == "__main__":
    main()
