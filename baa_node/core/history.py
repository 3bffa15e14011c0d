"""Earlier assessments of the same patient: what a bone age is compared with besides the reference."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from baa_node.core.radiograph import Laterality, Sex


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """One earlier assessment, of this node or of another system's report.

    Attributes
    ----------
    examined_on
        Date of the examination, not of the report.
    sex, laterality, birth_date
        As they were used then, None where unknown.
    source
        Who says so: name and version of the bundle, or manufacturer and model of another device.
    study_instance_uid, series_instance_uid, sop_class_uid, sop_instance_uid
        The report that holds it; empty where there is none to refer to.
    """

    examined_on: date
    bone_age_months: float
    chronological_age_months: float | None
    sex: Sex | None = None
    laterality: Laterality | None = None
    birth_date: date | None = None
    source: str = ""
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
