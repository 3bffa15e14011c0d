"""A report read back: what a receiver finds in the coded content, and nothing that is not in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydicom import Dataset

_NUMBERS = {
    ("85151-9", "LN"): "bone_age_months",
    ("BAA001", "99BAANODE"): "lower",
    ("BAA002", "99BAANODE"): "upper",
    ("RDE122", "RADELEMENT"): "chronological_age_months",
    ("121416", "DCM"): "z_score",
}
_DETERMINATION = ("RDE1733", "RADELEMENT")
_REASON = ("BAA010", "99BAANODE")
_SUBJECT_SEX = ("121032", "DCM")
_CONCLUSION = ("121077", "DCM")


def read_report(report: Dataset) -> dict[str, Any]:
    """Bone age, interval, ages, z-score and reasons of one of this node's reports, by code and not by position.

    Returns
    -------
    dict
        ``status`` is ``"refused"`` when the report gives a reason and no bone age. Values that it does not hold are None.
    """
    found: dict[str, Any] = dict.fromkeys(_NUMBERS.values()) | {"sex": None, "determination": None, "conclusion": None}
    reasons: list[Dataset] = []
    for item in _items(report):
        concept = _key(item.ConceptNameCodeSequence[0]) if item.get("ConceptNameCodeSequence") else ("", "")
        if concept in _NUMBERS and item.get("MeasuredValueSequence"):
            found[_NUMBERS[concept]] = float(item.MeasuredValueSequence[0].NumericValue)
        elif concept == _REASON:
            reasons.append(item.ConceptCodeSequence[0])
        elif concept == _DETERMINATION:
            found["determination"] = str(item.ConceptCodeSequence[0].CodeMeaning)
        elif concept == _SUBJECT_SEX:
            found["sex"] = str(item.ConceptCodeSequence[0].CodeValue)
        elif concept == _CONCLUSION:
            found["conclusion"] = str(item.TextValue)
    lower, upper = found.pop("lower"), found.pop("upper")
    return found | {
        "status": "refused" if found["bone_age_months"] is None else "assessed",
        "interval_months": None if lower is None else [lower, upper],
        "reasons": [str(code.CodeValue) for code in reasons],
        "meanings": [str(code.CodeMeaning) for code in reasons],
    }


def _items(node: Dataset) -> Iterator[Dataset]:
    for item in node.get("ContentSequence") or ():
        yield item
        yield from _items(item)


def _key(code: Dataset) -> tuple[str, str]:
    return str(code.CodeValue), str(code.CodingSchemeDesignator)
