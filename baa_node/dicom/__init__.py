"""The only door to pynetdicom: listening (server, scp), sending (scu), and nothing that knows what the bytes are for.

``scp`` holds the values and the answers, ``server`` the sockets and their limits, ``scu`` the other direction.
What happens to a received instance is decided by the ``NodeHandler`` that is passed in.
"""

from __future__ import annotations

from typing import Final

from pynetdicom import _config

_config.LOG_HANDLER_LEVEL = "none"  # its per-PDU log handlers cost time on every PDU, and print identifiers

IMPLEMENTATION_CLASS_UID: Final = "2.25.30489361252493715089321182719436440724"
"""Names this implementation to peers and in the files it writes (PS3.7 D.3.3.2); drawn at random once."""

IMPLEMENTATION_VERSION_NAME: Final = "BAA_NODE_1"
"""At most 16 characters (PS3.7 D.3.3.2.3)."""
