"""What the workshop asks of the machine: oneDNN everywhere, bfloat16 only where the processor has it."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("tensorflow", reason="needs the train extra (TensorFlow)")

from train.processor import precision_for
from train.recipes import PREPARATIONS, Recipe
from train.train import compiled

AVX2 = "processor\t: 0\nflags\t\t: fpu avx avx2 fma f16c\n\nprocessor\t: 1\nflags\t\t: fpu avx avx2 fma f16c\n"
ZEN_4 = "processor\t: 0\nflags\t\t: fpu avx avx2 fma avx512f avx512_bf16\n"
NEOVERSE = "processor\t: 0\nFeatures\t: fp asimd bf16 i8mm\n"


@pytest.mark.parametrize(
    ("said", "asked", "got"),
    [
        (AVX2, "mixed_bfloat16", "float32"),
        (AVX2, "float32", "float32"),
        (AVX2, "mixed_float16", "mixed_float16"),
        (ZEN_4, "mixed_bfloat16", "mixed_bfloat16"),
        (NEOVERSE, "mixed_bfloat16", "mixed_bfloat16"),
        ("processor\t: 0\n", "mixed_bfloat16", "mixed_bfloat16"),
    ],
    ids=["avx2", "avx2_float32", "avx2_float16", "zen_4", "arm", "unknown"],
)
def test_bfloat16_is_learnt_with_only_where_the_processor_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, asked: str, got: str
) -> None:
    monkeypatch.setattr("tensorflow.config.list_physical_devices", lambda kind: [])
    told = tmp_path / "cpuinfo"
    told.write_text(said)
    assert precision_for(asked, told) == got


def test_without_cpuinfo_the_recipe_decides(tmp_path: Path) -> None:
    assert precision_for("mixed_bfloat16", tmp_path / "none") == "mixed_bfloat16"


@pytest.mark.parametrize(("given", "kept"), [(None, "1"), ("0", "0")], ids=["unsaid", "said"])
def test_onednn_is_on_unless_the_environment_says_otherwise(given: str | None, kept: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    environment |= {} if given is None else {"TF_ENABLE_ONEDNN_OPTS": given}
    asked = "import os, train; print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    done = subprocess.run([sys.executable, "-c", asked], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == kept


@pytest.mark.parametrize("given", ["float32", "mixed_bfloat16"])
def test_a_network_learns_in_the_precision_that_was_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str) -> None:
    monkeypatch.setattr("train.train.precision_for", lambda asked: {"mixed_bfloat16": given}[asked])
    small = dataclasses.replace(PREPARATIONS["pad"], size=64)
    recipe = Recipe(name="small", architecture="vgg6_sex", preparation=small, width=0.25, precision="mixed_bfloat16")
    model = compiled(recipe, tmp_path)
    first = next(layer for layer in model.layers if layer.weights)
    assert first.compute_dtype == given.removeprefix("mixed_")
    assert first.variable_dtype == "float32"
