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
        ``"cosine"`` to zero after ``warmup_epochs`` of linear rise; ``"step"``: a tenth from ``step_epoch`` on; ``"plateau"``:
        times ``plateau_factor`` whenever ``plateau_epochs`` in a row brought nothing better.
    early_stop_epochs
        Stop after so many epochs without a better one; 0 never does.
    loss
        ``"mse"``, ``"mae"``, ``"huber"`` or ``"msle"``.
    standardise
        Learn (months - mean) / sd; folded into the last layer afterwards.
    ema
        Decay a step of the averaged weights that are validated and kept; 0 keeps the last ones.
    weight_decay
        Decoupled (AdamW), on everything but biases and normalisation.
    phantoms
        Drawn hands mixed into the training set.
    teachers, teacher_share
        Runs whose answers on the training images are mixed into the labels, with this share (distillation).
    trunk
        Run whose layers up to the feature map are taken over and left as they are; only the head learns.
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
    plateau_epochs: int = 3
    plateau_factor: float = 0.3
    early_stop_epochs: int = 0
    loss: str = "mse"
    standardise: bool = True
    ema: float = 0.0
    weight_decay: float = 0.0
    precision: str = "float32"
    phantoms: int = 0
    resample: float = 0.0
    teachers: tuple[str, ...] = ()
    teacher_share: float = 0.5
    trunk: str = ""
    seed: int = 1

    def to_json(self) -> dict[str, Any]:
        """Plain values for the run's record."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Recipe:
        """Read back what `to_json` wrote."""
        parts = {"preparation": Preparation(**values["preparation"]), "augmentation": Augmentation(**values["augmentation"])}
        return cls(**{**values, **parts, "teachers": tuple(values.get("teachers", ()))})


def load_recipe(path: Path) -> Recipe:
    """Read a TOML file; ``[preparation]`` overrides the defaults of its variant, ``[augmentation]`` starts from nothing.

    Raises
    ------
    DataError
        Names the file and the key that is unknown or missing.
    """
    from train.data import DataError

    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(sorted(one.stem for one in RECIPES.glob("*.toml")))
        raise DataError(f"there is no recipe {path.stem}; known: {known}") from None
    except tomllib.TOMLDecodeError as fault:
        raise DataError(f"{path.name} is no TOML: {fault}") from fault
    try:
        preparation: dict[str, Any] = values.pop("preparation")
        return Recipe(
            name=path.stem,
            preparation=replace(_PREPARATIONS[preparation["variant"]], **preparation),
            augmentation=Augmentation(**values.pop("augmentation", {})),
            teachers=tuple(values.pop("teachers", ())),
            **values,
        )
    except KeyError as fault:
        raise DataError(f"{path.name}: {fault.args[0]} is missing or unknown") from fault
    except TypeError as fault:
        raise DataError(f"{path.name}: {fault}") from fault
