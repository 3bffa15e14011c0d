from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baa_node.core.assessment import Assessment, AssessmentPolicy, Determination, Refusal, ZConvention
from baa_node.core.cautions import Caution, Concern
from baa_node.core.ensemble import BundleIdentity, Estimate
from baa_node.core.radiograph import Laterality, Sex
from baa_node.core.reasons import Reason
from baa_node.core.record import from_json, to_json
from baa_node.core.words import Language
from baa_node.core.words.sentences import sentences
from tests.parts.results import assessment

months = st.floats(0, 240)
terms = st.sampled_from([*Determination, *Sex, *Laterality])
cautions = st.builds(Caution, about=st.sampled_from(Concern), values=st.dictionaries(st.sampled_from("ab"), months | terms, max_size=2))


@st.composite
def assessments(draw: st.DrawFn) -> Assessment:
    estimate = Estimate(
        bone_age_months=draw(months),
        interval_months=(draw(months), draw(months)),
        coverage=0.9,
        members=draw(st.dictionaries(st.text(min_size=1), months, min_size=1)),
        spread_months=draw(st.none() | months),
        saliency=np.round(np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4), 3),
        crop=(draw(st.integers(-50, 50)), 0, 10, 20),
        sex_used=draw(st.sampled_from([None, "F", "M"])),
        bundle=BundleIdentity(name="b", version="1", sha256="0" * 64),
        provider="CPUExecutionProvider",
    )
    return Assessment(
        estimate=estimate,
        sex=draw(st.none() | st.sampled_from(Sex)),
        laterality=draw(st.none() | st.sampled_from(Laterality)),
        chronological_age_months=draw(st.none() | months),
        reference_mean_months=draw(st.none() | months),
        reference_sd_months=draw(st.none() | months),
        difference_months=draw(st.none() | months),
        z_score=draw(st.none() | st.floats(-9, 9)),
        determination=draw(st.sampled_from(Determination)),
        policy=AssessmentPolicy(convention=draw(st.sampled_from(ZConvention)), normal_limit_sd=draw(st.floats(1, 3))),
        cautions=tuple(draw(st.lists(cautions | st.text(max_size=5), max_size=2))),
    )


@given(assessments())
def test_an_assessment_survives_json(assessment: Assessment) -> None:
    stored = json.loads(json.dumps(to_json(assessment)))
    again = from_json(stored)
    assert isinstance(again, Assessment)
    np.testing.assert_allclose(again.estimate.saliency, assessment.estimate.saliency, atol=5e-4)
    assert to_json(again) == stored
    assert replace(again, estimate=assessment.estimate) == assessment


@given(st.lists(st.sampled_from(Reason), min_size=1), st.text(), st.lists(cautions | st.text(max_size=5), max_size=2))
def test_a_refusal_survives_json(reasons: list[Reason], detail: str, said: list[Caution | str]) -> None:
    refusal = Refusal(reasons=tuple(reasons), detail=detail, cautions=tuple(said))
    assert from_json(json.loads(json.dumps(to_json(refusal)))) == refusal


FROM_BEFORE_LANGUAGES: dict[str, Any] = {
    "status": "assessed",
    "bone_age_months": 122.0,
    "interval_months": [107.1, 136.9],
    "coverage": 0.9,
    "members": {"vgg6": 121.0, "vgg11": 123.0},
    "spread_months": 1.41,
    "sex": "F",
    "sex_used": "F",
    "laterality": "R",
    "chronological_age_months": 139.2,
    "reference_mean_months": 144.9,
    "reference_sd_months": 10.92,
    "difference_months": -17.2,
    "z_score": -1.58,
    "determination": "normal",
    "reference": "Brush Foundation study; z = (bone age - chronological age) / SD; normal: within 2 SD",
    "policy": {"convention": "CHRONOLOGICAL_AGE", "normal_limit_sd": 2.0},
    "reasons": [],
    "cautions": ["Right hand: the atlas and the training images show left hands."],
    "conclusion": "Bone age 10 years 2 months (122.0 mo, 90 % interval 107.1-136.9); ... z-score -1.6: within 2 SD of the reference.",
    "bundle": {"name": "b", "version": "1", "sha256": "00"},
    "provider": "CPUExecutionProvider",
    "crop": [0, 0, 10, 10],
    "saliency": [[0.5]],
}


@pytest.mark.parametrize("language", Language)
def test_a_record_of_an_earlier_version_keeps_what_it_says(language: Language) -> None:
    result = from_json(FROM_BEFORE_LANGUAGES)
    assert isinstance(result, Assessment)
    said = sentences(result, language)
    assert said.cautions == tuple(FROM_BEFORE_LANGUAGES["cautions"])
    numbers = said.conclusion.replace(",", ".")
    assert all(number in numbers for number in ("122.0", "107.1", "136.9", "139.2", "-1.6"))
    assert to_json(result)["cautions"] == FROM_BEFORE_LANGUAGES["cautions"]


def test_a_refusal_of_an_earlier_version_keeps_what_it_says() -> None:
    refusal = from_json(
        {"status": "refused", "reasons": ["BAA105"], "detail": "the frame holds little but noise", "cautions": ["Look twice."]}
    )
    assert refusal == Refusal(reasons=(Reason.POOR_QUALITY,), detail="the frame holds little but noise", cautions=("Look twice.",))


def test_cautions_are_kept_as_facts() -> None:
    result = assessment(122.0, lossy=True, sex=Sex.FEMALE, birth_date=date(2008, 5, 27))
    assert to_json(result)["cautions"] == [{"about": "borderline_by_mean", "determination": "delayed"}, {"about": "lossy"}]


def test_a_caution_about_a_day_is_kept_as_one() -> None:
    caution = Caution(about=Concern.OTHER_HAND_BEFORE, values={"since": date(2024, 2, 29)})
    result = replace(assessment(), cautions=(caution,))
    stored = json.loads(json.dumps(to_json(result)))
    assert stored["cautions"] == [{"about": "other_hand_before", "since": "2024-02-29"}]
    assert from_json(stored).cautions == (caution,)
