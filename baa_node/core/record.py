"""Assessments, earlier ones and refusals as JSON values and back: what the database keeps and the command line prints."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np

from baa_node.core.assessment import Assessment, AssessmentPolicy, Determination, Refusal, ZConvention
from baa_node.core.cautions import Caution, Concern, Term
from baa_node.core.ensemble import BundleIdentity, Correction, Estimate
from baa_node.core.priors.history import Earlier
from baa_node.core.radiograph import Laterality, Sex
from baa_node.core.reasons import Reason

SALIENCY_DECIMALS = 3


def to_json(result: Assessment | Refusal) -> dict[str, Any]:
    """Everything a result holds, in JSON types; `from_json` gives an equal value (saliency to three decimals)."""
    if isinstance(result, Refusal):
        return {
            "status": "refused",
            "reasons": [reason.code for reason in result.reasons],
            "detail": result.detail,
            "cautions": [_caution_to_json(caution) for caution in result.cautions],
        }
    estimate = result.estimate
    return {
        "status": "assessed",
        "bone_age_months": estimate.bone_age_months,
        "interval_months": list(estimate.interval_months),
        "coverage": estimate.coverage,
        "members": dict(estimate.members),
        "spread_months": estimate.spread_months,
        "disagreement_months": estimate.disagreement_months,
        "sex": result.sex,
        "sex_used": estimate.sex_used,
        "laterality": result.laterality,
        "chronological_age_months": result.chronological_age_months,
        "reference_mean_months": result.reference_mean_months,
        "reference_sd_months": result.reference_sd_months,
        "difference_months": result.difference_months,
        "z_score": result.z_score,
        "determination": result.determination.value,
        "policy": {"convention": result.policy.convention.name, "normal_limit_sd": result.policy.normal_limit_sd},
        "reasons": [],
        "cautions": [_caution_to_json(caution) for caution in result.cautions],
        "bundle": {"name": estimate.bundle.name, "version": estimate.bundle.version, "sha256": estimate.bundle.sha256},
        "provider": estimate.provider,
        "crop": list(estimate.crop),
        "turned_deg": estimate.turned_deg,
        "saliency": np.round(estimate.saliency.astype(float), SALIENCY_DECIMALS).tolist(),
        **({"calibration": _correction_to_json(estimate.correction)} if estimate.correction else {}),
    }


def from_json(record: dict[str, Any]) -> Assessment | Refusal:
    """Build the result again that `to_json` wrote, in this version or an earlier one.

    Earlier versions kept their cautions as English sentences, which are repeated as they are. Their conclusion and
    reference line said in words what the numbers beside them say, and are made again from those.
    """
    if record["status"] == "refused":
        by_code = {reason.code: reason for reason in Reason}
        reasons = tuple(by_code[code] for code in record["reasons"])
        return Refusal(reasons=reasons, detail=record["detail"], cautions=_cautions_of(record))
    low, high = record["interval_months"]
    top, left, height, width = record["crop"]
    estimate = Estimate(
        bone_age_months=record["bone_age_months"],
        interval_months=(low, high),
        coverage=record["coverage"],
        members=record["members"],
        spread_months=record["spread_months"],
        disagreement_months=record.get("disagreement_months"),
        saliency=np.asarray(record["saliency"], dtype=np.float32),
        crop=(top, left, height, width),
        turned_deg=record.get("turned_deg", 0),
        sex_used=record["sex_used"],
        bundle=BundleIdentity(**record["bundle"]),
        provider=record["provider"],
        correction=_correction_of(record.get("calibration")),
    )
    return Assessment(
        estimate=estimate,
        sex=Sex(record["sex"]) if record["sex"] else None,
        laterality=Laterality(record["laterality"]) if record["laterality"] else None,
        chronological_age_months=record["chronological_age_months"],
        reference_mean_months=record["reference_mean_months"],
        reference_sd_months=record["reference_sd_months"],
        difference_months=record["difference_months"],
        z_score=record["z_score"],
        determination=Determination(record["determination"]),
        policy=AssessmentPolicy(
            convention=ZConvention[record["policy"]["convention"]], normal_limit_sd=record["policy"]["normal_limit_sd"]
        ),
        cautions=_cautions_of(record),
    )


def _correction_to_json(correction: Correction) -> dict[str, Any]:
    return {**vars(correction), "raw_interval_months": list(correction.raw_interval_months)}


def _correction_of(record: dict[str, Any] | None) -> Correction | None:
    if record is None:
        return None
    low, high = record["raw_interval_months"]
    return Correction(**{**record, "raw_interval_months": (low, high)})


_TERMS: Final[dict[str, Determination | Sex | Laterality]] = {
    term.value: term for kind in (Determination, Sex, Laterality) for term in kind
}


def _caution_to_json(caution: Caution | str) -> dict[str, Any] | str:
    if isinstance(caution, str):
        return caution
    return {"about": caution.about.value, **{name: _plain(value) for name, value in caution.values.items()}}


def _plain(value: float | Term) -> float | str:
    if isinstance(value, int | float):
        return value
    return value.isoformat() if isinstance(value, date) else value.value


def _cautions_of(record: dict[str, Any]) -> tuple[Caution | str, ...]:
    return tuple(one if isinstance(one, str) else _caution_of(**one) for one in record["cautions"])


def _caution_of(about: str, **values: float | str) -> Caution:
    return Caution(about=Concern(about), values={name: _term(value) if isinstance(value, str) else value for name, value in values.items()})


def _term(value: str) -> Term:
    return _TERMS[value] if value in _TERMS else date.fromisoformat(value)


def earlier_to_json(one: Earlier) -> dict[str, Any]:
    """Turn what a report named into JSON types; the birth date is left out, the age says as much."""
    values = dict(vars(one))
    del values["birth_date"]
    return {**values, "examined_on": one.examined_on.isoformat()}


def earlier_from_json(record: dict[str, Any]) -> Earlier:
    """Build the earlier assessment again that `earlier_to_json` wrote, without its birth date."""
    return Earlier(
        **{
            **record,
            "examined_on": date.fromisoformat(record["examined_on"]),
            "sex": Sex(record["sex"]) if record["sex"] else None,
            "laterality": Laterality(record["laterality"]) if record["laterality"] else None,
        }
    )
