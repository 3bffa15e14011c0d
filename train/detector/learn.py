"""Teach the detector, and ask a taught one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from baa_node.core.frame.detection import Seen
from train.augment import Augmentation, augment
from train.detector.canvas import Pixels
from train.detector.kinds import KINDS
from train.detector.material import Frames
from train.detector.network import FEATURES, SHARES, detector
from train.processor import precision_for
from train.watch import shown

BATCH: Final = 64
RATE: Final = 2e-3
AVERAGE: Final = 0.995
"""Decay a step of the averaged weights, which are kept."""

VARIED: Final = Augmentation(zoom=0.08, scale=0.06, rotate_deg=8, shift=0.02, flip=True, contrast=0.3, brightness=0.1, gamma=0.5)
"""Small in place, or a whole hand would be cut off; large in grey."""

TURNED: Final = 0.4
"""Share of batches that are turned by a multiple of 90°: few radiographs are, and none may be refused for it."""

Shares = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Taught:
    """A detector and what it took: float32, whatever it learnt in.

    Attributes
    ----------
    mean, precision
        Of the features of whole hands, ``(96,)`` and ``(96, 96)``: the distance from them is the second answer.
    """

    model: keras.Model
    mean: NDArray[np.float32]
    precision: NDArray[np.float32]
    steps: int
    minutes: float


def taught(material: Frames, *, epochs: int, batch: int = BATCH, seed: int = 1, precision: str = "mixed_bfloat16") -> Taught:
    """Train from scratch, the rate falling to zero."""
    keras.utils.set_random_seed(seed)
    began = time.monotonic()
    keras.config.set_dtype_policy(precision_for(precision))
    model = detector()
    keras.config.set_dtype_policy("float32")
    steps = epochs * (len(material.views) // batch)
    rate = keras.optimizers.schedules.CosineDecay(0.0, steps, warmup_target=RATE, warmup_steps=max(1, steps // 20))
    model.compile(
        optimizer=keras.optimizers.Adam(rate, use_ema=True, ema_momentum=AVERAGE), loss="sparse_categorical_crossentropy", jit_compile=False
    )
    for views, wanted in shown(_batches(material, steps, batch, seed), steps, "detector"):
        model.train_on_batch(views, wanted)
    model.optimizer.finalize_variable_values(model.trainable_variables)
    plain = detector()
    plain.set_weights(model.get_weights())
    mean, inverse = _spread(plain, material)
    return Taught(model=plain, mean=mean, precision=inverse, steps=steps, minutes=(time.monotonic() - began) / 60)


def asked(model: keras.Model, views: Pixels) -> tuple[Shares, Shares]:
    """Shares ``(N, len(Seen))`` and features ``(N, 96)`` of views ``(N, side, side, 1)``."""
    both = keras.Model(model.inputs[0], [model.get_layer(SHARES).output, model.get_layer(FEATURES).output])
    parts = [both(views[at : at + 256].astype(np.float32), training=False) for at in range(0, len(views), 256)]
    return tuple(np.concatenate([ops.convert_to_numpy(part[index]) for part in parts]) for index in range(2))  # type: ignore[return-value]


def distances(features: Shares, mean: Shares, precision: Shares) -> Shares:
    """Mahalanobis distance of each row (Lee et al., A simple unified framework for detecting out-of-distribution samples, NeurIPS 2018)."""
    away = features - mean
    squared = np.einsum("ij,jk,ik->i", away, precision, away)
    return np.asarray(np.sqrt(np.maximum(squared, 0)), np.float32)


def _batches(material: Frames, steps: int, batch: int, seed: int) -> Iterator[tuple[Pixels, NDArray[np.int32]]]:
    rng = np.random.default_rng(seed)
    order = list(Seen)
    wanted = np.array([order.index(KINDS[kind].seen) for kind in material.kinds], np.int32)
    queue = np.zeros(0, np.int64)
    for _ in range(steps):
        if len(queue) < batch:
            queue = np.concatenate([queue, rng.permutation(len(wanted))])
        chosen, queue = queue[:batch], queue[batch:]
        views = np.rot90(material.views[chosen], int(rng.integers(4)), axes=(1, 2)) if rng.random() < TURNED else material.views[chosen]
        yield augment(views, VARIED, rng).astype(np.float32), wanted[chosen]


def _spread(model: keras.Model, material: Frames) -> tuple[Shares, Shares]:
    """Mean and inverse covariance of the features of whole hands, the covariance a little rounded off so that it can be inverted."""
    _, features = asked(model, material.only(["hand"]).views)
    covariance = np.cov(features, rowvar=False)
    covariance += 0.01 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    return features.mean(axis=0).astype(np.float32), np.linalg.inv(covariance).astype(np.float32)
