"""Sending results: one association for all, bytes as they are, and every status understood; and C-ECHO, for a sign of life."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from itertools import chain
from typing import TYPE_CHECKING, Final

from pynetdicom.dimse_primitives import C_ECHO, C_STORE
from pynetdicom.presentation import PresentationContext, build_context

from baa_node.dicom.contexts import VERIFICATION
from baa_node.dicom.endpoint import Endpoint
from baa_node.dicom.outgoing import NATIVE, Outgoing, context_for, data_set_of, offers
from baa_node.dicom.requestor import MEDIUM_PRIORITY, RequestedAssociation, association_with
from baa_node.dicom.store_status import SOP_CLASS_NOT_SUPPORTED, Outcome, outcome_of
from baa_node.dicom.tls import ClientTls
from baa_node.dicom.troubles import why_not_taken
from baa_node.errors import DeliveryError
from baa_node.traces import note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = [
    "AssociationLost",
    "ClientTls",
    "Endpoint",
    "Later",
    "Outcome",
    "Outgoing",
    "SendResult",
    "echo",
    "not_taken",
    "send",
]


@dataclass(frozen=True, kw_only=True)
class Later:
    """Items that are not there yet when the association is asked for.

    Attributes
    ----------
    classes : sequence of str
        SOP classes that they may have, in either native transfer syntax.
    items : callable
        Waits for them and gives them, as `send` takes them; none when they do not come.
    """

    classes: Sequence[str]
    items: Callable[[], Sequence[Sequence[Outgoing]]]


NOTHING_LATER: Final = Later(classes=(), items=list)


@dataclass(frozen=True, kw_only=True)
class SendResult:
    """What became of the item number `item`: the alternative that was sent and how the peer answered.

    Attributes
    ----------
    comment
        What the peer said of its status, or why there was no presentation context.
    """

    item: int
    outcome: Outcome
    outgoing: Outgoing | None = None
    status: int | None = None
    comment: str = ""


class AssociationLost(DeliveryError):  # noqa: N818 - named as it is logged
    """The association ended before all items were answered; `results` holds those that were."""

    def __init__(self, message: str, results: Sequence[SendResult]) -> None:
        super().__init__(message)
        self.results = tuple(results)


def echo(endpoint: Endpoint) -> None:
    """Ask `endpoint` for a sign of life (C-ECHO).

    Raises
    ------
    DeliveryError
        Naming the peer and what happened: no connection, rejected and why, no answer, aborted, status.
    """
    with association_with(endpoint, [build_context(VERIFICATION, list(NATIVE))]) as association:
        if not association.accepted_contexts:
            raise DeliveryError(why_not_taken(endpoint, [VERIFICATION], association.rejected_contexts))
        response = association.exchange(_echo_request(), association.accepted_contexts[0])
    if response.Status != 0:
        raise DeliveryError(f"{endpoint} answered C-ECHO with status 0x{response.Status:04X}", status=response.Status)


def not_taken(endpoint: Endpoint, kinds: Sequence[Sequence[str]]) -> list[str]:
    """Propose SOP classes without sending anything, and say why none of a kind is accepted.

    Parameters
    ----------
    kinds : sequence of sequences
        SOP class UIDs that serve for each kind of object, best first.

    Raises
    ------
    DeliveryError
        As `send`.
    """
    proposed = [build_context(one, [syntax]) for one in dict.fromkeys(uid for kind in kinds for uid in kind) for syntax in NATIVE]
    with association_with(endpoint, proposed) as association:
        taken = {str(context.abstract_syntax) for context in association.accepted_contexts}
        return [why_not_taken(endpoint, kind, association.rejected_contexts) for kind in kinds if not taken.intersection(kind)]


def send(
    endpoint: Endpoint,
    items: Sequence[Sequence[Outgoing]],
    *,
    permit: Callable[[], None] = lambda: None,
    later: Later = NOTHING_LATER,
) -> list[SendResult]:
    """Store one alternative of each item, the first that the peer accepts, all in one association.

    An alternative whose SOP class the peer accepted in negotiation and then refuses with 0x0122 is followed by the next.

    Parameters
    ----------
    items : sequence of sequences
        The alternatives of each item, best first.
    permit
        Called before the association and before each item; whoever may not go on does not return from it.
    later
        What follows the items in the same association.

    Raises
    ------
    DeliveryError
        The peer cannot be reached, rejects or ends the association. Another try may always help: a rejected AE title or
        a wrong certificate is mended at either end without our objects changing. `AssociationLost` tells which items
        had been answered.
    """
    offered = offers((outgoing for alternatives in items for outgoing in alternatives), later.classes)
    results: list[SendResult] = []
    if not offered:
        return results
    permit()
    with association_with(endpoint, offered) as association:
        note("associated")
        for item, alternatives in enumerate(chain(items, _when_made(later))):
            permit()
            try:
                results.append(_send_item(association, item, alternatives))
            except DeliveryError as error:
                raise AssociationLost(str(error), results) from error
            note(f"answered {item + 1}")
    return results


def _when_made(later: Later) -> Iterator[Sequence[Outgoing]]:
    """Ask for the items that come later when it is their turn."""
    yield from later.items()


def _send_item(association: RequestedAssociation, item: int, alternatives: Sequence[Outgoing]) -> SendResult:
    result = None
    for outgoing in alternatives:
        context = context_for(association.accepted_contexts, outgoing)
        if context is None:
            continue
        result = _store(association, item, outgoing, context)
        if result.status != SOP_CLASS_NOT_SUPPORTED:
            break
    return result or SendResult(item=item, outcome=Outcome.NOT_ACCEPTED, comment=_why_none(association, alternatives))


def _why_none(association: RequestedAssociation, alternatives: Sequence[Outgoing]) -> str:
    offered = [one.sop_class_uid for one in alternatives]
    return why_not_taken(association.endpoint, offered, association.rejected_contexts)


def _store(association: RequestedAssociation, item: int, outgoing: Outgoing, context: PresentationContext) -> SendResult:
    request = C_STORE()
    request.MessageID = item % 0xFFFF + 1
    request.AffectedSOPClassUID = outgoing.sop_class_uid
    request.AffectedSOPInstanceUID = outgoing.sop_instance_uid
    request.Priority = MEDIUM_PRIORITY
    request.DataSet = BytesIO(data_set_of(outgoing, context.transfer_syntax[0]))
    response = association.exchange(request, context)
    return SendResult(
        item=item,
        outcome=outcome_of(response.Status),
        outgoing=outgoing,
        status=response.Status,
        comment=str(response.ErrorComment or ""),
    )


def _echo_request() -> C_ECHO:
    request = C_ECHO()
    request.MessageID = 1
    request.AffectedSOPClassUID = VERIFICATION
    return request
