"""The record of each study: what arrived, what was read, what was made of it and where that went.

Every function that changes something appends its own audit event in the same transaction; callers append none.
``set_state`` does so only for ``DISMISSED`` and ``QUARANTINED``, as the others follow from events that are there.
"""

from __future__ import annotations

from baa_node.db.studies.arrivals import Arrival, Instance, arrival_of, get_instance, path_of, record_arrival, study_last_arrival
from baa_node.db.studies.deliveries import (
    Delivery,
    DeliveryState,
    due_deliveries,
    list_deliveries,
    note_begun,
    open_deliveries,
    record_attempt,
    reopen_delivery,
)
from baa_node.db.studies.history import earlier_readings, patient_key, record_earlier
from baa_node.db.studies.overview import StudyDetail, StudySummary, instances_of_study, list_studies, show_study
from baa_node.db.studies.readings import (
    Reading,
    State,
    get_outcome,
    get_reading,
    is_complete,
    last_decision,
    order_if_left_alone,
    order_if_outdated,
    order_reading,
    pending_readings,
    record_outcome,
    set_state,
    study_has_reading,
    study_is_being_read,
)
from baa_node.db.studies.receipts import (
    ask_commitment,
    due_confirmations,
    note_commitment,
    note_found,
    note_unconfirmed,
    withdraw_commitment,
)
from baa_node.db.studies.results import ResultObject, is_own_result, list_results, record_results
from baa_node.db.studies.retention import Removable, expected_after, expected_paths, note_removed, note_restored, removable, removed_at

__all__ = [
    "Arrival",
    "Delivery",
    "DeliveryState",
    "Instance",
    "Reading",
    "Removable",
    "ResultObject",
    "State",
    "StudyDetail",
    "StudySummary",
    "arrival_of",
    "ask_commitment",
    "due_confirmations",
    "due_deliveries",
    "earlier_readings",
    "expected_after",
    "expected_paths",
    "get_instance",
    "get_outcome",
    "get_reading",
    "instances_of_study",
    "is_complete",
    "is_own_result",
    "last_decision",
    "list_deliveries",
    "list_results",
    "list_studies",
    "note_begun",
    "note_commitment",
    "note_found",
    "note_removed",
    "note_restored",
    "note_unconfirmed",
    "open_deliveries",
    "order_if_left_alone",
    "order_if_outdated",
    "order_reading",
    "path_of",
    "patient_key",
    "pending_readings",
    "record_arrival",
    "record_attempt",
    "record_earlier",
    "record_outcome",
    "record_results",
    "removable",
    "removed_at",
    "reopen_delivery",
    "set_state",
    "show_study",
    "study_has_reading",
    "study_is_being_read",
    "study_last_arrival",
    "withdraw_commitment",
]
