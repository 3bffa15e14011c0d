from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from train.evaluate import Predictions, read_predictions, score, score_groups, table, write_predictions, write_results


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
    assert found.mae == pytest.approx(39 / 4)
    assert found.rmse == pytest.approx(np.sqrt((4 + 144 + 625) / 4))
    assert found.bias == pytest.approx(11 / 4)
    assert (found.within_12, found.within_24) == (0.75, 0.75)
    assert 0 <= found.mae_low < found.mae < found.mae_high <= 25


def test_the_interval_narrows_with_more_images_and_is_repeatable() -> None:
    rng = np.random.default_rng(0)
    few, many = (predictions(list(rng.normal(0, 10, n)), [0.0] * n, [0] * n) for n in (50, 5000))
    assert score(many).mae_high - score(many).mae_low < 0.3 * (score(few).mae_high - score(few).mae_low)
    assert score(few) == score(few)


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


def test_results_have_one_section_a_run_with_drawn_hands_apart(tmp_path: Path) -> None:
    for kind in ("-val", "-val-mirrored", "-phantoms", "-phantoms-mirrored"):
        write_predictions(FOUR, tmp_path / f"first{kind}.csv")
    (tmp_path / "first.json").write_text(json.dumps({"radiographs": 9, "epochs": 2, "minutes": 3.0, "images_per_s": 50.0}))
    write_results(tmp_path, tmp_path / "RESULTS.md")
    text = (tmp_path / "RESULTS.md").read_text()
    assert text.count("\n## ") == 1
    assert "| all | 4 | 9.75 |" in text
    assert text.index("Drawn hands") < text.index("| drawn hands | 4 |")


def test_a_table_has_a_row_a_group() -> None:
    assert table(score_groups(FOUR)).count("\n") == 2 + 7
