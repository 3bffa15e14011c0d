"""What the radiologist sees first: the answer, the hand, what the networks looked at, and where the answer lies on a growth chart.

Nothing is drawn on the left image, no identifier is burned in, and every colour has a word or a shape that says the
same on a grey-scale monitor.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from baa_node.core.assessment import Assessment, Determination, Refusal
from baa_node.core.drawing import palette as p
from baa_node.core.drawing.attention import colour_bar, overlay
from baa_node.core.drawing.canvas import Box, Canvas, Colour, bearing_of, shorten, width_of, wrap
from baa_node.core.drawing.growth_chart import draw_growth_chart
from baa_node.core.drawing.sentences import Sentences, sentences_of, sex_used_in_words, side_in_words, verdict_in_words
from baa_node.core.priors.history import Earlier
from baa_node.core.words import Language
from baa_node.core.words.picture import PictureWords, age_parts, decimal, months_of, plain, words_of
from baa_node.core.words.sentences import age_in_words

WIDTH: Final = 1600
HEIGHT: Final = 1200

_MARGIN: Final = 40
_HEADER: Final = 272
PANELS_HEIGHT: Final = 840
_GAP: Final = 32
_CHART_WIDTH: Final = 496
_CAPTION: Final = 44
_BAR_ROW: Final = 48
_LEAST_BAR: Final = 300
_MOST_CAUTION_LINES: Final = 4
_LINE: Final = 36
_PARAGRAPH: Final = 14


def draw_picture(
    pixels: NDArray[np.uint8] | None,
    result: Assessment | Refusal,
    *,
    version: str,
    earlier: Sequence[Earlier] = (),
    language: Language = Language.ENGLISH,
) -> NDArray[np.uint8]:
    """Draw the result of one image.

    Parameters
    ----------
    pixels
        ``(H, W) uint8`` as displayed, bone bright; None when the frame cannot be decoded.
    version
        Of this software.
    earlier
        Assessments of the same patient before this one, in any order.

    Returns
    -------
    NDArray[np.uint8]
        ``(1200, 1600, 3)`` sRGB.
    """
    canvas, words, sentences = Canvas(WIDTH, HEIGHT, p.GROUND), words_of(language), sentences_of(result, language)
    if isinstance(result, Refusal):
        _draw_refusal(canvas, pixels, sentences, version, words)
    else:
        _draw_answer(canvas, result, words)
        _draw_verdict(canvas, result, words)
        top = _draw_cautions(canvas, sentences.cautions, words)
        bottom = _draw_footer(canvas, sentences, _method(result, version, words))
        area = (_MARGIN, top + 20, WIDTH - _MARGIN, bottom - 24)
        _draw_panels(canvas, pixels, result, area, earlier=earlier, words=words)
    return canvas.pixels()


def draw_panels(
    pixels: NDArray[np.uint8], result: Assessment | Refusal, *, earlier: Sequence[Earlier] = (), language: Language = Language.ENGLISH
) -> NDArray[np.uint8]:
    """Draw the images and the growth chart alone, for a page that says the rest in letters: ``(840, W, 3)`` sRGB."""
    words = words_of(language)
    canvas = Canvas(WIDTH, PANELS_HEIGHT, p.GROUND)
    area = (_MARGIN, 20, WIDTH - _MARGIN, PANELS_HEIGHT - _MARGIN)
    if isinstance(result, Refusal):
        end = _draw_received(canvas, pixels, area, words) + _MARGIN
        return canvas.pixels()[:, :end]
    _draw_panels(canvas, pixels, result, area, earlier=earlier, words=words)
    return canvas.pixels()


def _draw_answer(canvas: Canvas, result: Assessment, words: PictureWords) -> None:
    estimate = result.estimate
    low, high = (decimal(months, 1, words) for months in estimate.interval_months)
    canvas.text((_MARGIN, 62), words.bone_age, p.LARGE, p.MUTED)
    parts = age_parts(estimate.bone_age_months, words)
    x = _MARGIN - bearing_of(parts[0][0], p.NUMERAL, bold=True)
    for number, unit in parts:
        x += canvas.text((x, 182), number, p.NUMERAL, p.INK, bold=True) + 14
        x += canvas.text((x, 182), unit, p.UNIT, p.INK) + 34
    x = _MARGIN + canvas.text((_MARGIN, 240), months_of(estimate.bone_age_months, words), p.LARGE, p.INK, bold=True) + 30
    interval = words.interval.format(coverage=plain(estimate.coverage * 100, words), low=low, high=high)
    canvas.text((x, 240), interval, p.LARGE, p.MUTED)


def _draw_verdict(canvas: Canvas, result: Assessment, words: PictureWords) -> None:
    """Verdict in a pill, hollow where all is as expected and full where it is not, over the facts behind it."""
    left, right = WIDTH - _MARGIN - _CHART_WIDTH, WIDTH - _MARGIN
    abnormal = result.determination in {Determination.DELAYED, Determination.ADVANCED}
    name = verdict_in_words(result, words)
    box = (left, 30, left + 78 + round(width_of(name, p.LARGE, bold=True)), 86)
    ink, ground = (p.ON_AMBER, p.AMBER) if abnormal else (p.INK, p.GROUND)
    canvas.pill(box, fill=p.AMBER if abnormal else p.MUTED, inside=None if abnormal else ground)
    _draw_sign(canvas, result.determination, (left + 34, 58), ink)
    canvas.text((left + 58, 68), name, p.LARGE, ink, bold=True)
    for row, (label, value) in enumerate(_facts(result, words)):
        y = 132 + 36 * row
        canvas.text((left, y), label, p.SMALL, p.MUTED)
        canvas.text((right, y), value, p.BODY, p.INK, bold=True, anchor="rs")


def _draw_sign(canvas: Canvas, determination: Determination, at: tuple[int, int], colour: Colour) -> None:
    """Show the verdict as a shape: down, level, up, or a dash for none."""
    x, y = at
    if determination is Determination.NORMAL:
        canvas.disc(at, 8, fill=colour)
    elif determination is Determination.INDETERMINATE:
        canvas.line((x - 9, y), (x + 9, y), colour, 4)
    else:
        tip = 10 if determination is Determination.DELAYED else -10
        canvas.polygon([(x - 11, y - tip * 0.8), (x + 11, y - tip * 0.8), (x, y + tip)], colour)


def _facts(result: Assessment, words: PictureWords) -> list[tuple[str, str]]:
    age, difference, z_score = result.chronological_age_months, result.difference_months, result.z_score
    return [
        (words.chronological_age, words.unknown if age is None else age_in_words(age, words.texts.language)),
        (words.difference, "–" if difference is None else months_of(difference, words, signed=True)),
        (words.z_score, "–" if z_score is None else decimal(z_score, 2, words, signed=True)),
        (words.sex_used, sex_used_in_words(result, words)),
    ]


def _draw_cautions(canvas: Canvas, cautions: Sequence[str], words: PictureWords) -> int:
    """Write the cautions that fit into a strip and return where the strip ends."""
    lines = _caution_lines(cautions, words)
    if not lines:
        return _HEADER
    bottom = _HEADER + 34 * len(lines) + 22
    canvas.rectangle((0, _HEADER, WIDTH, bottom), fill=p.RAISED)
    canvas.rectangle((0, _HEADER, 8, bottom), fill=p.AMBER)
    for row, (line, first) in enumerate(lines):
        y = _HEADER + 36 + 34 * row
        if first:
            canvas.polygon([(_MARGIN, y - 1), (_MARGIN + 18, y - 1), (_MARGIN + 9, y - 18)], p.AMBER)
        canvas.text((_MARGIN + 32, y), line, p.SMALL, p.INK)
    return bottom


def _caution_lines(cautions: Sequence[str], words: PictureWords) -> list[tuple[str, bool]]:
    """Lines and whether each begins a caution; whole cautions only, and how many more there are."""
    width = WIDTH - 2 * _MARGIN - 32
    blocks = [wrap(caution, p.SMALL, width, 2) for caution in cautions]
    count = len(blocks)
    while sum(map(len, blocks[:count])) > _MOST_CAUTION_LINES - (count < len(blocks)):
        count -= 1
    lines = [(line, row == 0) for block in blocks[:count] for row, line in enumerate(block)]
    return lines if count == len(blocks) else [*lines, (words.more.format(count=len(blocks) - count), False)]


def _draw_panels(
    canvas: Canvas, pixels: NDArray[np.uint8] | None, result: Assessment, area: Box, *, earlier: Sequence[Earlier], words: PictureWords
) -> None:
    left, top, right, bottom = area
    column = right - _CHART_WIDTH
    width = (column - left - 2 * _GAP) // 2
    caption = ", ".join(filter(None, (words.radiograph, side_in_words(result, words))))
    _write_caption(canvas, caption, (left, top), width)
    _write_caption(canvas, words.growth_chart, (column, top), _CHART_WIDTH)
    if pixels is None:
        _draw_no_image(canvas, (left, top + _CAPTION, column - _GAP, bottom), words)
    else:
        second = left + width + _GAP
        _write_caption(canvas, words.attention, (second, top), width)
        plain_image = _fit(pixels, width, bottom - top - _CAPTION - _BAR_ROW)
        canvas.paste((left, top + _CAPTION), np.asarray(cv2.cvtColor(plain_image, cv2.COLOR_GRAY2RGB), np.uint8))
        canvas.paste((second, top + _CAPTION), overlay(plain_image, pixels.shape, result.estimate))
        _draw_colour_bar(canvas, second, top + _CAPTION + plain_image.shape[0] + 14, max(plain_image.shape[1], _LEAST_BAR), words)
    draw_growth_chart(canvas, result, earlier, (column, top + _CAPTION - 10, right, bottom), words)


def _write_caption(canvas: Canvas, caption: str, at: tuple[int, int], width: int) -> None:
    canvas.text((at[0], at[1] + 26), shorten(caption, p.SMALL, width), p.SMALL, p.INK)


def _fit(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Frame scaled to the largest size within the limits, at least one pixel each way."""
    rows, columns = pixels.shape
    scale = min(width / columns, height / rows)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), np.uint8)


def _draw_colour_bar(canvas: Canvas, left: int, top: int, width: int, words: PictureWords) -> None:
    first, last = round(width_of(words.low, p.FINE)) + 16, round(width_of(words.high, p.FINE)) + 16
    canvas.text((left, top + 18), words.low, p.FINE, p.MUTED)
    canvas.paste((left + first, top + 4), colour_bar(width - first - last, 14))
    canvas.text((left + width, top + 18), words.high, p.FINE, p.MUTED, anchor="rs")


def _draw_no_image(canvas: Canvas, box: Box, words: PictureWords) -> None:
    left, top, right, bottom = box
    bottom = min(bottom, top + (right - left))
    canvas.rectangle((left, top, right, bottom), outline=p.RULE, width=2)
    canvas.text(((left + right) / 2, (top + bottom) / 2), words.not_displayed, p.LARGE, p.MUTED, anchor="mm")


def _draw_refusal(canvas: Canvas, pixels: NDArray[np.uint8] | None, sentences: Sentences, version: str, words: PictureWords) -> None:
    box = (_MARGIN, 30, _MARGIN + 78 + round(width_of(words.not_estimated, p.LARGE, bold=True)), 86)
    canvas.pill(box, fill=p.AMBER)
    canvas.line((_MARGIN + 25, 58), (_MARGIN + 43, 58), p.ON_AMBER, 4)
    canvas.text((_MARGIN + 58, 68), words.not_estimated, p.LARGE, p.ON_AMBER, bold=True)
    headline = wrap(sentences.conclusion, p.HEADLINE, WIDTH - 2 * _MARGIN, 2, bold=True)
    for row, line in enumerate(headline):
        canvas.text((_MARGIN, 158 + 58 * row), line, p.HEADLINE, p.INK, bold=True)
    top, bottom = 156 + 58 * len(headline), _draw_footer(canvas, sentences, f"baa_node {version}") - 24
    column = _draw_received(canvas, pixels, (_MARGIN, top, WIDTH - _MARGIN - _CHART_WIDTH - _GAP, bottom), words) + _GAP
    y = _write_block(canvas, words.what_to_do, sentences.advice, (column, top, WIDTH - _MARGIN, bottom), words)
    why = [f"{code}: {sentence}" for sentence, code in sentences.reasons]
    _write_block(canvas, words.why, [*why, *sentences.cautions], (column, y + 20, WIDTH - _MARGIN, bottom), words)


def _draw_received(canvas: Canvas, pixels: NDArray[np.uint8] | None, area: Box, words: PictureWords) -> int:
    """Draw the image that was refused, or a frame where it should be, and return where it ends on the right."""
    left, top, right, bottom = area
    if pixels is None:
        _draw_no_image(canvas, (left, top + 10, right, bottom), words)
        return right
    _write_caption(canvas, words.received, (left, top), right - left)
    picture = _fit(pixels, right - left, bottom - top - _CAPTION)
    canvas.paste((left, top + _CAPTION), np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), np.uint8))
    return left + max(int(picture.shape[1]), _CHART_WIDTH)


def _write_block(canvas: Canvas, title: str, paragraphs: Sequence[str], box: Box, words: PictureWords) -> int:
    """Write paragraphs under a title as far as they fit, and how many there are more; return where they end."""
    left, y, right, bottom = box
    canvas.text((left, y + 26), title, p.SMALL, p.MUTED)
    y += 44
    blocks = [wrap(paragraph, p.BODY, right - left, 6) for paragraph in paragraphs]
    count = _blocks_within(blocks, bottom - y)
    for lines in blocks[:count]:
        for line in lines:
            y += _LINE
            canvas.text((left, y - 8), line, p.BODY, p.INK)
        y += _PARAGRAPH
    if count < len(blocks):
        y += _LINE
        canvas.text((left, y - 8), words.more.format(count=len(blocks) - count), p.SMALL, p.MUTED)
    return y


def _blocks_within(blocks: Sequence[Sequence[str]], height: int) -> int:
    """Count the paragraphs that fit whole, with a line below them where others do not."""
    ends = list(accumulate(_LINE * len(lines) + _PARAGRAPH for lines in blocks))
    if not ends or ends[-1] - _PARAGRAPH <= height:
        return len(ends)
    return sum(end + _LINE <= height for end in ends)


def _draw_footer(canvas: Canvas, sentences: Sentences, method: str) -> int:
    """Write disclaimer, method, calibration and reference as small print at the lower edge and return where it begins."""
    width = WIDTH - 2 * _MARGIN
    lines = [(line, p.INK) for line in wrap(sentences.disclaimer, p.FINE, width, 2)]
    lines.append((shorten(method, p.FINE, width), p.MUTED))
    lines += [(line, p.MUTED) for text in (sentences.calibration, sentences.reference) for line in wrap(text, p.FINE, width, 2)]
    top = HEIGHT - 30 * len(lines) - 28
    canvas.line((_MARGIN, top), (WIDTH - _MARGIN, top), p.RULE, 1)
    for row, (line, colour) in enumerate(lines):
        canvas.text((_MARGIN, top + 34 + 30 * row), line, p.FINE, colour)
    return top


def _method(result: Assessment, version: str, words: PictureWords) -> str:
    """Weights, their single values as far as there is room, and what they ran on."""
    estimate = result.estimate
    months = estimate.members.values()
    single = ", ".join(f"{name} {decimal(value, 1, words)}" for name, value in estimate.members.items())
    span = f" {decimal(min(months), 1, words)}–{decimal(max(months), 1, words)}" if months else ""
    spread = "" if estimate.spread_months is None else f" ({words.sd} {decimal(estimate.spread_months, 1, words)})"
    provider = estimate.provider.removesuffix("ExecutionProvider")
    lines = [
        f"{estimate.bundle.name} {estimate.bundle.version} · {values}{spread} {words.texts.month[1]} · {provider} · baa_node {version}"
        for values in (single, f"{len(months)} {words.networks}{span}")
    ]
    return lines[0] if width_of(lines[0], p.FINE) <= WIDTH - 2 * _MARGIN else lines[1]
