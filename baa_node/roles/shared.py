"""What the roles of one process have in common."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from baa_node.config import Config
from baa_node.db import Database
from baa_node.db.peers import Peer
from baa_node.doctor import Finding, Ground, examine
from baa_node.spool import Spool
from baa_node.wiring.bundles import Ensembles
from baa_node.wiring.installation import Identity
from baa_node.wiring.lines import endpoint_of


@dataclass(frozen=True, kw_only=True)
class Provider:
    """Execution provider of this process; nothing in one that does not read.

    Attributes
    ----------
    asked
        The one that it was meant to read on.
    used
        Names the one that it reads on at present: a GPU may get lost under way.
    """

    asked: str = ""
    used: Callable[[], str] = lambda: ""


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What every role is started with.

    Attributes
    ----------
    due
        Set when something has become due, from the first image on: whoever hands it over, and stands only later, finds it set.
    afterwards
        Called when every role stands: what is for the sake of speed must not hold up the start.
    """

    config: Config
    identity: Identity
    database: Database
    spool: Spool
    ensembles: Ensembles
    due: threading.Event = field(default_factory=threading.Event)
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    def probe(self, peer: Peer) -> str:
        """Try a peer in the way of its kind and say what it answered; DeliveryError or ConfigError where it does not."""
        from baa_node.bridges import bridge_to  # both here: an intake never asks, and their codes take long to load
        from baa_node.wiring.bridges import wires_of

        return bridge_to(peer, wires_of(self.config), endpoint=partial(endpoint_of, self.config)).probe()

    def examine(self, names: Sequence[str] = ()) -> list[Finding]:
        """Run the quick form of every check of ``baa-node doctor``, or of those named."""
        ground = Ground(
            config=self.config,
            now=datetime.now(UTC),
            database=lambda: nullcontext(self.database),
            ensemble=self.ensembles,
            probe=self.probe,
            thorough=False,
        )
        return examine(ground, names)
