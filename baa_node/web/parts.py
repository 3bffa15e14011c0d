"""What the pages of the console work on, handed over once by the daemon."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from baa_node.certificates import Certificates
from baa_node.core.ensemble import BundleIdentity, Ensemble
from baa_node.core.reading import ReadingPolicy
from baa_node.core.words import Language
from baa_node.db import Database
from baa_node.db.accounts import Limits
from baa_node.db.peers import Peer
from baa_node.doctor import Finding
from baa_node.outlook import Terms
from baa_node.sections import ConsoleSection
from baa_node.spool import Spool
from baa_node.web.guard import Guard
from baa_node.web.health import Health
from baa_node.wiring.bundles import none_named


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Console:
    """One console.

    Attributes
    ----------
    ae_title
        Of the node, as callers must call it.
    data_dir
        Where the first password is put.
    bundle
        Folder of the weights that read.
    bundle_identity
        Their name, by which metrics know what to compare the last readings with; None compares them with nothing.
    probe
        Tries a peer in the way of its kind and says what it answered; DeliveryError or ConfigError where it does not.
    ensemble
        Gives the networks for a try-out reading; the first call may load them.
    others
        Gives the networks of a bundle that a route names; BundleError where it is not installed.
    bundles
        Names the bundles that are installed.
    terms
        Settings on which it depends what becomes of an image.
    certificates
        What the node shows, whom it trusts, and what its peers show.
    language
        Of the site: what those read who chose none, in a browser that prefers none of ours.
    examine
        Runs the checks of ``baa-node doctor``.
    closing
        Set when the server stops, so that open event streams end.
    """

    database: Database
    spool: Spool
    health: Health
    settings: ConsoleSection
    ae_title: str
    data_dir: Path
    bundle: Path
    policy: ReadingPolicy
    probe: Callable[[Peer], str]
    ensemble: Callable[[], Ensemble]
    examine: Callable[[], list[Finding]]
    certificates: Certificates
    others: Callable[[str], Ensemble] = none_named
    bundles: Callable[[], Sequence[str]] = tuple
    terms: Terms = field(default_factory=Terms)
    bundle_identity: BundleIdentity | None = None
    language: Language = Language.ENGLISH
    now: Callable[[], datetime] = _utc_now
    guard: Guard = field(default_factory=Guard)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def limits(self) -> Limits:
        """How long a session lasts."""
        return Limits(idle=timedelta(minutes=self.settings.idle_minutes), longest=timedelta(hours=self.settings.session_hours))
