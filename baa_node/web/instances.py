"""What becomes of the instances of a STOW-RS request: the same intake as by C-STORE, and the answer of PS3.18 10.5.3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from baa_node.dicom import scp
from baa_node.dicom.contexts import decodable_transfer_syntaxes
from baa_node.dicom.file import request_of

TRANSFER_SYNTAX_NOT_SUPPORTED: Final = 0xC122
"""Failure reason of PS3.18 table 10.5.3-2."""

OK, ACCEPTED, CONFLICT, UNAVAILABLE = 200, 202, 409, 503


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What became of one part; UIDs as its file meta information names them, empty where it has none.

    Attributes
    ----------
    status
        As for C-STORE: 0, or the reason of the failure.
    may_pass
        Whether the same part may be taken later.
    """

    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    status: int
    may_pass: bool = False


@dataclass(frozen=True, kw_only=True)
class Reception:
    """Who receives, and what may be sent."""

    handler: scp.NodeHandler
    sop_classes: frozenset[str]
    max_instance_bytes: int

    def store(self, content: bytes, caller: scp.Caller, study: str | None) -> Stored:
        """Hand one Part 10 file over; stored only when it is durable."""
        try:
            request = request_of(content, caller)
        except (*scp.UNREADABLE, ValueError):
            return Stored(status=scp.CANNOT_UNDERSTAND)
        status = self._status_of(request, study)
        return Stored(
            sop_class_uid=request.sop_class_uid,
            sop_instance_uid=request.sop_instance_uid,
            status=status,
            may_pass=status in {scp.OUT_OF_RESOURCES, scp.PROCESSING_FAILURE},
        )

    def _status_of(self, request: scp.StoreRequest, study: str | None) -> int:
        if request.sop_class_uid not in self.sop_classes:
            return scp.SOP_CLASS_NOT_SUPPORTED
        if request.transfer_syntax not in decodable_transfer_syntaxes():
            return TRANSFER_SYNTAX_NOT_SUPPORTED
        return scp.answer_store(request, _OfStudy(self.handler, study), max_dataset_bytes=self.max_instance_bytes).status


class _OfStudy:
    """The handler for a request that names the study of its instances."""

    def __init__(self, handler: scp.NodeHandler, study: str | None) -> None:
        self._handler = handler
        self._study = study
        self.admit = handler.admit
        self.committed = handler.committed
        self.distrust = handler.distrust

    def receive(self, received: scp.Received) -> scp.Answer:
        """Refuse an instance of another study; PS3.18 10.5.2 leaves none of them to be stored."""
        if self._study is not None and received.study_instance_uid != self._study:
            return scp.Answer(status=scp.MISMATCH, comment="instance belongs to another study than the request")
        return self._handler.receive(received)


def status_of(stored: Sequence[Stored]) -> int:
    """HTTP status of an answer (PS3.18 table 10.5.3-1): all, some, none; 503 where all that failed may pass."""
    failed = [one for one in stored if one.status != scp.STORED]
    if not failed:
        return OK
    if len(failed) < len(stored):
        return ACCEPTED
    return UNAVAILABLE if all(one.may_pass for one in failed) else CONFLICT


def response_of(stored: Sequence[Stored]) -> dict[str, Any]:
    """Store Instances Response Module (PS3.18 table 10.5.3-2) in the DICOM JSON model."""
    kept = [_item(one) for one in stored if one.status == scp.STORED]
    failed = [_item(one) for one in stored if one.status != scp.STORED and one.sop_instance_uid]
    others = [_item(one) for one in stored if one.status != scp.STORED and not one.sop_instance_uid]
    sequences = {"00081199": kept, "00081198": failed, "0008119A": others}
    return {tag: {"vr": "SQ", "Value": items} for tag, items in sequences.items() if items}


def _item(one: Stored) -> dict[str, Any]:
    item: dict[str, Any] = {}
    if one.sop_instance_uid:
        item["00081150"] = {"vr": "UI", "Value": [one.sop_class_uid]}
        item["00081155"] = {"vr": "UI", "Value": [one.sop_instance_uid]}
    if one.status != scp.STORED:
        item["00081197"] = {"vr": "US", "Value": [one.status]}
    return item
