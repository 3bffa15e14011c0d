"""Drawn images, each of which is refused for one reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from baa_node.core.gates.limits import Gates
from baa_node.core.radiograph import Sex
from baa_node.core.reasons import Reason
from tests.parts.frames import image
from tests.parts.looks import enlarged, square_hand
from train.detector import variants
from train.phantom import draw_hand, draw_not_a_hand

Words = NDArray[np.uint16]


def drawn_hand(seed: int = 1) -> Words:
    return draw_hand(age_months=120.0, sex=Sex.FEMALE, seed=seed, height_px=500).pixels


def drawn(kind: str) -> Words:
    return draw_not_a_hand(kind, 1, height_px=500).pixels


def variant(name: str, seed: int = 1) -> Words:
    rng = np.random.default_rng(seed)
    return enlarged(getattr(variants, name)(square_hand(seed), rng)).astype(np.uint16) * 16


def pair() -> Words:
    return enlarged(variants.several(square_hand(1), square_hand(3), np.random.default_rng(1))).astype(np.uint16) * 16


def truncated() -> Dataset:
    ds = image(drawn_hand())
    ds.PixelData = ds.PixelData[:100]
    return ds


GIVEN: Final[dict[Reason, Callable[[], dict[str, Any]]]] = {
    Reason.NO_HAND: lambda: {"ds": image(drawn("foot_or_long_bone"))},
    Reason.SEVERAL_HANDS: lambda: {"ds": image(pair())},
    Reason.HAND_CUT_OFF: lambda: {"ds": image(variant("cut_off"))},
    Reason.NOT_FRONTAL: lambda: {"ds": image(drawn_hand(), ViewPosition="LL")},
    Reason.POOR_QUALITY: lambda: {"ds": image(drawn("blank"))},
    Reason.OBSCURED: lambda: {"ds": image(variant("covered", 4))},
    Reason.SEX_UNKNOWN: lambda: {"ds": image(drawn_hand(), PatientSex="O")},
    Reason.AGE_OUTSIDE_USE: lambda: {"ds": image(drawn_hand(), PatientBirthDate="19800101")},
    Reason.ESTIMATE_OUTSIDE_RANGE: lambda: {"ds": image(drawn_hand()), "months": (240.0,), "limit": (6.0, 228.0)},
    Reason.MEMBERS_DISAGREE: lambda: {"ds": image(drawn_hand()), "months": (100.0, 130.0)},
    Reason.UNLIKE_TRAINING: lambda: {"ds": image(4095 - drawn_hand()), "gates": Gates(read_negatives=False)},
    Reason.UNDECODABLE: lambda: {"ds": truncated()},
    Reason.ATTRIBUTES: lambda: {"ds": image(drawn_hand(), StudyInstanceUID=None)},
    Reason.UNSUPPORTED: lambda: {"ds": image(drawn_hand(), Modality="CT")},
    Reason.TIME_LIMIT: lambda: {"ds": image(drawn_hand()), "late": True},
}
"""What makes a reading give this reason. ``INTERNAL`` is no property of an image: tests/pipeline/test_refusals.py has it."""
