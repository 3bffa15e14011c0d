"""The frames the detector learns from and is tried on, made once and kept in the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from baa_node.core.frame.detection import view_of
from baa_node.core.frame.hand_shape import SIDE as SHAPE_SIDE
from baa_node.core.frame.hand_shape import find_palm
from baa_node.core.radiograph import Sex
from train.data import read_images, read_labels
from train.detector.canvas import SIDE, Pixels
from train.detector.kinds import KINDS, Kind
from train.detector.variants import Hand
from train.phantom import draw_hand

CODE: Final = ("canvas", "kinds", "limbs", "material", "scenes", "variants")
"""Modules whose text decides what the frames look like."""

UNIT: Final = 150
"""Frames of one drawn kind."""


@dataclass(frozen=True, kw_only=True)
class Frames:
    """Views ``(N, VIEW_SIDE, VIEW_SIDE, 1) uint8`` and the index of each frame's kind in `KINDS`."""

    views: Pixels
    kinds: NDArray[np.int16]

    def without(self, groups: Sequence[str]) -> Frames:
        """Leave groups of kinds out."""
        left = [index for index, kind in enumerate(KINDS) if kind.group not in groups]
        keep = np.isin(self.kinds, left)
        return Frames(views=self.views[keep], kinds=self.kinds[keep])

    def only(self, groups: Sequence[str]) -> Frames:
        """Leave everything else out."""
        return self.without([kind.group for kind in KINDS if kind.group not in groups])


def frames(data: Path, split: str, cache: Path, *, real: int, drawn: int, unit: int = UNIT, seed: int = 1) -> Frames:
    """Make frames of every kind from the radiographs of a split and from drawn hands.

    Parameters
    ----------
    real, drawn
        Radiographs, spread over the split, and drawn hands to make them from.
    unit
        Frames of a drawn kind; the others are multiples (`Kind.share`).
    """
    sources = [(Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8") for name in CODE]
    digest = hashlib.sha256("\0".join([*sources, f"{split} {real} {drawn} {unit} {seed}"]).encode()).hexdigest()[:12]
    stored = cache / f"detector-{split}-{digest}.npz"
    if not stored.exists():
        made = _made([*real_hands(data, split, real), *_drawn_hands(drawn, seed)], unit, seed)
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = stored.with_suffix(".part.npz")
        np.savez(unfinished, views=made.views, kinds=made.kinds)
        unfinished.replace(stored)
    with np.load(stored) as file:
        return Frames(views=file["views"], kinds=file["kinds"])


def _made(hands: Sequence[Hand], unit: int, seed: int) -> Frames:
    views, kinds = [], []
    for index, kind in enumerate(KINDS):
        rng = np.random.default_rng([seed, *kind.name.encode()])
        usable = [hand for hand in hands if hand.radius or not kind.by_palm]
        for _ in range(round(unit * kind.share)):
            views.append(view_of(turned(kind, kind.make(usable, rng), rng)))
            kinds.append(index)
    return Frames(views=np.stack(views)[..., np.newaxis], kinds=np.array(kinds, np.int16))


def turned(kind: Kind, shown: Pixels, rng: np.random.Generator) -> Pixels:
    """One hand is one hand in any direction and from either side; most lie with the fingers up."""
    if kind.group == "pieces" or rng.random() < 0.5:
        return shown
    if rng.random() < 0.5:
        angle = float(rng.uniform(-30, 30))
        matrix = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), angle, 1 - 0.35 * abs(np.sin(np.deg2rad(angle))))
        shown = np.asarray(cv2.warpAffine(shown, matrix, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    return np.ascontiguousarray(np.rot90(shown, int(rng.integers(4))))


def real_hands(data: Path, split: str, count: int) -> Iterator[Hand]:
    """Read so many radiographs of a split, evenly spread."""
    labels = [label for label in read_labels(data / "rsna_train.csv") if label.split == split]
    chosen = labels[:: max(1, len(labels) // count)][:count]
    for frame in read_images(sorted((data / "rsna_train").glob("*.zip")), [label.image_id for label in chosen]):
        yield _with_palm(frame)


def _drawn_hands(count: int, seed: int) -> Iterator[Hand]:
    months = np.random.default_rng([seed, 7]).uniform(6, 228, count)
    for index, age in enumerate(months):
        sex = Sex.MALE if index % 2 else Sex.FEMALE
        drawn = draw_hand(age_months=float(age), sex=sex, seed=seed * 1_000_000 + index, height_px=400)
        yield _with_palm((drawn.pixels >> 4).astype(np.uint8))


def _with_palm(frame: Pixels) -> Hand:
    square = np.asarray(cv2.resize(frame, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
    palm = find_palm(square)
    if palm is None:
        return Hand(frame=square, x=0.5, y=0.5, radius=0.0)
    return Hand(frame=square, x=palm.column / SHAPE_SIDE, y=palm.row / SHAPE_SIDE, radius=palm.radius)
