"""A4 sheets that fill from the top: text in the font of the picture, embedded and searchable, hairlines, shapes and pictures.

ReportLab sets it, because it takes a font from memory and, asked to be invariant, writes equal bytes for equal pages.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader, simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from baa_node.core.drawing.canvas import font_file, printable

Point: TypeAlias = tuple[float, float]
Colour: TypeAlias = tuple[float, float, float]
"""Red, green and blue, 0 to 1."""

LEFT: Final = 48.0
RIGHT: Final = A4[0] - LEFT
TOP: Final = A4[1] - 44.0
BOTTOM: Final = 40.0
WIDTH: Final = RIGHT - LEFT

_PLAIN: Final = "FiraGO"
_BOLD: Final = "FiraGO-Bold"
_LEADING: Final = 1.35


@cache
def _register_fonts() -> None:
    for name, bold in ((_PLAIN, False), (_BOLD, True)):
        pdfmetrics.registerFont(TTFont(name, io.BytesIO(font_file(bold=bold))))


class Sheet:
    """One page after the other; lengths are points, heights count from the lower edge.

    Parameters
    ----------
    title, author, creator, subject
        Of the document's properties, which catalogues and windows show: nothing of a patient.
    language
        RFC 5646 tag, for programs that read the page aloud.

    Attributes
    ----------
    y
        Baseline of what was set last.
    """

    def __init__(self, *, title: str, author: str, creator: str, language: str, subject: str = "") -> None:
        _register_fonts()
        self._buffer = io.BytesIO()
        self._canvas = Canvas(self._buffer, pagesize=A4, invariant=True, lang=language)
        self._canvas.setTitle(title)
        self._canvas.setAuthor(author)
        self._canvas.setCreator(creator)
        self._canvas.setSubject(subject)
        self._canvas.setViewerPreference("DisplayDocTitle", "true")  # in the window's bar, not the name of a file
        self.y = TOP

    def text(self, text: str, size: float, *, x: float = LEFT, bold: bool = False, grey: float = 0.0, right: bool = False) -> None:
        """Write one line at the present height; with ``right`` it ends at ``x``."""
        self._canvas.setFont(_BOLD if bold else _PLAIN, size)
        self._canvas.setFillGray(grey)
        (self._canvas.drawRightString if right else self._canvas.drawString)(x, self.y, printable(text))

    def paragraph(self, text: str, size: float, *, x: float = LEFT, width: float = WIDTH, bold: bool = False, grey: float = 0.0) -> None:
        """Write lines below what was set last."""
        for line in lines_of(text, size, width, bold=bold):
            self.y -= size * _LEADING
            self.text(line, size, x=x, bold=bold, grey=grey)

    def bullet(self, text: str, size: float) -> None:
        """Write a paragraph behind a dot."""
        self.y -= 2
        self._canvas.setFillGray(0)
        self._canvas.circle(LEFT + 3, self.y - size, 1.4, stroke=0, fill=1)
        self.paragraph(text, size, x=LEFT + 10, width=WIDTH - 10)

    def rule(self) -> None:
        """Draw a hairline below what was set last."""
        self.y -= 8
        self._canvas.setStrokeGray(0.75)
        self._canvas.setLineWidth(0.5)
        self._canvas.line(LEFT, self.y, RIGHT, self.y)

    def line(self, start: Point, end: Point, colour: Colour, *, width: float = 0.7, dash: float = 0.0) -> None:
        """Draw a straight line, dashed where ``dash`` gives the length of a dash."""
        self._canvas.saveState()
        self._canvas.setStrokeColorRGB(*colour)
        self._canvas.setLineWidth(width)
        if dash:
            self._canvas.setDash([dash, dash])
        self._canvas.line(*start, *end)
        self._canvas.restoreState()

    def polygon(self, points: Sequence[Point], colour: Colour, *, opacity: float = 1.0, outline: bool = False) -> None:
        """Fill the area within points, or draw its outline alone."""
        path = self._canvas.beginPath()
        path.moveTo(*points[0])
        for point in points[1:]:
            path.lineTo(*point)
        path.close()
        self._shape(colour, opacity)
        self._canvas.drawPath(path, stroke=int(outline), fill=int(not outline))
        self._canvas.restoreState()

    def disc(self, centre: Point, radius: float, colour: Colour, *, opacity: float = 1.0, outline: bool = False) -> None:
        """Fill a circle, or draw its outline alone."""
        self._shape(colour, opacity)
        self._canvas.circle(*centre, radius, stroke=int(outline), fill=int(not outline))
        self._canvas.restoreState()

    def upright(self, text: str, size: float, at: Point, *, grey: float = 0.0) -> None:
        """Write one line upwards, its middle at a point."""
        self._canvas.saveState()
        self._canvas.translate(*at)
        self._canvas.rotate(90)
        self._canvas.setFont(_PLAIN, size)
        self._canvas.setFillGray(grey)
        self._canvas.drawCentredString(0, 0, printable(text))
        self._canvas.restoreState()

    def next_page(self) -> None:
        """End this page and begin another."""
        self._canvas.showPage()
        self.y = TOP

    def image(self, pixels: NDArray[np.uint8], height: float) -> None:
        """Place ``(H, W, 3)`` pixels at the left, so many points high."""
        self.y -= height + 12
        width = height * pixels.shape[1] / pixels.shape[0]
        self._canvas.drawImage(ImageReader(Image.fromarray(pixels)), LEFT, self.y, width, height)

    def _shape(self, colour: Colour, opacity: float) -> None:
        self._canvas.saveState()
        self._canvas.setFillColorRGB(*colour)
        self._canvas.setStrokeColorRGB(*colour)
        self._canvas.setLineWidth(0.6)
        self._canvas.setFillAlpha(opacity)
        self._canvas.setStrokeAlpha(opacity)

    def pdf(self) -> bytes:
        """End the last page and return the document; call it once."""
        self._canvas.showPage()
        self._canvas.save()
        return self._buffer.getvalue()


def lines_of(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """Lines of text no wider than ``width`` points; a word that is too long is broken anywhere."""
    _register_fonts()
    font = _BOLD if bold else _PLAIN

    def reach(part: str) -> float:
        return float(pdfmetrics.stringWidth(part, font, size))

    lines: list[str] = []
    for line in simpleSplit(printable(text), font, size, width):
        rest = str(line)
        while reach(rest) > width and len(rest) > 1:
            kept = max(1, bisect_right([reach(rest[:end]) for end in range(len(rest))], width) - 1)
            lines.append(rest[:kept])
            rest = rest[kept:]
        lines.append(rest)
    return lines


def height_of(text: str, size: float, width: float = WIDTH) -> float:
    """Points that a paragraph takes."""
    return len(lines_of(text, size, width)) * size * _LEADING
