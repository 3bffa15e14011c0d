from __future__ import annotations

import os
import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.pdu_primitives import P_DATA

from baa_node.dicom.bell import Bell
from baa_node.dicom.transport import DataTransfer

VALUES = st.lists(st.tuples(st.integers(1, 255), st.binary(max_size=50)), max_size=4)


def by_pynetdicom(body: bytes) -> list[tuple[int, bytes]] | None:
    """Its presentation data values; None where it cannot decode them."""
    pdu = P_DATA_TF()
    try:
        pdu.decode(struct.pack(">BxL", 0x04, len(body)) + body)
    except (AssertionError, struct.error):
        return None
    return list(pdu.to_primitive().presentation_data_value_list)


def taken_apart(body: bytes) -> list[tuple[int, bytes]] | None:
    try:
        primitive = DataTransfer(bytearray(body)).to_primitive()
    except (ValueError, struct.error):
        return None
    assert type(primitive) is P_DATA
    return [(context_id, bytes(value)) for context_id, value in primitive.presentation_data_value_list]


def packed(values: list[tuple[int, bytes]]) -> bytes:
    return b"".join(struct.pack(">LB", len(value) + 1, context_id) + value for context_id, value in values)


@given(values=VALUES)
def test_values_come_out_as_they_were_put_in(values: list[tuple[int, bytes]]) -> None:
    assert taken_apart(packed(values)) == values == by_pynetdicom(packed(values))


@given(values=VALUES, cut=st.integers(0, 60), more=st.binary(max_size=12))
def test_what_pynetdicom_cannot_decode_is_refused(values: list[tuple[int, bytes]], cut: int, more: bytes) -> None:
    spoilt = packed(values)[:cut] + more
    assert taken_apart(spoilt) == by_pynetdicom(spoilt)


@pytest.mark.parametrize("body", [b"\0", b"\0\0\0\0\1", b"\0\0\0\2\1", b"\xff\xff\xff\xff\1\3"])
def test_an_item_of_a_wrong_length_is_refused(body: bytes) -> None:
    assert taken_apart(body) is None


def test_whoever_waits_hears_the_others_and_not_itself() -> None:
    bell = Bell()
    bell.open()
    descriptor = bell._descriptor
    assert descriptor is not None
    bell.ring()
    with pytest.raises(BlockingIOError):
        os.eventfd_read(descriptor)
    other = threading.Thread(target=bell.ring)
    other.start()
    other.join()
    assert os.eventfd_read(descriptor) == 1
    bell.close()
    bell.ring()
