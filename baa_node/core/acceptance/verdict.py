"""Site acceptance: how the node's readings of a site's own images agree with the site's readers, and whether that is good enough.

Everything here is computed from cases, one an image, that hold numbers alone; reading the images is ``baa_node.replay``'s.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import numpy as np

from baa_node.core.acceptance.agreement import BANDS, Figure, Numbers, Score, score, share
from baa_node.core.acceptance.local_reads import Remark
from baa_node.core.calibration import SiteCalibration
from baa_node.core.ensemble import BundleIdentity
from baa_node.core.objects.header import Device
from baa_node.core.radiograph import Sex

OFF_BY_UNIT_MONTHS: Final = 24.0
"""A label that is this near to the estimate when read in the other unit, and twice as far when not, was probably meant so."""
FAR_MONTHS: Final = 48.0
"""Nobody's second look lets a difference of four years between reader and node pass."""

FEW: Final = 10
"""Images below which resampling tells nothing of how sure a figure is: there, only shares have an interval."""

SEXES: Final = (Sex.FEMALE, Sex.MALE, None)
"""In the order in which they are told; None is unknown."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One image that people and node have read; months.

    Attributes
    ----------
    row, file
        Of the table and in the folder.
    sex
        By which it was read, None where it is unknown.
    label, second
        By the reader, and by the second one where there is one.
    estimate, interval
        What the node would report.
    raw
        What the networks gave, before a calibration of the site.
    """

    row: int
    file: str
    sex: Sex | None
    label: float
    second: float | None
    estimate: float
    interval: tuple[float, float]
    raw: float


@dataclass(frozen=True, kw_only=True)
class Refused:
    """One image with a label that the node gives no number for."""

    row: int
    file: str
    codes: tuple[str, ...]
    text: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the cases.

    Attributes
    ----------
    sexes
        Of these.
    band
        Of bone ages by the reader from the first to below the second, months; None where any will do.
    """

    sexes: tuple[Sex | None, ...] = SEXES
    band: tuple[int, int] | None = None

    @property
    def of_any_sex(self) -> bool:
        """True where the sex does not count."""
        return self.sexes == SEXES

    @property
    def is_all(self) -> bool:
        """True for every case."""
        return self.of_any_sex and self.band is None

    def holds(self, case: Case) -> bool:
        """Tell whether a case belongs to it."""
        return case.sex in self.sexes and (self.band is None or self.band[0] <= case.label < self.band[1])


@dataclass(frozen=True, kw_only=True)
class Group:
    """Figures of a part of the cases.

    Attributes
    ----------
    score
        With Wilson's intervals for shares, which a small group needs; other figures have one from `FEW` images on.
    coverage
        Share of readers' values inside the node's prediction interval.
    """

    part: Part
    score: Score
    coverage: Figure


@dataclass(frozen=True, kw_only=True)
class Readers:
    """Two people and the node on the same images; each a `Score` of the first named minus the second."""

    second_and_first: Score
    node_and_first: Score
    node_and_second: Score


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """Limits that a site sets; None asks nothing. Months, shares from 0 to 1.

    Attributes
    ----------
    max_bias
        Either way.
    max_limits
        How far the limits of agreement may lie from 0, either way.
    certain
        Whether the whole 95 % interval must lie on the good side, not only the figure.
    """

    max_mae: float | None = None
    max_bias: float | None = None
    max_limits: float | None = None
    min_within_12: float | None = None
    min_within_24: float | None = None
    min_coverage: float | None = None
    max_refused: float | None = None
    min_images: int | None = None
    certain: bool = False


class Criterion(StrEnum):
    """What a site may ask, by the names of `Criteria`."""

    MAX_MAE = "max_mae"
    MAX_BIAS = "max_bias"
    MAX_LIMITS = "max_limits"
    MIN_WITHIN_12 = "min_within_12"
    MIN_WITHIN_24 = "min_within_24"
    MIN_COVERAGE = "min_coverage"
    MAX_REFUSED = "max_refused"
    MIN_IMAGES = "min_images"

    @property
    def is_most(self) -> bool:
        """True where the limit is the most that will do, false where it is the least."""
        return self.value.startswith("max")


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One criterion: what was asked and found, and whether it is met.

    Attributes
    ----------
    limit, figure
        Months, shares of 0 to 1, or a number of images, which has no interval.
    certain
        Whether the whole interval was asked to meet the limit.
    sure
        Whether the whole interval of the figure is on the same side as the figure.
    """

    criterion: Criterion
    limit: float
    figure: Figure
    certain: bool
    met: bool
    sure: bool


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """All that the report says of a sample.

    Attributes
    ----------
    groups
        All first, then sexes, ages, and ages of each sex; empty ones are left out.
    readers
        None where fewer than two images have two labels.
    judgements
        One a criterion; none where the site set none.
    """

    cases: tuple[Case, ...]
    refused: tuple[Refused, ...]
    groups: tuple[Group, ...]
    readers: Readers | None
    judgements: tuple[Judgement, ...]

    @property
    def overall(self) -> Group:
        """Figures of all cases."""
        return self.groups[0]

    @property
    def accepted(self) -> bool | None:
        """Whether every criterion is met; None where the site set none."""
        return all(one.met for one in self.judgements) if self.judgements else None


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What was replayed, with what and when.

    Attributes
    ----------
    table, table_sha256
        Name and digest of the table of local reads.
    rows, files
        Of the table, and DICOM files of the folder.
    coverage
        Nominal, of the node's prediction interval, 0 to 1.
    calibration
        That was in force; None where none was.
    """

    device: Device
    bundle: BundleIdentity
    provider: str
    coverage: float
    table: str
    table_sha256: str
    folder: str
    rows: int
    files: int
    calibration: SiteCalibration | None
    written_at: datetime


def evaluate(cases: Sequence[Case], refused: Sequence[Refused], criteria: Criteria) -> Acceptance:
    """Compute every figure of at least one case."""
    groups = tuple(_groups(cases))
    found = _readers(cases)
    judgements = tuple(_judgements(groups[0], len(refused), criteria))
    return Acceptance(cases=tuple(cases), refused=tuple(refused), groups=groups, readers=found, judgements=judgements)


def find_oddities(cases: Sequence[Case]) -> Iterator[Remark]:
    """Tell of labels that do not look like what their column says; they are counted all the same."""
    for case in cases:
        off = abs(case.estimate - case.label)
        if off <= FAR_MONTHS:
            continue
        other = next((unit for unit, factor in _OTHER_UNITS.items() if abs(case.estimate - factor * case.label) <= OFF_BY_UNIT_MONTHS), "")
        asked = f"was it meant in {other}?" if other else "is it the right image?"
        text = f"the reader says {case.label:g} months and the node {case.estimate:.0f}: {asked} It is counted as it stands"
        yield Remark(row=case.row, file=case.file, text=text, lost=False)


_OTHER_UNITS: Final = {"years": 12.0, "months, not years": 1 / 12}


def _groups(cases: Sequence[Case]) -> Iterator[Group]:
    parts = [Part(), *(Part(sexes=(sex,)) for sex in SEXES), *(Part(band=band) for band in BANDS)]
    parts += [Part(sexes=(sex,), band=band) for sex in Sex for band in BANDS]
    for part in parts:
        if chosen := [case for case in cases if part.holds(case)]:
            yield _group(part, chosen)


def _group(part: Part, cases: Sequence[Case]) -> Group:
    covered = sum(case.interval[0] <= case.label <= case.interval[1] for case in cases)
    return Group(part=part, score=_score([(case.label, case.estimate) for case in cases]), coverage=share(covered, len(cases)))


def _score(pairs: Sequence[tuple[float, float]]) -> Score:
    """Score of pairs of label and estimate, its shares with intervals that hold for few images too."""
    label, estimate = np.array(pairs, np.float64).T
    off: Numbers = np.abs(estimate - label)
    shares = {f"within_{months}": share(int((off <= months).sum()), len(pairs)) for months in (12, 24)}
    found = vars(score(label, estimate))
    if len(pairs) < FEW:
        found = {name: one if name == "n" else Figure(value=one.value, low=math.nan, high=math.nan) for name, one in found.items()}
    return Score(**{**found, **shares})


def _readers(cases: Sequence[Case]) -> Readers | None:
    twice = [(case.label, case.second, case.estimate) for case in cases if case.second is not None]
    if len(twice) < 2:
        return None
    return Readers(
        second_and_first=_score([(first, second) for first, second, _ in twice]),
        node_and_first=_score([(first, node) for first, _, node in twice]),
        node_and_second=_score([(second, node) for _, second, node in twice]),
    )


def _judgements(group: Group, refused: int, criteria: Criteria) -> Iterator[Judgement]:
    found, n = group.score, group.score.n
    lower, upper = _size(found.lower_limit), _size(found.upper_limit)
    figures = {
        Criterion.MAX_MAE: found.mae,
        Criterion.MAX_BIAS: _size(found.bias),
        Criterion.MAX_LIMITS: lower if lower.value > upper.value else upper,
        Criterion.MIN_WITHIN_12: found.within_12,
        Criterion.MIN_WITHIN_24: found.within_24,
        Criterion.MIN_COVERAGE: group.coverage,
        Criterion.MAX_REFUSED: share(refused, n + refused),
        Criterion.MIN_IMAGES: Figure(value=n, low=n, high=n),
    }
    for criterion, figure in figures.items():
        limit: float | None = getattr(criteria, criterion.value)
        if limit is not None:
            yield _judge(criterion, limit, figure, certain=criteria.certain and criterion is not Criterion.MIN_IMAGES)


def _judge(criterion: Criterion, limit: float, figure: Figure, *, certain: bool) -> Judgement:
    def good(value: float) -> bool:
        return value <= limit if criterion.is_most else value >= limit

    ends = (good(figure.low), good(figure.high))
    met = good(figure.value) and (all(ends) or not certain)
    known = math.isfinite(figure.low) and math.isfinite(figure.high)
    sure = known and (all(ends) if good(figure.value) else not any(ends))
    return Judgement(criterion=criterion, limit=limit, figure=figure, certain=certain, met=met, sure=sure)


def _size(figure: Figure) -> Figure:
    """Distance from 0: an interval that holds 0 begins there."""
    ends = sorted((abs(figure.low), abs(figure.high)))
    return Figure(value=abs(figure.value), low=0.0 if figure.low <= 0 <= figure.high else ends[0], high=ends[1])
