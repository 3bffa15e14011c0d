"""A small HTTP server in a thread of its own."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Final

import uvicorn
from fastapi import FastAPI

from baa_node.errors import ConfigError
from baa_node.faults import cannot_listen
from baa_node.sections import ConsoleSection

CONNECTIONS: Final = 256
"""Requests and event streams served at the same time; one more is answered with 503."""

LAST_REQUESTS_S: Final = 5


class ConsoleServer:
    """HTTP listener of one node; `start` returns when it listens."""

    def __init__(self, server: uvicorn.Server, thread: threading.Thread, port: int, closing: Callable[[], None]) -> None:
        self._server = server
        self._thread = thread
        self._closing = closing
        self.port = port

    @classmethod
    def start(cls, settings: ConsoleSection, app: FastAPI, *, closing: Callable[[], None] = lambda: None) -> ConsoleServer:
        """Listen, with TLS where the settings name a certificate.

        Parameters
        ----------
        closing
            Called before the port closes, to end what would stay open.

        Raises
        ------
        ConfigError
            The port is taken, the address is not ours, or certificate and key cannot be used.
        """
        config = _config(settings, app)
        host, port = settings.host, settings.port
        try:
            listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        except OSError as error:
            raise ConfigError(cannot_listen(error, host=host, port=port, key="console")) from error
        # Taken over by every accepted connection. asyncio would do it, but not for the sockets of such a listener; without it whoever
        # keeps a connection waits 40 ms for each answer: the body, a write of its own, is held back until the header is acknowledged.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="console", daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        return cls(server, thread, listener.getsockname()[1], closing)

    def stop(self) -> None:
        """End open requests and close the port."""
        self._closing()
        self._server.should_exit = True
        self._thread.join(2 * LAST_REQUESTS_S)


def _config(settings: ConsoleSection, app: FastAPI) -> uvicorn.Config:
    """Nothing is logged of a request: its path and query may name a patient's examination."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        root_path=settings.root_path,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=LAST_REQUESTS_S,
        ssl_certfile=settings.tls_certificate or None,
        ssl_keyfile=settings.tls_key or None,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"console.tls_certificate and console.tls_key cannot be used: {error.strerror or error}") from error
    return config
