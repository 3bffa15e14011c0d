"""A surface for text and shapes: measured, wrapped, and set in the font that comes with Pillow, so that none need be installed."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Colour: TypeAlias = tuple[int, int, int]
Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom lie outside."""

_GLYPHS_BEYOND_ASCII: Final = frozenset("±·°…")
_BOLD_STROKE: Final = 1 / 72
"""Width of the stroke that makes the only weight of the font look bold, as a share of its size."""


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size=size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType: its default font cannot be scaled")
    return font


def printable(text: str) -> str:
    """Text with every character that the font cannot draw replaced by a question mark."""
    return "".join(character if " " <= character <= "~" or character in _GLYPHS_BEYOND_ASCII else "?" for character in text)


def width_of(text: str, size: int) -> float:
    """Width of one line, pixels."""
    return _font(size).getlength(printable(text))


def wrap(text: str, size: int, width: int, most_lines: int) -> list[str]:
    """Break text into lines no wider than ``width`` pixels; what does not fit is cut and marked with an ellipsis."""
    lines: list[str] = []
    for word in printable(text).split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(joined, size) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    if len(lines) > most_lines:
        lines = [*lines[: most_lines - 1], " ".join(lines[most_lines - 1 :])]
    return [shorten(line, size, width) for line in lines]


def shorten(text: str, size: int, width: int) -> str:
    """Text itself if it fits, else its beginning and an ellipsis."""
    text = printable(text)
    if width_of(text, size) <= width:
        return text
    while text and width_of(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


class Canvas:
    """RGB picture to draw on.

    Parameters
    ----------
    width, height
        Pixels.
    background
        Colour of all that nothing is drawn on.
    """

    def __init__(self, width: int, height: int, background: Colour) -> None:
        self._image = Image.new("RGB", (width, height), background)
        self._draw = ImageDraw.Draw(self._image)

    def text(self, at: tuple[float, float], text: str, size: int, colour: Colour, *, bold: bool = False, anchor: str = "ls") -> float:
        """Write one line and return its width; ``anchor`` as in Pillow, by default left end and baseline."""
        stroke = size * _BOLD_STROKE if bold else 0.0
        self._draw.text(at, printable(text), fill=colour, font=_font(size), anchor=anchor, stroke_width=stroke, stroke_fill=colour)
        return width_of(text, size)

    def rectangle(
        self, box: tuple[float, float, float, float], *, fill: Colour | None = None, outline: Colour | None = None, width: int = 1
    ) -> None:
        """Draw a box; right and bottom lie outside."""
        left, top, right, bottom = box
        if right > left and bottom > top:
            self._draw.rectangle((left, top, right - 1, bottom - 1), fill=fill, outline=outline, width=width)

    def pill(self, box: Box, *, fill: Colour | None = None, outline: Colour | None = None, width: int = 2) -> None:
        """Draw a box with round ends."""
        left, top, right, bottom = box
        self._draw.rounded_rectangle(
            (left, top, right - 1, bottom - 1), radius=(bottom - top) // 2, fill=fill, outline=outline, width=width
        )

    def line(self, start: tuple[float, float], end: tuple[float, float], colour: Colour, width: int = 2) -> None:
        """Draw a straight line."""
        self._draw.line((*start, *end), fill=colour, width=width)

    def diamond(self, centre: tuple[float, float], radius: float, *, fill: Colour, outline: Colour) -> None:
        """Draw a square on its corner."""
        x, y = centre
        self._draw.polygon(((x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)), fill=fill, outline=outline, width=2)

    def paste(self, at: tuple[int, int], pixels: NDArray[np.uint8]) -> None:
        """Put an ``(H, W, 3)`` array with its upper left corner at a point."""
        self._image.paste(Image.fromarray(pixels), at)

    def pixels(self) -> NDArray[np.uint8]:
        """Everything drawn so far, ``(H, W, 3)``."""
        return np.array(self._image)
