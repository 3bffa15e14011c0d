"""A Part 10 file as the C-STORE request that would bring it: for those who send files by other ways, and for trying rules."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from pydicom.filereader import read_dataset
from pydicom.uid import UID

from baa_node.dicom import scp
from baa_node.dicom.elements import PREAMBLE, is_uid

MEDIA_STORAGE_SOP_CLASS_UID: Final = 0x00020002
MEDIA_STORAGE_SOP_INSTANCE_UID: Final = 0x00020003
SYNTAX_UID: Final = 0x00020010


def request_of(content: bytes, caller: scp.Caller) -> scp.StoreRequest:
    """Read the file meta information, which says what the rest is.

    Raises
    ------
    ValueError
        It does not; bytes that are no data set raise the others of `scp.UNREADABLE`, too.
    """
    stream = BytesIO(content)
    if stream.read(len(PREAMBLE))[128:] != b"DICM":
        raise ValueError("no DICOM file")
    meta = read_dataset(stream, is_implicit_VR=False, is_little_endian=True, stop_when=lambda tag, _vr, _length: tag >> 16 != 2)
    sop_class, uid, syntax = (
        scp.identifier(meta, tag) for tag in (MEDIA_STORAGE_SOP_CLASS_UID, MEDIA_STORAGE_SOP_INSTANCE_UID, SYNTAX_UID)
    )
    if not all(map(is_uid, (sop_class, uid, syntax))):
        raise ValueError("file meta information does not name the instance")
    return scp.StoreRequest(
        caller=caller,
        sop_class_uid=sop_class,
        sop_instance_uid=uid,
        abstract_syntax=sop_class,
        transfer_syntax=UID(syntax),
        encoded=content[stream.tell() :],
        too_large=False,
    )
