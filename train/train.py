"""One training run, read from top to bottom: data, network, schedule, epochs, checkpoint."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from baa_node.core.preprocess import Preparation
from train.batches import Course
from train.checkpoint import CannotGoOn, Progress, Weights, read_record, resume, save, save_best
from train.data import DataError, Examples
from train.models import ARCHITECTURES
from train.processor import precision_for
from train.recipes import Recipe, nearest
from train.schedule import learning_rate, spent
from train.watch import said, shown, to_tensorboard


def train(
    recipe: Recipe,
    training: Examples,
    validation: Examples,
    folder: Path,
    *,
    stop_after: int | None = None,
    prepared: Callable[[Preparation], Examples] | None = None,
) -> Progress:
    """Train until epochs, minutes or patience are used up, resuming from ``folder`` if a run was cut off there.

    Parameters
    ----------
    recipe
        Settings; a folder that holds a run of another recipe is refused.
    training, validation
        Prepared examples; the best epoch is chosen on ``validation``.
    folder
        Receives the files of ``train.checkpoint``; runs named as teachers or as the trunk lie beside it.
    stop_after
        Leave after this many epochs of this call, as a kill would.
    prepared
        Gives the training examples as another preparation makes them, in the same order, for teachers that see hands otherwise.

    Raises
    ------
    DataError
        There are fewer images than a batch holds, or the recipe cannot be followed.
    CannotGoOn
        The loss or the weights are no numbers any more, or the disk is full. The last good state is kept.
    """
    if len(training) < recipe.batch:
        raise DataError(f"{recipe.name}: {len(training)} images do not fill a batch of {recipe.batch}")
    keras.utils.set_random_seed(recipe.seed)
    model, reader = compiled(recipe, folder), network(recipe)
    course = _course(recipe, training, folder, prepared, needs_sex=len(model.inputs) == 2)
    _begin(model, course, folder)
    progress, average = resume(recipe, model, folder)
    last = recipe.epochs if stop_after is None else min(recipe.epochs, progress.epoch + stop_after)
    while progress.epoch < last and not spent(recipe, progress.elapsed_s, progress.val_mae):
        started, before = time.monotonic(), progress.elapsed_s
        losses: list[float] = []
        seen = progress.epoch * course.steps
        for share, batch in shown(course.epoch(progress.epoch), course.steps, f"epoch {progress.epoch + 1}"):
            progress.elapsed_s = before + time.monotonic() - started
            rate = learning_rate(recipe, progress.epoch + share, progress.elapsed_s, progress.val_mae)
            model.optimizer.learning_rate = rate
            losses.append(
                _number(float(model.train_on_batch(*batch)), f"{folder.name}: epoch {progress.epoch + 1}, step {len(losses) + 1}")
            )
            seen += 1
            average = _averaged(average, model, min(recipe.ema, seen / (seen + 10)))
        reader.set_weights(average)
        fold_months(reader, course.mean, course.sd)
        months = predict_months(reader, validation)
        check_finite(reader, months, f"{folder.name}: after epoch {progress.epoch + 1}")
        progress.elapsed_s = before + time.monotonic() - started
        _note(
            progress,
            validation,
            months,
            loss=float(np.mean(losses)),
            learning_rate=rate,
            images=len(training),
            seconds=progress.elapsed_s - before,
        )
        if progress.history[-1]["val_mae"] < progress.best_mae:
            progress.best_mae = progress.history[-1]["val_mae"]
            save_best(reader, progress.history[-1], folder)
        save(recipe, model, average, progress, folder)
        to_tensorboard(folder, progress.history[-1])
    return progress


def network(recipe: Recipe, *, pretrained: bool = False) -> keras.Model:
    """Build the recipe's architecture, with untrained weights or the recipe's pretrained ones.

    Raises
    ------
    DataError
        The architecture is unknown, does not take one of the arguments, or the file of weights is missing.
    """
    build = ARCHITECTURES.get(recipe.architecture)
    if build is None:
        raise DataError(f"{recipe.name}: architecture {recipe.architecture!r} is unknown; {nearest(recipe.architecture, ARCHITECTURES)}")
    options: dict[str, Any] = dict(recipe.network)
    if pretrained and recipe.weights:
        options["weights"] = Path(recipe.weights)
        if not options["weights"].is_file():
            raise DataError(f"{recipe.name}: the file of weights {recipe.weights} is missing")
    taken = inspect.signature(build).parameters
    odd = next((name for name in options if name not in taken), None)
    if odd is not None:
        raise DataError(f"{recipe.name}: {recipe.architecture} takes no {odd!r}")
    return build(recipe.preparation.size, recipe.width, **options)


def load_best(folder: Path) -> tuple[Recipe, keras.Model, list[dict[str, float]]]:
    """Recipe, best epoch's network (float32, answers in months) and history of a run."""
    recipe, history = read_record(folder)
    model = network(recipe)
    model.load_weights(folder / "best.weights.h5")
    return recipe, model, history


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


def _course(
    recipe: Recipe, training: Examples, folder: Path, prepared: Callable[[Preparation], Examples] | None, *, needs_sex: bool
) -> Course:
    targets = training.months
    if recipe.teachers:
        taught = _taught(recipe, training, folder, prepared)
        targets = (1 - recipe.teacher_share) * targets + recipe.teacher_share * taught
    mean, sd = (float(targets.mean()), float(targets.std())) if recipe.standardise else (0.0, 1.0)
    return Course(recipe=recipe, training=training, targets=targets, mean=mean, sd=sd, needs_sex=needs_sex)


def _taught(recipe: Recipe, training: Examples, folder: Path, prepared: Callable[[Preparation], Examples] | None) -> NDArray[np.float32]:
    """Ask the teachers about the training images, once; the mean of their answers is kept in the run's folder."""
    stored = folder / "taught.npy"
    if not stored.exists():
        folder.mkdir(parents=True, exist_ok=True)
        said = [_told(folder.parent / name, recipe, training, prepared) for name in recipe.teachers]
        unfinished = folder / "taught.part.npy"
        np.save(unfinished, np.mean(said, axis=0))
        unfinished.replace(stored)
    taught: NDArray[np.float32] = np.load(stored)
    return taught


def _told(teacher: Path, recipe: Recipe, training: Examples, prepared: Callable[[Preparation], Examples] | None) -> NDArray[np.float32]:
    own, model, _ = load_best(teacher)
    if own.preparation == recipe.preparation and not recipe.recoded:
        return predict_months(model, training, mirrored=True)
    if prepared is None:
        raise DataError(f"{recipe.name}: its teacher {teacher.name} sees hands in another preparation, which is not at hand here")
    seen = prepared(own.preparation)
    if seen.ids != training.ids:
        raise DataError(f"{recipe.name}: its teacher {teacher.name} was shown other images")
    return predict_months(model, seen, mirrored=True)


def _forward(model: keras.Model, images: NDArray[np.uint8], male: NDArray[np.float32]) -> NDArray[np.float32]:
    parts = []
    for start in range(0, len(images), 64):
        part = slice(start, start + 64)
        parts.append(np.asarray(model.predict_on_batch(_inputs(model, images[part], male[part])))[:, 0])
    return np.concatenate(parts)


def _inputs(model: keras.Model, images: NDArray[np.uint8], male: NDArray[np.float32]) -> Any:
    scaled = images.astype(np.float32)
    return [scaled, male[:, np.newaxis]] if len(model.inputs) == 2 else scaled


def compiled(recipe: Recipe, folder: Path) -> keras.Model:
    """Build the network that learns; the run of its trunk, if it has one, lies beside ``folder``."""
    keras.config.set_dtype_policy(precision_for(recipe.precision))
    try:
        model = network(recipe, pretrained=True)
    finally:
        keras.config.set_dtype_policy("float32")
    if recipe.trunk:
        _take_trunk(model, folder.parent / recipe.trunk, learns=recipe.trunk_learns)
    optimizer = _optimizer(recipe)
    model.compile(optimizer=optimizer, loss=LOSSES[recipe.loss])
    optimizer.build(model.trainable_variables)
    return model


def _optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(recipe.learning_rate)
    optimizer = keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _begin(model: keras.Model, course: Course, folder: Path) -> None:
    """Take the weights of the run to begin with.

    For MSLE let an untrained network answer about the mean: below zero the logarithm has no slope, and it would stay there.
    """
    if course.recipe.start:
        _, source, _ = load_best(folder.parent / course.recipe.start)
        fold_months(source, -course.mean / course.sd, 1 / course.sd)
        try:
            model.set_weights(source.get_weights())
        except ValueError as fault:
            raise DataError(f"{course.recipe.name}: {course.recipe.start} is another network: {fault}") from fault
    elif course.recipe.loss == "msle":
        last = model.get_layer("age")
        kernel, bias = last.get_weights()
        last.set_weights([kernel, np.full_like(bias, course.targets.mean())])


LOSSES = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "huber": "huber",
    "msle": "mean_squared_logarithmic_error",
}
"""By their names in recipes. MSLE wants months that are not standardised (Mirzazadeh & Parvanian)."""


def _take_trunk(model: keras.Model, run: Path, *, learns: bool) -> None:
    """Take every layer up to the feature map from a trained run of the same trunk; unless it learns, leave it as it is."""
    _, source, _ = load_best(run)
    held = {layer.name: layer for layer in source.layers}
    for layer in model.layers[: [layer.name for layer in model.layers].index("feature_map")]:
        if layer.weights:
            layer.set_weights(held[layer.name].get_weights())
            layer.trainable = learns


def _averaged(average: Weights | None, model: keras.Model, decay: float) -> Weights:
    current: Weights = model.get_weights()
    if average is None or not decay:
        return current
    return [decay * old + (1 - decay) * new for old, new in zip(average, current, strict=True)]


def _number(value: float, where: str) -> float:
    if not np.isfinite(value):
        raise CannotGoOn(
            f"{where}: {value} instead of a number. The last good epoch is kept and the same command goes on from there; "
            "if it ends here again, a recipe with float32 or a lower learning rate may help"
        )
    return value


def check_finite(reader: keras.Model, months: NDArray[np.float32], where: str) -> None:
    """Look at the weights too: behind a ReLU the loss and the answers can stay numbers when a kernel is none."""
    for variable in reader.weights:
        _number(float(np.abs(ops.convert_to_numpy(variable)).sum(dtype=np.float64)), f"{where}, weights of {variable.path}")
    _number(float(np.abs(months).sum(dtype=np.float64)), f"{where}, answers on the validation images")


def _note(progress: Progress, validation: Examples, months: NDArray[np.float32], *, images: int, seconds: float, **figures: float) -> None:
    residual = months - validation.months
    progress.epoch += 1
    line = {
        "epoch": progress.epoch,
        **figures,
        "val_mae": float(np.abs(residual).mean()),
        "val_rmse": float(np.sqrt(np.square(residual).mean())),
        "val_bias": float(residual.mean()),
        "images_per_s": images / seconds,
        "elapsed_s": progress.elapsed_s,
    }
    progress.history.append(line)
    print(said(line), flush=True)
