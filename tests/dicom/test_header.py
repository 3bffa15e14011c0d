from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.charset import python_encoding
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset

from baa_node.dicom.header import FIRST_PIXEL_TAG, plain_header
from tests.parts.sender import encoded_dataset

SAMPLES = sorted((Path(__file__).parents[2] / "sample_dicom").glob("*.dcm"))
PIXELS = b"\xe0\x7f\x10\x00OW\0\0\x04\0\0\0\1\2\3\4"


def by_pydicom(encoded: bytes) -> Dataset:
    return read_dataset(BytesIO(encoded), False, True, stop_when=lambda tag, _vr, _length: int(tag) >= FIRST_PIXEL_TAG)


def same(mine: Dataset, other: Dataset) -> bool:
    encodings = [(one.original_encoding, one.original_character_set, one._character_set) for one in (mine, other)]
    return list(dict(mine.items()).items()) == list(dict(other.items()).items()) and encodings[0] == encodings[1]


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    long = vr in {b"OB", b"OW", b"SQ", b"UN", b"UT", b"UC"}
    length = struct.pack("<2xL", len(value)) if long else struct.pack("<H", len(value))
    return struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr) + length + value


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_read_as_pydicom_reads_it(path: Path) -> None:
    encoded, ds = encoded_dataset(path)
    if ds.file_meta.TransferSyntaxUID.is_implicit_VR:
        assert plain_header(encoded) is None
        return
    mine = plain_header(encoded)
    assert mine is not None
    assert same(mine, by_pydicom(encoded))


@given(
    elements=st.lists(
        st.tuples(
            st.integers(0x00080001, 0x7FDFFFFF),
            st.sampled_from([b"LO", b"UI", b"US", b"PN", b"DS", b"SQ", b"UN", b"UT", b"OB"]),
            st.binary(max_size=20),
        ),
        unique_by=lambda one: one[0],
        max_size=8,
    )
)
def test_whatever_is_read_is_what_pydicom_reads(elements: list[tuple[int, bytes, bytes]]) -> None:
    plain = [one for one in sorted(elements) if one[0] != 0x00080005]
    encoded = b"".join(element(*one) for one in plain) + PIXELS
    mine = plain_header(encoded)
    assert mine is not None
    assert same(mine, by_pydicom(encoded))


@given(data=st.data())
@pytest.mark.filterwarnings("ignore")
def test_of_spoilt_bytes_nothing_is_read_that_pydicom_reads_otherwise(data: st.DataObject) -> None:
    encoded = bytearray(
        element(0x00080005, b"CS", b"ISO_IR 100") + element(0x00080016, b"UI", b"1.2") + element(0x00101010, b"AS", b"010Y") + PIXELS
    )
    for _ in range(data.draw(st.integers(1, 3))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    mine = plain_header(bytes(encoded))
    assert mine is None or same(mine, by_pydicom(bytes(encoded)))


@pytest.mark.parametrize("term", sorted(python_encoding))
def test_a_character_set_is_what_it_is_to_pydicom(term: str) -> None:
    value = term.encode() + b" " * (len(term) % 2)
    encoded = element(0x00080005, b"CS", value) + element(0x00100010, b"PN", b"A^B ") + PIXELS
    mine = plain_header(encoded)
    assert (mine is None) == (not term)
    assert mine is None or same(mine, by_pydicom(encoded))


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        element(0x00080016, b"UI", b"1.2"),
        element(0x00080016, b"XX", b"1.2") + PIXELS,
        element(0x00080018, b"UI", b"1.2") + element(0x00080016, b"UI", b"1.2") + PIXELS,
        element(0x00080016, b"UI", b"1.2") * 2 + PIXELS,
        element(0x00080005, b"CS", b"ISO_IR 100\\ISO 2022 IR 87") + PIXELS,
        element(0x00080005, b"CS", b"latin of some kind") + PIXELS,
        b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff" + PIXELS,
        element(0x00080016, b"UI", b"1.2") + PIXELS[:8],
        element(0x00080016, b"UI", b"1.2")[:-1],
    ],
)
def test_what_is_not_plain_is_left_to_pydicom(encoded: bytes) -> None:
    assert plain_header(encoded) is None
