"""What a caller may do, what arrives, and the status that answers it (PS3.4 B.2.3, PS3.7 annex C)."""

from __future__ import annotations

import enum
import hashlib
import logging
import traceback
import uuid
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, Protocol

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from baa_node.core import attributes
from baa_node.dicom.elements import file_header, is_uid
from baa_node.dicom.header import FIRST_PIXEL_TAG, UNDEFINED_LENGTH, plain_header
from baa_node.errors import SpoolError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from baa_node.dicom.commitment import Commitment

logger = logging.getLogger("baa_node.dicom")

STORED: Final = 0x0000
PROCESSING_FAILURE: Final = 0x0110
DUPLICATE: Final = 0x0111
INVALID_INSTANCE: Final = 0x0117
SOP_CLASS_NOT_SUPPORTED: Final = 0x0122
NOT_AUTHORISED: Final = 0x0124
OUT_OF_RESOURCES: Final = 0xA700
MISMATCH: Final = 0xA900
CANNOT_UNDERSTAND: Final = 0xC000
UNREADABLE_DATA_SET: Final = 0xC003
MISSING_SOP_IDENTIFIER: Final = 0xC004
MISSING_STUDY_OR_SERIES: Final = 0xC005
MALFORMED_STUDY_OR_SERIES: Final = 0xC006
"""0xC001 and 0xC002, 0xC210 and 0xC211 have meanings of their own in pynetdicom."""

LONGEST_COMMENT: Final = 64
"""Characters of an Error Comment (0000,0902), which is an LO (PS3.7 C.4)."""

SOP_CLASS_UID: Final = 0x00080016
SOP_INSTANCE_UID: Final = 0x00080018
STUDY_INSTANCE_UID: Final = 0x0020000D
SERIES_INSTANCE_UID: Final = 0x0020000E

UNREADABLE: Final = (*attributes.UNREADABLE, zlib.error)
"""What pydicom raises on bytes that are no data set."""


class Admission(enum.Enum):
    """Answer to an association request; the values are result, source and reason of PS3.8 table 9-21."""

    ADMITTED = (0, 0, 0)
    UNKNOWN_CALLER = (1, 1, 3)
    WRONG_CALLED_AE = (1, 1, 7)
    BUSY = (2, 3, 2)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who opened an association; AE titles without padding.

    Attributes
    ----------
    peer : str
        Name of the peer entry where something else than the calling AE title proved who it is; empty on an association.
    """

    calling_ae: str
    called_ae: str
    address: str
    tls: bool
    peer: str = ""


@dataclass(frozen=True, kw_only=True)
class Received:
    """An instance as it came.

    Attributes
    ----------
    header : Dataset
        The data set up to, and without, its pixel data.
    opening : bytes
        How its Part 10 file begins: preamble and our file meta information.
    encoded : bytes
        The data set byte for byte as sent.
    """

    caller: Caller
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    study_instance_uid: str
    series_instance_uid: str
    header: Dataset
    opening: bytes
    encoded: bytes

    @property
    def content(self) -> bytes:
        """Complete Part 10 file; the same data set in the same transfer syntax gives the same, whoever sent it."""
        return self.opening + self.encoded

    @property
    def sha256(self) -> str:
        """Digest of the data set alone: each receiver writes the file meta information anew."""
        return hashlib.sha256(self.encoded).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Status of a C-STORE response; a comment is sent with failures only, cut to 64 characters, never patient data."""

    status: int
    comment: str = ""
    offending: tuple[int, ...] = ()

    @property
    def shown_comment(self) -> str:
        """The comment as it is sent: none with a success, ASCII, cut."""
        return "" if self.status == STORED else self.comment.encode("ascii", "replace").decode("ascii")[:LONGEST_COMMENT]

    def response(self) -> Dataset:
        """Status elements of the response (PS3.7 C.4)."""
        response = Dataset()
        response.Status = self.status
        if self.shown_comment:
            response.ErrorComment = self.shown_comment
        if self.offending:
            response.OffendingElement = list(self.offending)
        return response


class NodeHandler(Protocol):
    """What the node decides about callers and instances; called from many threads at once."""

    def admit(self, caller: Caller) -> Admission:
        """Whether `caller` may associate; asked at every association, so that a changed peer is seen at once."""

    def receive(self, received: Received) -> Answer:
        """Make `received` durable and answer; SpoolError and StoreError become 0xA700, anything else raised 0x0110."""

    def committed(self, caller: Caller, commitment: Commitment) -> bool:
        """Note what a peer commits itself to; False for a transaction that this node never began."""

    def distrust(self, address: str, reason: str) -> None:
        """Note that a caller showed no certificate that the node trusts, or spoke no TLS where it must."""


class StoreRefusedError(Exception):
    """A C-STORE request that is answered before the handler is asked."""

    def __init__(self, status: int, comment: str, *offending: int) -> None:
        super().__init__(comment)
        self.answer = Answer(status=status, comment=comment, offending=offending)


@dataclass(frozen=True, kw_only=True)
class StoreRequest:
    """What a C-STORE request says, before anything is believed.

    Attributes
    ----------
    encoded : bytes
        The data set in `transfer_syntax`; empty where it grew beyond the limit.
    """

    caller: Caller
    sop_class_uid: str
    sop_instance_uid: str
    abstract_syntax: str
    transfer_syntax: UID
    encoded: bytes
    too_large: bool


def answer_store(request: StoreRequest, handler: NodeHandler, *, max_dataset_bytes: int) -> Answer:
    """Check `request`, hand it over, and translate what happened into a status."""
    return _guarded(lambda: handler.receive(read_request(request, max_dataset_bytes=max_dataset_bytes)), request.caller)


def read_request(request: StoreRequest, *, max_dataset_bytes: int) -> Received:
    """Read the identifiers of `request` and build its file; StoreRefusedError carries the answer where they do not serve."""
    if request.too_large:
        raise StoreRefusedError(OUT_OF_RESOURCES, f"more than {max_dataset_bytes} bytes, or too much at the same time")
    if request.sop_class_uid != request.abstract_syntax:
        raise StoreRefusedError(SOP_CLASS_NOT_SUPPORTED, "SOP class differs from that of the presentation context")
    if not is_uid(request.sop_instance_uid):
        raise StoreRefusedError(INVALID_INSTANCE, "Affected SOP Instance UID is malformed")
    header = read_header(request.encoded, request.transfer_syntax, max_dataset_bytes=max_dataset_bytes)
    _check_sop_identifiers(request, header)
    study, series = (identifier(header, tag) for tag in (STUDY_INSTANCE_UID, SERIES_INSTANCE_UID))
    _check_study_and_series(study, series)
    return Received(
        caller=request.caller,
        sop_class_uid=request.sop_class_uid,
        sop_instance_uid=request.sop_instance_uid,
        transfer_syntax_uid=str(request.transfer_syntax),
        study_instance_uid=study,
        series_instance_uid=series,
        header=header,
        opening=file_header(request.sop_class_uid, request.sop_instance_uid, str(request.transfer_syntax)),
        encoded=request.encoded,
    )


def read_header(encoded: bytes, transfer_syntax: UID, *, max_dataset_bytes: int) -> Dataset:
    """Read a data set up to its pixel data; a refusal with 0xC003 where it cannot be read or ends too early."""
    reached_pixels = False

    def at_pixels(tag: int, _vr: str | None, _length: int) -> bool:
        nonlocal reached_pixels
        reached_pixels = tag >= FIRST_PIXEL_TAG
        return reached_pixels

    deflated = transfer_syntax == DeflatedExplicitVRLittleEndian
    explicit = transfer_syntax.is_little_endian and not transfer_syntax.is_implicit_VR
    header = plain_header(encoded) if explicit and not deflated else None
    if header is not None:
        return header
    try:
        plain = _inflated(encoded, max_dataset_bytes) if deflated else encoded
        header = read_dataset(BytesIO(plain), transfer_syntax.is_implicit_VR, transfer_syntax.is_little_endian, stop_when=at_pixels)
    except UNREADABLE as error:
        raise StoreRefusedError(UNREADABLE_DATA_SET, f"data set cannot be read ({type(error).__name__})") from error
    if not reached_pixels and not _ends_at(len(plain), header):
        raise StoreRefusedError(UNREADABLE_DATA_SET, "data set ends inside an element")
    return header


def admission_of(caller: Caller, handler: NodeHandler) -> Admission:
    """Ask `handler`, and turn a caller away as from a busy node where it cannot say: never let in by accident."""
    try:
        return handler.admit(caller)
    except StoreError as error:
        logger.error("admission of %s failed: %s", caller.calling_ae, error)  # noqa: TRY400 - the sentence says it all
        return Admission.BUSY
    except Exception as error:  # noqa: BLE001 - outermost line of the association; a stack trace would end it without an answer
        logger.error("admission of %s failed (%s)", caller.calling_ae, _without_values(error))  # noqa: TRY400
        return Admission.BUSY


def _guarded(receive: Callable[[], Answer], caller: Caller) -> Answer:
    try:
        return receive()
    except StoreRefusedError as refused:
        logger.warning("C-STORE from %s refused with 0x%04X: %s", caller.calling_ae, refused.answer.status, refused)
        return refused.answer
    except (SpoolError, StoreError) as error:
        logger.error("instance from %s not stored: %s", caller.calling_ae, error)  # noqa: TRY400 - the sender keeps its copy
        return Answer(status=OUT_OF_RESOURCES, comment=f"cannot be made durable ({error.code})")
    except Exception as error:  # noqa: BLE001 - outermost line of the association; the peer must get an answer
        incident = uuid.uuid4().hex[:8]
        logger.error("incident %s with an instance from %s: %s", incident, caller.calling_ae, _without_values(error))  # noqa: TRY400
        return Answer(status=PROCESSING_FAILURE, comment=f"internal error, incident {incident}")


def _without_values(error: BaseException) -> str:
    """Type and stack of `error`, without its message, which may quote the data set."""
    return type(error).__name__ + "\n" + "".join(traceback.format_tb(error.__traceback__))


def _check_sop_identifiers(request: StoreRequest, header: Dataset) -> None:
    announced = {SOP_CLASS_UID: request.sop_class_uid, SOP_INSTANCE_UID: request.sop_instance_uid}
    found = {tag: identifier(header, tag) for tag in announced}
    missing = [tag for tag, value in found.items() if not value]
    if missing:
        raise StoreRefusedError(MISSING_SOP_IDENTIFIER, "data set without SOP Class or SOP Instance UID", *missing)
    different = [tag for tag, value in found.items() if value != announced[tag]]
    if different:
        raise StoreRefusedError(MISMATCH, "SOP Class or SOP Instance UID differs from the command", *different)


def _check_study_and_series(study: str, series: str) -> None:
    found = {STUDY_INSTANCE_UID: study, SERIES_INSTANCE_UID: series}
    missing = [tag for tag, value in found.items() if not value]
    if missing:
        raise StoreRefusedError(MISSING_STUDY_OR_SERIES, "data set without Study or Series Instance UID", *missing)
    malformed = [tag for tag, value in found.items() if not is_uid(value)]
    if malformed:
        raise StoreRefusedError(MALFORMED_STUDY_OR_SERIES, "Study or Series Instance UID is malformed", *malformed)


def identifier(header: Dataset, tag: int) -> str:
    """Give the value of a UI element without its padding; empty where it is absent. Read raw, so that no warning quotes it."""
    element: Any = dict(header.items()).get(BaseTag(tag))
    value = b"" if element is None else element.value
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")
    return text.strip("\0 ")


def _inflated(encoded: bytes, limit: int) -> bytes:
    """Inflate a deflated data set (PS3.5 A.5), refusing one that swells beyond `limit` bytes."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    plain = inflater.decompress(encoded, limit)
    if inflater.unconsumed_tail:
        raise StoreRefusedError(OUT_OF_RESOURCES, f"data set larger than {limit} bytes")
    if not inflater.eof:
        raise EOFError("deflated data set is incomplete")
    return plain


def _ends_at(end: int, header: Dataset) -> bool:
    """Whether the last element ends at offset `end`: pydicom is silent where the bytes end earlier or go on."""
    elements = list(dict(header.items()).values())
    if not elements:
        return False
    last = elements[-1]
    if not isinstance(last, RawDataElement) or last.length == UNDEFINED_LENGTH:
        return True
    return last.value_tell + last.length == end
