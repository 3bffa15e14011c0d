"""Results by DICOMweb: Store Instances (STOW-RS, PS3.18 10.5), bytes as they are kept, one instance a request."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any, Final

import httpx
from pydicom import dcmread

from baa_node.bridges.dicom import judged, outgoing_of
from baa_node.bridges.port import Attempt, Parcel, Wires
from baa_node.bridges.web import WebClient, failed
from baa_node.db.peers import Peer
from baa_node.dicom import scu
from baa_node.dicom.store_status import SOP_CLASS_NOT_SUPPORTED, STORED_BEFORE, outcome_of
from baa_node.errors import DeliveryError

DICOM_JSON: Final = "application/dicom+json"
REFERENCED_SOP_SEQUENCE: Final = "00081199"
FAILED_SOP_SEQUENCE: Final = "00081198"
REFERENCED_SOP_INSTANCE_UID: Final = "00081155"
FAILURE_REASON: Final = "00081197"
PROCESSING_FAILURE: Final = 0x0110
ANSWERS_BY_INSTANCE: Final = {200, 202, 409}
"""All stored, some stored, none stored (PS3.18 table 10.5.3-1)."""


class _AnsweredError(Exception):
    """The server answered the request as a whole, not what became of the instance."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(attempt.error)
        self.attempt = attempt


class StowBridge:
    """STOW-RS user agent of one server."""

    def __init__(self, peer: Peer, wires: Wires, *, permit: Callable[[], None]) -> None:
        self._web = WebClient(peer, wires)
        self._permit = permit

    def send(self, parcel: Parcel) -> Attempt:
        """Store of each kind the first alternative that the server takes."""
        results: list[scu.SendResult] = []
        try:
            for item, alternatives in enumerate(parcel.alternatives):
                results.append(self._send_item(item, [outgoing_of(one, parcel.read(one)) for one in alternatives]))
        except DeliveryError as error:
            return Attempt(retry=True, error=str(error), taken=judged(results, self._web.base).taken)
        except _AnsweredError as answered:
            return Attempt(retry=answered.attempt.retry, error=answered.attempt.error, taken=judged(results, self._web.base).taken)
        return judged(results, self._web.base)

    def probe(self) -> str:
        """Ask for one study (QIDO-RS); of the answer only its coming counts."""
        response = self._web.request("GET", "/studies?limit=1", headers={"Accept": DICOM_JSON})
        if not response.is_success:
            raise DeliveryError(failed(response, self._web.base).error)
        return f"{self._web.base} answers queries"

    def _send_item(self, item: int, alternatives: Sequence[scu.Outgoing]) -> scu.SendResult:
        result = scu.SendResult(item=item, outcome=scu.Outcome.NOT_ACCEPTED)
        for outgoing in alternatives:
            self._permit()
            status = self._store(outgoing)
            result = scu.SendResult(item=item, outcome=outcome_of(status), outgoing=outgoing, status=status)
            if status != SOP_CLASS_NOT_SUPPORTED:
                break
        return result

    def _store(self, outgoing: scu.Outgoing) -> int:
        """Give 0 or the reason of a failure. A server that calls what it has a conflict is asked whether it has it."""
        content_type, body = multipart(outgoing.content)
        response = self._web.request("POST", "/studies", headers={"Content-Type": content_type, "Accept": DICOM_JSON}, content=body)
        if response.status_code not in ANSWERS_BY_INSTANCE:
            raise _AnsweredError(failed(response, self._web.base))
        reason = reason_in(response, outgoing.sop_instance_uid)
        if reason is None:
            reason = 0 if response.status_code == httpx.codes.OK else PROCESSING_FAILURE
        if response.status_code == httpx.codes.CONFLICT and reason not in {0, SOP_CLASS_NOT_SUPPORTED, STORED_BEFORE}:
            return STORED_BEFORE if self._has(outgoing) else reason
        return reason

    def _has(self, outgoing: scu.Outgoing) -> bool:
        study = dcmread(BytesIO(outgoing.content), specific_tags=["StudyInstanceUID"]).StudyInstanceUID
        query = f"/studies/{study}/instances?SOPInstanceUID={outgoing.sop_instance_uid}"
        response = self._web.request("GET", query, headers={"Accept": DICOM_JSON})
        found = _json(response)
        return response.is_success and isinstance(found, list) and len(found) > 0


def multipart(content: bytes) -> tuple[str, bytes]:
    """Content type and body of one DICOM file (PS3.18 8.6.1.2.1); the boundary is random, so that it stands in no file."""
    boundary = uuid.uuid4().hex
    head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    return f'multipart/related; type="application/dicom"; boundary={boundary}', b"".join(
        (head, content, f"\r\n--{boundary}--\r\n".encode())
    )


def reason_in(response: httpx.Response, uid: str) -> int | None:
    """Say what the answer tells of an instance: 0 where it is stored, the failure reason, or None where it says nothing."""
    body = _json(response)
    if not isinstance(body, Mapping):
        return None
    if any(_first(item, REFERENCED_SOP_INSTANCE_UID) == uid for item in _items(body, REFERENCED_SOP_SEQUENCE)):
        return 0
    reasons = [
        _first(item, FAILURE_REASON)
        for item in _items(body, FAILED_SOP_SEQUENCE)
        if _first(item, REFERENCED_SOP_INSTANCE_UID) in {uid, None}
    ]
    return reasons[0] if reasons and isinstance(reasons[0], int) else None


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _items(body: Mapping[str, Any], tag: str) -> list[Mapping[str, Any]]:
    element = body.get(tag)
    values = element.get("Value") if isinstance(element, Mapping) else None
    return [value for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []


def _first(item: Mapping[str, Any], tag: str) -> Any:
    element = item.get(tag)
    values = element.get("Value") if isinstance(element, Mapping) else None
    return values[0] if isinstance(values, list) and values else None
