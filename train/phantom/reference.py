"""The drawn hands that the console shows beside a try-out reading: ``python -m train.phantom.reference``.

One a year of bone age and sex, written to ``baa_node/web/static/reference``. They are synthetic; an atlas is not ours to show.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from baa_node.core.radiograph import Sex
from train.phantom.hand import draw_hand

FOLDER: Final = Path(__file__).parents[2] / "baa_node" / "web" / "static" / "reference"
AGES_MONTHS: Final = range(12, 217, 12)
SEED: Final = 20
HEIGHT_PX: Final = 520
LARGEST_BYTES: Final = 10_000


def draw_reference(age_months: int, sex: Sex) -> NDArray[np.uint8]:
    """Hand of this bone age in 8 bits, ``(520, W)``, without marker and collimation, at a dose that leaves little noise."""
    pixels = draw_hand(
        age_months=age_months, sex=sex, seed=SEED, height_px=HEIGHT_PX, marker=False, collimation=False, dose=40.0
    ).pixels.astype(np.float64)
    low, high = np.percentile(pixels, (0.5, 99.9))
    return np.asarray(np.clip((pixels - low) / (high - low), 0, 1) * 255, np.uint8)


def as_webp(image: NDArray[np.uint8]) -> bytes:
    """Write a picture at the best quality that stays within 10,000 bytes."""
    for quality in range(80, 4, -5):
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "WEBP", quality=quality, method=6)
        if buffer.tell() <= LARGEST_BYTES:
            return buffer.getvalue()
    raise ValueError(f"the picture does not fit into {LARGEST_BYTES} bytes")


def main() -> None:
    """Write every picture anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for sex in Sex:
        for age in AGES_MONTHS:
            (FOLDER / f"{sex.value}_{age:03d}.webp").write_bytes(as_webp(draw_reference(age, sex)))


if __name__ == "__main__":
    main()
