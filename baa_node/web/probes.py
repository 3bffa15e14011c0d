"""What machines ask without logging in: health, readiness, metrics. None of it shows patient data."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CollectorRegistry, generate_latest

from baa_node.core.ensemble import BundleIdentity
from baa_node.dicom import limits
from baa_node.metrics import OWN
from baa_node.web.gauges import Gauges
from baa_node.web.health import Health


def registry_of(health: Health, bundle: BundleIdentity | None) -> CollectorRegistry:
    """Everything that ``/metrics`` shows of one node."""
    registry = CollectorRegistry(auto_describe=False)
    for collector in (Gauges(health, bundle), limits.REACHED, *OWN):
        registry.register(collector)
    return registry


def probes(health: Health, bundle: BundleIdentity | None = None) -> APIRouter:
    """Routes of one node's probes."""
    router = APIRouter(tags=["probes"])
    registry = registry_of(health, bundle)

    @router.get("/healthz", response_class=PlainTextResponse)
    def healthz() -> str:
        """Answer as long as the process lives."""
        return "ok\n"

    @router.get("/readyz")
    def readyz() -> JSONResponse:
        """Tell whether images are taken and read, and if not, why; what only wants somebody to look is a warning."""
        checks = health.checks()
        problems = [check.told for check in checks if check.state == "failed"]
        told = {
            "ready": not problems,
            "problems": problems,
            "warnings": [check.told for check in checks if check.state == "warning"],
            "provider": health.provider,
            "checks": {check.name: {"state": check.state, "told": check.told} for check in checks},
        }
        return JSONResponse(told, 503 if problems else 200)

    @router.get("/metrics", response_class=PlainTextResponse)
    def metrics() -> str:
        """Prometheus text format."""
        return generate_latest(registry).decode()

    return router
