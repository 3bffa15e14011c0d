"""Write ``sample_dicom/``: synthetic hands as DX and CR objects, and what a reader is expected to make of each.

``python -m train.samples`` draws them again. Equal library versions give equal bytes: nothing here asks the clock or a random source.
"""

from __future__ import annotations

from train.samples.folder import FOLDER, expected, note_readings, write
from train.samples.objects import MAX_VALUE, build, draw
from train.samples.table import DAYS_PER_MONTH, EXAMINED_ON, SAMPLES, Sample

__all__ = [
    "DAYS_PER_MONTH",
    "EXAMINED_ON",
    "FOLDER",
    "MAX_VALUE",
    "SAMPLES",
    "Sample",
    "build",
    "draw",
    "expected",
    "note_readings",
    "write",
]
