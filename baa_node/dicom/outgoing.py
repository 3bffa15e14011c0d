"""An object to be stored: the presentation contexts to propose for it, and its data set as the accepted one wants it."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final

from pydicom.filereader import dcmread
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.dsutils import encode
from pynetdicom.presentation import PresentationContext, build_context

from baa_node.dicom.contexts import MOST_CONTEXTS
from baa_node.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydicom.uid import UID

NATIVE: Final = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)

PREFIX: Final = slice(128, 132)
GROUP_LENGTH_HEADER: Final = slice(132, 140)
GROUP_LENGTH: Final = slice(140, 144)


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One object to be stored; `content` is a Part 10 file in `transfer_syntax_uid`."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    content: bytes


def offers(outgoing: Iterable[Outgoing], classes: Sequence[str] = ()) -> list[PresentationContext]:
    """Presentation contexts to propose: each SOP class in each syntax in which it could be sent, one syntax a context.

    One syntax a context leaves the choice to us; the peer would choose among several by its own preference.
    """
    pairs = [(one.sop_class_uid, syntax) for one in outgoing for syntax in _syntaxes(one)]
    pairs += [(sop_class, str(syntax)) for sop_class in classes for syntax in NATIVE]
    unique = list(dict.fromkeys(pairs))
    if len(unique) > MOST_CONTEXTS:
        raise ValueError(f"{len(unique)} presentation contexts needed, {MOST_CONTEXTS} possible in one association")
    return [build_context(sop_class, [syntax]) for sop_class, syntax in unique]


def _syntaxes(outgoing: Outgoing) -> list[str]:
    own = outgoing.transfer_syntax_uid
    return [own, *(str(syntax) for syntax in NATIVE if own in NATIVE and syntax != own)]


def context_for(accepted: Iterable[PresentationContext], outgoing: Outgoing) -> PresentationContext | None:
    """Choose the accepted context that needs least rewriting."""
    by_kind = {(str(context.abstract_syntax), str(context.transfer_syntax[0])): context for context in accepted}
    found = (by_kind.get((outgoing.sop_class_uid, syntax)) for syntax in _syntaxes(outgoing))
    return next((context for context in found if context is not None), None)


def data_set_of(outgoing: Outgoing, transfer_syntax: UID) -> bytes:
    """Give the encoded data set: as it is in the file, or written anew where the peer wants the other native syntax."""
    if transfer_syntax == outgoing.transfer_syntax_uid:
        return outgoing.content[_data_set_offset(outgoing.content) :]
    data_set = dcmread(BytesIO(outgoing.content))
    encoded = encode(data_set, transfer_syntax.is_implicit_VR, transfer_syntax.is_little_endian)
    if encoded is None:
        raise DeliveryError(f"{outgoing.sop_instance_uid} cannot be written as {transfer_syntax.name}", retry_helps=False)
    return bytes(encoded)


def _data_set_offset(part10: bytes) -> int:
    """Where the data set begins: after preamble, prefix and the group length's worth of file meta information (PS3.10 7.1)."""
    if part10[PREFIX] != b"DICM" or part10[GROUP_LENGTH_HEADER] != b"\x02\x00\x00\x00UL\x04\x00":
        raise ValueError("content is no DICOM file with a group length")
    return GROUP_LENGTH.stop + int.from_bytes(part10[GROUP_LENGTH], "little")
