"""What a run leaves on disk: all it needs to go on, its best weights, and its figures for people and programs.

========================  ==============================================================================================
``state.npz``             everything a resumed run needs: weights, optimiser, weight average, random states, history
``run.json``              the readable part of it: recipe and history
``last.json``             figures of the last epoch
``best.weights.h5``       weights of the best epoch (float32, answers in months)
``best.json``             figures of that epoch
========================  ==============================================================================================

Every file appears whole or not at all; when the disk is full the one before stays.
"""

from __future__ import annotations

import json
import math
import os
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from train.data import DataError
from train.recipes import Recipe

HDF5_ENTRY: Final = 8192
"""Generous bytes for what HDF5 writes about one variable beside its values."""

Weights = list[NDArray[np.float32]]


@dataclass(kw_only=True)
class Progress:
    """Where a run stands; everything a resumed run needs beside the weights."""

    epoch: int = 0
    elapsed_s: float = 0.0
    best_mae: float = math.inf
    history: list[dict[str, float]] = field(default_factory=list)

    @property
    def val_mae(self) -> list[float]:
        """Of every epoch so far, months."""
        return [line["val_mae"] for line in self.history]


class CannotGoOn(DataError):  # noqa: N818 - says what happened, not that it is an error
    """The run stops here; what it had is kept. The message names the step and how to go on."""


def save(recipe: Recipe, model: keras.Model, average: Weights | None, progress: Progress, folder: Path) -> None:
    """Write the state and its readable part.

    Raises
    ------
    CannotGoOn
        The disk does not take it; the state before is still there.
    """
    groups = {
        "model": [keras.ops.convert_to_numpy(variable) for variable in _variables(model)],
        "average": average or [],
        "optimizer": [keras.ops.convert_to_numpy(variable) for variable in model.optimizer.variables],
    }
    arrays = {f"{group}_{index:03d}": value for group, values in groups.items() for index, value in enumerate(values)}
    record = json.dumps({"recipe": recipe.to_json(), **vars(progress)}, indent=1) + "\n"
    unfinished = folder / "state.part.npz"
    try:
        np.savez(unfinished, record=record, **arrays)
        unfinished.replace(folder / "state.npz")
        _written(folder / "run.json", record)
        _written(folder / "last.json", json.dumps(progress.history[-1], indent=1) + "\n")
    except OSError as fault:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise CannotGoOn(
            f"{folder.name}: epoch {progress.epoch} could not be saved ({fault.strerror}); the state before it is kept, "
            "and the same command goes on from there"
        ) from fault


def save_best(reader: keras.Model, figures: Mapping[str, float], folder: Path) -> None:
    """Write the weights of the best epoch and its figures.

    Raises
    ------
    CannotGoOn
        The disk does not take them; the best epoch before is still there.
    """
    unfinished = folder / "best.part.weights.h5"
    try:
        _check_room(unfinished, sum(keras.ops.convert_to_numpy(variable).nbytes + HDF5_ENTRY for variable in reader.weights))
        reader.save_weights(unfinished)
        unfinished.replace(folder / "best.weights.h5")
        _written(folder / "best.json", json.dumps(dict(figures), indent=1) + "\n")
    except OSError as fault:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise CannotGoOn(f"{folder.name}: the best weights could not be saved ({fault}); those before are kept") from fault


def resume(recipe: Recipe, model: keras.Model, folder: Path) -> tuple[Progress, Weights | None]:
    """Take up the run in ``folder``, or begin one.

    Raises
    ------
    DataError
        The folder holds a run of another recipe, or its state is damaged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "state.npz").exists():
        return Progress(), None
    try:
        with np.load(folder / "state.npz") as state:
            record = json.loads(str(state["record"]))
            stored = {group: _group(state, group) for group in ("model", "average", "optimizer")}
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError) as fault:
        raise DataError(f"state.npz in {folder.name} is damaged ({fault}); its best weights are untouched: begin another folder") from fault
    if Recipe.from_json(record.pop("recipe")) != recipe:
        raise DataError(f"{folder.name} holds a run of another recipe; choose another folder")
    held = [*_variables(model), *model.optimizer.variables]
    for variable, value in zip(held, stored["model"] + stored["optimizer"], strict=True):
        variable.assign(value)
    return Progress(**record), stored["average"] or None


def read_record(folder: Path) -> tuple[Recipe, list[dict[str, float]]]:
    """Recipe and history of a run, of this version or an older one."""
    record: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return Recipe.from_json(record["recipe"]), record["history"]


def _check_room(unfinished: Path, size: int) -> None:
    """Claim the room before HDF5 writes: its library ends the whole process where the disk is full when it closes the file."""
    with unfinished.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
    unfinished.unlink()


def _written(target: Path, text: str) -> None:
    unfinished = target.with_suffix(".part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(target)


def _variables(model: keras.Model) -> list[keras.Variable]:
    """Weights and the state of every dropout layer's random numbers."""
    return [variable for layer in model.layers for variable in layer.variables]


def _group(state: Mapping[str, NDArray[np.float32]], group: str) -> Weights:
    return [state[name] for name in sorted(state) if name.startswith(group)]
