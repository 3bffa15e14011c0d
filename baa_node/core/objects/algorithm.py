"""What gave a result (TID 4019, Algorithm Identification): the weights and what went into them, or the software that refused."""

from __future__ import annotations

from collections.abc import Iterator

from baa_node.core import codes
from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.ensemble import Correction
from baa_node.core.objects.content_items import (
    CONCEPT_MOD,
    Item,
    code_item,
    shared_text,
)
from baa_node.core.objects.header import Device


def algorithm(result: Assessment | Refusal, device: Device, source_sha256: str) -> Iterator[Item]:
    """Name the weights that gave the number; for a refusal, which no weights gave, the software."""
    if isinstance(result, Refusal):
        name, version, parameters = device.model, device.version, {}
    else:
        name, version, parameters = result.estimate.bundle.name, result.estimate.bundle.version, _inputs(result)
    parameters["software"] = f"{device.model} {device.version}"
    if source_sha256:
        parameters["source_sha256"] = source_sha256
    yield shared_text(codes.ALGORITHM_NAME, name, CONCEPT_MOD)
    yield shared_text(codes.ALGORITHM_VERSION, version, CONCEPT_MOD)
    for key, value in parameters.items():
        yield shared_text(codes.ALGORITHM_PARAMETERS, f"{key}={value}", CONCEPT_MOD)
    yield code_item(codes.ALGORITHM_FAMILY, codes.ARTIFICIAL_INTELLIGENCE, CONCEPT_MOD)


def _inputs(result: Assessment) -> dict[str, str]:
    """Everything but the image that the number depends on."""
    estimate = result.estimate
    return {
        "sex": estimate.sex_used or "not used",
        "members": ", ".join(f"{member} {months:.1f} mo" for member, months in estimate.members.items()),
        "provider": estimate.provider,
        **({"turned": f"{estimate.turned_deg} deg"} if estimate.turned_deg else {}),
        "model_sha256": estimate.bundle.sha256,
        **_calibration(estimate.correction),
    }


def _calibration(correction: Correction | None) -> dict[str, str]:
    """Name the site's calibration, its line, and what it was applied to."""
    if correction is None:
        return {}
    low, high = correction.raw_interval_months
    return {
        "calibration": f"version {correction.version}, {correction.slope:.4f} * estimate {correction.intercept_months:+.2f} mo",
        "calibration_sha256": correction.sha256,
        "uncalibrated": f"{correction.raw_months:.1f} mo ({low:.1f} to {high:.1f} mo)",
    }
