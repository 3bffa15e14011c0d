"""From an estimate and a birth date to what the report says, or to a refusal: the wording of the node."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from baa_node.core.codes import Reason
from baa_node.core.ensemble import Estimate
from baa_node.core.radiograph import Laterality, Sex


class Determination(enum.Enum):
    """Bone age against the reference: the answer list of RadElement RDE1733."""

    DELAYED = "delayed"
    NORMAL = "normal"
    ADVANCED = "advanced"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What the report says about one radiograph.

    Attributes
    ----------
    chronological_age_months
        None without a valid birth date and examination date.
    reference_mean_months, reference_sd_months
        Reference values at this chronological age and sex, None outside the table or without sex.
    difference_months
        Bone age minus chronological age.
    z_score
        In standard deviations of the reference, by the convention named in ``reference``.
    reference
        One line that names the table, its source and the convention; empty when not used.
    cautions
        Sentences a reader must see, most important first; the research-use disclaimer is not among them.
    conclusion
        One English sentence for people.
    """

    estimate: Estimate
    sex: Sex | None
    laterality: Laterality | None
    chronological_age_months: float | None
    reference_mean_months: float | None
    reference_sd_months: float | None
    difference_months: float | None
    z_score: float | None
    determination: Determination
    reference: str
    cautions: tuple[str, ...]
    conclusion: str


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A result without a number: why this image was not, or could not be, read.

    Attributes
    ----------
    reasons
        At least one, most important first.
    detail
        One sentence that names what was found (attribute keyword, declared size), without patient data.
    """

    reasons: tuple[Reason, ...]
    detail: str = ""
    cautions: tuple[str, ...] = field(default=())
