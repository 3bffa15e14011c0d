"""The heart: one data set and an ensemble in, an assessment or a refusal out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from baa_node.core.assessment import Assessment, AssessmentPolicy, Refusal, assess
from baa_node.core.calibration import SiteCalibration, calibrate
from baa_node.core.cautions import Caution, Concern
from baa_node.core.eligibility import refuse_header
from baa_node.core.ensemble import Ensemble
from baa_node.core.gates.limits import Gates
from baa_node.core.gates.suitability import WHITE, refuse_estimate, to_be_read
from baa_node.core.radiograph import Radiograph, Sex, from_dataset
from baa_node.core.reasons import Reason
from baa_node.errors import InstanceError, MissingAttribute, UnsupportedImage

Grey = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class ReadingPolicy:
    """What is refused, how a value is compared, and how the site corrects it: the settings of a node that change its answers."""

    gates: Gates = field(default_factory=Gates)
    assessment: AssessmentPolicy = field(default_factory=AssessmentPolicy)
    calibration: SiteCalibration | None = None


def read_bone_age(
    ds: Dataset,
    ensemble: Ensemble,
    policy: ReadingPolicy | None = None,
    *,
    sex: Sex | None = None,
    out_of_time: Callable[[], bool] = lambda: False,
    see: Callable[[Radiograph], None] = lambda radiograph: None,
) -> Assessment | Refusal:
    """Read one image.

    Parameters
    ----------
    ds
        A DICOM image with its file meta information; Pixel Data is decoded here.
    sex
        Stands in for Patient's Sex where a person gave it by hand; None takes the data set's.
    out_of_time
        Asked before the gates over the pixels and before the networks; a number that is there is not thrown away.
    see
        Given the radiograph once it is decoded, read or not.

    Notes
    -----
    Never raises for a bad image: what cannot be read becomes a `Refusal` with the reason and its detail.
    """
    policy = policy or ReadingPolicy()
    if refusal := refuse_header(ds, policy.gates, sex_required=ensemble.needs_sex and sex is None):
        return refusal
    try:
        radiograph = from_dataset(ds)
    except InstanceError as error:
        return Refusal(reasons=(_reason_for(error),), detail=str(error))
    radiograph = replace(radiograph, sex=sex or radiograph.sex)
    see(radiograph)
    if out_of_time():
        return _too_late("decoding")
    passed = to_be_read(radiograph, policy.gates, ensemble.detector)
    if isinstance(passed, Refusal):
        return passed
    return _too_late("looking for a hand") if out_of_time() else _read(passed, ensemble, policy)


def as_read(pixels: Grey, result: Assessment | Refusal) -> Grey:
    """Show an image ``(H, W) uint8`` as it was read: as `from_dataset` gives it, or with bright and dark exchanged."""
    exchanged = any(isinstance(one, Caution) and one.about is Concern.NEGATIVE for one in result.cautions)
    return WHITE - pixels if exchanged else pixels


def _read(radiograph: Radiograph, ensemble: Ensemble, policy: ReadingPolicy) -> Assessment | Refusal:
    """Estimate, and calibrate where the site does; what the networks gave and what is reported must both pass the gates."""
    raw = ensemble.estimate(radiograph.pixels, radiograph.sex)
    estimate = calibrate(raw, policy.calibration, radiograph.sex)
    refusal = refuse_estimate(raw, policy.gates) or refuse_estimate(estimate, policy.gates)
    return refusal or assess(radiograph, estimate, policy.assessment)


def _too_late(after: str) -> Refusal:
    return Refusal(reasons=(Reason.TIME_LIMIT,), detail=f"the time for one image was over after {after}")


def _reason_for(error: InstanceError) -> Reason:
    if isinstance(error, MissingAttribute):
        return Reason.ATTRIBUTES
    return Reason.UNSUPPORTED if isinstance(error, UnsupportedImage) else Reason.UNDECODABLE
