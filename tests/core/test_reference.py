from __future__ import annotations

import hashlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baa_node.core.radiograph import Sex
from baa_node.core.reference import TABLE, reference_at, reference_range

# SHA-256 over "sex age mean sd" lines: a figure cannot be changed by accident, in the table or in a merge.
CHECKSUM = "eff228df491c13d5a9b4aff2964a915ee5be36bf43d7d2b3530dbf1ea19b6a13"


def test_table_is_the_one_that_was_compared_with_its_sources() -> None:
    lines = [f"{sex.value} {age} {mean:.2f} {sd:.2f}" for sex in (Sex.MALE, Sex.FEMALE) for age, mean, sd in TABLE[sex]]
    assert len(lines) == 24 + 23
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == CHECKSUM


@pytest.mark.parametrize(
    ("sex", "age", "mean", "sd"),
    [
        (Sex.MALE, 3, 3.01, 0.69),
        (Sex.MALE, 120, 125.68, 9.79),
        (Sex.MALE, 204, 206.21, 13.05),
        (Sex.FEMALE, 192, 189.44, 7.31),
        (Sex.FEMALE, 54, 60.06, 10.73),
        (Sex.FEMALE, 138, 143.74, 11.09),
        (Sex.MALE, 15, 16.05, 2.745),
    ],
)
def test_rows_and_half_way_between_them(sex: Sex, age: float, mean: float, sd: float) -> None:
    point = reference_at(age, sex)
    assert point is not None
    assert (point.mean_months, point.sd_months) == (pytest.approx(mean), pytest.approx(sd))


@pytest.mark.parametrize("age", [-1.0, 0.0, 2.99, 204.01, 1e9, math.nan, math.inf])
def test_nothing_outside_the_table(age: float) -> None:
    assert reference_at(age, Sex.MALE) is None


def test_girls_end_a_year_before_boys() -> None:
    assert reference_range(Sex.FEMALE) == (3, 192)
    assert reference_range(Sex.MALE) == (3, 204)
    assert reference_at(192.5, Sex.FEMALE) is None


@given(sex=st.sampled_from(Sex), age=st.floats(3, 192))
def test_interpolation_stays_between_the_neighbouring_rows(sex: Sex, age: float) -> None:
    point = reference_at(age, sex)
    assert point is not None
    below = max(row for row in TABLE[sex] if row[0] <= age)
    above = min(row for row in TABLE[sex] if row[0] >= age)
    for value, ends in ((point.mean_months, (below[1], above[1])), (point.sd_months, (below[2], above[2]))):
        assert min(ends) - 1e-9 <= value <= max(ends) + 1e-9


@pytest.mark.parametrize("sex", list(Sex))
def test_mean_rises_with_age(sex: Sex) -> None:
    means = [mean for _, mean, _ in TABLE[sex]]
    assert means == sorted(means)
