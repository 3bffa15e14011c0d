"""Stored words as they were written, whatever the transfer syntax; and declarations that cannot be read."""

from __future__ import annotations

import io
import threading
import time
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset
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
from baa_node.errors import MissingAttribute, UndecodablePixels, UnsupportedImage
from tests.parts.codestreams import EXTENDED_FRAME, HTJ2K_FRAME, PREDICTION_6_FRAME, SV1_FRAME, decoded, encoded, jpeg
from tests.parts.frames import compressed, image, ramp

LOSSLESS = {
    "jpeg_ls": JPEGLSLossless,
    "jpeg_2000": JPEG2000Lossless,
    "rle": RLELossless,
}


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
    @settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
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

    @pytest.mark.parametrize("bits", [8, 10, 12, 16])
    @pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEG2000], ids=lambda s: s.name)
    def test_jpeg_2000_gives_what_a_plug_in_gives(self, syntax: UID, bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
        grain = np.random.default_rng(bits).integers(0, 1 << bits, (70, 50))
        words = ((ramp(70, 50).astype(int) + grain // 8) % (1 << bits)).astype(np.uint8 if bits == 8 else np.uint16)
        ds = image(words, bits=bits)
        ds.compress(syntax, generate_instance_uid=False, **({"j2k_cr": [3]} if syntax == JPEG2000 else {}))
        with monkeypatch.context() as patch:
            patch.setattr(pixels, "get_decoder", lambda uid: pytest.fail("a plug-in was asked"))
            direct = decoded(ds)
        monkeypatch.setattr(pixels, "_jpeg_2000", lambda *arguments: None)
        assert direct.dtype == decoded(ds).dtype
        assert np.array_equal(direct, decoded(ds))

    def test_others_go_on_while_a_large_frame_is_decoded(self) -> None:
        ds = image(np.random.default_rng(1).integers(0, 4096, (1200, 1200)).astype(np.uint16))
        ds.compress(JPEG2000Lossless, generate_instance_uid=False)
        moments, done = [time.monotonic()], threading.Event()

        def live() -> None:
            while not done.wait(0.002):
                moments.append(time.monotonic())

        other = threading.Thread(target=live)
        other.start()
        began = time.monotonic()
        decoded(ds)
        took = time.monotonic() - began
        done.set()
        other.join()
        assert max(np.diff([*moments, time.monotonic()])) < took / 2

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
