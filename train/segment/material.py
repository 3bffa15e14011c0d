"""What the U-Net learns from: hands drawn with their masks, and radiographs without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from baa_node.core.preprocess import MASK_SIDE, RESIZE
from baa_node.core.radiograph import Sex
from train.data import load_split
from train.segment.masks import Mask, Pixels
from train.segment.rounds import Material

SQUARE: Final = replace(RESIZE, size=MASK_SIDE)
"""The whole frame, as ``baa_node.core.preprocess.hand_mask`` shows it to the network."""


def material(data: Path, cache: Path, *, drawn: int = 400, real: int = 1500, unseen: int = 200) -> Material:
    """Draw, and read the first ``real`` images of the training split and ``unseen`` of the validation split."""
    images, truth = draw(drawn, seed=11)
    images_unseen, truth_unseen = draw(max(1, drawn // 6), seed=12)
    return Material(
        drawn=images,
        truth=truth,
        drawn_unseen=images_unseen,
        truth_unseen=truth_unseen,
        real=load_split(data, "train", SQUARE, cache=cache, limit=real).images,
        real_unseen=load_split(data, "val", SQUARE, cache=cache, limit=unseen).images,
    )


def draw(count: int, *, seed: int) -> tuple[Pixels, Mask]:
    """Drawn hands ``(N, 128, 128, 1) uint8`` of all ages, squashed to a square, and where they are."""
    from train.phantom import draw_hand

    rng = np.random.default_rng(seed)
    images, masks = [], []
    for number in range(count):
        hand = draw_hand(
            age_months=float(rng.uniform(12, 216)),
            sex=Sex.MALE if number % 2 else Sex.FEMALE,
            seed=seed * 100_000 + number,
            height_px=300,
        )
        shown = (hand.pixels >> 4).astype(np.uint8)
        images.append(cv2.resize(shown, (MASK_SIDE, MASK_SIDE), interpolation=cv2.INTER_AREA)[..., np.newaxis])
        covered = cv2.resize(hand.mask.astype(np.float32), (MASK_SIDE, MASK_SIDE), interpolation=cv2.INTER_AREA)
        masks.append(covered > 0.5)
    return np.stack(images), np.stack(masks)
