from __future__ import annotations

import inspect
import json
from pathlib import Path

import pytest

pytest.importorskip("keras", reason="needs the train extra (Keras and TensorFlow)")

from train.augment import Augmentation
from train.labels import DataError
from train.models import ARCHITECTURES
from train.recipes import RECIPES, Recipe, load_recipe

EVERY = sorted(RECIPES.glob("*.toml"))

LEAST = 'architecture = "vgg6"\n[preparation]\nvariant = "pad"\n'

OLD = """{"name": "old", "architecture": "vgg6_sex", "preparation": {"variant": "espinal_raster", "size": 250, "segment_clip": 2.0,
 "segment_grid": 17, "blur_px": 13, "blur_sigma": 3.0, "least_area": 0.1, "margin": 0.03, "clip": 2.5, "grid": 8, "raster": 299},
 "augmentation": {"zoom": 0.06, "rotate_deg": 6, "shift": 0.03, "flip": true, "contrast": 0.1, "brightness": 0.04, "gamma": 0.1},
 "batch": 32, "epochs": 60, "minutes": 98, "learning_rate": 0.0015, "schedule": "cosine", "warmup_epochs": 1.0, "step_epoch": 60,
 "loss": "mae", "standardise": true, "ema": 0.998, "weight_decay": 0.0001, "precision": "mixed_bfloat16", "phantoms": 600, "seed": 1}"""
"""As the first version wrote it into ``run.json``."""


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_every_recipe_names_what_exists_and_survives_json(path: Path) -> None:
    recipe = load_recipe(path)
    assert recipe.network.keys() <= inspect.signature(ARCHITECTURES[recipe.architecture]).parameters.keys()
    assert "weights" in inspect.signature(ARCHITECTURES[recipe.architecture]).parameters or not recipe.weights
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    assert path.read_text(encoding="utf-8").startswith("# ")


def test_every_system_of_the_papers_has_a_recipe() -> None:
    known = {path.stem for path in EVERY}
    espinal = {f"espinal_{net}{sex}{data}" for net in ("vgg6", "inception_v4") for sex in ("", "_sex") for data in ("", "_original")}
    monti = {f"monti_{net}_sex" for net in ("inception_v3", "xception", "xception_attention", "resnet50_patches")}
    patches = {f"monti_patches_{kind}" for kind in ("3x224", "9x128", "36x64", "150x32")}
    others = {
        "mirzazadeh_resnet50",
        "mirzazadeh_inception_v4",
        "zerari_edges",
        "zerari_plain",
        *(f"souza_{letter}" for letter in "abcdefgh"),
    }
    assert espinal | monti | patches | others <= known


def test_a_record_of_the_first_version_is_still_read() -> None:
    recipe = Recipe.from_json(json.loads(OLD))
    assert (recipe.architecture, recipe.minutes, recipe.resample, recipe.teachers, recipe.weights) == ("vgg6_sex", 98, 0.0, (), "")
    assert recipe.augmentation == Augmentation(zoom=0.06, rotate_deg=6, shift=0.03, flip=True, contrast=0.1, brightness=0.04, gamma=0.1)
    assert (recipe.optimizer, dict(recipe.network)) == ("adamw", {})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("batches = 8\n" + LEAST, r"own\.toml: batches is unknown; did you mean 'batch'\?"),
        (LEAST + "clips = 2\n", r"own\.toml: clips is unknown; did you mean 'clip'\?"),
        (LEAST + "[augmentation]\nrotate = 2\n", r"own\.toml: rotate is unknown; did you mean 'rotate_deg'\?"),
        (LEAST.replace("pad", "pat"), r"variant 'pat' is missing or unknown; did you mean 'pad'\?"),
        ('architecture = "vgg6"\n', r"variant '' is missing or unknown"),
        ('[preparation]\nvariant = "pad"\n', r"own\.toml: architecture is missing"),
        ('loss = "mape"\n' + LEAST, r"loss cannot be 'mape'; possible: mse, mae, huber, msle"),
        ('schedule = "none"\n' + LEAST, r"schedule cannot be 'none'"),
        ('precision = "float64"\n' + LEAST, r"precision cannot be 'float64'"),
        ('loss = "msle"\n' + LEAST, r"msle is a loss of months; set standardise = false"),
        ('optimizer = "adam"\nweight_decay = 0.1\n' + LEAST, r"weight_decay needs optimizer = 'adamw'"),
        ("teacher_share = 1.5\n" + LEAST, r"teacher_share must be from 0 to 1"),
        ("batch = = 3\n" + LEAST, r"own\.toml is no TOML"),
    ],
)
def test_a_recipe_that_cannot_be_followed_is_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(DataError, match=named):
        load_recipe(tmp_path / "own.toml")


def test_a_recipe_that_is_not_there_is_told_with_the_nearest() -> None:
    with pytest.raises(DataError, match=r"no recipe espinal_vgg6_sexx; did you mean 'espinal_vgg6_sex'\?"):
        load_recipe(RECIPES / "espinal_vgg6_sexx.toml")
