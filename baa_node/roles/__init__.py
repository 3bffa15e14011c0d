"""What a node does, one module a role. None imports another one, and ``daemon`` imports only those that it is asked for.

So an intake stands without the durable engine, the networks' library and the web framework, and a worker without the last
([decision 0020](../../deploy/decisions/0020-a-role-starts-alone.md)). What all of them have in common is in ``shared``.
"""

from __future__ import annotations

from typing import Final

ROLES: Final = ("intake", "worker", "console")
"""What a node does unless told otherwise."""

PROBES: Final = "probes"
"""Health and metrics alone on the console's port: for a process whose pages nobody needs."""
