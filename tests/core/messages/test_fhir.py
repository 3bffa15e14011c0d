"""Resources are read back by the models of fhir.resources, from the bytes that would be sent."""

from __future__ import annotations

from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from baa_node.core.assessment import Assessment
from baa_node.core.messages.fhir import bundle_of
from baa_node.core.messages.told import Told
from tests.core.messages.conftest import Telling
from tests.parts.results import REFUSAL, assessment, poor_cr, results


def resources(told: Told) -> tuple[Any, Any]:
    """Observation and DiagnosticReport after a way through JSON."""
    bundle = Bundle.model_validate_json(bundle_of(told).model_dump_json())
    assert bundle.type == "transaction"
    observation, report = (entry.resource for entry in bundle.entry)
    return observation, report


def codes_of(concept: Any) -> list[str]:
    return [coding.code for coding in concept.coding]


def components(observation: Any) -> dict[str, float]:
    return {codes_of(one.code)[0]: float(one.valueQuantity.value) for one in observation.component or ()}


@pytest.mark.parametrize("name", results())
@pytest.mark.parametrize("source", [None, poor_cr()], ids=["full", "poor"])
def test_every_result_is_valid(tell: Telling, name: str, source: Any) -> None:
    observation, report = resources(tell(results()[name], source))
    assert report.result[0].reference == f"Observation/{observation.id}"
    assert observation.id != report.id


def test_the_values_come_back(tell: Telling) -> None:
    told = tell(assessment(180.0))
    observation, report = resources(told)
    result = told.result
    assert isinstance(result, Assessment)
    assert codes_of(observation.code) == ["85151-9", "37362-1"]
    assert codes_of(report.code) == ["37362-1"]
    assert (float(observation.valueQuantity.value), observation.valueQuantity.code) == (180.0, "mo")
    assert observation.valueQuantity.system == "http://unitsofmeasure.org"
    assert observation.dataAbsentReason is None
    assert codes_of(observation.interpretation[0]) == ["H"]
    assert codes_of(observation.method) == ["252956001"]
    found = components(observation)
    assert (found["BAA001"], found["BAA002"]) == result.estimate.interval_months
    assert found["121416"] == result.z_score
    assert found["RDE122"] == round(result.chronological_age_months, 1)
    (band,) = observation.referenceRange
    assert float(band.low.value) < found["RDE122"] < float(band.high.value)
    assert band.text == told.reference != ""
    assert report.conclusion.startswith(told.conclusion)
    assert "not for diagnosis" in report.conclusion


def test_patient_order_and_study_are_named_and_not_invented(tell: Telling) -> None:
    told = tell()
    observation, report = resources(told)
    for resource in (observation, report):
        assert resource.subject.reference is None
        assert (resource.subject.identifier.value, resource.subject.identifier.assigner.display) == ("4711", "Example hospital")
        assert resource.basedOn[0].identifier.value == "A1"
        assert f"urn:oid:{told.report_uid}" in [one.value for one in resource.identifier]
        assert resource.effectiveDateTime.isoformat() == "2020-01-01"
    assert observation.derivedFrom[0].identifier.value == f"urn:oid:{told.study_uid}"
    assert report.imagingStudy[0].identifier.value == f"urn:oid:{told.study_uid}"
    assert "Doe" not in bundle_of(told).model_dump_json()


def test_nothing_is_referred_to_that_the_image_does_not_name(tell: Telling) -> None:
    observation, report = resources(tell(source=poor_cr()))
    assert (observation.subject, observation.basedOn, observation.effectiveDateTime) == (None, None, None)
    assert (report.subject, report.basedOn) == (None, None)


def test_the_device_says_which_software_and_weights(tell: Telling) -> None:
    (device,) = resources(tell())[0].contained
    assert [version.value for version in device.version] == ["0.1.0", "first 1.0.0"]
    assert device.serialNumber == "17"


def test_a_refusal_has_no_value_and_says_why(tell: Telling) -> None:
    observation, report = resources(tell(REFUSAL))
    assert observation.valueQuantity is None
    assert codes_of(observation.dataAbsentReason) == ["not-performed", *(reason.code for reason in REFUSAL.reasons)]
    assert (observation.status, report.status) == ("cancelled", "cancelled")
    assert observation.component is None
    assert "NOT estimated" in report.conclusion


def test_sentences_are_those_of_the_report_in_its_language(tell: Telling) -> None:
    told = tell(language="fr")
    for resource in resources(told):
        assert resource.language == "fr"
    assert resources(told)[1].conclusion == "\n".join((told.conclusion, *told.comments))
    assert "ans" in told.conclusion


def test_a_failed_reading_is_an_error(tell: Telling) -> None:
    assert codes_of(resources(tell(results()["failed"]))[0].dataAbsentReason)[0] == "error"


def test_an_amendment_is_the_next_version_of_the_same_resources(tell: Telling) -> None:
    first, second = resources(tell()), resources(tell(assessment(125.0), revision=2))
    assert [one.id for one in first] == [one.id for one in second]
    assert [one.status for one in first] == ["preliminary"] * 2
    assert [one.status for one in second] == ["amended"] * 2
    other = resources(tell(SOPInstanceUID="1.2.3.9"))
    assert {one.id for one in other}.isdisjoint(one.id for one in first)


def test_the_same_report_is_the_same_transaction(tell: Telling) -> None:
    assert bundle_of(tell()).model_dump_json() == bundle_of(tell()).model_dump_json()
