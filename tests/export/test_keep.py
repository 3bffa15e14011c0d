from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

pytest.importorskip("tensorflow", reason="needs the export extra (TensorFlow and tf2onnx)")
keras = pytest.importorskip("keras")

from baa_node.core.preprocess import ESPINAL_RASTER, Preparation  # noqa: E402
from export import parity  # noqa: E402
from export.keep import WEIGHTS, keep  # noqa: E402
from export.parity import NotEqual, Parity  # noqa: E402
from train.checkpoint import save_best  # noqa: E402
from train.recipes import RECIPES, Recipe  # noqa: E402
from train.train import network  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")  # Keras
SMALL = dataclasses.replace(ESPINAL_RASTER, size=64)


def images(preparation: Preparation) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (4, preparation.size, preparation.size, 1), np.uint8)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of an untrained network."""
    keras.utils.set_random_seed(5)
    recipe = Recipe(name="small", architecture="vgg6_sex", preparation=SMALL)
    folder = tmp_path / "small"
    folder.mkdir()
    save_best(network(recipe), {"epoch": 1, "val_mae": 40.0}, folder)
    (folder / "run.json").write_text(json.dumps({"recipe": recipe.to_json(), "history": []}))
    return folder


def test_a_run_is_kept_as_one_file_that_says_the_same(run: Path, tmp_path: Path) -> None:
    kept, found = keep(run, images, tmp_path / "weights")
    assert [path.name for path in kept.parent.iterdir()] == ["small.onnx"]
    assert found.months <= 1e-3
    assert found.heat <= 1e-4
    outputs = onnxruntime.InferenceSession(str(kept), providers=["CPUExecutionProvider"]).get_outputs()
    assert [one.name for one in outputs] == ["bone_age_months", "saliency"]


def test_a_file_that_says_something_else_is_not_kept(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parity, "compare", lambda *_, **__: Parity(months=0.5, heat=0.0))
    with pytest.raises(NotEqual, match=r"small\.onnx: months differ by 0\.5"):
        keep(run, images, tmp_path / "weights")
    assert not list((tmp_path / "weights").iterdir())


def test_what_is_kept_has_a_recipe_and_results_and_says_for_what_it_may_be_used() -> None:
    results = (WEIGHTS.parent / "RESULTS.md").read_text(encoding="utf-8")
    kept = sorted(WEIGHTS.glob("*.onnx"))
    assert kept
    for path in kept:
        assert (RECIPES / f"{path.stem}.toml").is_file()
        assert f"## {path.stem}\n" in results
        assert path.stat().st_size < 10_000_000
    assert "non-commercial use only" in (WEIGHTS / "README.md").read_text(encoding="utf-8")
