"""The plan of an adult's left hand in millimetres, and how one hand differs from it.

Hand frame: origin in the middle of the capitate, x towards the radius (right in a postero-anterior view of a left hand), y towards
the fingertips.

Lengths of the tubular bones: Buryanov A, Kotiuk V. Proportions of hand segments. Int J Morphol 2010;28(3):755-758 (rounded). The places
and outlines of the carpals are our own drawing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
