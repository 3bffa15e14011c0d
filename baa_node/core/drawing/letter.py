"""The result as one A4 page for people who read on paper: text that can be searched, and the panels of the picture.

Unlike the picture it carries name and number of the patient: a sheet of paper has no viewer to overlay them (decision 0008).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from baa_node.core import picture
from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.drawing.canvas import has_glyph
from baa_node.core.drawing.growth_chart import age_of, shown
from baa_node.core.drawing.sentences import Sentences, sentences_of, sex_used_in_words, side_in_words, verdict_in_words
from baa_node.core.drawing.sheet import BOTTOM, LEFT, RIGHT, WIDTH, Sheet, height_of
from baa_node.core.objects.header import Device, value_of
from baa_node.core.priors.history import Earlier
from baa_node.core.words import Language
from baa_node.core.words.letter import LetterWords, letter_words_of
from baa_node.core.words.picture import PictureWords, decimal, months_of, plain, words_of
from baa_node.core.words.sentences import age_in_words

_GREY: Final = 0.42
_MOST_EARLIER: Final = 6
_PANELS_HEIGHT: Final = WIDTH * picture.PANELS_HEIGHT / picture.WIDTH
"""Points: the panels of an assessment take the whole width."""
_LEAST_PANELS_HEIGHT: Final = 100.0
_ROOM_FOR_CAUTIONS: Final = 90.0
_LEFT_TO_RIGHT: Final = frozenset(("L", "EN", "ES", "ET", "CS", "ON", "WS"))
Row: TypeAlias = tuple[str, str]


def write_letter(
    source: Dataset,
    pixels: NDArray[np.uint8] | None,
    result: Assessment | Refusal,
    device: Device,
    *,
    written_at: datetime,
    revision: int = 1,
    earlier: Sequence[Earlier] = (),
    language: Language = Language.ENGLISH,
) -> bytes:
    """Set the page of one image as PDF; equal arguments give equal bytes.

    Parameters
    ----------
    source
        The image reported on, its header at least: whose it is and when it was taken.
    pixels
        ``(H, W) uint8`` as displayed; None when the frame cannot be decoded.
    earlier
        Assessments of the same patient before this one, in any order.
    """
    words, labels, sentences = words_of(language), letter_words_of(language), sentences_of(result, language)
    facts = [*_facts(result, words, labels), *_earlier_rows(earlier, words, labels)]
    notes = _small_print(source, sentences, device, labels)
    floor = BOTTOM + _height_of_foot(notes)

    def begun() -> Sheet:
        page = Sheet(
            title=labels.title,
            author=device.name,
            creator=f"{device.model} {device.version}",
            language=language.value,
            subject=sentences.disclaimer,
        )
        _set_head(
            page, labels, f"{device.name} · {labels.written} {written_at:%Y-%m-%d %H:%M}", words.texts.replaces if revision > 1 else ""
        )
        _set_identity(page, source, labels)
        _set_answer(page, result, sentences, words)
        return page

    page, trial = begun(), begun()
    _set_facts(trial, facts)
    height = min(_PANELS_HEIGHT, trial.y - floor - _ROOM_FOR_CAUTIONS)
    if pixels is not None and height >= _LEAST_PANELS_HEIGHT:
        page.image(picture.draw_panels(pixels, result, earlier=earlier, language=language), height)
    _set_facts(page, facts)
    _set_cautions(page, sentences.cautions, words, labels, floor=floor)
    _set_foot(page, notes)
    return page.pdf()


def _small_print(source: Dataset, sentences: Sentences, device: Device, labels: LetterWords) -> list[str]:
    reference = [f"{labels.reference}: {sentences.reference}"] if sentences.reference else []
    calibration = [sentences.calibration] if sentences.calibration else []
    return [
        sentences.disclaimer,
        *calibration,
        *reference,
        f"{labels.source_image} {source.SOPInstanceUID} · {device.model} {device.version}",
    ]


def _set_head(page: Sheet, labels: LetterWords, made: str, replaces: str) -> None:
    page.y -= 8
    page.text(labels.title, 17, bold=True)
    page.text(made, 8, x=RIGHT, grey=_GREY, right=True)
    page.paragraph(labels.preliminary, 9)
    page.paragraph(replaces, 9, bold=True)
    page.rule()


def _set_identity(page: Sheet, source: Dataset, labels: LetterWords) -> None:
    cells = [
        (labels.patient, _name(source, labels)),
        (labels.patient_id, _legible(value_of(source, "PatientID"), labels)),
        (labels.birth_date, _day(source, "PatientBirthDate")),
        (labels.examined_on, _day(source, "StudyDate")),
        (labels.accession_number, _legible(value_of(source, "AccessionNumber"), labels)),
    ]
    columns = (0.0, 0.32, 0.54, 0.68, 0.82, 1.0)
    page.y -= 14
    for (label, _), share in zip(cells, columns, strict=False):
        page.text(label, 7, x=LEFT + share * WIDTH, grey=_GREY)
    page.y -= 2
    top = lowest = page.y
    for (_, value), first, last in zip(cells, columns[:-1], columns[1:], strict=True):
        page.y = top
        page.paragraph(value, 9, x=LEFT + first * WIDTH, width=(last - first) * WIDTH - 8, bold=True)
        lowest = min(lowest, page.y)
    page.y = lowest
    page.rule()


def _name(source: Dataset, labels: LetterWords) -> str:
    """First component group of the name that the font can set; the family name first (PS3.5 6.2.1)."""
    name = value_of(source, "PatientName")
    if not name:
        return "–"
    for group in str(name).split("="):
        family, *rest = (part.strip() for part in group.split("^"))
        text = ", ".join(filter(None, (family, " ".join(filter(None, rest[:2])))))
        if text and _can_be_set(text):
            return text
    return labels.see_header


def _legible(value: object, labels: LetterWords) -> str:
    text = str(value or "").strip()
    return (text if _can_be_set(text) else labels.see_header) or "–"


def _can_be_set(text: str) -> bool:
    """Whether every character has a glyph and runs from left to right: shaping is not done here."""
    return all(has_glyph(one) and unicodedata.bidirectional(one) in _LEFT_TO_RIGHT for one in text)


def _day(source: Dataset, keyword: str) -> str:
    digits = "".join(filter(str.isdecimal, str(value_of(source, keyword) or "")))
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 else "–"


def _set_answer(page: Sheet, result: Assessment | Refusal, sentences: Sentences, words: PictureWords) -> None:
    if isinstance(result, Refusal):
        _set_refusal(page, sentences, words)
        return
    page.y -= 32
    page.text(age_in_words(result.estimate.bone_age_months, words.texts.language), 26, bold=True)
    page.text(verdict_in_words(result, words), 15, x=RIGHT, bold=True, right=True)
    page.y -= 4
    page.paragraph(sentences.conclusion, 9.5)


def _set_refusal(page: Sheet, sentences: Sentences, words: PictureWords) -> None:
    page.y -= 26
    page.text(words.not_estimated, 20, bold=True)
    page.y -= 2
    page.paragraph(sentences.conclusion, 11, bold=True)
    for sentence, code in sentences.reasons:
        page.paragraph(f"{code}: {sentence}", 9.5, grey=_GREY)
    for sentence in sentences.advice:
        page.paragraph(sentence, 9.5)


def _facts(result: Assessment | Refusal, words: PictureWords, labels: LetterWords) -> list[Row]:
    if isinstance(result, Refusal):
        return []
    return [*_measured(result, words, labels), *_compared(result, words, labels), *_computed(result, words, labels)]


def _measured(result: Assessment, words: PictureWords, labels: LetterWords) -> list[Row]:
    estimate = result.estimate
    low, high = (decimal(months, 1, words) for months in estimate.interval_months)
    return [
        (words.bone_age, months_of(estimate.bone_age_months, words)),
        (labels.interval.format(coverage=plain(estimate.coverage * 100, words)), f"{low} – {high} {words.texts.month[1]}"),
        (labels.side, side_in_words(result, words) or words.unknown),
        (words.sex_used, sex_used_in_words(result, words)),
    ]


def _compared(result: Assessment, words: PictureWords, labels: LetterWords) -> list[Row]:
    """Everything that could be computed; the reference mean too, since it is the page on which to look it up."""
    age, difference = result.chronological_age_months, result.difference_months
    rows = [
        (words.chronological_age, words.unknown if age is None else f"{age_in_words(age, words.texts.language)} ({months_of(age, words)})")
    ]
    if difference is not None:
        rows.append((words.difference, months_of(difference, words, signed=True)))
    if result.z_score is not None and result.reference_mean_months is not None and result.reference_sd_months is not None:
        rows.append((words.z_score, decimal(result.z_score, 2, words, signed=True)))
        rows.append((labels.reference_mean, months_of(result.reference_mean_months, words)))
        rows.append((labels.reference_sd, months_of(result.reference_sd_months, words, places=2)))
    return [*rows, (labels.finding, verdict_in_words(result, words))]


def _computed(result: Assessment, words: PictureWords, labels: LetterWords) -> list[Row]:
    estimate = result.estimate
    members = ", ".join(f"{name} {decimal(months, 1, words)}" for name, months in estimate.members.items())
    rows = [(labels.members, members)] if members else []
    if estimate.spread_months is not None:
        rows.append((labels.spread, months_of(estimate.spread_months, words, places=2)))
    weights = f"{estimate.bundle.name} {estimate.bundle.version}, SHA-256 {estimate.bundle.sha256[:16]}…"
    return [*rows, (labels.weights, weights), (labels.provider, estimate.provider.removesuffix("ExecutionProvider"))]


def _earlier_rows(earlier: Sequence[Earlier], words: PictureWords, labels: LetterWords) -> list[Row]:
    """Latest first; ages in place of dates, as on the chart."""
    latest = list(reversed(shown(earlier)))[:_MOST_EARLIER]
    return [
        (
            labels.earlier if row == 0 else "",
            labels.earlier_row.format(age=age_in_words(age_of(one), words.texts.language), bone_age=months_of(one.bone_age_months, words)),
        )
        for row, one in enumerate(latest)
    ]


def _set_facts(page: Sheet, rows: Sequence[Row]) -> None:
    """Two columns of label and value."""
    half = (len(rows) + 1) // 2
    page.y -= 8
    top = lowest = page.y
    width = WIDTH / 2 - 10
    for column, some in enumerate((rows[:half], rows[half:])):
        page.y, x = top, LEFT + column * (WIDTH / 2 + 10)
        for label, value in some:
            page.y -= 2
            before = page.y
            page.paragraph(label, 8.5, x=x, width=width * 0.46, grey=_GREY)
            after, page.y = page.y, before
            page.paragraph(value, 8.5, x=x + width * 0.48, width=width * 0.52)
            page.y = min(after, page.y)
        lowest = min(lowest, page.y)
    page.y = lowest


def _set_cautions(page: Sheet, cautions: Sequence[str], words: PictureWords, labels: LetterWords, *, floor: float) -> None:
    """Write the cautions as far as the page goes, and how many there are more."""
    if not cautions:
        return
    page.y -= 8
    page.paragraph(labels.cautions, 9.5, bold=True)
    for number, caution in enumerate(cautions):
        if page.y - height_of(caution, 8.5, WIDTH - 10) - 20 < floor:
            page.paragraph(words.more.format(count=len(cautions) - number), 8.5, x=LEFT + 10)
            return
        page.bullet(caution, 8.5)


def _height_of_foot(notes: Sequence[str]) -> float:
    return 8 + sum(height_of(note, 7.5) for note in notes)


def _set_foot(page: Sheet, notes: Sequence[str]) -> None:
    """Write small print at the lower edge, the disclaimer in black."""
    page.y = BOTTOM + _height_of_foot(notes)
    page.rule()
    for number, note in enumerate(notes):
        page.paragraph(note, 7.5, grey=_GREY if number else 0.0)
