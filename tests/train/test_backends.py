"""The workshop on the other backends of Keras: they learn, go on after a kill, read, and say what TensorFlow says."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LEARNING = """
import dataclasses, sys
from pathlib import Path
import keras, numpy as np
assert keras.backend.backend() == sys.argv[1]
from train.data import Examples
from train.recipes import RECIPES, load_recipe
from train.train import load_best, predict_months, train
recipe = load_recipe(RECIPES / "espinal_vgg6_sex.toml")
small = dataclasses.replace(recipe.preparation, size=64)
recipe = dataclasses.replace(recipe, preparation=small, batch=8, epochs=2, ema=0.9, standardise=True)
rng = np.random.default_rng(1)
images, months = rng.integers(0, 256, (16, 64, 64, 1), np.uint8), rng.uniform(20, 200, 16).astype(np.float32)
some = Examples(images=images, months=months, male=(np.arange(16) % 2).astype(np.float32), ids=tuple(map(str, range(16))))
folder = Path(sys.argv[2])
train(recipe, some, some, folder, stop_after=1)
progress = train(recipe, some, some, folder)
model = load_best(folder)[1]
assert progress.epoch == 2
assert abs(float(np.abs(predict_months(model, some) - some.months).mean()) - progress.best_mae) < 1e-3
"""


@pytest.mark.parametrize(("backend", "package"), [("torch", "torch"), ("jax", "jax")])
def test_the_other_backends_train_resume_and_read(tmp_path: Path, backend: str, package: str) -> None:
    needs(package)
    said(LEARNING, backend, tmp_path)


EVERY_NETWORK = """
import sys
from pathlib import Path
import keras, numpy as np
backend, folder = sys.argv[1], Path(sys.argv[2])
assert keras.backend.backend() == backend
from tests.parts.networks import NAMES, small
for name in NAMES:
    keras.utils.set_random_seed(3)
    model = small(name)
    images = np.random.default_rng(1).integers(0, 256, (2, *model.inputs[0].shape[1:])).astype(np.float32)
    feed = [images, np.array([[0], [1]], np.float32)] if len(model.inputs) == 2 else images
    weights, answer = folder / f"{name}.weights.h5", folder / f"{name}.npy"
    if backend == "tensorflow":
        model.save_weights(weights)
        np.save(answer, np.asarray(model(feed, training=False)))
        continue
    model.load_weights(weights)
    expected = np.load(answer)
    if backend == "jax":  # compiled as one program: operator by operator takes minutes
        import jax
        found = np.asarray(jax.jit(lambda fed: model(fed, training=False))(feed))
    else:
        found = keras.ops.convert_to_numpy(model(feed, training=False))
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max(), name
"""


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("backend", "package"), [("torch", "torch"), ("jax", "jax")])
def test_every_network_says_on_another_backend_what_it_says_on_tensorflow(tmp_path: Path, backend: str, package: str) -> None:
    needs(package)
    said(EVERY_NETWORK, "tensorflow", tmp_path)
    said(EVERY_NETWORK, backend, tmp_path)


def needs(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"needs {package}, another backend of Keras")


def said(script: str, backend: str, folder: Path) -> None:
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": paths, "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script, backend, str(folder)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
