from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra (Keras and TensorFlow)")

from baa_node.core.preprocess import ESPINAL_RASTER  # noqa: E402
from train.augment import Augmentation  # noqa: E402
from train.data import Examples, load_phantoms  # noqa: E402
from train.models.espinal import vgg6_sex  # noqa: E402
from train.recipes import RECIPES, Recipe, load_recipe  # noqa: E402
from train.schedule import learning_rate, plateaus, spent
from train.train import fold_months, load_best, mean_absolute_error, predict_months, train  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")  # Keras

# BatchNormalization keeps 99 % of its averages a step: fewer than about 400 steps leave them useless
SMALL = dataclasses.replace(ESPINAL_RASTER, size=64)
RECIPE = Recipe(
    name="small",
    architecture="vgg6_sex",
    preparation=SMALL,
    augmentation=Augmentation(shift=0.02),
    batch=8,
    epochs=40,
    learning_rate=2e-3,
    warmup_epochs=1,
    loss="mae",
    ema=0.9,
)


def part(examples: Examples, chosen: slice) -> Examples:
    return Examples(images=examples.images[chosen], months=examples.months[chosen], male=examples.male[chosen], ids=examples.ids[chosen])


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return load_phantoms(120, SMALL, cache=tmp_path_factory.mktemp("cache"), seed=5)


def test_training_on_drawn_hands_lowers_the_error_on_others(drawn: Examples, tmp_path: Path) -> None:
    training, validation = part(drawn, slice(0, 96)), part(drawn, slice(96, 120))
    guessing = float(np.abs(validation.months - training.months.mean()).mean())
    progress = train(RECIPE, training, validation, tmp_path)
    recipe, model, history = load_best(tmp_path)
    assert progress.best_mae < 0.6 * guessing
    assert mean_absolute_error(model, validation) == pytest.approx(progress.best_mae, abs=1e-3)
    assert recipe == RECIPE
    assert [line["epoch"] for line in history] == list(range(1, RECIPE.epochs + 1))
    assert model.count_params() == vgg6_sex(64).count_params()


def test_a_run_that_was_cut_off_goes_on_as_if_it_had_not_been(drawn: Examples, tmp_path: Path) -> None:
    few = part(drawn, slice(0, 64))
    short = dataclasses.replace(RECIPE, epochs=3)
    whole = train(short, few, few, tmp_path / "whole")
    train(short, few, few, tmp_path / "cut", stop_after=2)
    assert json.loads((tmp_path / "cut" / "run.json").read_text())["epoch"] == 2
    resumed = train(short, few, few, tmp_path / "cut")
    assert [line["epoch"] for line in resumed.history] == [1, 2, 3]
    assert resumed.history[-1]["loss"] == pytest.approx(whole.history[-1]["loss"], rel=0.01)
    assert resumed.history[-1]["val_mae"] == pytest.approx(whole.history[-1]["val_mae"], rel=0.01)


def test_a_folder_of_another_recipe_is_refused(drawn: Examples, tmp_path: Path) -> None:
    few = part(drawn, slice(0, 32))
    train(dataclasses.replace(RECIPE, epochs=1), few, few, tmp_path)
    with pytest.raises(ValueError, match="another recipe"):
        train(dataclasses.replace(RECIPE, epochs=2), few, few, tmp_path)


def test_minutes_end_a_run_before_its_epochs(drawn: Examples, tmp_path: Path) -> None:
    few = part(drawn, slice(0, 32))
    assert train(dataclasses.replace(RECIPE, epochs=500, minutes=0.01), few, few, tmp_path).epoch < 100


def test_folding_gives_months_without_another_layer() -> None:
    model = vgg6_sex(64)
    few = Examples(
        images=np.zeros((2, 64, 64, 1), np.uint8), months=np.zeros(2, np.float32), male=np.array([0, 1], np.float32), ids=("a", "b")
    )
    standard = predict_months(model, few)
    fold_months(model, 127.0, 41.0)
    np.testing.assert_allclose(predict_months(model, few), standard * 41 + 127, rtol=1e-5)


def test_the_mirrored_pass_is_blind_to_mirroring() -> None:
    model = vgg6_sex(64)
    images = np.random.default_rng(1).integers(0, 256, (3, 64, 64, 1), np.uint8)
    few = Examples(images=images, months=np.zeros(3, np.float32), male=np.ones(3, np.float32), ids=("a", "b", "c"))
    turned = dataclasses.replace(few, images=images[:, :, ::-1])
    np.testing.assert_allclose(predict_months(model, few, mirrored=True), predict_months(model, turned, mirrored=True), rtol=1e-5)


def test_the_papers_rate_falls_to_a_tenth_after_epoch_60() -> None:
    recipe = load_recipe(RECIPES / "espinal_vgg6_sex.toml")
    assert [learning_rate(recipe, epoch, 0) for epoch in (0, 59.9, 60, 74)] == pytest.approx([1e-3, 1e-3, 1e-4, 1e-4])
    assert (recipe.batch, recipe.epochs, recipe.loss, recipe.augmentation) == (32, 75, "mse", Augmentation())


def test_the_cosine_follows_whichever_of_epochs_and_minutes_is_further_on() -> None:
    recipe = dataclasses.replace(RECIPE, epochs=21, minutes=10, learning_rate=1.0)
    assert learning_rate(recipe, 0.5, 0) == pytest.approx(0.5)
    assert learning_rate(recipe, 11, 0) == pytest.approx(0.5)
    assert learning_rate(recipe, 2, 300) == pytest.approx(0.5)
    assert learning_rate(recipe, 21, 0) == learning_rate(recipe, 2, 600) == learning_rate(recipe, 2, 900) == pytest.approx(0)


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_recipe_is_read_and_survives_json(path: Path) -> None:
    recipe = load_recipe(path)
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
