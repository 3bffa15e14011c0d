"""An A4 sheet that fills from the top: text in the font of the picture, embedded and searchable, hairlines and pictures.

ReportLab sets it, because it takes a font from memory and, asked to be invariant, writes equal bytes for equal pages.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader, simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from baa_node.core.drawing.canvas import font_file, printable

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
    """One page; lengths are points, heights count from the lower edge.

    Parameters
    ----------
    title, author, creator
        Of the document's properties.
    language
        RFC 5646 tag, for programs that read the page aloud.

    Attributes
    ----------
    y
        Baseline of what was set last.
    """

    def __init__(self, *, title: str, author: str, creator: str, language: str) -> None:
        _register_fonts()
        self._buffer = io.BytesIO()
        self._canvas = Canvas(self._buffer, pagesize=A4, invariant=True, lang=language)
        self._canvas.setTitle(title)
        self._canvas.setAuthor(author)
        self._canvas.setCreator(creator)
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

    def image(self, pixels: NDArray[np.uint8], height: float) -> None:
        """Place ``(H, W, 3)`` pixels at the left, so many points high."""
        self.y -= height + 12
        width = height * pixels.shape[1] / pixels.shape[0]
        self._canvas.drawImage(ImageReader(Image.fromarray(pixels)), LEFT, self.y, width, height)

    def pdf(self) -> bytes:
        """End the page and return the document; call it once."""
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
