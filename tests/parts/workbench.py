"""A desk with an intake before it and a queue behind it: a node without sockets of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydicom import Dataset

from baa_node.db import audit, studies
from baa_node.intake import Intake
from baa_node.pipeline import Pipeline
from baa_node.steps import Desk
from tests.parts.desk import reception
from tests.parts.programs import eventually


def wait(condition: Callable[[], bool], what: str) -> None:
    eventually(condition, what=what, timeout_s=60)


@dataclass
class Bench:
    """A node without sockets of its own."""

    folder: Path
    desk: Desk
    intake: Intake
    pacs_port: int
    pipeline: Pipeline | None = None

    def make(self, **changes: Any) -> None:
        """Change what is made of a reading."""
        self.desk = replace(self.desk, maker=replace(self.desk.maker, **changes))

    def start(self, **options: int) -> None:
        self.pipeline = Pipeline(self.desk, queue_url=f"sqlite:///{self.folder / 'queue.db'}", executor_id="test", **options)
        self.pipeline.start()

    def stop(self) -> None:
        if self.pipeline is not None:
            self.pipeline.stop(5)
            self.pipeline = None

    def send(self, ds: Dataset) -> int:
        return self.intake.receive(reception(ds)).status

    def states(self, ds: Dataset) -> list[str]:
        with self.desk.database.reading() as connection:
            return [reading.state.value for reading in studies.show_study(connection, ds.StudyInstanceUID).readings]

    def kinds(self) -> list[str]:
        with self.desk.database.reading() as connection:
            return [event.kind for event in audit.list_events(connection, limit=1000)]
