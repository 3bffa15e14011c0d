from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pypdf
import pytest
from pydicom.dataset import Dataset

from baa_node.core.assessment import Assessment, AssessmentPolicy, Refusal, ZConvention
from baa_node.core.drawing.letter import write_letter
from baa_node.core.drawing.sheet import BOTTOM, LEFT, RIGHT, TOP
from baa_node.core.priors.history import Earlier
from baa_node.core.reasons import Reason
from baa_node.core.words import Language
from baa_node.core.words.letter import letter_words_of
from baa_node.core.words.sentences import sentences
from tests.parts.results import DEVICE, ESTIMATE, NAMES, REFUSAL, WRITTEN_AT, as_received, assessment, full_dx, poor_cr, results

FRAME = np.full((400, 300), 90, np.uint8)
RESULTS = results()
LONG = "Very long words about what was found in this image and what a person who reads the report had better think of it. " * 3


def letter(result: Assessment | Refusal, source: Dataset | None = None, **more: Any) -> pypdf.PdfReader:
    source = as_received(full_dx() if source is None else source)
    return pypdf.PdfReader(io.BytesIO(write_letter(source, FRAME, result, DEVICE, written_at=WRITTEN_AT, **more)))


def text_of(reader: pypdf.PdfReader) -> str:
    return " ".join(reader.pages[0].extract_text().split())


def spots(reader: pypdf.PdfReader) -> list[tuple[float, float]]:
    """Where each piece of text begins, points."""
    found = []
    reader.pages[0].extract_text(visitor_text=lambda text, _cm, at, _font, _size: found.append((at[4], at[5])) if text.strip() else None)
    return found


@pytest.mark.parametrize("kind", RESULTS)
def test_every_result_is_one_page_within_its_margins(kind: str) -> None:
    reader = letter(RESULTS[kind])
    assert len(reader.pages) == 1
    for x, y in spots(reader):
        assert LEFT - 1 <= x <= RIGHT
        assert BOTTOM - 1 <= y <= TOP


def test_the_facts_of_the_report_can_be_searched() -> None:
    by_mean = assessment(policy=AssessmentPolicy(convention=ZConvention.REFERENCE_MEAN))
    said = text_of(letter(by_mean))
    z = f"{abs(by_mean.z_score or 0):.2f}"
    for fact in ("9 years 2 months", "110.0 months", "95.1 – 124.9 months", "left hand", "male", "10 years 0 months (120.0 months)", z):
        assert fact in said
    for fact in (
        "−9.9 months",
        "125.7 months",
        "9.79 months",
        "vgg6-espinal 109.0, inceptionv4 111.0",
        "1.41 months",
        "first 1.0.0",
        "CPU",
    ):
        assert fact in said
    assert sentences(by_mean).conclusion in said
    assert sentences(by_mean).disclaimer in said
    assert sentences(by_mean).reference in said
    assert str(full_dx().SOPInstanceUID) in said


def test_the_page_says_whose_it_is() -> None:
    said = text_of(letter(assessment()))
    for fact in ("Doe, Jane", "4711", "2010-01-01", "2020-01-01", "A1"):
        assert fact in said


def test_a_poor_header_leaves_dashes() -> None:
    assert text_of(letter(REFUSAL, poor_cr())).count("–") == 5


@pytest.mark.parametrize(
    ("charset", "printed"),
    [
        ("latin_1", "Müller, Jörg"),
        ("cyrillic", "Люкceмбypг"),
        ("japanese", "Yamada, Tarou"),
        ("korean", "Hong, Gildong"),
        ("chinese", "Wang, XiaoDong"),
        ("unicode", "Παπαδόπουλος, Γιώργος"),
    ],
)
def test_names_are_set_in_letters_that_the_font_has(charset: str, printed: str) -> None:
    source = full_dx()
    source.SpecificCharacterSet, source.PatientName = NAMES[charset]
    said = text_of(letter(assessment(), source))
    assert printed in said
    assert "?" not in said


@pytest.mark.parametrize("name", ["ישראלי^ישראל", "محمد^علي", "王^小东", "=山田^太郎"])
def test_names_that_cannot_be_set_are_left_to_the_header(name: str) -> None:
    source = full_dx()
    source.SpecificCharacterSet, source.PatientName = "ISO_IR 192", name
    assert "(see header of the object)" in text_of(letter(assessment(), source))


@pytest.mark.parametrize("language", Language)
def test_title_and_language_are_those_of_the_text(language: Language) -> None:
    reader = letter(assessment(), language=language)
    assert reader.metadata is not None
    assert reader.metadata.title == letter_words_of(language).title
    assert reader.metadata.subject == sentences(assessment(), language).disclaimer
    assert (reader.metadata.author, reader.metadata.creator) == (DEVICE.name, f"{DEVICE.model} {DEVICE.version}")
    assert reader.trailer["/Root"]["/Lang"] == language.value
    assert reader.trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert not any(str(full_dx()[name].value) in str(reader.metadata) for name in ("PatientName", "PatientID", "AccessionNumber"))
    assert letter_words_of(language).preliminary in text_of(reader)


def test_fonts_are_embedded() -> None:
    fonts = letter(assessment()).pages[0]["/Resources"]["/Font"].get_object()
    used = [font.get_object() for font in fonts.values() if "FontDescriptor" in str(font.get_object().keys())]
    assert used
    assert all("/FontFile2" in font["/FontDescriptor"].get_object() for font in used)


def test_a_refusal_says_why_and_what_to_do() -> None:
    said = text_of(letter(REFUSAL))
    for fact in (
        "Bone age not given",
        "BAA103: Hand or wrist lies partly outside the image.",
        "BAA101",
        "Assess the image by hand",
        REFUSAL.detail,
    ):
        assert fact in said
    assert "months" not in said


def test_earlier_assessments_are_listed_latest_first_by_age() -> None:
    before = [
        Earlier(examined_on=date(2015 + year, 6, 1), bone_age_months=50.0 + 11 * year, chronological_age_months=65.0 + 12 * year)
        for year in range(3)
    ]
    said = text_of(letter(assessment(), earlier=before))
    assert said.index("at 7 years 5 months: 72.0 months") < said.index("at 5 years 5 months: 50.0 months")
    assert "2017" not in said


def test_an_amendment_says_so() -> None:
    assert "This report replaces an earlier report" in text_of(letter(assessment(), revision=3))
    assert "replaces" not in text_of(letter(assessment()))


def test_the_panels_are_there_unless_the_image_cannot_be_shown() -> None:
    (image,) = letter(assessment()).pages[0].images
    assert image.image is not None
    assert image.image.width == 1600
    source = as_received(full_dx())
    blind = pypdf.PdfReader(io.BytesIO(write_letter(source, None, assessment(), DEVICE, written_at=WRITTEN_AT)))
    assert len(blind.pages[0].images) == 0


@pytest.mark.parametrize("language", Language)
def test_many_words_stay_on_the_page_and_out_of_the_small_print(language: Language) -> None:
    source = full_dx()
    source.PatientName, source.PatientID, source.AccessionNumber = "A" * 40 + "^" + "B" * 23, "4" * 64, "1" * 16
    source.SOPInstanceUID = "1." + "2" * 62
    members = {f"member-{number}": 100.0 + number for number in range(8)}
    before = [Earlier(examined_on=date(2015, 1, 1), bone_age_months=60.0, chronological_age_months=float(age)) for age in range(20, 60)]
    crowded = replace(assessment(), cautions=(LONG,) * 9, estimate=replace(ESTIMATE, members=members))
    for result in (crowded, Refusal(reasons=tuple(Reason), detail=LONG, cautions=(LONG,) * 9)):
        reader = letter(result, source, language=language, earlier=before)
        assert len(reader.pages) == 1
        assert min(y for _, y in spots(reader)) >= BOTTOM - 1
        said = text_of(reader)
        assert said.endswith(f"{DEVICE.model} {DEVICE.version}")


def test_equal_arguments_give_equal_bytes() -> None:
    first, second = (write_letter(full_dx(), FRAME, assessment(), DEVICE, written_at=WRITTEN_AT) for _ in range(2))
    assert first == second
