"""C-STORE as the listener serves it: what pynetdicom does around the handler, without its checks of what we write ourselves.

A request that is not plain goes pynetdicom's own way, which ends at the same handler.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Protocol

from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.service_class import StorageServiceClass
from pynetdicom.sop_class import uid_to_service_class

from baa_node.dicom.elements import PDV_HEADER_BYTES, store_response

if TYPE_CHECKING:
    from pynetdicom.association import Association

    from baa_node.dicom.scp import Answer

_LAST_OF_COMMAND = b"\x03"
"""Message control header of PS3.8 E.2."""


class Storekeeper(Protocol):
    """Takes what a C-STORE request brings."""

    def store(self, association: Any, request: C_STORE, context: Any) -> Answer:
        """Answer a request that came under an accepted presentation context, as a tuple of pynetdicom; never raises."""


def is_plain(association: Association, request: Any, context_id: int) -> bool:
    """Whether a request is one that `serve_store` serves: whole, of the Storage service, and of the class of its context."""
    if not isinstance(request, C_STORE) or not request.is_valid_request:
        return False
    context = association._accepted_cx.get(context_id)  # noqa: SLF001 - what `accepted_contexts` sorts anew each time
    if context is None or request.AffectedSOPClassUID != context.abstract_syntax or not _is_storage(str(context.abstract_syntax)):
        return False
    return request.AffectedSOPClassUID not in association.acceptor.accepted_common_extended


def serve_store(association: Association, request: C_STORE, context_id: int, keeper: Storekeeper) -> None:
    """Serve a C-STORE request that is plain."""
    answer = keeper.store(association, request, association._accepted_cx[context_id].as_tuple)  # noqa: SLF001
    if association.is_established:
        answer_store(association, request, answer, context_id)


def answer_store(association: Association, request: C_STORE, answer: Answer, context_id: int) -> None:
    """Send the response to `request`; a parameter that it lacks is left out."""
    command = store_response(
        str(request.AffectedSOPClassUID),
        str(request.AffectedSOPInstanceUID),
        message_id=request.MessageID,
        status=answer.status,
        comment=answer.shown_comment,
        offending=answer.offending,
    )
    longest = association.dimse.maximum_pdu_size  # 0 where there is no limit
    if command is None or 0 < longest < len(command) + PDV_HEADER_BYTES:
        association.dimse.send_msg(_primitive(request, answer), context_id)
        return
    association.dul.send_value(context_id, _LAST_OF_COMMAND + command)


def _primitive(request: C_STORE, answer: Answer) -> C_STORE:
    response = C_STORE()
    response.MessageID = request.MessageID
    response.MessageIDBeingRespondedTo = request.MessageID
    response.AffectedSOPClassUID = request.AffectedSOPClassUID
    response.AffectedSOPInstanceUID = request.AffectedSOPInstanceUID
    for element in answer.response():
        setattr(response, element.keyword, element.value)
    return response


@functools.lru_cache(maxsize=64)
def _is_storage(sop_class: str) -> bool:
    """Whether pynetdicom has the Storage service for it; asked for contexts that we accepted alone."""
    return uid_to_service_class(sop_class) is StorageServiceClass
