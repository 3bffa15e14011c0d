"""Results by C-STORE: one association, of each kind the first alternative that the peer accepts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from pydicom.uid import (
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    EncapsulatedPDFStorage,
    ExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)

from baa_node.bridges.port import Attempt, Parcel, alternatives_in
from baa_node.db.studies import ResultObject
from baa_node.dicom import scu
from baa_node.dicom.store_status import SOP_CLASS_NOT_SUPPORTED
from baa_node.dicom.troubles import sop_class_refused
from baa_node.errors import DeliveryError

TAKEN: Final = {scu.Outcome.STORED, scu.Outcome.WARNING}

SERVING: Final = {
    "sr": (Comprehensive3DSRStorage, ComprehensiveSRStorage),
    "picture": (SecondaryCaptureImageStorage,),
    "pdf": (EncapsulatedPDFStorage,),
}
"""SOP classes that serve for what a destination wants, best first."""

LATER: Final = {"capture": SERVING["picture"], "pdf": SERVING["pdf"]}
"""SOP classes of what may still be made while the report is sent, by the kind of result."""


class DicomBridge:
    """Storage SCU.

    Parameters
    ----------
    wants
        What the peer is to take, of the keys of `SERVING`: `probe` asks whether it would.
    """

    def __init__(self, endpoint: scu.Endpoint, *, permit: Callable[[], None], wants: Sequence[str] = ()) -> None:
        self._endpoint = endpoint
        self._permit = permit
        self._wants = wants

    def send(self, parcel: Parcel) -> Attempt:
        """Store what the parcel holds."""
        later = scu.Later(
            classes=[sop_class for kind in parcel.coming for sop_class in LATER[kind]],
            items=lambda: _items(parcel, alternatives_in(parcel.rest())),
        )
        try:
            items = _items(parcel, parcel.alternatives)
            return judged(scu.send(self._endpoint, items, permit=self._permit, later=later), str(self._endpoint))
        except scu.AssociationLost as lost:
            return Attempt(retry=True, error=str(lost), taken=_taken(lost.results))
        except DeliveryError as error:
            return Attempt(retry=error.retry_helps, status=error.status, error=str(error))

    def probe(self) -> str:
        """Send C-ECHO, and propose what the peer is to take."""
        scu.echo(self._endpoint)
        if not self._wants:
            return str(self._endpoint)
        if missing := scu.not_taken(self._endpoint, [SERVING[wish] for wish in self._wants]):
            raise DeliveryError("; ".join(missing))
        return f"{self._endpoint}, takes {' and '.join(self._wants)}"


def _items(parcel: Parcel, alternatives: Sequence[Sequence[ResultObject]]) -> list[list[scu.Outgoing]]:
    return [[outgoing_of(one, parcel.read(one)) for one in same_kind] for same_kind in alternatives]


def judged(results: Sequence[scu.SendResult], peer: str) -> Attempt:
    """Say how an attempt to send to `peer` ended, given what became of each item."""
    outcomes = {result.outcome for result in results}
    worst = max((result.status or 0 for result in results), default=0)
    complaint = "; ".join(_describe(result, peer) for result in results if result.outcome not in TAKEN)
    if scu.Outcome.REFUSED_RETRY in outcomes:
        return Attempt(retry=True, status=worst, error=complaint, taken=_taken(results))
    # A peer that takes no SR at all but stores the picture has what it can show; the record says what it did not take.
    stored = scu.Outcome.FAILED not in outcomes and bool(outcomes & TAKEN)
    return Attempt(stored=stored, status=worst, error=complaint, taken=_taken(results))


def _taken(results: Sequence[scu.SendResult]) -> tuple[str, ...]:
    return tuple(result.outgoing.sop_instance_uid for result in results if result.outcome in TAKEN and result.outgoing)


def outgoing_of(result: ResultObject, content: bytes) -> scu.Outgoing:
    """Join a result object and its file."""
    return scu.Outgoing(
        sop_class_uid=result.sop_class_uid,
        sop_instance_uid=result.sop_instance_uid,
        transfer_syntax_uid=ExplicitVRLittleEndian,
        content=content,
    )


def _describe(result: scu.SendResult, peer: str) -> str:
    if result.status is None or result.outgoing is None:
        return result.comment
    if result.status == SOP_CLASS_NOT_SUPPORTED:
        return sop_class_refused(peer, result.outgoing.sop_class_uid)
    return f"status 0x{result.status:04X} for {result.outgoing.sop_class_uid}"
