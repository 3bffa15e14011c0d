"""What this process counts and times of its own work, for Prometheus. Labels are words of this program, never values of an image.

What is true of the whole installation, whichever host asks, is not here: it is read from the record at each scrape (``web/gauges.py``).
"""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Histogram
from prometheus_client.registry import Collector

from baa_node.core.reasons import Reason

STEPS: Final = ("receive", "read", "report", "deliver", "confirm")
ANSWERS: Final = ("new", "duplicate", "conflict", "own", "not_authorised", "failed")
RESULTS: Final = ("assessed", "refused")
KINDS: Final = ("dicom", "hl7", "fhir", "stow", "gone")
"""Of destinations; one whose entry was removed is gone."""
ATTEMPTS: Final = ("delivered", "pending", "failed")
PROMISES: Final = ("reading", "refusal", "report", "delivery", "receipt")
CALLERS: Final = ("unknown_caller", "wrong_called_ae", "no_bearer_token", "wrong_bearer_token", "other")

FAST: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
SLOW: Final = (0.25, 0.5, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0)

RECEIVED: Final = Counter("baa_node_images_received", "Images received, by what became of them.", ["answer"], registry=None)
CALLERS_REFUSED: Final = Counter("baa_node_callers_refused", "Callers turned away, by reason.", ["reason"], registry=None)
STEP_SECONDS: Final = Histogram(
    "baa_node_step_seconds",
    "Time of one run of a step; receive is from the last byte to the answer.",
    ["step"],
    buckets=FAST,
    registry=None,
)
READINGS: Final = Counter("baa_node_readings_finished", "Readings that came to a result.", ["result"], registry=None)
REFUSALS: Final = Counter("baa_node_refusals", "Refusals by coded reason (conformance statement, 99BAANODE).", ["reason"], registry=None)
ATTEMPTS_MADE: Final = Counter(
    "baa_node_delivery_attempts", "Delivery attempts by kind of destination and end.", ["kind", "result"], registry=None
)
TURNAROUND_SECONDS: Final = Histogram(
    "baa_node_turnaround_seconds",
    "From the last byte of an image, or the order of another reading, until its report is stored here or taken by a destination.",
    ["until", "result"],
    buckets=SLOW,
    registry=None,
)
FAILURES: Final = Counter(
    "baa_node_failures", "Work that did not go through: it waits for what is away, or failed for good.", ["work", "end"], registry=None
)

OWN: Final[tuple[Collector, ...]] = (
    RECEIVED,
    CALLERS_REFUSED,
    STEP_SECONDS,
    READINGS,
    REFUSALS,
    ATTEMPTS_MADE,
    TURNAROUND_SECONDS,
    FAILURES,
)

# What never happened is 0, not absent: an alert on the first time needs that.
for _answer in ANSWERS:
    RECEIVED.labels(_answer)
for _caller in CALLERS:
    CALLERS_REFUSED.labels(_caller)
for _step in STEPS:
    STEP_SECONDS.labels(_step)
for _result in RESULTS:
    READINGS.labels(_result)
    for _until in ("reported", "delivered"):
        TURNAROUND_SECONDS.labels(_until, _result)
for _reason in Reason:
    REFUSALS.labels(_reason.code)
for _kind in KINDS:
    for _end in ATTEMPTS:
        ATTEMPTS_MADE.labels(_kind, _end)
for _work in PROMISES:
    for _end in ("waits", "failed"):
        FAILURES.labels(_work, _end)


def caller_refused(reason: str) -> None:
    """Count a caller that was turned away; a reason that has no name here counts as other."""
    CALLERS_REFUSED.labels(reason if reason in CALLERS else "other").inc()
