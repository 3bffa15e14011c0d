"""Frames that no detector learnt from: every kind drawn anew from the hands of ``val``, and what lies about in files."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pydicom

from baa_node.core.frame.detection import Seen
from baa_node.core.radiograph import from_dataset
from baa_node.errors import InstanceError
from train.data import read_images, read_labels
from train.detector.canvas import Pixels
from train.detector.kinds import KINDS
from train.detector.material import real_hands, turned
from train.phantom import KINDS as PHANTOMS
from train.phantom import draw_not_a_hand

SEED: Final = 900
LARGE: Final = 400
"""Side that drawings are enlarged to: the node refuses frames below 200 pixels unseen."""

HANDS_AMONG_FILES: Final = frozenset({"hand_cr_j2k_lossless", "unet-rounds"})
"""Files that do show hands."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One frame ``(H, W) uint8``, bone bright, that must not be given a number."""

    kind: str
    group: str
    pixels: Pixels


def drawn_trials(data: Path, each: int) -> Iterator[Trial]:
    """Draw every kind but the good hand ``each`` times, in a way that nothing was learnt from."""
    hands = [hand for hand in real_hands(data, "val", 300) if hand.radius]
    for kind in KINDS:
        if kind.seen is Seen.ONE_HAND:
            continue
        rng = np.random.default_rng([SEED, *kind.name.encode()])
        for _ in range(each):
            shown = turned(kind, kind.make(hands, rng), rng)
            yield Trial(kind=kind.name, group=kind.group, pixels=_enlarged(shown))


def phantom_trials(each: int) -> Iterator[Trial]:
    """Draw what ``train.phantom`` has of non-hands."""
    for kind in PHANTOMS:
        for number in range(each):
            words = draw_not_a_hand(kind, SEED * 1000 + number, height_px=500).pixels
            yield Trial(kind=f"phantom: {kind}", group="phantoms", pixels=(words >> 4).astype(np.uint8))


def dicom_trials(folder: Path) -> Iterator[Trial]:
    """Decode the real files that hold grey pixels and no hand, whatever their header says."""
    for path in sorted(folder.glob("*.dcm")):
        if path.stem in HANDS_AMONG_FILES:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                pixels = from_dataset(pydicom.dcmread(path, force=True)).pixels
        except (InstanceError, AttributeError):
            continue
        yield Trial(kind=path.stem, group="real files", pixels=pixels)


def picture_trials(folder: Path) -> Iterator[Trial]:
    """Read the pictures of a folder as grey frames, and their negatives."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"} or path.stem in HANDS_AMONG_FILES:
            continue
        pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if pixels is not None:
            yield Trial(kind=path.stem, group=folder.name, pixels=np.asarray(pixels, np.uint8))
            yield Trial(kind=f"{path.stem}, negative", group=folder.name, pixels=np.asarray(255 - pixels, np.uint8))


def good_hands(data: Path, split: str = "val") -> Iterator[tuple[str, str, Pixels]]:
    """Image id, sex and frame of every radiograph of a split."""
    labels = [label for label in read_labels(data / "rsna_train.csv") if label.split == split]
    archives = sorted((data / "rsna_train").glob("*.zip"))
    frames = read_images(archives, [label.image_id for label in labels])
    for label, frame in zip(labels, frames, strict=True):
        yield label.image_id, label.sex.value, frame


def _enlarged(shown: Pixels) -> Pixels:
    return np.asarray(cv2.resize(shown, (LARGE, LARGE), interpolation=cv2.INTER_LINEAR), np.uint8)
