"""What becomes of a radiograph of a good hand: framed anew, cut off, covered, doubled, taken to pieces.

All frames are squares ``(SIDE, SIDE) uint8`` with the fingers up, as the training radiographs are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from train.detector.canvas import SIDE, Image, Pixels, collimate, mark

HOLDS_TIPS: Final = 2.0
"""Palm radii above the palm's centre at which a cut takes every long finger's end: good hands keep 2.97 (1st percentile of ``val``)."""

HOLDS_SIDES: Final = 1.1
"""The same to either side, where thumb or little finger go: good hands keep 2.3."""

HOLDS_WRIST: Final = 0.3
"""The same below, where the carpals go: good hands keep 0.99; what lies between is nobody's example."""


@dataclass(frozen=True, kw_only=True)
class Hand:
    """A frame with one whole hand, and its palm: centre and radius as shares of the side, radius 0 where no palm was found."""

    frame: Pixels
    x: float
    y: float
    radius: float


def framed(hand: Hand, rng: np.random.Generator) -> Pixels:
    """Still one whole hand: smaller in the frame, collimated, marked, wearing a ring."""
    shown = hand.frame.copy()
    if hand.radius and rng.random() < 0.12:
        _ring(shown, hand, rng)
    if rng.random() < 0.35:
        shown = _shrunk(shown, rng)
    if rng.random() < 0.15:
        shown = _bordered(shown, rng)
    if rng.random() < 0.3:
        mark(shown, rng)
    return shown


def cut_off(hand: Hand, rng: np.random.Generator) -> Pixels:
    """Without finger tips, one side or wrist; or one finger alone, or the wrist alone."""
    x, y, r = hand.x, hand.y, hand.radius
    left, top, right, bottom = 0.0, 0.0, 1.0, 1.0
    kind = rng.choice(["tips", "tips", "side", "wrist", "corner", "finger", "wrist alone"])
    if kind in {"tips", "corner"}:
        top = y - rng.uniform(0.2, HOLDS_TIPS) * r
    if kind in {"side", "corner"}:
        offset = rng.uniform(-0.2, HOLDS_SIDES) * r
        left, right = (x - offset, 1.0) if rng.random() < 0.5 else (0.0, x + offset)
    if kind == "wrist":
        bottom = y + rng.uniform(-0.8, HOLDS_WRIST) * r
    if kind == "finger":
        middle = x + rng.uniform(-1.2, 1.2) * r
        left, right, bottom = middle - rng.uniform(0.5, 1.2) * r, middle + rng.uniform(0.5, 1.2) * r, y - rng.uniform(0.2, 0.9) * r
    if kind == "wrist alone":
        top = y + rng.uniform(-0.3, 0.4) * r
    return _cropped(hand.frame, (left, top, right, bottom))


def several(hand: Hand, other: Hand, rng: np.random.Generator) -> Pixels:
    """Two hands: side by side, one above the other, or pushed into each other."""
    second = np.ascontiguousarray(other.frame[:, ::-1]) if rng.random() < 0.8 else other.frame
    first = hand.frame
    way = rng.choice(["beside", "beside", "below", "merged"])
    if way == "merged":
        canvas = np.full((SIDE, 2 * SIDE), int(np.median(first[:20])), np.uint8)
        near = round(SIDE * float(rng.uniform(0.62, 1.0)))
        canvas[:, :SIDE] = first
        canvas[:, near : near + SIDE] = np.maximum(canvas[:, near : near + SIDE], second)
        joined = canvas[:, : near + SIDE]
    else:
        narrow = round(SIDE * float(rng.uniform(0.85, 1.0)))
        inset = (SIDE - narrow) // 2
        first, second = first[:, inset : inset + narrow], second[:, inset : inset + narrow]
        joined = np.hstack([first, second]) if way == "beside" else np.vstack([first, second])
    shown = np.asarray(cv2.resize(joined, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
    return _shrunk(shown, rng) if rng.random() < 0.2 else shown


def covered(hand: Hand, rng: np.random.Generator) -> Pixels:
    """Under a cast or splint, or with plates, wires or a fixator over the bones."""
    shown = hand.frame.astype(np.float32)
    kind = rng.choice(["cast", "cast", "splint", "plates", "wires", "fixator"])
    {"cast": _cast, "splint": _splint, "plates": _plates, "wires": _wires, "fixator": _fixator}[str(kind)](shown, hand, rng)
    return np.clip(shown, 0, 255).astype(np.uint8)


def in_pieces(hand: Hand, rng: np.random.Generator) -> Pixels:
    """No hand any more, but all its grey values: tiles in another order, phases in another order, or bent out of shape."""
    way = rng.choice(["tiles", "tiles", "phases", "bent"])
    if way == "phases":
        spectrum = np.fft.rfft2(hand.frame)
        turned = np.abs(spectrum) * np.exp(2j * np.pi * rng.random(spectrum.shape))
        field = np.fft.irfft2(turned, (SIDE, SIDE))
        return np.asarray(cv2.normalize(field, None, 0, 255, cv2.NORM_MINMAX), np.float64).astype(np.uint8)
    if way == "bent":
        return _bent(hand.frame, rng)
    count = int(rng.choice([2, 3, 4, 6]))
    size = SIDE // count
    tiles = [
        hand.frame[row * size : (row + 1) * size, column * size : (column + 1) * size] for row in range(count) for column in range(count)
    ]
    order = rng.permutation(len(tiles))
    turned_tiles = [np.rot90(tiles[index], int(rng.integers(4))) if count > 2 else np.rot90(tiles[index], 2) for index in order]
    rows = [np.hstack(turned_tiles[row * count : (row + 1) * count]) for row in range(count)]
    return np.ascontiguousarray(np.vstack(rows))


def inverted(hand: Hand, rng: np.random.Generator) -> Pixels:
    """Make the negative, in which bone is darker than air."""
    return 255 - framed(hand, rng)


def _cropped(frame: Pixels, box: tuple[float, float, float, float]) -> Pixels:
    left, top, right, bottom = (round(SIDE * min(max(edge, 0.0), 1.0)) for edge in box)
    part = frame[top : max(bottom, top + 8), left : max(right, left + 8)]
    return np.asarray(cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.uint8)


def _shrunk(shown: Pixels, rng: np.random.Generator) -> Pixels:
    """Leave room around: what was beside the hand goes on, or ends in black or white."""
    height, width = (round(SIDE * float(rng.uniform(0.55, 0.98))) for _ in range(2))
    small = cv2.resize(shown, (width, height), interpolation=cv2.INTER_AREA)
    x, bottom = int(rng.integers(0, SIDE - width + 1)), int(rng.integers(0, max(1, (SIDE - height) // 2)))
    y = SIDE - height - bottom
    sides = (y, SIDE - height - y, x, SIDE - width - x)
    fill = rng.choice(["replicate", "replicate", "median", "black", "white"])
    if fill == "replicate":
        return np.asarray(cv2.copyMakeBorder(small, *sides, cv2.BORDER_REPLICATE), np.uint8)
    value = {"median": int(np.median(small[0])), "black": 0, "white": 250}[str(fill)]
    return np.asarray(cv2.copyMakeBorder(small, *sides, cv2.BORDER_CONSTANT, value=value), np.uint8)


def _bordered(shown: Pixels, rng: np.random.Generator) -> Pixels:
    larger = cv2.copyMakeBorder(shown, 30, 30, 30, 30, cv2.BORDER_REPLICATE)
    shrunk = np.asarray(cv2.resize(larger, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
    edge = rng.integers(0, 12, 4)
    value = int(rng.choice([0, 8, 250]))
    shrunk[: edge[0]], shrunk[SIDE - edge[1] :], shrunk[:, : edge[2]], shrunk[:, SIDE - edge[3] :] = value, value, value, value
    return shrunk


def _ring(shown: Pixels, hand: Hand, rng: np.random.Generator) -> None:
    """Draw a piece of jewellery, which hides nothing that is read."""
    x = int(SIDE * (hand.x + rng.uniform(-0.8, 0.8) * hand.radius))
    y = int(SIDE * (hand.y - rng.uniform(1.2, 1.8) * hand.radius))
    cv2.ellipse(shown, (x, y), (int(rng.uniform(3, 6)), 2), float(rng.uniform(-20, 20)), 0, 360, 245, 1, cv2.LINE_AA)


def _around(hand: Hand, rng: np.random.Generator, x: float, above: float, below: float) -> tuple[int, int]:
    """Draw a point near the palm, in palm radii."""
    return (
        round(SIDE * (hand.x + rng.uniform(-x, x) * hand.radius)),
        round(SIDE * min(0.98, hand.y + rng.uniform(-above, below) * hand.radius)),
    )


def _cast(shown: Image, hand: Hand, rng: np.random.Generator) -> None:
    """Draw a tube of plaster or glass fibre over forearm and palm, its walls brightest."""
    half, top = rng.uniform(1.1, 1.7) * hand.radius, hand.y + rng.uniform(-1.2, 0.5) * hand.radius
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    u = np.abs(x - hand.x - rng.normal(0, 0.02) - rng.uniform(-0.15, 0.15) * (y - top)) / (half * (1 - rng.uniform(0, 0.3) * (y - top)))
    ragged = top + 0.012 * np.sin(x * rng.uniform(20, 80)) + rng.uniform(-0.1, 0.1) * (x - hand.x)
    inside = ((u < 1) & (y > ragged)).astype(np.float32)
    weave = cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE), np.float32), (0, 0), float(rng.uniform(0.6, 1.5)))
    wall = 0.45 + 0.55 * np.clip(u, 0, 1) ** 4 + rng.uniform(0.05, 0.3) * weave
    shown += cv2.GaussianBlur(inside, (0, 0), 0.8) * rng.uniform(35, 110) * wall


def _splint(shown: Image, hand: Hand, rng: np.random.Generator) -> None:
    """Draw a padded metal strip or board behind hand and forearm, with holes."""
    x0, x1 = hand.x - rng.uniform(0.4, 1.3) * hand.radius, hand.x + rng.uniform(0.4, 1.3) * hand.radius
    y0 = hand.y - rng.uniform(-0.3, 2.2) * hand.radius
    layer = np.zeros((SIDE, SIDE), np.uint8)
    box = cv2.boxPoints((((x0 + x1) / 2 * SIDE, (y0 + 1.05) / 2 * SIDE), ((x1 - x0) * SIDE, (1.05 - y0) * SIDE), float(rng.normal(0, 6))))
    cv2.fillPoly(layer, [np.round(box).astype(np.int32)], 255)
    for _ in range(int(rng.integers(0, 6))):
        cv2.circle(layer, _around(hand, rng, 0.9, 1.5, 2.0), int(rng.integers(2, 6)), 0, -1)
    shown += layer.astype(np.float32) / 255 * rng.uniform(50, 150)


def _plates(shown: Image, hand: Hand, rng: np.random.Generator) -> None:
    """Plates with screws on forearm, carpals or metacarpals."""
    for _ in range(int(rng.integers(1, 4))):
        start = np.array(_around(hand, rng, 0.8, 1.2, 1.8), float)
        turn, length = rng.normal(np.pi / 2, 0.4), rng.uniform(0.7, 2.0) * hand.radius * SIDE
        way = np.array([np.cos(turn), np.sin(turn)])
        wide = int(rng.integers(4, 10))
        end = start + way * length
        cv2.line(shown, start.astype(int).tolist(), end.astype(int).tolist(), float(rng.uniform(225, 255)), wide)
        for at in np.linspace(0.1, 0.9, int(rng.integers(2, 7))):
            head = start + at * (end - start)
            tip = head + rng.choice([-1, 1]) * rng.uniform(6, 14) * np.array([-way[1], way[0]])
            cv2.line(shown, head.astype(int).tolist(), tip.astype(int).tolist(), 255.0, 2)


def _wires(shown: Image, hand: Hand, rng: np.random.Generator) -> None:
    """Three to six Kirschner wires through the wrist or fingers."""
    for _ in range(int(rng.integers(3, 7))):
        start, end = _around(hand, rng, 0.9, 1.5, 1.5), _around(hand, rng, 0.9, 2.2, 1.5)
        cv2.line(shown, start, end, 255.0, int(rng.integers(1, 4)), cv2.LINE_AA)


def _fixator(shown: Image, hand: Hand, rng: np.random.Generator) -> None:
    """Draw a rod along the forearm with pins into the bones."""
    x = hand.x + rng.choice([-1, 1]) * rng.uniform(0.3, 1.2) * hand.radius
    top, bottom = (round(SIDE * (hand.y + k * hand.radius)) for k in (-rng.uniform(0.3, 1.5), rng.uniform(1.0, 3.0)))
    column = round(SIDE * x)
    cv2.line(shown, (column, top), (column + int(rng.normal(0, 8)), bottom), 255.0, int(rng.integers(5, 13)))
    for row in np.linspace(top, bottom, int(rng.integers(3, 6))):
        cv2.line(shown, (column, int(row)), (round(SIDE * hand.x), int(row + rng.normal(0, 4))), 255.0, int(rng.integers(1, 4)))


def _bent(frame: Pixels, rng: np.random.Generator) -> Pixels:
    """Waves of a third of the frame and more: no finger stays one."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    push = [cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE), np.float32), (0, 0), float(rng.uniform(8, 16))) for _ in range(2)]
    push = [part / part.std() * rng.uniform(14, 26) for part in push]
    return np.asarray(cv2.remap(frame, x + push[0], y + push[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.uint8)


def tightened(shown: Pixels, rng: np.random.Generator) -> Pixels:
    """Collimate a drawing of anything."""
    changed = shown.copy()
    collimate(changed, rng)
    return changed
