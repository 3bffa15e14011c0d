"""What every bridge is given, does and answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydicom import dcmread

from baa_node.db.peers import Peer
from baa_node.db.studies import ResultObject
from baa_node.dicom.endpoint import Endpoint
from baa_node.dicom.keyring import Keyring
from baa_node.errors import DeliveryError

if TYPE_CHECKING:
    from baa_node.core.messages.told import Told


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """How one delivery attempt ended: stored, worth another try, or over; and the SOP Instance UIDs that were taken.

    Attributes
    ----------
    status
        DIMSE status or failure reason (PS3.7 annex C), None where none was given.
    error
        What the destination said, without patient data.
    """

    taken: tuple[str, ...] = ()
    stored: bool = False
    retry: bool = False
    status: int | None = None
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """What one destination gets of one reading.

    Attributes
    ----------
    results
        Objects chosen for it and not taken yet; alternatives have the same kind.
    outcome
        The reading as the record holds it.
    read
        Gives the file of a result.
    coming
        Kinds of what is still being made for it while the others are sent; only for a DICOM peer.
    rest
        Waits for what is coming, and gives it, or nothing where that takes too long.
    """

    results: Sequence[ResultObject]
    outcome: dict[str, Any]
    revision: int
    read: Callable[[ResultObject], bytes]
    coming: Sequence[str] = ()
    rest: Callable[[], Sequence[ResultObject]] = tuple

    @cached_property
    def alternatives(self) -> list[list[ResultObject]]:
        """Objects by kind, the report first; of each kind the preferred one first."""
        return alternatives_in(self.results)

    @cached_property
    def told(self) -> Told:
        """The preferred report and the result behind it; only for a parcel that holds a report."""
        report = min((one for one in self.results if one.kind == "sr"), key=lambda one: one.rank)
        from baa_node.core.messages.told import told_by  # here: only messages ask for it, and its dictionaries of codes take long to load

        return told_by(dcmread(BytesIO(self.read(report))), self.outcome, self.revision)


def alternatives_in(results: Sequence[ResultObject]) -> list[list[ResultObject]]:
    """Sort results by kind, the report first; of each kind the preferred one first."""
    kinds = sorted({result.kind for result in results}, reverse=True)
    return [sorted((one for one in results if one.kind == kind), key=lambda one: one.rank) for kind in kinds]


class Bridge(Protocol):
    """One way to one destination."""

    def send(self, parcel: Parcel) -> Attempt:
        """Try once; whatever the other side does or fails to do becomes an `Attempt`."""

    def probe(self) -> str:
        """Ask for a sign of life and say what answered; DeliveryError where nothing does."""


@dataclass(frozen=True, kw_only=True)
class Wires:
    """Settings of the bridges to destinations that do not speak DICOM's own protocol.

    Attributes
    ----------
    ca
        Certificate authorities (PEM) of HTTPS and MLLPS destinations; None trusts those of the operating system.
    certificate, key
        Ours, shown to those who ask.
    keyring
        What comes before our certificate, and besides the authorities.
    timeout_s
        For the connection, and for each silence while an answer is awaited.
    application, facility
        MSH-3 and MSH-4.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    keyring: Keyring | None = None
    timeout_s: float = 30.0
    application: str = "BAA_NODE"
    facility: str = ""


def bridge_to(peer: Peer, wires: Wires, *, endpoint: Callable[[Peer], Endpoint], permit: Callable[[], None] = lambda: None) -> Bridge:
    """Make the bridge to a destination.

    Parameters
    ----------
    endpoint
        Turns a DICOM peer into an address.
    permit
        Returns when this process may still act; called before anything is sent.

    Raises
    ------
    DeliveryError
        It cannot be spoken to as things stand: TLS files or its secret are not there.
    """
    if peer.kind != "dicom" and not peer.url:
        raise DeliveryError(f"peer {peer.name} has no URL", retry_helps=False)
    # Imported here: models of FHIR and an HTTP client are of no use to a node that has only DICOM peers.
    if peer.kind == "hl7":
        from baa_node.bridges.hl7 import Hl7Bridge

        return Hl7Bridge(peer, wires, permit=permit)
    if peer.kind == "fhir":
        from baa_node.bridges.fhir import FhirBridge

        return FhirBridge(peer, wires, permit=permit)
    if peer.kind == "stow":
        from baa_node.bridges.stow import StowBridge

        return StowBridge(peer, wires, permit=permit)
    from baa_node.bridges.dicom import DicomBridge

    wants = [wish for wish in peer.wants if wish != "pdf"] if peer.destination else []  # a page of PDF is made where settings say so
    return DicomBridge(endpoint(peer), permit=permit, wants=wants)
