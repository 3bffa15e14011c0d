from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from baa_node.core.ensemble import BundleIdentity, Calibration, Ensemble, Member, Run
from baa_node.core.preprocess import ESPINAL_RASTER, PAD, Preparation
from baa_node.core.radiograph import Sex
from baa_node.errors import BundleError, MissingAttribute

IDENTITY = BundleIdentity(name="test", version="1", sha256="0" * 64)
RESIDUALS = {"F": tuple(range(-10, 10)), "M": tuple(range(-20, 20)), "unknown": tuple(range(-30, 30))}
PIXELS = np.random.default_rng(1).integers(0, 256, (60, 40), np.uint8)


def says(months: float, heat: float = 0.5, side: int = 4) -> Run:
    def run(image: NDArray[np.uint8], sex: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        assert image.dtype == np.uint8
        assert sex.shape == (len(image), 1)
        return np.full(len(image), months, np.float32), np.full((len(image), side, side), heat, np.float32)

    return run


def member(
    name: str, run: Run, *, weight: float = 1.0, needs_sex: bool = True, preparation: Preparation = PAD, provider: str = "CPU"
) -> Member:
    return Member(name=name, preparation=preparation, weight=weight, needs_sex=needs_sex, run=run, provider=lambda: provider)


def ensemble(*members: Member, coverage: float = 0.9) -> Ensemble:
    return Ensemble(members=members, calibration=Calibration(coverage=coverage, residuals_months=RESIDUALS), identity=IDENTITY)


def test_the_pooled_value_is_the_weighted_mean() -> None:
    found = ensemble(member("a", says(100), weight=3), member("b", says(120), weight=1)).estimate(PIXELS, Sex.FEMALE)
    assert found.bone_age_months == pytest.approx(105)
    assert found.members == {"a": 100, "b": 120}
    assert found.spread_months == pytest.approx(math.sqrt(200))
    assert found.sex_used == "F"
    assert found.bundle is IDENTITY


def test_one_member_has_no_spread() -> None:
    assert ensemble(member("a", says(100))).estimate(PIXELS, Sex.MALE).spread_months is None


def test_the_interval_is_the_conformal_one_of_the_patients_sex() -> None:
    readers = ensemble(member("a", says(100)))
    # girls: 20 residuals, rank ceil(21 * 0.9) = 19 of |r| sorted 0,1,1,...,9,9,10 -> 9; boys: rank ceil(41 * 0.9) = 37 of 40 -> 18
    assert readers.estimate(PIXELS, Sex.FEMALE).interval_months == (91, 109)
    assert readers.estimate(PIXELS, Sex.MALE).interval_months == (82, 118)


def test_an_interval_may_reach_below_zero_rather_than_be_clipped() -> None:
    low, high = ensemble(member("a", says(4))).estimate(PIXELS, Sex.MALE).interval_months
    assert (low, high) == (-14, 22)


@given(residuals=st.lists(st.floats(-60, 60), min_size=30, max_size=80), coverage=st.floats(0.1, 0.95))
def test_the_half_width_covers_at_least_the_nominal_share_of_the_calibration_set(residuals: list[float], coverage: float) -> None:
    half = Calibration(coverage=coverage, residuals_months={"F": residuals}).half_width_months(Sex.FEMALE)
    assert sum(abs(value) <= half for value in residuals) >= coverage * len(residuals)


@pytest.mark.parametrize("residuals", [(), (1.0, 2.0, 3.0)])
def test_too_few_residuals_give_no_interval(residuals: tuple[float, ...]) -> None:
    with pytest.raises(BundleError, match="sex M"):
        Calibration(coverage=0.9, residuals_months={"M": residuals}).half_width_months(Sex.MALE)


def test_without_sex_nobody_guesses_one() -> None:
    readers = ensemble(member("a", says(100)))
    assert readers.needs_sex
    with pytest.raises(MissingAttribute, match="PatientSex"):
        readers.estimate(PIXELS, None)


def test_without_sex_only_the_members_that_need_none_vote() -> None:
    readers = ensemble(member("a", says(100)), member("b", says(140), needs_sex=False))
    found = readers.estimate(PIXELS, None)
    assert not readers.needs_sex
    assert found.members == {"b": 140}
    assert found.sex_used is None
    assert found.interval_months == (140 - 27, 140 + 27)  # 60 residuals, rank ceil(61 * 0.9) = 55


def test_where_the_sex_is_unknown_members_that_use_it_say_what_either_would_be_given() -> None:
    def older_girls(image: NDArray[np.uint8], male: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return 120 - 20 * male[:, 0], np.zeros((len(image), 2, 2), np.float32)

    readers = ensemble(member("a", older_girls, weight=3, preparation=ESPINAL_RASTER), member("b", says(160), needs_sex=False))
    found = readers.estimate(PIXELS, None)
    assert found.bone_age_months == 160
    assert found.by_sex == {Sex.FEMALE: (130.0, 121.0, 139.0), Sex.MALE: (115.0, 97.0, 133.0)}
    for sex, (months, low, high) in found.by_sex.items():
        known = readers.estimate(PIXELS, sex)
        assert (known.bone_age_months, known.interval_months) == (months, (low, high))
        assert known.by_sex == {}


def test_members_that_use_no_sex_have_nothing_to_say_by_sex() -> None:
    assert ensemble(member("b", says(140), needs_sex=False)).estimate(PIXELS, None).by_sex == {}


@pytest.mark.parametrize(("sex", "coded"), [(Sex.FEMALE, 0.0), (Sex.MALE, 1.0)])
def test_sex_reaches_the_network_in_the_one_encoding(sex: Sex, coded: float) -> None:
    def echo(image: NDArray[np.uint8], given: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return 100 + given[:, 0], np.zeros((len(image), 2, 2), np.float32)

    assert ensemble(member("a", echo)).estimate(PIXELS, sex).bone_age_months == 100 + coded


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_member_that_gives_no_number_is_named(bad: float) -> None:
    with pytest.raises(BundleError, match="broken"):
        ensemble(member("a", says(100)), member("broken", says(bad))).estimate(PIXELS, Sex.MALE)


def test_the_heat_map_is_the_mean_of_the_members_that_saw_the_same() -> None:
    readers = ensemble(
        member("a", says(100, heat=0.2), weight=3),
        member("b", says(100, heat=1.0), weight=1),
        member("c", says(100, heat=0.9), weight=1, preparation=ESPINAL_RASTER),
        member("d", says(100, heat=0.9, side=8), weight=1),
    )
    found = readers.estimate(PIXELS, Sex.MALE)
    # c saw another crop; d saw the same one more finely: (3 · 0.2 + 1.0 + 0.9) / 5
    np.testing.assert_allclose(found.saliency, np.full((8, 8), 0.5), rtol=1e-6)
    assert found.saliency.dtype == np.float32
    assert found.crop == (0, -10, 60, 60)


def test_a_lost_gpu_shows_in_the_estimate() -> None:
    mixed = ensemble(member("a", says(1), provider="CUDA"), member("b", says(1), provider="CPU"), member("c", says(1), provider="CUDA"))
    assert mixed.provider == "CUDA+CPU"
    assert mixed.estimate(PIXELS, Sex.MALE).provider == "CUDA+CPU"


def test_a_member_of_weight_nothing_reads_only_what_the_others_cannot() -> None:
    spare = Member(
        name="spare", preparation=PAD, weight=0.0, weight_without_sex=1.0, needs_sex=False, run=says(140), provider=lambda: "CPU"
    )
    readers = ensemble(member("a", says(100)), spare)
    assert not readers.needs_sex
    assert readers.estimate(PIXELS, Sex.MALE).members == {"a": 100}
    assert readers.estimate(PIXELS, None).members == {"spare": 140}


BANDED = Calibration(
    coverage=0.9,
    residuals_months={"F": [1.0] * 20 + [5.0] * 20 + [-9.0] * 20},
    estimates_months={"F": [40.0] * 20 + [100.0] * 20 + [180.0] * 20},
    edges_months={"F": [60.0, 150.0]},
)


@pytest.mark.parametrize(("estimate", "half"), [(-5, 1), (59.9, 1), (60, 5), (149.9, 5), (150, 9), (400, 9), (None, 9)])
def test_the_interval_is_that_of_the_estimates_age_band(estimate: float | None, half: float) -> None:
    assert BANDED.half_width_months(Sex.FEMALE, estimate) == half


def test_a_band_too_small_for_the_coverage_is_found_by_the_check() -> None:
    sparse = Calibration(
        coverage=0.9, residuals_months={"F": [1.0] * 25}, estimates_months={"F": [40.0] * 20 + [100.0] * 5}, edges_months={"F": [60.0]}
    )
    assert sparse.half_width_months(Sex.FEMALE, 50) == 1
    with pytest.raises(BundleError, match="5 calibration residuals for sex F"):
        sparse.widest_checked_months(Sex.FEMALE)


def test_the_bundles_limit_of_disagreement_travels_with_the_estimate() -> None:
    calibration = Calibration(coverage=0.9, residuals_months=RESIDUALS)
    readers = Ensemble(members=(member("a", says(100)),), calibration=calibration, identity=IDENTITY, disagreement_months=7.5)
    assert readers.estimate(PIXELS, Sex.MALE).disagreement_months == 7.5


def mean_of_detail(image: NDArray[np.uint8], sex: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A network that looks for nothing but fine grain."""
    detail = np.abs(np.diff(image[..., 0].astype(np.float32), axis=2)).mean(axis=(1, 2))
    return detail, np.zeros((len(image), 4, 4), np.float32)


def mean_of_brightness(image: NDArray[np.uint8], sex: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A network that looks for nothing but how bright its picture is."""
    return image.mean(axis=(1, 2, 3)).astype(np.float32), np.zeros((len(image), 4, 4), np.float32)


def test_a_noisy_frame_is_read_without_its_noise_too() -> None:
    rng = np.random.default_rng(2)
    smooth = np.add.outer(np.linspace(20, 120, 300), np.linspace(0, 80, 250))
    noisy = np.clip(smooth + rng.normal(0, 10, smooth.shape), 0, 255).astype(np.uint8)
    reader = ensemble(member("a", mean_of_detail))
    clean = reader.estimate(smooth.astype(np.uint8), Sex.FEMALE)
    assert clean.noise_shift_months is None
    shift = reader.estimate(noisy, Sex.FEMALE).noise_shift_months
    assert shift is not None
    assert shift < -1


@pytest.mark.parametrize(("levels", "doubtful"), [(30, True), (120, False)])
def test_where_the_crop_hangs_on_a_few_grey_levels_both_are_read(levels: int, doubtful: bool) -> None:
    fading = np.tile(np.linspace(60, 60 + levels, 299), (299, 1)).round().astype(np.uint8)
    views: list[float] = []

    def looking(image: NDArray[np.uint8], sex: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        views.append(float(image.mean()))
        return mean_of_brightness(image, sex)

    estimate = ensemble(member("a", looking, preparation=ESPINAL_RASTER)).estimate(fading, Sex.FEMALE)
    assert (estimate.crop_shift_months is not None) is doubtful
    assert estimate.bone_age_months == pytest.approx(views[0])
    if estimate.crop_shift_months is not None:
        assert views[-1] != pytest.approx(views[0])
        assert estimate.bone_age_months + estimate.crop_shift_months == pytest.approx(views[-1])
