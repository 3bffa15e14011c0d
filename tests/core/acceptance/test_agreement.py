from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from baa_node.core.acceptance.agreement import Z_95, Figure, mean, score, share

LABEL = np.array([12.0, 112.0, 125.0, 200.0])
ESTIMATE = np.array([10.0, 100.0, 150.0, 200.0])  # off by -2, -12, 25, 0
months = st.floats(1, 240)


def test_bias_spread_and_limits_are_those_worked_out_by_hand() -> None:
    found = score(LABEL, ESTIMATE)
    bias = 11 / 4
    sd = math.sqrt(sum((off - bias) ** 2 for off in (-2, -12, 25, 0)) / 3)
    assert found.bias.value == pytest.approx(bias)
    assert found.sd.value == pytest.approx(sd)
    assert found.lower_limit.value == pytest.approx(bias - 1.959964 * sd, abs=1e-4)
    assert found.upper_limit.value == pytest.approx(bias + 1.959964 * sd, abs=1e-4)
    assert found.mae.value == pytest.approx(39 / 4)
    assert found.rmse.value == pytest.approx(math.sqrt(773 / 4))
    assert (found.within_12.value, found.within_24.value) == (0.75, 0.75)


def test_the_deviate_is_that_of_the_normal_distribution() -> None:
    assert pytest.approx(NormalDist().inv_cdf(0.975)) == Z_95


def test_one_image_has_an_error_and_no_limits() -> None:
    found = score(LABEL[:1], ESTIMATE[:1])
    assert found.mae.value == 2
    assert math.isnan(found.sd.value)
    assert found.to_json()["upper_limit"] == {"value": None, "low": None, "high": None}


def test_intervals_of_bias_and_limits_are_those_of_bland_and_altman() -> None:
    """Standard errors s/sqrt(n) of the bias and s * sqrt(1/n + 1.96²/(2 (n - 1))) of a limit (Stat Methods Med Res 1999;8:135-160)."""
    off = np.random.default_rng(2).normal(3, 9, 2000)
    found = score(np.full(2000, 100.0), 100 + off)
    sd = float(off.std(ddof=1))
    errors = {"bias": sd / math.sqrt(2000), "upper_limit": sd * math.sqrt(1 / 2000 + Z_95**2 / (2 * 1999))}
    for name, error in errors.items():
        figure: Figure = getattr(found, name)
        assert (figure.high - figure.low) / 2 == pytest.approx(Z_95 * error, rel=0.08)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718), (29, 29, 0.8830, 1.0)],
)
def test_intervals_of_shares_are_those_of_the_paper(hits: int, n: int, low: float, high: float) -> None:
    """Newcombe, Stat Med 1998;17:857-872, table I, method 3; the last is the mirror of none of 29."""
    found = share(hits, n)
    assert found.value == hits / n
    assert (found.low, found.high) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


def test_the_interval_of_a_mean_is_that_of_theory() -> None:
    values = np.random.default_rng(4).normal(-1, 5, 1500)
    found = mean(values)
    assert found.value == pytest.approx(values.mean())
    assert (found.high - found.low) / 2 == pytest.approx(Z_95 * values.std() / math.sqrt(1500), rel=0.08)


@settings(max_examples=25)
@given(arrays.arrays(np.float64, st.tuples(st.integers(2, 12), st.just(2)), elements=months), st.floats(-50, 50))
def test_what_holds_for_any_sample(pairs: np.ndarray, shift: float) -> None:
    label, estimate = pairs.T
    found = score(label, estimate)
    assert abs(found.bias.value) <= found.mae.value + 1e-9 <= found.rmse.value + 2e-9
    assert found.rmse.value**2 == pytest.approx(found.bias.value**2 + found.sd.value**2 * (len(label) - 1) / len(label), abs=1e-3)
    assert found.lower_limit.value <= found.bias.value <= found.upper_limit.value
    assert 0 <= found.within_12.value <= found.within_24.value <= 1
    mirrored, moved = score(estimate, label), score(label, estimate + shift)
    assert mirrored.bias.value == pytest.approx(-found.bias.value, abs=1e-9)
    assert mirrored.mae == found.mae
    assert moved.bias.value == pytest.approx(found.bias.value + shift, abs=1e-6)
    assert moved.sd.value == pytest.approx(found.sd.value, abs=1e-3)


@given(st.integers(1, 300), st.data())
def test_a_share_lies_in_its_interval(n: int, data: st.DataObject) -> None:
    found = share(data.draw(st.integers(0, n)), n)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.high > found.low
