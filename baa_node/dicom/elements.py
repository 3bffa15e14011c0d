"""The elements that the node writes itself around every image, packed by hand: pydicom and pynetdicom take a hundred times as long.

Both give the very bytes that those libraries would give. What is not plain is left to them.
"""

from __future__ import annotations

import functools
import re
import struct
from dataclasses import dataclass
from typing import Final

from baa_node.dicom import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

PREAMBLE: Final = bytes(128) + b"DICM"

_SHORT: Final = struct.Struct("<HH2sH")
_COMMAND: Final = struct.Struct("<HHI")
_GROUP_LENGTH: Final = struct.Struct("<HHII")
LONGEST_UID: Final = 64
_UID_FORM: Final = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+")
_PLAIN_UID: Final = re.compile(r"[0-9.]{1,64}", re.ASCII)

C_STORE_RQ: Final = 0x0001
C_STORE_RSP: Final = 0x8001
NO_DATA_SET: Final = 0x0101

_STORE_REQUEST: Final = (0x0000, 0x0002, 0x0100, 0x0110, 0x0700, 0x0800, 0x1000)
"""Elements of a C-STORE request that no C-MOVE began (PS3.7 table 9.3-1), in their order."""

_STORE_NUMBERS: Final = (0x0100, 0x0110, 0x0700, 0x0800)
_PRIORITIES: Final = (0, 1, 2)

PDV_HEADER_BYTES: Final = 6
"""Length, presentation context and message control header before a fragment (PS3.8 9.3.5.1), as pynetdicom counts them."""


def file_header(sop_class: str, sop_instance: str, transfer_syntax: str) -> bytes:
    """Preamble and file meta information of one of our files (PS3.10 7.1), up to where its data set begins."""
    named = _meta(0x0002, b"UI", _uid(sop_class)) + _meta(0x0003, b"UI", _uid(sop_instance)) + _meta(0x0010, b"UI", _uid(transfer_syntax))
    group = _version() + named + _maker()
    return b"".join((PREAMBLE, _meta(0x0000, b"UL", struct.pack("<I", len(group))), group))


def is_uid(value: str) -> bool:
    """Whether `value` has the form of PS3.5 9.1."""
    return len(value) <= LONGEST_UID and _UID_FORM.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class StoreCommand:
    """What the command set of a C-STORE request says (PS3.7 9.3.1.1)."""

    sop_class_uid: str
    sop_instance_uid: str
    message_id: int
    priority: int


def store_request(encoded: bytes) -> StoreCommand | None:
    """Read the command set of a C-STORE request, implicit VR, little endian.

    Returns
    -------
    StoreCommand or None
        None for another request, and for one that holds less or more than everybody sends, or a value that is not as the standard says.
    """
    values = _command_values(encoded)
    if tuple(values) != _STORE_REQUEST:
        return None
    sop_class, sop_instance = (_uid_of(values[number]) for number in (0x0002, 0x1000))
    numbers = [int.from_bytes(values[number], "little") for number in _STORE_NUMBERS if len(values[number]) == 2]
    if not sop_class or not sop_instance or len(numbers) != len(_STORE_NUMBERS):
        return None
    field, message_id, priority, data_set = numbers
    if field != C_STORE_RQ or priority not in _PRIORITIES or data_set == NO_DATA_SET:
        return None
    return StoreCommand(sop_class, sop_instance, message_id, priority)


def store_response(
    sop_class: str, sop_instance: str, *, message_id: int, status: int, comment: str = "", offending: tuple[int, ...] = ()
) -> bytes | None:
    """Command set of a C-STORE response (PS3.7 9.3.1.2), implicit VR, little endian.

    Parameters
    ----------
    comment
        ASCII, at most 64 characters; left out where empty.

    Returns
    -------
    bytes or None
        None where a UID is not made of digits and dots, or the comment not of printable characters: then pynetdicom knows what to do.
    """
    if not (_PLAIN_UID.fullmatch(sop_class) and _PLAIN_UID.fullmatch(sop_instance)):
        return None
    if comment and not (comment.isascii() and comment.isprintable() and "\\" not in comment):
        return None
    elements = [
        _element(0x0002, _uid(sop_class)),
        _number(0x0100, C_STORE_RSP),
        _number(0x0120, message_id),
        _number(0x0800, NO_DATA_SET),
        _number(0x0900, status),
    ]
    if offending:
        elements.append(_element(0x0901, b"".join(struct.pack("<HH", tag >> 16, tag & 0xFFFF) for tag in offending)))
    if comment:
        elements.append(_element(0x0902, _even(comment, b" ")))
    elements.append(_element(0x1000, _uid(sop_instance)))
    body = b"".join(elements)
    return _GROUP_LENGTH.pack(0x0000, 0x0000, 4, len(body)) + body


def _command_values(encoded: bytes) -> dict[int, bytes]:
    """Values of a command set by element number; empty where it is none from beginning to end."""
    values, at = {}, 0
    while at + _COMMAND.size <= len(encoded):
        group, number, length = _COMMAND.unpack_from(encoded, at)
        start = at + _COMMAND.size
        at = start + length
        if group or at > len(encoded) or number in values:
            return {}
        values[number] = encoded[start:at]
    return values if at == len(encoded) else {}


def _uid_of(value: bytes) -> str:
    """Text of a UI value, one NUL of padding taken off; empty where it is no UID (PS3.5 9.1)."""
    text = value.removesuffix(b"\0").decode("ascii", "replace")
    return text if is_uid(text) else ""


@functools.cache
def _version() -> bytes:
    return struct.pack("<HH2s2xI2s", 0x0002, 0x0001, b"OB", 2, b"\x00\x01")


@functools.cache
def _maker() -> bytes:
    return _meta(0x0012, b"UI", _uid(IMPLEMENTATION_CLASS_UID)) + _meta(0x0013, b"SH", _even(IMPLEMENTATION_VERSION_NAME, b" "))


def _meta(number: int, vr: bytes, value: bytes) -> bytes:
    return _SHORT.pack(0x0002, number, vr, len(value)) + value


def _element(number: int, value: bytes) -> bytes:
    return _COMMAND.pack(0x0000, number, len(value)) + value


def _number(number: int, value: int) -> bytes:
    return struct.pack("<HHIH", 0x0000, number, 2, value)


def _uid(text: str) -> bytes:
    return _even(text, b"\0")


def _even(text: str, padding: bytes) -> bytes:
    value = text.encode("ascii")
    return value + padding * (len(value) % 2)
