"""What is true of the whole installation, read at each scrape: queue, states, workers, peers, provider, drift.

Every process with the console or the probes tells the same of the record; ask one of them, or take the maximum.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from baa_node import __version__
from baa_node.core.ensemble import BundleIdentity
from baa_node.core.watch.drift import WINDOW, Drift, drifts, norms_of, shares
from baa_node.db import Connection, audit, executors
from baa_node.db.studies import State, counts
from baa_node.errors import StoreError
from baa_node.web.checks import Check
from baa_node.web.health import PATIENCE_S, Health, within

DRIFT_EVERY_S: Final = 30.0
"""Between two looks at the last readings, which is a gauge that costs something."""

SETTLED_EVERY_S: Final = 60.0
"""Between two counts of what is done with, which takes the longer the longer the record is."""

CHECKS: Final = ("database", "spool", "workers", "inference", "peers")

Row = tuple[list[str], float | None]


@dataclass(frozen=True)
class _Counted:
    """Readings and deliveries by state."""

    readings: dict[str, int]
    deliveries: dict[str, int]


class Gauges(Collector):
    """Gauges of one node.

    Parameters
    ----------
    bundle
        The weights that read, whose own validation the drift is measured against; None where that is not known.
    """

    def __init__(self, health: Health, bundle: BundleIdentity | None) -> None:
        self._health, self._bundle = health, bundle
        self._drift_lock, self._drift_at, self._drift = threading.Lock(), -float("inf"), list[Metric]()
        self._settled_lock, self._settled_at, self._settled = threading.Lock(), -float("inf"), _Counted({}, {})

    def describe(self) -> list[Metric]:
        """Say nothing before the first scrape: a registry would ask the database for the names alone."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Give all gauges; where the record is away, those that need none of it."""
        yield _gauge("build_info", "Version and weights, always 1.", ["version", "bundle"], [([__version__, self._named()], 1.0)])
        yield from _checks(self._health.checks())
        yield from self._provider()
        yield from self._destinations()
        try:
            yield from within(PATIENCE_S, lambda: [*self._record(), *self._drifting()])
        except (StoreError, TimeoutError):
            yield _gauge("record_available", "Whether the database answered this scrape.", [], [([], 0.0)])
        else:
            yield _gauge("record_available", "Whether the database answered this scrape.", [], [([], 1.0)])

    def _named(self) -> str:
        return f"{self._bundle.name}-{self._bundle.version}" if self._bundle else ""

    def _provider(self) -> Iterator[Metric]:
        asked, used = self._health.asked, self._health.provider
        if used:
            yield _gauge("provider", "Execution provider asked for and used, always 1.", ["asked", "used"], [([asked, used], 1.0)])
            lost = bool(asked) and asked not in used.split("+")
            yield _gauge("provider_fallback", "1 while another provider reads than the one asked for.", [], [([], float(lost))])

    def _destinations(self) -> Iterator[Metric]:
        answers = self._health.peers.answers if self._health.peers else {}
        rows: list[Row] = [([name], float(not answer.trouble)) for name, answer in answers.items()]
        yield _gauge("peer_up", "1 when a destination answered at the last look.", ["peer"], rows)

    def _record(self) -> list[Metric]:
        now = datetime.now(UTC)
        with self._health.database.reading() as connection:
            moving = _Counted(
                counts.count_readings(connection, [state for state in State if state not in counts.SETTLED]),
                counts.count_deliveries(connection, ["pending", "failed"]),
            )
            settled = self._done_with(connection)
            queue, workers = counts.queue(connection), executors.list_executors(connection)
            untold = audit.waiting(connection)
        lives = {life: sum(one.state == life for one in workers) for life in ("alive", "stopped", "lost")}
        waiting = {"reading": (queue.to_read, queue.read_since), "delivery": (queue.to_deliver, queue.deliver_since)}
        ages: list[Row] = [([what], (now - since).total_seconds() if since else 0.0) for what, (_, since) in waiting.items()]
        return [
            _gauge("readings", "Number of readings by state.", ["state"], _by_label(moving.readings | settled.readings)),
            _gauge("deliveries", "Number of deliveries by state.", ["state"], _by_label(moving.deliveries | settled.deliveries)),
            _gauge("workers", "Processes that read, by state.", ["state"], _by_label(lives)),
            _gauge(
                "queue_length", "Readings and deliveries that wait.", ["work"], [([what], float(n)) for what, (n, _) in waiting.items()]
            ),
            _gauge("queue_oldest_seconds", "Since when the oldest of them waits.", ["work"], ages),
            _gauge(
                "audit_untold", "Audit events that wait for the repository of audit messages; 0 without one.", [], [([], float(untold))]
            ),
            _gauge("spool_free_bytes", "Free space of the spool's file system.", [], [([], self._health.spool.free_bytes())]),
        ]

    def _done_with(self, connection: Connection) -> _Counted:
        with self._settled_lock:
            if time.monotonic() - self._settled_at >= SETTLED_EVERY_S:
                self._settled = _Counted(
                    counts.count_readings(connection, counts.SETTLED), counts.count_deliveries(connection, ["delivered"])
                )
                self._settled_at = time.monotonic()
            return self._settled

    def _drifting(self) -> list[Metric]:
        with self._drift_lock:
            if time.monotonic() - self._drift_at >= DRIFT_EVERY_S:
                with self._health.database.reading() as connection:
                    outcomes = counts.latest_outcomes(connection, WINDOW)
                self._drift, self._drift_at = _drift_gauges(outcomes, self._bundle), time.monotonic()
            return self._drift


def _drift_gauges(outcomes: list[dict[str, Any]], bundle: BundleIdentity | None) -> list[Metric]:
    norms = norms_of(bundle)
    found, trait = drifts(outcomes, norms), ["trait"]
    return [
        _gauge("drift_images", f"Images with a result among the last {WINDOW}.", [], [([], float(len(outcomes)))]),
        _gauge("drift_mean", "Mean of a trait over them.", trait, _by_trait(found, lambda one: one.mean)),
        _gauge("drift_sd", "Standard deviation of a trait over them.", trait, _by_trait(found, lambda one: one.sd)),
        _gauge("drift_psi", "Population stability index against the bundle's own val.", trait, _by_trait(found, lambda one: one.psi)),
        _gauge("drift_expected_mean", "Mean on val.", trait, _by_trait(found, lambda one: one.expected and one.expected.mean)),
        _gauge("drift_share", "Share of them, by what of.", ["of"], _by_label(shares(outcomes))),
        _gauge("drift_expected_share", "Share on val.", ["of"], _by_label(norms.shares if norms else {})),
    ]


def _checks(found: Iterable[Check]) -> Iterator[Metric]:
    states = {check.name: check.state for check in found}
    rows: list[Row] = [([name], {"ok": 1.0, "warning": 0.5, "failed": 0.0}[states[name]]) for name in CHECKS if name in states]
    yield _gauge("check", "What /readyz says of a part: 1 ok, 0.5 a warning, 0 it keeps the node from its work.", ["part"], rows)


def _by_label(values: Mapping[str, float]) -> list[Row]:
    return [([label], float(value)) for label, value in values.items()]


def _by_trait(found: Iterable[Drift], of: Any) -> list[Row]:
    return [([one.trait], of(one)) for one in found]


def _gauge(name: str, help_: str, labels: list[str], rows: Iterable[Row]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(f"baa_node_{name}", help_, labels=labels)
    for values, number in rows:
        if number is not None:
            gauge.add_metric(values, number)
    return gauge
