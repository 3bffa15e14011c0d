"""HTTP on the console port: health, readiness, metrics."""

from baa_node.web.health import Health
from baa_node.web.server import ConsoleServer

__all__ = ["ConsoleServer", "Health"]
