"""What must not be read by its grey values, and what must not be reported by its estimate: the gates behind decoding.

The first opinion on "is this one whole hand?" is that of the bundle's detector (``detection``), the second that of the outline
(``hand_shape``). Bundles without a detector are judged by the outline alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from baa_node.core.assessment import Refusal
from baa_node.core.ensemble import Estimate
from baa_node.core.frame import hand_shape
from baa_node.core.frame.borders import darkly_framed
from baa_node.core.frame.detection import Detector, Seen, Sight, view_of
from baa_node.core.frame.smoothing import Settled, grey_levels, settle, within
from baa_node.core.gates.limits import DEFAULT_GATES, Gates
from baa_node.core.radiograph import Radiograph
from baa_node.core.reasons import Reason

WHITE: Final = np.uint8(255)


@dataclass(frozen=True, kw_only=True)
class NegativeRefusal(Refusal):
    """A refusal of a frame that shows a hand, bright and dark in each other's place."""


def to_be_read(radiograph: Radiograph, gates: Gates = DEFAULT_GATES, detector: Detector | None = None) -> Radiograph | Refusal:
    """Pass a radiograph on to the networks, or say why not.

    A negative that is declared a positive (Photometric Interpretation, PS3.3 C.7.6.3.1.2) is turned round where the gates then see one
    whole hand as in any other image.
    """
    refusal = refuse_pixels(radiograph, gates, detector)
    if gates.read_negatives and isinstance(refusal, NegativeRefusal):
        positive = replace(radiograph, pixels=WHITE - radiograph.pixels, negative=True)
        return refusal if refuse_pixels(positive, gates, detector) else positive
    return refusal or radiograph


def refuse_pixels(radiograph: Radiograph, gates: Gates = DEFAULT_GATES, detector: Detector | None = None) -> Refusal | None:
    """Judge a radiograph as it is by its grey values alone: the detector sees no white border, the rest a narrow black one."""
    settled = settle(radiograph.pixels)
    if refusal := _refuse_quality(radiograph, settled, gates):
        return refusal
    seen = detector(detector_view(radiograph.pixels, settled)) if detector is not None and gates.min_one_hand > 0 else None
    if seen is not None and (refusal := refuse_sight(seen, gates)):
        return refusal
    if not gates.outline or (seen is not None and seen.one_hand >= gates.sure_one_hand):
        return None
    return _refuse_outline(settled.whole, gates)


def detector_view(pixels: NDArray[np.uint8], settled: Settled) -> NDArray[np.uint8]:
    """Show the detector a frame ``(H, W)`` that was settled: without noise where there was any, and without a white border."""
    return view_of(settled.whole if settled.noise_levels else darkly_framed(pixels))


def refuse_sight(sight: Sight, gates: Gates = DEFAULT_GATES) -> Refusal | None:
    """Judge by what the detector says it sees."""
    if sight.one_hand < gates.min_one_hand:
        return _by_likeliest(sight, gates)
    if sight.distance > gates.max_unlikeness:
        detail = f"the frame lies {sight.distance:.0f} from the hands that were learnt, more than {gates.max_unlikeness:g}"
        return Refusal(reasons=(Reason.UNLIKE_TRAINING,), detail=detail)
    return None


def refuse_estimate(estimate: Estimate, gates: Gates = DEFAULT_GATES) -> Refusal | None:
    """Judge a number before anybody sees it: networks at odds, a value that hangs on noise or on the crop, an age that no image had."""
    spread = estimate.spread_months
    if spread is not None and 0 < gates.max_member_sd_months < spread:
        detail = f"the members' estimates have a standard deviation of {spread:.1f} months, more than {gates.max_member_sd_months:g}"
        return Refusal(reasons=(Reason.MEMBERS_DISAGREE,), detail=detail)
    shift = abs(estimate.noise_shift_months or 0.0)
    if 0 < gates.max_noise_shift_months < shift:
        detail = f"without its noise the estimate is {shift:.0f} months away, more than {gates.max_noise_shift_months:g}"
        return _poor(detail)
    shift = abs(estimate.crop_shift_months or 0.0)
    if 0 < gates.max_crop_shift_months < shift:
        return _poor(f"a few grey levels decide where the hand ends, and change the estimate by {shift:.0f} months")
    if estimate.validated_range_months is None or gates.beyond_range_months < 0:
        return None
    low, high = estimate.validated_range_months
    if low - gates.beyond_range_months <= estimate.bone_age_months <= high + gates.beyond_range_months:
        return None
    detail = f"the estimate of {estimate.bone_age_months:.0f} months is outside the {low:g} to {high:g} months of the validated images"
    return Refusal(reasons=(Reason.ESTIMATE_OUTSIDE_RANGE,), detail=detail)


def _refuse_quality(radiograph: Radiograph, settled: Settled, gates: Gates) -> Refusal | None:
    short_side = min(radiograph.pixels.shape)
    if short_side < gates.min_short_side_px:
        return _poor(f"the short side has {short_side} pixels, fewer than {gates.min_short_side_px}")
    levels = grey_levels(within(radiograph.pixels, settled.box))
    if levels < gates.min_grey_levels:
        return _poor(f"the frame has {levels} grey levels, fewer than {gates.min_grey_levels}")
    if hand_shape.clarity(settled.whole) < gates.min_clarity:
        return _poor("the frame holds little but noise")
    return None


def _poor(detail: str) -> Refusal:
    return Refusal(reasons=(Reason.POOR_QUALITY,), detail=detail)


def _by_likeliest(sight: Sight, gates: Gates) -> Refusal:
    """Name what the detector sees instead; where it sees a hand after all but is not sure enough, that is what is said."""
    share = f"one whole hand is seen with {sight.one_hand:.0%}, less than {gates.min_one_hand:.0%}"
    reason = sight.likeliest.reason
    if reason is None:
        return Refusal(reasons=(Reason.UNLIKE_TRAINING,), detail=share)
    kind = NegativeRefusal if sight.likeliest is Seen.INVERTED else Refusal
    return kind(reasons=(reason,), detail=f"{_DETAILS[sight.likeliest]}; {share}")


NEGATIVE: Final = "the frame looks like a negative: is its PhotometricInterpretation right?"

_DETAILS: Final = {
    Seen.NO_HAND: "no hand is seen",
    Seen.SEVERAL_HANDS: "several hands are seen",
    Seen.CUT_OFF: "a part of a hand is seen",
    Seen.COVERED: "a cast, metal or another object is seen over the hand",
    Seen.INVERTED: NEGATIVE,
}


def _refuse_outline(pixels: NDArray[np.uint8], gates: Gates) -> Refusal | None:
    hands = hand_shape.count_hands(pixels)
    if hands > 1:
        return Refusal(reasons=(Reason.SEVERAL_HANDS,), detail="two outlines with fingers")
    if hands == 0:
        return Refusal(reasons=(Reason.NO_HAND,), detail="no outline with fingers")
    if gates.refuse_negatives and hand_shape.looks_negative(pixels):
        return NegativeRefusal(reasons=(Reason.UNLIKE_TRAINING,), detail=NEGATIVE)
    return None
