"""What would admit a caller that was turned away: told by the command line, done by the console."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from baa_node.db.peers import Peer, RefusedCaller, checked_ae_title
from baa_node.errors import ConfigError
from baa_node.mistakes import Mistake

USUAL_PORT = 104
"""Of DICOM (PS3.8 9.1.1): callers do not say on which port they take results."""


BEFORE_ADMISSION: Final = {
    "no_title": Mistake.CALLER_BLANK,
    "no_tls": Mistake.CALLER_WITHOUT_TLS,
    "tls": Mistake.CALLER_WITH_TLS,
    "tls_failed": Mistake.CALLER_CERTIFICATE,
    "nothing_offered": Mistake.CALLER_OFFERS_NOTHING,
    "no_source": Mistake.NO_SOURCE,
}
"""Reasons of a refusal that say enough by themselves, without a look at the peers."""


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """A caller and the reason for which it gets nowhere; ``own`` is the AE title of this node."""

    calling_ae: str
    called_ae: str
    address: str
    reason: str
    own: str

    @property
    def where(self) -> dict[str, str]:
        """What the sentences of all mistakes of callers name."""
        return {"calling": self.calling_ae or "a caller without AE title", "address": self.address, "own": self.own}


def why_refused(caller: RefusedCaller, known: Sequence[Peer], *, own: str) -> str:
    """Say in one sentence why a caller was turned away, and what to do about it.

    Parameters
    ----------
    own
        AE title of this node.
    """
    titles = {"calling_ae": caller.calling_ae, "called_ae": caller.called_ae}
    return why_rejected(Rejected(**titles, address=caller.address, reason=caller.reason, own=own), known)


def why_rejected(caller: Rejected, known: Sequence[Peer]) -> str:
    """Say the same of a caller that may be thought up only."""
    reason, _, detail = caller.reason.partition(": ")
    if reason == "wrong_called_ae" or (reason == "no_title" and caller.calling_ae):
        return _why_called(caller).told(called=caller.called_ae, **caller.where)
    if reason == "unknown_caller":
        return _why_unknown(caller, known)
    if reason == "no_syntax":
        sop_class, _, offered = detail.partition(": ")
        return Mistake.CALLER_SYNTAX.told(sop_class=sop_class, offered=offered, **caller.where)
    if reason in BEFORE_ADMISSION:
        return BEFORE_ADMISSION[reason].told(reason=detail, offered=detail, **caller.where)
    return caller.reason.replace("_", " ")


def _why_called(caller: Rejected) -> Mistake:
    if not caller.called_ae:
        return Mistake.CALLED_BLANK
    return Mistake.CALLED_OTHER_CASE if caller.called_ae.casefold() == caller.own.casefold() else Mistake.CALLED_ANOTHER_TITLE


def _why_unknown(caller: Rejected, known: Sequence[Peer]) -> str:
    if not caller.calling_ae:
        return Mistake.CALLER_BLANK.told(**caller.where)
    alike = [peer for peer in known if peer.ae_title.casefold() == caller.calling_ae.casefold() and peer.ae_title != caller.calling_ae]
    if alike:
        return Mistake.CALLER_OTHER_CASE.told(known=alike[0].ae_title, peer=alike[0].name, **caller.where)
    there = _at_the_same_address(caller.address, known)
    if there is not None:
        return Mistake.CALLER_UNDER_ANOTHER_TITLE.told(known=there.ae_title, peer=there.name, **caller.where)
    return Mistake.CALLER_UNKNOWN.told(**caller.where)


def _at_the_same_address(address: str, known: Sequence[Peer]) -> Peer | None:
    """Find the destination at the address from which a caller came; not where several have it, as behind a gateway."""
    there = [peer for peer in known if peer.kind == "dicom" and peer.host == address and peer.destination]
    return there[0] if len(there) == 1 else None


def admitting(caller: RefusedCaller, known: Sequence[Peer]) -> Peer | None:
    """Give the entry that would admit a caller: a known peer as a source, or a new one.

    None when an entry would not help or none can hold the title.
    """
    if caller.reason not in {"unknown_caller", "no_source"}:
        return None
    try:
        title = checked_ae_title(caller.calling_ae)
    except ConfigError:
        return None
    same = [peer for peer in known if peer.ae_title == title]
    if same:
        return dataclasses.replace(same[0], source=True)
    # Results of a new sender go to the peer that answers at its address, or to the destinations there are; only the first peer has to
    # take its own.
    there = _at_the_same_address(caller.address, known)
    alone = not any(peer.destination for peer in known)
    return Peer(
        name=_free_name(title, known),
        ae_title=title,
        host=caller.address,
        port=USUAL_PORT,
        source=True,
        destination=alone,
        tls=False,
        route_to=(there.name,) if there else (),
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
