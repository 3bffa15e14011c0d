"""Callers that fail before anybody knows who they are: told to the handler, once a minute each, so that nobody fills the record."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections import OrderedDict
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from baa_node.dicom.scp import Caller
from baa_node.dicom.tls import reason_of
from baa_node.dicom.troubles import NO_TLS, SYNTAXES_NOT_SUPPORTED
from baa_node.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pynetdicom.presentation import PresentationContext

logger = logging.getLogger("baa_node.dicom")

EVERY_S: Final = 60.0
MOST: Final = 1000
"""Pairs of address and reason that are remembered; beyond that the oldest is forgotten."""

NAMED: Final = 3
"""SOP classes or transfer syntaxes that a notice names."""


class Reason(StrEnum):
    """Why a caller got nowhere, as the record has it; some are followed by a colon and details."""

    NO_TITLE = "no_title"
    NO_TLS = "no_tls"
    TLS = "tls"
    TLS_FAILED = "tls_failed"
    NOTHING_OFFERED = "nothing_offered"
    NO_SYNTAX = "no_syntax"


class Noting(Protocol):
    """Whoever notes callers for an administrator."""

    def turn_away(self, caller: Caller, reason: str) -> None:
        """Note a caller that got nowhere; StoreError where it cannot be noted."""


class Notices:
    """Passes notices on, each pair of address and reason once in `EVERY_S`."""

    def __init__(self, handler: Noting) -> None:
        self._handler = handler
        self._lock = threading.Lock()
        self._noted: OrderedDict[tuple[str, str], float] = OrderedDict()

    def note(self, caller: Caller, reason: Reason, detail: str = "") -> None:
        """Note a caller that got nowhere."""
        if not self._may(caller.address, reason):
            return
        try:
            self._handler.turn_away(caller, f"{reason}: {detail}" if detail else reason.value)
        except StoreError as error:
            logger.warning("a caller at %s could not be noted: %s", caller.address, error)

    def stranger(self, address: str, reason: Reason, detail: str = "") -> None:
        """Note a caller that has not even said what it is called."""
        self.note(Caller(calling_ae="", called_ae="", address=address, tls=reason is not Reason.NO_TLS), reason, detail)

    def handshake(self, address: str, error: OSError) -> None:
        """Note a TLS handshake that failed, unless the network or a port scanner was at fault."""
        if not isinstance(error, ssl.SSLError) or isinstance(error, ssl.SSLEOFError):
            return
        if error.reason in NO_TLS:
            self.stranger(address, Reason.NO_TLS)
        else:
            self.stranger(address, Reason.TLS_FAILED, reason_of(error))

    def nothing_in_common(self, caller: Caller, rejected: Sequence[PresentationContext]) -> None:
        """Note an association on which nothing can be sent, for want of a SOP class or of a transfer syntax."""
        for_syntax = [context for context in rejected if context.result == SYNTAXES_NOT_SUPPORTED]
        if for_syntax:
            name = for_syntax[0].abstract_syntax.name
            offered = _named([syntax.name for one in for_syntax for syntax in one.transfer_syntax])
            self.note(caller, Reason.NO_SYNTAX, f"{name}: {offered}")
        elif rejected:
            self.note(caller, Reason.NOTHING_OFFERED, _named([context.abstract_syntax.name for context in rejected]))

    def _may(self, address: str, reason: Reason) -> bool:
        now = time.monotonic()
        with self._lock:
            last = self._noted.get((address, reason))
            if last is not None and now < last + EVERY_S:
                return False
            self._noted[address, reason] = now
            self._noted.move_to_end((address, reason))
            while len(self._noted) > MOST:
                self._noted.popitem(last=False)
            return True


def _named(names: Sequence[str]) -> str:
    different = list(dict.fromkeys(names))
    more = f" and {len(different) - NAMED} more" if len(different) > NAMED else ""
    return f"{', '.join(different[:NAMED])}{more}"
