"""What machines ask without logging in: health, readiness, metrics. None of it shows patient data."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from baa_node.dicom import limits
from baa_node.web.health import Health


def probes(health: Health) -> APIRouter:
    """Routes of one node's probes."""
    router = APIRouter(tags=["probes"])
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Counts(health))
    registry.register(limits.REACHED)

    @router.get("/healthz", response_class=PlainTextResponse)
    def healthz() -> str:
        """Answer as long as the process lives."""
        return "ok\n"

    @router.get("/readyz")
    def readyz() -> JSONResponse:
        """Tell whether images are taken and read, and if not, why."""
        problems = health.problems()
        return JSONResponse({"ready": not problems, "problems": problems, "provider": health.provider}, 503 if problems else 200)

    @router.get("/metrics", response_class=PlainTextResponse)
    def metrics() -> str:
        """Prometheus text format."""
        return generate_latest(registry).decode()

    return router


class _Counts(Collector):
    """Counts of the record, read from the database at each scrape."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def collect(self) -> Iterator[Metric]:
        for name, counts in self._health.counts().items():
            gauge = GaugeMetricFamily(f"baa_node_{name}", f"Number of {name} by state.", labels=["state"])
            for state, count in counts.items():
                gauge.add_metric([state], count)
            yield gauge
        free = self._health.spool.free_bytes()
        if free is not None:
            gauge = GaugeMetricFamily("baa_node_spool_free_bytes", "Free space of the spool's file system.")
            gauge.add_metric([], free)
            yield gauge
