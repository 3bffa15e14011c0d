"""Milliseconds an image for each stage of a reading, on one thread and on two, in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pydicom

from baa_node.bundle import default_bundle, load_bundle
from baa_node.core.ensemble import Ensemble
from baa_node.core.preprocess import Pixels, Preparation, prepare
from baa_node.core.radiograph import from_dataset

THREADS = (1, 2)
REPEATS = 5


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Median over all images, milliseconds an image."""

    threads: int
    decode_ms: float
    preprocess_ms: float
    infer_ms: float


def measure(samples: list[Path]) -> list[Stage]:
    """Decoding to grey values, preprocessing for every distinct member, and inference of all members."""
    before = cv2.getNumThreads()
    try:
        return [_stage(samples, threads) for threads in THREADS]
    finally:
        cv2.setNumThreads(before)


def frame_sizes(samples: list[Path]) -> str:
    """Columns × rows of the smallest and the largest sample."""
    sizes = sorted((int(ds.Columns), int(ds.Rows)) for ds in (pydicom.dcmread(path, stop_before_pixels=True) for path in samples))
    return " to ".join(f"{columns}×{rows}" for columns, rows in dict.fromkeys((sizes[0], sizes[-1])))


def _stage(samples: list[Path], threads: int) -> Stage:
    cv2.setNumThreads(threads)
    ensemble = load_bundle(default_bundle(), providers=["CPUExecutionProvider"], threads=threads)
    specs = list(dict.fromkeys(member.preparation for member in ensemble.members))
    frames = [grey_values(path) for path in samples]
    seen = [_prepared(pixels, specs) for pixels in frames]
    return Stage(
        threads=threads,
        decode_ms=_median_ms(partial(grey_values, path) for path in samples),
        preprocess_ms=_median_ms(partial(_prepared, pixels, specs) for pixels in frames),
        infer_ms=_median_ms(partial(_infer, ensemble, one) for one in seen),
    )


def grey_values(path: Path) -> Pixels:
    """Displayed grey values of a file."""
    return from_dataset(pydicom.dcmread(path)).pixels


def _prepared(pixels: Pixels, specs: Sequence[Preparation]) -> dict[Preparation, Pixels]:
    return {spec: prepare(pixels, spec).image[np.newaxis] for spec in specs}


def _infer(ensemble: Ensemble, seen: dict[Preparation, Pixels]) -> None:
    for member in ensemble.members:
        member.run(seen[member.preparation], np.ones((1, 1), np.float32))


def _median_ms(works: Iterable[Callable[[], object]]) -> float:
    return float(np.median([_fastest_ms(work) for work in works]))


def _fastest_ms(work: Callable[[], object]) -> float:
    """Best of a few runs after one to warm up: what the machine can do when nobody disturbs it."""
    work()
    taken = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken) * 1000
