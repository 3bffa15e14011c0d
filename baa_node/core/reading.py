"""The heart: one data set and an ensemble in, an assessment or a refusal out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pydicom import Dataset

from baa_node.core.assessment import Assessment, AssessmentPolicy, Refusal, assess
from baa_node.core.codes import Reason
from baa_node.core.eligibility import Gates, refuse_header, refuse_pixels
from baa_node.core.ensemble import Ensemble
from baa_node.core.radiograph import Sex, from_dataset
from baa_node.errors import InstanceError, MissingAttribute, UnsupportedImage


@dataclass(frozen=True, kw_only=True)
class ReadingPolicy:
    """What is refused, and how a value is compared: the settings of a node that change its answers."""

    gates: Gates = field(default_factory=Gates)
    assessment: AssessmentPolicy = field(default_factory=AssessmentPolicy)


def read_bone_age(ds: Dataset, ensemble: Ensemble, policy: ReadingPolicy | None = None, *, sex: Sex | None = None) -> Assessment | Refusal:
    """Read one image.

    Parameters
    ----------
    ds
        A DICOM image with its file meta information; Pixel Data is decoded here.
    sex
        Stands in for Patient's Sex where a person gave it by hand; None takes the data set's.

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
    if refusal := refuse_pixels(radiograph, policy.gates):
        return refusal
    radiograph = replace(radiograph, sex=sex or radiograph.sex)
    return assess(radiograph, ensemble.estimate(radiograph.pixels, radiograph.sex), policy.assessment)


def _reason_for(error: InstanceError) -> Reason:
    if isinstance(error, MissingAttribute):
        return Reason.ATTRIBUTES
    return Reason.UNSUPPORTED if isinstance(error, UnsupportedImage) else Reason.UNDECODABLE
