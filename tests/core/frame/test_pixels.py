from __future__ import annotations

import base64
import contextlib
import io
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import ClassVar

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import get_frame
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    MPEG2MPML,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from baa_node.core.frame import pixels
from baa_node.errors import InstanceError, MissingAttribute, UndecodablePixels, UnsupportedImage
from tests.parts.frames import compressed, image, ramp

# 24 × 16 words of y·97 + x²·5 modulo 4096, made with OpenJPH, which no package here contains.
HTJ2K_FRAME = base64.b64decode(
    "/0//UQApQAAAAAAYAAAAEAAAAAAAAAAAAAAAGAAAABAAAAAAAAAAAAABDwEB/1AACAACAAAACv9SAAwAAgABAAUEBEAB/1wAEyCIkJCQkJCQkJCQkJCQiIiI/2QAFwABT3Bl"
    "bkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAAREAAf+TwAAmu/gFB3QAwAATAMr7Awd0AMAAEsAAE8AAEgBlAgd0AO5m9wCiNAD+AGMAwAAVsAAFVAABIJ/Pz4+ljv4AYAD5tgB0"
    "02X7ABCAd1YAgM90AMAAFuwAAV8AAEjnPM8555w4gRv3Oc9zzjknTuDG+RO9ZcgWJDG5ALJlZWVlZf7gGPYxgey4APAwVADAAC9KgABbcAAJwMlMkiRJkiRJQgIwcDKTJEmS"
    "JEmSkAAMnMwkSZIkSZIkJAADJzNJkiRJkiQJJABcjwCZa/Xr9ZfO1+vX6y+dr9ev1lwisbMbMboBwEAgEAgEAoFAYHr+/xAFEBn9iEB79iEB7L8A/3//SHBVAP/Z"
)

# The same words by DCMTK's dcmcjpeg: first-order prediction, prediction 6; and y·60 + x·40 in 12-bit DCT.
SV1_FRAME = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAQABgBAREA/8QAGwABAQEAAwEBAAAAAAAAAAAACAcGAwQFDBD/2gAIAQEAAQAA/cvf9nR63b0Gl1Wv2m531DpFNqVXrlhs1r"
    "uGw8vf9nR63b0Gl1Wv2m531DpFNqVXrlhs1ruGw8vf9nR63b0Gl1Wv2m531DpFNqVXrlhs1ruGw8vf9nR63b0Gl1Wv2m531DpFNqVXrlhs1ruGw8vf9nR63b0Gl1Wv2m53"
    "1DpFNqVXrlhs1ruGw8vf9nR63b0Gl1Wv2m531DpFNqVXrlhs1ruGw8vf9nR63b0Gl1Wv2m531DpFNqVXrlhs1ruGw8vf9nR63b0Gl1Wv2m531DpFNqVXrlhs1ruGw8vf9n"
    "R63b0Gl1Wv2m531DpFNqVXrlhs1ruGw8vf9nR63b0Gl1Wv2m531DpFNqVXrlhs1ruGw8vf9nR63b0Gl1Wv2m531DpFNqVXrlhs1ruGw8vf9nR63b0Gl1Wv2m531DpFNqVX"
    "rlhs1ruGw8vf9nR63b0Gl1Wv2m531DpFNqVXrlhs1ruGw8vf9nR63b0Gl1Wv2m531DpFNqVXrlhs1ruGw8vf9nR63b0Gl1Wv2m531DpFNqVXrlhs1ruGw8vf9nR63b0Gl1"
    "Wv2m531DpFNqVXrlhs1r/Bwf//2Q=="
)
PREDICTION_6_FRAME = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAQABgBAREA/8QAGwABAQEAAgMAAAAAAAAAAAAABgcIAwQFDBD/2gAIAQEABgAA+5e/5lGtb0Gl1Wv2m533Q+kdN6l1frnYez"
    "dr7hsLFixYsWLFixYsWLFixYsWLFixYsbCxYsWLFixYsWLFixYsWLFixYsWLGwsWLFixYsWLFixYsWLFixYsWLFixsLFixYsWLFixYsWLFixYsWLFixYsbCxYsWLFixYsW"
    "LFixYsWLFixYsWLGwsWLFixYsWLFixYsWLFixYsWLFixsLFixYsWLFixYsWLFixYsWLFixYsbCxYsWLFixYsWLFixYsWLFixYsWLGwsWLFixYsWLFixYsWLFixYsWLFixs"
    "LFixYsWLFixYsWLFixYsWLFixYsbCxYsWLFixYsWLFixYsWLFixYsWLGwsWLFixYsWLFixYsWLFixYsWLFixsLFixYsWLFixYsWLFixYsWLFixYsbCxYsWLFixYsWLFixY"
    "sWLFixYsWLGwsWLFixYsWLFixYsWLFixYsWLFj6Bh///2Q=="
)
EXTENDED_FRAME = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/wQALDAAQAB"
    "gBAREA/8QAFgABAQEAAAAAAAAAAAAAAAAACwoN/8QAHBAAAAYDAAAAAAAAAAAAAAAAAAoLJzZFU2Fx/9oACAEBAAA/AMV3KTJ3UZY3DXc0FACkyd1GWNw13NBQApMndRlj"
    "cNdzQl/KTJ3UZY3DXc0FACkyd1GWNw13NBQApMndRljcNdzQ///Z"
)

NATIVE = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
LOSSLESS = {
    "jpeg_ls": JPEGLSLossless,
    "jpeg_2000": JPEG2000Lossless,
    "rle": RLELossless,
}


def decoded(ds: Dataset) -> NDArray[np.uint8] | NDArray[np.uint16]:
    return pixels.decode(ds, pixels.read_layout(ds))


def encoded(words: NDArray[np.uint16], syntax: UID, *, bits: int = 12) -> Dataset:
    ds = image(words, bits=bits)
    ds.compress(syntax, generate_instance_uid=False)
    return ds


def frame_of(ds: Dataset) -> bytes:
    return get_frame(ds.PixelData, 0, number_of_frames=1)


def jpeg(words: NDArray[np.uint8]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(words).save(stream, "JPEG", quality=95)
    return stream.getvalue()


def written(ds: Dataset, syntax: UID) -> Dataset:
    """Write in another native syntax and read back, as a peer would send it."""
    stream = io.BytesIO()
    words = ds.PixelData
    if syntax == ExplicitVRBigEndian and ds.BitsAllocated == 16:
        ds.PixelData = np.frombuffer(words, "<u2").astype(">u2").tobytes()
    ds.file_meta.TransferSyntaxUID = syntax
    pydicom.dcmwrite(stream, ds, enforce_file_format=True)
    ds.PixelData = words
    return pydicom.dcmread(io.BytesIO(stream.getvalue()))


class TestNative:
    @pytest.mark.parametrize(
        "syntax",
        [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian],
        ids=lambda s: s.name,
    )
    def test_every_native_syntax_gives_the_same_words(self, syntax: UID) -> None:
        words = ramp()
        assert np.array_equal(decoded(written(image(words), syntax)), words)

    def test_eight_bits_in_words_of_swapped_bytes(self) -> None:
        octets = ramp(4, 6, bits=8).astype(np.uint8)
        ds = image(octets, bits=8)
        ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
        ds.PixelData = octets.reshape(-1, 2)[:, ::-1].tobytes()
        assert np.array_equal(decoded(ds), octets)
        ds.PixelData = octets.tobytes()
        ds["PixelData"].VR = "OB"
        assert np.array_equal(decoded(ds), octets)

    def test_data_shorter_than_declared_name_both_lengths(self) -> None:
        with pytest.raises(UndecodablePixels, match="holds 3998 bytes where 4000 are declared"):
            decoded(image(ramp(), PixelData=bytes(3998)))

    def test_trailing_padding_is_ignored(self) -> None:
        octets = ramp(3, 5, bits=8).astype(np.uint8)
        assert np.array_equal(decoded(image(octets, bits=8, PixelData=octets.tobytes() + b"\0")), octets)


class TestCompressed:
    @pytest.mark.parametrize("syntax", LOSSLESS.values(), ids=LOSSLESS)
    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(data=st.data())
    def test_every_lossless_encoding_gives_the_stored_words(self, syntax: UID, data: st.DataObject) -> None:
        rows, columns, bits = (data.draw(st.integers(low, high)) for low, high in ((32, 60), (32, 60), (9, 16)))
        shifted = (ramp(rows, columns).astype(int) << (bits - 9)) + data.draw(st.integers(0, 60_000))
        words = (shifted % (1 << bits)).astype(np.uint16)
        assert np.array_equal(decoded(encoded(words, syntax, bits=bits)), words)

    @pytest.mark.parametrize("syntax", LOSSLESS.values(), ids=LOSSLESS)
    def test_signed_words_survive(self, syntax: UID) -> None:
        words = (ramp().astype(np.int16) - 2048).astype(np.int16)
        ds = image(words)
        ds.compress(syntax, generate_instance_uid=False)
        sign_extended = ((decoded(ds).astype(np.int32) & 0xFFF) ^ 0x800) - 0x800
        assert np.array_equal(sign_extended, words)

    @pytest.mark.parametrize("syntax", [HTJ2KLossless, HTJ2K, UID("1.2.840.10008.1.2.4.202")], ids=lambda s: s.name)
    def test_high_throughput_jpeg_2000(self, syntax: UID) -> None:
        y, x = np.mgrid[:16, :24]
        expected = (y * 97 + x * x * 5) % 4096
        ds = compressed(image(np.zeros((16, 24), np.uint16)), syntax, HTJ2K_FRAME)
        assert np.array_equal(decoded(ds), expected)

    @pytest.mark.parametrize(
        ("syntax", "frame"), [(JPEGLosslessSV1, SV1_FRAME), (JPEGLossless, PREDICTION_6_FRAME)], ids=["prediction 1", "prediction 6"]
    )
    def test_lossless_jpeg(self, syntax: UID, frame: bytes) -> None:
        y, x = np.mgrid[:16, :24]
        assert np.array_equal(decoded(compressed(image(np.zeros((16, 24), np.uint16)), syntax, frame)), (y * 97 + x * x * 5) % 4096)

    @pytest.mark.parametrize("selection", [63, 0])
    def test_extended_jpeg_even_when_its_scan_names_an_impossible_spectrum(self, selection: int) -> None:
        y, x = np.mgrid[:16, :24]
        scan = EXTENDED_FRAME.index(b"\xff\xda\x00\x08\x01")
        frame = EXTENDED_FRAME[: scan + 8] + bytes([selection]) + EXTENDED_FRAME[scan + 9 :]
        shown = decoded(compressed(image(np.zeros((16, 24), np.uint16)), JPEGExtended12Bit, frame))
        assert np.abs(shown.astype(int) - (y * 60 + x * 40)).max() <= 1

    def test_jpeg_baseline_is_close(self) -> None:
        y, x = np.mgrid[:64, :48]
        smooth = (y * 2 + x).astype(np.uint8)
        ds = compressed(image(smooth, bits=8), JPEGBaseline8Bit, jpeg(smooth))
        assert np.abs(decoded(ds).astype(int) - smooth).max() <= 4

    def test_near_lossless_jpeg_ls_keeps_its_bound(self) -> None:
        words = ramp()
        ds = image(words)
        ds.compress(JPEGLSNearLossless, jls_error=3, generate_instance_uid=False)
        assert np.abs(decoded(ds).astype(int) - words).max() <= 3

    def test_lossy_jpeg_2000_is_close(self) -> None:
        y, x = np.mgrid[:64, :64]
        words = (y * 30 + x * 20).astype(np.uint16)
        ds = image(words)
        ds.compress(JPEG2000, j2k_cr=[4], generate_instance_uid=False)
        assert np.abs(decoded(ds).astype(int) - words).mean() < 8

    def test_eight_bit_samples_in_sixteen_bits_allocated(self) -> None:
        octets = np.full((16, 16), 77, np.uint8)
        ds = compressed(image(octets.astype(np.uint16), bits=8), JPEGBaseline8Bit, jpeg(octets))
        assert decoded(ds).max() == 77

    @pytest.mark.parametrize("name", ["hip_cr_jpeg_extended", "hip_cr_jpegls_near"])
    def test_the_real_hip_is_the_same_in_three_codings(self, shared_data: Path, name: str) -> None:
        """The JPEG Extended file names a spectral selection of 0 to 0, which every decoder refuses as it stands."""
        exact = decoded(pydicom.dcmread(shared_data / "dicom" / "hip_cr_jpeg_lossless.dcm")).astype(int)
        lossy = decoded(pydicom.dcmread(shared_data / "dicom" / f"{name}.dcm")).astype(int)
        assert np.abs(lossy - exact).mean() < 6

    def test_the_hand_with_an_inconsistent_tile_part_is_decoded(self, shared_data: Path) -> None:
        words = decoded(pydicom.dcmread(shared_data / "dicom" / "hand_cr_j2k_lossless.dcm"))
        assert (words.shape, words.max()) == ((2500, 2048), 4095)

    def test_a_video_syntax_is_unsupported(self) -> None:
        with pytest.raises(UnsupportedImage, match="MPEG2"):
            decoded(compressed(image(ramp()), MPEG2MPML, b"\x00\x00\x01\xb3"))


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
    @settings(max_examples=40, deadline=None)
    @given(data=st.data())
    def test_a_damaged_frame_is_a_named_error_or_a_frame(self, kind: str, data: st.DataObject) -> None:
        syntax, make, bits = self.FRAMES[kind]
        frame = bytearray(make())
        for _ in range(data.draw(st.integers(1, 8))):
            frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
        self.try_to_decode(kind, syntax, bytes(frame[: data.draw(st.integers(1, len(frame)))]), bits)

    @pytest.mark.parametrize("kind", FRAMES)
    @settings(max_examples=30, deadline=None)
    @given(junk=st.binary(min_size=1, max_size=400))
    def test_noise_instead_of_a_frame(self, kind: str, junk: bytes) -> None:
        syntax, _, bits = self.FRAMES[kind]
        self.try_to_decode(kind, syntax, junk, bits)

    @pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEGExtended12Bit, HTJ2KLossless], ids=lambda s: s.name)
    @settings(max_examples=30, deadline=None)
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


class TestDeclarations:
    @pytest.mark.parametrize("keyword", ["Rows", "Columns", "BitsAllocated", "PhotometricInterpretation"])
    def test_a_missing_attribute_is_named(self, keyword: str) -> None:
        with pytest.raises(MissingAttribute) as caught:
            pixels.read_layout(image(ramp(), **{keyword: None}))
        assert caught.value.keyword == keyword

    def test_no_transfer_syntax(self) -> None:
        ds = image(ramp())
        del ds.file_meta.TransferSyntaxUID
        with pytest.raises(MissingAttribute, match="TransferSyntaxUID"):
            pixels.read_layout(ds)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"PhotometricInterpretation": "PALETTE COLOR"},
            {"PhotometricInterpretation": "YBR_FULL"},
            {"SamplesPerPixel": 3},
            {"NumberOfFrames": 2},
            {"BitsAllocated": 32},
            {"PixelData": None},
        ],
        ids=str,
    )
    def test_what_is_not_read_is_unsupported(self, wrong: dict[str, object]) -> None:
        with pytest.raises(UnsupportedImage):
            pixels.read_layout(image(ramp(), **wrong))

    @pytest.mark.parametrize("wrong", [{"BitsStored": 17}, {"HighBit": 16}, {"BitsStored": 0}, {"HighBit": 5}, {"Rows": 0}], ids=str)
    def test_contradictions_are_undecodable(self, wrong: dict[str, int]) -> None:
        with pytest.raises(UndecodablePixels):
            pixels.read_layout(image(ramp(), **wrong))
