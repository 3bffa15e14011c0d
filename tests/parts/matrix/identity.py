"""Whose image it is: attributes of Type 2, issuers, UIDs, orders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydicom.dataset import Dataset

from tests.parts.coding import code
from tests.parts.identity import TYPE_2
from tests.parts.matrix.base import ROOT, Case, Change, both, item, sets, written
from tests.parts.results import raw

OTHERS: Final = ("Laterality", "ViewPosition", "SeriesNumber", "InstanceNumber", "Manufacturer", "PatientOrientation", "BodyPartExamined")


def _missing() -> Iterator[Case]:
    for keyword in TYPE_2:
        off = None if keyword == "PatientSex" else 0.0  # read by the member that needs no sex
        yield Case(id=f"without_{keyword}", change=sets(**{keyword: None}), months_off=off)
        yield Case(id=f"empty_{keyword}", change=sets(**{keyword: ""}), months_off=off)
    for keyword in OTHERS:
        side = None if keyword == "Laterality" else "L"
        yield Case(id=f"without_{keyword}", change=sets(**{keyword: None}), side=side)
        yield Case(id=f"empty_{keyword}", change=sets(**{keyword: ""}), side=side)
    everything = dict.fromkeys((*TYPE_2, *OTHERS))
    yield Case(id="without_all_type_2", change=sets(**everything), side=None, months_off=None)
    yield Case(id="empty_all_type_2", change=sets(**dict.fromkeys(everything, "")), side=None, months_off=None)
    yield Case(id="sex_O", change=sets(PatientSex="O"), months_off=None)
    for sex in ("U", "W", "f", "FEMALE"):
        yield Case(id=f"sex_{sex}", change=written("PatientSex", "CS", sex.encode()), months_off=None, inherits=("PatientSex",))


def _hl7(number: int) -> Dataset:
    return item(LocalNamespaceEntityID=f"HOSP{number}", UniversalEntityID=f"{ROOT}.9.{number}", UniversalEntityIDType="ISO")


def _other_ids(*numbers: int) -> list[Dataset]:
    return [item(PatientID=f"OTHER-{n}", IssuerOfPatientID=f"Issuer {n}", TypeOfPatientID="TEXT") for n in numbers]


_ISSUERS: Final[dict[str, Change]] = {
    "patient_text": sets(IssuerOfPatientID="Example hospital"),
    "patient_hl7_style": sets(IssuerOfPatientID="HOSP&1.2.3.4&ISO"),
    "patient_empty": sets(IssuerOfPatientID=""),
    "patient_qualifiers": sets(IssuerOfPatientID="A", IssuerOfPatientIDQualifiersSequence=[_hl7(1)]),
    "patient_qualifiers_identifier_type": sets(
        IssuerOfPatientIDQualifiersSequence=[item(UniversalEntityID="x.example", UniversalEntityIDType="DNS", IdentifierTypeCode="MR")]
    ),
    "accession_local": sets(IssuerOfAccessionNumberSequence=[item(LocalNamespaceEntityID="RIS")]),
    "accession_universal": sets(IssuerOfAccessionNumberSequence=[_hl7(2)]),
    "accession_uri": sets(IssuerOfAccessionNumberSequence=[item(UniversalEntityID="urn:oid:1.2.3", UniversalEntityIDType="URI")]),
    "other_ids_one": sets(OtherPatientIDsSequence=_other_ids(1)),
    "other_ids_three": sets(OtherPatientIDsSequence=_other_ids(1, 2, 3)),
    "other_ids_qualified": sets(
        OtherPatientIDsSequence=[item(PatientID="Q", TypeOfPatientID="RFID", IssuerOfPatientIDQualifiersSequence=[_hl7(3)])]
    ),
    "other_ids_empty_value": sets(OtherPatientIDsSequence=[item(PatientID="", IssuerOfPatientID="A", TypeOfPatientID="TEXT")]),
    "other_ids_retired_list": sets(OtherPatientIDs=["A", "B"]),
    "admission": sets(AdmissionID="ADM-7", ServiceEpisodeID="EP-7"),
    "deidentified": sets(
        PatientIdentityRemoved="YES",
        DeidentificationMethod="Basic profile",
        DeidentificationMethodCodeSequence=[code("113100", "DCM", "Basic Application Confidentiality Profile")],
    ),
    "identity_kept": sets(PatientIdentityRemoved="NO"),
    "demographics": sets(EthnicGroup="A", PatientAge="010Y", PatientSize="1.41", PatientWeight="31.5", PatientBirthTime="081500"),
    "id_leading_zeros": sets(PatientID="0004711"),
    "id_spaces_inside": sets(PatientID="47 11 / 8"),
    "id_signs": sets(PatientID="4711^^^HOSP&1.2.3&ISO"),
    "accession_signs": sets(AccessionNumber="A/2025-01.#7"),
    "referenced_study": sets(
        ReferencedStudySequence=[item(ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1", ReferencedSOPInstanceUID=f"{ROOT}.8")]
    ),
    "everything": sets(
        IssuerOfPatientID="A",
        IssuerOfPatientIDQualifiersSequence=[_hl7(1)],
        IssuerOfAccessionNumberSequence=[_hl7(2)],
        OtherPatientIDsSequence=_other_ids(1, 2),
        AdmissionID="ADM-7",
    ),
}


def _uid(length: int) -> str:
    stem = f"{ROOT}.77."
    return (stem + "1234567890" * 7)[:length]


def _uids() -> Iterator[Case]:
    for length in (34, 35, 43, 44, 63, 64):
        longest = _uid(length)
        yield Case(
            id=f"uids_of_{length}",
            change=sets(StudyInstanceUID=longest[:-1] + "1", SeriesInstanceUID=longest[:-1] + "2", SOPInstanceUID=longest[:-1] + "3"),
        )
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        yield Case(id=f"uid_64_only_{keyword}", change=sets(**{keyword: _uid(64)}))
    yield Case(id="uid_short", change=sets(StudyInstanceUID="1.2.3.4", SeriesInstanceUID="1.2.3.5", SOPInstanceUID="1.2.3.6"))
    yield Case(id="uid_of_a_uuid", change=sets(SOPInstanceUID="2.25.329800735698586629295641978511506172918"))


def _request(**elements: object) -> Change:
    return sets(RequestAttributesSequence=[item(**elements)])


_CODED: Final = [code("37362-1", "LN", "XR Bone age")]
_REQUESTS: Final[dict[str, Change]] = {
    "plain": _request(RequestedProcedureID="R1", ScheduledProcedureStepID="R1-1"),
    "described": _request(RequestedProcedureID="R1", ScheduledProcedureStepID="R1-1", RequestedProcedureDescription="Bone age left hand"),
    "coded": _request(RequestedProcedureID="R1", ScheduledProcedureStepID="S", RequestedProcedureCodeSequence=_CODED),
    "with_study": _request(RequestedProcedureID="R1", ScheduledProcedureStepID="S", StudyInstanceUID=f"{ROOT}.66"),
    "with_accession": _request(RequestedProcedureID="R1", ScheduledProcedureStepID="S", AccessionNumber="OTHER-9"),
    "with_issuer": _request(AccessionNumber="OTHER-9", IssuerOfAccessionNumberSequence=[_hl7(4)], RequestedProcedureID="R1"),
    "two": sets(RequestAttributesSequence=[item(RequestedProcedureID=f"R{n}", ScheduledProcedureStepID=f"S{n}") for n in (1, 2)]),
    "empty_item": sets(RequestAttributesSequence=[Dataset()]),
    "no_item": sets(RequestAttributesSequence=[]),
    "without_procedure_id": _request(ScheduledProcedureStepID="S1"),
    "protocol": _request(
        RequestedProcedureID="R1",
        ScheduledProcedureStepID="S",
        ScheduledProcedureStepDescription="Hand",
        ScheduledProtocolCodeSequence=[code("P1", "99LOCAL", "Hand PA")],
    ),
    "reason": _request(RequestedProcedureID="R1", ReasonForTheRequestedProcedure="Growth", ReasonForRequestedProcedureCodeSequence=[]),
    "local_procedure": sets(ProcedureCodeSequence=[code("B77", "99LOCAL", "Handwurzel")], StudyDescription="Knochenalter"),
    "procedure_without_meaning": sets(ProcedureCodeSequence=[item(CodeValue="B77", CodingSchemeDesignator="99LOCAL")]),
}


def _private(ds: Dataset) -> None:
    block = ds.private_block(0x0009, "EXAMPLE MAKER", create=True)
    block.add_new(0x01, "LO", "secret of the maker")
    block.add_new(0x02, "OB", bytes(range(200)))
    block.add_new(0x03, "SQ", [item(PatientName="Other^Name", PatientID="NOT-THIS")])


def _raw_private(ds: Dataset) -> None:
    raw(ds, "00110010", "LO", b"UNDECLARED")
    raw(ds, "00111001", "UN", b"\xff\xfe\x00\xe0" * 3)


def _overlay(ds: Dataset) -> None:
    for element, vr, value in (
        (0x10, "US", 8),
        (0x11, "US", 8),
        (0x40, "CS", "G"),
        (0x50, "SS", [1, 1]),
        (0x100, "US", 1),
        (0x102, "US", 0),
    ):
        ds.add_new((0x6000, element), vr, value)
    ds.add_new((0x6000, 0x3000), "OW", b"\xaa\x55" * 4)


_EXTRAS: Final[dict[str, Change]] = {
    "private_block": _private,
    "private_unknown": _raw_private,
    "empty_sequences": sets(
        OtherPatientIDsSequence=[],
        IssuerOfAccessionNumberSequence=[],
        ReferencedStudySequence=[],
        ProcedureCodeSequence=[],
        IssuerOfPatientIDQualifiersSequence=[],
    ),
    "overlay_plane": _overlay,
    "comments": sets(ImageComments="x" * 4000, PatientComments="y" * 4000),
}


_LEFT_OUT: Final[dict[str, tuple[str, ...]]] = {
    "other_ids_empty_value": ("OtherPatientIDsSequence",),
    "procedure_without_meaning": ("ProcedureCodeSequence",),
    "empty_sequences": (
        "IssuerOfPatientIDQualifiersSequence",
        "OtherPatientIDsSequence",
        "IssuerOfAccessionNumberSequence",
        "ProcedureCodeSequence",
        "ReferencedStudySequence",
    ),
}


def _private_item(ds: Dataset) -> None:
    ds.ProcedureCodeSequence = [code("37362-1", "LN", "XR Bone age")]
    ds.ProcedureCodeSequence[0].private_block(0x0009, "EXAMPLE MAKER", create=True).add_new(0x01, "LO", "secret of the maker")


def cases() -> Iterator[Case]:
    yield from _missing()
    for name, change in _ISSUERS.items():
        yield Case(id=f"issuer_{name}", change=change, left_out=_LEFT_OUT.get(name, ()))
    yield from _uids()
    for name, change in _REQUESTS.items():
        yield Case(id=f"request_{name}", change=change, left_out=_LEFT_OUT.get(name, ()))
    for name, change in {**_EXTRAS, "private_in_copied_sequence": _private_item}.items():
        yield Case(id=f"extra_{name}", change=change, left_out=_LEFT_OUT.get(name, ()))
    yield Case(id="issuer_everything_and_orders", change=both(_ISSUERS["everything"], _REQUESTS["two"], _REQUESTS["local_procedure"]))
