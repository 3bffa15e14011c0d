"""``python -m train RECIPE``: a name in ``train/recipes`` or a TOML file; a run that was cut off goes on."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from train.folders import add_folders

if TYPE_CHECKING:
    from baa_node.core.preprocess import Preparation
    from train.data import Examples
    from train.recipes import Recipe


def main(arguments: list[str]) -> int:
    """Train one recipe into ``train/runs/<name>``."""
    parser = argparse.ArgumentParser(prog="python -m train", description=__doc__)
    parser.add_argument("recipe")
    add_folders(parser, "data", "runs", "cache")
    parser.add_argument("--limit", type=int, help="use only so many images of each split")
    chosen = parser.parse_args(arguments)

    import cv2

    from train.data import DataError

    cv2.setNumThreads(1)
    try:
        return _run(chosen)
    except (DataError, ValueError, OSError) as fault:
        print(f"python -m train: {fault}", file=sys.stderr)
        return 1


def _run(chosen: argparse.Namespace) -> int:
    from train.data import load_split, masker_for
    from train.processor import precision_for
    from train.recipes import RECIPES, load_recipe
    from train.train import network, train

    named = Path(chosen.recipe)
    recipe = load_recipe(named if named.suffix == ".toml" else RECIPES / f"{chosen.recipe}.toml")
    if (precision := precision_for(recipe.precision)) != recipe.precision:
        print(f"{recipe.name}: learns in {precision}, as this processor only emulates {recipe.precision}")
    network(recipe, pretrained=True)  # says what is wrong with it before the images are prepared
    training = _training(chosen, recipe, recipe.preparation)
    masker = masker_for(recipe.preparation, chosen.runs)
    validation = load_split(chosen.data, "val", recipe.preparation, cache=chosen.cache, limit=chosen.limit, masker=masker)
    print(f"{recipe.name}: {len(training)} images to learn from, {len(validation)} to validate", flush=True)
    try:
        progress = train(
            recipe, training, validation, chosen.runs / recipe.name, prepared=partial(_training, chosen, replace(recipe, recoded=False))
        )
    except KeyboardInterrupt:
        print(f"interrupted; the same command goes on after the last whole epoch ({chosen.runs.name}/{recipe.name})", file=sys.stderr)
        return 130
    print(f"best validation MAE {progress.best_mae:.2f} months after {progress.elapsed_s / 60:.0f} minutes")
    return 0


def _training(chosen: argparse.Namespace, recipe: Recipe, preparation: Preparation) -> Examples:
    """Read the training split, its spoilt copies and the drawn hands of a recipe, as ``preparation`` makes them."""
    from train.data import joined, load_phantoms, load_split, masker_for

    masker = masker_for(preparation, chosen.runs)
    parts = [
        load_split(
            chosen.data, "train", preparation, cache=chosen.cache, limit=chosen.limit, masker=masker, copy=copy, recode=recipe.recoded
        )
        for copy in range(recipe.degraded + 1)
    ]
    if recipe.phantoms:
        parts.append(load_phantoms(recipe.phantoms, preparation, cache=chosen.cache, seed=recipe.seed, masker=masker))
    return joined(parts) if len(parts) > 1 else parts[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
