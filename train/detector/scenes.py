"""Frames that are no radiograph at all, drawn: screens, things, pictures, textures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from train.detector.canvas import SIDE, Pixels

Draw = Callable[[np.random.Generator], Pixels]

_WORDS: Final = [
    "Report",
    "left",
    "hand",
    "bone",
    "age",
    "chronological",
    "12",
    "years",
    "4",
    "months",
    "normal",
    "PA",
    "view",
    "2019-04-11",
    "series",
    "kV",
    "mAs",
    "W",
    "4095",
    "L",
    "2048",
    "XYZ",
    "37.5",
    "%",
]
_FONTS: Final = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX_SMALL)


def draw(kind: str, rng: np.random.Generator) -> Pixels:
    """One frame ``(SIDE, SIDE) uint8`` of this kind of `SCREENS`, `THINGS`, `PICTURES` or `TEXTURES`; some are negatives."""
    shown = (SCREENS | THINGS | PICTURES | TEXTURES)[kind](rng)
    return 255 - shown if rng.random() < 0.3 else shown


def _grey(field: NDArray[np.floating]) -> Pixels:
    return np.asarray(np.clip(field, 0, 255), np.uint8)


def _sheet(rng: np.random.Generator) -> Pixels:
    return np.full((SIDE, SIDE), int(rng.choice([0, 10, 30, 60, 245, 255])), np.uint8)


def _ink(rng: np.random.Generator, paper: Pixels) -> int:
    return int(rng.uniform(150, 255)) if paper[0, 0] < 128 else int(rng.uniform(0, 110))


def _text(rng: np.random.Generator) -> Pixels:
    page = _sheet(rng)
    size, line = float(rng.uniform(0.3, 1.2)), 4
    while line < SIDE:
        line += int(22 * size) + int(rng.integers(1, 6))
        if rng.random() < 0.85:
            words = " ".join(rng.choice(_WORDS, int(rng.integers(1, 9))))
            cv2.putText(page, words, (int(rng.uniform(0, 60)), line), int(rng.choice(_FONTS)), size, _ink(rng, page), 1, cv2.LINE_AA)
    return page


def _bars(rng: np.random.Generator) -> Pixels:
    page = _sheet(rng)
    cv2.line(page, (20, SIDE - 20), (SIDE - 10, SIDE - 20), _ink(rng, page), 1)
    count = int(rng.integers(3, 12))
    step = (SIDE - 40) // count
    for bar in range(count):
        x, top = 25 + bar * step, int(rng.uniform(15, SIDE - 25))
        cv2.rectangle(page, (x, SIDE - 20), (x + round(step * 0.7), top), _ink(rng, page), -1)
    return page


def _curves(rng: np.random.Generator) -> Pixels:
    page = _sheet(rng)
    x = np.arange(15, SIDE - 10)
    for _ in range(int(rng.integers(1, 8))):
        steps = cv2.GaussianBlur(rng.standard_normal((1, x.size)).astype(np.float32), (0, 0), float(rng.uniform(1, 20))).ravel()
        y = SIDE / 2 + np.cumsum(steps) * rng.uniform(1, 6) + np.linspace(0, rng.uniform(-80, 80), x.size)
        path = np.stack([x, np.clip(y, 5, SIDE - 5)], axis=1).astype(np.int32)
        cv2.polylines(page, [path], False, _ink(rng, page), int(rng.integers(1, 3)), cv2.LINE_AA)
    for at in range(15, SIDE, int(rng.integers(20, 50))):
        cv2.line(page, (at, 0), (at, SIDE), _ink(rng, page), 1)
    return page


def _points(rng: np.random.Generator) -> Pixels:
    page = _sheet(rng)
    centre = rng.uniform(60, 130, (int(rng.integers(1, 5)), 2))
    for _ in range(int(rng.integers(20, 400))):
        at = centre[rng.integers(len(centre))] + rng.normal(0, 30, 2)
        cv2.circle(page, (int(at[0]), int(at[1])), int(rng.integers(1, 4)), _ink(rng, page), -1)
    return page


def _pie(rng: np.random.Generator) -> Pixels:
    page, start = _sheet(rng), 0.0
    while start < 360:
        end = start + rng.uniform(15, 120)
        cv2.ellipse(page, (SIDE // 2, SIDE // 2), (70, 70), 0, start, min(end, 360), int(rng.uniform(20, 250)), -1, cv2.LINE_AA)
        start = end
    return page


def _windows(rng: np.random.Generator) -> Pixels:
    page = _sheet(rng)
    for _ in range(int(rng.integers(4, 25))):
        corner = rng.uniform(0, SIDE, 2).astype(int)
        size = rng.uniform(5, 90, 2).astype(int)
        cv2.rectangle(page, corner.tolist(), (corner + size).tolist(), int(rng.uniform(0, 255)), int(rng.choice([-1, 1, 2])))
        if rng.random() < 0.6:
            cv2.putText(page, str(rng.choice(_WORDS)), corner.tolist(), cv2.FONT_HERSHEY_SIMPLEX, 0.4, int(rng.uniform(0, 255)), 1)
    return page


def _code(rng: np.random.Generator) -> Pixels:
    """QR or bar code."""
    cells = int(rng.integers(8, 60))
    shape = (cells, cells) if rng.random() < 0.6 else (1, cells)
    code = (rng.random(shape) < 0.5).astype(np.uint8) * 255
    margin = int(rng.integers(0, 50))
    inner = cv2.resize(code, (SIDE - 2 * margin, SIDE - 2 * margin), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.copyMakeBorder(inner, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=255), np.uint8)


def _grid(rng: np.random.Generator) -> Pixels:
    """Line pairs, steps and rings of a test object."""
    page = np.full((SIDE, SIDE), 128, np.uint8)
    for ring in range(int(rng.integers(1, 6))):
        cv2.circle(page, (SIDE // 2, SIDE // 2), 15 + 17 * ring, int(rng.uniform(0, 255)), int(rng.choice([-1, 1, 3])) if ring < 2 else 2)
    pitch = int(rng.integers(4, 24))
    for at in range(0, SIDE, pitch):
        cv2.line(page, (at, 0), (at, SIDE // 2), int(rng.uniform(180, 255)), 1)
        if rng.random() < 0.7:
            cv2.line(page, (0, at), (SIDE, at), int(rng.uniform(0, 80)), 1)
    for step in range(10):
        cv2.rectangle(page, (step * 19, SIDE - 30), (step * 19 + 18, SIDE), 25 * step, -1)
    return page


def _lit(mask: Pixels, rng: np.random.Generator) -> Pixels:
    """Give a silhouette a body: thick in the middle, on an uneven ground, with noise."""
    deep = cv2.distanceTransform(mask, cv2.DIST_L2, 5) ** float(rng.uniform(0.0, 0.8))
    body = deep / max(float(deep.max()), 1e-3)
    ground = rng.uniform(0, 60) + rng.uniform(-20, 20) * np.linspace(-1, 1, SIDE)[:, None]
    grey = ground + (rng.uniform(100, 200) * (0.35 + 0.65 * body)) * (mask > 0) + rng.normal(0, rng.uniform(1, 8), mask.shape)
    return _grey(cv2.GaussianBlur(grey.astype(np.float32), (0, 0), float(rng.uniform(0.5, 1.5))))


def _fork(rng: np.random.Generator) -> Pixels:
    """Fork, comb or rake: a handle and prongs side by side, as straight fingers are."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    prongs, wide, long = int(rng.integers(2, 8)), rng.uniform(30, 110), rng.uniform(30, 100)
    thick = max(2, int(wide / prongs * rng.uniform(0.25, 0.6)))
    neck = int(SIDE / 2 + rng.uniform(-10, 30))
    cv2.line(mask, (SIDE // 2, SIDE), (SIDE // 2, neck), 255, int(rng.uniform(6, 40)))
    cv2.rectangle(mask, (int(SIDE / 2 - wide / 2), neck - 10), (int(SIDE / 2 + wide / 2), neck + int(rng.uniform(0, 30))), 255, -1)
    for prong in range(prongs):
        x = int(SIDE / 2 - wide / 2 + (prong + 0.5) * wide / prongs)
        cv2.line(mask, (x, neck), (x, int(neck - long)), 255, thick)
    return _turned(_lit(mask, rng), rng)


def _star(rng: np.random.Generator) -> Pixels:
    """Star, starfish, gear or flower: arms all around."""
    arms, sharp = int(rng.integers(3, 13)), rng.uniform(0.25, 0.8)
    angles = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    wave = np.abs(np.cos(angles * arms / 2)) ** rng.uniform(0.4, 4)
    reach = SIDE * rng.uniform(0.3, 0.48) * (1 - sharp + sharp * wave)
    outline = np.stack([SIDE / 2 + reach * np.cos(angles), SIDE / 2 + reach * np.sin(angles)], axis=1).astype(np.int32)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(mask, [outline], 255)
    return _turned(_lit(mask, rng), rng)


def _tree(rng: np.random.Generator) -> Pixels:
    """Tree, coral, river or vessel: branches that branch."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    spread, shrink = rng.uniform(0.2, 0.8), rng.uniform(0.6, 0.85)
    ends = [(SIDE / 2, float(SIDE), -np.pi / 2, SIDE * rng.uniform(0.2, 0.35), rng.uniform(5, 26))]
    for _ in range(int(rng.integers(3, 7))):
        grown = []
        for x, y, angle, length, thick in ends:
            tip = (x + length * np.cos(angle), y + length * np.sin(angle))
            cv2.line(mask, (int(x), int(y)), (int(tip[0]), int(tip[1])), 255, max(1, int(thick)))
            for side in rng.choice([-1, 0, 1], int(rng.integers(2, 4)), replace=False):
                grown.append((*tip, angle + spread * (side + rng.normal(0, 0.3)), length * shrink, thick * 0.65))
        ends = grown[:40]
    return _turned(_lit(mask, rng), rng)


def _leaf(rng: np.random.Generator) -> Pixels:
    """Lobed leaf with ribs on a stalk."""
    lobes, angles = int(rng.integers(1, 8)), np.linspace(-np.pi, np.pi, 240, endpoint=False)
    reach = SIDE * 0.4 * (0.55 + 0.45 * np.abs(np.cos(lobes * angles / 2))) * (0.6 + 0.4 * np.cos(angles / 2) ** 2)
    outline = np.stack([SIDE / 2 + reach * np.sin(angles), SIDE * 0.55 - reach * np.cos(angles)], axis=1).astype(np.int32)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(mask, [outline], 255)
    cv2.line(mask, (SIDE // 2, SIDE // 2), (SIDE // 2, SIDE), 255, int(rng.uniform(3, 20)))
    shown = _lit(mask, rng)
    for lobe in range(lobes):
        tip = outline[int((lobe + 0.5) * 240 / lobes)]
        cv2.line(shown, (SIDE // 2, int(SIDE * 0.6)), tip.tolist(), int(rng.uniform(60, 250)), 1, cv2.LINE_AA)
    return _turned(shown, rng)


def _tools(rng: np.random.Generator) -> Pixels:
    """Scissors, pliers, keys: a few crossing bars with rings."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for _ in range(int(rng.integers(1, 5))):
        ends = rng.uniform(15, SIDE - 15, (2, 2)).astype(int)
        cv2.line(mask, ends[0].tolist(), ends[1].tolist(), 255, int(rng.uniform(3, 30)))
        cv2.circle(mask, ends[1].tolist(), int(rng.uniform(5, 30)), 255, int(rng.choice([-1, 4, 8])))
    return _lit(mask, rng)


def _blobs(rng: np.random.Generator) -> Pixels:
    """Draw some lumps: stones, pills, a head, a phantom of water."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for _ in range(int(rng.integers(1, 7))):
        centre, size = rng.uniform(30, SIDE - 30, 2).astype(int), rng.uniform(8, 75, 2).astype(int)
        cv2.ellipse(mask, centre.tolist(), size.tolist(), float(rng.uniform(0, 180)), 0, 360, 255, -1)
    return _lit(mask, rng)


def _turned(shown: Pixels, rng: np.random.Generator) -> Pixels:
    matrix = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), float(rng.uniform(0, 360)), float(rng.uniform(0.7, 1.2)))
    return np.asarray(cv2.warpAffine(shown, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _dead_leaves(rng: np.random.Generator) -> Pixels:
    """Overlapping shapes of all sizes, which have the edges of photographs (Lee, Mumford & Huang, Int J Comput Vis 2001;41:35-59)."""
    shown = np.zeros((SIDE, SIDE), np.uint8)
    for _ in range(int(rng.integers(60, 400))):
        size = min(90.0, 4.0 / max(rng.random(), 1e-3) ** 0.6)
        centre = rng.uniform(0, SIDE, 2).astype(int)
        if rng.random() < 0.5:
            cv2.circle(shown, centre.tolist(), int(size), int(rng.uniform(0, 255)), -1, cv2.LINE_AA)
        else:
            box = cv2.boxPoints(
                ((float(centre[0]), float(centre[1])), (size * 2, size * float(rng.uniform(0.3, 2))), float(rng.uniform(0, 180)))
            )
            cv2.fillPoly(shown, [box.astype(np.int32)], int(rng.uniform(0, 255)), cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(shown, (0, 0), float(rng.uniform(0.4, 2))), np.uint8)


def _clouds(rng: np.random.Generator, slope: tuple[float, float] = (0.6, 2.2)) -> Pixels:
    """Noise with the spectrum of natural scenes, 1 over f to some power."""
    y, x = np.meshgrid(np.fft.fftfreq(SIDE), np.fft.rfftfreq(SIDE), indexing="ij")
    fall = np.maximum(np.hypot(x, y), 1 / SIDE) ** -rng.uniform(*slope)
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((SIDE, SIDE))) * fall, (SIDE, SIDE))
    return np.asarray(cv2.normalize(field, None, 0, 255, cv2.NORM_MINMAX), np.float64).astype(np.uint8)


def _landscape(rng: np.random.Generator) -> Pixels:
    """Sky, hills, a house or two."""
    shown = np.tile(np.linspace(float(rng.uniform(60, 255)), float(rng.uniform(60, 255)), SIDE)[:, None], (1, SIDE)).astype(np.uint8)
    for hill in range(int(rng.integers(1, 5))):
        ridge = SIDE * (0.35 + 0.15 * hill) + 25 * np.cumsum(cv2.GaussianBlur(rng.standard_normal((1, SIDE)), (0, 0), 12).ravel())
        for column, top in enumerate(np.clip(ridge, 0, SIDE - 1).astype(int)):
            shown[top:, column] = int(160 - 35 * hill)
    for _ in range(int(rng.integers(0, 6))):
        corner, size = rng.uniform(20, 150, 2).astype(int), rng.uniform(8, 50, 2).astype(int)
        cv2.rectangle(shown, corner.tolist(), (corner + size).tolist(), int(rng.uniform(0, 255)), -1)
    return _grey(shown + (_clouds(rng).astype(np.float64) - 128) * rng.uniform(0.05, 0.4))


def _portrait(rng: np.random.Generator) -> Pixels:
    """Draw a face before a ground, shoulders, eyes and mouth; or a cat's."""
    shown = _clouds(rng)
    tone = int(rng.uniform(90, 230))
    cv2.ellipse(shown, (96, 210), (90, 60), 0, 0, 360, int(rng.uniform(0, 255)), -1)
    cv2.ellipse(shown, (96, 96), (int(rng.uniform(35, 55)), int(rng.uniform(45, 65))), 0, 0, 360, tone, -1)
    for side in (-1, 1):
        if rng.random() < 0.3:
            cv2.fillPoly(shown, [np.array([(96 + side * 20, 60), (96 + side * 50, 20), (96 + side * 45, 75)])], tone)
        cv2.circle(shown, (96 + side * 18, 88), 6, int(rng.uniform(0, 90)), -1)
    cv2.ellipse(shown, (96, 122), (16, 5), 0, 0, 360, int(rng.uniform(0, 120)), -1)
    return np.asarray(cv2.GaussianBlur(shown, (0, 0), float(rng.uniform(0.5, 3))), np.uint8)


def _slice(rng: np.random.Generator) -> Pixels:
    """Ellipses within an ellipse, as in sections of head or trunk (Shepp & Logan, IEEE Trans Nucl Sci 1974;21:21-43)."""
    shown = np.zeros((SIDE, SIDE), np.float32)
    cv2.ellipse(shown, (96, 96), (int(rng.uniform(55, 90)), int(rng.uniform(55, 85))), 0, 0, 360, 1.0, int(rng.choice([-1, 6])))
    for _ in range(int(rng.integers(3, 20))):
        layer = np.zeros_like(shown)
        centre, size = rng.normal(96, 28, 2).astype(int), rng.uniform(3, 40, 2).astype(int)
        cv2.ellipse(layer, centre.tolist(), size.tolist(), float(rng.uniform(0, 180)), 0, 360, float(rng.uniform(-0.5, 0.5)), -1)
        shown += layer
    noisy = cv2.GaussianBlur(shown, (0, 0), 1.0) + rng.normal(0, 0.04, shown.shape)
    return np.asarray(cv2.normalize(noisy, None, 0, 255, cv2.NORM_MINMAX), np.float64).astype(np.uint8)


def _noise(rng: np.random.Generator) -> Pixels:
    grain = cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE)), (0, 0), float(rng.uniform(0.3, 6)))
    return _grey(rng.uniform(40, 200) + grain / grain.std() * rng.uniform(3, 60))


def _waves(rng: np.random.Generator) -> Pixels:
    """Gratings, plaids and rings."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE - 0.5
    angle, pitch = rng.uniform(0, np.pi), rng.uniform(2, 40)
    wave = np.sin(2 * np.pi * pitch * (x * np.cos(angle) + y * np.sin(angle)))
    if rng.random() < 0.5:
        wave = wave + np.sin(2 * np.pi * rng.uniform(2, 40) * (np.hypot(x, y) if rng.random() < 0.5 else y * np.cos(angle) - x))
    wave = np.sign(wave) if rng.random() < 0.4 else wave
    return np.asarray(cv2.normalize(wave, None, 0, 255, cv2.NORM_MINMAX), np.float64).astype(np.uint8)


def _cells(rng: np.random.Generator) -> Pixels:
    """Stones, tissue, crackle: regions nearest to random points."""
    points = rng.uniform(0, SIDE, (int(rng.integers(6, 90)), 2))
    y, x = np.mgrid[0:SIDE:2, 0:SIDE:2]
    away = np.sort(np.hypot(x[..., None] - points[:, 0], y[..., None] - points[:, 1]), axis=2)
    field = (away[..., 1] - away[..., 0]) if rng.random() < 0.6 else away[..., 0]
    large = cv2.resize(field, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.normalize(large, None, 0, 255, cv2.NORM_MINMAX), np.float64).astype(np.uint8)


def _ramp(rng: np.random.Generator) -> Pixels:
    """Nothing, or nearly: a gradient, a border, an empty plate."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    shown = rng.uniform(20, 200) + rng.uniform(-80, 80) * x + rng.uniform(-80, 80) * y + rng.normal(0, rng.uniform(0.5, 6), x.shape)
    shown = _grey(shown)
    edge = int(rng.integers(0, 40))
    shown[:edge], shown[:, :edge] = 0, 0
    return shown


SCREENS: Final[dict[str, Draw]] = {
    "text": _text, "bars": _bars, "curves": _curves, "points": _points, "pie": _pie, "windows": _windows, "code": _code, "test_grid": _grid,
}  # fmt: skip
THINGS: Final[dict[str, Draw]] = {
    "fork": _fork, "star": _star, "tree": _tree, "leaf": _leaf, "tools": _tools, "blobs": _blobs,
}  # fmt: skip
PICTURES: Final[dict[str, Draw]] = {
    "dead_leaves": _dead_leaves, "clouds": _clouds, "landscape": _landscape, "portrait": _portrait, "slice": _slice,
}  # fmt: skip
TEXTURES: Final[dict[str, Draw]] = {"noise": _noise, "waves": _waves, "cells": _cells, "ramp": _ramp}
