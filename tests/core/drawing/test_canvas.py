from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baa_node.core.drawing.canvas import Canvas, _font, printable, shorten, width_of, wrap

texts = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x3000), max_size=80)


@given(text=texts, size=st.integers(12, 60), width=st.integers(60, 600), most=st.integers(1, 4))
def test_wrapped_lines_fit_and_keep_their_order(text: str, size: int, width: int, most: int) -> None:
    lines = wrap(text, size, width, most)
    assert len(lines) <= most
    assert all(width_of(line, size) <= width or line == "…" for line in lines)
    if not any(line.endswith("…") for line in lines):
        assert " ".join(lines).split() == printable(text).split()


@given(text=texts, width=st.integers(40, 400))
def test_what_fits_is_left_alone(text: str, width: int) -> None:
    short = shorten(text, 20, width)
    fits = width_of(text, 20) <= width
    assert (short == printable(text)) or (not fits and short.endswith("…"))


def test_characters_without_glyph_become_question_marks() -> None:
    assert printable("±2 · 9 y") == "±2 · 9 y"
    assert printable("山田 é\n") == "?? é?"


@pytest.mark.parametrize("bold", [False, True])
def test_the_font_has_every_letter_of_the_languages_and_the_signs(bold: bool) -> None:
    font = _font(40, bold=bold)
    nothing = bytes(font.getmask("\ufffe"))
    letters = "±−≥≤·°…–’äöüßÄÖÜñáéíóúü¿¡àâçèéêëîïôùûœÀÇÉãõâêôçÃÕÊ"
    assert [letter for letter in letters if bytes(font.getmask(letter)) == nothing] == []


def test_boxes_end_before_right_and_bottom() -> None:
    canvas = Canvas(10, 8, (0, 0, 0))
    canvas.rectangle((2, 3, 6, 5), fill=(9, 9, 9))
    assert np.argwhere(canvas.pixels()[..., 0]).tolist() == [[row, column] for row in (3, 4) for column in (2, 3, 4, 5)]
    canvas.rectangle((5, 5, 5, 9), fill=(9, 9, 9))
    assert np.count_nonzero(canvas.pixels()[..., 0]) == 8


def test_pasted_pixels_are_unchanged() -> None:
    canvas = Canvas(10, 8, (1, 2, 3))
    block = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    canvas.paste((4, 5), block)
    assert np.array_equal(canvas.pixels()[5:7, 4:7], block)
    assert tuple(canvas.pixels()[0, 0]) == (1, 2, 3)
