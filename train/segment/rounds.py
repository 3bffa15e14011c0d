"""Learn from drawn hands, then from the good ones of one's own masks, and again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from baa_node.core.preprocess import MASK_SIDE
from train.augment import Augmentation, augment
from train.models.zerari import unet
from train.segment.masks import Likely, Mask, Pixels, contours, judged, judged_contour, largest_region, overlap
from train.watch import shown

ROUNDS: Final = 5
WIDTH: Final = 0.125
BATCH: Final = 16
FIRST_STEPS, STEPS = 400, 200

VARIED: Final = Augmentation(
    zoom=0.2, scale=0.25, rotate_deg=40, shift=0.08, flip=True, flip_vertical=True, contrast=0.35, brightness=0.15, gamma=0.5
)
"""Strong on purpose: the real hands differ more from the drawn ones than these from each other."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """Images ``(N, 128, 128, 1) uint8``: drawn with their masks, real to learn from and real to be watched."""

    drawn: Pixels
    truth: Mask
    drawn_unseen: Pixels
    truth_unseen: Mask
    real: Pixels
    real_unseen: Pixels


@dataclass(frozen=True, kw_only=True)
class Round:
    """How one round ended.

    Attributes
    ----------
    learnt_from
        Real images whose masks were good enough to learn from in this round.
    good, good_unseen
        Share of good masks that the network then made, on the images it may learn from and on the others.
    overlap_drawn
        Mean intersection over union with the truth of drawn hands it never saw.
    overlap_contour
        The same with the contour of `espinal`, on unseen real images whose contour is good.
    alike
        Mean overlap with the mask of the mirror image, unseen real images.
    """

    number: int
    learnt_from: int
    good: float
    good_unseen: float
    overlap_drawn: float
    overlap_contour: float
    alike: float


def rounds(material: Material, folder: Path, *, last: int = ROUNDS, first_steps: int = FIRST_STEPS, steps: int = STEPS) -> Iterator[Round]:
    """Yield each round when it is done; those that ``folder`` already holds are not done again."""
    model = unet(MASK_SIDE, WIDTH)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(last + 1):
        weights, record = folder / f"round-{number}.weights.h5", folder / f"round-{number}.json"
        if record.exists():
            model.load_weights(weights)
        else:
            keras.utils.set_random_seed(number)
            images, masks = _good_contours(material.real) if number == 0 else good_masks(model, material.real)
            learn(
                model,
                np.concatenate([material.drawn, images]),
                np.concatenate([material.truth, masks]),
                steps=first_steps if number == 0 else steps,
                seed=number,
            )
            model.save_weights(weights)
            record.write_text(json.dumps(vars(_measured(model, material, number, len(images)))), encoding="utf-8")
        yield Round(**json.loads(record.read_text(encoding="utf-8")))


def good_masks(model: keras.Model, images: Pixels) -> tuple[Pixels, Mask]:
    """Those of ``images`` whose mask is good, with its largest region."""
    likely, mirrored = both_ways(model, images)
    good = np.array([judged(one, other).good for one, other in zip(likely, mirrored, strict=True)], bool)
    masks = [largest_region(one > 0.5) for one in likely[good]]
    return images[good], np.stack(masks) if masks else np.zeros((0, *images.shape[1:3]), np.bool_)


def both_ways(model: keras.Model, images: Pixels) -> tuple[Likely, Likely]:
    """Probabilities ``(N, H, W)``, and those of the mirror images turned back."""
    return predicted(model, images), predicted(model, images[:, :, ::-1])[:, :, ::-1]


def predicted(model: keras.Model, images: Pixels) -> Likely:
    """Probabilities ``(N, H, W)``."""
    parts = [
        np.asarray(ops.convert_to_numpy(model(images[at : at + 64].astype(np.float32), training=False))) for at in range(0, len(images), 64)
    ]
    return np.concatenate(parts)[..., 0]


def learn(model: keras.Model, images: Pixels, masks: Mask, *, steps: int, seed: int) -> list[float]:
    """Go on from the model's weights, the rate falling to zero; the losses by step."""
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=overlap_loss)
    losses = []
    for step, (seen, wanted) in enumerate(shown(_batches(images, masks, steps, seed), steps, f"round {seed}")):
        model.optimizer.learning_rate = 1e-3 * 0.5 * (1 + np.cos(np.pi * step / steps))
        losses.append(float(model.train_on_batch(seen, wanted)))
    return losses


def overlap_loss(wanted: Any, given: Any) -> Any:
    """Cross-entropy and one minus the Dice coefficient: the first settles the edges, the second does not mind small hands."""
    common = ops.sum(wanted * given, axis=(1, 2, 3))
    dice = (2 * common + 1) / (ops.sum(wanted, axis=(1, 2, 3)) + ops.sum(given, axis=(1, 2, 3)) + 1)
    return ops.mean(keras.losses.binary_crossentropy(wanted, given), axis=(1, 2)) + 1 - dice


def _batches(images: Pixels, masks: Mask, steps: int, seed: int) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    rng = np.random.default_rng([seed, len(images)])
    still = replace(VARIED, contrast=0.0, brightness=0.0, gamma=0.0)
    for _ in range(steps):
        chosen = rng.integers(0, len(images), BATCH)
        keys = rng.integers(0, 2**32, BATCH)
        seen = [augment(images[index][None], VARIED, np.random.default_rng(key))[0] for index, key in zip(chosen, keys, strict=True)]
        wanted = [
            augment(255 * masks[index][None, :, :, None].astype(np.uint8), still, np.random.default_rng(key))[0]
            for index, key in zip(chosen, keys, strict=True)
        ]
        yield np.stack(seen).astype(np.float32), (np.stack(wanted) > 127).astype(np.float32)


def _good_contours(images: Pixels) -> tuple[Pixels, Mask]:
    found = contours(images)
    good = np.array([judged_contour(mask).good for mask in found], bool)
    return images[good], found[good]


def _measured(model: keras.Model, material: Material, number: int, learnt_from: int) -> Round:
    drawn = predicted(model, material.drawn_unseen) > 0.5
    likely, mirrored = both_ways(model, material.real_unseen)
    pairs = list(zip(likely, mirrored, strict=True))
    traced = contours(material.real_unseen)
    told = [overlap(one > 0.5, contour) for one, contour in zip(likely, traced, strict=True) if judged_contour(contour).good]
    return Round(
        number=number,
        learnt_from=learnt_from,
        good=len(good_masks(model, material.real)[0]) / len(material.real),
        good_unseen=float(np.mean([judged(*pair).good for pair in pairs])),
        overlap_drawn=float(np.mean([overlap(*pair) for pair in zip(drawn, material.truth_unseen, strict=True)])),
        overlap_contour=float(np.mean(told)) if told else float("nan"),
        alike=float(np.mean([overlap(one > 0.5, other > 0.5) for one, other in pairs])),
    )
