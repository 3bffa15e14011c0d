from __future__ import annotations

import dataclasses
import json
import resource
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra (Keras and TensorFlow)")

from baa_node.core.preprocess import ESPINAL_RASTER  # noqa: E402
from train.augment import Augmentation  # noqa: E402
from train.batches import sampled  # noqa: E402
from train.checkpoint import CannotGoOn  # noqa: E402
from train.data import DataError, Examples, load_phantoms  # noqa: E402
from train.models.espinal import vgg6_sex  # noqa: E402
from train.recipes import RECIPES, Recipe, load_recipe  # noqa: E402
from train.schedule import learning_rate, spent  # noqa: E402
from train.train import check_finite, fold_months, load_best, mean_absolute_error, network, predict_months, train  # noqa: E402

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
    with pytest.raises(DataError, match="another recipe"):
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


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_good_epoch(drawn: Examples, tmp_path: Path) -> None:
    few = part(drawn, slice(0, 32))
    short = dataclasses.replace(RECIPE, epochs=3)
    train(short, few, few, tmp_path, stop_after=1)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    bad = dataclasses.replace(few, months=np.where(np.arange(32) == 3, np.nan, few.months).astype(np.float32))
    with pytest.raises(CannotGoOn, match=r"epoch 2, step 1: nan instead of a number. The last good epoch is kept and the same command"):
        train(short, bad, few, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before
    assert [line["epoch"] for line in train(short, few, few, tmp_path, stop_after=1).history] == [1, 2]


def test_a_kernel_that_is_no_number_is_found_even_if_every_answer_is_one() -> None:
    model = vgg6_sex(64)
    kernel = next(variable for variable in model.trainable_variables if variable.path.endswith("kernel"))
    kernel.assign(np.full(kernel.shape, np.nan))
    with pytest.raises(CannotGoOn, match=r"epoch 4, weights of .*kernel"):
        check_finite(model, np.zeros(2, np.float32), "epoch 4")
    with pytest.raises(CannotGoOn, match="answers on the validation images"):
        check_finite(vgg6_sex(64), np.array([1, np.inf], np.float32), "epoch 4")


def test_a_full_disk_leaves_the_older_checkpoint_to_go_on_from(drawn: Examples, tmp_path: Path) -> None:
    few = part(drawn, slice(0, 32))
    short = dataclasses.replace(RECIPE, epochs=3)
    train(short, few, few, tmp_path, stop_after=1)
    state, best = ((tmp_path / name).read_bytes() for name in ("state.npz", "best.weights.h5"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(CannotGoOn, match="kept"):
            train(short, few, few, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (tmp_path / "state.npz").read_bytes() == state
    assert (tmp_path / "best.weights.h5").read_bytes() == best
    assert not list(tmp_path.glob("*part*"))
    assert train(short, few, few, tmp_path).epoch == 3


def test_a_damaged_state_and_too_few_images_are_named(drawn: Examples, tmp_path: Path) -> None:
    few = part(drawn, slice(0, 8))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "state.npz").write_bytes(b"PK half a file")
    with pytest.raises(DataError, match=r"state\.npz in run is damaged"):
        train(RECIPE, few, few, tmp_path / "run")
    with pytest.raises(DataError, match="4 images do not fill a batch of 8"):
        train(RECIPE, part(drawn, slice(0, 4)), few, tmp_path / "other")


def test_figures_lie_beside_the_checkpoints_and_in_events_that_tensorflow_reads(drawn: Examples, tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow", reason="reads the event files back")
    few = part(drawn, slice(0, 32))
    progress = train(dataclasses.replace(RECIPE, epochs=2), few, few, tmp_path)
    assert json.loads((tmp_path / "last.json").read_text()) == progress.history[-1]
    best = json.loads((tmp_path / "best.json").read_text())
    assert best["val_mae"] == progress.best_mae
    assert {"epoch", "val_rmse", "val_bias", "learning_rate", "images_per_s"} <= best.keys()
    (events,) = (tmp_path / "events").iterdir()
    read = [tf.compat.v1.Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset([str(events)])]
    assert read[0].file_version == "brain.Event:2"
    assert [event.step for event in read[1:]] == [1, 2]
    found = {value.tag: value.simple_value for value in read[2].summary.value}
    assert found["val_mae"] == pytest.approx(progress.history[-1]["val_mae"])
    assert {"loss", "learning_rate", "images_per_s"} <= found.keys()


def test_a_plateau_lowers_the_rate_and_patience_ends_the_run() -> None:
    recipe = dataclasses.replace(RECIPE, schedule="plateau", plateau_epochs=2, plateau_factor=0.1, learning_rate=1.0, early_stop_epochs=4)
    course = [9.0, 8.0, 8.5, 8.1, 8.2, 8.3]
    rates = [learning_rate(recipe, number, 0, course[:number]) for number in range(7)]
    assert rates == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.01])
    assert [spent(recipe, 0, course[:number]) for number in range(7)] == [False] * 6 + [True]
    assert learning_rate(dataclasses.replace(recipe, schedule="constant"), 30, 1e6) == 1


def test_full_resampling_makes_every_year_of_each_sex_as_frequent() -> None:
    months = np.array([13.0] * 900 + [25.0] * 90 + [26.0] * 10, np.float32)
    male = np.array([0.0] * 990 + [1.0] * 10, np.float32)
    few = Examples(images=np.zeros((1000, 1, 1, 1), np.uint8), months=months, male=male, ids=tuple(map(str, range(1000))))
    drawn_evenly = np.concatenate([sampled(few, 1.0, np.random.default_rng(seed)) for seed in range(9)])
    shares = np.bincount(np.digitize(drawn_evenly, [900, 990]), minlength=3) / len(drawn_evenly)
    np.testing.assert_allclose(shares, 1 / 3, atol=0.03)
    assert sorted(sampled(few, 0.0, np.random.default_rng(1))) == list(range(1000))


def test_a_teacher_shares_in_what_is_learnt(drawn: Examples, tmp_path: Path) -> None:
    few = part(drawn, slice(0, 32))
    train(dataclasses.replace(RECIPE, name="one", epochs=1), few, few, tmp_path / "one")
    _, teacher, _ = load_best(tmp_path / "one")
    train(dataclasses.replace(RECIPE, name="two", epochs=1, teachers=("one",), teacher_share=0.5), few, few, tmp_path / "two")
    np.testing.assert_allclose(np.load(tmp_path / "two" / "taught.npy"), predict_months(teacher, few, mirrored=True), rtol=1e-5)


def test_an_unknown_architecture_argument_or_file_of_weights_is_named() -> None:
    for changed, named in (
        ({"architecture": "vgg7_sex"}, "architecture 'vgg7_sex' is unknown; did you mean 'vgg6_sex'"),
        ({"network": {"patches": 3}}, "vgg6_sex takes no 'patches'"),
        ({"weights": "nowhere.h5"}, "nowhere.h5 is missing"),
    ):
        with pytest.raises(DataError, match=named):
            network(dataclasses.replace(RECIPE, **changed), pretrained=True)


def test_msle_learns_months_from_the_first_step(drawn: Examples, tmp_path: Path) -> None:
    few = part(drawn, slice(0, 64))
    logarithms = dataclasses.replace(RECIPE, loss="msle", standardise=False, optimizer="adam", schedule="constant", ema=0.0, epochs=1)
    assert train(logarithms, few, few, tmp_path).history[0]["loss"] < 2


def test_a_second_look_begins_with_what_the_first_run_knew(drawn: Examples, tmp_path: Path) -> None:
    few = part(drawn, slice(0, 64))
    first = train(dataclasses.replace(RECIPE, epochs=3), few, few, tmp_path / "first")
    again = dataclasses.replace(RECIPE, name="again", start="first", epochs=1, learning_rate=0.0)
    assert train(again, few, few, tmp_path / "again").best_mae == pytest.approx(first.best_mae, rel=0.2)
    other = dataclasses.replace(again, name="other", architecture="vgg6")
    with pytest.raises((DataError, ValueError), match="first"):
        train(other, few, few, tmp_path / "other")


@pytest.mark.parametrize("learns", [False, True])
def test_a_trunk_that_was_taken_over_learns_only_if_told(drawn: Examples, tmp_path: Path, learns: bool) -> None:
    few = part(drawn, slice(0, 32))
    told = dataclasses.replace(RECIPE, name="told", architecture="vgg11_sex", width=0.125, epochs=1, ema=0.0)
    train(told, few, few, tmp_path / "told")
    untold = dataclasses.replace(told, name="untold", architecture="vgg11", trunk="told", trunk_learns=learns)
    train(untold, few, few, tmp_path / "untold")
    before, after = (load_best(tmp_path / run)[1].get_layer("conv_3a").get_weights()[0] for run in ("told", "untold"))
    assert (not np.array_equal(before, after)) is learns
