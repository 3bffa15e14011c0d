"""The group that holds the result: numbers, their comparison, reasons of a refusal, the algorithm, and the words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from baa_node.core.assessment import Assessment, AssessmentPolicy, Refusal, ZConvention
from baa_node.core.reasons import Reason
from baa_node.core.words.sentences import sentences
from tests.parts.report import items, named, number, reasons, values
from tests.parts.results import ESTIMATE, REFUSAL, SHAPES, assessment, full_dx, reported, results

RESULTS = results()


def test_numbers_of_a_result() -> None:
    report = reported(full_dx(), assessment())
    assert number(report, ("85151-9", "LN")) == 110.0
    assert [number(report, (f"BAA00{n}", "99BAANODE")) for n in (1, 2, 3, 4, 5)] == [95.1, 124.9, 90.0, -9.9, 1.41]
    assert number(report, ("RDE122", "RADELEMENT")) == 120.0
    assert number(report, ("RDE1734", "RADELEMENT")) == 9.79
    assert number(report, ("121416", "DCM")) == -1.02
    assert number(report, ("121033", "DCM")) == 120.0
    assert values(report, "RDE1733", "RADELEMENT") == ["RDE1733.1"]
    assert values(report, "121402") == ["17621005"]
    assert values(report, "111065") == ["111222"]
    units = {item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue for item in items(report) if item.ValueType == "NUM"}
    assert units == {"mo", "%", "1", "mm", "{pixels}"}
    assert all(len(str(item.MeasuredValueSequence[0].NumericValue)) <= 16 for item in items(report) if item.ValueType == "NUM")


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        ("delayed", ["RDE1733.0", "371880002"]),
        ("normal", ["RDE1733.1", "17621005"]),
        ("advanced", ["RDE1733.2", "371879000"]),
        ("adult", ["RDE1733.3", "371934000"]),
        ("no_birth_date", ["RDE1733.3", "371934000"]),
    ],
)
def test_determination_is_coded(kind: str, answers: list[str]) -> None:
    report = reported(full_dx(), RESULTS[kind])
    assert values(report, "RDE1733", "RADELEMENT") + values(report, "121402") == answers


def test_reference_mean_is_written_only_where_the_band_is_centred_on_it() -> None:
    by_mean = assessment(policy=AssessmentPolicy(convention=ZConvention.REFERENCE_MEAN))
    assert number(reported(full_dx(), assessment()), ("RDE1732", "RADELEMENT")) is None
    report = reported(full_dx(), by_mean)
    assert number(report, ("RDE1732", "RADELEMENT")) == 125.7
    assert "reference mean" in values(report, "121406")[0]


@pytest.mark.parametrize(
    ("kind", "absent"),
    [
        ("no_birth_date", ["RDE122", "RDE1734", "121416", "121033", "BAA004", "121406"]),
        ("no_sex", ["121032", "RDE1734", "121416", "121406"]),
        ("adult", ["RDE1734", "121416", "121406"]),
        ("one_member", ["BAA005"]),
    ],
)
def test_what_is_unknown_is_left_out(kind: str, absent: list[str]) -> None:
    report = reported(full_dx(), RESULTS[kind])
    names = {item.ConceptNameCodeSequence[0].CodeValue for item in items(report)}
    assert names.isdisjoint(absent)
    assert number(report, ("85151-9", "LN")) is not None


def test_estimate_without_members_names_is_reported() -> None:
    result = replace(assessment(), estimate=replace(ESTIMATE, members={}))
    assert number(reported(full_dx(), result), ("85151-9", "LN")) == 110.0


def test_bone_age_names_method_equivalent_and_image() -> None:
    (bone_age,) = named(reported(full_dx(), assessment()), ("85151-9", "LN"))
    assert bone_age.ConceptNameCodeSequence[0].EquivalentCodeSequence[0].CodeValue == "RDE123"
    method, image = bone_age.ContentSequence
    assert method.ConceptCodeSequence[0].CodeValue == "252956001"
    assert (image.RelationshipType, image.ReferencedSOPSequence[0].ReferencedSOPInstanceUID) == ("INFERRED FROM", "1.2.3.1")


@pytest.mark.parametrize("reason", list(Reason))
def test_refusal_is_coded_and_holds_no_number(reason: Reason) -> None:
    report = reported(full_dx(), Refusal(reasons=(reason, Reason.NO_HAND)))
    assert reasons(report) == sorted([reason.code, "BAA101"])
    assert not any(item.ValueType == "NUM" for item in items(report) if item.RelationshipType == "CONTAINS")
    assert values(report, "111065") == ["111224" if reason.attempted else "111225"]
    equivalent = named(report, ("BAA010", "99BAANODE"))[0].ConceptCodeSequence[0].get("EquivalentCodeSequence")
    assert (equivalent[0].CodeValue if equivalent else None) == reason.equivalent
    assert values(report, "121077")[0].startswith("Bone age was NOT estimated. ")
    assert "Assess the image by hand" in values(report, "121106")[0]


def test_weights_and_their_inputs_are_named() -> None:
    report = reported(full_dx(), assessment(), source_sha256="ef" * 32)
    assert values(report, "111001") == ["first"]
    assert values(report, "111003") == ["1.0.0"]
    assert values(report, "111002") == [
        "sex=M",
        "members=vgg6-espinal 109.0 mo, inceptionv4 111.0 mo",
        "provider=CPUExecutionProvider",
        f"model_sha256={'ab' * 32}",
        "software=baa_node 0.1.0",
        f"source_sha256={'ef' * 32}",
    ]


def test_comments_end_with_the_disclaimer() -> None:
    comments = values(reported(full_dx(), REFUSAL), "121106")
    disclaimer = sentences(REFUSAL).disclaimer
    assert comments[1:] == [REFUSAL.detail, *REFUSAL.cautions, disclaimer]
    lossy = assessment(lossy=True)
    assert values(reported(full_dx(), lossy), "121106") == [*sentences(lossy).cautions, disclaimer]
    assert "not for diagnosis" in disclaimer
    assert "non-commercial research" in disclaimer


@pytest.mark.parametrize("kind", SHAPES)
def test_the_sentence_for_people_comes_first_and_all_text_is_ascii(kind: str) -> None:
    result = RESULTS[kind]
    if isinstance(result, Assessment):
        bundle = replace(result.estimate.bundle, name="Erste Bündel")
        result = replace(result, estimate=replace(result.estimate, bundle=bundle))
    (group,) = named(reported(full_dx(), result), ("125007", "DCM"))
    contained = [item for item in group.ContentSequence if item.RelationshipType == "CONTAINS"]
    assert contained[0].ConceptNameCodeSequence[0].CodeMeaning == "Conclusion"
    assert contained[-1].TextValue == sentences(result).disclaimer
    assert all(str(item.get("TextValue", "")).isascii() for item in items(group))
