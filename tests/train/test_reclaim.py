from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="needs the export extra (TensorFlow and tf2onnx)")
keras = pytest.importorskip("keras")

from baa_node.core.preprocess import ESPINAL_RASTER  # noqa: E402
from export.to_onnx import feature_map_of, to_onnx  # noqa: E402
from train.data import DataError, Examples, load_phantoms  # noqa: E402
from train.evaluate import _how_it_learnt, _made  # noqa: E402
from train.recipes import Recipe  # noqa: E402
from train.reclaim import reclaim  # noqa: E402
from train.train import fold_months, load_best, network, predict_months, train  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")  # Keras

SMALL = dataclasses.replace(ESPINAL_RASTER, size=64)
ARCHITECTURES = ["vgg6_sex", "vgg11_sex", "vgg11", "inception27_sex"]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return load_phantoms(40, SMALL, cache=tmp_path_factory.mktemp("cache"), seed=5)


def recipe_of(architecture: str) -> Recipe:
    return Recipe(name=architecture, architecture=architecture, preparation=SMALL, width=1 if architecture == "vgg6_sex" else 0.25)


def exported(recipe: Recipe, target: Path) -> Any:
    """A network with every number away from its start, as a member of a bundle."""
    keras.utils.set_random_seed(11)
    model = network(recipe)
    rng = np.random.default_rng(11)
    model.set_weights([weight + rng.normal(0, 0.05, weight.shape) * (weight.ndim == 1) for weight in model.get_weights()])
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_variance.assign(np.abs(layer.moving_variance.numpy()) + 0.5)
    fold_months(model, 127.0, 41.0)
    to_onnx(model, feature_map_of(model), target, mirrored=True)
    return model


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_an_exported_network_is_a_run_again(drawn: Examples, tmp_path: Path, architecture: str) -> None:
    recipe = recipe_of(architecture)
    model = exported(recipe, tmp_path / "member.onnx")
    reclaim(tmp_path / "member.onnx", recipe, drawn, tmp_path / "run")
    held, again, history = load_best(tmp_path / "run")
    assert (held, history) == (recipe, [])
    assert predict_months(again, drawn) == pytest.approx(predict_months(model, drawn), abs=1e-2)


def test_what_reaches_a_normalisation_is_what_it_remembers(drawn: Examples, tmp_path: Path) -> None:
    """Otherwise the first step of learning, which normalises by the batch, would begin far from the answers."""
    recipe = recipe_of("vgg11")
    exported(recipe, tmp_path / "member.onnx")
    again = reclaim(tmp_path / "member.onnx", recipe, drawn, tmp_path / "run")
    again.get_layer("drop").rate = 0.0
    told, learning = (np.asarray(again(drawn.images.astype(np.float32), training=one)).ravel() for one in (False, True))
    assert learning == pytest.approx(told, abs=0.1)


def test_how_it_learnt_is_told_as_far_as_it_is_known(tmp_path: Path) -> None:
    stored = tmp_path / "vgg11.json"
    assert _how_it_learnt([], stored) == {}
    stored.write_text(json.dumps({"architecture": "vgg11", "epochs": 24, "minutes": 44.0, "images_per_s": 121.0, "radiographs": 11349}))
    assert _how_it_learnt([], stored) == {"epochs": 24, "minutes": 44.0, "images_per_s": 121.0, "radiographs": 11349}
    again = [{"elapsed_s": 60.0, "images_per_s": 50.0}, {"elapsed_s": 120.0, "images_per_s": 70.0}]
    assert _how_it_learnt(again, stored) == {"epochs": 2, "minutes": 2.0, "images_per_s": 60.0, "radiographs": 11349}
    shape = {"architecture": "vgg11", "width": 1, "parameters": 7, "size": 64, "preprocessing": "espinal_raster"}
    assert _made(shape) == "`vgg11`, 1 × width, 7 parameters, 64 px `espinal_raster`; taken from an exported network."


def test_a_file_of_another_network_is_refused_and_leaves_nothing(drawn: Examples, tmp_path: Path) -> None:
    exported(recipe_of("vgg11"), tmp_path / "member.onnx")
    with pytest.raises(DataError, match=r"no conv of .* is left in the file for the layer conv_1a"):
        reclaim(tmp_path / "member.onnx", recipe_of("vgg6_sex"), drawn, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_is_not_written_over(drawn: Examples, tmp_path: Path) -> None:
    recipe = recipe_of("vgg11")
    exported(recipe, tmp_path / "member.onnx")
    reclaim(tmp_path / "member.onnx", recipe, drawn, tmp_path / "run")
    with pytest.raises(DataError, match="run holds a run already"):
        reclaim(tmp_path / "member.onnx", recipe, drawn, tmp_path / "run")


def test_a_run_begins_from_it_and_learns_from_a_teacher_that_sees_hands_otherwise(drawn: Examples, tmp_path: Path) -> None:
    recipe, wide = recipe_of("vgg6_sex"), dataclasses.replace(SMALL, margin=0.2, size=80)
    teacher = dataclasses.replace(recipe_of("vgg11_sex"), name="teacher", preparation=wide)
    seen = load_phantoms(40, wide, cache=tmp_path / "cache", seed=5)
    exported(recipe, tmp_path / "start.onnx")
    exported(teacher, tmp_path / "teacher.onnx")
    reclaim(tmp_path / "start.onnx", recipe, drawn, tmp_path / "start")
    model = reclaim(tmp_path / "teacher.onnx", teacher, seen, tmp_path / "teacher")
    taught = dataclasses.replace(recipe, name="taught", start="start", teachers=("teacher",), teacher_share=0.5, batch=8, epochs=1)
    with pytest.raises(DataError, match="its teacher teacher sees hands in another preparation"):
        train(taught, drawn, drawn, tmp_path / "taught")
    progress = train(taught, drawn, drawn, tmp_path / "taught", prepared={wide: seen}.__getitem__)
    assert progress.epoch == 1
    assert np.load(tmp_path / "taught" / "taught.npy") == pytest.approx(predict_months(model, seen, mirrored=True))
