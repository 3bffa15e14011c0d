"""Bone ages in reports of any maker: what is coded is read, what is not is not guessed, what is hostile is left."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset

from baa_node.core.assessment import Refusal
from baa_node.core.priors.history import Earlier, Examination
from baa_node.core.priors.prior_report import DEEPEST, MOST_ITEMS, Unusable, read_earlier, written_at
from baa_node.core.radiograph import Laterality, Sex
from baa_node.core.report import COMPREHENSIVE_3D_SR, COMPREHENSIVE_SR, build_report
from tests.parts.coding import code
from tests.parts.prior_reports import BONE_AGE, MONTH, YEAR, coded, container, num, prior_report
from tests.parts.results import DEVICE, REFUSAL, WRITTEN_AT, as_bytes, as_received, assessment, full_dx, poor_cr, raw
from tests.parts.watch import Moment, own_s

NOW = Examination(
    patient_id="4711", issuer="Example hospital", birth_date=date(2010, 1, 1), examined_on=date(2021, 1, 1), study_instance_uid="1.2.9"
)
SIDE = ("272741003", "SCT", "Laterality")
LEFT, RIGHT = ("7771000", "SCT", "Left"), ("24028007", "SCT", "Right")
SITE, HAND = ("363698007", "SCT", "Finding Site"), ("85562004", "SCT", "Hand")
METHOD = ("370129005", "SCT", "Measurement Method")
SEX = ("121032", "DCM", "Subject Sex")


ODD = pytest.mark.filterwarnings("ignore::UserWarning")
"""Pydicom warns of values that no standard allows."""


def theirs(*items: Dataset, **elements: object) -> Dataset:
    return as_received(prior_report(full_dx(), *items, **{"StudyDate": "20200101", **elements}))


def read(*items: Dataset, **elements: object) -> Earlier | Unusable:
    return read_earlier(theirs(*items, **elements), NOW)


def equivalent(*equivalents: Dataset) -> Dataset:
    item = num(("123", "99OTHER", "Skeletal maturity"), 98)
    item.ConceptNameCodeSequence[0].EquivalentCodeSequence = list(equivalents)
    return item


@pytest.mark.parametrize("sop_class_uid", [COMPREHENSIVE_3D_SR, COMPREHENSIVE_SR])
def test_our_own_report_is_read_as_it_was_meant(sop_class_uid: str) -> None:
    report = as_received(build_report(full_dx(), assessment(), DEVICE, written_at=WRITTEN_AT, sop_class_uid=sop_class_uid))
    assert read_earlier(report, NOW) == Earlier(
        examined_on=date(2020, 1, 1),
        bone_age_months=110.0,
        chronological_age_months=120.0,
        sex=Sex.MALE,
        laterality=Laterality.LEFT,
        birth_date=date(2010, 1, 1),
        source="first 1.0.0",
        study_instance_uid="1.2.3.2",
        series_instance_uid=report.SeriesInstanceUID,
        sop_class_uid=sop_class_uid,
        sop_instance_uid=report.SOPInstanceUID,
    )


def test_the_earlier_ones_that_our_report_names_are_not_taken_for_its_own() -> None:
    prior = Earlier(examined_on=date(2019, 1, 1), bone_age_months=60.0, chronological_age_months=108.0, study_instance_uid="2.25.1")
    report = as_received(build_report(full_dx(), assessment(), DEVICE, written_at=WRITTEN_AT, earlier=[prior]))
    found = read_earlier(report, NOW)
    assert isinstance(found, Earlier)
    assert found.bone_age_months == 110.0


@pytest.mark.parametrize("refusal", [REFUSAL, replace(REFUSAL, detail="")])
def test_a_refusal_of_ours_is_no_bone_age(refusal: Refusal) -> None:
    assert read_earlier(as_received(build_report(full_dx(), refusal, DEVICE, written_at=WRITTEN_AT)), NOW) is Unusable.NO_BONE_AGE


@pytest.mark.parametrize(
    ("item", "months"),
    [
        (num(BONE_AGE, 98), 98.0),
        (num(BONE_AGE, "8.2", YEAR), pytest.approx(98.4)),
        (num(("RDE123", "RADELEMENT", "Skeletal age"), 98), 98.0),
        (equivalent(code("85151-9", "LN", "XR Bone age")), 98.0),
        (equivalent(code("9", "99X", "x"), code("RDE123", "RADELEMENT", "Skeletal age")), 98.0),
    ],
)
def test_each_way_to_code_a_bone_age(item: Dataset, months: float) -> None:
    found = read(item)
    assert isinstance(found, Earlier)
    assert found.bone_age_months == months
    assert found.source == "Other maker Other reader 2"
    assert found.chronological_age_months == pytest.approx(3652 / 30.436875)


@pytest.mark.parametrize(
    ("items", "why"),
    [
        ([], Unusable.NO_BONE_AGE),
        ([equivalent()], Unusable.NO_BONE_AGE),
        ([num(("85151-9", "99X", "XR Bone age"), 98)], Unusable.NO_BONE_AGE),
        ([num(("37362-1", "LN", "XR Bone age"), 98)], Unusable.NO_BONE_AGE),
        ([num(BONE_AGE, 98, ("wk", "UCUM", "week"))], Unusable.UNIT),
        ([num(BONE_AGE, 98, ("mo", "99X", "month"))], Unusable.UNIT),
        ([num(BONE_AGE, 301)], Unusable.OUT_OF_RANGE),
        ([num(BONE_AGE, -1)], Unusable.OUT_OF_RANGE),
        ([num(BONE_AGE, 98), num(BONE_AGE, 120)], Unusable.CONTRADICTORY),
        ([num(BONE_AGE, 98, MONTH, coded(METHOD, ("252957005", "SCT", "Tanner and Whitehouse")))], Unusable.OTHER_METHOD),
    ],
)
def test_nothing_is_guessed(items: list[Dataset], why: Unusable) -> None:
    assert read(*items) is why


def test_one_value_in_two_units_is_one_value_and_the_atlas_goes_before_another_method() -> None:
    both = read(num(BONE_AGE, "98.4"), num(BONE_AGE, "8.2", YEAR))
    assert isinstance(both, Earlier)
    assert both.bone_age_months == 98.4
    atlas = coded(METHOD, ("252956001", "SCT", "Greulich and Pyle bone age assessment"))
    other = coded(METHOD, ("252957005", "SCT", "Tanner and Whitehouse"))
    found = read(num(BONE_AGE, 120, MONTH, other), num(BONE_AGE, 98, MONTH, atlas))
    assert isinstance(found, Earlier)
    assert found.bone_age_months == 98.0


@pytest.mark.parametrize(
    ("items", "side"),
    [
        ([coded(SITE, HAND, coded(SIDE, RIGHT))], Laterality.RIGHT),
        ([coded(("111027", "DCM", "Image Laterality"), LEFT), coded(SITE, HAND, coded(SIDE, LEFT))], Laterality.LEFT),
        ([coded(SITE, HAND, coded(SIDE, LEFT)), coded(SITE, HAND, coded(SIDE, RIGHT))], None),
        ([coded(SITE, HAND)], None),
    ],
)
def test_the_side_is_what_is_coded_and_no_side_where_both_are(items: list[Dataset], side: Laterality | None) -> None:
    found = read(*items, num(BONE_AGE, 98))
    assert isinstance(found, Earlier)
    assert found.laterality is side


@pytest.mark.parametrize(
    ("items", "header", "sex"),
    [
        ([coded(SEX, ("F", "DCM", "Female"))], "M", Sex.FEMALE),
        ([coded(SEX, ("MP", "DCM", "Mixed"))], "M", None),
        ([], "M", Sex.MALE),
        ([], "O", None),
    ],
)
def test_sex_is_what_the_report_used(items: list[Dataset], header: str, sex: Sex | None) -> None:
    found = read(*items, num(BONE_AGE, 98), PatientSex=header)
    assert isinstance(found, Earlier)
    assert found.sex is sex


def test_a_given_chronological_age_stands_before_a_computed_one() -> None:
    found = read(num(("RDE122", "RADELEMENT", "Chronological age"), "9.5", YEAR), num(BONE_AGE, 98))
    assert isinstance(found, Earlier)
    assert found.chronological_age_months == 114.0


@ODD
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"PatientID": "4712"}, Unusable.OTHER_PATIENT),
        ({"PatientID": ""}, Unusable.OTHER_PATIENT),
        ({"IssuerOfPatientID": "elsewhere"}, Unusable.OTHER_PATIENT),
        ({"PatientBirthDate": "20100102"}, Unusable.OTHER_PATIENT),
        ({"PatientBirthDate": ""}, Unusable.OTHER_PATIENT),
        ({"StudyDate": ""}, Unusable.UNDATED),
        ({"StudyDate": "20210102"}, Unusable.NOT_EARLIER),
        ({"StudyInstanceUID": "1.2.9"}, Unusable.NOT_EARLIER),
        ({"StudyInstanceUID": ""}, Unusable.MALFORMED),
        ({"SOPInstanceUID": "1.2.x"}, Unusable.MALFORMED),
        ({"SeriesInstanceUID": ""}, Unusable.MALFORMED),
        ({"CompletionFlag": "PARTIAL"}, Unusable.NOT_COMPLETE),
    ],
)
def test_whose_and_of_when_it_must_be(changes: dict[str, str], why: Unusable) -> None:
    assert read(num(BONE_AGE, 98), **changes) is why
    assert isinstance(read(num(BONE_AGE, 98)), Earlier)


@pytest.mark.parametrize("changes", [{"patient_id": ""}, {"birth_date": None}])
def test_without_number_or_birth_date_nobody_is_the_same_patient(changes: dict[str, object]) -> None:
    examination = replace(NOW, **changes)  # type: ignore[arg-type]
    report = theirs(num(BONE_AGE, 98), PatientID=examination.patient_id, PatientBirthDate="")
    assert read_earlier(report, examination) is Unusable.OTHER_PATIENT


def test_an_archive_that_drops_the_issuer_is_believed() -> None:
    assert isinstance(read(num(BONE_AGE, 98), IssuerOfPatientID=""), Earlier)


def deep() -> Dataset:
    item = num(BONE_AGE, 98)
    for _ in range(DEEPEST):
        item = container(item)
    return item


def wide() -> Dataset:
    return container(*[Dataset()] * (MOST_ITEMS + 1))


def no_value() -> Dataset:
    item = num(BONE_AGE, 98)
    item.MeasuredValueSequence = []
    return item


def unnumbered() -> Dataset:
    item = num(BONE_AGE, 98)
    raw(item.MeasuredValueSequence[0], "NumericValue", "DS", b"many")
    return item


@pytest.mark.parametrize(
    ("item", "why"),
    [(deep, Unusable.TOO_LARGE), (wide, Unusable.TOO_LARGE), (no_value, Unusable.NO_BONE_AGE), (unnumbered, Unusable.MALFORMED)],
)
def test_what_is_out_of_all_proportion_is_left(item: Callable[[], Dataset], why: Unusable) -> None:
    assert read(item()) is why


def test_a_tree_as_deep_as_bytes_allow_ends_the_reading_soon() -> None:
    began = Moment()
    opening = b"\x40\x00\x30\xa7SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    whole = as_bytes(prior_report(full_dx(), StudyDate="20200101")) + opening * 20_000
    try:
        found = read_earlier(dcmread(io.BytesIO(whole)), NOW)
    except (RecursionError, EOFError):  # what the transport takes for no data set at all
        found = Unusable.MALFORMED
    assert isinstance(found, Unusable)
    assert own_s(began) < 20


WHOLE = as_bytes(
    prior_report(
        full_dx(),
        StudyDate="20200101",
        months=98.0,
        **{keyword: f"2.25.{number}" for number, keyword in enumerate(("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"))},
    )
)


@ODD
@settings(max_examples=150)
@given(st.data())
def test_no_damage_makes_it_raise(data: st.DataObject) -> None:
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(400, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        ds = dcmread(io.BytesIO(bytes(content)))
    except Exception:  # noqa: BLE001 - not parsed at all: nothing to be read
        return
    found = read_earlier(ds, NOW)
    assert isinstance(found, Unusable | Earlier)


@given(st.binary(max_size=200))
def test_any_bytes_as_a_content_sequence(rubbish: bytes) -> None:
    ds = poor_cr()
    ds.PatientID, ds.PatientBirthDate, ds.StudyDate = "4711", "20100101", "20200101"
    raw(ds, "ContentSequence", "SQ", rubbish)
    assert isinstance(read_earlier(ds, NOW), Unusable)


def test_the_source_is_short_and_the_time_sorts() -> None:
    found = read(num(BONE_AGE, 98), Manufacturer="x" * 64, ManufacturerModelName="y" * 64)
    assert isinstance(found, Earlier)
    assert found.source == "x" * 64
    assert written_at(theirs()) == "20240103101112"
    assert written_at(Dataset()) == ""
