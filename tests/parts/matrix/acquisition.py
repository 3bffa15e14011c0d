"""When and how it was made: dates, ages, time zones, sides, views, body parts, CR and DX."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydicom.dataset import Dataset

from tests.parts.coding import code
from tests.parts.matrix.base import Case, Change, as_dx, both, item, sets, written

_DATES: Final[dict[str, Change]] = {
    "acr_nema_points": both(written("StudyDate", "DA", b"2025.01.02"), written("PatientBirthDate", "DA", b"2015.01.01")),
    "study_nonsense": written("StudyDate", "DA", b"20251341"),
    "birth_nonsense": written("PatientBirthDate", "DA", b"00000000"),
    "birth_year_only": written("PatientBirthDate", "DA", b"2015"),
    "birth_with_dashes": written("PatientBirthDate", "DA", b"2015-01-01"),
    "leap_day": sets(PatientBirthDate="20160229", StudyDate="20250228"),
    "born_today": sets(PatientBirthDate="20250102"),
    "acquired_later": sets(AcquisitionDate="20250110", AcquisitionTime="080000"),
    "acquired_next_day": sets(AcquisitionDate="20250103"),
    "time_fraction": sets(StudyTime="101500.123456"),
    "time_short": sets(StudyTime="10"),
    "time_with_colons": written("StudyTime", "TM", b"10:15:00"),
    "time_leap_second": sets(StudyTime="235960"),
    "birth_time": sets(PatientBirthTime="0815"),
    "age_years": sets(PatientAge="010Y"),
    "age_months": sets(PatientAge="120M"),
    "age_lower_case": written("PatientAge", "AS", b"010y"),
    "age_without_unit": written("PatientAge", "AS", b"10"),
    "age_without_birth_date": sets(PatientAge="010Y", PatientBirthDate=""),
    "spaces_in_date": written("StudyDate", "DA", b"20250102  "),
}

_FAULTY_DATES: Final[dict[str, tuple[str, ...]]] = {
    "acr_nema_points": ("StudyDate", "PatientBirthDate"),
    "study_nonsense": ("StudyDate",),
    "birth_nonsense": ("PatientBirthDate",),
    "birth_year_only": ("PatientBirthDate",),
    "birth_with_dashes": ("PatientBirthDate",),
    "time_with_colons": ("StudyTime",),
    "time_leap_second": ("StudyTime",),
}

_LEFT_OUT: Final = dict.fromkeys(("age_lower_case", "age_without_unit"), ("PatientAge",))

_ZONES: Final = ("+0000", "-0000", "+0100", "-0330", "+0545", "+1400", "-1200", "+9900", "Z", "0100", "")

_SIDES: Final[dict[str, tuple[Change, str | None]]] = {
    "left": (sets(Laterality="L"), "L"),
    "right": (sets(Laterality="R"), "R"),
    "image_left": (sets(Laterality=None, ImageLaterality="L"), "L"),
    "image_right": (sets(Laterality=None, ImageLaterality="R"), "R"),
    "image_over_series": (sets(Laterality="R", ImageLaterality="L"), "L"),
    "unpaired": (sets(Laterality=None, ImageLaterality="U"), None),
    "frame_right": (sets(Laterality=None, FrameLaterality="R"), None),
    "word": (written("Laterality", "CS", b"LEFT"), None),
    "empty": (sets(Laterality=""), None),
}


def _region(value: str, scheme: str, meaning: str) -> Dataset:
    region = code("85562004", "SCT", "Hand")
    region.AnatomicRegionModifierSequence = [code(value, scheme, meaning)]
    return region


_CODED_SIDES: Final[dict[str, tuple[Change, str | None]]] = {
    "coded_left": (sets(Laterality=None, AnatomicRegionSequence=[_region("7771000", "SCT", "Left")]), "L"),
    "coded_right": (sets(Laterality=None, AnatomicRegionSequence=[_region("24028007", "SCT", "Right")]), "R"),
    "coded_left_snomed_rt": (sets(Laterality=None, AnatomicRegionSequence=[_region("G-A101", "SRT", "Left")]), "L"),
    "coded_unilateral": (sets(Laterality=None, AnatomicRegionSequence=[_region("66459002", "SCT", "Unilateral")]), None),
}

_VIEWS: Final[dict[str, tuple[Change, str | None]]] = {
    "ap": (sets(ViewPosition="AP"), None),
    "pa_coded": (sets(ViewPosition=None, ViewCodeSequence=[code("399348003", "SCT", "antero-posterior")]), None),
    "dorsopalmar": (sets(ViewPosition="DP"), None),
    "lateral": (sets(ViewPosition="LL"), "BAA104"),
    "oblique_coded": (sets(ViewPosition=None, ViewCodeSequence=[code("399135004", "SCT", "oblique")]), "BAA104"),
    "text_lateral": (sets(ViewPosition=None, SeriesDescription="Hand lateral"), "BAA104"),
}

_PARTS: Final[dict[str, tuple[Change, str | None]]] = {
    "wrist": (sets(BodyPartExamined="WRIST"), None),
    "left_hand": (sets(BodyPartExamined="LT HAND"), None),
    "german": (sets(BodyPartExamined=None, StudyDescription="Handskelett links, Knochenalter"), None),
    "french": (sets(BodyPartExamined=None, SeriesDescription="Main gauche"), None),
    "russian": (sets(SpecificCharacterSet="ISO_IR 192", BodyPartExamined=None, StudyDescription="Кисть левая"), None),
    "japanese": (sets(SpecificCharacterSet="ISO_IR 192", BodyPartExamined=None, StudyDescription="左手 骨年齢"), None),
    "other_case": (written("BodyPartExamined", "CS", b"Hand"), None),
    "chest": (sets(BodyPartExamined="CHEST"), "BAA101"),
    "knee_in_study_of_hand": (sets(BodyPartExamined="KNEE", StudyDescription="Left hand"), None),
    "extremity": (sets(BodyPartExamined="EXTREMITY"), None),
    "coded_hand": (sets(AnatomicRegionSequence=[code("85562004", "SCT", "Hand")]), None),
}

_EQUIPMENT: Final[dict[str, Change]] = {
    "spacing_detector": sets(ImagerPixelSpacing=[0.143, 0.143]),
    "spacing_patient": sets(PixelSpacing=[0.2, 0.2]),
    "spacing_both": sets(PixelSpacing=[0.2, 0.2], ImagerPixelSpacing=[0.22, 0.22]),
    "spacing_zero": sets(ImagerPixelSpacing=[0, 0]),
    "spacing_many_digits": sets(ImagerPixelSpacing=["0.1430000000001", "0.1430000000001"]),
    "spacing_absent": sets(ImagerPixelSpacing=None),
    "aspect_ratio_square": sets(ImagerPixelSpacing=None, PixelAspectRatio=[1, 1]),
    "instance_number_zero": sets(InstanceNumber=0),
    "instance_number_largest": sets(InstanceNumber=2147483647),
    "orientation_one_value": sets(PatientOrientation="L"),
    "orientation_three_letters": sets(PatientOrientation=["LFA", "FPR"]),
    "exposure": sets(KVP=50, ExposureTime=20, XRayTubeCurrent=100, Exposure=2, DistanceSourceToDetector=1000),
    "burned_in": sets(BurnedInAnnotation="YES"),
    "derived": sets(ImageType=["DERIVED", "PRIMARY"]),
    "software_list": sets(SoftwareVersions=["1", "2", "3"]),
    "performed_step": sets(
        ReferencedPerformedProcedureStepSequence=[item(ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.3", ReferencedSOPInstanceUID="1.2.9")]
    ),
}


def cases() -> Iterator[Case]:
    for name, change in _DATES.items():
        yield Case(id=f"date_{name}", change=change, inherits=_FAULTY_DATES.get(name, ()), left_out=_LEFT_OUT.get(name, ()))
    yield Case(id="date_born_after_study", change=sets(PatientBirthDate="20260101"), reason="BAA113", months_off=None)
    yield Case(id="date_adult", change=sets(PatientBirthDate="19800101"), reason="BAA108", months_off=None)
    yield Case(id="date_age_contradicts", change=sets(PatientAge="003Y"), reason="BAA113", months_off=None)
    for zone in _ZONES:
        yield Case(id=f"zone_{zone or 'empty'}", change=written("TimezoneOffsetFromUTC", "SH", zone.encode()))
    for name, (change, side) in {**_SIDES, **_CODED_SIDES}.items():
        yield Case(id=f"side_{name}", change=change, side=side)
        if name in _CODED_SIDES or name.startswith("image"):
            yield Case(id=f"side_{name}_dx", change=both(as_dx, sets(ImageLaterality=None), _no_region, change), side=side)
    yield Case(id="side_both", change=sets(Laterality="B"), reason="BAA102", side=None, months_off=None)
    for name, (change, reason) in {**{f"view_{key}": value for key, value in _VIEWS.items()}, **_parts()}.items():
        yield Case(id=name, change=change, reason=reason, months_off=0.0 if reason is None else None)
    for name, change in _EQUIPMENT.items():
        yield Case(id=f"cr_{name}", change=change)
    yield Case(id="dx_plain", change=as_dx)
    yield Case(id="dx_spacing", change=both(as_dx, sets(PixelSpacing=[0.15, 0.15], EstimatedRadiographicMagnificationFactor=1.0)))


def _no_region(ds: Dataset) -> None:
    del ds.AnatomicRegionSequence


def _parts() -> dict[str, tuple[Change, str | None]]:
    return {f"part_{key}": value for key, value in _PARTS.items()}
