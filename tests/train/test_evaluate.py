from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from train.evaluate import write_results
from train.papers import REPORTED, Reported
from train.plots import draw
from train.scores import Predictions, read_predictions, score, score_groups, table, write_predictions


def predictions(estimate: list[float], label: list[float], male: list[int]) -> Predictions:
    return Predictions(
        ids=tuple(str(index) for index in range(len(label))),
        male=np.array(male, np.float64),
        label=np.array(label, np.float64),
        estimate=np.array(estimate, np.float64),
    )


FOUR = predictions([10, 100, 150, 200], [12, 112, 125, 200], [0, 0, 1, 1])


def test_the_figures_are_those_worked_out_by_hand() -> None:
    found = score(FOUR)  # residuals -2, -12, 25, 0
    assert found.n == 4
    assert found.mae.value == pytest.approx(39 / 4)
    assert found.rmse.value == pytest.approx(np.sqrt((4 + 144 + 625) / 4))
    assert found.mape.value == pytest.approx(100 * (2 / 12 + 12 / 112 + 25 / 125) / 4)
    assert found.bias.value == pytest.approx(11 / 4)
    assert (found.within_12.value, found.within_24.value) == (0.75, 0.75)
    assert 0 <= found.mae.low < found.mae.value < found.mae.high <= 25


def test_r2_and_concordance_are_those_of_their_definitions() -> None:
    rng = np.random.default_rng(3)
    label = rng.uniform(10, 200, 300)
    estimate = 0.8 * label + 30 + rng.normal(0, 8, 300)
    found = score(predictions(list(estimate), list(label), [0, 1] * 150))
    assert found.r2.value == pytest.approx(1 - ((estimate - label) ** 2).sum() / ((label - label.mean()) ** 2).sum())
    covariance = np.cov(estimate, label, bias=True)
    by_hand = 2 * covariance[0, 1] / (covariance[0, 0] + covariance[1, 1] + (estimate.mean() - label.mean()) ** 2)
    assert found.ccc.value == pytest.approx(by_hand)
    assert found.ccc.low < found.ccc.value < found.ccc.high < 1


def test_the_interval_of_the_mean_error_is_that_of_theory() -> None:
    off = np.abs(np.random.default_rng(0).normal(0, 10, 4000))
    found = score(predictions(list(off), [0.0] * 4000, [0] * 4000)).mae
    assert found.high - found.low == pytest.approx(2 * 1.96 * off.std() / np.sqrt(4000), rel=0.08)


def test_the_interval_is_repeatable() -> None:
    assert score(FOUR) == score(FOUR)


def test_groups_are_by_sex_and_age_band_and_empty_ones_are_left_out() -> None:
    found = score_groups(FOUR)
    assert {name: s.n for name, s in found.items()} == {
        "all": 4,
        "F": 2,
        "F 0-59": 1,
        "F 60-119": 1,
        "M": 2,
        "M 120-167": 1,
        "M 168-240": 1,
    }


def test_predictions_survive_their_file(tmp_path: Path) -> None:
    write_predictions(FOUR, tmp_path / "new" / "p.csv")
    found = read_predictions(tmp_path / "new" / "p.csv")
    assert found.ids == FOUR.ids
    for name in ("male", "label", "estimate"):
        np.testing.assert_array_equal(getattr(found, name), getattr(FOUR, name))


NOTES = {
    "architecture": "vgg6_sex",
    "width": 1.0,
    "size": 250,
    "preprocessing": "pad",
    "parameters": 9,
    "epochs": 2,
    "minutes": 3.0,
    "images_per_s": 50.0,
}


def stored(folder: Path, name: str, notes: dict[str, Any], shift: float = 0.0) -> None:
    moved = dataclasses.replace(FOUR, estimate=FOUR.estimate + shift)
    for kind in ("-val", "-val-mirrored", "-phantoms", "-phantoms-mirrored"):
        write_predictions(moved, folder / f"{name}{kind}.csv")
    (folder / f"{name}.json").write_text(json.dumps(notes))


def test_results_rank_the_models_and_hold_them_against_their_papers(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    stored(folder, "worse", NOTES, shift=40.0)
    stored(folder, "better", NOTES | {"architecture": "vgg11_sex"})
    stored(folder, "pooled", {"members": {"better": 0.75, "worse": 0.25}, "told": "Weights: fitted."}, shift=1.0)
    write_results(folder, tmp_path / "RESULTS.md")
    text = (tmp_path / "RESULTS.md").read_text()
    rows = [line.split(" |")[0] for line in text.splitlines() if line.startswith(("| better | 4", "| pooled | 4", "| worse | 4"))]
    assert rows == ["| pooled", "| better", "| worse"]  # 9.0, 9.75 and 42.75 months
    assert "| worse | 1 × width, 250 px | Espinal & Postigo | MAE | 9.2 | test, preprocessed | 42.8 |" in text
    assert "| better | 1 × width" not in text
    assert "Weighted mean of better 0.75, worse 0.25. Weights: fitted." in text
    for name in ("better", "pooled", "worse"):
        assert f"\n## {name}\n" in text
        assert f"](results/{name}.png)" in text


def test_a_picture_shows_every_image_and_stays_small(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    label = rng.uniform(5, 225, 1200)
    many = predictions(list(label + rng.normal(0, 10, 1200)), list(label), [0, 1] * 600)
    draw(many, "many", tmp_path / "many.png")
    draw(many.where(np.arange(1200) < 2), "two", tmp_path / "two.png")
    with Image.open(tmp_path / "many.png") as picture, Image.open(tmp_path / "two.png") as sparse:
        assert picture.size == (1650, 560)
        # the left third holds the dots: 1,200 of them ink far more than two
        ink, little = ((np.asarray(one.convert("L"))[60:500, 70:520] < 200).sum() for one in (picture, sparse))
    assert ink > little + 5000
    assert (tmp_path / "many.png").stat().st_size < 150_000


@pytest.mark.parametrize("one", REPORTED)
def test_what_papers_report_names_networks_and_figures_that_exist(one: Reported) -> None:
    pytest.importorskip("keras", reason="needs the train extra (Keras and TensorFlow)")
    from train.models import ARCHITECTURES

    assert one.architecture in ARCHITECTURES
    assert hasattr(score(FOUR), one.metric)


def test_a_table_has_a_row_a_group() -> None:
    assert table(score_groups(FOUR)).count("\n") == 2 + 7
