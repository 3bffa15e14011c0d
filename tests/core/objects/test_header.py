from __future__ import annotations

from datetime import datetime

import pytest
from pydicom.dataset import Dataset

from baa_node.core.objects.header import copy_identity, instance_number, laterality_of, require_identity, stamp, value_of
from baa_node.core.radiograph import Laterality
from baa_node.errors import MissingAttribute
from tests.parts.results import DEVICE, NAMES, WRITTEN_AT, as_received, full_dx, poor_cr, raw


@pytest.mark.parametrize("charset", NAMES)
def test_text_survives_the_change_of_character_set(charset: str) -> None:
    declared, name = NAMES[charset]
    source = poor_cr()
    source.SpecificCharacterSet, source.PatientName = declared, name
    source.StudyDescription = name.split("=")[-1].replace("^", " ")
    procedure, other_id = Dataset(), Dataset()
    procedure.CodeValue, procedure.CodingSchemeDesignator, procedure.CodeMeaning = "1", "L", source.StudyDescription
    other_id.PatientID, other_id.IssuerOfPatientID = "0815", source.StudyDescription
    source.ProcedureCodeSequence, source.OtherPatientIDsSequence = [procedure], [other_id]
    expected = (source.PatientName, source.StudyDescription)
    target = poor_cr()
    copy_identity(as_received(source), target)
    target = as_received(target)
    assert target.SpecificCharacterSet == "ISO_IR 192"
    assert (target.PatientName, target.StudyDescription) == expected
    assert target.ProcedureCodeSequence[0].CodeMeaning == expected[1]
    assert target.OtherPatientIDsSequence[0].IssuerOfPatientID == expected[1]


def test_identity_is_copied_and_nothing_else() -> None:
    source, target = as_received(full_dx()), Dataset()
    copy_identity(source, target)
    copied = {element.keyword for element in target}
    assert copied - {"SpecificCharacterSet"} == {
        *("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientAge", "PatientWeight"),
        *("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName", "StudyDescription"),
        "ProcedureCodeSequence",
    }
    for keyword in copied - {"SpecificCharacterSet"}:
        assert target[keyword].value == source[keyword].value


def test_absent_type_2_is_empty_and_absent_optional_stays_absent() -> None:
    target = Dataset()
    copy_identity(poor_cr(), target)
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID", "AccessionNumber"):
        assert target[keyword].is_empty
    assert "PatientAge" not in target
    assert "StudyDescription" not in target


def test_identity_is_never_corrected() -> None:
    source, target = poor_cr(), Dataset()
    source.PatientID, source.PatientSex, source.AccessionNumber = " 00 12 ", "O", "A\\B"
    copy_identity(source, target)
    assert (target.PatientID, target.PatientSex) == (" 00 12 ", "O")
    assert list(target.AccessionNumber) == ["A", "B"]


def test_private_elements_stay_behind() -> None:
    source, target = poor_cr(), Dataset()
    item = Dataset()
    item.PatientID = "1"
    item.private_block(0x0011, "MAKER", create=True).add_new(1, "LO", "secret")
    source.OtherPatientIDsSequence = [item]
    copy_identity(source, target)
    assert [element.keyword for element in target.OtherPatientIDsSequence[0]] == ["PatientID"]


@pytest.mark.filterwarnings("ignore:Invalid value")
def test_malformed_values_do_not_stop_a_result() -> None:
    source, target = poor_cr(), poor_cr()
    raw(source, "PatientWeight", "DS", b"31 kg")
    raw(source, "InstanceNumber", "IS", b"one ")
    raw(source, "PatientBirthDate", "DA", b"20109931")
    raw(source, "PatientSex", "CS", b"boy?")
    copy_identity(source, target)
    stamp(target, source, DEVICE, WRITTEN_AT)
    target = as_received(target)
    assert "PatientWeight" not in target
    assert target.PatientBirthDate == "20109931"
    assert target.PatientSex == "boy?"
    assert instance_number(source) == 1
    assert value_of(source, "PatientWeight") is None


def test_text_in_the_vr_of_other_text_is_copied_in_its_own() -> None:
    source, target = poor_cr(), Dataset()
    raw(source, "PatientID", "SH", b"4711")
    raw(source, "PatientName", "LO", b"Doe^Jane")
    copy_identity(source, target)
    assert (target["PatientID"].VR, target.PatientID) == ("LO", "4711")
    assert (target["PatientName"].VR, target.PatientName.family_name) == ("PN", "Doe")


@pytest.mark.parametrize("keyword", ["SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"])
def test_without_its_uids_an_image_cannot_be_reported_on(keyword: str) -> None:
    source = poor_cr()
    require_identity(source)
    setattr(source, keyword, "")
    with pytest.raises(MissingAttribute, match=keyword):
        require_identity(source)


@pytest.mark.parametrize(
    ("offset", "stamped"),
    [
        ("+0900", ("20260304", "140607.000890", "+0900")),
        ("-0330", ("20260304", "013607.000890", "-0330")),
        ("", ("20260304", "050607.000890", "+0000")),
        ("0900", ("20260304", "050607.000890", "+0000")),
        ("+9900", ("20260304", "050607.000890", "+0000")),
    ],
)
def test_times_are_in_the_offset_of_the_source(offset: str, stamped: tuple[str, str, str]) -> None:
    source, target = poor_cr(), poor_cr()
    raw(source, "TimezoneOffsetFromUTC", "SH", offset.encode())
    stamp(target, source, DEVICE, WRITTEN_AT)
    assert (target.ContentDate, target.ContentTime, target.TimezoneOffsetFromUTC) == stamped
    assert (target.InstanceCreationDate, target.SeriesTime) == stamped[:2]
    equipment = target.ContributingEquipmentSequence[0]
    assert equipment.ContributionDateTime == "".join(stamped)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        stamp(poor_cr(), poor_cr(), DEVICE, datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("image", "series", "side"),
    [("L", None, Laterality.LEFT), (None, "R", Laterality.RIGHT), ("", "R", Laterality.RIGHT), ("B", None, None), (None, None, None)],
)
def test_laterality_is_read_and_never_guessed(image: str | None, series: str | None, side: Laterality | None) -> None:
    source = poor_cr()
    source.BodyPartExamined = "HAND"
    if image is not None:
        source.ImageLaterality = image
    if series is not None:
        source.Laterality = series
    assert laterality_of(source) is side


def test_instance_number_follows_the_source() -> None:
    assert instance_number(full_dx()) == 3
    assert instance_number(poor_cr()) == 1
    negative = poor_cr()
    negative.InstanceNumber = -2
    assert instance_number(negative) == 1


def test_latin_name_without_declared_character_set_is_kept() -> None:
    # forbidden by PS3.5 6.1.2.1 and frequent all the same
    source, target = poor_cr(), poor_cr()
    raw(source, "PatientName", "PN", "Müller^Jörg".encode("latin-1"))
    copy_identity(source, target)
    assert as_received(target).PatientName == "Müller^Jörg"


def test_bytes_that_are_no_text_in_the_declared_set_do_not_stop_a_result() -> None:
    source, target = poor_cr(), poor_cr()
    source.SpecificCharacterSet = "ISO_IR 192"
    raw(source, "PatientName", "PN", b"M\xfcller")
    with pytest.warns(UserWarning, match="Failed to decode"):
        copy_identity(as_received(source), target)
    assert str(as_received(target).PatientName).startswith("M")
