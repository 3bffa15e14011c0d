"""The RSNA challenge as it is downloaded: a table and folders of full-size PNG files for each of its three sets.

::

    boneage-training-dataset.csv      boneage-training-dataset/<id>.png
    boneage-validation-dataset.csv    boneage-validation-dataset-1/  boneage-validation-dataset-2/
    boneage-test-dataset.csv          boneage-test-dataset/

Archives may have been unpacked into a folder of their own name within the folder. A table may have another name as long as it is the
only ``.csv`` beside the folders with ``validation`` or ``test`` in its name. ``train`` and ``val`` are the fixed split of the training set,
``validation`` and ``test`` the challenge's own.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from train.labels import DataError, Label, fixed_split, read_challenge_labels

TRAINING_TABLE: Final = "boneage-training-dataset.csv"

SETS: Final[Mapping[str, str]] = {"train": "training", "val": "training", "validation": "validation", "test": "test"}
"""The challenge's set that a split of ours comes from."""


def is_challenge(folder: Path) -> bool:
    """Whether the folder looks like a download of the challenge."""
    return (folder / TRAINING_TABLE).is_file() or any(folder.glob("boneage-*-dataset*/"))


def read_set(folder: Path, split: str) -> tuple[tuple[Label, ...], dict[str, Path]]:
    """Labels of a split, and the file of every image of its set by image id.

    Raises
    ------
    DataError
        The split, the table or the folder is missing, an image has no label or a label no image.
    """
    if split not in SETS:
        raise DataError(f"the challenge has no split {split!r}; known: {', '.join(SETS)}")
    name = SETS[split]
    table = folder / TRAINING_TABLE if name == "training" else _table(folder, name)
    labels = read_challenge_labels(table, split)
    files = _files(folder, name)
    _check_matched(table, labels, files)
    chosen = fixed_split(labels) if name == "training" else labels
    return tuple(label for label in chosen if label.split == split), files


def read_files(files: Mapping[str, Path], wanted: Sequence[str]) -> Iterator[NDArray[np.uint8]]:
    """Grey images of 8 bits in the order of ``wanted``.

    Raises
    ------
    DataError
        A file is damaged (every checksum of the PNG is looked at) or no image.
    """
    for image_id in wanted:
        yield _decoded(files[image_id])


def _table(folder: Path, name: str) -> Path:
    expected = folder / f"boneage-{name}-dataset.csv"
    others = [path for path in sorted(folder.glob("*.csv")) if name in path.name.lower()]
    if expected.is_file() or not others:
        return expected
    if len(others) > 1:
        raise DataError(f"{folder.name}: which is the {name} table, {' or '.join(path.name for path in others)}? Name it {expected.name}")
    return others[0]


def _files(folder: Path, name: str) -> dict[str, Path]:
    pattern = f"boneage-{name}-dataset*/**/*.png"
    found: dict[str, Path] = {}
    for path in sorted(folder.glob(pattern)):
        if path.name.startswith("."):
            continue
        if path.stem in found:
            raise DataError(f"image {path.stem} is there twice: {found[path.stem].relative_to(folder)} and {path.relative_to(folder)}")
        found[path.stem] = path
    if not found:
        raise DataError(f"no image in {folder.name}/{pattern}")
    return found


def _check_matched(table: Path, labels: Sequence[Label], files: Mapping[str, Path]) -> None:
    known = {label.image_id for label in labels}
    absent = next((label.image_id for label in labels if label.image_id not in files), None)
    if absent is not None:
        raise DataError(f"{table.name}: image {absent} is labelled but {absent}.png is missing")
    stray = next((path for name, path in files.items() if name not in known), None)
    if stray is not None:
        raise DataError(f"{stray.parent.name}/{stray.name} has no label in {table.name}")


def _decoded(path: Path) -> NDArray[np.uint8]:
    where = f"{path.parent.name}/{path.name}"
    try:
        coded = path.read_bytes()
        with Image.open(io.BytesIO(coded)) as image:
            image.verify()
    except (OSError, SyntaxError) as fault:
        raise DataError(f"{where} is damaged or no image: {fault}") from fault
    pixels = cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        raise DataError(f"{where} is damaged or no image")
    return np.asarray(pixels, np.uint8)
