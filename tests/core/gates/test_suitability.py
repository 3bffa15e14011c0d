"""The gates behind decoding, and every reason that a reading can give, given by an image."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset

from baa_node.bundle import CPU, default_bundle, load_bundle
from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.ensemble import Ensemble
from baa_node.core.frame.detection import Detector, Seen, Sight
from baa_node.core.gates.limits import Gates
from baa_node.core.gates.suitability import NEGATIVE, refuse_estimate, refuse_pixels, to_be_read
from baa_node.core.radiograph import Radiograph, Sex, from_dataset
from baa_node.core.reading import ReadingPolicy, read_bone_age
from baa_node.core.reasons import Reason
from tests.parts.frames import image
from tests.parts.hands import constant_ensemble
from tests.parts.looks import sees
from tests.parts.refused import GIVEN, Words, drawn, drawn_hand


@pytest.fixture(scope="module")
def detector() -> Detector:
    """The network that ships with the package."""
    found = load_bundle(default_bundle(), providers=[CPU], threads=1).detector
    assert found is not None
    return found


def reading(
    ds: Dataset,
    detector: Detector | None,
    *,
    months: tuple[float, ...] = (118.0,),
    limit: tuple[float, float] | None = None,
    late: bool = False,
    gates: Gates | None = None,
) -> Assessment | Refusal:
    """Read with members that always say the same and a detector that really looks."""
    members = tuple(replace(constant_ensemble(value).members[0], name=f"member {index}") for index, value in enumerate(months))
    ensemble: Ensemble = replace(constant_ensemble(), members=members, detector=detector, validated_range_months=limit)
    return read_bone_age(ds, ensemble, ReadingPolicy(gates=gates or Gates()), out_of_time=lambda: late)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.INTERNAL])
def test_every_reason_is_really_given(reason: Reason, detector: Detector) -> None:
    result = reading(detector=detector, **GIVEN[reason]())
    assert isinstance(result, Refusal)
    assert result.reasons == (reason,)
    assert result.detail


@pytest.mark.parametrize("seed", range(6))
def test_a_drawn_hand_is_read_with_the_shipped_detector(seed: int, detector: Detector) -> None:
    assert isinstance(reading(image(drawn_hand(seed)), detector), Assessment)


@pytest.mark.parametrize("border", [None, 0, 255], ids=["whole frame", "black border", "white border"])
@pytest.mark.parametrize("brightest", [10, 4095], ids=["as they are", "spread over the range"])
def test_a_hand_of_few_grey_levels_is_no_hand_to_read(brightest: int, border: int | None, detector: Detector) -> None:
    """However they are displayed; the detector, who stretches what he sees, would let it pass."""
    few = np.rint(drawn_hand() / 4095 * 10) / 10 * brightest
    words = few.astype(np.uint16) if border is None else np.pad(few.astype(np.uint16), 40, constant_values=border * 16)
    refusal = reading(image(words), detector)
    assert isinstance(refusal, Refusal)
    assert refusal.reasons == (Reason.POOR_QUALITY,)
    assert "grey levels, fewer than 20" in refusal.detail


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_hand_is_a_hand(turns: int, detector: Detector) -> None:
    assert isinstance(reading(image(np.ascontiguousarray(np.rot90(drawn_hand(), turns))), detector), Assessment)


@pytest.mark.parametrize("share", [0.05, 0.15, 0.3])
def test_the_detector_sees_no_white_border(share: float) -> None:
    """Films copied on white paper, and negatives whose zeros became white, look as collimated plates do."""
    hand, views = shown(drawn_hand()), []

    def sees_all(view: NDArray[np.uint8]) -> Sight:
        views.append(view)
        return sees(Seen.NO_HAND, 0.0)(view)

    reach = round(share * min(hand.pixels.shape))
    for grey in (0, 255):
        assert refuse_pixels(replace(hand, pixels=np.pad(hand.pixels, reach, constant_values=grey)), Gates(), sees_all) is None
    assert np.array_equal(*views)


def shown(words: Words) -> Radiograph:
    return from_dataset(image(words))


class TestNegatives:
    """Bright and dark in each other's place, though the header says nothing of it."""

    hand = shown(drawn_hand())

    def sees_positives(self, view: NDArray[np.uint8]) -> Sight:
        """See one hand where the frame is dark at its rim, else its negative."""
        dark = float(np.median(view[0])) < 128
        return sees(Seen.NO_HAND, 0.0)(view) if dark else sees(Seen.INVERTED, 0.9)(view)

    def test_are_read_as_positives(self) -> None:
        passed = to_be_read(replace(self.hand, pixels=255 - self.hand.pixels), Gates(), self.sees_positives)
        assert isinstance(passed, Radiograph)
        assert passed.negative
        assert np.array_equal(passed.pixels, self.hand.pixels)

    def test_positives_stay_as_they_are(self) -> None:
        assert to_be_read(self.hand, Gates(), self.sees_positives) is self.hand

    def test_are_refused_where_a_site_wants_that(self) -> None:
        refusal = to_be_read(replace(self.hand, pixels=255 - self.hand.pixels), Gates(read_negatives=False), self.sees_positives)
        assert isinstance(refusal, Refusal)
        assert refusal.detail.startswith(NEGATIVE)

    def test_are_refused_where_the_positive_shows_no_hand_either(self) -> None:
        refusal = to_be_read(self.hand, Gates(), sees(Seen.INVERTED, 0.9))
        assert isinstance(refusal, Refusal)
        assert refusal.detail.startswith(NEGATIVE)

    def test_what_is_refused_for_anything_else_is_not_tried_the_other_way_round(self) -> None:
        looks: list[NDArray[np.uint8]] = []

        def sees_nothing(view: NDArray[np.uint8]) -> Sight:
            looks.append(view)
            return sees(Seen.NO_HAND, 0.9)(view)

        assert isinstance(to_be_read(self.hand, Gates(), sees_nothing), Refusal)
        assert len(looks) == 1


class TestOpinions:
    """Detector first, outline second, and what a site may make of that."""

    @pytest.mark.parametrize("seen", [seen for seen in Seen if seen.reason])
    def test_what_is_seen_instead_is_the_reason(self, seen: Seen) -> None:
        refusal = refuse_pixels(shown(drawn_hand()), Gates(), sees(seen, 0.9))
        assert refusal is not None
        assert refusal.reasons == (seen.reason,)

    def test_where_nothing_is_likely_it_is_unlike_what_was_learnt(self) -> None:
        refusal = refuse_pixels(shown(drawn_hand()), Gates(min_one_hand=0.8), sees(Seen.NO_HAND, 0.3))
        assert refusal is not None
        assert refusal.reasons == (Reason.UNLIKE_TRAINING,)

    def test_an_image_too_far_from_all_hands_is_refused(self) -> None:
        far = sees(Seen.NO_HAND, 0.0, distance=Gates().max_unlikeness + 1)
        refusal = refuse_pixels(shown(drawn_hand()), Gates(), far)
        assert refusal is not None
        assert refusal.reasons == (Reason.UNLIKE_TRAINING,)
        assert refuse_pixels(shown(drawn_hand()), Gates(max_unlikeness=1000), far) is None

    def test_the_outline_has_a_say_where_the_detector_is_not_sure(self) -> None:
        knee = shown(drawn("foot_or_long_bone"))
        assert refuse_pixels(knee, Gates(), sees(Seen.NO_HAND, 0.2)) is not None
        assert refuse_pixels(knee, Gates(), sees(Seen.NO_HAND, 0.0)) is None
        assert refuse_pixels(knee, Gates(sure_one_hand=1.1), sees(Seen.NO_HAND, 0.0)) is not None
        assert refuse_pixels(knee, Gates(outline=False), sees(Seen.NO_HAND, 0.2)) is None

    def test_without_a_detector_the_outline_decides(self) -> None:
        assert refuse_pixels(shown(drawn_hand())) is None
        refusal = refuse_pixels(shown(drawn("foot_or_long_bone")))
        assert refusal is not None
        assert refusal.reasons == (Reason.NO_HAND,)

    def test_a_site_may_do_without_the_detector(self) -> None:
        assert refuse_pixels(shown(drawn_hand()), Gates(min_one_hand=0), sees(Seen.NO_HAND)) is None

    def test_quality_comes_first(self) -> None:
        refusal = refuse_pixels(shown(drawn("blank")), Gates(), sees(Seen.COVERED))
        assert refusal is not None
        assert refusal.reasons == (Reason.POOR_QUALITY,)


class TestEstimates:
    @pytest.mark.parametrize(("months", "refused"), [((118.0,), False), ((100.0, 120.0), False), ((100.0, 122.0), True)])
    def test_members_may_differ_so_far_and_no_farther(self, months: tuple[float, ...], refused: bool) -> None:
        members = tuple(replace(constant_ensemble(value).members[0], name=str(value)) for value in months)
        estimate = replace(constant_ensemble(), members=members).estimate(np.zeros((300, 200), np.uint8), Sex.FEMALE)
        assert (refuse_estimate(estimate) is not None) is refused
        assert refuse_estimate(estimate, Gates(max_member_sd_months=0)) is None

    @pytest.mark.parametrize(("on", "limit"), [("noise", 15), ("crop", 30)])
    @pytest.mark.parametrize(("beyond", "refused"), [(None, False), (0, False), (1, True)])
    def test_a_number_that_hangs_on_noise_or_crop_is_not_given(self, on: str, limit: float, beyond: float | None, refused: bool) -> None:
        estimate = constant_ensemble().estimate(np.zeros((300, 200), np.uint8), Sex.FEMALE)
        for shift in (None,) if beyond is None else (limit + beyond, -limit - beyond):
            found: Any = {f"{on}_shift_months": shift}
            never: Any = {f"max_{on}_shift_months": 0}
            refusal = refuse_estimate(replace(estimate, **found))
            assert (refusal is not None) is refused
            assert refusal is None or refusal.reasons == (Reason.POOR_QUALITY,)
            assert refuse_estimate(replace(estimate, **found), Gates(**never)) is None

    @pytest.mark.parametrize(
        ("months", "beyond", "refused"),
        [(5.0, 0.0, True), (6.0, 0.0, False), (228.0, 0.0, False), (229.0, 0.0, True), (229.0, 2.0, False), (400.0, -1.0, False)],
    )
    def test_ages_that_nobody_tried(self, months: float, beyond: float, refused: bool) -> None:
        ensemble = replace(constant_ensemble(months), validated_range_months=(6.0, 228.0))
        estimate = ensemble.estimate(np.zeros((300, 200), np.uint8), Sex.FEMALE)
        refusal = refuse_estimate(estimate, Gates(beyond_range_months=beyond))
        assert (refusal is not None) is refused

    def test_a_bundle_that_names_no_range_has_none(self) -> None:
        estimate = constant_ensemble(500.0).estimate(np.zeros((300, 200), np.uint8), Sex.FEMALE)
        assert refuse_estimate(estimate) is None


def test_a_number_that_is_there_is_not_thrown_away() -> None:
    answers = iter([False, False, True])
    result = read_bone_age(image(drawn_hand()), constant_ensemble(), out_of_time=lambda: next(answers))
    assert isinstance(result, Assessment)
    assert result.estimate.bone_age_months == 118.0
