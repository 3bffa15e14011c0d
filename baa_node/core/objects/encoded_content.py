"""The content tree of a report, encoded once: a report and its restatement as another SOP class are then written from the same bytes.

pydicom takes as long to write the tree as to build it: it prepares each element for any transfer syntax, and looks at each item for
corrections that no report needs. What a tree mostly holds, text, codes and sequences, is packed here (PS3.5 7.1.2 and 7.5); pydicom writes
the rest.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar

from pydicom.charset import convert_encodings, encode_string
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element

IMPLICIT_VR, LITTLE_ENDIAN = False, True
"""Explicit VR Little Endian, in which reports are kept (PS3.5 A.2)."""

_PADDING: Final = {"CS": b" ", "DA": b" ", "TM": b" ", "DT": b" ", "UI": b"\0"}
"""Of the value representations in the default repertoire, to an even length (PS3.5 6.2)."""

_IN_CHARACTER_SET: Final = frozenset({"SH", "LO", "UC", "UT"})
_LONG: Final = frozenset({"SQ", "UC", "UT"})
"""Whose length has 32 bits, after two that are reserved."""

_SHORT_HEADER: Final = struct.Struct("<HH2sH")
_LONG_HEADER: Final = struct.Struct("<HH2sHL")
_ITEM: Final = struct.Struct("<HHL")

_SHARED: Final[dict[int, tuple[Dataset, bytes]]] = {}
"""By identity; the item itself is held so that its identity stays its own."""

SharedItem = TypeVar("SharedItem", bound=Dataset)


def encode_content(document: Dataset) -> None:
    """Replace the Content Sequence (0040,A730) of a finished document by its encoding; whoever asks for it decodes it again."""
    charset = convert_encodings(document.SpecificCharacterSet)
    tree = document["ContentSequence"]
    encoded = _items(tree.value, charset)
    document[tree.tag] = RawDataElement(tree.tag, "SQ", len(encoded), encoded, 0, IMPLICIT_VR, LITTLE_ENDIAN)
    as_encoded(document)


def shared(item: SharedItem) -> SharedItem:
    """Give an item back that stands in many reports, and keep how it is encoded. In ASCII, and not to be changed."""
    _SHARED[id(item)] = item, _encoded_item(item, ["ascii"])
    return item


def as_encoded(document: Dataset) -> None:
    """Let what is encoded in a document be written as it is."""
    document.set_original_encoding(IMPLICIT_VR, LITTLE_ENDIAN, convert_encodings(document.SpecificCharacterSet))


def _items(items: Iterable[Dataset], charset: list[str]) -> bytes:
    """Items of a sequence, each with its length."""
    return b"".join([_SHARED[id(item)][1] if id(item) in _SHARED else _encoded_item(item, charset) for item in items])


def _encoded_item(item: Dataset, charset: list[str]) -> bytes:
    # Elements as they lie in the item: to ask for each one by one is what takes the time.
    encoded = b"".join([_element(element, charset) for _, element in sorted(item.items())])
    return _ITEM.pack(0xFFFE, 0xE000, len(encoded)) + encoded


def _element(element: DataElement | RawDataElement, charset: list[str]) -> bytes:
    value = _value(element, charset)
    if value is None:
        return _by_pydicom(element, charset)
    vr = str(element.VR)
    if vr in _LONG:
        return _LONG_HEADER.pack(element.tag.group, element.tag.element, vr.encode(), 0, len(value)) + value
    return _SHORT_HEADER.pack(element.tag.group, element.tag.element, vr.encode(), len(value)) + value


def _value(element: DataElement | RawDataElement, charset: list[str]) -> bytes | None:
    """Encode what a tree mostly holds; None for anything else."""
    value: Any = element.value
    if element.VR == "SQ" and isinstance(value, Sequence):
        return _items(value, charset)
    if not isinstance(value, str) or isinstance(element, RawDataElement):
        return None
    if element.VR in _PADDING:
        encoded = value.encode("iso8859")
        return encoded + _PADDING[element.VR] * (len(encoded) % 2)
    if element.VR in _IN_CHARACTER_SET:
        encoded = encode_string(value, charset)
        return encoded + b" " * (len(encoded) % 2)
    return None


def _by_pydicom(element: DataElement | RawDataElement, charset: list[str]) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = IMPLICIT_VR, LITTLE_ENDIAN
    write_data_element(buffer, element, charset)
    return buffer.getvalue()
