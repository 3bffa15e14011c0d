"""Folders of the workshop, and the options of its commands that name others."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

WORKSHOP: Final = Path(__file__).resolve().parent
RESULTS: Final = WORKSHOP / "results"
RUNS: Final = WORKSHOP / "runs"
WEIGHTS: Final = WORKSHOP / "weights"

_OPTIONS: Final = {
    "data": (WORKSHOP.parent.parent / "shared" / "data", "radiographs and labels, in either layout that train.challenge knows"),
    "runs": (RUNS, "a folder for each run: best weights, checkpoint, history"),
    "cache": (WORKSHOP / "cache", "prepared images, made where they are missing"),
    "results": (RESULTS, "estimates and figures that RESULTS.md is made of"),
}


def add_folders(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add ``--data``, ``--runs``, ``--cache`` or ``--results``, whichever are named.

    Raises
    ------
    KeyError
        There is no such folder.
    """
    for name in names:
        default, told = _OPTIONS[name]
        parser.add_argument(f"--{name}", type=Path, default=default, help=f"{told} (by default %(default)s)")
