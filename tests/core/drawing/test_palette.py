"""What is written can be read: on a dark monitor, on a grey one, and when the picture is shown at 1024 pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from baa_node.core.drawing import palette as p
from baa_node.core.drawing.canvas import Colour
from baa_node.core.picture import HEIGHT, WIDTH, draw_picture
from baa_node.core.words import Language
from tests.parts.results import assessment

TEXT = {
    "ink": (p.INK, p.GROUND),
    "muted": (p.MUTED, p.GROUND),
    "caution": (p.INK, p.RAISED),
    "pill": (p.ON_AMBER, p.AMBER),
    "band label": (p.MUTED, p.OUTER_BAND),
}
MARKS = {
    "this assessment": (p.AMBER, p.INNER_BAND),
    "earlier assessment": (p.INK, p.INNER_BAND),
    "sign of a caution": (p.AMBER, p.RAISED),
    "edge of a band": (p.BAND_EDGE, p.GROUND),
}


def luminance(colour: Colour) -> float:
    """Relative luminance of sRGB (WCAG 2.2)."""
    shares = (value / 255 for value in colour)
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("what", TEXT)
def test_text_stands_out_by_luminance_alone(what: str) -> None:
    assert contrast(*TEXT[what]) >= 4.5


@pytest.mark.parametrize("what", MARKS)
def test_marks_stand_out_by_luminance_alone(what: str) -> None:
    assert contrast(*MARKS[what]) >= 3


def test_bands_differ_from_ground_and_from_each_other() -> None:
    assert luminance(p.GROUND) < luminance(p.GRID) < luminance(p.OUTER_BAND) < luminance(p.INNER_BAND) < luminance(p.BAND_EDGE)


def test_the_smallest_text_is_large_enough_at_1024() -> None:
    assert min(p.NUMERAL, p.UNIT, p.HEADLINE, p.LARGE, p.BODY, p.SMALL, p.FINE) * 1024 / WIDTH >= 14


@pytest.mark.parametrize("language", Language)
def test_small_print_is_legible_when_the_picture_is_shown_in_grey_at_1024(language: Language) -> None:
    """Scaled down strokes grow thin and dim; what is left of every line of small print must stand out from the ground."""
    picture = draw_picture(None, assessment(), version="0.1.0", language=language)
    shown = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (1024, 1024 * HEIGHT // WIDTH), interpolation=cv2.INTER_AREA)
    footer = shown[-110:, 20:-20].astype(int)
    inked = (footer > 60).sum(axis=1) > 20
    starts = np.flatnonzero(np.diff(inked.astype(int)) == 1)
    ends = np.flatnonzero(np.diff(inked.astype(int)) == -1)
    lines = [footer[first + 1 : last + 1] for first, last in zip(starts, ends, strict=False) if last - first >= 5]
    assert len(lines) >= 3
    ground = (int(footer[-1, 0]),) * 3
    for line in lines:
        stroke = round(float(np.percentile(line[line > 60], 80)))
        assert contrast((stroke,) * 3, ground) >= 4.5
