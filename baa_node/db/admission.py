"""What would admit a caller that was turned away: told by the command line, done by the console."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from baa_node.db.peers import Peer, RefusedCaller, checked_ae_title
from baa_node.errors import ConfigError

USUAL_PORT = 104
"""Of DICOM (PS3.8 9.1.1): callers do not say on which port they take results."""


def why_refused(caller: RefusedCaller, known: Sequence[Peer]) -> str:
    """Say in words why a caller was turned away."""
    return reason_in_words(caller.reason, caller.calling_ae, caller.called_ae, known)


def reason_in_words(reason: str, calling_ae: str, called_ae: str, known: Sequence[Peer]) -> str:
    """Say in words what a reason means for a caller of these titles."""
    if reason == "wrong_called_ae":
        return f"it called {called_ae or '(blank)'}, which is not this node's AE title, and no route names it"
    if reason != "unknown_caller":
        return reason.replace("_", " ")
    alike = [peer for peer in known if peer.ae_title.casefold() == calling_ae.casefold() and peer.ae_title != calling_ae]
    if alike:
        return f"peer {alike[0].name} is called {alike[0].ae_title}, which differs in upper and lower case"
    return "no source has this AE title"


def admitting(caller: RefusedCaller, known: Sequence[Peer]) -> Peer | None:
    """Give the entry that would admit a caller: a known peer as a source, or a new one.

    None when an entry would not help or none can hold the title.
    """
    if caller.reason != "unknown_caller":
        return None
    try:
        title = checked_ae_title(caller.calling_ae)
    except ConfigError:
        return None
    same = [peer for peer in known if peer.ae_title == title]
    if same:
        return dataclasses.replace(same[0], source=True)
    # Results of a new sender go to the destinations there are; only the first peer has to take its own.
    alone = not any(peer.destination for peer in known)
    return Peer(
        name=_free_name(title, known),
        ae_title=title,
        host=caller.address,
        port=USUAL_PORT,
        source=True,
        destination=alone,
        tls=False,
    )


def _free_name(title: str, known: Sequence[Peer]) -> str:
    base = re.sub(r"[^a-z0-9._-]+", "-", title.lower()).strip("-._") or "peer"
    taken = {peer.name for peer in known}
    number = 2
    name = base
    while name in taken:
        name = f"{base}-{number}"
        number += 1
    return name
