"""What a person sees of a run: a bar while an epoch goes on, a line when it is over, curves in TensorBoard."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from train.events import append_event

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
    """Append the figures of one epoch to the run's event files; ``tensorboard --logdir train/runs`` shows them."""
    scalars = {name: value for name, value in figures.items() if name not in {"epoch", "elapsed_s"}}
    append_event(folder / "events", int(figures["epoch"]), time.time(), scalars)
