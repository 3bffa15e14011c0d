"""What is written can be read: on a dark monitor, on a grey one, and when the picture is shown at 1024 pixels."""

from __future__ import annotations

import pytest

from baa_node.core.drawing import palette as p
from baa_node.core.drawing.canvas import Colour
from baa_node.core.picture import WIDTH

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
