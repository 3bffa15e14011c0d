"""Earlier assessments in a report: told, coded as a velocity, and named as evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from baa_node.core.priors.history import Earlier
from baa_node.core.radiograph import Laterality, Sex
from baa_node.core.report import COMPREHENSIVE_3D_SR, COMPREHENSIVE_SR, build_report
from tests.parts.report import named, values
from tests.parts.results import DEVICE, WRITTEN_AT, complaints, full_dx, reported, results

RESULTS = results()


PRIOR = Earlier(
    examined_on=date(2019, 1, 1),
    bone_age_months=98.0,
    chronological_age_months=108.0,
    sex=Sex.MALE,
    laterality=Laterality.LEFT,
    source="first 1.0.0",
    study_instance_uid="2.25.31",
    series_instance_uid="2.25.32",
    sop_class_uid=COMPREHENSIVE_3D_SR,
    sop_instance_uid="2.25.33",
)

HEARSAY = replace(PRIOR, examined_on=date(2018, 1, 1), bone_age_months=86.0, series_instance_uid="", study_instance_uid="2.25.41")


@pytest.mark.parametrize("sop_class_uid", [COMPREHENSIVE_3D_SR, COMPREHENSIVE_SR])
@pytest.mark.parametrize("kind", ["normal", "not_attempted"])
def test_earlier_assessments_are_told_and_named_as_evidence(tmp_path: Path, kind: str, sop_class_uid: str) -> None:
    report = build_report(full_dx(), RESULTS[kind], DEVICE, written_at=WRITTEN_AT, sop_class_uid=sop_class_uid, earlier=[HEARSAY, PRIOR])
    (study,) = report.PertinentOtherEvidenceSequence
    (series,) = study.ReferencedSeriesSequence
    (named_report,) = series.ReferencedSOPSequence
    assert (study.StudyInstanceUID, series.SeriesInstanceUID) == ("2.25.31", "2.25.32")
    assert (named_report.ReferencedSOPClassUID, named_report.ReferencedSOPInstanceUID) == (COMPREHENSIVE_3D_SR, "2.25.33")
    assert len(report.CurrentRequestedProcedureEvidenceSequence) == 1
    told = [line for line in values(report, "121106") if line.startswith("Earlier")]
    assert told == [
        "Earlier: 2019-01-01, bone age 98.0 mo at 108.0 mo (first 1.0.0).",
        "Earlier: 2018-01-01, bone age 86.0 mo at 108.0 mo (first 1.0.0).",
    ]
    assert complaints(report, tmp_path) == []


def test_the_velocity_is_coded_and_inferred_from_the_earlier_report() -> None:
    report = reported(full_dx(), RESULTS["normal"], earlier=[PRIOR])
    (velocity,) = named(report, ("BAA006", "99BAANODE"))
    (measured,) = velocity.MeasuredValueSequence
    assert float(measured.NumericValue) == 1.0
    assert measured.MeasurementUnitsCodeSequence[0].CodeValue == "a/a"
    assert velocity.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "2.25.33"
    assert named(reported(full_dx(), RESULTS["normal"]), ("BAA006", "99BAANODE")) == []


def test_an_earlier_one_without_a_report_is_told_but_no_evidence() -> None:
    report = reported(full_dx(), RESULTS["normal"], earlier=[HEARSAY])
    assert "PertinentOtherEvidenceSequence" not in report
    assert any(line.startswith("Earlier: 2018-01-01") for line in values(report, "121106"))


def test_there_is_one_bone_age_whatever_came_before() -> None:
    assert len(named(reported(full_dx(), RESULTS["normal"], earlier=[HEARSAY, PRIOR]), ("85151-9", "LN"))) == 1
