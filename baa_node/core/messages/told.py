"""What a stored report tells those who do not read DICOM: whose it is, what was found, and the sentences as they stand in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final

from pydicom import Dataset
from pydicom.sr.coding import Code
from pydicom.valuerep import TM, PersonName

from baa_node.core import codes
from baa_node.core.assessment import Assessment, Refusal, ZConvention
from baa_node.core.attributes import day
from baa_node.core.objects.header import value_of
from baa_node.core.radiograph import Laterality
from baa_node.core.reasons import Reason
from baa_node.core.record import from_json

_SIDES: Final = {codes.LEFT.value: Laterality.LEFT, codes.RIGHT.value: Laterality.RIGHT}
_BY_CODE: Final = {reason.code: reason for reason in Reason}


@dataclass(frozen=True, kw_only=True)
class Told:
    """One report and the result behind it.

    Attributes
    ----------
    report
        The stored Structured Report: identity, order and sentences are taken from it, so that no message says anything else.
    result
        The numbers, as the record holds them.
    revision
        1 for the first reading of the image.
    """

    report: Dataset
    result: Assessment | Refusal
    revision: int

    @property
    def amends(self) -> bool:
        """Whether it replaces what an earlier reading of the same image said."""
        return self.revision > 1

    @property
    def report_uid(self) -> str:
        """SOP Instance UID of the report."""
        return str(self.report.SOPInstanceUID)

    @property
    def study_uid(self) -> str:
        """Study Instance UID."""
        return str(self.report.StudyInstanceUID)

    @cached_property
    def tracking_uid(self) -> str:
        """The same for every reading of one image, so that an amendment finds what it amends."""
        return str(next(item.UID for item in _named(self.report, codes.TRACKING_UID)))

    @cached_property
    def conclusion(self) -> str:
        """The sentence for people, in the language of the report."""
        return _texts(self.report, codes.CONCLUSION)[0]

    @cached_property
    def comments(self) -> list[str]:
        """Cautions, the disclaimer last."""
        return _texts(self.report, codes.COMMENT)

    @cached_property
    def reference(self) -> str:
        """What the bone age is compared with; empty where it is not."""
        return next(iter(_texts(self.report, codes.REFERENCE_AUTHORITY)), "")

    @cached_property
    def language(self) -> tuple[str, str]:
        """Code (RFC 5646) and name of the language of these sentences."""
        named = (item for item in self.report.ContentSequence if _names(item, codes.LANGUAGE))
        code = next(named).ConceptCodeSequence[0]
        return str(code.CodeValue), str(code.CodeMeaning)

    @cached_property
    def side(self) -> Laterality | None:
        """Hand that the report names, None where the image did not say."""
        return next((_SIDES.get(str(item.ConceptCodeSequence[0].CodeValue)) for item in _named(self.report, codes.LATERALITY)), None)

    @cached_property
    def written_at(self) -> datetime:
        """When the report was built, with its offset from UTC."""
        text = f"{self.report.InstanceCreationDate}{self.report.InstanceCreationTime}{self.report.TimezoneOffsetFromUTC}"
        return datetime.strptime(text, "%Y%m%d%H%M%S.%f%z")

    @property
    def examined_on(self) -> date | None:
        """Study Date, None where the image has none or none that is a date."""
        return day(self.report, "StudyDate")

    @property
    def examined_at(self) -> str:
        """Study Date and Time as HL7 writes them, no finer than seconds: they are the source's local time; empty where unknown."""
        day = self.examined_on
        if day is None:
            return ""
        try:
            time = TM(value_of(self.report, "StudyTime"))
        except ValueError:
            time = None
        return f"{day:%Y%m%d}{time:%H%M%S}" if time else f"{day:%Y%m%d}"

    @property
    def birth_date(self) -> date | None:
        """Patient's birth date, None where it is empty or no date."""
        return day(self.report, "PatientBirthDate")

    @property
    def patient_name(self) -> PersonName:
        """Patient's name with all its groups; empty where there is none."""
        return PersonName(value_of(self.report, "PatientName") or "")

    @property
    def assigner(self) -> tuple[str, str, str]:
        """Who assigned the patient ID: name, universal entity ID and its type (PS3.3 10.14)."""
        qualifiers = next(iter(self.report.get("IssuerOfPatientIDQualifiersSequence") or ()), Dataset())
        return self.text("IssuerOfPatientID"), text_of(qualifiers, "UniversalEntityID"), text_of(qualifiers, "UniversalEntityIDType")

    @property
    def requested_procedure_id(self) -> str:
        """Of the first order that the image answers."""
        return text_of(next(iter(self.report.get("ReferencedRequestSequence") or ()), Dataset()), "RequestedProcedureID")

    def text(self, keyword: str) -> str:
        """Value of an attribute of the report as text, empty where it has none."""
        return text_of(self.report, keyword)


def told_by(report: Dataset, outcome: dict[str, Any], revision: int) -> Told:
    """Join a stored report and the record of its reading.

    A report that gives reasons is a refusal, whatever the record holds: where a report of a bone age could not be built,
    people were told so by a refusal instead.
    """
    result = from_json(outcome)
    reasons = reasons_in(report)
    if reasons and isinstance(result, Assessment):
        result = Refusal(reasons=reasons)
    return Told(report=report, result=result, revision=revision)


def reasons_in(report: Dataset) -> tuple[Reason, ...]:
    """Reasons why a report gives no bone age; none where it gives one."""
    return tuple(_BY_CODE[str(item.ConceptCodeSequence[0].CodeValue)] for item in _named(report, codes.REASON))


def normal_band(result: Assessment) -> tuple[float, float] | None:
    """Bone ages in months that are called normal at this age and sex; None outside the reference."""
    centre = result.chronological_age_months if result.policy.convention is ZConvention.CHRONOLOGICAL_AGE else result.reference_mean_months
    if centre is None or result.reference_sd_months is None or result.z_score is None:
        return None
    reach = result.policy.normal_limit_sd * result.reference_sd_months
    return centre - reach, centre + reach


def text_of(ds: Dataset, keyword: str) -> str:
    """Value of an attribute as text, empty where it has none."""
    return str(value_of(ds, keyword) or "").strip()


def _texts(report: Dataset, concept: Code) -> list[str]:
    return [str(item.TextValue) for item in _named(report, concept)]


def _named(report: Dataset, concept: Code) -> Iterator[Dataset]:
    """Content items of one concept in the measurement group of this image, which is the first (TID 1500)."""
    yield from (item for item in _items(_group(report) or report) if _names(item, concept))


def _group(report: Dataset) -> Dataset | None:
    return next((item for item in _items(report) if _names(item, codes.MEASUREMENT_GROUP)), None)


def _names(item: Dataset, concept: Code) -> bool:
    name = next(iter(item.get("ConceptNameCodeSequence") or ()), None)
    return name is not None and (str(name.CodeValue), str(name.CodingSchemeDesignator)) == (concept.value, concept.scheme_designator)


def _items(node: Dataset) -> Iterator[Dataset]:
    for item in node.get("ContentSequence") or ():
        yield item
        yield from _items(item)
