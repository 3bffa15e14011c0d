"""``python -m export.check [ARCH...]``: every network says in ONNX what it says in Keras, on random and on real images.

The months are compared with Keras' forward pass, the heat map with the gradient that TensorFlow records, for the graph that reads an
image once; the graph that reads the mirror image too is compared with its own parts in Keras. What Keras itself rounds off, its answers
in float64 tell: networks of random weights, whose last layers add up thousands of months to a few, round more than trained ones do.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import keras
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from baa_node.core.preprocess import ESPINAL_RASTER
from export.parity import HEAT_TOLERANCE, MONTHS_TOLERANCE, compare, taped_heat
from export.to_onnx import feature_map_of, to_onnx
from train.data import load_split
from train.folders import add_folders
from train.models import ARCHITECTURES
from train.models.souza import InstanceNormalization
from train.train import fold_months, load_best

AT_ONCE: Final = 16
"""Images a batch; the last batch of an uneven number is smaller, so that the graph must take any number."""

SPREAD_MONTHS: Final = 41.0
"""Standard deviation of the labels of the challenge: what networks of random weights are made to answer."""

ROUNDINGS: Final = 3.0
"""How many times what Keras rounds off the two may differ, where that is more than the tolerance: each has its own, and a little luck."""

HEADER: Final = "| network | images | span, months | rounded off, Keras | months | heat | months, mirrored | heat, mirrored | equal |"


@dataclass(frozen=True, kw_only=True)
class Checked:
    """Largest differences over all images.

    Attributes
    ----------
    span
        Months between the youngest and the oldest answer: 0 would prove nothing.
    months, heat
        The graph that reads once, against Keras and against the recorded gradient.
    months_mirrored, heat_mirrored
        The graph that reads the mirror image too; 0 where it was not asked for.
    rounded
        Largest difference of Keras' months in float32 from those in float64; 0 where it was not asked for, as for trained networks.
    """

    images: int
    span: float
    months: float
    heat: float
    months_mirrored: float
    heat_mirrored: float
    rounded: float = 0.0

    @property
    def equal(self) -> bool:
        """Whether both graphs are within the tolerances."""
        months, heat = max(self.months, self.months_mirrored), max(self.heat, self.heat_mirrored)
        return months <= max(MONTHS_TOLERANCE, ROUNDINGS * self.rounded) and heat <= HEAT_TOLERANCE


def random_images(count: int, size: int, seed: int = 7) -> NDArray[np.uint8]:
    """``(count, size, size, 1)``: noise from single pixels to soft shapes, of all contrasts, from dark to bright."""
    rng = np.random.default_rng(seed)
    return np.stack([_cloud(rng, size) for _ in range(count)])[..., np.newaxis]


def unsettle(model: keras.Model, images: NDArray[np.uint8], seed: int = 11) -> None:
    """Move random weights away from their start until the months differ as a trained network's.

    Scales and biases get noise, normalisation the statistics of these images and an offset of two standard deviations, the last layer a
    mean and spread of months. Without that offset every rectifier cuts half of its inputs off, which magnifies a difference 1.2-fold a
    layer: behind the 150 layers of an Inception-V4 of random weights Keras then differs from itself by 0.06 months when the images come
    one by one.
    """
    rng = np.random.default_rng(seed)
    model.set_weights([weight + rng.normal(0, 0.05, weight.shape) * (weight.ndim == 1) for weight in model.get_weights()])
    feed = _feed(model, images)
    for layer in model._flatten_layers():  # noqa: SLF001 - bodies nest
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum, layer.trainable = 0.0, True
        if isinstance(layer, keras.layers.BatchNormalization | InstanceNormalization):
            layer.beta.assign(layer.beta + 2.0)
    model(feed, training=True)
    months = np.asarray(model(feed, training=False))
    spread = SPREAD_MONTHS / max(float(months.std()), 1e-6)
    fold_months(model, 127.0 - spread * float(months.mean()), spread)


def rounded_off(model: keras.Model, build: Callable[[], keras.Model], images: NDArray[np.uint8]) -> float:
    """Largest difference in months between the answers of a network in float32 and in float64, in which ``build`` makes it again."""
    keras.config.set_dtype_policy("float64")
    try:
        exact = build()
    finally:
        keras.config.set_dtype_policy("float32")
    exact.set_weights(model.get_weights())
    batches = [images[start : start + AT_ONCE] for start in range(0, len(images), AT_ONCE)]
    return max(float(np.abs(_months(model, batch) - _months(exact, batch)).max()) for batch in batches)


def check(model: keras.Model, images: NDArray[np.uint8], folder: Path, *, rounded: float = 0.0, mirrored: bool = True) -> Checked:
    """Export to ``folder`` and compare on ``(N, size, size, 1) uint8``, sexes alternating; the second graph only if `mirrored`."""
    name = feature_map_of(model)
    batches = [images[start : start + AT_ONCE] for start in range(0, len(images), AT_ONCE)]
    to_onnx(model, name, folder / "once.onnx")
    once = np.array([_once(model, name, folder / "once.onnx", batch) for batch in batches])
    twice = []
    if mirrored:
        to_onnx(model, name, folder / "mirrored.onnx", mirrored=True)
        twice = [compare(model, name, folder / "mirrored.onnx", batch, mirrored=True) for batch in batches]
    return Checked(
        images=len(images),
        span=float(once[:, 3].max() - once[:, 2].min()),
        months=float(once[:, 0].max()),
        heat=float(once[:, 1].max()),
        months_mirrored=max((found.months for found in twice), default=0.0),
        heat_mirrored=max((found.heat for found in twice), default=0.0),
        rounded=rounded,
    )


def row(name: str, found: Checked) -> str:
    """One line of the table."""
    once, twice = f"{found.months:.1e} | {found.heat:.1e}", f"{found.months_mirrored:.1e} | {found.heat_mirrored:.1e}"
    equal = "yes" if found.equal else "**no**"
    return f"| {name} | {found.images} | {found.span:.0f} | {found.rounded:.1e} | {once} | {twice} | {equal} |"


def _once(model: keras.Model, name: str, member: Path, images: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """Largest difference of months and of heat, youngest and oldest answer."""
    sex = _sexes(len(images))
    session = onnxruntime.InferenceSession(str(member), providers=["CPUExecutionProvider"])
    feeds = {"image": images, "sex": sex}
    months, heat = session.run(["bone_age_months", "saliency"], {port.name: feeds[port.name] for port in session.get_inputs()})
    heat_off = np.abs(heat - taped_heat(model, name, images, sex)).max()
    return float(np.abs(months - _months(model, images)).max()), float(heat_off), float(months.min()), float(months.max())


def _months(model: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.floating[Any]]:
    return np.asarray(model(_feed(model, images), training=False))


def _feed(model: keras.Model, images: NDArray[np.uint8]) -> Any:
    pixels = images.astype(np.float32)
    return [pixels, _sexes(len(images))] if len(model.inputs) == 2 else pixels


def _sexes(count: int) -> NDArray[np.float32]:
    return (np.arange(count) % 2).astype(np.float32)[:, np.newaxis]


def _cloud(rng: np.random.Generator, size: int) -> NDArray[np.uint8]:
    noise = rng.normal(size=(size, size)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), float(rng.uniform(0.1, size / 16)))
    grey = rng.uniform(30, 220) + rng.uniform(5, 80) * (soft - soft.mean()) / soft.std()
    return np.asarray(np.clip(grey, 0, 255), np.uint8)


def main(arguments: Sequence[str]) -> int:
    """Print a table; 1 if a network differs."""
    parser = argparse.ArgumentParser(prog="python -m export.check", description=__doc__)
    parser.add_argument("architectures", nargs="*", metavar="ARCH", help="all if none is named")
    parser.add_argument("--run", help="a trained run instead of random weights")
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--size", type=int, default=256, help="side of the image in pixels")
    parser.add_argument("--images", type=int, default=64, help="random ones, and as many real ones where the data are at hand")
    add_folders(parser, "data", "runs", "cache")
    chosen = parser.parse_args(arguments)
    print(HEADER, "|" + 9 * "---|", sep="\n", flush=True)
    differing = 0
    for name in [chosen.run] if chosen.run else chosen.architectures or list(ARCHITECTURES):
        found = _checked(name, chosen)
        print(row(name, found), flush=True)
        differing += not found.equal
    return min(differing, 1)


def _checked(name: str, chosen: argparse.Namespace) -> Checked:
    if chosen.run:
        recipe, model, _ = load_best(chosen.runs / chosen.run)
        preparation, size = recipe.preparation, recipe.preparation.size
    else:
        size = chosen.size
        build = functools.partial(ARCHITECTURES[name], size, chosen.width)
        model, preparation = build(), dataclasses.replace(ESPINAL_RASTER, size=size)
    images = random_images(chosen.images, size)
    if chosen.data.is_dir():
        real = load_split(chosen.data, "val", preparation, cache=chosen.cache, limit=chosen.images).images
        images = np.concatenate([images, real])
    rounded = 0.0
    if not chosen.run:
        unsettle(model, images[:: max(1, len(images) // 32)])
        rounded = rounded_off(model, build, images)
    with tempfile.TemporaryDirectory() as scratch:
        return check(model, images, Path(scratch), rounded=rounded)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
