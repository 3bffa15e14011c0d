"""What the radiologist sees first: the answer in a band above the hand, and beside the hand what the networks looked at.

Nothing is drawn on the left image, no identifier is burned in, and every colour has a word or a shape that says the
same on a grey-scale monitor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from baa_node.core.assessment import Assessment, Determination, Refusal, ZConvention
from baa_node.core.canvas import Box, Canvas, Colour, shorten, width_of, wrap
from baa_node.core.radiograph import Laterality, Sex
from baa_node.core.words import Language
from baa_node.core.words.sentences import sentences

WIDTH: Final = 1600
HEIGHT: Final = 1200

_MARGIN: Final = 40
_BAND: Final = 300
_FOOTER: Final = 76
_CAPTION: Final = 44
_BAR_SPACE: Final = 72
_GAP: Final = 24
_STRENGTH: Final = 0.62
"""Share of the colour where attention is highest; the bone must stay visible below it."""

_INK: Final[Colour] = (240, 244, 248)
_MUTED: Final[Colour] = (150, 163, 177)
_FAINT: Final[Colour] = (70, 82, 96)
_GROUND: Final[Colour] = (8, 11, 15)
_PANEL: Final[Colour] = (20, 27, 35)
_RANGE: Final[Colour] = (52, 82, 84)
_AMBER: Final[Colour] = (245, 172, 34)
_ON_AMBER: Final[Colour] = (24, 18, 4)

_VERDICTS: Final[dict[Determination, tuple[str, Colour]]] = {
    Determination.DELAYED: ("DELAYED", (126, 178, 255)),
    Determination.NORMAL: ("WITHIN ±{limit:g} SD", (112, 214, 168)),
    Determination.ADVANCED: ("ADVANCED", (255, 176, 92)),
    Determination.INDETERMINATE: ("NOT COMPARED", _MUTED),
}
_SEX_WORDS: Final = {Sex.FEMALE: "female", Sex.MALE: "male"}
_SIDE_WORDS: Final = {Laterality.LEFT: "left hand", Laterality.RIGHT: "right hand"}


def draw_picture(
    pixels: NDArray[np.uint8] | None, result: Assessment | Refusal, *, version: str, language: Language = Language.ENGLISH
) -> NDArray[np.uint8]:
    """Draw the result of one image.

    Parameters
    ----------
    pixels
        ``(H, W) uint8`` as displayed, bone bright; None when the frame cannot be decoded.
    version
        Of this software.
    language
        Of cautions and reference.

    Returns
    -------
    NDArray[np.uint8]
        ``(1200, 1600, 3)`` sRGB.
    """
    canvas = Canvas(WIDTH, HEIGHT, _GROUND)
    said = sentences(result, language)
    if isinstance(result, Refusal):
        _draw_refusal_band(canvas, result)
        top = _draw_cautions(canvas, said.cautions, _BAND)
        _draw_single_panel(canvas, pixels, (_MARGIN, top, WIDTH - _MARGIN, HEIGHT - _FOOTER))
        _draw_footer(canvas, f"baa_node {version}")
        return canvas.pixels()
    _draw_band(canvas, result, said.reference)
    top = _draw_cautions(canvas, said.cautions, _BAND)
    area = (_MARGIN, top, WIDTH - _MARGIN, HEIGHT - _FOOTER)
    if pixels is None:
        _draw_single_panel(canvas, None, area)
    else:
        _draw_panels(canvas, pixels, result, area)
    _draw_footer(canvas, _provenance(result, version))
    return canvas.pixels()


def _draw_band(canvas: Canvas, result: Assessment, reference: str) -> None:
    canvas.rectangle((0, 0, WIDTH, _BAND), fill=_PANEL)
    estimate = result.estimate
    low, high = estimate.interval_months
    canvas.text((_MARGIN, 52), "BONE AGE", 22, _MUTED)
    canvas.text((_MARGIN - 4, 158), short_age(estimate.bone_age_months), 112, _INK, bold=True)
    canvas.text((_MARGIN, 216), f"({estimate.bone_age_months:.1f} months)", 40, _INK)
    canvas.text((_MARGIN, 264), f"{estimate.coverage * 100:g} % interval {low:.1f} to {high:.1f} months", 26, _MUTED)
    _draw_verdict(canvas, result, 620)
    _draw_ruler(canvas, result, (630, 150, WIDTH - _MARGIN - 10, 222))
    line_of_reference = f"Reference: {reference}." if reference else "No reference value for this examination."
    for row, line in enumerate(wrap(line_of_reference, 19, WIDTH - _MARGIN - 620, 2)):
        canvas.text((620, 262 + 24 * row), line, 19, _MUTED)


def _draw_verdict(canvas: Canvas, result: Assessment, left: int) -> None:
    """Verdict in a pill, hollow where all is as expected and full where it is not, and the four facts behind it."""
    words, colour = _VERDICTS[result.determination]
    words = words.format(limit=result.policy.normal_limit_sd)
    right = left + int(width_of(words, 30)) + 52
    box = (left, 28, right, 82)
    if result.determination in (Determination.DELAYED, Determination.ADVANCED):
        canvas.pill(box, fill=colour)
        canvas.text((left + 26, 66), words, 30, _ON_AMBER, bold=True)
    else:
        canvas.pill(box, outline=colour)
        canvas.text((left + 26, 66), words, 30, colour, bold=True)
    x = max(right + 36.0, 920.0)
    for label, value in _facts(result):
        canvas.text((x, 44), label, 19, _MUTED)
        x += max(canvas.text((x, 78), value, 27, _INK), width_of(label, 19)) + 28


def _facts(result: Assessment) -> list[tuple[str, str]]:
    age, difference = result.chronological_age_months, result.difference_months
    return [
        ("z-score", "-" if result.z_score is None else f"{result.z_score:+.2f}"),
        ("chronological age", "unknown" if age is None else f"{short_age(age)} ({age:.1f} mo)"),
        ("difference", "-" if difference is None else f"{difference:+.1f} mo"),
        ("sex used", "none" if result.estimate.sex_used is None or result.sex is None else _SEX_WORDS[result.sex]),
    ]


def short_age(months: float) -> str:
    """Age rounded to whole months for a headline: ``9 y 2 m``."""
    years, rest = divmod(round(abs(months)), 12)
    return f"{'-' if round(months) < 0 else ''}{years} y {rest} m"


@dataclass(frozen=True)
class _Axis:
    """Ages in months along a horizontal line of pixels."""

    left: int
    right: int
    first: int
    last: int

    def at(self, months: float) -> float:
        share = (min(max(months, self.first), self.last) - self.first) / (self.last - self.first)
        return self.left + share * (self.right - self.left)


def _draw_ruler(canvas: Canvas, result: Assessment, box: Box) -> None:
    """Bone age with its interval and chronological age on one axis of years, over the normal range."""
    left, top, right, bottom = box
    middle = (top + bottom) // 2 - 4
    normal = _normal_range(result)
    low, high = result.estimate.interval_months
    age = result.chronological_age_months
    axis = _axis([low, high, result.estimate.bone_age_months, *(normal or ()), *(() if age is None else (age,))], left, right)
    if normal is not None:
        canvas.rectangle((axis.at(normal[0]), middle - 22, axis.at(normal[1]), middle + 23), fill=_RANGE)
    _draw_years(canvas, axis, middle + 23)
    if age is not None:
        canvas.line((axis.at(age), middle - 22), (axis.at(age), middle + 22), _INK, 3)
    canvas.line((axis.at(low), middle), (axis.at(high), middle), _AMBER, 4)
    for end in (low, high):
        canvas.line((axis.at(end), middle - 8), (axis.at(end), middle + 8), _AMBER, 3)
    canvas.diamond((axis.at(result.estimate.bone_age_months), middle), 13, fill=_AMBER, outline=_PANEL)
    _draw_legend(canvas, result, left - 8, top - 14)


def _normal_range(result: Assessment) -> tuple[float, float] | None:
    by_age = result.policy.convention is ZConvention.CHRONOLOGICAL_AGE
    centre = result.chronological_age_months if by_age else result.reference_mean_months
    if centre is None or result.reference_sd_months is None:
        return None
    reach = result.policy.normal_limit_sd * result.reference_sd_months
    return centre - reach, centre + reach


def _axis(values: list[float], left: int, right: int) -> _Axis:
    """Whole years around all values, at least four."""
    first = max(0, math.floor((min(values) - 6) / 12))
    last = max(first + 4, math.ceil((max(values) + 6) / 12))
    return _Axis(left, right, first * 12, last * 12)


def _draw_years(canvas: Canvas, axis: _Axis, y: int) -> None:
    canvas.line((axis.left, y), (axis.right, y), _FAINT, 2)
    years = range(axis.first // 12, axis.last // 12 + 1)
    step = math.ceil(len(years) / 14)
    for year in years[::step]:
        x = axis.at(year * 12)
        canvas.line((x, y), (x, y + 6), _FAINT, 2)
        canvas.text((x, y + 24), f"{year}" if year != years[0] else f"{year} y", 19, _MUTED, anchor="ms")


def _draw_legend(canvas: Canvas, result: Assessment, x: float, y: int) -> None:
    canvas.diamond((x + 8, y - 6), 8, fill=_AMBER, outline=_PANEL)
    x += 24 + canvas.text((x + 24, y), "bone age and interval", 19, _MUTED) + 30
    if result.chronological_age_months is not None:
        canvas.line((x, y - 14), (x, y + 2), _INK, 3)
        x += 14 + canvas.text((x + 14, y), "chronological age", 19, _MUTED) + 30
    if result.reference_sd_months is not None:
        canvas.rectangle((x, y - 14, x + 26, y + 2), fill=_RANGE)
        canvas.text((x + 36, y), f"normal range, ±{result.policy.normal_limit_sd:g} SD", 19, _MUTED)


def _draw_cautions(canvas: Canvas, cautions: tuple[str, ...], top: int) -> int:
    """Write at most three cautions in a strip and return where the strip ends."""
    if not cautions:
        return top
    width = WIDTH - 2 * _MARGIN - 24
    shown = [shorten(caution, 21, width) for caution in cautions[:3]]
    if len(cautions) > 3:
        more = f"  (+{len(cautions) - 3} more in the report)"
        shown[2] = shorten(cautions[2], 21, width - math.ceil(width_of(more, 21))) + more
    bottom = top + 30 * len(shown) + 20
    canvas.rectangle((0, top, WIDTH, bottom), fill=(38, 33, 20))
    canvas.rectangle((_MARGIN, top + 10, _MARGIN + 6, bottom - 10), fill=_AMBER)
    for row, line in enumerate(shown):
        canvas.text((_MARGIN + 24, top + 33 + 30 * row), line, 21, (250, 216, 150))
    return bottom


def _draw_panels(canvas: Canvas, pixels: NDArray[np.uint8], result: Assessment, area: Box) -> None:
    left, top, right, bottom = area
    width = (right - left - _GAP - _BAR_SPACE) // 2
    side = "" if result.laterality is None else f", {_SIDE_WORDS[result.laterality]}"
    plain = _fit(pixels, width, bottom - top - _CAPTION - 12)
    colour = _overlay(plain, pixels.shape, result)
    top += (bottom - top - _CAPTION - 12 - plain.shape[0]) // 2
    for x, caption, picture in (
        (left, f"Radiograph as read{side}", cv2.cvtColor(plain, cv2.COLOR_GRAY2RGB)),
        (left + width + _GAP, "Model attention, not evidence", colour),
    ):
        canvas.text((x + width / 2, top + 31), caption, 21, _MUTED, anchor="ms")
        canvas.paste((x + (width - picture.shape[1]) // 2, top + _CAPTION), np.asarray(picture, np.uint8))
    _draw_colour_bar(canvas, (right - _BAR_SPACE + 26, top + _CAPTION, right - 26, top + _CAPTION + max(plain.shape[0], 160)))


def _draw_single_panel(canvas: Canvas, pixels: NDArray[np.uint8] | None, area: Box) -> None:
    left, top, right, bottom = area
    middle = (left + right) / 2
    if pixels is None:
        box = (middle - 400, top + 60, middle + 400, bottom - 60)
        canvas.rectangle(box, outline=_FAINT, width=2)
        canvas.text((middle, (top + bottom) / 2), "The image could not be displayed", 32, _MUTED, anchor="mm")
        return
    picture = _fit(pixels, right - left, bottom - top - _CAPTION - 12)
    canvas.text((middle, top + 31), "Radiograph as received", 21, _MUTED, anchor="ms")
    canvas.paste((int(middle - picture.shape[1] / 2), top + _CAPTION), np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), np.uint8))


def _fit(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Frame scaled to the largest size within the limits, at least one pixel each way."""
    rows, columns = pixels.shape
    scale = min(width / columns, height / rows)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), np.uint8)


def _overlay(plain: NDArray[np.uint8], frame_shape: tuple[int, ...], result: Assessment) -> NDArray[np.uint8]:
    """Colour the shown frame by attention: hue and opacity both grow with it."""
    attention = _attention(plain.shape, frame_shape, result)
    colours = cv2.cvtColor(_colours(np.round(attention * 255).astype(np.uint8)), cv2.COLOR_BGR2RGB)
    opacity = (_STRENGTH * attention)[..., None]
    return np.asarray(np.round(plain[..., None] * (1 - opacity) + colours * opacity), np.uint8)


def _attention(shown: tuple[int, ...], frame: tuple[int, ...], result: Assessment) -> NDArray[np.float32]:
    """Saliency in pixels of the shown frame, 0 outside the crop; the crop itself may reach beyond the frame."""
    top, left, height, width = result.estimate.crop
    saliency = np.clip(np.nan_to_num(result.estimate.saliency), 0, 1).astype(np.float32)
    row = _positions(shown[0], frame[0], top, height)
    column = _positions(shown[1], frame[1], left, width)
    inside = ((row >= 0) & (row <= 1))[:, None] & ((column >= 0) & (column <= 1))[None, :]
    y, x = np.meshgrid(row * saliency.shape[0] - 0.5, column * saliency.shape[1] - 0.5, indexing="ij")
    smooth = cv2.remap(saliency, x.astype(np.float32), y.astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.where(inside, np.clip(smooth, 0, 1), 0).astype(np.float32)


def _positions(shown: int, frame: int, start: int, length: int) -> NDArray[np.float64]:
    """Where the centres of the shown pixels lie in the crop: 0 at its first edge, 1 at its last."""
    return ((np.arange(shown) + 0.5) * frame / shown - start) / max(length, 1)


def _colours(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO), np.uint8)


def _draw_colour_bar(canvas: Canvas, box: Box) -> None:
    left, top, right, bottom = box
    levels = np.linspace(255, 0, bottom - top - 56).astype(np.uint8)
    ramp = np.repeat(levels[:, None], right - left, axis=1)
    canvas.paste((left, top + 28), np.asarray(cv2.cvtColor(_colours(ramp), cv2.COLOR_BGR2RGB), np.uint8))
    canvas.text(((left + right) / 2, top + 16), "high", 19, _MUTED, anchor="ms")
    canvas.text(((left + right) / 2, bottom - 6), "low", 19, _MUTED, anchor="ms")


def _draw_refusal_band(canvas: Canvas, refusal: Refusal) -> None:
    canvas.rectangle((0, 0, WIDTH, _BAND), fill=_AMBER)
    canvas.text((_MARGIN, 84), "Bone age not given", 60, _ON_AMBER, bold=True)
    y = 136
    for reason in refusal.reasons[:3]:
        canvas.text((_MARGIN, y), shorten(f"{reason.meaning}  ({reason.code})", 32, WIDTH - 2 * _MARGIN), 32, _ON_AMBER)
        y += 40
    if len(refusal.reasons) > 3:
        canvas.text((_MARGIN, y - 8), f"and {len(refusal.reasons) - 3} more in the report", 22, _ON_AMBER)
    elif refusal.detail:
        canvas.text((_MARGIN, y - 6), shorten(refusal.detail, 22, WIDTH - 2 * _MARGIN), 22, _ON_AMBER)
    canvas.text((_MARGIN, _BAND - 22), "No value was computed by software. Assess the image by hand.", 24, _ON_AMBER, bold=True)


def _draw_footer(canvas: Canvas, provenance: str) -> None:
    top = HEIGHT - _FOOTER
    canvas.rectangle((0, top, WIDTH, HEIGHT), fill=_PANEL)
    width = canvas.text((_MARGIN, top + 32), "Research use, not for diagnosis", 24, _AMBER, bold=True)
    canvas.text((_MARGIN + width + 18, top + 32), "Not verified by a person. Weights for non-commercial research only.", 20, _MUTED)
    canvas.text((_MARGIN, top + 60), shorten(provenance, 19, WIDTH - 2 * _MARGIN), 19, _MUTED)


def _provenance(result: Assessment, version: str) -> str:
    """Weights, their single values as far as there is room, and what they ran on."""
    estimate = result.estimate
    months = estimate.members.values()
    single = ", ".join(f"{name} {value:.1f}" for name, value in estimate.members.items())
    summary = f"{len(months)} networks {min(months):.1f} to {max(months):.1f}" if months else ""
    spread = "" if estimate.spread_months is None else f" (SD {estimate.spread_months:.1f})"
    provider = estimate.provider.removesuffix("ExecutionProvider")
    lines = [
        f"{estimate.bundle.name} {estimate.bundle.version} · {words}{spread} mo · {provider} · baa_node {version}"
        for words in (single, summary)
    ]
    return lines[0] if width_of(lines[0], 19) <= WIDTH - 2 * _MARGIN else lines[1]
