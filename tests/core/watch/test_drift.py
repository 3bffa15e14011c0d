"""Drift is silent on more of the same, speaks up when something changed, and says what it compares with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baa_node.bundle import default_bundle, verify_bundle
from baa_node.core.ensemble import BundleIdentity
from baa_node.core.record import to_json
from baa_node.core.watch.drift import LEAST, drifts, norms_of, shares, stability_index
from baa_node.core.watch.norms import NORMS, Norm, Norms
from baa_node.core.watch.traits import INPUTS, OUTPUTS, Traits, focus
from tests.parts.hands import constant_ensemble
from tests.parts.results import RADIOGRAPH, REFUSAL, assessment

MEASURED = json.loads((Path(__file__).parents[3] / "train" / "results" / "drift.json").read_text())
UNIFORM = Norm(mean=0.5, sd=0.29, deciles=tuple(i / 10 for i in range(1, 10)))
NAMED = Norms(bundle_sha256="0" * 64, traits={"mean_grey": UNIFORM}, shares={})


def outcomes(values: list[float]) -> list[dict[str, Any]]:
    return [{"status": "refused", "traits": {"mean_grey": value}} for value in values]


def test_what_is_in_code_is_what_was_measured() -> None:
    assert MEASURED["bundle_sha256"] == NORMS.bundle_sha256
    told = {name: {"mean": one.mean, "sd": one.sd, "deciles": list(one.deciles)} for name, one in NORMS.traits.items()}
    assert told == MEASURED["traits"]
    assert dict(NORMS.shares) == MEASURED["shares"]
    assert set(told) <= {*INPUTS, *OUTPUTS}


def test_the_shipped_bundle_is_the_one_that_was_measured() -> None:
    assert norms_of(verify_bundle(default_bundle())) is NORMS, "another bundle ships: run python -m train.drift and copy its figures"
    assert norms_of(BundleIdentity(name="other", version="1", sha256="1" * 64)) is None
    assert norms_of(None) is None


def test_more_of_the_same_is_no_drift_and_a_shift_is() -> None:
    rng = np.random.default_rng(5)
    (same,) = drifts(outcomes(list(rng.random(200))), NAMED)
    (moved,) = drifts(outcomes(list(rng.random(200) * 0.6)), NAMED)
    assert same.psi is not None
    assert same.psi < 0.1
    assert moved.psi is not None
    assert moved.psi > 0.25
    assert same.mean == pytest.approx(0.5, abs=0.06)


def test_chance_gives_what_the_text_says() -> None:
    rng = np.random.default_rng(7)
    found = [stability_index(list(rng.random(200)), UNIFORM.deciles) for _ in range(400)]
    assert np.mean(found) == pytest.approx(9 / 200, abs=0.01)
    assert np.quantile(found, 0.95) < 0.1


def test_too_few_images_and_another_bundle_give_no_index() -> None:
    (few,) = drifts(outcomes([0.5] * (LEAST - 1)), NAMED)
    (other,) = drifts(outcomes([0.5] * LEAST), None)
    assert few.psi is None
    assert (other.psi, other.expected) == (None, None)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=100))
def test_the_index_is_never_negative_nor_infinite(values: list[float]) -> None:
    assert 0 <= stability_index(values, UNIFORM.deciles) < 20


def outcome(result: Any) -> dict[str, Any]:
    traits = Traits()
    traits.conclude(result)
    return {**to_json(result), "traits": traits.values}


def test_shares_are_of_the_last_images() -> None:
    read = [outcome(assessment()), outcome(assessment(60.0)), outcome(assessment(sex=None))]
    found = shares([*read, outcome(REFUSAL)])
    assert found == {"refused": 0.25, "outside_reference": pytest.approx(1 / 3), "members_differ": 0.0, "sex_unknown": pytest.approx(1 / 3)}
    assert shares([outcome(REFUSAL)]) == {"refused": 1.0}
    assert shares([]) == {}


def test_networks_at_odds_are_counted_by_the_limit_of_the_bundle() -> None:
    one = {**outcome(assessment()), "spread_months": 6.0, "disagreement_months": 5.35}
    assert shares([one, {**one, "spread_months": 5.0}])["members_differ"] == 0.5


def test_traits_are_of_image_and_reading() -> None:
    traits, ensemble = Traits(), constant_ensemble()
    assert traits.watching(ensemble) is ensemble  # it has no detector
    traits.see(RADIOGRAPH)
    traits.conclude(assessment())
    assert set(traits.values) == {*INPUTS, *OUTPUTS} - {"unlikeness"}
    assert traits.values["short_side_px"] == 300
    assert traits.values["mean_grey"] == pytest.approx(127.0, abs=1)


def test_focus_lies_between_everywhere_and_one_place() -> None:
    assert focus(np.ones((10, 10), np.float32)) == pytest.approx(0.1)
    single = np.zeros((10, 10), np.float32)
    single[3, 4] = 1
    assert focus(single) == 1
    assert focus(np.zeros((10, 10), np.float32)) is None


def test_the_detector_is_listened_to() -> None:
    from dataclasses import replace

    from baa_node.core.frame.detection import Seen, Sight

    sight = Sight(shares={Seen.ONE_HAND: 1.0}, distance=7.25)
    traits = Traits()
    watched = traits.watching(replace(constant_ensemble(), detector=lambda view: sight))
    assert watched.detector is not None
    assert watched.detector(np.zeros((112, 112), np.uint8)) is sight
    assert traits.values == {"unlikeness": 7.25}


@pytest.mark.parametrize("distances", [(40.0, 7.25), (7.25, 40.0)])
def test_a_frame_that_is_looked_at_both_ways_round_is_as_unlike_as_the_better_one(distances: tuple[float, float]) -> None:
    from dataclasses import replace

    from baa_node.core.frame.detection import Seen, Sight

    sights = iter([Sight(shares={Seen.ONE_HAND: 1.0}, distance=distance) for distance in distances])
    traits = Traits()
    watched = traits.watching(replace(constant_ensemble(), detector=lambda view: next(sights)))
    assert watched.detector is not None
    for _ in distances:
        watched.detector(np.zeros((112, 112), np.uint8))
    assert traits.values == {"unlikeness": 7.25}
