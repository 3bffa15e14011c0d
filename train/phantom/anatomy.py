"""The skeleton and the skin of a left hand as outlines in millimetres.

Hand frame: origin in the middle of the capitate, x towards the radius (right in a postero-anterior view of a left hand), y towards
the fingertips. Everything is drawn at adult size here and scaled by the caller, so that a child's hand is an adult plan with other bones.

Lengths of the tubular bones: Buryanov A, Kotiuk V. Proportions of hand segments. Int J Morphol 2010;28(3):755-758 (rounded). The places
and outlines of the carpals are our own drawing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from baa_node.core.radiograph import Sex
from train.phantom import maturity
from train.phantom.maturity import Epiphysis

Points = NDArray[np.float64]

ADULT_HAND_LENGTH_MM = 196.0

METACARPAL_BASE_MM = {1: (28.0, 4.5), 2: (12.5, 12.5), 3: (0.5, 13.0), 4: (-10.5, 11.0), 5: (-19.5, 7.5)}
METACARPAL_ANGLE_DEG = {1: 38.0, 2: 9.0, 3: 0.0, 4: -9.0, 5: -19.0}
LENGTH_MM = {
    "MC": {1: 46.0, 2: 68.0, 3: 65.0, 4: 58.0, 5: 54.0},
    "PP": {1: 32.0, 2: 40.0, 3: 45.0, 4: 41.0, 5: 33.0},
    "MP": {2: 22.5, 3: 26.5, 4: 25.5, 5: 18.0},
    "DP": {1: 21.5, 2: 16.0, 3: 17.5, 4: 17.5, 5: 16.0},
}
BASE_WIDTH_MM = {
    "MC": {1: 15.5, 2: 15.0, 3: 15.0, 4: 13.0, 5: 12.5},
    "PP": {1: 16.0, 2: 16.0, 3: 16.5, 4: 15.0, 5: 13.0},
    "MP": {2: 13.5, 3: 14.0, 4: 13.0, 5: 10.5},
    "DP": {1: 13.5, 2: 10.5, 3: 11.0, 4: 10.5, 5: 9.0},
}
FINGER_RADIUS_MM = {1: (13.0, 12.0, 10.0), 2: (12.2, 10.7, 8.8), 3: (12.5, 11.0, 9.1), 4: (11.9, 10.3, 8.6), 5: (10.8, 9.2, 7.6)}
JOINT_MM = 1.5

# fraction of the length from the growing end -> fraction of the half width there
PHALANX = {
    0.0: 0.0,
    0.004: 0.72,
    0.02: 0.96,
    0.06: 0.99,
    0.2: 0.8,
    0.42: 0.62,
    0.62: 0.57,
    0.78: 0.64,
    0.88: 0.75,
    0.95: 0.74,
    0.985: 0.55,
    1.0: 0.0,
}
DISTAL_PHALANX = {
    0.0: 0.0,
    0.006: 0.75,
    0.03: 0.97,
    0.1: 0.9,
    0.28: 0.56,
    0.5: 0.38,
    0.68: 0.37,
    0.8: 0.47,
    0.88: 0.55,
    0.95: 0.5,
    0.985: 0.3,
    1.0: 0.0,
}
METACARPAL = {
    0.0: 0.0,
    0.004: 0.6,
    0.02: 0.8,
    0.06: 0.83,
    0.16: 0.66,
    0.36: 0.53,
    0.58: 0.5,
    0.76: 0.62,
    0.88: 0.82,
    0.95: 0.84,
    0.985: 0.62,
    1.0: 0.0,
}
FIRST_METACARPAL = {
    0.0: 0.0,
    0.006: 0.75,
    0.025: 0.94,
    0.08: 0.94,
    0.25: 0.72,
    0.5: 0.6,
    0.7: 0.68,
    0.87: 0.9,
    0.95: 0.84,
    0.985: 0.6,
    1.0: 0.0,
}
RADIUS = {0.0: 0.0, 0.001: 0.7, 0.008: 0.96, 0.02: 0.98, 0.08: 0.82, 0.16: 0.64, 0.28: 0.5, 0.5: 0.44, 1.0: 0.46}
ULNA = {0.0: 0.0, 0.001: 0.7, 0.008: 0.94, 0.03: 0.96, 0.1: 0.8, 0.2: 0.68, 0.5: 0.66, 1.0: 0.74}

FOREARM_LENGTH_MM = 150.0

CARPAL_CENTRE_MM = {
    "capitate": (-0.5, -0.5),
    "hamate": (-13.5, 0.5),
    "triquetrum": (-20.5, -11.5),
    "lunate": (-7.0, -18.0),
    "scaphoid": (11.0, -11.0),
    "trapezium": (21.5, -0.5),
    "trapezoid": (11.5, 4.5),
    "pisiform": (-21.5, -9.0),
}
CARPAL_OUTLINE_MM = {
    "capitate": ((-7, 11), (0, 12.5), (6.5, 12), (7.5, 6), (5, -1), (6.5, -6), (5, -12), (-1, -14), (-6.5, -11), (-7, -4), (-5.5, 4)),
    "hamate": ((-9, 9), (-3, 11), (5, 10.5), (6.5, 3), (6, -5), (4, -13), (0, -11), (-6, -4.5), (-9.5, 2)),
    "triquetrum": ((-6.5, 6), (-1, 8.5), (4, 5), (7.5, -2), (6, -8), (0, -8), (-6, -5), (-8, 1)),
    "lunate": ((-9.5, -1), (-7.5, 4.5), (-2, 4), (4, 6), (9, 4.5), (9, -3.5), (3.5, -7.5), (-5, -7)),
    "scaphoid": ((-9, -9.5), (-2, -11), (4.5, -6.5), (8, 0), (11.5, 5.5), (9, 10.5), (3, 9.5), (0, 4), (-3.5, 0.5), (-9, -2.5)),
    "trapezium": ((-7, 5), (-2, 9), (5, 7.5), (9.5, 1), (8, -5), (2, -7.5), (-5, -7), (-7.5, -2)),
    "trapezoid": ((-5, 6), (0, 8), (5.5, 7), (6.5, 0), (4, -6.5), (-3, -6), (-6, 0)),
    "pisiform": ((-4.5, 2), (0, 4.5), (4, 2.5), (4.5, -2), (0, -4.5), (-4, -2.5)),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Pose:
    """How the fingers lie and how this hand differs from the plan.

    Attributes
    ----------
    spread
        1 for the plan, 0 for fingers side by side.
    bend_deg
        Angle of each ray against its metacarpal, by ray.
    length, width
        Factors of each ray, near 1.
    flesh
        Factor of the thickness of the soft tissue, near 1.
    bone_width
        Factor by name of the bone, where it is not 1.
    carpal_shift_mm
        How far a carpal lies off its place in the plan, by name.
    """

    spread: float = 1.0
    bend_deg: dict[int, float] = field(default_factory=lambda: dict.fromkeys(range(1, 6), 0.0))
    length: dict[int, float] = field(default_factory=lambda: dict.fromkeys(range(1, 6), 1.0))
    width: float = 1.0
    flesh: float = 1.0
    bone_width: dict[str, float] = field(default_factory=dict)
    carpal_shift_mm: dict[str, tuple[float, float]] = field(default_factory=dict)


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
class Capsule:
    """Flesh around a bone: two circles and what lies between them, mm."""

    start: Points
    end: Points
    radius_start: float
    radius_end: float


@dataclass(frozen=True, kw_only=True)
class Hand:
    """A hand of one bone age in the hand frame, at its own size in mm."""

    bones: tuple[Bone, ...]
    capsules: tuple[Capsule, ...]
    skin: tuple[Points, ...]
    centres: tuple[str, ...]
    scale: float


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """Local frame of a bone: s along the axis from the growing end, u to its right; all lengths at adult size."""

    origin: Points
    angle_deg: float

    def place(self, u: Points, s: Points) -> Points:
        along, across = _axes(self.angle_deg)
        placed: Points = self.origin + np.outer(s, along) + np.outer(u, across)
        return placed

    def point(self, u: float, s: float) -> Points:
        along, across = _axes(self.angle_deg)
        return self.origin + s * along + u * across


def build_hand(age_months: float, sex: Sex, pose: Pose) -> Hand:
    """Lay out all bones and the skin of a left hand of this bone age."""
    scale = maturity.hand_length_mm(age_months, sex) / ADULT_HAND_LENGTH_MM
    # Growing bones are short for their width, and a small child's fingers are plump.
    stout = scale**-0.12
    rays = {ray: _ray_joints(ray, pose) for ray in range(1, 6)}
    plan = _Plan(age_months=age_months, sex=sex, pose=pose, stout=stout * pose.width, cartilage=1.0 + 1.7 * (1.0 - min(scale, 1.0)))
    bones = [bone for ray, joints in rays.items() for bone in _ray_bones(ray, joints, plan)]
    bones += [*_carpals(plan), *_forearm(plan), *_sesamoid(rays[1], plan)]
    capsules, skin = _flesh(rays, pose.flesh * scale**-0.1)
    return Hand(
        bones=tuple(_scaled_bone(bone, scale) for bone in bones),
        capsules=tuple(_scaled_capsule(capsule, scale) for capsule in capsules),
        skin=tuple(outline * scale for outline in skin),
        centres=maturity.centres(age_months, sex),
        scale=scale,
    )


@dataclass(frozen=True, kw_only=True)
class _Plan:
    age_months: float
    sex: Sex
    pose: Pose
    stout: float
    cartilage: float

    def epiphysis(self, name: str) -> Epiphysis:
        return maturity.epiphysis(name, self.age_months, self.sex)


def _axes(angle_deg: float) -> tuple[Points, Points]:
    angle = np.deg2rad(angle_deg)
    return np.array([np.sin(angle), np.cos(angle)]), np.array([np.cos(angle), -np.sin(angle)])


def _ray_joints(ray: int, pose: Pose) -> list[Points]:
    """Joint centres of a ray from the base of the metacarpal to the tip of the distal phalanx, mm."""
    spread = pose.spread if ray != 1 else 0.75 + 0.25 * pose.spread
    angle = METACARPAL_ANGLE_DEG[ray] * (0.7 + 0.3 * spread)
    joints = [np.array(METACARPAL_BASE_MM[ray])]
    for bone in ("MC", "PP", "MP", "DP"):
        if ray not in LENGTH_MM[bone]:
            continue
        joints.append(joints[-1] + (LENGTH_MM[bone][ray] * pose.length[ray] + JOINT_MM) * _axes(angle)[0])
        if bone == "MC":
            angle = METACARPAL_ANGLE_DEG[ray] * (0.35 + 0.65 * spread) + pose.bend_deg[ray]
        else:
            angle += 0.12 * pose.bend_deg[ray]
    return joints


def _ray_bones(ray: int, joints: list[Points], plan: _Plan) -> list[Bone]:
    names = ["MC", "PP", "DP"] if ray == 1 else ["MC", "PP", "MP", "DP"]
    return [_tubular(f"{bone}{ray}", start, end, plan) for bone, start, end in zip(names, joints, joints[1:], strict=False)]


def _tubular(name: str, base: Points, head: Points, plan: _Plan) -> Bone:
    bone, ray = name[:2], int(name[2])
    width = BASE_WIDTH_MM[bone][ray] * plan.stout * plan.pose.bone_width.get(name, 1.0)
    if bone == "MC" and ray != 1:
        return _long_bone(name, head, base, width=width, profile=METACARPAL, plan=plan, epiphysis_height=0.7)
    profile = {"DP": DISTAL_PHALANX, "MC": FIRST_METACARPAL}.get(bone, PHALANX)
    return _long_bone(name, base, head, width=width, profile=profile, plan=plan, epiphysis_height=0.38 if bone == "MC" else 0.26)


def _long_bone(
    name: str,
    growing: Points,
    other: Points,
    *,
    width: float,
    profile: dict[float, float],
    plan: _Plan,
    epiphysis_height: float,
) -> Bone:
    """Shaft, epiphysis, and the bridge between them; ``growing`` is the end that carries the epiphysis."""
    axis = other - growing
    total = float(np.hypot(*axis))
    frame = _Frame(origin=growing, angle_deg=float(np.rad2deg(np.arctan2(axis[0], axis[1]))))
    along, across = _axes(frame.angle_deg)
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


def _forearm(plan: _Plan) -> list[Bone]:
    radius, ulna = np.array([7.5, -23.5]), np.array([-18.5, -25.5])
    to_elbow = np.array([0.0, -FOREARM_LENGTH_MM])
    apart = np.array([3.0, 0.0])
    return [
        _long_bone("radius", radius, radius + to_elbow - apart, width=30.0 * plan.stout, profile=RADIUS, plan=plan, epiphysis_height=0.27),
        _long_bone("ulna", ulna, ulna + to_elbow + apart, width=15.5 * plan.stout, profile=ULNA, plan=plan, epiphysis_height=0.42),
    ]


def _carpals(plan: _Plan) -> list[Bone]:
    bones = []
    for name in maturity.CARPALS:
        size = maturity.carpal_size(name, plan.age_months, plan.sex)
        if size > 0:
            centre = np.array(CARPAL_CENTRE_MM[name]) + np.array(plan.pose.carpal_shift_mm.get(name, (0.0, 0.0)))
            bones.append(_round_bone(name, centre, np.array(CARPAL_OUTLINE_MM[name], dtype=float), size))
    return bones


def _sesamoid(thumb: list[Points], plan: _Plan) -> list[Bone]:
    size = maturity.carpal_size("sesamoid", plan.age_months, plan.sex)
    if size == 0:
        return []
    along = (thumb[1] - thumb[0]) / np.hypot(*(thumb[1] - thumb[0]))
    centre = thumb[1] - 3.0 * along + 9.5 * np.array([-along[1], along[0]])
    outline = np.array([(-2.6, 0), (-1.6, 1.8), (1.4, 1.9), (2.6, 0.2), (1.5, -1.8), (-1.5, -1.9)])
    return [_round_bone("sesamoid", centre, outline, size)]


def _round_bone(name: str, centre: Points, outline: Points, size: float) -> Bone:
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


def _flesh(rays: dict[int, list[Points]], factor: float) -> tuple[list[Capsule], list[Points]]:
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


def _scaled_bone(bone: Bone, scale: float) -> Bone:
    return Bone(
        name=bone.name,
        outlines=tuple(outline * scale for outline in bone.outlines),
        cortex_mm=(bone.cortex_mm[0] * scale, bone.cortex_mm[1] * scale),
        radius_mm=bone.radius_mm * scale,
        axis=(bone.axis[0] * scale, bone.axis[1] * scale),
        rim=bone.rim * scale,
        smooth_mm=bone.smooth_mm * scale,
        scars=tuple((a * scale, b * scale, strength) for a, b, strength in bone.scars),
    )


def _scaled_capsule(capsule: Capsule, scale: float) -> Capsule:
    return Capsule(
        start=capsule.start * scale,
        end=capsule.end * scale,
        radius_start=capsule.radius_start * scale,
        radius_end=capsule.radius_end * scale,
    )
