"""A small square film to draw shadows on: tubes, balls and plates of soft tissue, bone and metal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from train.phantom.exposure import BONE_PER_MM, SOFT_PER_MM

Image = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Point = tuple[float, float]

SIDE: Final = 192
"""Side of every drawing in pixels; frames of all shapes are squashed to it, as the training radiographs are."""

_ROWS, _COLUMNS = (grid.astype(np.float32) / SIDE for grid in np.mgrid[0:SIDE, 0:SIDE])
THICKNESS_MM: Final = 220.0
"""What a tube of the width of the film is thick."""


@dataclass(kw_only=True)
class Film:
    """Attenuation of what lies in the beam, ``(SIDE, SIDE) float32``; places and radii are shares of the side, ``(x, y)``.

    Attributes
    ----------
    turn_deg, stretch
        The whole drawing is turned about the middle and its width scaled: no two patients lie alike.
    """

    rng: np.random.Generator
    turn_deg: float = 0.0
    stretch: float = 1.0
    soft: Image = field(default_factory=lambda: np.zeros((SIDE, SIDE), np.float32))
    bone: Image = field(default_factory=lambda: np.zeros((SIDE, SIDE), np.float32))

    def flesh(self, start: Point, end: Point, radius: float, radius_end: float | None = None, *, thick: float = 1.0) -> None:
        """Lay a tube of soft tissue over what is there: where two meet they merge."""
        np.maximum(self.soft, thick * self._tube(start, end, radius, radius_end), out=self.soft)

    def air(self, start: Point, end: Point, radius: float, radius_end: float | None = None, *, share: float = 0.7) -> None:
        """Take soft tissue out of a tube, as lungs and bowel gas do."""
        self.soft *= 1 - share * np.clip(3 * self._tube(start, end, radius, radius_end) / (THICKNESS_MM * radius), 0, 1)

    def shaft(self, start: Point, end: Point, radius: float, *, flare: float = 1.5, cortex: float = 0.35) -> None:
        """Add a long bone with wider ends, dense at its rim."""
        along, across = self._along(start, end)
        ends = np.exp(-((np.minimum(along, 1 - along) / 0.16) ** 2))
        half = (radius * (1 + (flare - 1) * ends)).astype(np.float32)
        inner = np.maximum(half - radius * cortex * (1 - 0.6 * ends), 0)
        self._add_bone(_chord(across, half) - 0.75 * _chord(across, inner.astype(np.float32)), along)

    def ball(self, centre: Point, radius: float, radius_y: float | None = None, rim: float = 0.2) -> None:
        """Add a round or oval bone with a thin dense rim: carpals, tarsals, vertebrae, heads of joints."""
        x, y = self._placed(centre)
        away = np.hypot((_COLUMNS - x) * self._sx(), ((_ROWS - y) * radius / (radius_y or radius)))
        self._add_bone(_chord(away, radius) - 0.75 * _chord(away, radius * (1 - rim)), None)

    def arc(self, centre: Point, radius: Point, turn_deg: tuple[float, float], width: float, *, strength: float = 1.0) -> None:
        """Add a curved thin bone: ribs, rims of sockets, the vault of a skull."""
        angles = np.deg2rad(np.linspace(*turn_deg, 40))
        points = [self._placed((centre[0] + radius[0] * np.cos(a), centre[1] + radius[1] * np.sin(a))) for a in angles]
        line = np.zeros((SIDE, SIDE), np.uint8)
        path = np.round(np.array(points) * SIDE * 16).astype(np.int32)
        cv2.polylines(line, [path], False, 255, max(1, round(width * SIDE)), cv2.LINE_AA, 4)
        self.bone += strength * THICKNESS_MM * width * cv2.GaussianBlur(line, (0, 0), 0.8).astype(np.float32) / 255

    def attenuation(self) -> Image:
        """Both tissues together, with a grain in the bone."""
        grain = cv2.GaussianBlur(self.rng.standard_normal(self.bone.shape, np.float32), (0, 0), 1.0)
        total: Image = SOFT_PER_MM * self.soft + BONE_PER_MM * self.bone * (1 + 0.25 * grain)
        return total

    def _tube(self, start: Point, end: Point, radius: float, radius_end: float | None) -> Image:
        along, across = self._along(start, end)
        half = radius + ((radius_end if radius_end is not None else radius) - radius) * np.clip(along, 0, 1)
        return THICKNESS_MM * _chord(across, half)

    def _along(self, start: Point, end: Point) -> tuple[Image, Image]:
        """Share of the way from start to end, and distance from the nearest point of it."""
        (x0, y0), (x1, y1) = self._placed(start), self._placed(end)
        dx, dy = (x1 - x0) * self._sx(), y1 - y0
        x, y = (_COLUMNS - x0) * self._sx(), _ROWS - y0
        along = (x * dx + y * dy) / max(dx * dx + dy * dy, 1e-6)
        near = np.clip(along, 0, 1)
        return along, np.hypot(x - near * dx, y - near * dy)

    def _add_bone(self, chord: Image, along: Image | None) -> None:
        inside = chord if along is None else chord * ((along > -0.05) & (along < 1.05))
        self.bone += np.float32(0.6 * THICKNESS_MM) * inside

    def _placed(self, point: Point) -> Point:
        """Turn and stretch about the middle of the film."""
        turn = np.deg2rad(self.turn_deg)
        x, y = point[0] - 0.5, point[1] - 0.5
        return (
            0.5 + (x * np.cos(turn) - y * np.sin(turn)) / self._sx(),
            0.5 + x * np.sin(turn) + y * np.cos(turn),
        )

    def _sx(self) -> float:
        return 1 / self.stretch


def film(rng: np.random.Generator, *, upright: bool = False) -> Film:
    """Begin a drawing in a pose of its own."""
    turn = float(rng.normal(0, 8)) if upright else float(rng.choice([0, 0, 90, 180, 270]) + rng.normal(0, 15))
    return Film(rng=rng, turn_deg=turn, stretch=float(rng.uniform(0.8, 1.35)))


def developed(attenuation: Image, rng: np.random.Generator) -> Pixels:
    """Grey values as a radiograph has them: contrast, scatter, noise, collimation, a marker; bone bright."""
    wide = cv2.GaussianBlur(attenuation, (0, 0), SIDE / 10)
    seen = attenuation + float(rng.uniform(0.0, 0.3)) * (wide - attenuation)
    top = max(float(np.percentile(seen, rng.uniform(97.5, 100))), 0.05)
    grey = float(rng.uniform(0.0, 0.3)) + float(rng.uniform(0.4, 0.8)) * np.clip(seen / top, 0, 1.3) ** float(rng.uniform(0.6, 1.4))
    slope = rng.uniform(-0.1, 0.1, 2)
    grey += slope[0] * (_COLUMNS - 0.5) + slope[1] * (_ROWS - 0.5)
    grey += float(rng.uniform(0.003, 0.03)) * cv2.GaussianBlur(rng.standard_normal(grey.shape, np.float32), (0, 0), 0.7)
    shown = np.asarray(np.clip(255 * grey, 0, 255), np.uint8)
    if rng.random() < 0.4:
        collimate(shown, rng)
    if rng.random() < 0.5:
        mark(shown, rng)
    return shown


def collimate(shown: Pixels, rng: np.random.Generator) -> None:
    """Darken, or whiten, what lies outside a slightly turned rectangle, in place."""
    field_of_view = np.zeros(shown.shape, np.uint8)
    size = (SIDE * rng.uniform(0.7, 1.0), SIDE * rng.uniform(0.7, 1.0))
    box = cv2.boxPoints(((SIDE / 2, SIDE / 2), size, float(rng.normal(0, 2))))
    cv2.fillPoly(field_of_view, [np.round(box).astype(np.int32)], 255)
    shown[field_of_view == 0] = int(rng.choice([0, 5, 20, 250]))


def mark(shown: Pixels, rng: np.random.Generator) -> None:
    """Lay a lead letter or a line of print near an edge, in place."""
    words = str(rng.choice(["L", "R", "L", "R", "AB", "L 12", "R JK", "PA", "05-11-1998", "PORTABLE", "X7"]))
    at = (int(rng.uniform(0.03, 0.8) * SIDE), int(rng.choice([0.1, 0.12, 0.93, 0.97]) * SIDE))
    size = float(rng.uniform(0.3, 0.8))
    cv2.putText(shown, words, at, cv2.FONT_HERSHEY_SIMPLEX, size, int(rng.uniform(170, 255)), int(rng.integers(1, 3)), cv2.LINE_AA)


def _chord(away: Image, radius: Image | float) -> Image:
    chord: Image = 2 * np.sqrt(np.maximum(np.square(radius) - away * away, 0)).astype(np.float32)
    return chord
