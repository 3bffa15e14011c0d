"""What a person sees of a run: a bar while an epoch goes on, a line when it is over, curves in TensorBoard."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")


def shown(batches: Iterable[T], steps: int, title: str) -> Iterator[T]:
    """Pass batches on and draw a bar where somebody can see it; in a log file an epoch is one line."""
    if not sys.stderr.isatty():
        yield from batches
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeRemainingColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task(title, total=steps)
        for batch in batches:
            yield batch
            bar.advance(task)


def said(figures: Mapping[str, float]) -> str:
    """One line an epoch."""
    return "  ".join(f"{name} {value:.4g}" for name, value in figures.items())


def to_tensorboard(folder: Path, figures: Mapping[str, float]) -> None:
    """Append the figures of one epoch to the run's event files; ``tensorboard --logdir train/runs`` shows them.

    Without the tensorboard package nothing is written: the figures stand in ``run.json`` in any case.
    """
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.event_file_writer import EventFileWriter
    except ImportError:
        return
    import time

    writer = EventFileWriter(str(folder / "events"))
    values = [Summary.Value(tag=name, simple_value=float(value)) for name, value in figures.items() if name != "epoch"]
    writer.add_event(Event(wall_time=time.time(), step=int(figures["epoch"]), summary=Summary(value=values)))
    writer.close()
