"""Which results of a reading a destination gets: the one place where its wishes count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from baa_node.db.peers import Peer
from baa_node.db.studies import ResultObject

KINDS: Final = {"sr": ("sr",), "picture": ("capture",), "pdf": ("pdf",)}
"""Kinds of result objects by the name of the wish."""

_REFUSALS: Final = {"both": ("sr", "picture", "pdf"), "sr": ("sr",), "picture": ("picture",), "none": ()}


def chosen_for(peer: Peer, results: Sequence[ResultObject], *, refused: bool) -> list[ResultObject]:
    """Choose from all results of one reading what `peer` gets; nothing is a choice, too.

    Parameters
    ----------
    refused
        Whether the results say that no bone age is given.
    """
    wishes = {"sr"} if peer.takes_messages else set(peer.wants)
    if refused:
        wishes &= set(_REFUSALS[peer.refusals])
    kinds = {kind for wish in wishes for kind in KINDS[wish]}
    return [result for result in results if result.kind in kinds]
