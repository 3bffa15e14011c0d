"""Which results of a reading a destination gets: the one place where its wishes count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from baa_node.core.routes.report_kinds import REPORT_KINDS
from baa_node.db.peers import Peer

KINDS: Final = {"sr": ("sr",), "picture": ("capture",), "pdf": ("pdf",)}
"""Kinds of result objects by the name of the wish."""

_REFUSALS: Final = {"both": ("sr", "picture", "pdf"), "sr": ("sr",), "picture": ("picture",), "none": ()}


def kinds_for(peer: Peer, *, refused: bool, kinds: Sequence[str] = REPORT_KINDS) -> frozenset[str]:
    """Name the kinds of result objects that `peer` gets, whether or not they are made; nothing is a choice, too.

    Parameters
    ----------
    refused
        Whether the results say that no bone age is given.
    kinds
        What the route of the image sends.
    """
    return frozenset(kind for wish in wishes_of(peer, refused=refused, kinds=kinds) for kind in KINDS[wish])


def wishes_of(peer: Peer, *, refused: bool, kinds: Sequence[str] = REPORT_KINDS) -> tuple[str, ...]:
    """Say what of a result `peer` gets where a route sends `kinds`, whether or not such objects are made."""
    wishes = {"sr"} if peer.takes_messages else set(peer.wants)
    if refused:
        wishes &= set(_REFUSALS[peer.refusals])
    return tuple(kind for kind in REPORT_KINDS if kind in wishes & set(kinds))
