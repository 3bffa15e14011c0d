"""Growth chart: bone age against chronological age over the reference, with all earlier assessments of the patient.

Marks differ by shape, not by colour: a diamond with an error bar is this assessment, a disc an earlier one of the same
source, a ring one of another source or version, a square one of the other hand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from baa_node.core.assessment import Assessment, AssessmentPolicy, ZConvention
from baa_node.core.drawing import palette as p
from baa_node.core.drawing.canvas import Box, Canvas, Colour, Point, width_of, wrap
from baa_node.core.priors.history import Earlier
from baa_node.core.radiograph import Sex
from baa_node.core.reference import NAME, TABLE
from baa_node.core.words.picture import PictureWords, plain

LAST_YEAR: Final = 20
"""Both axes end here unless something lies beyond: always the same frame, so that readers come to know it."""
LATEST_SHOWN_MONTHS: Final = 1200.0

_TICKS: Final = 46
_ROW: Final = 32
_MARK: Final = 8.0

Curve: TypeAlias = list[tuple[float, float]]
"""Chronological age and bone age, both months."""


def reference_curve(sex: Sex, policy: AssessmentPolicy, deviations: float) -> Curve:
    """Bone age so many standard deviations from the centre, at each row of the table; straight in between as z-scores are."""
    by_age = policy.convention is ZConvention.CHRONOLOGICAL_AGE
    return [(age, (age if by_age else mean) + deviations * sd) for age, mean, sd in TABLE[sex]]


def shown(earlier: Sequence[Earlier]) -> list[Earlier]:
    """Earlier assessments that have a place on the chart, by age; those without a plausible age have none."""
    placed = [one for one in earlier if 0 <= age_of(one) <= LATEST_SHOWN_MONTHS and 0 <= one.bone_age_months <= LATEST_SHOWN_MONTHS]
    return sorted(placed, key=lambda one: (age_of(one), one.examined_on))


def age_of(one: Earlier) -> float:
    """Chronological age in months, -1 where it is unknown."""
    return -1.0 if one.chronological_age_months is None else one.chronological_age_months


@dataclass(frozen=True)
class _Frame:
    """Plot area in pixels and the years that its axes reach."""

    left: int
    top: int
    right: int
    bottom: int
    last_year: int

    def at(self, age: float, bone_age: float) -> Point:
        scale = 12 * self.last_year
        x = self.left + min(max(age / scale, 0), 1) * (self.right - self.left)
        return x, self.bottom - min(max(bone_age / scale, 0), 1) * (self.bottom - self.top)

    def moved(self, x: int, y: int) -> _Frame:
        return replace(self, left=self.left + x, top=self.top + y, right=self.right + x, bottom=self.bottom + y)


def draw_growth_chart(canvas: Canvas, result: Assessment, earlier: Sequence[Earlier], box: Box, words: PictureWords) -> None:
    """Draw the chart and its legend into a box; without age or sex an empty frame that says why it is empty."""
    left, top, right, bottom = box
    if result.chronological_age_months is None or result.sex is None:
        _draw_absence(canvas, result, box, words)
        return
    points = shown(earlier)
    legend = _legend(result, points, words)
    missing = len(earlier) - len(points)
    rows = _rows(legend, right - left)
    notes = wrap(words.not_shown.format(count=missing), p.FINE, right - left, 2) if missing else []
    foot = bottom - _ROW * (len(rows) + len(notes))
    last = max(LAST_YEAR, *(math.floor(months / 12) + 1 for months in _all_months(result, points)))
    frame = _Frame(_TICKS, 34, right - 16 - left, foot - 78 - top, last)
    canvas.paste((left, top), _ground((right - left, bottom - top), frame, result.sex, result.policy, words))
    _draw_course(canvas, frame.moved(left, top), result, points)
    for row, entries in enumerate(rows):
        _draw_legend_row(canvas, entries, left, foot + _ROW * row + 26)
    for row, line in enumerate(notes, len(rows)):
        canvas.text((left, foot + _ROW * row + 26), line, p.FINE, p.MUTED)


def _all_months(result: Assessment, points: Sequence[Earlier]) -> list[float]:
    own = [result.chronological_age_months or 0.0, result.estimate.bone_age_months, result.estimate.interval_months[1]]
    return [*own, *(age_of(one) for one in points), *(one.bone_age_months for one in points)]


def _draw_absence(canvas: Canvas, result: Assessment, box: Box, words: PictureWords) -> None:
    left, top, right, bottom = box
    reasons = [words.no_age] if result.chronological_age_months is None else []
    reasons += [words.no_sex] if result.sex is None else []
    lines = [line for reason in reasons for line in wrap(reason, p.SMALL, right - left - 60, 3)]
    bottom = min(bottom, top + right - left)
    canvas.rectangle((left, top + 10, right, bottom), outline=p.RULE, width=2)
    y = (top + bottom) / 2 - 18 * len(lines)
    canvas.text(((left + right) / 2, y), words.no_chart, p.LARGE, p.INK, bold=True, anchor="ms")
    for row, line in enumerate(lines):
        canvas.text(((left + right) / 2, y + 44 + 34 * row), line, p.SMALL, p.MUTED, anchor="ms")


@lru_cache(maxsize=16)
def _ground(size: tuple[int, int], frame: _Frame, sex: Sex, policy: AssessmentPolicy, words: PictureWords) -> NDArray[np.uint8]:
    """Axes and reference in a box of their own, ``(H, W, 3)``: the same for most patients of a sex, and half of the work of a picture."""
    canvas = Canvas(*size, p.GROUND)
    _draw_axes(canvas, frame, words)
    _draw_reference(canvas, frame, sex, policy, words)
    drawn = canvas.pixels()
    drawn.flags.writeable = False
    return drawn


def _draw_axes(canvas: Canvas, frame: _Frame, words: PictureWords) -> None:
    canvas.text((0, frame.top - 14), words.bone_age_axis, p.FINE, p.MUTED)
    canvas.text((frame.right, frame.bottom + 62), words.chronological_age_axis, p.FINE, p.MUTED, anchor="rs")
    step = 2 * math.ceil(frame.last_year / 20)
    for year in range(0, frame.last_year + 1, step):
        x, y = frame.at(12 * year, 12 * year)
        if year:
            canvas.line((x, frame.top), (x, frame.bottom), p.GRID, 1)
            canvas.line((frame.left, y), (frame.right, y), p.GRID, 1)
        canvas.text((frame.left - 12, y), f"{year}", p.FINE, p.MUTED, anchor="rm")
        canvas.text((x, frame.bottom + 30), f"{year}", p.FINE, p.MUTED, anchor="ms")
    canvas.line((frame.left, frame.top), (frame.left, frame.bottom), p.RULE)
    canvas.line((frame.left, frame.bottom), (frame.right, frame.bottom), p.RULE)


def _deviations(policy: AssessmentPolicy) -> list[float]:
    """Half widths of the bands in standard deviations, widest first: the limit of normal, and one."""
    return sorted({policy.normal_limit_sd, 1.0} if policy.normal_limit_sd > 1 else {policy.normal_limit_sd}, reverse=True)


def _draw_reference(canvas: Canvas, frame: _Frame, sex: Sex, policy: AssessmentPolicy, words: PictureWords) -> None:
    for half_width, fill in zip(_deviations(policy), (p.OUTER_BAND, p.INNER_BAND), strict=False):
        upper, lower = (_spots(frame, reference_curve(sex, policy, sign * half_width)) for sign in (1, -1))
        canvas.polygon([*upper, *reversed(lower)], fill)
        for edge in (upper, lower):
            canvas.polyline(edge, p.BAND_EDGE, 1)
    canvas.polyline(_spots(frame, reference_curve(sex, policy, 0)), p.CENTRE_LINE, 1)
    limit = policy.normal_limit_sd
    (x, high), (_, low) = (_spots(frame, reference_curve(sex, policy, sign * limit))[-1] for sign in (1, -1))
    canvas.text((x - 4, high - 8), f"+{plain(limit, words)} {words.sd}", p.FINE, p.MUTED, anchor="rs")
    canvas.text((x + 8, low + 4), f"−{plain(limit, words)}", p.FINE, p.MUTED, anchor="lm")


def _spots(frame: _Frame, curve: Curve) -> list[Point]:
    return [frame.at(age, bone_age) for age, bone_age in curve]


def _draw_course(canvas: Canvas, frame: _Frame, result: Assessment, points: Sequence[Earlier]) -> None:
    """All assessments joined by a line, and where this one meets the axes."""
    age, estimate = result.chronological_age_months or 0.0, result.estimate
    x, y = frame.at(age, estimate.bone_age_months)
    canvas.dashes((x, y), (x, frame.bottom), p.CENTRE_LINE, width=1)
    canvas.dashes((x, y), (frame.left, y), p.CENTRE_LINE, width=1)
    places = [frame.at(age_of(one), one.bone_age_months) for one in points]
    if places:
        canvas.polyline([*places, (x, y)], p.INK, 2)
    for one, place in zip(points, places, strict=True):
        _draw_earlier(canvas, place, other_source=_is_other_source(one, result), other_hand=_is_other_hand(one, result))
    ends = [frame.at(age, months)[1] for months in estimate.interval_months]
    _draw_present(canvas, (x, y), ends)


def _is_other_source(one: Earlier, result: Assessment) -> bool:
    """Another version of the weights counts as another source: the same image would give another number."""
    return one.source != f"{result.estimate.bundle.name} {result.estimate.bundle.version}"


def _is_other_hand(one: Earlier, result: Assessment) -> bool:
    return None not in {one.laterality, result.laterality} and one.laterality is not result.laterality


def _draw_earlier(canvas: Canvas, at: Point, *, other_source: bool, other_hand: bool, around: Colour = p.GROUND) -> None:
    for radius, colour in ((_MARK + 2, around), (_MARK, p.INK), *(((_MARK - 3, around),) if other_source else ())):
        if other_hand:
            x, y = at
            canvas.polygon([(x - radius, y - radius), (x + radius, y - radius), (x + radius, y + radius), (x - radius, y + radius)], colour)
        else:
            canvas.disc(at, radius, fill=colour)


def _draw_present(canvas: Canvas, at: Point, ends: Sequence[float]) -> None:
    x, y = at
    for width, colour in ((7, p.GROUND), (3, p.AMBER)):
        canvas.line((x, ends[0]), (x, ends[1]), colour, width)
        for end in ends:
            canvas.line((x - 9, end), (x + 9, end), colour, width)
    for radius, colour in ((13, p.GROUND), (10, p.AMBER)):
        canvas.polygon([(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)], colour)


@dataclass(frozen=True)
class _Entry:
    """One line of the legend: a mark, ``"present"``, ``"band"`` or whether source and hand are others, and what it means."""

    mark: str | tuple[bool, bool]
    text: str

    @property
    def width(self) -> float:
        return 46 + width_of(self.text, p.FINE) + 24


def _legend(result: Assessment, points: Sequence[Earlier], words: PictureWords) -> list[_Entry]:
    entries = [_Entry("present", words.this_assessment.format(coverage=plain(result.estimate.coverage * 100, words)))]
    kinds = sorted({(_is_other_source(one, result), _is_other_hand(one, result)) for one in points})
    for kind in kinds:
        others = ", ".join(name for name, other in zip((words.other_source, words.other_hand), kind, strict=True) if other)
        entries.append(_Entry(kind, ": ".join(filter(None, (words.earlier if kind == kinds[0] else "", others)))))
    centre = words.about_mean if result.policy.convention is ZConvention.REFERENCE_MEAN else words.about_age
    people = words.texts.groups.female if result.sex is Sex.FEMALE else words.texts.groups.male
    widths = ", ".join(f"±{plain(limit, words)}" for limit in reversed(_deviations(result.policy)))
    return [*entries, _Entry("band", f"{NAME}, {people}: {centre} {widths} {words.sd}")]


def _rows(entries: Sequence[_Entry], width: int) -> list[list[_Entry]]:
    rows: list[list[_Entry]] = []
    for entry in entries:
        if rows and sum(one.width for one in (*rows[-1], entry)) <= width + 24:
            rows[-1].append(entry)
        else:
            rows.append([entry])
    return rows


def _draw_legend_row(canvas: Canvas, entries: Sequence[_Entry], x: float, y: float) -> None:
    for entry in entries:
        _draw_mark(canvas, entry.mark, x + 18, y - 8)
        canvas.text((x + 46, y), entry.text, p.FINE, p.MUTED)
        x += entry.width


def _draw_mark(canvas: Canvas, mark: str | tuple[bool, bool], x: float, y: float) -> None:
    if isinstance(mark, tuple):
        canvas.line((x - 16, y), (x + 16, y), p.INK, 2)
        _draw_earlier(canvas, (x, y), other_source=mark[0], other_hand=mark[1])
    elif mark == "present":
        _draw_present(canvas, (x, y), (y - 14, y + 14))
    else:
        for reach, fill in ((12, p.OUTER_BAND), (6, p.INNER_BAND)):
            canvas.rectangle((x - 16, y - reach, x + 16, y + reach), fill=fill, outline=p.BAND_EDGE)
        canvas.line((x - 16, y), (x + 15, y), p.CENTRE_LINE, 1)
