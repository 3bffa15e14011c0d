"""What the record knows of a patient's past: found by a keyed digest of the patient's number, never by the number itself."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, select, update

from baa_node.core.priors.history import Earlier, Examination, birth_date_of
from baa_node.core.radiograph import Laterality, Sex
from baa_node.core.record import earlier_to_json
from baa_node.db.studies.deliveries import deliveries_of
from baa_node.db.studies.readings import NUMBERED
from baa_node.db.studies.results import ResultObject, results_of
from baa_node.db.tables import installation, instances, readings
from baa_node.errors import StoreError

MOST_READINGS: Final = 50
"""Readings of one patient that are looked at, the latest examinations: several images of each of many years."""


def patient_key(c: Connection, examination: Examination) -> str | None:
    """Digest under which readings of one patient are found; None without a Patient ID, which never finds anybody.

    HMAC-SHA-256 of issuer and number under a salt that belongs to this database. Whoever reads the database alone sees neither the
    number nor, beside another installation's database, that a patient is in both. It is a pseudonym and no more: who has the salt,
    too, can try numbers. The same number with and without an issuer is not taken for the same patient.
    """
    if not examination.patient_id:
        return None
    salt = c.execute(select(installation.c.patient_salt)).scalar()
    if salt is None:
        raise StoreError("the table installation is empty: restore the copy made before, or its salt")
    whose = json.dumps([examination.issuer, examination.patient_id])
    return hmac.new(bytes.fromhex(salt), whose.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def earlier_readings(c: Connection, examination: Examination) -> list[Earlier]:
    """List what was read of this patient in other studies, examined on the same day or before, latest first.

    Of an image that was read several times the last reading that has ended counts, and a refusal never does. The report named is one
    that some destination has taken, else the preferred one; a reading whose report is not stored yet names none.
    """
    key = patient_key(c, examination)
    if key is None or examination.examined_on is None:
        return []
    rows = c.execute(_of_patient(key, examination.examined_on, examination.study_instance_uid)).all()
    sources = [row.sop_instance_uid for row in rows]
    objects = [one for one in results_of(c, sources) if one.kind == "sr"] if sources else []
    taken = {uid for delivery in deliveries_of(c, sources) for uid in delivery.stored} if sources else set()
    return [_earlier(row, _report(row, objects, taken)) for row in rows]


def record_earlier(c: Connection, sop_uid: str, revision: int, earlier: Sequence[Earlier]) -> None:
    """Keep which earlier assessments the report of a reading names; in the transaction that records the report."""
    matches = (readings.c.sop_instance_uid == sop_uid, readings.c.revision == revision)
    c.execute(update(readings).where(*matches).values(earlier=[earlier_to_json(one) for one in earlier]))


def _of_patient(key: str, until: date, study: str) -> Select[Any]:
    later = readings.alias()
    newer = select(later.c.revision).where(
        later.c.sop_instance_uid == readings.c.sop_instance_uid, later.c.revision > readings.c.revision, later.c.outcome.is_not(None)
    )
    joined = readings.join(instances, readings.c.sop_instance_uid == instances.c.sop_instance_uid)
    query = select(readings.c.sop_instance_uid, readings.c.revision, readings.c.outcome, readings.c.examined_on).add_columns(
        instances.c.study_instance_uid
    )
    return (
        query.select_from(joined)
        .where(
            readings.c.patient_key == key,
            readings.c.examined_on <= until,
            readings.c.bone_age_months.is_not(None),
            readings.c.state.in_([state.value for state in NUMBERED]),
            instances.c.study_instance_uid != study,
            ~newer.exists(),
        )
        .order_by(readings.c.examined_on.desc(), readings.c.ordered_at.desc())
        .limit(MOST_READINGS)
    )


def _report(row: Row[Any], objects: Iterable[ResultObject], taken: set[str]) -> ResultObject | None:
    own = [one for one in objects if (one.source_uid, one.revision) == (row.sop_instance_uid, row.revision)]
    return min(own, key=lambda one: (one.sop_instance_uid not in taken, one.rank), default=None)


def _earlier(row: Row[Any], report: ResultObject | None) -> Earlier:
    outcome: dict[str, Any] = row.outcome
    age, bundle = outcome.get("chronological_age_months"), outcome.get("bundle") or {}
    return Earlier(
        examined_on=row.examined_on,
        bone_age_months=outcome["bone_age_months"],
        chronological_age_months=age,
        sex=Sex(outcome["sex"]) if outcome.get("sex") else None,
        laterality=Laterality(outcome["laterality"]) if outcome.get("laterality") else None,
        birth_date=birth_date_of(row.examined_on, age),
        source=" ".join(str(bundle[key]) for key in ("name", "version") if bundle.get(key)),
        study_instance_uid=row.study_instance_uid,
        series_instance_uid=(report and report.series_instance_uid) or "",
        sop_class_uid=report.sop_class_uid if report else "",
        sop_instance_uid=report.sop_instance_uid if report else "",
    )
