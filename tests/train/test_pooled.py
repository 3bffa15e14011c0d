from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from train.ensemble import band_edges, calibration, coverage, disagreement, fit_weights, fixed_weights, folds, pool
from train.scores import Predictions, read_predictions, write_predictions

N = 1200


@pytest.fixture(scope="module")
def truth() -> Predictions:
    rng = np.random.default_rng(0)
    label = np.round(rng.uniform(5, 220, N))
    return Predictions(ids=tuple(f"{index:05d}" for index in range(N)), male=(np.arange(N) % 2).astype(float), label=label, estimate=label)


def noisy(truth: Predictions, sd: float, seed: int) -> np.ndarray[Any, Any]:
    return truth.label + np.random.default_rng(seed).normal(0, sd, N)


def test_the_better_member_weighs_more_and_the_pool_beats_both(truth: Predictions) -> None:
    good, poor = noisy(truth, 8, 1), noisy(truth, 12, 2)
    fit = fit_weights(np.stack([good, poor]), truth)
    # for independent errors the best weights go with 1 / variance: 144 / (64 + 144) = 0.69
    assert fit.weights[0] == pytest.approx(0.69, abs=0.1)
    assert sum(fit.weights) == pytest.approx(1)
    assert fit.in_sample_mae <= fit.out_of_fold_mae < np.abs(good - truth.label).mean()


def test_a_useless_member_gets_no_weight(truth: Predictions) -> None:
    fit = fit_weights(np.stack([noisy(truth, 5, 1), np.full(N, 120.0)]), truth)
    assert fit.weights == (1.0, 0.0)


def test_out_of_fold_estimates_do_not_know_their_own_labels(truth: Predictions) -> None:
    estimates = np.stack([noisy(truth, 10, 1), noisy(truth, 10, 2)])
    fold = folds(truth)
    held = fold == 3
    wrong = np.where(held, estimates[1], truth.label)  # in the held fold the second member is suddenly always right
    other = Predictions(ids=truth.ids, male=truth.male, label=wrong, estimate=truth.estimate)
    before, after = (fit_weights(estimates, one, fold).pooled for one in (truth, other))
    np.testing.assert_array_equal(before[held], after[held])
    assert (before[~held] != after[~held]).any()


def test_every_fold_holds_every_age_of_both_sexes(truth: Predictions) -> None:
    fold = folds(truth)
    for male in (0, 1):
        for low in range(0, 200, 40):
            cell = (truth.male == male) & (truth.label >= low) & (truth.label < low + 40)
            assert len(set(fold[cell])) == 5


def test_the_fixed_weights_are_the_papers() -> None:
    names = ["resnet50_patches_sex", "inception_v3_sex", "xception_sex", "xception_attention_sex"]
    assert fixed_weights(names) == pytest.approx((0.625, 0.125, 0.125, 0.125))


def test_age_bands_hold_enough_residuals() -> None:
    assert band_edges(np.arange(150.0)) == ()
    assert band_edges(np.arange(250.0)) == (124.5,)
    assert len(band_edges(np.arange(5000.0))) == 4


def test_intervals_follow_the_age_and_cover_what_they_promise(truth: Predictions) -> None:
    wide_when_old = truth.label + np.random.default_rng(4).normal(0, 1, N) * (4 + truth.label / 10)
    pooled = Predictions(ids=truth.ids, male=truth.male, label=truth.label, estimate=wide_when_old)
    found = coverage(pooled)
    assert found["F"] == pytest.approx(0.9, abs=0.03)
    assert all(0.84 < share < 0.97 for share in found.values())
    assert {"F band 1", "M band 2"} <= found.keys()
    assert set(calibration(pooled)) == {"method", "coverage", "residuals_months", "estimates_months", "edges_months"}


def test_a_flag_of_disagreement_means_larger_errors(truth: Predictions) -> None:
    rng = np.random.default_rng(5)
    hard = np.where(rng.random(N) < 0.1, 4.0, 1.0)
    estimates = truth.label + rng.normal(0, 6, (3, N)) * hard
    found = disagreement(estimates, Predictions(ids=truth.ids, male=truth.male, label=truth.label, estimate=estimates.mean(axis=0)))
    assert found["mae_flagged"] > 2 * found["mae_others"]


def test_runs_are_pooled_into_files_like_a_runs_own(truth: Predictions, tmp_path: Path) -> None:
    for seed, (name, sex) in enumerate((("one_sex", True), ("two_sex", True), ("free", False))):
        for kind in ("-val", "-val-mirrored", "-phantoms", "-phantoms-mirrored"):
            made = Predictions(ids=truth.ids, male=truth.male, label=truth.label, estimate=noisy(truth, 9, seed))
            write_predictions(made, tmp_path / f"{name}{kind}.csv")
        (tmp_path / f"{name}.json").write_text(json.dumps({"needs_sex": sex, "architecture": name}))
    told = pool(["one_sex", "two_sex", "free"], "all_of_them", tmp_path)
    assert set(told["members"]) == {"one_sex", "two_sex"}
    assert told["members_without_sex"] == {"free": 1.0}
    stored = read_predictions(tmp_path / "all_of_them-val-mirrored.csv")
    assert np.abs(stored.residual).mean() == pytest.approx(told["mae"]["out_of_fold"], abs=1e-3)
    assert json.loads((tmp_path / "all_of_them.json").read_text()) == told


def test_members_evaluated_on_other_images_are_refused(truth: Predictions, tmp_path: Path) -> None:
    for name, part in (("one", truth), ("two", truth.where(np.arange(N) < 600))):
        write_predictions(part, tmp_path / f"{name}-val-mirrored.csv")
        (tmp_path / f"{name}.json").write_text(json.dumps({"needs_sex": True, "architecture": name}))
    with pytest.raises(ValueError, match="two and one were evaluated on different images"):
        pool(["one", "two"], "both", tmp_path)
