"""What a try-out page shows: the radiograph, the same in the colours of attention, and the drawn hand of that bone age."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from baa_node.core.ensemble import Estimate
from baa_node.core.radiograph import Sex
from baa_node.errors import InstanceError

HEIGHT: Final = 800
STRENGTH: Final = 0.62
"""Share of the colour where attention is highest; the bone must stay visible below it."""

REFERENCE: Final = Path(__file__).parent / "static" / "reference"
_NAME: Final = re.compile(r"([FM])_(\d{3})\.webp")


def shown(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Frame at the size of the page, ``(H, W) uint8``."""
    rows, columns = pixels.shape
    scale = min(1.0, HEIGHT / rows, HEIGHT / columns)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def coloured(pixels: NDArray[np.uint8], estimate: Estimate) -> NDArray[np.uint8]:
    """Frame at the size of the page, ``(H, W, 3) uint8`` BGR: hue and opacity grow with attention, which is 0 outside the crop."""
    plain = shown(pixels)
    attention = cv2.resize(_over_frame(pixels.shape, estimate), plain.shape[::-1], interpolation=cv2.INTER_AREA)
    colours = cv2.applyColorMap(np.round(attention * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    opacity = (STRENGTH * attention)[..., None]
    return np.asarray(np.round(plain[..., None] * (1 - opacity) + colours * opacity), np.uint8)


def _over_frame(shape: tuple[int, ...], estimate: Estimate) -> NDArray[np.float32]:
    """Saliency in pixels of the frame; the crop may reach beyond it."""
    top, left, height, width = estimate.crop
    saliency = np.clip(np.nan_to_num(estimate.saliency), 0, 1).astype(np.float32)
    large = np.clip(cv2.resize(saliency, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)
    frame = np.zeros(shape, np.float32)
    bottom, right = min(shape[0], top + height), min(shape[1], left + width)
    first_row, first_column = max(0, top), max(0, left)
    frame[first_row:bottom, first_column:right] = large[first_row - top : bottom - top, first_column - left : right - left]
    return frame


def scale() -> NDArray[np.uint8]:
    """Strip of the colours from low to high, ``(12, 256, 3) uint8`` BGR."""
    levels = np.repeat(np.arange(256, dtype=np.uint8)[None], 12, axis=0)
    return np.asarray(cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO), np.uint8)


def data_url(image: NDArray[np.uint8]) -> str:
    """JPEG within the page itself: no address at which somebody could find it later."""
    done, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not done:
        raise InstanceError("the picture cannot be shown")
    return f"data:image/jpeg;base64,{base64.b64encode(content.tobytes()).decode()}"


def reference_hand(months: float, sex: Sex) -> tuple[str, int]:
    """Name of the drawn hand whose bone age is nearest, and that age in months."""
    drawn = {
        int(found[2]): path.name for path in REFERENCE.glob("*.webp") if (found := _NAME.fullmatch(path.name)) and found[1] == sex.value
    }
    nearest = min(drawn, key=lambda age: (abs(age - months), age))
    return drawn[nearest], nearest
