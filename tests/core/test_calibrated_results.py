"""A result that went through a site's calibration says so, wherever it is told."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pypdf
import pytest

from baa_node.core.assessment import Assessment
from baa_node.core.calibration import calibrate
from baa_node.core.drawing.letter import write_letter
from baa_node.core.objects.findings import read_report
from baa_node.core.objects.identifiers import capture_uid, document_uid, report_uid
from baa_node.core.picture import draw_picture
from baa_node.core.radiograph import Sex
from baa_node.core.record import from_json, to_json
from baa_node.core.report import COMPREHENSIVE_3D_SR, COMPREHENSIVE_SR, build_report
from baa_node.core.words import Language
from baa_node.core.words.sentences import sentences
from tests.parts.calibrations import calibration
from tests.parts.dcmtk import dciodvfy_errors
from tests.parts.report import named
from tests.parts.results import DEVICE, ESTIMATE, WRITTEN_AT, as_bytes, as_received, full_dx, results

RAW, CALIBRATED = results()["normal"], results()["calibrated"]
SEAL = calibration(ESTIMATE.bundle).seal
assert isinstance(RAW, Assessment)
assert isinstance(CALIBRATED, Assessment)
SHORT = SEAL[:12]
SAYS = {
    Language.ENGLISH: f"Calibrated to the readings of this site (calibration 1, SHA-256 {SHORT}); before it 110.0 mo (95.1 to 124.9 mo).",
    Language.GERMAN: (
        f"An die Befundung dieses Hauses angepasst (Kalibrierung 1, SHA-256 {SHORT}); davor 110,0 Monate (95,1 bis 124,9 Monate)."
    ),
    Language.SPANISH: (
        f"Calibrado según las lecturas de este centro (calibración 1, SHA-256 {SHORT}); antes 110,0 meses (95,1 a 124,9 meses)."
    ),
    Language.FRENCH: (f"Étalonné sur les lectures de ce site (étalonnage 1, SHA-256 {SHORT}) ; auparavant 110,0 mois (95,1 à 124,9 mois)."),
    Language.PORTUGUESE: f"Calibrado pelas leituras deste serviço (calibração 1, SHA-256 {SHORT}); antes 110,0 meses (95,1 a 124,9 meses).",
}


def page_text(result: Assessment, language: Language) -> str:
    page = write_letter(full_dx(), np.full((400, 300), 90, np.uint8), result, DEVICE, written_at=WRITTEN_AT, language=language)
    return " ".join(pypdf.PdfReader(io.BytesIO(page)).pages[0].extract_text().split())


@pytest.mark.parametrize("language", Language)
def test_the_sentence_names_calibration_and_raw_value(language: Language) -> None:
    assert sentences(CALIBRATED, language).calibration == SAYS[language]
    assert sentences(RAW, language).calibration == ""


@pytest.mark.parametrize("sop_class_uid", [COMPREHENSIVE_3D_SR, COMPREHENSIVE_SR])
@pytest.mark.parametrize("language", Language)
def test_the_report_names_it_beside_the_algorithm_and_in_words(tmp_path: Path, language: Language, sop_class_uid: str) -> None:
    built = build_report(full_dx(), CALIBRATED, DEVICE, written_at=WRITTEN_AT, language=language, sop_class_uid=sop_class_uid)
    built.save_as(tmp_path / "report.dcm", enforce_file_format=True)
    assert dciodvfy_errors(tmp_path / "report.dcm") == []
    report = as_received(built)
    parameters = [str(item.TextValue) for item in named(report, ("111002", "DCM"))]
    assert "calibration=version 1, 0.9000 * estimate +6.00 mo" in parameters
    assert f"calibration_sha256={SEAL}" in parameters
    assert "uncalibrated=110.0 mo (95.1 to 124.9 mo)" in parameters
    comments = [str(item.TextValue) for item in named(report, ("121106", "DCM"))]
    assert SAYS[language] in comments
    assert comments[-1] == sentences(CALIBRATED, language).disclaimer
    found = read_report(report)
    assert found["bone_age_months"] == pytest.approx(0.9 * 110.04 + 6, abs=0.05)
    assert found["interval_months"] == pytest.approx([0.9 * 95.1 + 6, 0.9 * 124.9 + 6], abs=0.05)


def test_a_report_without_calibration_says_nothing_of_it() -> None:
    assert b"alibrat" not in as_bytes(as_received(build_report(full_dx(), RAW, DEVICE, written_at=WRITTEN_AT)))


def test_another_calibration_is_another_object() -> None:
    estimate = calibrate(ESTIMATE, calibration(ESTIMATE.bundle, version=2), Sex.MALE)
    others = [RAW, CALIBRATED, replace(CALIBRATED, estimate=estimate)]
    uids = {report_uid(full_dx(), one, sop_class_uid=COMPREHENSIVE_3D_SR, version="1") for one in others}
    uids |= {capture_uid(full_dx(), one, version="1") for one in others} | {document_uid(full_dx(), one, version="1") for one in others}
    assert len(uids) == 9


def test_the_record_holds_raw_and_calibrated() -> None:
    record = json.loads(json.dumps(to_json(CALIBRATED)))
    assert record["bone_age_months"] == pytest.approx(105.036)
    assert record["calibration"] == {
        "version": 1,
        "sha256": SEAL,
        "slope": 0.9,
        "intercept_months": 6.0,
        "raw_months": 110.04,
        "raw_interval_months": [95.1, 124.9],
    }
    again = from_json(record)
    assert isinstance(again, Assessment)
    assert again.estimate.correction == CALIBRATED.estimate.correction
    assert "calibration" not in to_json(RAW)


@pytest.mark.parametrize("language", Language)
def test_the_page_prints_it_and_the_picture_gives_it_a_line(language: Language) -> None:
    frame = np.full((400, 300), 90, np.uint8)
    assert SAYS[language] in page_text(CALIBRATED, language)
    assert SHORT not in page_text(RAW, language)
    unnamed = replace(CALIBRATED, estimate=replace(CALIBRATED.estimate, correction=None))
    plain, named_ = (draw_picture(frame, one, version="1", language=language) for one in (unnamed, CALIBRATED))
    assert (plain[-240:] != named_[-240:]).any()
    assert (plain[:250] == named_[:250]).all()
