"""Results as ORU^R01 over MLLP, and what the acknowledgement means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import unquote, urlsplit

import hl7

from baa_node.bridges import mllp
from baa_node.bridges.port import Attempt, Parcel, Wires
from baa_node.bridges.tls import context_of
from baa_node.core.messages.hl7 import Route, control_id, oru_r01
from baa_node.db.peers import Peer
from baa_node.dicom.troubles import why_no_connection
from baa_node.errors import DeliveryError

ACCEPTED: Final = {"AA", "CA"}
ERROR: Final = {"AE", "CE"}
REJECTED: Final = {"AR", "CR"}
"""HL7 table 0008, original and enhanced mode."""

CONTENT_ERRORS: Final = {"100", "101", "102", "103", "200", "201", "202", "203"}
"""HL7 table 0357: the message itself is at fault (segments, fields, types, tables; type, event, processing ID, version)."""

PASSING_ERRORS: Final = {"206", "207"}
"""HL7 table 0357: record locked, application internal error."""


class Hl7Bridge:
    """HL7 v2 sender; a connection for each message."""

    def __init__(self, peer: Peer, wires: Wires, *, permit: Callable[[], None]) -> None:
        url = urlsplit(peer.url)
        application, _, facility = url.path.strip("/").partition("/")
        self._name = peer.url
        self._host, self._port = url.hostname or "", url.port or 0
        self._tls = context_of(wires) if url.scheme == "mllps" else None
        self._timeout_s = wires.timeout_s
        self._permit = permit
        self._route = Route(
            application=wires.application,
            facility=wires.facility,
            receiving_application=unquote(application),
            receiving_facility=unquote(facility),
        )

    def send(self, parcel: Parcel) -> Attempt:
        """Send one message for the report of the parcel."""
        message = oru_r01(parcel.told, self._route)
        self._permit()
        try:
            answer = mllp.exchange(message.encode(), self._host, self._port, tls=self._tls, timeout_s=self._timeout_s)
        except OSError as error:
            return Attempt(retry=True, error=self._why(error))
        except DeliveryError as error:
            return Attempt(retry=True, error=f"{self._name}: {error}")
        return judged(answer, control_id(parcel.told), taken=parcel.told.report_uid)

    def probe(self) -> str:
        """Connect, with TLS where it speaks TLS; MLLP has no message that asks for nothing else."""
        try:
            mllp.connect(self._host, self._port, tls=self._tls, timeout_s=self._timeout_s).close()
        except OSError as error:
            raise DeliveryError(self._why(error)) from error
        return f"{self._name} takes connections"

    def _why(self, error: OSError) -> str:
        where = {"peer": self._name, "host": self._host, "key": "bridges.tls_ca"}
        return why_no_connection(error, port=self._port, seconds=self._timeout_s, tls=self._tls is not None, **where)


def judged(answer: bytes, sent: str, *, taken: str) -> Attempt:
    """Say what an acknowledgement means: accepted, worth another try, or refused for good.

    An error of the content (AE) or a rejection (AR) will be the same tomorrow, unless its code says that the receiver was
    the one at fault. An answer that cannot be read, or is to another message, says nothing about this one.
    """
    acknowledgement = _parsed(answer)
    if acknowledgement is None:
        return Attempt(retry=True, error="the answer is no acknowledgement")
    code, to, fault = acknowledgement
    if to != sent:
        return Attempt(retry=True, error=f"acknowledgement {code} is to another message")
    if code in ACCEPTED:
        return Attempt(stored=True, taken=(taken,))
    told = f"acknowledgement {code}{f', error {fault}' if fault else ''}"
    if code in ERROR:
        return Attempt(retry=fault not in CONTENT_ERRORS, error=told)
    return Attempt(retry=fault in PASSING_ERRORS, error=told)


def _parsed(answer: bytes) -> tuple[str, str, str] | None:
    """Give MSA-1, MSA-2, and the error code of ERR-3 or else MSA-6, empty where none is given; None for anything else."""
    try:
        message = hl7.parse(answer.decode(errors="replace"))
        acknowledged = message.segment("MSA")
        code, to = str(acknowledged.extract_field(1, 1)), str(acknowledged.extract_field(1, 2))
        errors = message.segments("ERR") if any(str(segment[0]) == "ERR" for segment in message) else []
        fault = str(errors[0].extract_field(1, 3)) if errors else str(acknowledged.extract_field(1, 6))
    except (hl7.HL7Exception, KeyError, IndexError, ValueError, AttributeError):
        return None
    if code not in ACCEPTED | ERROR | REJECTED:
        return None
    return code, to, fault if fault.isdigit() else ""
