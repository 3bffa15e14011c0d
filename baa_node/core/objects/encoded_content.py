"""The content tree of a report, encoded once: a report and its restatement as another SOP class are then written from the same bytes.

Writing the tree takes pydicom as long as building it, and each item asks for a correction of value representations that no report needs.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydicom.charset import convert_encodings
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_sequence

IMPLICIT_VR, LITTLE_ENDIAN = False, True
"""Explicit VR Little Endian, in which reports are kept (PS3.5 A.2)."""


def encode_content(document: Dataset) -> None:
    """Replace the Content Sequence (0040,A730) of a finished document by its encoding; whoever asks for it decodes it again."""
    charset = convert_encodings(document.SpecificCharacterSet)
    tree = document["ContentSequence"]
    _mark(tree.value, charset)
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = IMPLICIT_VR, LITTLE_ENDIAN
    write_sequence(buffer, tree, charset)
    encoded = buffer.getvalue()
    document[tree.tag] = RawDataElement(tree.tag, "SQ", len(encoded), encoded, 0, IMPLICIT_VR, LITTLE_ENDIAN)
    as_encoded(document)


def as_encoded(document: Dataset) -> None:
    """Let what is encoded in a document be written as it is."""
    document.set_original_encoding(IMPLICIT_VR, LITTLE_ENDIAN, convert_encodings(document.SpecificCharacterSet))


def _mark(items: Iterable[Dataset], charset: list[str]) -> None:
    """Spare every item of a tree the correction that is for items of unknown origin."""
    for item in items:
        item.set_original_encoding(IMPLICIT_VR, LITTLE_ENDIAN, charset)
        for element in item:
            if element.VR == "SQ":
                _mark(element.value, charset)
