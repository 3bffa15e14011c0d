"""Which images an epoch shows, in which order, changed how, with what to learn from them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.augment import augment
from train.data import Examples
from train.recipes import Recipe

Numbers = NDArray[np.float32]
Batch = tuple[Any, Numbers]


@dataclass(frozen=True, kw_only=True)
class Course:
    """Everything that is shown to one network.

    Attributes
    ----------
    targets
        ``(N,)`` months to learn: the labels, or labels blended with what teachers say.
    mean, sd
        Of the scale the network learns on: (months - mean) / sd.
    needs_sex
        The network has a second input.
    """

    recipe: Recipe
    training: Examples
    targets: Numbers
    mean: float
    sd: float
    needs_sex: bool

    @property
    def steps(self) -> int:
        """Batches an epoch; images that do not fill the last one wait for another epoch."""
        return len(self.training) // self.recipe.batch

    def epoch(self, number: int) -> Iterator[tuple[float, Batch]]:
        """Batches of one epoch with the share of it done, each made while the one before is learnt from."""
        rng = np.random.default_rng([self.recipe.seed, number])
        order = sampled(self.training, self.recipe.resample, rng)
        with ThreadPoolExecutor(max_workers=1) as maker:
            coming = maker.submit(self._batch, order[: self.recipe.batch], rng)
            for step in range(self.steps):
                batch = coming.result()
                if step + 1 < self.steps:
                    chosen = order[(step + 1) * self.recipe.batch : (step + 2) * self.recipe.batch]
                    coming = maker.submit(self._batch, chosen, rng)
                yield step / self.steps, batch

    def _batch(self, chosen: NDArray[np.int64], rng: np.random.Generator) -> Batch:
        images = augment(self.training.images[chosen], self.recipe.augmentation, rng).astype(np.float32)
        targets = ((self.targets[chosen] - self.mean) / self.sd).astype(np.float32)[:, np.newaxis]
        return ([images, self.training.male[chosen][:, np.newaxis]] if self.needs_sex else images), targets


def sampled(training: Examples, resample: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Order of one epoch: a permutation, or a draw in which a cell of sex and year weighs ``count ** -resample`` an image.

    ``resample`` of 1 makes the cells equally frequent (Monti & Tonazzo), 0 leaves them as they are.
    """
    if not resample:
        return rng.permutation(len(training))
    cells = 2 * (training.months // 12).astype(np.int64) + training.male.astype(np.int64)
    weight = np.bincount(cells)[cells].astype(np.float64) ** -resample
    return rng.choice(len(training), len(training), p=weight / weight.sum())
