"""HTTP on the console port: health, readiness, metrics, and pages for those who are logged in."""

from baa_node.web.app import build_app, build_probes
from baa_node.web.health import Health
from baa_node.web.parts import Console
from baa_node.web.peer_watch import PeerWatch
from baa_node.web.server import ConsoleServer

__all__ = ["Console", "ConsoleServer", "Health", "PeerWatch", "build_app", "build_probes"]
