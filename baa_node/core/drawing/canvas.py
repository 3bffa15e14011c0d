"""A surface for text and shapes: measured, wrapped, anti-aliased, and set in a font that comes as a Python package.

FiraGO (SIL Open Font License, package ``pymupdf-fonts``) was drawn to be read on screens, has a real bold and every
letter of the languages of the node; Pillow's own font lacks accents, ``−`` and ``≥``.
"""

from __future__ import annotations

import io
import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

import cv2
import numpy as np
import pymupdf_fonts
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Colour: TypeAlias = tuple[int, int, int]
Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom lie outside."""
Point: TypeAlias = tuple[float, float]

_SHIFT: Final = 4
"""Fractional bits of the coordinates that are handed to OpenCV."""
_NO_CHARACTER: Final = "\ufffe"


@lru_cache(maxsize=2)
def font_file(*, bold: bool = False) -> bytes:
    """TrueType font that everything is set in."""
    content: bytes = pymupdf_fonts.fontbuffers["figbo" if bold else "figo"]()
    return content


@lru_cache(maxsize=32)
def _font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(io.BytesIO(font_file(bold=bold)), size)


@lru_cache(maxsize=1024)
def has_glyph(character: str) -> bool:
    """Whether the font can draw a character; a control character has none."""
    font = _font(20)
    return character.isprintable() and bytes(font.getmask(character)) != bytes(font.getmask(_NO_CHARACTER))


def printable(text: str) -> str:
    """Text with every character that the font cannot draw replaced by a question mark."""
    return "".join(character if has_glyph(character) else "?" for character in text)


@lru_cache(maxsize=4096)
def width_of(text: str, size: int, *, bold: bool = False) -> float:
    """Width of one line, pixels; most of what a picture says stood in the one before."""
    return _font(size, bold=bold).getlength(printable(text))


def bearing_of(text: str, size: int, *, bold: bool = False) -> float:
    """Empty space before the first character, pixels: large type is moved left by it to stand flush."""
    return float(_font(size, bold=bold).getbbox(printable(text))[0])


def wrap(text: str, size: int, width: int, most_lines: int, *, bold: bool = False) -> list[str]:
    """Break text into lines no wider than ``width`` pixels; what does not fit is cut and marked with an ellipsis."""
    lines: list[str] = []
    for word in printable(text).split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(joined, size, bold=bold) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    if len(lines) > most_lines:
        lines = [*lines[: most_lines - 1], " ".join(lines[most_lines - 1 :])]
    return [shorten(line, size, width, bold=bold) for line in lines]


def shorten(text: str, size: int, width: int, *, bold: bool = False) -> str:
    """Text itself if it fits, else its beginning and an ellipsis."""
    text = printable(text)
    if width_of(text, size, bold=bold) <= width:
        return text
    kept = bisect_right(range(len(text)), float(width), key=lambda end: width_of(f"{text[:end]}…", size, bold=bold)) - 1
    while kept > 0 and width_of(f"{text[:kept]}…", size, bold=bold) > width:  # kerning makes widths not quite monotonic
        kept -= 1
    return f"{text[: max(kept, 0)].rstrip()}…"


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

    def text(self, at: Point, text: str, size: int, colour: Colour, *, bold: bool = False, anchor: str = "ls") -> float:
        """Write one line and return its width; ``anchor`` as in Pillow, by default left end and baseline."""
        self._draw.text(at, printable(text), fill=colour, font=_font(size, bold=bold), anchor=anchor)
        return width_of(text, size, bold=bold)

    def rectangle(
        self, box: tuple[float, float, float, float], *, fill: Colour | None = None, outline: Colour | None = None, width: int = 1
    ) -> None:
        """Draw a box; right and bottom lie outside."""
        left, top, right, bottom = box
        if right > left and bottom > top:
            self._draw.rectangle((left, top, right - 1, bottom - 1), fill=fill, outline=outline, width=width)

    def pill(self, box: Box, *, fill: Colour, inside: Colour | None = None, width: int = 3) -> None:
        """Draw a box with round ends; with ``inside`` only its rim of some width has the colour ``fill``."""
        left, top, right, bottom = box
        self._capsule(left, top, right, bottom, fill)
        if inside is not None:
            self._capsule(left + width, top + width, right - width, bottom - width, inside)

    def line(self, start: Point, end: Point, colour: Colour, width: int = 2) -> None:
        """Draw a straight line."""
        self.polyline((start, end), colour, width)

    def dashes(self, start: Point, end: Point, colour: Colour, *, width: int = 2, dash: float = 6.0) -> None:
        """Draw a straight line of dashes with gaps as long as they are."""
        length = math.dist(start, end)
        for at in np.arange(0, length, 2 * dash):
            a, b = at / length, min(at + dash, length) / length
            ends = [(start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])) for share in (a, b)]
            self.polyline(ends, colour, width)

    def polyline(self, points: Sequence[Point], colour: Colour, width: int = 2) -> None:
        """Join points by straight lines."""
        self._stamp(points, width, colour, lambda mask, at: cv2.polylines(mask, [at], False, 255, width, cv2.LINE_AA, _SHIFT))

    def polygon(self, points: Sequence[Point], fill: Colour) -> None:
        """Fill the area within points."""
        self._stamp(points, 1, fill, lambda mask, at: cv2.fillPoly(mask, [at], 255, cv2.LINE_AA, _SHIFT))

    def disc(self, centre: Point, radius: float, *, fill: Colour) -> None:
        """Fill a circle."""
        scaled = round(radius * 2**_SHIFT)
        self._stamp(
            [centre], math.ceil(radius) + 1, fill, lambda mask, at: cv2.circle(mask, at[0].tolist(), scaled, 255, -1, cv2.LINE_AA, _SHIFT)
        )

    def paste(self, at: tuple[int, int], pixels: NDArray[np.uint8]) -> None:
        """Put an ``(H, W, 3)`` array with its upper left corner at a point."""
        self._image.paste(Image.fromarray(pixels), at)

    def pixels(self) -> NDArray[np.uint8]:
        """Everything drawn so far, ``(H, W, 3)``."""
        return np.array(self._image)

    def _capsule(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        radius, middle = (bottom - top) / 2, (top + bottom) / 2
        angles = np.linspace(-math.pi / 2, math.pi / 2, 48)
        right_end = [(right - radius + radius * math.cos(a), middle + radius * math.sin(a)) for a in angles]
        left_end = [(left + radius - radius * math.cos(a), middle - radius * math.sin(a)) for a in angles]
        self.polygon([*right_end, *left_end], colour)

    def _stamp(
        self, points: Sequence[Point], reach: int, colour: Colour, paint: Callable[[NDArray[np.uint8], NDArray[np.int32]], object]
    ) -> None:
        """Lay a colour through an anti-aliased mask just large enough for the points and what reaches beyond them."""
        spots = np.asarray(points, float)
        corner = np.floor(spots.min(axis=0)).astype(int) - reach
        width, height = np.ceil(spots.max(axis=0)).astype(int) + reach + 1 - corner
        mask = np.zeros((height, width), np.uint8)
        paint(mask, np.round((spots - corner) * 2**_SHIFT).astype(np.int32))
        self._image.paste(colour, (int(corner[0]), int(corner[1])), Image.fromarray(mask))
