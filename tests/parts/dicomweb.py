"""What a STOW-RS request is made of, well and badly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

BOUNDARY = "0f3cf5c0"
CONTENT_TYPE = f'multipart/related; type="application/dicom"; boundary="{BOUNDARY}"'


def multipart(files: Sequence[bytes], *, media_type: str = "application/dicom") -> bytes:
    """Body of a request with these files."""
    return b"".join(f"--{BOUNDARY}\r\nContent-Type: {media_type}\r\n\r\n".encode() + file + b"\r\n" for file in files) + (
        f"--{BOUNDARY}--\r\n".encode()
    )


def in_pieces(body: bytes, size: int) -> Iterator[bytes]:
    """Body in chunks of so many bytes."""
    for start in range(0, len(body), size):
        yield body[start : start + size]
