"""Compressed frames: some by encoders that no package here contains, others made on the spot, and their way back."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import get_frame
from pydicom.uid import UID

from baa_node.core.frame import pixels
from tests.parts.frames import image

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


def decoded(ds: Dataset) -> NDArray[np.uint8] | NDArray[np.uint16]:
    return pixels.decode(ds, pixels.read_layout(ds))
