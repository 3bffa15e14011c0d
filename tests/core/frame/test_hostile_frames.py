"""Frames that lie about their size, are damaged, or are none: refused by name, without memory and without a crash."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom import Dataset
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from baa_node.core.frame import pixels
from baa_node.errors import InstanceError, UndecodablePixels
from tests.parts.codestreams import EXTENDED_FRAME, HTJ2K_FRAME, SV1_FRAME, decoded, encoded, frame_of, jpeg
from tests.parts.frames import compressed, image, ramp


class TestSizes:
    def test_a_declared_size_above_the_limit(self) -> None:
        with pytest.raises(UndecodablePixels, match=r"46341×46341.*limit of 100000000"):
            pixels.read_layout(image(ramp(), Rows=46341, Columns=46341))

    def test_many_frames_count_against_the_limit(self) -> None:
        with pytest.raises(UndecodablePixels, match="limit"):
            pixels.read_layout(image(ramp(), NumberOfFrames=1_000_000))

    def test_the_limit_is_a_parameter(self) -> None:
        assert pixels.read_layout(image(ramp()), max_pixels=2000).rows == 40
        with pytest.raises(UndecodablePixels):
            pixels.read_layout(image(ramp()), max_pixels=1999)

    @pytest.mark.parametrize("syntax", [JPEGLSLossless, JPEG2000Lossless], ids=lambda s: s.name)
    def test_codestream_and_declaration_differ(self, syntax: UID) -> None:
        ds = encoded(ramp(), syntax)
        ds.Rows = 41
        with pytest.raises(UndecodablePixels, match=r"declared size 41×50 but the codestream holds 40×50"):
            decoded(ds)

    def test_a_baseline_frame_of_another_size(self) -> None:
        ds = compressed(image(np.zeros((8, 8), np.uint8), bits=8), JPEGBaseline8Bit, jpeg(np.zeros((9, 8), np.uint8)))
        with pytest.raises(UndecodablePixels, match="codestream holds 9×8"):
            decoded(ds)

    def test_a_second_frame_header_does_not_hide(self) -> None:
        frame = frame_of(encoded(ramp(), JPEGLSLossless))
        second = b"\xff\xf7\x00\x0b\x0c\xb5\x05\xb5\x05\x01\x01\x11\x00"
        with pytest.raises(UndecodablePixels, match="more than one"):
            decoded(compressed(image(ramp()), JPEGLSLossless, frame[:2] + second + frame[2:]))

    def test_colour_hidden_in_a_grey_image(self) -> None:
        stream = io.BytesIO()
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(stream, "JPEG")
        with pytest.raises(UndecodablePixels, match="3 components"):
            decoded(compressed(image(np.zeros((8, 8), np.uint8), bits=8), JPEGBaseline8Bit, stream.getvalue()))

    def test_sixteen_bit_samples_in_eight_allocated(self) -> None:
        frame = frame_of(encoded(ramp(bits=16), JPEGLSLossless, bits=16))
        with pytest.raises(UndecodablePixels, match="16-bit samples where BitsAllocated is 8"):
            decoded(compressed(image(np.zeros((40, 50), np.uint8), bits=8), JPEGLSLossless, frame))

    def test_too_many_tiles(self) -> None:
        frame = bytearray(frame_of(encoded(ramp(100, 100), JPEG2000Lossless)))
        siz = frame.find(b"\xff\x51")
        frame[siz + 22 : siz + 30] = (1).to_bytes(4, "big") * 2
        with pytest.raises(UndecodablePixels, match="10000 tiles"):
            decoded(compressed(image(ramp(100, 100)), JPEG2000Lossless, bytes(frame)))

    def test_a_large_frame_in_a_few_bytes(self) -> None:
        frame = bytearray(frame_of(encoded(ramp(), JPEGLSLossless)))
        sof = frame.find(b"\xff\xf7")
        frame[sof + 5 : sof + 9] = (9000).to_bytes(2, "big") * 2
        with pytest.raises(UndecodablePixels, match="compressed frame has only"):
            decoded(compressed(image(ramp(), Rows=9000, Columns=9000), JPEGLSLossless, bytes(frame)))

    @pytest.mark.parametrize("length", [0, 63, 64, 100])
    def test_a_run_length_frame_that_is_cut(self, length: int) -> None:
        with pytest.raises(UndecodablePixels, match="RLE"):
            decoded(compressed(image(ramp()), RLELossless, frame_of(encoded(ramp(), RLELossless))[:length] or b"\0\0"))

    def test_a_run_length_bomb_is_not_unpacked(self) -> None:
        header = np.array([2, 64, 66, *[0] * 13], "<u4").tobytes()
        bomb = header + b"\x00\x01" + b"\x81\x00" * 200_000
        with pytest.raises(UndecodablePixels, match="unpacks to 1 bytes"):
            decoded(compressed(image(ramp()), RLELossless, bomb))


MEASURE = """
    import resource, sys
    import numpy as np
    from baa_node.core.radiograph import from_dataset
    from baa_node.errors import UndecodablePixels
    from pydicom.uid import UID
    from tests.parts.frames import compressed, image

    from_dataset(image(np.arange(4096, dtype=np.uint16).reshape(64, 64)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    side, syntax, frame = int(sys.argv[1]), UID(sys.argv[2]), bytes.fromhex(sys.argv[3])
    ds = image(np.zeros((4, 4), np.uint16), Rows=side, Columns=side)
    ds = compressed(ds, syntax, frame + bytes(10_000)) if syntax.is_encapsulated else ds
    try:
        from_dataset(ds)
    except UndecodablePixels as error:
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, error)
"""


def headers(side: int) -> dict[UID, bytes]:
    sof = b"\x0c" + side.to_bytes(2, "big") * 2 + b"\x01\x01\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00\x00\x00"
    siz = np.array([side, side, 0, 0, side, side, 0, 0], ">u4").tobytes()
    return {
        ExplicitVRLittleEndian: b"",
        JPEGLSLossless: b"\xff\xd8\xff\xf7\x00\x0b" + sof,
        JPEGLosslessSV1: b"\xff\xd8\xff\xc3\x00\x0b" + sof,
        JPEGExtended12Bit: b"\xff\xd8\xff\xc1\x00\x0b" + sof,
        JPEG2000Lossless: b"\xff\x4f\xff\x51\x00\x29\x00\x00" + siz + b"\x00\x01\x0b\x01\x01",
        RLELossless: np.array([2, 64, 70, *[0] * 13], "<u4").tobytes(),
    }


@pytest.mark.parametrize("syntax", list(headers(1)), ids=lambda s: s.name)
@pytest.mark.parametrize("side", [46341, 9900])
def test_a_small_file_that_claims_a_huge_frame_takes_no_memory(syntax: UID, side: int) -> None:
    frame = headers(min(side, 65535))[syntax].hex()
    answer = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MEASURE), str(side), syntax, frame],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    ).stdout
    grown_kib, message = answer.split(maxsplit=1)
    assert int(grown_kib) < 20_000
    assert any(word in message for word in ("limit", "only", "declared"))


class TestGarbage:
    FRAMES: ClassVar = {
        "baseline": (JPEGBaseline8Bit, lambda: jpeg(ramp(bits=8).astype(np.uint8)), 8),
        "jpeg_ls": (JPEGLSLossless, lambda: frame_of(encoded(ramp(), JPEGLSLossless)), 16),
        "jpeg_2000": (JPEG2000Lossless, lambda: frame_of(encoded(ramp(), JPEG2000Lossless)), 16),
        "jpeg_lossless": (JPEGLosslessSV1, lambda: SV1_FRAME, 16),
        "jpeg_extended": (JPEGExtended12Bit, lambda: EXTENDED_FRAME, 16),
        "high_throughput": (HTJ2KLossless, lambda: HTJ2K_FRAME, 16),
        "rle": (RLELossless, lambda: frame_of(encoded(ramp(), RLELossless)), 16),
    }

    @staticmethod
    def blank(kind: str, bits: int) -> Dataset:
        size = (16, 24) if kind in {"jpeg_lossless", "jpeg_extended", "high_throughput"} else (40, 50)
        return image(np.zeros(size, np.uint8 if bits == 8 else np.uint16), bits=bits)

    def try_to_decode(self, kind: str, syntax: UID, frame: bytes, bits: int) -> None:
        ds = compressed(self.blank(kind, bits), syntax, frame)
        with contextlib.suppress(InstanceError):
            assert decoded(ds).shape == (ds.Rows, ds.Columns)

    @pytest.mark.parametrize("kind", FRAMES)
    @settings(max_examples=40)
    @given(data=st.data())
    def test_a_damaged_frame_is_a_named_error_or_a_frame(self, kind: str, data: st.DataObject) -> None:
        syntax, make, bits = self.FRAMES[kind]
        frame = bytearray(make())
        for _ in range(data.draw(st.integers(1, 8))):
            frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
        self.try_to_decode(kind, syntax, bytes(frame[: data.draw(st.integers(1, len(frame)))]), bits)

    @pytest.mark.parametrize("kind", FRAMES)
    @settings(max_examples=30)
    @given(junk=st.binary(min_size=1, max_size=400))
    def test_noise_instead_of_a_frame(self, kind: str, junk: bytes) -> None:
        syntax, _, bits = self.FRAMES[kind]
        self.try_to_decode(kind, syntax, junk, bits)

    @pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEGExtended12Bit, HTJ2KLossless], ids=lambda s: s.name)
    @settings(max_examples=30)
    @given(junk=st.binary(max_size=200))
    def test_noise_after_a_proper_header(self, syntax: UID, junk: bytes) -> None:
        opening = headers(40)[JPEG2000Lossless if syntax == HTJ2KLossless else syntax]
        ds = compressed(image(np.zeros((40, 40), np.uint16)), syntax, opening + junk + b"\xff\xd9")
        with pytest.raises(InstanceError):
            decoded(ds)

    @pytest.mark.parametrize("kind", FRAMES)
    def test_a_frame_cut_in_the_middle_is_refused(self, kind: str) -> None:
        syntax, make, bits = self.FRAMES[kind]
        ds = compressed(self.blank(kind, bits), syntax, make()[: len(make()) * 2 // 3])
        with pytest.raises(UndecodablePixels):
            decoded(ds)

    @given(junk=st.binary(max_size=80))
    def test_a_damaged_encapsulation(self, junk: bytes) -> None:
        ds = compressed(image(ramp()), JPEGLSLossless, b"\0\0")
        ds.PixelData = junk
        with pytest.raises(InstanceError):
            decoded(ds)
