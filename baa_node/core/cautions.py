"""What a reader must be warned of: facts with their numbers, put into words only when a report is written.

A new caution is a member of `Concern`, a rule that yields it, and a text of the same name in each language
(``core/words``); a test holds the three together.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from statistics import NormalDist
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from baa_node.core.comparison import AssessmentPolicy, Comparison, Determination, ZConvention
from baa_node.core.ensemble import Estimate
from baa_node.core.frame.borders import inner_box
from baa_node.core.frame.smoothing import BLOCKY, NOISY, block_levels, fine_detail, grey_levels, noise_levels, within
from baa_node.core.radiograph import Laterality, Radiograph, Sex
from baa_node.core.reference import reference_range

SPARSE_BELOW_MONTHS: Final = 24.0
"""Below this bone age the public training set holds fewer than one image in a hundred (81 of 11 349)."""
SPARSE_ABOVE_MONTHS: Final = {Sex.FEMALE: 204.0, Sex.MALE: 216.0}
"""Above this bone age growth plates are closed or nearly so, and images are few (16 girls, 69 boys)."""
COARSE_BELOW_PX: Final = 299
"""Height and width of every frame of the training set; a frame of fewer rows or columns shows less than any of them did."""
FAINT_UP_TO_LEVELS: Final = 30
"""`grey_levels` that 99 of 100 validation hands exceed (1,262 hands)."""
UNSHARP_BELOW: Final = 0.32
"""`fine_detail` that all 1,262 validation hands exceed, and 19 of 20 that were shrunk to a third and enlarged again do not."""


class Concern(enum.Enum):
    """What a caution is about; the value is its name in records and in the texts of each language."""

    BORDERLINE_BY_MEAN = "borderline_by_mean"
    BORDERLINE_BY_AGE = "borderline_by_age"
    MEMBERS_DIFFER = "members_differ"
    NO_BIRTH_DATE = "no_birth_date"
    NO_EXAMINATION_DATE = "no_examination_date"
    BORN_AFTER_EXAMINATION = "born_after_examination"
    SEX_UNKNOWN = "sex_unknown"
    AGE_OUTSIDE_REFERENCE = "age_outside_reference"
    FEW_SO_YOUNG = "few_so_young"
    FEW_SO_MATURE = "few_so_mature"
    SEX_NOT_USED = "sex_not_used"
    BY_SEX = "by_sex"
    RIGHT_HAND = "right_hand"
    NEGATIVE = "negative"
    COARSE = "coarse"
    FAINT = "faint"
    NOISY = "noisy"
    BLOCKY = "blocky"
    UNSHARP = "unsharp"
    LOSSY = "lossy"
    BONE_AGE_FELL = "bone_age_fell"  # these and the following: see `core.priors.history`
    BONE_AGE_ROSE_TOO_FAST = "bone_age_rose_too_fast"
    OTHER_SEX_BEFORE = "other_sex_before"
    OTHER_BIRTH_DATE_BEFORE = "other_birth_date_before"
    OTHER_HAND_BEFORE = "other_hand_before"
    EARLIER_MAY_BE_MISSING = "earlier_may_be_missing"


Term: TypeAlias = Determination | Sex | Laterality | date
"""A value that each language has a word for, and days, which are written alike in all (ISO 8601)."""


@dataclass(frozen=True, kw_only=True)
class Caution:
    """One warning, in no language yet.

    Attributes
    ----------
    values
        Numbers and terms by the name under which the texts call for them, units in the names.
    """

    about: Concern
    values: Mapping[str, float | Term] = field(default_factory=dict)


def find_cautions(radiograph: Radiograph, estimate: Estimate, comparison: Comparison, policy: AssessmentPolicy) -> Iterator[Caution]:
    """Yield what a reader of this result must know, most important first."""
    if comparison.determination is not comparison.other_determination:
        by_age = policy.convention is ZConvention.CHRONOLOGICAL_AGE
        about = Concern.BORDERLINE_BY_MEAN if by_age else Concern.BORDERLINE_BY_AGE
        yield Caution(about=about, values={"determination": comparison.other_determination})
    if estimate.spread_months is not None and _members_differ_widely(estimate, estimate.spread_months):
        yield Caution(about=Concern.MEMBERS_DIFFER, values={"spread_months": estimate.spread_months})
    yield from _about_comparison(radiograph, comparison)
    yield from _about_range(radiograph, estimate)
    yield from _about_image(radiograph, estimate)


def _members_differ_widely(estimate: Estimate, spread_months: float) -> bool:
    """Whether members are at odds: by the bundle's own limit, else by the standard deviation the prediction interval stands for."""
    if estimate.disagreement_months is not None:
        return spread_months > estimate.disagreement_months
    if not 0 < estimate.coverage < 1:
        return False
    low, high = estimate.interval_months
    implied_sd = (high - low) / 2 / NormalDist().inv_cdf((1 + estimate.coverage) / 2)
    return spread_months > implied_sd


def _about_comparison(radiograph: Radiograph, comparison: Comparison) -> Iterator[Caution]:
    if radiograph.birth_date is None:
        yield Caution(about=Concern.NO_BIRTH_DATE)
    elif radiograph.examined_on is None:
        yield Caution(about=Concern.NO_EXAMINATION_DATE)
    elif comparison.chronological_age_months is None:
        yield Caution(about=Concern.BORN_AFTER_EXAMINATION)
    elif radiograph.sex is None:
        yield Caution(about=Concern.SEX_UNKNOWN)
    elif comparison.point is None:
        first, last = reference_range(radiograph.sex)
        yield Caution(about=Concern.AGE_OUTSIDE_REFERENCE, values={"first_months": first, "last_years": last / 12})


def _about_range(radiograph: Radiograph, estimate: Estimate) -> Iterator[Caution]:
    months = estimate.bone_age_months
    if months < SPARSE_BELOW_MONTHS:
        yield Caution(about=Concern.FEW_SO_YOUNG, values={"limit_years": SPARSE_BELOW_MONTHS / 12})
    limit = SPARSE_ABOVE_MONTHS[radiograph.sex] if radiograph.sex else min(SPARSE_ABOVE_MONTHS.values())
    if months > limit:
        yield Caution(about=Concern.FEW_SO_MATURE, values={"limit_years": limit / 12})


def _about_image(radiograph: Radiograph, estimate: Estimate) -> Iterator[Caution]:
    if estimate.sex_used is None:
        yield Caution(about=Concern.SEX_NOT_USED)
    if {*estimate.by_sex} == {*Sex}:
        figures = {
            f"{who}_{what}_months": value
            for who, sex in (("girl", Sex.FEMALE), ("boy", Sex.MALE))
            for what, value in zip(("bone_age", "low", "high"), estimate.by_sex[sex], strict=True)
        }
        yield Caution(about=Concern.BY_SEX, values={**figures, "coverage": estimate.coverage * 100})
    if radiograph.laterality is Laterality.RIGHT:
        yield Caution(about=Concern.RIGHT_HAND)
    if radiograph.negative:
        yield Caution(about=Concern.NEGATIVE)
    yield from _about_quality(radiograph.pixels)
    if radiograph.lossy:
        yield Caution(about=Concern.LOSSY)


def _about_quality(pixels: NDArray[np.uint8]) -> Iterator[Caution]:
    """Images that the gates let pass, but that show less than nearly all the networks have learnt from."""
    inner = within(pixels, inner_box(pixels))
    short_side = min(inner.shape)
    if short_side < COARSE_BELOW_PX:
        yield Caution(about=Concern.COARSE, values={"short_side_px": short_side, "usual_px": COARSE_BELOW_PX})
    elif fine_detail(inner) < UNSHARP_BELOW:
        yield Caution(about=Concern.UNSHARP)
    if (noise := noise_levels(inner)) >= NOISY:
        yield Caution(about=Concern.NOISY, values={"noise_levels": noise})
    elif block_levels(inner) >= BLOCKY:
        yield Caution(about=Concern.BLOCKY)
    if (levels := grey_levels(inner)) <= FAINT_UP_TO_LEVELS:
        yield Caution(about=Concern.FAINT, values={"levels": levels})
