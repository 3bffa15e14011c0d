"""A result as FHIR R4: an Observation and a DiagnosticReport in one transaction.

Both have a logical id derived from the image, so that the same result sent again changes nothing and an amended one becomes
the next version of the same resources. The patient, the order and the study are named by their identifiers; none is invented.
The classes are those of R4B, which leaves the three resources as they were in R4.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any, Final
from uuid import UUID

from fhir.resources.R4B.bundle import Bundle
from pydicom.sr.coding import Code

from baa_node.core import codes
from baa_node.core.assessment import Assessment, Determination, Refusal
from baa_node.core.messages.told import Told, normal_band
from baa_node.core.objects.identifiers import CODING_SCHEME_UID, derive_uid
from baa_node.core.radiograph import Laterality

DICOM_UID: Final = "urn:dicom:uid"
_SYSTEMS: Final = {
    "LN": "http://loinc.org",
    "SCT": "http://snomed.info/sct",
    "UCUM": "http://unitsofmeasure.org",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    "RADELEMENT": "https://radelement.org",
    codes.PRIVATE_SCHEME: f"urn:oid:{CODING_SCHEME_UID}",
}
_TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem"
_FLAGS: Final = {Determination.DELAYED: ("L", "Low"), Determination.NORMAL: ("N", "Normal"), Determination.ADVANCED: ("H", "High")}
_SIDES: Final = {Laterality.LEFT: "left", Laterality.RIGHT: "right"}

Json = dict[str, Any]


def bundle_of(told: Told) -> Bundle:
    """Transaction that puts both resources in place; the same report gives the same transaction.

    Raises
    ------
    ValueError
        The resources would not be valid FHIR.
    """
    observation, report = _observation(told), _diagnostic_report(told)
    return Bundle.model_validate({"resourceType": "Bundle", "type": "transaction", "entry": [_put(observation), _put(report)]})


def observation_id(told: Told) -> str:
    """Logical id of the Observation: the tracking UID as a UUID, one an image."""
    return _uuid(told.tracking_uid)


def report_id(told: Told) -> str:
    """Logical id of the DiagnosticReport, one an image."""
    return _uuid(derive_uid("diagnostic report", told.tracking_uid))


def _uuid(uid: str) -> str:
    return str(UUID(int=int(uid.removeprefix("2.25."))))


def _put(resource: Json) -> Json:
    kind, name = resource["resourceType"], resource["id"]
    return {"fullUrl": f"urn:uuid:{name}", "resource": resource, "request": {"method": "PUT", "url": f"{kind}/{name}"}}


def _observation(told: Told) -> Json:
    finding = _value(told, told.result) if isinstance(told.result, Assessment) else _absence(told.result)
    return _without_gaps(
        {
            "resourceType": "Observation",
            "id": observation_id(told),
            "contained": [_device(told)],
            **_context(told),
            "category": [_concept(("imaging", "Imaging"), f"{_TERMINOLOGY}/observation-category")],
            "code": {"coding": [_coding(codes.BONE_AGE), _coding(codes.BONE_AGE_EXAMINATION)], "text": "Bone age"},
            "bodySite": {"coding": [_coding(codes.HAND)], "text": _hand(told)},
            "method": {"coding": [_coding(codes.GREULICH_PYLE)]},
            "device": {"reference": "#device"},
            "derivedFrom": [_study(told)],
            "note": [{"text": text} for text in (told.conclusion, *told.comments)],
            **finding,
        }
    )


def _diagnostic_report(told: Told) -> Json:
    return _without_gaps(
        {
            "resourceType": "DiagnosticReport",
            "id": report_id(told),
            **_context(told),
            "category": [_concept(("RAD", "Radiology"), f"{_TERMINOLOGY}/v2-0074")],
            "code": {"coding": [_coding(codes.BONE_AGE_EXAMINATION)]},
            "result": [{"reference": f"Observation/{observation_id(told)}"}],
            "imagingStudy": [_study(told)],
            "conclusion": "\n".join((told.conclusion, *told.comments)),
        }
    )


def _context(told: Told) -> Json:
    """Give what both resources share: whose, of when, how far, and by which names the result is known in DICOM."""
    return {
        "language": told.language[0],
        "identifier": [_uid_identifier(told.tracking_uid), _uid_identifier(told.report_uid)],
        "basedOn": _order(told),
        "status": _status(told),
        "subject": _patient(told),
        "effectiveDateTime": told.examined_on.isoformat() if told.examined_on else None,
        "issued": told.written_at.astimezone(UTC).isoformat(timespec="milliseconds"),
    }


def _status(told: Told) -> str:
    if isinstance(told.result, Refusal):
        return "cancelled"
    return "amended" if told.amends else "preliminary"


def _patient(told: Told) -> Json | None:
    """Refer to the patient by identifier and its assigner."""
    number = told.text("PatientID")
    if not number:
        return None
    name, universal, kind = told.assigner
    system = {"ISO": f"urn:oid:{universal}", "URI": universal, "UUID": f"urn:uuid:{universal}"}.get(kind) if universal else None
    return {"type": "Patient", "identifier": {"system": system, "value": number, "assigner": {"display": name} if name else None}}


def _order(told: Told) -> list[Json]:
    accession = told.text("AccessionNumber")
    kind = _concept(("ACSN", "Accession ID"), f"{_TERMINOLOGY}/v2-0203")
    return [{"type": "ServiceRequest", "identifier": {"type": kind, "value": accession}}] if accession else []


def _study(told: Told) -> Json:
    return {"type": "ImagingStudy", "identifier": _uid_identifier(told.study_uid)}


def _device(told: Told) -> Json:
    return {
        "resourceType": "Device",
        "id": "device",
        "identifier": [_uid_identifier(told.text("InstanceCreatorUID"))],
        "manufacturer": told.text("Manufacturer"),
        "serialNumber": told.text("DeviceSerialNumber"),
        "deviceName": [{"name": told.text("StationName"), "type": "user-friendly-name"}],
        "modelNumber": told.text("ManufacturerModelName"),
        "version": [{"value": version} for version in _versions(told)],
    }


def _versions(told: Told) -> list[str]:
    bundle = [f"{told.result.estimate.bundle.name} {told.result.estimate.bundle.version}"] if isinstance(told.result, Assessment) else []
    return [told.text("SoftwareVersions"), *bundle]


def _value(told: Told, result: Assessment) -> Json:
    flag = _FLAGS.get(result.determination)
    return {
        "valueQuantity": _months(result.estimate.bone_age_months),
        "interpretation": [_concept(flag, f"{_TERMINOLOGY}/v3-ObservationInterpretation")] if flag else [],
        "referenceRange": _range(told, result),
        "component": _components(result),
    }


def _absence(refusal: Refusal) -> Json:
    """Say that there is no value and why: the reason of the standard first, then ours (PS3.16 has none that fits them all)."""
    attempted = any(reason.attempted for reason in refusal.reasons)
    standard = ("error", "Error") if attempted else ("not-performed", "Not Performed")
    reasons = [_coding(codes.concept_of(reason)) for reason in refusal.reasons]
    coding = _concept(standard, f"{_TERMINOLOGY}/data-absent-reason")["coding"]
    return {"dataAbsentReason": {"coding": [*coding, *reasons], "text": "; ".join(reason.meaning for reason in refusal.reasons)}}


def _range(told: Told, result: Assessment) -> list[Json]:
    band = normal_band(result)
    return [{"low": _months(band[0]), "high": _months(band[1]), "text": told.reference}] if band else []


def _components(result: Assessment) -> list[Json]:
    low, high = result.estimate.interval_months
    quantities = [
        (codes.INTERVAL_LOWER, _months(low)),
        (codes.INTERVAL_UPPER, _months(high)),
        (codes.INTERVAL_COVERAGE, _quantity(result.estimate.coverage * 100, 1, codes.PERCENT)),
    ]
    if result.chronological_age_months is not None and result.difference_months is not None:
        quantities.append((codes.CHRONOLOGICAL_AGE, _months(result.chronological_age_months)))
        quantities.append((codes.DIFFERENCE, _months(result.difference_months)))
    if result.z_score is not None and result.reference_sd_months is not None:
        quantities.append((codes.REFERENCE_SD, _quantity(result.reference_sd_months, 2, codes.MONTH)))
        quantities.append((codes.Z_SCORE, _quantity(result.z_score, 2, codes.NO_UNITS)))
    return [{"code": {"coding": [_coding(concept)]}, "valueQuantity": quantity} for concept, quantity in quantities]


def _months(value: float) -> Json:
    return _quantity(value, 1, codes.MONTH)


def _quantity(value: float, decimals: int, unit: Code) -> Json:
    return {"value": round(float(value), decimals) + 0.0, "unit": unit.meaning, "system": _SYSTEMS["UCUM"], "code": unit.value}


def _hand(told: Told) -> str:
    return "Hand" if told.side is None else f"{_SIDES[told.side].capitalize()} hand"


def _coding(code: Code) -> Json:
    return {"system": _SYSTEMS[code.scheme_designator], "code": code.value, "display": code.meaning}


def _concept(code: tuple[str, str], system: str) -> Json:
    return {"coding": [{"system": system, "code": code[0], "display": code[1]}]}


def _uid_identifier(uid: str) -> Json:
    return {"system": DICOM_UID, "value": f"urn:oid:{uid}"}


def _without_gaps(resource: Json) -> Json:
    """Leave out what is empty: FHIR has no empty strings, lists or nulls."""
    kept = {key: _trimmed(one) for key, one in resource.items()}
    return {key: one for key, one in kept.items() if one not in ("", None, [], {})}


def _trimmed(value: Any) -> Any:
    if isinstance(value, dict):
        return _without_gaps(value)
    return [_trimmed(one) for one in value] if isinstance(value, list) else value
