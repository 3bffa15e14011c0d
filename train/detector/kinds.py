"""Every kind of frame the detector learns, by group and by what it is to say of it.

A group is what is left out together when it is asked how well the detector knows what it never saw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from baa_node.core.frame.detection import Seen
from train.detector import limbs, scenes, variants
from train.detector.canvas import SIDE, Pixels
from train.detector.variants import Hand

Make = Callable[[Sequence[Hand], np.random.Generator], Pixels]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of frame.

    Attributes
    ----------
    share
        Frames of this kind, as a multiple of those of a drawn kind.
    by_palm
        Made only of hands whose palm was found: what is cut off or covered must be known.
    """

    name: str
    group: str
    seen: Seen
    make: Make
    share: float = 1.0
    by_palm: bool = True


def _one_of(hands: Sequence[Hand], rng: np.random.Generator) -> Hand:
    return hands[int(rng.integers(len(hands)))]


def _of_hand(change: Callable[[Hand, np.random.Generator], Pixels]) -> Make:
    return lambda hands, rng: change(_one_of(hands, rng), rng)


def _drawn(module_draw: Callable[[str, np.random.Generator], Pixels], name: str) -> Make:
    return lambda _hands, rng: _jittered(module_draw(name, rng), rng)


def _jittered(shown: Pixels, rng: np.random.Generator) -> Pixels:
    """Look closer at a part of some drawings, and bend some a little: no two limbs or leaves are alike."""
    if rng.random() < 0.3:
        size = rng.uniform(0.45, 0.95, 2) * SIDE
        top, left = (int(rng.uniform(0, SIDE - edge)) for edge in size)
        part = shown[top : top + int(size[0]), left : left + int(size[1])]
        shown = np.asarray(cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.uint8)
    if rng.random() < 0.5:
        y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
        push = [cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE), np.float32), (0, 0), 28.0) for _ in range(2)]
        push = [part / part.std() * rng.uniform(0, 7) for part in push]
        shown = np.asarray(cv2.remap(shown, x + push[0], y + push[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    return shown


def _group(group: str, module_draw: Callable[[str, np.random.Generator], Pixels], names: Mapping[str, object]) -> list[Kind]:
    return [Kind(name=name, group=group, seen=Seen.NO_HAND, make=_drawn(module_draw, name)) for name in names]


KINDS: Final[tuple[Kind, ...]] = (
    Kind(name="good", group="hand", seen=Seen.ONE_HAND, make=_of_hand(variants.framed), share=80, by_palm=False),
    Kind(name="cut off", group="cut off", seen=Seen.CUT_OFF, make=_of_hand(variants.cut_off), share=14),
    Kind(name="covered", group="covered", seen=Seen.COVERED, make=_of_hand(variants.covered), share=14),
    Kind(
        name="two hands", group="several", seen=Seen.SEVERAL_HANDS, share=12,
        make=lambda hands, rng: variants.several(_one_of(hands, rng), _one_of(hands, rng), rng),
    ),
    Kind(name="negative", group="inverted", seen=Seen.INVERTED, make=_of_hand(variants.inverted), share=8),
    Kind(name="in pieces", group="pieces", seen=Seen.NO_HAND, make=_of_hand(variants.in_pieces), share=8),
    *_group("limbs", limbs.draw, limbs.LIMBS),
    *_group("trunk", limbs.draw, limbs.TRUNK),
    *_group("animals", limbs.draw, limbs.ANIMALS),
    *_group("screens", scenes.draw, scenes.SCREENS),
    *_group("things", scenes.draw, scenes.THINGS),
    *_group("pictures", scenes.draw, scenes.PICTURES),
    *_group("textures", scenes.draw, scenes.TEXTURES),
)  # fmt: skip

HELD_OUT: Final = (("limbs",), ("trunk", "animals"), ("screens", "things"), ("pictures", "textures", "pieces"))
"""Groups that are left out together, one training each; between them every drawn kind of non-hand is left out once."""
