"""The soft tissue of a hand: capsules along the fingers, polygons for palm, webs, wrist and forearm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from train.phantom.adult import FINGER_RADIUS_MM
from train.phantom.bones import Points


@dataclass(frozen=True, kw_only=True)
class Capsule:
    """Flesh around a bone: two circles and what lies between them, mm."""

    start: Points
    end: Points
    radius_start: float
    radius_end: float


def flesh(rays: dict[int, list[Points]], factor: float) -> tuple[list[Capsule], list[Points]]:
    """Capsules along the fingers, and polygons for palm, webs, wrist and forearm."""
    capsules = [capsule for ray, joints in rays.items() for capsule in _finger(ray, joints, factor)]
    skin = [_web(rays[ray], rays[ray + 1], 0.42) for ray in (2, 3, 4)]
    skin.append(
        np.array([rays[1][0], rays[1][0] + 0.72 * (rays[1][1] - rays[1][0]), rays[2][0] + 0.8 * (rays[2][1] - rays[2][0]), rays[2][0]])
    )
    skin.append(
        np.array([rays[5][0], rays[5][1], rays[4][1], rays[3][1], rays[2][1], rays[2][0], rays[1][0], (22.0, -14.0), (-24.0, -14.0)])
    )
    wrist = [(29.0, -16.0), (27.0, -30.0), (27.5, -45.0), (31.0, -75.0), (36.0, -120.0), (38.0, -190.0)]
    left = [(-42.0, -190.0), (-39.0, -120.0), (-33.0, -75.0), (-29.0, -45.0), (-28.5, -30.0), (-30.0, -16.0)]
    hypothenar = rays[5][0] + 0.55 * (rays[5][1] - rays[5][0]) - [13.0, 0.0]
    arm = np.array([rays[1][0] + [6.0, -2.0], *wrist, *left, hypothenar, rays[3][0]])
    arm[:, 0] *= 0.5 + 0.5 * factor
    skin.append(arm)
    capsules.append(Capsule(start=rays[1][0], end=rays[1][1], radius_start=11.0 * factor, radius_end=12.5 * factor))
    capsules.append(Capsule(start=rays[5][0], end=rays[5][1], radius_start=10.5 * factor, radius_end=11.0 * factor))
    capsules.append(Capsule(start=rays[2][0], end=rays[2][1], radius_start=9.0 * factor, radius_end=12.0 * factor))
    return capsules, skin


def _finger(ray: int, joints: list[Points], factor: float) -> list[Capsule]:
    base, middle, tip = (factor * radius for radius in FINGER_RADIUS_MM[ray])
    points = joints[1:]
    radii = [base, middle, tip] if ray == 1 else [base, middle, 0.5 * (middle + tip), tip]
    end = points[-1] + 0.35 * tip * (points[-2] - points[-1]) / np.hypot(*(points[-2] - points[-1]))
    points = [*points[:-1], end]
    return [
        Capsule(start=a, end=b, radius_start=ra, radius_end=rb) for a, b, ra, rb in zip(points, points[1:], radii, radii[1:], strict=False)
    ]


def _web(one: list[Points], two: list[Points], fraction: float) -> Points:
    ends = [ray[1] + fraction * (ray[2] - ray[1]) for ray in (one, two)]
    middle = 0.5 * (ends[0] + ends[1]) - 0.12 * (ends[0] + ends[1] - one[1] - two[1])
    return np.array([one[1], ends[0], middle, ends[1], two[1]])
