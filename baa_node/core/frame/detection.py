"""What a small network sees in a frame: one whole hand, or which of the things that must not be read.

The frame is squashed to a square and its grey values are stretched, so that neither size nor exposure matters. The network
itself comes with the bundle and is handed in, as `Detector`; nothing here knows its weights.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from baa_node.core.reasons import Reason

Grey = NDArray[np.uint8]

VIEW_SIDE: Final = 112
"""Side of the square that the network looks at: a finger of a hand that fills the frame is eight pixels wide."""

STRETCH: Final = (1.0, 99.5)
"""Percentiles of the squashed frame that become black and white: less than one lead letter covers."""


class Seen(enum.Enum):
    """What a frame may show, in the network's words; for all but the first the reason why it is not read."""

    ONE_HAND = ("one_hand", None)
    NO_HAND = ("no_hand", Reason.NO_HAND)
    SEVERAL_HANDS = ("several_hands", Reason.SEVERAL_HANDS)
    CUT_OFF = ("cut_off", Reason.HAND_CUT_OFF)
    COVERED = ("covered", Reason.OBSCURED)
    INVERTED = ("inverted", Reason.UNLIKE_TRAINING)

    def __init__(self, word: str, reason: Reason | None) -> None:
        self.word = word
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What the network says of one frame.

    Attributes
    ----------
    shares
        How sure it is of each, 0 to 1; they add up to 1.
    distance
        How far the frame's features lie from those of the hands it learnt from (Mahalanobis); see `Gates.max_unlikeness`.
    """

    shares: Mapping[Seen, float]
    distance: float

    @property
    def likeliest(self) -> Seen:
        """What it is most sure of."""
        return max(self.shares, key=lambda seen: self.shares[seen])

    @property
    def one_hand(self) -> float:
        """How sure it is of one whole hand."""
        return self.shares[Seen.ONE_HAND]


Detector = Callable[[Grey], Sight]
"""Looks at ``(VIEW_SIDE, VIEW_SIDE) uint8`` as `view_of` makes it."""


def view_of(pixels: Grey) -> Grey:
    """Show a radiograph ``(H, W) uint8``, bone bright, as the network wants it: squashed to a square, black to white."""
    small = cv2.resize(pixels, (VIEW_SIDE, VIEW_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    low, high = np.percentile(small, STRETCH)
    stretched = (small - low) / max(float(high - low), 1.0) * 255
    return np.asarray(np.clip(np.rint(stretched), 0, 255), np.uint8)


def sight(words: Sequence[str], shares: Sequence[float], distance: float) -> Sight:
    """Put the network's numbers under their names.

    Raises
    ------
    ValueError
        A word is unknown here, or one that must be there is missing.
    """
    by_word = dict(zip(words, shares, strict=True))
    known = {seen.word: seen for seen in Seen}
    if set(by_word) - set(known) or Seen.ONE_HAND.word not in by_word:
        raise ValueError(f"a detector that tells {', '.join(words)} apart is not known here")
    return Sight(shares={known[word]: float(share) for word, share in by_word.items()}, distance=distance)
