"""Starts the roles of one process in order and stops them; signals live here.

The listener stands first and goes first: what it promises needs only spool and record. Each role's module is imported where that role
is started, as the imports are most of a start ([decision 0020](../deploy/decisions/0020-a-role-starts-alone.md)).
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Final

from baa_node import __version__, traces
from baa_node.config import Config
from baa_node.db import Database, audit
from baa_node.doctor import AT_START
from baa_node.errors import BaaError, ConfigError
from baa_node.process import settle, sole_use, stand_back
from baa_node.roles import PROBES, ROLES
from baa_node.roles.shared import Provider, Shared
from baa_node.settings import note_start
from baa_node.spool import Spool, open_spool
from baa_node.wiring.bundles import Ensembles, calibration_of
from baa_node.wiring.installation import load_identity

log = logging.getLogger(__name__)

LEFTOVER_AGE_S = 3600.0

LOOK_S: Final = 0.5
"""How long a signal to stop is overheard at most. Python serves signals in the main thread alone, and one that another thread of the
process is given, or that comes in the moment before the main thread sleeps, does not wake it."""


class Daemon:
    """One node in this process.

    Parameters
    ----------
    roles
        Any of `ROLES`, or `PROBES`. Without ``worker`` nothing is read here, without ``intake`` nothing is received.

    Raises
    ------
    ConfigError
        From `start`: port taken, data directory in use by another node, unusable setting.
    """

    def __init__(self, config: Config, roles: Sequence[str] = ROLES) -> None:
        if unknown := [role for role in roles if role not in {*ROLES, PROBES}]:
            raise ConfigError(f"there is no role {unknown[0]!r}; roles are {', '.join((*ROLES, PROBES))}")
        self.config = config
        self._roles = tuple(roles)
        self._running = ExitStack()
        self.dicom_port: int | None = None
        self.console_port: int | None = None

    def start(self) -> None:
        """Return when every role is ready; on an error everything that had started is stopped again."""
        with ExitStack() as starting:
            shared = self._prepare(starting)
            self._start_roles(starting, shared)
            self._running = starting.pop_all()
        for begin in shared.afterwards:
            begin()

    def stop(self) -> None:
        """Stop listening first, then let the running steps end."""
        self._running.close()

    def _prepare(self, running: ExitStack) -> Shared:
        """Open what every role needs, and put the start on record."""
        config = self.config
        running.enter_context(sole_use(config.data_dir))
        identity = load_identity(config.data_dir)
        calibration_of(config)  # one that does not fit stops the start, whatever the roles
        database = Database.open(config.database_url)
        running.callback(database.close)
        spool = open_spool(config.spool_path, min_free_bytes=config.spool.reserve_mb << 20)
        # Beside the start, as a long spool takes a while: nobody waits for leftovers to be gone.
        threading.Thread(target=_sweep, args=(spool,), name="sweep", daemon=True).start()
        shared = Shared(config=config, identity=identity, database=database, spool=spool, ensembles=Ensembles(config))
        if config.traces.endpoint:
            traces.start(config.traces.endpoint, version=__version__)
            running.callback(traces.stop)
        for finding in shared.examine(AT_START):
            if not finding.ok:
                log.warning("%s: %s", finding.check, finding.finding)
        self._start_courier(running, database, spool)
        running.callback(note_start(database, config, identity))
        return shared

    def _start_courier(self, running: ExitStack, database: Database, spool: Spool) -> None:
        """Let the audit repository hear of what follows, or of nothing; on stopping it is the last to go."""
        courier = None
        if self.config.atna.repository:
            from baa_node.wiring.repository import courier_of  # here: few sites have one

            courier = courier_of(self.config, database, spool)
        with database.transaction() as connection:
            if courier is None:
                audit.close_queue(connection)
            else:
                audit.open_queue(connection)
        if courier is not None:
            running.callback(courier.stop)
            courier.start()

    def _start_roles(self, running: ExitStack, shared: Shared) -> None:
        """Import and start what this process does, the listener first; ``behind`` it, and stopped after it, the others."""
        behind = running.enter_context(ExitStack())
        listening, provider = None, Provider()
        if "intake" in self._roles:
            from baa_node.roles import intake

            listening = intake.start(running, shared)
            self.dicom_port = listening.port
        if "worker" in self._roles:
            shared.ensembles.begin()  # beside the import that follows
            from baa_node.roles import worker

            provider = worker.start(behind, shared)
        if {"console", PROBES} & {*self._roles}:
            from baa_node.roles import console

            if "console" in self._roles:
                self.console_port = console.start(behind, shared, provider, listening.intake if listening else None)
            else:
                self.console_port = console.start_probes(behind, shared, provider)


def serve(config: Config, roles: Sequence[str], *, ready: Callable[[Daemon], None]) -> None:
    """Run a node until SIGTERM or SIGINT."""
    settle()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        daemon = Daemon(config, roles)
        daemon.start()
    except BaaError as error:  # said by the command line, too, but a collector of logs sees only these lines
        log.error("not started: %s", error)  # noqa: TRY400 - the sentence says it all
        raise
    if "worker" in roles and "intake" not in roles:  # a start goes first, whose ever it is; what it started stands back
        stand_back(config.pipeline.niceness)
    try:
        ready(daemon)
        while not stopping.wait(LOOK_S):
            pass
    finally:
        daemon.stop()


def _sweep(spool: Spool) -> None:
    try:
        spool.sweep(older_than_s=LEFTOVER_AGE_S)
    except (BaaError, OSError) as error:
        log.warning("leftovers of killed writers could not be removed from the spool: %s", error)
