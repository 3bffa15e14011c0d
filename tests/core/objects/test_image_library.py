"""What a report says of the image that was read, and of who read it."""

from __future__ import annotations

import pytest

from baa_node.core.report import build_report
from tests.parts.report import named, number, values
from tests.parts.results import DEVICE, WRITTEN_AT, assessment, full_dx, poor_cr, raw, reported


def test_observer_subject_and_image_library() -> None:
    report = reported(full_dx(), assessment())
    assert [values(report, code) for code in ("121012", "121013", "121014", "121015", "121016")] == [
        [DEVICE.uid],
        ["BAANODE1"],
        ["Example hospital"],
        ["baa_node"],
        ["17"],
    ]
    assert values(report, "121032") == ["M"]
    assert [values(report, code)[0] for code in ("121139", "111060", "111027", "111044", "111043")] == [
        "DX",
        "20200101",
        "7771000",
        "L",
        "F",
    ]
    assert [number(report, (code, "DCM")) for code in ("110910", "110911", "111026", "111066")] == [2000, 1500, 0.144, 0.143]


def test_poor_header_gives_an_image_library_without_descriptors() -> None:
    report = reported(poor_cr(), assessment())
    (image,) = named(report, ("260753009", "SCT"))
    assert "ContentSequence" not in image
    assert [item.ConceptCodeSequence[0].CodeValue for item in named(report, ("272741003", "SCT"))] == []
    assert values(report, "112039") == ["Bone age hand"]


@pytest.mark.parametrize("spacing", [["0", "0.1"], ["-1", "1"], ["0.1"]])
def test_impossible_spacing_is_left_out(spacing: list[str]) -> None:
    source = poor_cr()
    source.PixelSpacing = spacing
    assert number(reported(source, assessment()), ("111026", "DCM")) is None


@pytest.mark.parametrize(("written", "coded"), [("1997.04.24", ["19970424"]), ("19970424", ["19970424"]), ("spring", []), ("", [])])
@pytest.mark.filterwarnings("ignore:Invalid value")
def test_study_date_in_the_image_library(written: str, coded: list[str]) -> None:
    source = poor_cr()
    raw(source, "StudyDate", "DA", written.encode())
    assert values(reported(source, assessment()), "111060") == coded


@pytest.mark.filterwarnings("ignore:Invalid value for VR DA:UserWarning")
def test_four_characters_of_noise_are_no_date() -> None:
    source = full_dx()
    source.StudyDate = "\x07\xe4\x01\x00"  # Python's date takes four such characters for a stored one, of the day 0
    report = build_report(source, assessment(), DEVICE, written_at=WRITTEN_AT)
    assert named(report, ("111060", "DCM")) == []
    assert len(named(build_report(full_dx(), assessment(), DEVICE, written_at=WRITTEN_AT), ("111060", "DCM"))) == 1
