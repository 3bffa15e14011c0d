"""``python -m train.speed ARCHITECTURE...``: images a second of training on this machine, beside figures measured on two cores."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

TWO_CORES: Final[Mapping[tuple[str, int, str], str]] = {
    ("vgg6", 250, "float32"): "61 to 89",
    ("vgg6", 250, "mixed_bfloat16"): "110",
    ("vgg6", 128, "float32"): "229",
    ("vgg6", 128, "mixed_bfloat16"): "425",
    ("inception_v4", 250, "float32"): "3.6",
    ("inception_v4", 250, "mixed_bfloat16"): "5.2",
}
"""Images a second on 2 cores of AMD Zen 4, TensorFlow 2.21, batches of 32, before the fused batch normalisation of ``train.models``."""


def images_per_second(architecture: str, size: int, precision: str, batch: int, steps: int) -> float:
    """Learn random images; the first two steps, which compile, do not count."""
    from train.recipes import PREPARATIONS, Recipe
    from train.train import compiled

    preparation = replace(PREPARATIONS["pad"], size=size)
    recipe = Recipe(name="speed", architecture=architecture, preparation=preparation, batch=batch, precision=precision, loss="mae")
    model = compiled(recipe, Path())
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (batch, size, size, 1)).astype(np.float32)
    inputs: Any = [images, np.ones((batch, 1), np.float32)] if len(model.inputs) == 2 else images
    months = rng.standard_normal((batch, 1)).astype(np.float32)
    for _ in range(2):
        model.train_on_batch(inputs, months)
    started = time.perf_counter()
    for _ in range(steps):
        model.train_on_batch(inputs, months)
    return batch * steps / (time.perf_counter() - started)


def main(arguments: list[str]) -> int:
    """Print one line a network."""
    parser = argparse.ArgumentParser(prog="python -m train.speed", description=__doc__)
    parser.add_argument("architecture", nargs="+")
    parser.add_argument("--size", type=int, default=250, help="side of the images, pixels")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--precision", default="float32", help="float32, mixed_bfloat16 or mixed_float16")
    chosen = parser.parse_args(arguments)
    from train.labels import DataError

    print(f"{'architecture':26}{'size':>6}  {'precision':16}{'images/s':>9}  two cores")
    for name in chosen.architecture:
        try:
            speed = images_per_second(name, chosen.size, chosen.precision, chosen.batch, chosen.steps)
        except DataError as fault:
            print(f"python -m train.speed: {fault}", file=sys.stderr)
            return 1
        reference = TWO_CORES.get((name, chosen.size, chosen.precision), "not measured")
        print(f"{name:26}{chosen.size:6}  {chosen.precision:16}{speed:9.1f}  {reference}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
