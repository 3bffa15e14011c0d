"""The detector: five steps of halving, a mean over the frame, one share for each thing a frame may show."""

from __future__ import annotations

from typing import Final

import keras
from keras import layers

from baa_node.core.frame.detection import VIEW_SIDE, Seen
from train.models.parts import convolution, image_input

PAIRS: Final = (16, 32, 64, 96)
"""Filters of the pairs of convolutions, the first of each with stride 2; even multiples of 16 learn fastest in bfloat16."""

FEATURES: Final = "features"
"""Name of the layer whose output tells how far a frame lies from the hands that were learnt."""

SHARES: Final = "shares"


def detector(size: int = VIEW_SIDE) -> keras.Model:
    """Shares ``(N, len(Seen))`` in the order of `Seen`; 255,000 parameters."""
    image = image_input(size)
    x = convolution(layers.Rescaling(1 / 255, name="unit_range")(image), 16, 3, "stem", stride=2)
    for number, filters in enumerate(PAIRS, start=1):
        x = convolution(x, filters, 3, f"{number}a", stride=2)
        x = convolution(x, filters, 3, f"{number}b")
    x = layers.GlobalAveragePooling2D(name=FEATURES)(x)
    x = layers.Dropout(0.2, name="drop")(x)
    return keras.Model(image, layers.Dense(len(Seen), activation="softmax", dtype="float32", name=SHARES)(x), name="detector")
