from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import UID

from baa_node.core.assessment import AssessmentPolicy, ZConvention
from baa_node.core.objects.identifiers import (
    CODING_SCHEME_UID,
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    SERIES_DESCRIPTION,
    capture_uid,
    derive_uid,
    is_own_object,
    report_uid,
    series_uid,
    tracking_uid,
)
from baa_node.core.words import Language
from tests.parts.results import ESTIMATE, REFUSAL, assessment, full_dx

parts = st.lists(st.text(), min_size=1, max_size=4)
CLASS = "1.2.840.10008.5.1.4.1.1.88.34"


@given(parts)
def test_uid_is_valid_and_the_same_each_time(key: list[str]) -> None:
    uid = UID(derive_uid(*key))
    assert uid.is_valid
    assert uid.startswith("2.25.")
    assert len(uid) <= 44
    assert derive_uid(*key) == uid


@given(parts, parts)
def test_other_parts_give_another_uid(one: list[str], other: list[str]) -> None:
    assert (derive_uid(*one) == derive_uid(*other)) == (one == other)


def test_a_separator_inside_a_part_is_no_separator() -> None:
    keys = (("a|b",), ("a", "b"), ("a\\", "b"), ("a\\|b",))
    assert len({derive_uid(*key) for key in keys}) == len(keys)


def test_uid_needs_a_part() -> None:
    with pytest.raises(ValueError, match="at least one part"):
        derive_uid()


def test_published_identifiers_never_change() -> None:
    # peers and archives know the node by these; a change of namespace or key would go unnoticed without this test
    assert IMPLEMENTATION_CLASS_UID == "2.25.234100602395050145486488839753359079228"
    assert CODING_SCHEME_UID == "2.25.325624011406318163670035663090165838889"
    assert len(IMPLEMENTATION_VERSION_NAME) <= 16


def test_everything_that_changes_a_report_changes_its_uid() -> None:
    source, other_source = full_dx(), full_dx()
    other_source.SOPInstanceUID = "1.2.3.99"
    result = assessment()
    other_bundle = replace(result, estimate=replace(ESTIMATE, bundle=replace(ESTIMATE.bundle, sha256="cd" * 32)))
    other_policy = assessment(policy=AssessmentPolicy(convention=ZConvention.REFERENCE_MEAN))
    uids = [
        report_uid(source, result, sop_class_uid=CLASS, version="1"),
        report_uid(other_source, result, sop_class_uid=CLASS, version="1"),
        report_uid(source, result, sop_class_uid=CLASS, version="2"),
        report_uid(source, result, sop_class_uid=CLASS, version="1", revision=2),
        report_uid(source, result, sop_class_uid=CLASS, version="1", language=Language.GERMAN),
        report_uid(source, result, sop_class_uid="1.2.840.10008.5.1.4.1.1.88.33", version="1"),
        report_uid(source, other_bundle, sop_class_uid=CLASS, version="1"),
        report_uid(source, other_policy, sop_class_uid=CLASS, version="1"),
        report_uid(source, REFUSAL, sop_class_uid=CLASS, version="1"),
        capture_uid(source, result, version="1"),
        capture_uid(source, result, version="1", language=Language.GERMAN),
        capture_uid(source, REFUSAL, version="1"),
        tracking_uid(source),
        series_uid(source, "report", "1"),
        series_uid(source, "capture", "1", "DX", "L"),
    ]
    assert len(set(uids)) == len(uids)


def test_uid_does_not_follow_what_may_differ_between_two_tries() -> None:
    source, result = full_dx(), assessment()
    again = replace(result, estimate=replace(ESTIMATE, bone_age_months=110.0401, provider="CUDAExecutionProvider"))
    assert report_uid(source, result, sop_class_uid=CLASS, version="1") == report_uid(source, again, sop_class_uid=CLASS, version="1")


@pytest.mark.parametrize(
    ("keyword", "value", "own"),
    [
        ("ManufacturerModelName", "baa_node", True),
        ("SeriesDescription", SERIES_DESCRIPTION, True),
        ("ManufacturerModelName", "baa_node II", False),
        ("SeriesDescription", "Hand", False),
        ("Modality", "SR", False),
    ],
)
def test_own_objects_are_known_by_equipment_or_series(keyword: str, value: str, own: bool) -> None:
    header = full_dx()
    setattr(header, keyword, value)
    assert is_own_object(header) is own


def test_object_that_another_system_made_of_ours_is_own() -> None:
    header, equipment = full_dx(), Dataset()
    equipment.ManufacturerModelName = "baa_node"
    header.ContributingEquipmentSequence = [deepcopy(equipment)]
    assert is_own_object(header)
    header.ContributingEquipmentSequence = None
    assert not is_own_object(header)
