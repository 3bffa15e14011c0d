"""Messages are read back by two libraries that had no part in writing them: hl7 for values, hl7apy for the rules of v2.5.1."""

from __future__ import annotations

from datetime import date
from typing import Any

import hl7
import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.exceptions import ValidationError
from hl7apy.parser import parse_message
from hypothesis import given
from hypothesis import strategies as st

from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.messages.hl7 import Route, control_id, escaped, oru_r01
from baa_node.core.messages.told import Told, told_by
from baa_node.core.reasons import Reason
from baa_node.core.record import to_json
from tests.core.messages.conftest import Telling
from tests.parts.results import NAMES, REFUSAL, assessment, poor_cr, results

ROUTE = Route(application="BAA_NODE", facility="Radiology & X-ray", receiving_application="RIS", receiving_facility="A|B")


def parsed(told: Told) -> hl7.Message:
    return hl7.parse(oru_r01(told, ROUTE))


def observations(message: hl7.Message, code: str) -> list[hl7.Segment]:
    return [segment for segment in message.segments("OBX") if segment.extract_field(1, 3) == code]


def value(message: hl7.Message, code: str, *, component: int = 1) -> Any:
    (segment,) = observations(message, code)
    return segment.extract_field(1, 5, 1, component)


@pytest.mark.parametrize("name", results())
def test_every_result_is_a_valid_message(tell: Telling, name: str) -> None:
    message = oru_r01(tell(results()[name]), ROUTE)
    assert parse_message(message, validation_level=VALIDATION_LEVEL.STRICT).validate()


def test_a_patient_id_that_is_missing_is_not_made_up(tell: Telling) -> None:
    message = oru_r01(tell(REFUSAL, poor_cr()), ROUTE)
    assert hl7.parse(message)["PID.F3"] == ""
    with pytest.raises(ValidationError, match="PID_3"):  # the one thing that the standard misses in it
        parse_message(message, validation_level=VALIDATION_LEVEL.TOLERANT).validate()


def test_the_values_come_back(tell: Telling) -> None:
    told = tell(assessment(180.0))
    message, result = parsed(told), told.result
    assert isinstance(result, Assessment)
    assert (message["OBR.F4.R1.C1"], message["OBR.F4.R1.C3"]) == ("37362-1", "LN")
    (bone_age,) = observations(message, "85151-9")
    assert float(bone_age.extract_field(1, 5)) == 180.0
    assert bone_age.extract_field(1, 6) == "mo"
    low, high = map(float, bone_age.extract_field(1, 7).split("-"))
    assert low < result.chronological_age_months < high
    assert high - low == pytest.approx(4 * result.reference_sd_months, abs=0.11)
    assert (bone_age.extract_field(1, 8), bone_age.extract_field(1, 11)) == ("H", "P")
    assert (float(value(message, "BAA001")), float(value(message, "BAA002"))) == result.estimate.interval_months
    assert float(value(message, "RDE122")) == round(result.chronological_age_months, 1)
    assert float(value(message, "BAA004")) == round(result.difference_months, 1)
    assert float(value(message, "121416")) == result.z_score
    assert value(message, "85150-1") == "252956001"
    assert value(message, "RDE1733") == "RDE1733.2"
    assert value(message, "121077") == told.conclusion
    assert "15 years 0 months" in told.conclusion
    assert value(message, "110180") == told.study_uid
    assert value(message, "BAA020") == told.report_uid


@pytest.mark.parametrize(("months", "flag"), [(60.0, "L"), (110.0, "N"), (180.0, "H")])
def test_the_flag_follows_the_determination(tell: Telling, months: float, flag: str) -> None:
    assert observations(parsed(tell(assessment(months))), "85151-9")[0].extract_field(1, 8) == flag


def test_without_reference_there_is_neither_flag_nor_range(tell: Telling) -> None:
    (bone_age,) = observations(parsed(tell(assessment(birth_date=None))), "85151-9")
    assert (bone_age.extract_field(1, 7), bone_age.extract_field(1, 8)) == ("", "")


def test_identity_and_order_are_those_of_the_image(tell: Telling) -> None:
    message = parsed(tell())
    assert (message["PID.F3.R1.C1"], message["PID.F3.R1.C4"]) == ("4711", "Example hospital")
    assert (message["PID.F5.R1.C1"], message["PID.F5.R1.C2"]) == ("Doe", "Jane")
    assert (message["PID.F7"], message["PID.F8"]) == ("20100101", "M")
    assert (message["OBR.F18"], message["OBR.F19"], message["OBR.F7"]) == ("A1", "R1", "20200101101112")
    assert (message["OBR.F16.R1.C2"], message["OBR.F16.R1.C3"]) == ("House", "G")
    assert (message["MSH.F4"], message["MSH.F6"], message["MSH.F18"]) == ("Radiology & X-ray", "A|B", "UNICODE UTF-8")


def test_suffix_and_prefix_change_places(tell: Telling) -> None:
    message = parsed(tell(PatientName="Adams^John Robert^Quincy^Rev.^B.A. M.Div."))
    assert [message[f"PID.F5.R1.C{number}"] for number in range(1, 6)] == ["Adams", "John Robert", "Quincy", "B.A. M.Div.", "Rev."]


@pytest.mark.parametrize("script", NAMES)
def test_names_of_every_script_come_back(tell: Telling, script: str) -> None:
    character_set, name = NAMES[script]
    message = parsed(tell(SpecificCharacterSet=character_set, PatientName=name))
    groups = [f"{message[f'PID.F5.R{number}.C1']}^{message[f'PID.F5.R{number}.C2']}" for number in range(1, name.count("=") + 2)]
    assert groups == [group if "^" in group else f"{group}^" for group in name.split("=")]


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "pt"])
def test_sentences_are_those_of_the_report_in_its_language(tell: Telling, language: str) -> None:
    told = tell(language=language)
    message = parsed(told)
    assert value(message, "121077") == told.conclusion
    assert [segment.extract_field(1, 5) for segment in observations(message, "121106")] == told.comments
    assert message["MSH.F19.R1.C1"] == language


@pytest.mark.parametrize("sex", ["F", "M", "O", ""])
def test_sex_is_verbatim(tell: Telling, sex: str) -> None:
    assert parsed(tell(PatientSex=sex))["PID.F8"] == sex


def test_the_issuer_is_qualified_where_the_image_does_it(tell: Telling) -> None:
    source = poor_cr()
    source.PatientID, source.IssuerOfPatientID = "1", "Clinic"
    source.IssuerOfPatientIDQualifiersSequence = [qualifiers := type(source)()]
    qualifiers.UniversalEntityID, qualifiers.UniversalEntityIDType = "1.2.3", "ISO"
    assert "|1^^^Clinic&1.2.3&ISO^PI\r" in oru_r01(tell(source=source), ROUTE)


def test_a_refusal_has_no_number_and_says_why(tell: Telling) -> None:
    message = parsed(tell(REFUSAL))
    (bone_age,) = observations(message, "85151-9")
    assert (bone_age.extract_field(1, 5), bone_age.extract_field(1, 11)) == ("", "X")
    assert [segment.extract_field(1, 5) for segment in observations(message, "BAA010")] == [reason.code for reason in REFUSAL.reasons]
    assert "NOT estimated" in value(message, "121077")
    assert [segment.extract_field(1, 2) for segment in message.segments("OBX")].count("NM") == 1


def test_an_amendment_is_a_correction_of_the_same_order(tell: Telling) -> None:
    first, second = parsed(tell()), parsed(tell(assessment(125.0), revision=2))
    assert first["OBR.F3"] == second["OBR.F3"] != ""
    assert (first["OBR.F25"], second["OBR.F25"]) == ("P", "C")
    assert {segment.extract_field(1, 11) for segment in second.segments("OBX")} == {"C"}
    assert first["MSH.F10"] != second["MSH.F10"]


def test_the_same_report_is_the_same_message(tell: Telling) -> None:
    assert oru_r01(tell(), ROUTE) == oru_r01(tell(), ROUTE)
    assert len(control_id(tell())) == 20


def test_a_report_that_refuses_is_never_told_as_a_number(tell: Telling) -> None:
    """Where the report of a bone age could not be built, the record holds a number and the report a refusal."""
    refused, read = tell(Refusal(reasons=(Reason.INTERNAL,))), assessment()
    message = parsed(told_by(refused.report, to_json(read), 1))
    assert observations(message, "85151-9")[0].extract_field(1, 5) == ""
    assert value(message, "BAA010") == "BAA115"


@pytest.mark.parametrize("study_date", ["", "20200101"])
def test_a_missing_time_is_not_made_up(tell: Telling, study_date: str) -> None:
    told = tell(StudyDate=study_date, StudyTime="")
    assert parsed(told)["OBR.F7"] == study_date
    assert told.examined_on == (date(2020, 1, 1) if study_date else None)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"))))
def test_any_text_comes_back(text: str) -> None:
    segment = f"OBX|1|TX|1^2^3||{escaped(text)}|x"
    message = hl7.parse(f"MSH|^~\\&|A\r{segment}\r")
    assert message["OBX.F5"] == text
    assert message["OBX.F6"] == "x"


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_no_text_breaks_its_field(text: str) -> None:
    assert not set(escaped(text)) & set("|^&~\r\n\x0b\x1c\0")
