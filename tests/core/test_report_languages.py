"""The same report in five languages: codes and numbers alike, sentences for people of each, looked at by people."""

from __future__ import annotations

import io
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from baa_node.core.assessment import Assessment, Refusal, assess
from baa_node.core.objects.findings import read_report
from baa_node.core.radiograph import Laterality, Sex
from baa_node.core.reasons import Reason
from baa_node.core.report import COMPREHENSIVE_3D_SR, COMPREHENSIVE_SR, build_report
from baa_node.core.words import Language
from baa_node.core.words.sentences import sentences
from tests.parts.dcmtk import dciodvfy_errors
from tests.parts.programs import program
from tests.parts.report import items, named, rendered
from tests.parts.results import DEVICE, ESTIMATE, RADIOGRAPH, WRITTEN_AT, as_bytes, as_received, full_dx

GOLDEN = Path(__file__).with_name("reports")
LANGUAGES = list(Language)
MEANINGS = {"en": "English", "de": "German", "es": "Spanish", "fr": "French", "pt": "Portuguese"}
FULL = assess(
    replace(RADIOGRAPH, sex=Sex.FEMALE, laterality=Laterality.RIGHT, birth_date=date(2008, 5, 27), lossy=True),
    replace(
        ESTIMATE,
        bone_age_months=122.0,
        interval_months=(107.1, 136.9),
        members={"a": 112.0, "b": 132.0},
        spread_months=14.14,
        sex_used="F",
    ),
)
"""A girl of 11.6 years: normal by her age, delayed by the mean, and with several cautions."""
REFUSED = Refusal(reasons=(Reason.HAND_CUT_OFF, Reason.POOR_QUALITY), detail="the hand touches the lower border")
RESULTS: dict[str, Assessment | Refusal] = {"full": FULL, "refused": REFUSED}


def right_hand() -> Dataset:
    source = full_dx()
    source.ImageLaterality = "R"
    return source


def built(result: Assessment | Refusal, language: Language, **options: Any) -> Dataset:
    return build_report(right_hand(), result, DEVICE, written_at=WRITTEN_AT, language=language, **options)


def without_words(node: Dataset) -> list[Any]:
    """Content tree as nested lists, with nothing in the place of each text and of the language of the whole document."""
    found = []
    for item in node.get("ContentSequence", []):
        name = item.ConceptNameCodeSequence[0]
        bare = Dataset({element.tag: element for element in item if element.keyword not in {"ContentSequence", "TextValue"}})
        if (name.CodeValue, node.get("ValueType")) == ("121049", "CONTAINER"):
            del bare.ConceptCodeSequence
        found.append((bare.to_json(), without_words(item)))
    return found


@pytest.mark.parametrize("kind", RESULTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_only_words_differ_between_languages(language: Language, kind: str) -> None:
    report, english = as_received(built(RESULTS[kind], language)), as_received(built(RESULTS[kind], Language.ENGLISH))
    assert len(without_words(report)) > 8
    assert without_words(report) == without_words(english)
    found, expected = read_report(report), read_report(english)
    assert found.pop("conclusion") == sentences(RESULTS[kind], language).conclusion
    del expected["conclusion"]
    assert found == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_document_names_its_language_and_what_stays_english(language: Language) -> None:
    report = as_received(built(REFUSED, language))
    code = report.ContentSequence[0].ConceptCodeSequence[0]
    assert (code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning) == (language.value, "RFC5646", MEANINGS[language])
    (detail,) = [item for item in named(report, ("121106", "DCM")) if item.TextValue == REFUSED.detail]
    assert detail.ContentSequence[0].ConceptCodeSequence[0].CodeValue == "en"
    assert len(named(report, ("121049", "DCM"))) == 2


@pytest.mark.parametrize("sop_class_uid", [COMPREHENSIVE_3D_SR, COMPREHENSIVE_SR])
@pytest.mark.parametrize("kind", RESULTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_conforms(tmp_path: Path, language: Language, kind: str, sop_class_uid: str) -> None:
    built(RESULTS[kind], language, sop_class_uid=sop_class_uid).save_as(tmp_path / "report.dcm", enforce_file_format=True)
    assert dciodvfy_errors(tmp_path / "report.dcm") == []


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("kind", RESULTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_words_come_back_from_utf_8(language: Language, kind: str, implicit: bool) -> None:
    report, said = built(RESULTS[kind], language), sentences(RESULTS[kind], language)
    if implicit:
        report.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        report = as_received(report)
    received = dcmread(io.BytesIO(as_bytes(report)))
    assert received.SpecificCharacterSet == "ISO_IR 192"
    texts = {str(item.TextValue) for item in items(received) if "TextValue" in item}
    assert texts >= {said.conclusion, *said.cautions, said.disclaimer}
    assert len(said.conclusion) <= 250
    assert said.conclusion.encode() in as_bytes(report)


@pytest.mark.parametrize("kind", RESULTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_toolkit_prints_the_conclusion(tmp_path: Path, language: Language, kind: str) -> None:
    (tmp_path / "report.dcm").write_bytes(as_bytes(built(RESULTS[kind], language)))
    done = subprocess.run([program("dsrdump"), "+Pl", tmp_path / "report.dcm"], capture_output=True, check=False)
    assert done.returncode == 0
    assert sentences(RESULTS[kind], language).conclusion in done.stdout.decode("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_as_people_read_it(language: Language) -> None:
    documents = [as_received(built(result, language, predecessor=built(REFUSED, language), revision=2)) for result in RESULTS.values()]
    lines = "\n\n".join("\n".join(rendered(document)) for document in documents) + "\n"
    assert lines == (GOLDEN / f"{language}.txt").read_text(encoding="utf-8")
