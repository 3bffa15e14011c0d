"""Everything that decides a training run, as data: one TOML file a run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from baa_node.core.preprocess import ESPINAL, ESPINAL_RASTER, PAD, Preparation
from train.augment import Augmentation

RECIPES = Path(__file__).parent

_PREPARATIONS = {spec.variant: spec for spec in (ESPINAL, PAD, ESPINAL_RASTER)}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Settings of one training run.

    Attributes
    ----------
    architecture
        A name in ``train.models.ARCHITECTURES``.
    width
        Width multiplier; 1 is the paper's network.
    minutes
        Wall-clock budget; the schedule then ends with whichever of epochs and minutes is used up first. 0 is no limit.
    schedule
        ``"cosine"`` to zero after ``warmup_epochs`` of linear rise, or ``"step"``: a tenth from ``step_epoch`` on.
    standardise
        Learn (months - mean) / sd; folded into the last layer afterwards.
    ema
        Decay a step of the averaged weights that are validated and kept; 0 keeps the last ones.
    weight_decay
        Decoupled (AdamW), on everything but biases and normalisation.
    phantoms
        Drawn hands mixed into the training set.
    resample
        0 takes every image once an epoch; 1 draws so that every year of age of each sex is as frequent as any other.
    """

    name: str
    architecture: str
    preparation: Preparation
    augmentation: Augmentation = field(default_factory=Augmentation)
    width: float = 1.0
    batch: int = 32
    epochs: int = 75
    minutes: float = 0.0
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    warmup_epochs: float = 0.0
    step_epoch: int = 60
    loss: str = "mse"
    standardise: bool = True
    ema: float = 0.0
    weight_decay: float = 0.0
    precision: str = "float32"
    phantoms: int = 0
    resample: float = 0.0
    seed: int = 1

    def to_json(self) -> dict[str, Any]:
        """Plain values for the run's record."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Recipe:
        """Read back what `to_json` wrote."""
        parts = {"preparation": Preparation(**values["preparation"]), "augmentation": Augmentation(**values["augmentation"])}
        return cls(**{**values, **parts})


def load_recipe(path: Path) -> Recipe:
    """Read a TOML file; ``[preparation]`` overrides the defaults of its variant, ``[augmentation]`` starts from nothing."""
    values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    preparation: dict[str, Any] = values.pop("preparation")
    augmentation: dict[str, Any] = values.pop("augmentation", {})
    return Recipe(
        name=path.stem,
        preparation=replace(_PREPARATIONS[preparation["variant"]], **preparation),
        augmentation=Augmentation(**augmentation),
        **values,
    )
