"""One bone as outlines in millimetres: a long bone with its epiphysis and growth plate, and a round one."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from baa_node.core.radiograph import Sex
from train.phantom import maturity
from train.phantom.adult import JOINT_MM, Pose
from train.phantom.maturity import Epiphysis

Points = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Bone:
    """One bone: the union of closed outlines, with what its shadow needs.

    Attributes
    ----------
    outlines
        ``(N, 2)`` mm each.
    cortex_mm
        Thickness of the cortex at the middle of the shaft and at the ends.
    radius_mm
        Half depth of the bone in the direction of the beam.
    axis
        End points of the long axis, mm; a round bone has a short axis.
    scars
        ``(point, point, strength)`` of dense lines where a plate is closing.
    rim
        Offset in mm between the dorsal and the palmar edge, which are both seen.
    smooth_mm
        Rounding of the outline; larger where parts have grown together.
    """

    name: str
    outlines: tuple[Points, ...]
    cortex_mm: tuple[float, float]
    radius_mm: float
    axis: tuple[Points, Points]
    scars: tuple[tuple[Points, Points, float], ...] = ()
    rim: Points = field(default_factory=lambda: np.zeros(2))
    smooth_mm: float = 0.25


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """Local frame of a bone: s along the axis from the growing end, u to its right; all lengths at adult size."""

    origin: Points
    angle_deg: float

    def place(self, u: Points, s: Points) -> Points:
        along, across = axes(self.angle_deg)
        placed: Points = self.origin + np.outer(s, along) + np.outer(u, across)
        return placed

    def point(self, u: float, s: float) -> Points:
        along, across = axes(self.angle_deg)
        return self.origin + s * along + u * across


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Whose bones they are: maturity, pose, and how stout they are and how thick their cartilage, as factors."""

    age_months: float
    sex: Sex
    pose: Pose
    stout: float
    cartilage: float

    def epiphysis(self, name: str) -> Epiphysis:
        """Give the state of one growing end."""
        return maturity.epiphysis(name, self.age_months, self.sex)


def axes(angle_deg: float) -> tuple[Points, Points]:
    """Give the unit vectors along and across a bone that leans by an angle, clockwise from the y axis."""
    angle = np.deg2rad(angle_deg)
    return np.array([np.sin(angle), np.cos(angle)]), np.array([np.cos(angle), -np.sin(angle)])


def long_bone(
    name: str,
    growing: Points,
    other: Points,
    *,
    width: float,
    profile: dict[float, float],
    plan: Plan,
    epiphysis_height: float,
) -> Bone:
    """Shaft, epiphysis, and the bridge between them; ``growing`` is the end that carries the epiphysis."""
    axis = other - growing
    total = float(np.hypot(*axis))
    frame = _Frame(origin=growing, angle_deg=float(np.rad2deg(np.arctan2(axis[0], axis[1]))))
    along, across = axes(frame.angle_deg)
    state = plan.epiphysis(name)
    cartilage = 0.5 * JOINT_MM * plan.cartilage
    top = cartilage + epiphysis_height * width
    plate = 0.85 + 0.9 * (1.0 - state.growth)
    shaft_from = top + plate
    outlines = [_shaft(frame, profile, shaft_from, total - (cartilage if name[:2] != "DP" else 0.0), width)]
    if state.width > 0:
        outlines.append(_epiphysis(name, frame, state, width, (cartilage, top)))
    if state.fused > 0:
        half = 0.5 * width * state.fused * 0.98
        low, high = top - 0.45 * epiphysis_height * width, shaft_from + 0.06 * width
        outlines.append(frame.place(np.array([-half, half, half, -half]), np.array([low, low, high, high])))
    middle = top + 0.5 * plate
    scars = ((frame.point(-0.42 * width, middle), frame.point(0.42 * width, middle), state.scar),) if state.scar > 0 else ()
    return Bone(
        name=name,
        outlines=tuple(outlines),
        cortex_mm=(0.155 * width * 0.62, 0.085 * width**0.5),
        radius_mm=(0.27 if name == "radius" else 0.36) * width,
        axis=(frame.point(0.0, top), frame.point(0.0, total)),
        scars=scars,
        rim=0.05 * width * along + 0.03 * width * across,
        smooth_mm=0.25 + 0.7 * state.fused,
    )


def _shaft(frame: _Frame, profile: dict[float, float], start: float, end: float, width: float) -> Points:
    at, half = np.array(list(profile.items())).T
    t = np.unique(np.concatenate([np.linspace(0.0, 1.0, 48), at]))
    w = 0.5 * width * np.interp(t, at, half)
    w[2:-2] = np.convolve(w, np.full(5, 0.2), "same")[2:-2]
    s = start + t * (end - start)
    return np.vstack([frame.place(w, s), frame.place(-w, s)[::-1]])


def _epiphysis(name: str, frame: _Frame, state: Epiphysis, width: float, zone: tuple[float, float]) -> Points:
    """Outline of the epiphysis: a dot that becomes a disc as wide as the shaft (bar, ball, wedge or styloid by bone)."""
    ball = name[:2] == "MC" and name != "MC1"
    theta = np.linspace(0.0, 2 * np.pi, 64, endpoint=False)
    plate_side = np.sin(theta) > 0
    power = 2.0 / (2.0 + np.where(plate_side, 1.6, 0.1 if ball else 1.6) * state.growth)
    height = (zone[1] - zone[0]) * (0.42 + 0.58 * state.growth)
    across = np.sign(np.cos(theta)) * np.abs(np.cos(theta)) ** power
    # the articular half of a metacarpal head is the longer one
    half = height * np.where(plate_side, 0.35, 0.65) if ball else 0.5 * height
    s = half * np.sign(np.sin(theta)) * np.abs(np.sin(theta)) ** power
    u = 0.5 * width * state.width * across * (0.86 if ball else 0.97)
    s = np.where(plate_side, s + 0.22 * state.cap * height * np.abs(across) ** 4, s)
    if name == "radius":
        s *= np.where(plate_side, 1.0, 1.0 - 0.5 * across)
        s -= np.where(plate_side, 0.0, 0.45 * state.growth**2 * height * np.clip(-across, 0, 1) ** 3)
    if name == "ulna":
        s -= np.where(plate_side, 0.0, 0.75 * state.growth * height * np.exp(-(((across - 0.85) / 0.18) ** 2)))
    # a small centre lies nearer to the plate than to the joint
    middle = zone[1] - 0.5 * height - 0.25 * (1.0 - state.growth) * (zone[1] - zone[0]) + (0.15 * height if ball else 0.0)
    return frame.place(u, middle + s)


def round_bone(name: str, centre: Points, outline: Points, size: float) -> Bone:
    """Outline a carpal: a small disc at first, its own shape when mature."""
    for _ in range(2):
        outline = _chaikin(outline)
    middle = outline.mean(axis=0)
    radial = outline - middle
    distance = np.hypot(radial[:, 0], radial[:, 1])[:, None]
    disc = radial / distance * distance.mean()
    shape = size * (disc + (radial - disc) * size**2)
    radius = float(distance.mean()) * size
    return Bone(
        name=name,
        outlines=(centre + middle + shape,),
        cortex_mm=(0.2 * radius**0.5 + 0.1, 0.2 * radius**0.5 + 0.1),
        radius_mm=max(0.75 * radius, 1.0),
        axis=(centre - np.array([0.0, radius]), centre + np.array([0.0, radius])),
        rim=radius * np.array([0.12, -0.2]),
        smooth_mm=0.3,
    )


def _chaikin(outline: Points) -> Points:
    after = np.roll(outline, -1, axis=0)
    return np.stack([0.75 * outline + 0.25 * after, 0.25 * outline + 0.75 * after], axis=1).reshape(-1, 2)
