"""One training run, read from top to bottom: data, network, schedule, epochs, checkpoint."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from train.augment import augment
from train.data import Examples
from train.models import ARCHITECTURES
from train.recipes import Recipe

Weights = list[NDArray[np.float32]]
Batch = tuple[Any, NDArray[np.float32]]


@dataclass(kw_only=True)
class Progress:
    """Where a run stands; everything a resumed run needs beside the weights."""

    epoch: int = 0
    elapsed_s: float = 0.0
    best_mae: float = math.inf
    history: list[dict[str, float]] = field(default_factory=list)


def train(recipe: Recipe, training: Examples, validation: Examples, folder: Path, *, stop_after: int | None = None) -> Progress:
    """Train until epochs or minutes are used up, resuming from ``folder`` if a run was cut off there.

    Parameters
    ----------
    recipe
        Settings; a folder that holds a run of another recipe is refused.
    training, validation
        Prepared examples; the best epoch is chosen on ``validation``.
    folder
        Receives ``run.json``, ``state.npz`` (to resume) and ``best.weights.h5`` (float32, output in months).
    stop_after
        Leave after this many epochs of this call, as a kill would.
    """
    keras.utils.set_random_seed(recipe.seed)
    mean, sd = (float(training.months.mean()), float(training.months.std())) if recipe.standardise else (0.0, 1.0)
    model = _compiled(recipe, training.images.shape[1])
    reader = ARCHITECTURES[recipe.architecture](training.images.shape[1], recipe.width)
    progress, average = _resume(recipe, model, folder)
    last = recipe.epochs if stop_after is None else min(recipe.epochs, progress.epoch + stop_after)
    while progress.epoch < last and not _spent(recipe, progress):
        started, spent = time.monotonic(), progress.elapsed_s
        losses, seen = [], progress.epoch * (len(training) // recipe.batch)
        for share, batch in _batches(recipe, training, (mean, sd), progress.epoch, needs_sex=len(model.inputs) == 2):
            progress.elapsed_s = spent + time.monotonic() - started
            model.optimizer.learning_rate = learning_rate(recipe, progress.epoch + share, progress.elapsed_s)
            losses.append(float(model.train_on_batch(*batch)))
            seen += 1
            average = _averaged(average, model, min(recipe.ema, seen / (seen + 10)))
        reader.set_weights(average)
        fold_months(reader, mean, sd)
        progress.elapsed_s = spent + time.monotonic() - started
        _note(progress, training, losses, mean_absolute_error(reader, validation))
        if progress.history[-1]["val_mae"] < progress.best_mae:
            progress.best_mae = progress.history[-1]["val_mae"]
            reader.save_weights(folder / "best.weights.h5")
        _save(recipe, model, average, progress, folder)
    return progress


def learning_rate(recipe: Recipe, epoch: float, elapsed_s: float) -> float:
    """Rate at a fractional epoch, or at the elapsed share of the minutes if that is further on."""
    if recipe.schedule == "step":
        return recipe.learning_rate * (0.1 if epoch >= recipe.step_epoch else 1.0)
    if epoch < recipe.warmup_epochs:
        return recipe.learning_rate * max(epoch / recipe.warmup_epochs, 0.01)
    done = (epoch - recipe.warmup_epochs) / (recipe.epochs - recipe.warmup_epochs)
    if recipe.minutes:
        done = max(done, elapsed_s / (60 * recipe.minutes))
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def load_best(folder: Path) -> tuple[Recipe, keras.Model, list[dict[str, float]]]:
    """Recipe, best epoch's network (float32, answers in months) and history of a run."""
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    recipe = Recipe.from_json(record["recipe"])
    model = ARCHITECTURES[recipe.architecture](recipe.preparation.size, recipe.width)
    model.load_weights(folder / "best.weights.h5")
    return recipe, model, record["history"]


def fold_months(model: keras.Model, mean: float, sd: float) -> None:
    """Let the last layer answer in months: its kernel and bias take over the affine step, the layers stay the paper's."""
    last = model.get_layer("age")
    kernel, bias = last.get_weights()
    last.set_weights([kernel * sd, bias * sd + mean])


def predict_months(model: keras.Model, examples: Examples, *, mirrored: bool = False) -> NDArray[np.float32]:
    """``(N,) float32`` months; with ``mirrored`` the mean of the image and its mirror image."""
    months = _forward(model, examples.images, examples.male)
    if mirrored:
        months = np.float32(0.5) * (months + _forward(model, examples.images[:, :, ::-1], examples.male))
    return months


def mean_absolute_error(model: keras.Model, examples: Examples) -> float:
    """In months, each image read once."""
    return float(np.abs(predict_months(model, examples) - examples.months).mean())


def _forward(model: keras.Model, images: NDArray[np.uint8], male: NDArray[np.float32]) -> NDArray[np.float32]:
    parts = []
    for start in range(0, len(images), 64):
        part = slice(start, start + 64)
        parts.append(keras.ops.convert_to_numpy(model(_inputs(model, images[part], male[part]), training=False))[:, 0])
    return np.concatenate(parts)


def _inputs(model: keras.Model, images: NDArray[np.uint8], male: NDArray[np.float32]) -> Any:
    scaled = images.astype(np.float32)
    return [scaled, male[:, np.newaxis]] if len(model.inputs) == 2 else scaled


def _compiled(recipe: Recipe, size: int) -> keras.Model:
    keras.config.set_dtype_policy(recipe.precision)
    try:
        model = ARCHITECTURES[recipe.architecture](size, recipe.width)
    finally:
        keras.config.set_dtype_policy("float32")
    optimizer = keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(optimizer=optimizer, loss=recipe.loss)
    optimizer.build(model.trainable_variables)
    return model


def _batches(
    recipe: Recipe, training: Examples, affine: tuple[float, float], epoch: int, *, needs_sex: bool
) -> Iterator[tuple[float, Batch]]:
    """Shuffled batches of one epoch with the share of it done, each made while the one before is learnt from."""
    rng = np.random.default_rng([recipe.seed, epoch])
    order = sampled(training, recipe.resample, rng)
    steps = len(training) // recipe.batch

    def made(chosen: NDArray[np.int64]) -> Batch:
        images, targets = _batch(recipe, training, affine, chosen, rng)
        return ([images, training.male[chosen][:, np.newaxis]] if needs_sex else images), targets

    with ThreadPoolExecutor(max_workers=1) as maker:
        coming = maker.submit(made, order[: recipe.batch])
        for step in range(steps):
            batch = coming.result()
            if step + 1 < steps:
                coming = maker.submit(made, order[(step + 1) * recipe.batch : (step + 2) * recipe.batch])
            yield step / steps, batch


def sampled(training: Examples, resample: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Order of one epoch: a permutation, or a draw in which a cell of sex and year weighs ``count ** -resample`` an image.

    ``resample`` of 1 makes the cells equally frequent (Monti & Tonazzo), 0 leaves them as they are.
    """
    if not resample:
        return rng.permutation(len(training))
    cells = 2 * (training.months // 12).astype(np.int64) + training.male.astype(np.int64)
    weight = np.bincount(cells)[cells].astype(np.float64) ** -resample
    return rng.choice(len(training), len(training), p=weight / weight.sum())


def _batch(
    recipe: Recipe, training: Examples, affine: tuple[float, float], chosen: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    images = augment(training.images[chosen], recipe.augmentation, rng).astype(np.float32)
    return images, ((training.months[chosen] - affine[0]) / affine[1])[:, np.newaxis]


def _averaged(average: Weights | None, model: keras.Model, decay: float) -> Weights:
    current: Weights = model.get_weights()
    if average is None or not decay:
        return current
    return [decay * old + (1 - decay) * new for old, new in zip(average, current, strict=True)]


def _spent(recipe: Recipe, progress: Progress) -> bool:
    return bool(recipe.minutes) and progress.elapsed_s >= 60 * recipe.minutes


def _note(progress: Progress, training: Examples, losses: list[float], val_mae: float) -> None:
    seconds = progress.elapsed_s - (progress.history[-1]["elapsed_s"] if progress.history else 0.0)
    progress.epoch += 1
    line = {
        "epoch": progress.epoch,
        "loss": float(np.mean(losses)),
        "val_mae": val_mae,
        "images_per_s": len(training) / seconds,
        "elapsed_s": progress.elapsed_s,
    }
    progress.history.append(line)
    print("  ".join(f"{name} {value:.4g}" for name, value in line.items()), flush=True)


def _save(recipe: Recipe, model: keras.Model, average: Weights | None, progress: Progress, folder: Path) -> None:
    """Everything a resumed run needs in one file that appears whole or not at all; ``run.json`` is its readable part."""
    groups = {
        "model": [variable.numpy() for variable in _variables(model)],
        "average": average or [],
        "optimizer": [v.numpy() for v in model.optimizer.variables],
    }
    arrays = {f"{group}_{index:03d}": value for group, values in groups.items() for index, value in enumerate(values)}
    record = json.dumps({"recipe": recipe.to_json(), **vars(progress)}, indent=1) + "\n"
    unfinished = folder / "state.part.npz"
    np.savez(unfinished, record=record, **arrays)
    unfinished.replace(folder / "state.npz")
    (folder / "run.json").write_text(record, encoding="utf-8")


def _resume(recipe: Recipe, model: keras.Model, folder: Path) -> tuple[Progress, Weights | None]:
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "state.npz").exists():
        return Progress(), None
    with np.load(folder / "state.npz") as state:
        record = json.loads(str(state["record"]))
        stored = {group: _group(state, group) for group in ("model", "average", "optimizer")}
    if record.pop("recipe") != json.loads(json.dumps(recipe.to_json())):
        raise ValueError(f"{folder.name} holds a run of another recipe; choose another folder")
    held = [*_variables(model), *model.optimizer.variables]
    for variable, value in zip(held, stored["model"] + stored["optimizer"], strict=True):
        variable.assign(value)
    return Progress(**record), stored["average"] or None


def _variables(model: keras.Model) -> list[keras.Variable]:
    """Weights and the state of every dropout layer's random numbers."""
    return [variable for layer in model.layers for variable in layer.variables]


def _group(state: Mapping[str, NDArray[np.float32]], group: str) -> Weights:
    return [state[name] for name in sorted(state) if name.startswith(group)]
