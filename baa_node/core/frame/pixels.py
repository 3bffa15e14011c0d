"""From Pixel Data to one plane of stored words: sizes are believed only after the codestream confirms them.

Nothing is allocated from a declared size before three checks: the declaration is below a limit, the header inside the
codestream says the same, and native data are as long as declared (PS3.5 8.1, 8.2 and annex A).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    ExplicitVRBigEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSNearLossless,
    RLELossless,
)

from baa_node.core import attributes
from baa_node.core.frame.codestream import CodestreamHeader, read_codestream_header, with_full_spectrum
from baa_node.errors import MissingAttribute, UndecodablePixels, UnsupportedImage

MAX_PIXELS: Final = 100_000_000
"""Largest frame that is decoded. The largest detectors give about 20 megapixels, digitised film up to 60."""

LARGE_FRAME: Final = 16_000_000
"""Pixels up to which a compressed frame is decoded however small it is; a decoder needs about 8 bytes a pixel."""

MAX_RATIO: Final = 400
"""Above ``LARGE_FRAME``, the greatest believable ratio of declared to compressed bytes: lossy radiographs reach about 50."""

RLE_EXPANSION: Final = 64
"""Two bytes of RLE unpack to 128 at most (PS3.5 G.3.1)."""

PLUGINS: Final = ("pyjpegls", "pylibjpeg", "pillow", "gdcm")
"""Order in which pydicom's decoding plug-ins are tried. pylibjpeg is the only one for lossless and 12-bit JPEG, and for JPEG 2000
what `_jpeg_2000` leaves; pillow and gdcm, where installed, are a second opinion."""

STRICT_PLUGIN: Final = "pyjpegls"
"""Where it decodes (JPEG-LS), its refusal is final: the next plug-in makes a picture of a damaged stream."""

LOSSY_SYNTAXES: Final = frozenset({JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless, JPEG2000, HTJ2K})

_JPEG_2000_BEGINS: Final = b"\xff\x4f\xff\x51"
_COMPONENT: Final = slice(42, 45)
"""Ssiz, XRsiz and YRsiz of the first component in the SIZ segment that begins a codestream (ISO/IEC 15444-1 A.5.1)."""

_END_MARKER: Final = b"\xff\xd9"  # EOI of JPEG and JPEG-LS, EOC of JPEG 2000; without it decoders fill up with what they please
_LONGEST_PADDING: Final = 64
_MONOCHROME: Final = ("MONOCHROME1", "MONOCHROME2")

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # it warns of each radiograph that it has no colour space


@dataclass(frozen=True, kw_only=True)
class PixelLayout:
    """How samples lie in Pixel Data (PS3.3 C.7.6.3); the integers are the attributes of the same name."""

    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    inverted: bool
    transfer_syntax: UID

    @property
    def lossy(self) -> bool:
        """True when the transfer syntax may change sample values."""
        return self.transfer_syntax in LOSSY_SYNTAXES

    @property
    def native_length(self) -> int:
        """Bytes of the uncompressed frame."""
        return self.rows * self.columns * (self.bits_allocated // 8)


def read_layout(ds: Dataset, *, max_pixels: int = MAX_PIXELS) -> PixelLayout:
    """Describe the frame without touching Pixel Data.

    Raises
    ------
    UnsupportedImage
        Colour, several frames, or a sample size other than 8 or 16 bits.
    MissingAttribute
        Rows, Columns, Bits Allocated, Photometric Interpretation or the transfer syntax.
    UndecodablePixels
        More pixels than ``max_pixels``, or bit positions that contradict each other.
    """
    photometric = _photometric(ds)
    rows, columns = _required(ds, "Rows"), _required(ds, "Columns")
    _check_size(ds, rows, columns, max_pixels)
    allocated = _required(ds, "BitsAllocated")
    if allocated not in (8, 16):
        raise UnsupportedImage(f"BitsAllocated is {allocated}; 8 and 16 are read")
    stored = _optional(ds, "BitsStored", allocated)
    high_bit = _optional(ds, "HighBit", stored - 1)
    if not (1 <= stored <= high_bit + 1 <= allocated):
        raise UndecodablePixels(f"BitsStored {stored} and HighBit {high_bit} do not fit BitsAllocated {allocated}")
    inverse_shape = attributes.text(ds, "PresentationLUTShape") == "INVERSE"
    return PixelLayout(
        rows=rows,
        columns=columns,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high_bit,
        signed=_optional(ds, "PixelRepresentation", 0) == 1,
        # INVERSE is how a DX image repeats MONOCHROME1 (PS3.3 C.8.11.3), not a second inversion.
        inverted=photometric == "MONOCHROME1" or inverse_shape,
        transfer_syntax=_transfer_syntax(ds),
    )


def decode(ds: Dataset, layout: PixelLayout) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Return the stored words of the only frame, ``(rows, columns)``, unsigned as they lie in memory: unused bits are still in them.

    Raises
    ------
    UnsupportedImage
        No Pixel Data, or a transfer syntax for which no decoder is installed.
    UndecodablePixels
        Shorter than declared, contradicting the declaration, or refused by every decoder.
    """
    data = attributes.value(ds, "PixelData")
    if not isinstance(data, bytes | bytearray):
        raise UnsupportedImage("PixelData is absent or not in memory")
    if not layout.transfer_syntax.is_encapsulated:
        return _native(ds, bytes(data), layout)
    frame = _frame(bytes(data))
    if layout.transfer_syntax == RLELossless:
        return _run_length(frame, layout)
    return _compressed(frame, layout)


def _photometric(ds: Dataset) -> str:
    found = attributes.text(ds, "PhotometricInterpretation")
    if not any(keyword in ds for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise UnsupportedImage("there is no PixelData")
    if not found:
        raise MissingAttribute("PhotometricInterpretation")
    samples = _optional(ds, "SamplesPerPixel", 1)
    if found not in _MONOCHROME or samples != 1:
        raise UnsupportedImage(f"PhotometricInterpretation {found[:16]!r} with {samples} samples a pixel is not a grey image")
    return found


def _check_size(ds: Dataset, rows: int, columns: int, max_pixels: int) -> None:
    frames = _optional(ds, "NumberOfFrames", 1)
    if rows < 1 or columns < 1:
        raise UndecodablePixels(f"Rows {rows} and Columns {columns} make no image")
    if rows * columns * max(frames, 1) > max_pixels:
        raise UndecodablePixels(f"declared size {rows}×{columns}, {frames} frame(s), is above the limit of {max_pixels} pixels")
    if frames > 1:
        raise UnsupportedImage(f"NumberOfFrames is {frames}; single frames are read")


def _required(ds: Dataset, keyword: str) -> int:
    found = attributes.integer(ds, keyword)
    if found is None:
        raise MissingAttribute(keyword)
    return found


def _optional(ds: Dataset, keyword: str, default: int) -> int:
    found = attributes.integer(ds, keyword)
    return default if found is None else found


def _transfer_syntax(ds: Dataset) -> UID:
    found = attributes.value(getattr(ds, "file_meta", None) or Dataset(), "TransferSyntaxUID")
    if found is None:
        raise MissingAttribute("TransferSyntaxUID")
    uid = UID(str(found))
    if not uid.is_transfer_syntax:
        raise UnsupportedImage("TransferSyntaxUID names no transfer syntax known here")
    return uid


def _native(ds: Dataset, data: bytes, layout: PixelLayout) -> NDArray[np.uint8] | NDArray[np.uint16]:
    if len(data) < layout.native_length:
        raise UndecodablePixels(f"PixelData holds {len(data)} bytes where {layout.native_length} are declared")
    big_endian = layout.transfer_syntax == ExplicitVRBigEndian
    if layout.bits_allocated == 16:
        words = np.frombuffer(data, ">u2" if big_endian else "<u2", count=layout.rows * layout.columns)
        return words.astype(np.uint16, copy=False).reshape(layout.rows, layout.columns)
    octets = np.frombuffer(data, np.uint8)
    if big_endian and ds["PixelData"].VR == "OW":
        # PS3.5 annex A.3: two 8-bit samples share one word whose bytes are swapped.
        octets = octets[: octets.size // 2 * 2].reshape(-1, 2)[:, ::-1].ravel()
        if octets.size < layout.native_length:
            raise UndecodablePixels(f"PixelData holds {octets.size} bytes in whole words where {layout.native_length} are declared")
    return octets[: layout.native_length].reshape(layout.rows, layout.columns)


def _frame(data: bytes) -> bytes:
    try:
        return get_frame(data, 0, number_of_frames=1)
    except attributes.UNREADABLE as error:
        raise UndecodablePixels("the encapsulation of PixelData is damaged") from error


def _compressed(frame: bytes, layout: PixelLayout) -> NDArray[np.uint8] | NDArray[np.uint16]:
    header = read_codestream_header(frame, layout.transfer_syntax)
    _confirm(header, layout, len(frame))
    if _END_MARKER not in frame[-_LONGEST_PADDING:]:
        raise UndecodablePixels("the compressed frame was cut: it has no end marker")
    if (words := _jpeg_2000(frame, layout, header)) is not None:
        return words
    if layout.transfer_syntax == JPEGExtended12Bit:
        frame = with_full_spectrum(frame)
    decoder = get_decoder(layout.transfer_syntax)
    plugins = [name for name in PLUGINS if name in decoder.available_plugins]
    if STRICT_PLUGIN in plugins:
        plugins = [STRICT_PLUGIN]
    reasons = []
    for plugin in plugins:
        try:
            array, _ = decoder.as_array(encapsulate([frame]), index=0, raw=True, decoding_plugin=plugin, **_image_pixel(layout, header))
        except (RuntimeError, MemoryError, *attributes.UNREADABLE) as error:
            reasons.append(f"{plugin}: {_last_line(error)}")
        else:
            return _as_words(array.reshape(layout.rows, layout.columns), layout)
    raise UndecodablePixels(f"no decoder accepts this {layout.transfer_syntax.name} frame ({'; '.join(reasons) or 'none installed'})")


def _jpeg_2000(frame: bytes, layout: PixelLayout, header: CodestreamHeader) -> NDArray[np.uint8] | NDArray[np.uint16] | None:
    """Decode JPEG 2000 as almost all of it is, by OpenCV; None for anything else, and for what it cannot decode.

    It is the library of pydicom's plug-ins, OpenJPEG, but lets other threads run meanwhile: a frame of 5 megapixels takes a second, in
    which a listener in this process would answer nobody.
    """
    if layout.transfer_syntax not in {JPEG2000, JPEG2000Lossless} or layout.signed or not 8 <= header.precision <= 16:
        return None
    if not frame.startswith(_JPEG_2000_BEGINS) or frame[_COMPONENT] != bytes([header.precision - 1, 1, 1]):
        return None
    try:
        samples = cv2.imdecode(np.frombuffer(frame, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if samples is None or samples.shape != (layout.rows, layout.columns):
        return None
    return _as_words(np.asarray(samples), layout)


def _as_words(samples: NDArray[Any], layout: PixelLayout) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """View samples as unsigned words; signed ones of a narrow codestream get the sign bits of a wide word first."""
    if samples.itemsize == 1 and layout.signed and layout.bits_allocated == 16:
        samples = samples.astype(np.int16)
    return samples.view(np.uint8) if samples.itemsize == 1 else samples.view(np.uint16)


def _last_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[-1][:160] if str(error).strip() else type(error).__name__


def _image_pixel(layout: PixelLayout, header: CodestreamHeader) -> dict[str, Any]:
    allocated = 8 if header.precision <= 8 else 16
    return {
        "rows": layout.rows,
        "columns": layout.columns,
        "number_of_frames": 1,
        "samples_per_pixel": 1,
        "bits_allocated": allocated,
        "bits_stored": min(layout.bits_stored, allocated),
        "photometric_interpretation": "MONOCHROME2",
        "pixel_representation": int(layout.signed),
        "pixel_keyword": "PixelData",
    }


def _confirm(header: CodestreamHeader, layout: PixelLayout, length: int) -> None:
    if (header.rows, header.columns) != (layout.rows, layout.columns):
        raise UndecodablePixels(f"declared size {layout.rows}×{layout.columns} but the codestream holds {header.rows}×{header.columns}")
    if header.components != 1:
        raise UndecodablePixels(f"the codestream holds {header.components} components where 1 is declared")
    if header.precision > layout.bits_allocated:
        raise UndecodablePixels(f"the codestream holds {header.precision}-bit samples where BitsAllocated is {layout.bits_allocated}")
    if layout.rows * layout.columns > LARGE_FRAME and layout.native_length > MAX_RATIO * length:
        raise UndecodablePixels(f"declared size {layout.rows}×{layout.columns} but the compressed frame has only {length} bytes")


def _run_length(frame: bytes, layout: PixelLayout) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Unpack RLE (PS3.5 annex G): one segment a byte of the sample, most significant first."""
    if len(frame) * RLE_EXPANSION < layout.native_length:
        raise UndecodablePixels(f"an RLE frame of {len(frame)} bytes cannot hold the {layout.native_length} that are declared")
    planes = layout.bits_allocated // 8
    header = struct.unpack("<16I", frame[:64]) if len(frame) >= 64 else (0,)
    if header[0] != planes:
        raise UndecodablePixels(f"the RLE header declares {header[0]} segments where {planes} are needed")
    bounds = [*header[1 : planes + 1], len(frame)]
    if bounds[0] < 64 or sorted(bounds) != bounds:
        raise UndecodablePixels("the RLE header holds impossible offsets")
    words = np.zeros((layout.rows * layout.columns, planes), np.uint8)
    for plane in range(planes):
        segment = _unpack_bits(frame[bounds[plane] : bounds[plane + 1]], len(words))
        words[:, planes - 1 - plane] = np.frombuffer(segment, np.uint8)
    flat = words.view("<u2") if planes == 2 else words
    return flat.reshape(layout.rows, layout.columns)


def _unpack_bits(segment: bytes, length: int) -> bytes:
    """Expand one segment and stop at ``length`` bytes, however much more the segment would give (PS3.5 G.3.1)."""
    out = bytearray()
    position, end = 0, len(segment)
    while position < end - 1 and len(out) < length:
        control = segment[position]
        if control < 128:
            out += segment[position + 1 : position + 2 + control]
            position += 2 + control
        else:
            if control > 128:
                out += segment[position + 1 : position + 2] * (257 - control)
            position += 1 if control == 128 else 2
    if len(out) < length:
        raise UndecodablePixels(f"an RLE segment unpacks to {len(out)} bytes where {length} are declared")
    return bytes(out[:length])
