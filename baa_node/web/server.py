"""A small HTTP server in a thread of its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from baa_node import __version__
from baa_node.dicom import limits
from baa_node.errors import ConfigError
from baa_node.web.health import Health


class ConsoleServer:
    """HTTP listener of one node; `start` returns when it listens."""

    def __init__(self, server: uvicorn.Server, thread: threading.Thread, port: int) -> None:
        self._server = server
        self._thread = thread
        self.port = port

    @classmethod
    def start(cls, host: str, port: int, health: Health, *, also: APIRouter | None = None) -> ConsoleServer:
        """Listen; `also` adds routes of a service that is switched on.

        Raises
        ------
        ConfigError
            The port is taken or the address is not ours.
        """
        try:
            listener = socket.create_server((host, port))
        except OSError as error:
            raise ConfigError(f"console cannot listen on {host}:{port}: {error.strerror}") from error
        server = uvicorn.Server(uvicorn.Config(build_app(health, also=also), log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="console", daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        return cls(server, thread, listener.getsockname()[1])

    def stop(self) -> None:
        """End open requests and close the port."""
        self._server.should_exit = True
        self._thread.join(10)


def build_app(health: Health, *, also: APIRouter | None = None) -> FastAPI:
    """Routes of the console; none of them shows patient data."""
    app = FastAPI(title="baa_node", version=__version__, description="Research use, not for diagnosis.")
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Counts(health))
    registry.register(limits.REACHED)

    @app.get("/healthz", response_class=PlainTextResponse)
    def healthz() -> str:
        """Answer as long as the process lives."""
        return "ok\n"

    @app.get("/readyz")
    def readyz() -> JSONResponse:
        """Tell whether images are taken and read, and if not, why."""
        problems = health.problems()
        return JSONResponse({"ready": not problems, "problems": problems, "provider": health.provider}, 503 if problems else 200)

    @app.get("/metrics", response_class=PlainTextResponse)
    def metrics() -> str:
        """Prometheus text format."""
        return generate_latest(registry).decode()

    if also is not None:
        app.include_router(also)
    return app


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
