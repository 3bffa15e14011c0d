from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from baa_node.core.assessment import Assessment, AssessmentPolicy, Determination, Refusal, ZConvention
from baa_node.core.codes import Reason
from baa_node.core.ensemble import BundleIdentity, Estimate
from baa_node.core.radiograph import Laterality, Sex
from baa_node.core.record import from_json, to_json

months = st.floats(0, 240)


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
        reference="table",
        policy=AssessmentPolicy(convention=draw(st.sampled_from(ZConvention)), normal_limit_sd=draw(st.floats(1, 3))),
        cautions=tuple(draw(st.lists(st.text()))),
        conclusion=draw(st.text()),
    )


@given(assessments())
def test_an_assessment_survives_json(assessment: Assessment) -> None:
    stored = json.loads(json.dumps(to_json(assessment)))
    again = from_json(stored)
    assert isinstance(again, Assessment)
    np.testing.assert_allclose(again.estimate.saliency, assessment.estimate.saliency, atol=5e-4)
    assert to_json(again) == stored
    assert replace(again, estimate=assessment.estimate) == assessment


@given(st.lists(st.sampled_from(Reason), min_size=1), st.text())
def test_a_refusal_survives_json(reasons: list[Reason], detail: str) -> None:
    refusal = Refusal(reasons=tuple(reasons), detail=detail, cautions=("c",))
    assert from_json(json.loads(json.dumps(to_json(refusal)))) == refusal
