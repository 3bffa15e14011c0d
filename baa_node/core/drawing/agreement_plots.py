"""The two plots of agreement on paper: estimate against label, and their difference against their mean (Bland & Altman 1986).

Girls are discs and boys are diamonds, of two colours that differ in lightness too: the page may be printed in grey.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from baa_node.core.acceptance.agreement import Figure, Score
from baa_node.core.acceptance.verdict import SEXES, Case
from baa_node.core.drawing.sheet import Colour, Sheet
from baa_node.core.radiograph import Sex
from baa_node.core.words import Language
from baa_node.core.words.acceptance import Numbers, sex_in_words
from baa_node.core.words.acceptance_labels import PLOT_WORDS

INK: Final[Colour] = (0.13, 0.13, 0.13)
FAINT: Final[Colour] = (0.84, 0.84, 0.84)
BAND: Final[Colour] = (0.93, 0.93, 0.93)
COLOURS: Final[dict[Sex | None, Colour]] = {Sex.FEMALE: (0.71, 0.21, 0.48), Sex.MALE: (0.12, 0.47, 0.66), None: (0.4, 0.4, 0.4)}

_LABELS_WIDTH: Final = 30.0
_LABELS_HEIGHT: Final = 30.0
_TITLE_HEIGHT: Final = 18.0
_SIZE: Final = 7.0
_GREY: Final = 0.35


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """A part of the sheet and the values at its borders."""

    left: float
    bottom: float
    right: float
    top: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Place of a pair of values; what lies outside is drawn at the border."""
        across = (min(max(x, self.x[0]), self.x[1]) - self.x[0]) / (self.x[1] - self.x[0])
        up = (min(max(y, self.y[0]), self.y[1]) - self.y[0]) / (self.y[1] - self.y[0])
        return self.left + across * (self.right - self.left), self.bottom + up * (self.top - self.bottom)


def draw_scatter(
    sheet: Sheet, cases: Sequence[Case], box: tuple[float, float, float, float], language: Language = Language.ENGLISH
) -> None:
    """Estimate against label, years, in a box of left, bottom, right and top."""
    words = PLOT_WORDS[language]
    low, high = _ages([months for case in cases for months in (case.label, case.estimate)])
    frame = _frame(box, (low, high), (low, high))
    _title(sheet, frame, words.scatter)
    sheet.polygon([frame.at(low, low - 1), frame.at(high, high - 1), frame.at(high, high + 1), frame.at(low, low + 1)], BAND)
    ticks = list(_ticks(low, high, 6))
    _axes(sheet, frame, ticks, ticks, below=words.reader, beside=words.node)
    sheet.line(frame.at(low, low), frame.at(high, high), INK)
    for case in cases:
        _mark(sheet, frame.at(case.label / 12, case.estimate / 12), case.sex)
    _legend(sheet, frame, cases, language)


def draw_bland_altman(
    sheet: Sheet, cases: Sequence[Case], score: Score, box: tuple[float, float, float, float], language: Language = Language.ENGLISH
) -> None:
    """Difference against mean, with bias and limits of agreement and the 95 % intervals of each as bands."""
    words = PLOT_WORDS[language]
    low, high = _ages([(case.label + case.estimate) / 2 for case in cases])
    off = [abs(case.estimate - case.label) for case in cases]
    known = [end for figure in (score.lower_limit, score.upper_limit) for end in (figure.low, figure.high) if math.isfinite(end)]
    reach = 6 * math.ceil((max([*off, *map(abs, known), 6.0]) * 1.08) / 6)
    frame = _frame(box, (low, high), (-reach, reach))
    _title(sheet, frame, words.bland_altman)
    lines = [(score.bias, 0.0), (score.lower_limit, 3.0), (score.upper_limit, 3.0)]
    shown = [(figure, dash) for figure, dash in lines if math.isfinite(figure.value)]
    for figure, _ in shown:
        if math.isfinite(figure.low) and math.isfinite(figure.high):
            _interval(sheet, frame, figure)
    ages = list(_ticks(low, high, 6))
    _axes(sheet, frame, ages, list(_ticks(-reach, reach, 7)), below=words.mean, beside=words.difference)
    sheet.line(frame.at(low, 0), frame.at(high, 0), FAINT)
    for case in cases:
        _mark(sheet, frame.at((case.label + case.estimate) / 24, case.estimate - case.label), case.sex)
    for figure, dash in shown:
        sheet.line(frame.at(low, figure.value), frame.at(high, figure.value), INK, width=0.9, dash=dash)
        _value(sheet, frame, figure.value, language)


def _frame(box: tuple[float, float, float, float], x: tuple[float, float], y: tuple[float, float]) -> _Frame:
    left, bottom, right, top = box
    return _Frame(left=left + _LABELS_WIDTH, bottom=bottom + _LABELS_HEIGHT, right=right, top=top - _TITLE_HEIGHT, x=x, y=y)


def _ages(months: Sequence[float]) -> tuple[float, float]:
    """Whole years around all ages, at least four of them."""
    low, high = math.floor(min(months) / 12), math.ceil(max(months) / 12)
    return float(max(0, low - 1 if high - low < 4 else low)), float(max(high, low + 4))


def _ticks(low: float, high: float, most: int) -> Iterator[float]:
    step = next(step for step in (1, 2, 3, 4, 6, 12, 24, 36, 48, 60, 120) if (high - low) / step <= most)
    first = math.ceil(low / step) * step
    while first <= high:
        yield float(first)
        first += step


def _title(sheet: Sheet, frame: _Frame, title: str) -> None:
    sheet.y = frame.top + 8
    sheet.text(title, 9, x=frame.left - _LABELS_WIDTH, bold=True)


def _axes(sheet: Sheet, frame: _Frame, across: Sequence[float], up: Sequence[float], *, below: str, beside: str) -> None:
    """Ticks, axes and their names, years or months."""
    for value in across:
        x, _ = frame.at(value, frame.y[0])
        sheet.line((x, frame.bottom), (x, frame.bottom - 3), INK, width=0.5)
        sheet.y = frame.bottom - 11
        sheet.text(f"{value:g}", _SIZE, x=x + 4, grey=_GREY, right=True)
    for value in up:
        _, y = frame.at(frame.x[0], value)
        sheet.line((frame.left, y), (frame.left - 3, y), INK, width=0.5)
        sheet.y = y - 2.5
        sheet.text(f"{value:g}".replace("-", "−"), _SIZE, x=frame.left - 5, grey=_GREY, right=True)
    sheet.line((frame.left, frame.bottom), (frame.right, frame.bottom), INK, width=0.5)
    sheet.line((frame.left, frame.bottom), (frame.left, frame.top), INK, width=0.5)
    sheet.y = frame.bottom - 22
    sheet.text(below, _SIZE, x=frame.right, grey=_GREY, right=True)
    sheet.upright(beside, _SIZE, (frame.left - _LABELS_WIDTH + 6, (frame.bottom + frame.top) / 2), grey=_GREY)


def _mark(sheet: Sheet, at: tuple[float, float], sex: Sex | None) -> None:
    x, y = at
    if sex is Sex.MALE:
        sheet.polygon([(x - 2.3, y), (x, y + 2.3), (x + 2.3, y), (x, y - 2.3)], COLOURS[sex], opacity=0.6)
    else:
        sheet.disc(at, 1.8, COLOURS[sex], opacity=0.6, outline=sex is None)


def _legend(sheet: Sheet, frame: _Frame, cases: Sequence[Case], language: Language) -> None:
    counts = {sex: sum(case.sex is sex for case in cases) for sex in SEXES}
    rows = [(sex, f"{sex_in_words(sex, language)} ({count})") for sex, count in counts.items() if count]
    for row, (sex, words) in enumerate(rows):
        y = frame.top - 8 - 10 * row
        _mark(sheet, (frame.left + 9, y), sex)
        sheet.y = y - 2.5
        sheet.text(words, _SIZE, x=frame.left + 16)
    y = frame.top - 8 - 10 * len(rows)
    sheet.polygon([(frame.left + 5, y - 3), (frame.left + 13, y - 3), (frame.left + 13, y + 3), (frame.left + 5, y + 3)], BAND)
    sheet.y = y - 2.5
    sheet.text(PLOT_WORDS[language].within_12, _SIZE, x=frame.left + 16)


def _interval(sheet: Sheet, frame: _Frame, figure: Figure) -> None:
    corners = [(frame.x[0], figure.low), (frame.x[1], figure.low), (frame.x[1], figure.high), (frame.x[0], figure.high)]
    sheet.polygon([frame.at(*corner) for corner in corners], BAND)


def _value(sheet: Sheet, frame: _Frame, months: float, language: Language) -> None:
    _, y = frame.at(frame.x[1], months)
    sheet.y = y + 2.5
    sheet.text(Numbers(language).signed(months), _SIZE, x=frame.right, bold=True, right=True)
