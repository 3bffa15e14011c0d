from __future__ import annotations

import warnings
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from baa_node.core.attributes import short_text

CHARACTER_SETS = st.sampled_from(
    [
        "",
        "ISO_IR 100",
        "ISO_IR 101",
        "ISO_IR 13",
        "ISO_IR 144",
        "ISO_IR 127",
        "ISO_IR 166",
        "ISO_IR 192",
        "GB18030",
        "GBK",
        "\\ISO 2022 IR 87",
    ]
)


def received(value: bytes, *, vr: bytes = b"SH", charset: str = "", implicit: bool = False) -> Dataset:
    """A header as it comes from the network, with this Accession Number."""
    value += b" " * (len(value) % 2)
    ds = Dataset()
    if charset:
        ds.SpecificCharacterSet = charset.split("\\")
    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, implicit
    write_dataset(stream, ds)
    kind = len(value).to_bytes(4, "little") if implicit else vr + len(value).to_bytes(2, "little")
    encoded = stream.getvalue() + b"\x08\x00\x50\x00" + kind + value
    return read_dataset(BytesIO(encoded), implicit, True)


@given(value=st.binary(max_size=20), charset=CHARACTER_SETS, implicit=st.booleans())
def test_a_text_is_what_pydicom_makes_of_it(value: bytes, charset: str, implicit: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = str(received(value, charset=charset, implicit=implicit).get("AccessionNumber") or "")
        assert short_text(received(value, charset=charset, implicit=implicit), "AccessionNumber") == expected


@given(value=st.from_regex(rb"[ -~]{0,66}\0?", fullmatch=True), charset=CHARACTER_SETS)
def test_so_is_printable_ascii_in_every_character_set(value: bytes, charset: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert short_text(received(value, charset=charset), "AccessionNumber") == str(
            received(value, charset=charset).get("AccessionNumber") or ""
        )


def test_a_plain_text_is_not_converted() -> None:
    ds = received(b"A123 ")
    assert short_text(ds, "AccessionNumber") == "A123"
    assert ds.get_item("AccessionNumber").value == b"A123  "


@pytest.mark.parametrize(("value", "vr", "told"), [(b"12  ", b"IS", "12"), (b"1\\2 ", b"SH", "['1', '2']"), (b"", b"SH", "")])
def test_what_is_not_plain_is_left_to_pydicom(value: bytes, vr: bytes, told: str) -> None:
    assert short_text(received(value, vr=vr), "AccessionNumber") == told


def test_an_absent_attribute_and_one_set_by_hand() -> None:
    ds = Dataset()
    assert short_text(ds, "AccessionNumber") == ""
    ds.AccessionNumber = "Ä 1"
    assert short_text(ds, "AccessionNumber") == "Ä 1"
