"""How fast to learn when, and when to stop."""

from __future__ import annotations

import math
from collections.abc import Sequence

from train.recipes import Recipe


def learning_rate(recipe: Recipe, epoch: float, elapsed_s: float, val_mae: Sequence[float] = ()) -> float:
    """Rate at a fractional epoch, or at the elapsed share of the minutes if that is further on.

    Parameters
    ----------
    val_mae
        Of the epochs done, for the schedule that looks at them.
    """
    if recipe.schedule == "constant":
        return recipe.learning_rate
    if recipe.schedule == "step":
        return recipe.learning_rate * (0.1 if epoch >= recipe.step_epoch else 1.0)
    if recipe.schedule == "plateau":
        return recipe.learning_rate * recipe.plateau_factor ** plateaus(val_mae, recipe.plateau_epochs)
    if epoch < recipe.warmup_epochs:
        return recipe.learning_rate * max(epoch / recipe.warmup_epochs, 0.01)
    done = (epoch - recipe.warmup_epochs) / max(recipe.epochs - recipe.warmup_epochs, 1e-9)
    if recipe.minutes:
        done = max(done, elapsed_s / (60 * recipe.minutes))
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def plateaus(val_mae: Sequence[float], patience: int) -> int:
    """How often ``patience`` epochs in a row brought no better value than the best before them."""
    best, waited, found = math.inf, 0, 0
    for value in val_mae:
        best, waited = (value, 0) if value < best else (best, waited + 1)
        if waited == patience:
            found, waited = found + 1, 0
    return found


def spent(recipe: Recipe, elapsed_s: float, val_mae: Sequence[float]) -> bool:
    """Whether the minutes are used up, or ``early_stop_epochs`` epochs brought nothing better."""
    if recipe.minutes and elapsed_s >= 60 * recipe.minutes:
        return True
    waited = len(val_mae) - 1 - min(range(len(val_mae)), key=val_mae.__getitem__) if val_mae else 0
    return bool(recipe.early_stop_epochs) and waited >= recipe.early_stop_epochs
