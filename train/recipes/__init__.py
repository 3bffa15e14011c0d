"""Everything that decides a training run, as data: one TOML file a run."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from baa_node.core import preprocess
from baa_node.core.preprocess import Preparation
from train.augment import Augmentation
from train.labels import DataError

RECIPES = Path(__file__).parent

PREPARATIONS: Final = {spec.variant: spec for spec in vars(preprocess).values() if isinstance(spec, Preparation)}
"""Every preprocessing that the node has a constant for, by variant."""

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "loss": ("mse", "mae", "huber", "msle"),
    "schedule": ("cosine", "step", "plateau", "constant"),
    "optimizer": ("adam", "adamw"),
    "precision": ("float32", "mixed_bfloat16", "mixed_float16"),
}
"""The words that a setting may have."""


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
        times ``plateau_factor`` whenever ``plateau_epochs`` in a row brought nothing better; ``"constant"``.
    early_stop_epochs
        Stop after so many epochs without a better one; 0 never does.
    loss
        ``"mse"``, ``"mae"``, ``"huber"`` or ``"msle"``, this one of months that are not standardised.
    standardise
        Learn (months - mean) / sd; folded into the last layer afterwards.
    ema
        Decay a step of the averaged weights that are validated and kept; 0 keeps the last ones.
    optimizer, weight_decay
        The decay is decoupled and only for AdamW, on everything but biases and normalisation; AdamW without it is Adam.
    phantoms
        Drawn hands mixed into the training set.
    degraded
        Copies of the training set, turned and spoilt before they are prepared (`train.stress.degraded`), beside the images as they are.
    recoded
        Show each radiograph as if its JPEG coding had been another one (`train.stress.recoded`), so that its marks tell nothing; teachers
        see it as it is.
    teachers, teacher_share
        Runs whose answers on the training images are mixed into the labels, with this share (distillation).
    weights
        File of pretrained weights for the body of a network that takes them, seen from where the training is started; "" is none.
    network
        Further arguments of the architecture's builder.
    start
        Run of the same network whose best weights this one begins with, as after a warm restart (Loshchilov & Hutter 2017).
    trunk
        Run whose layers up to the feature map are taken over; the head is new.
    trunk_learns
        The layers taken over learn with the head; otherwise they are left as they are.
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
    degraded: int = 0
    recoded: bool = False
    resample: float = 0.0
    teachers: tuple[str, ...] = ()
    teacher_share: float = 0.5
    start: str = ""
    trunk: str = ""
    trunk_learns: bool = False
    seed: int = 1
    optimizer: str = "adamw"
    weights: str = ""
    network: Mapping[str, int | float | bool] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values for the run's record."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Recipe:
        """Read back what `to_json` wrote, or what an earlier version with fewer settings wrote."""
        parts = {"preparation": Preparation(**values["preparation"]), "augmentation": Augmentation(**values["augmentation"])}
        return cls(**{**values, **parts, "teachers": tuple(values.get("teachers", ()))})


def load_recipe(path: Path) -> Recipe:
    """Read a TOML file; ``[preparation]`` overrides the defaults of its variant, ``[augmentation]`` starts from nothing.

    Raises
    ------
    DataError
        The file is missing or no TOML, a key is unknown or missing, a value is none of those that are possible.
    """
    values = _parsed(path)
    preparation: dict[str, Any] = values.pop("preparation", {})
    augmentation: dict[str, Any] = values.pop("augmentation", {})
    for given, kind in ((values, Recipe), (preparation, Preparation), (augmentation, Augmentation)):
        _check_keys(path, given, kind)
    if "architecture" not in values:
        raise DataError(f"{path.name}: architecture is missing")
    variant = preparation.get("variant", "")
    if variant not in PREPARATIONS:
        raise DataError(f"{path.name}: preprocessing variant {variant!r} is missing or unknown; {nearest(variant, PREPARATIONS)}")
    recipe = Recipe(
        name=path.stem,
        preparation=replace(PREPARATIONS[variant], **preparation),
        augmentation=Augmentation(**augmentation),
        **{**values, "teachers": tuple(values.get("teachers", ()))},
    )
    _check_values(path, recipe)
    return recipe


def nearest(name: str, known: Iterable[str]) -> str:
    """Words that end an error about an unknown name."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names)}"


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"there is no recipe {path.stem}; {nearest(path.stem, (one.stem for one in RECIPES.glob('*.toml')))}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise DataError(f"{path.name} is no TOML: {fault}") from fault


def _check_keys(path: Path, given: Mapping[str, Any], kind: type) -> None:
    known = {each.name for each in fields(kind)} - {"name", "preparation", "augmentation"}
    odd = next((key for key in given if key not in known), None)
    if odd is not None:
        raise DataError(f"{path.name}: {odd} is unknown; {nearest(odd, known)}")


def _check_values(path: Path, recipe: Recipe) -> None:
    for key, possible in CHOICES.items():
        if getattr(recipe, key) not in possible:
            raise DataError(f"{path.name}: {key} cannot be {getattr(recipe, key)!r}; possible: {', '.join(possible)}")
    if recipe.loss == "msle" and recipe.standardise:
        raise DataError(f"{path.name}: msle is a loss of months; set standardise = false")
    if recipe.optimizer == "adam" and recipe.weight_decay:
        raise DataError(f"{path.name}: weight_decay needs optimizer = 'adamw'")
    if not 0 <= recipe.teacher_share <= 1:
        raise DataError(f"{path.name}: teacher_share must be from 0 to 1, not {recipe.teacher_share:g}")
