"""The only door to pynetdicom: listening (server, scp), sending (scu), and nothing that knows what the bytes are for.

``scp`` holds the values and the answers, ``server`` the sockets and their limits. ``scu`` is the other direction: what is sent is
``outgoing``, over an association of ``requestor``, to an ``endpoint``.
What happens to a received instance is decided by the ``NodeHandler`` that is passed in.
"""

from __future__ import annotations

from pynetdicom import _config

from baa_node.core.objects.identifiers import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

_config.LOG_HANDLER_LEVEL = "none"  # its per-PDU log handlers cost time on every PDU, and print identifiers

__all__ = ["IMPLEMENTATION_CLASS_UID", "IMPLEMENTATION_VERSION_NAME"]
