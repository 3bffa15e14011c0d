"""Whether destinations answer: asked now and then in the background, so that a question about health never waits for a peer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from baa_node.db import Database, peers
from baa_node.db.peers import Peer
from baa_node.errors import BaaError
from baa_node.web.checks import Check

AT_ONCE: Final = 4
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What a destination said last; ``trouble`` is empty where it answered."""

    trouble: str


class PeerWatch:
    """Looks at every destination again and again.

    Parameters
    ----------
    probe
        Tries a peer in the way of its kind; raises one of our errors where it does not answer.
    every_s
        Between two looks; the first one comes after as long.
    """

    def __init__(self, database: Database, probe: Callable[[Peer], object], *, every_s: float) -> None:
        self._database, self._probe, self._every_s = database, probe, every_s
        self._answers: dict[str, Answered] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="peer-watch", daemon=True)

    def start(self) -> None:
        """Begin in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; a look that is under way is left to its own end."""
        self._stopping.set()

    @property
    def answers(self) -> dict[str, Answered]:
        """Give what each destination said at the last look, by name; empty before the first one."""
        return self._answers

    def check(self) -> Check:
        """Say how many answered, without names: who asks need not be logged in."""
        silent = sum(bool(one.trouble) for one in self._answers.values())
        if not self._answers:
            return Check(name="peers", state="ok", told="not asked yet, or there is no destination")
        told = f"{silent} of {len(self._answers)} destinations did not answer" if silent else "every destination answers"
        return Check(name="peers", state="warning" if silent else "ok", told=told)

    def look(self) -> None:
        """Ask all destinations now.

        Raises
        ------
        StoreError
            The record does not say who they are.
        """
        with self._database.reading() as connection:
            asked = [peer for peer in peers.list_peers(connection) if peer.destination]
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="peer-watch") as pool:
            self._answers = dict(zip([peer.name for peer in asked], pool.map(self._ask, asked), strict=True))

    def _ask(self, peer: Peer) -> Answered:
        if self._stopping.is_set():
            return Answered(trouble="not asked: the node stops")
        try:
            self._probe(peer)
        except BaaError as error:
            return Answered(trouble=str(error))
        except Exception as error:  # noqa: BLE001 - outermost line of a question on which nothing depends
            return Answered(trouble=type(error).__name__)
        return Answered(trouble="")

    def _go_on(self) -> None:
        while not self._stopping.wait(self._every_s):
            try:
                self.look()
            except BaaError as error:
                log.warning("destinations could not be looked at: %s", error)
