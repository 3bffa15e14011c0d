"""Radiographs of everything but a hand, drawn in a few strokes each: limbs, trunk, head, and animals."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np

from train.detector.canvas import Film, Pixels, Point, developed, film

Draw = Callable[[Film], None]


def draw(kind: str, rng: np.random.Generator) -> Pixels:
    """One radiograph ``(SIDE, SIDE) uint8`` of this kind of `LIMBS`, `TRUNK` or `ANIMALS`."""
    sheet = film(rng)
    (LIMBS | TRUNK | ANIMALS)[kind](sheet)
    return developed(sheet.attenuation(), rng)


def _foot(sheet: Film) -> None:
    """Frontal: five short toes of one side by side, long metatarsals close together, a broad heel."""
    rng = sheet.rng
    width, tip = rng.uniform(0.17, 0.24), rng.uniform(0.1, 0.2)
    sheet.flesh((0.5, 0.42), (0.5, 0.86), width, width * 0.75)
    for toe in range(5):
        x = 0.5 + width * (0.8 - 0.42 * toe)
        first, top = toe == 0, tip + 0.035 * toe
        joint = (x, top + rng.uniform(0.13, 0.17))
        sheet.flesh(joint, (x, top), width * (0.3 if first else 0.19))
        bone = width * (0.13 if first else 0.075)
        sheet.shaft((0.5 + 0.75 * (x - 0.5), 0.6 + 0.02 * toe), joint, bone * 1.1)
        sheet.shaft((x, joint[1] - 0.01), (x, top + 0.07), bone)
        sheet.shaft((x, top + 0.06), (x, top + 0.01), bone * 0.8)
    for _ in range(int(rng.integers(4, 7))):
        sheet.ball((0.5 + rng.uniform(-0.6, 0.6) * width, rng.uniform(0.62, 0.74)), rng.uniform(0.03, 0.06))
    sheet.ball((0.5, 0.8), 0.09, 0.11)


def _foot_side(sheet: Film) -> None:
    """Lateral: heel bone and ankle behind, metatarsals overlapping, toes in a bundle."""
    rng = sheet.rng
    sheet.flesh((0.7, 0.0), (0.68, 0.6), 0.13)
    sheet.flesh((0.72, 0.68), (0.2, 0.74), 0.13, 0.06)
    sheet.shaft((0.68, 0.0), (0.66, 0.5), 0.05)
    sheet.shaft((0.75, 0.0), (0.74, 0.5), 0.02)
    sheet.ball((0.63, 0.56), 0.07, 0.05)
    sheet.ball((0.78, 0.68), 0.11, 0.07)
    for _ in range(4):
        sheet.ball((rng.uniform(0.45, 0.6), rng.uniform(0.6, 0.7)), rng.uniform(0.03, 0.05))
    for _ in range(5):
        sheet.shaft((0.47, rng.uniform(0.62, 0.7)), (0.26, rng.uniform(0.7, 0.76)), 0.016)
        sheet.shaft((0.25, rng.uniform(0.7, 0.76)), (0.14, rng.uniform(0.72, 0.78)), 0.014)


def _two_bones(sheet: Film, *, waist: float) -> None:
    """Draw lower leg or forearm: two shafts side by side that cross the frame."""
    rng = sheet.rng
    half = rng.uniform(0.14, 0.26)
    sheet.flesh((0.5, -0.1), (0.5, 1.1), half, half * waist)
    apart, thick = rng.uniform(0.3, 0.5) * half, rng.uniform(0.14, 0.26) * half
    sheet.shaft((0.5 - apart, rng.uniform(-0.1, 0.15)), (0.5 - apart * 0.8, 1.1), thick)
    sheet.shaft((0.5 + apart, rng.uniform(-0.1, 0.15)), (0.5 + apart * 0.8, 1.1), thick * rng.uniform(0.4, 1.0))


def _knee(sheet: Film) -> None:
    half = sheet.rng.uniform(0.2, 0.3)
    sheet.flesh((0.5, -0.1), (0.5, 1.1), half, half * 0.8)
    joint = sheet.rng.uniform(0.42, 0.58)
    sheet.shaft((0.5, -0.2), (0.5, joint), half * 0.28, flare=2.1)
    sheet.shaft((0.5, joint + 0.02), (0.5, 1.2), half * 0.25, flare=2.2)
    sheet.shaft((0.5 + half * 0.7, joint + 0.1), (0.5 + half * 0.6, 1.2), half * 0.09)
    sheet.ball((0.5, joint - 0.08), half * 0.3)


def _elbow(sheet: Film) -> None:
    """Straight or flexed: one bone on one side of the joint, two on the other."""
    rng = sheet.rng
    bend = np.deg2rad(rng.uniform(0, 100))
    end = (0.5 + 0.6 * np.sin(bend), 0.5 - 0.6 * np.cos(bend))
    half = rng.uniform(0.1, 0.17)
    sheet.flesh((0.5, 1.1), (0.5, 0.5), half)
    sheet.flesh((0.5, 0.5), end, half, half * 0.8)
    sheet.shaft((0.5, 1.2), (0.5, 0.52), half * 0.33, flare=2.2)
    for side, thick in ((-1, 0.25), (1, 0.2)):
        off = (0.4 * half * side * np.cos(bend), 0.4 * half * side * np.sin(bend))
        sheet.shaft((0.5 + off[0], 0.49 + off[1]), (end[0] + off[0], end[1] + off[1]), half * thick)


def _ankle(sheet: Film) -> None:
    half = sheet.rng.uniform(0.17, 0.25)
    sheet.flesh((0.5, -0.1), (0.5, 0.75), half)
    sheet.flesh((0.5, 0.7), (0.52, 1.0), half * 1.1)
    sheet.shaft((0.46, -0.2), (0.46, 0.55), half * 0.35, flare=1.7)
    sheet.shaft((0.46 + half * 0.7, -0.2), (0.46 + half * 0.7, 0.62), half * 0.14, flare=1.8)
    sheet.ball((0.47, 0.66), half * 0.55, half * 0.4)
    sheet.ball((0.5, 0.85), half * 0.5)


def _shoulder(sheet: Film) -> None:
    sheet.flesh((0.3, 0.4), (0.2, 1.1), 0.4, 0.5)
    sheet.flesh((0.7, 0.35), (0.85, 1.1), 0.17)
    sheet.ball((0.7, 0.35), 0.11)
    sheet.shaft((0.71, 0.36), (0.85, 1.2), 0.05, flare=1.4)
    sheet.shaft((0.0, 0.3), (0.62, 0.22), 0.025)
    sheet.shaft((0.58, 0.3), (0.42, 0.75), 0.06, flare=1.2)
    for rib in range(5):
        sheet.arc((0.0, 0.45 + 0.1 * rib), (0.35, 0.15), (-80, 70), 0.02, strength=0.7)


def _pelvis(sheet: Film) -> None:
    """Two wings, a ring, two hips and the last vertebrae; or one hip of it."""
    rng = sheet.rng
    sheet.flesh((0.5, -0.1), (0.5, 0.7), 0.47, thick=0.6)
    scale, middle = (1.0, 0.5) if rng.random() < 0.7 else (1.8, rng.uniform(0.0, 0.2))
    for side in (-1, 1):
        hip = (middle + side * 0.3 * scale, 0.55)
        sheet.flesh(hip, (hip[0], 1.1), 0.2)
        sheet.ball((middle + side * 0.22 * scale, 0.32), 0.17 * scale, 0.16 * scale, rim=0.08)
        sheet.arc((middle + side * 0.12 * scale, 0.62), (0.1 * scale, 0.1 * scale), (0, 360), 0.03)
        sheet.ball(hip, 0.065 * scale)
        sheet.shaft((hip[0], hip[1] + 0.03), (hip[0] + side * 0.07, hip[1] + 0.14), 0.035 * scale)
        sheet.shaft((hip[0] + side * 0.08, hip[1] + 0.1), (hip[0] + side * 0.05, 1.2), 0.05 * scale)
    for row in range(4):
        sheet.ball((middle, 0.02 + 0.1 * row), 0.07 * scale, 0.045, rim=0.25)


def _chest(sheet: Film) -> None:
    rng = sheet.rng
    sheet.flesh((0.5, 0.1), (0.5, 1.1), 0.45, 0.48, thick=0.5)
    for side in (-1, 1):
        sheet.air((0.5 + side * 0.2, 0.3), (0.5 + side * 0.22, 0.7), 0.13, 0.17, share=rng.uniform(0.5, 0.85))
    sheet.flesh((0.55, 0.62), (0.6, 0.7), 0.15, thick=0.55)
    for row in range(int(rng.integers(7, 11))):
        for side in (-1, 1):
            turn = (-70, 75) if side > 0 else (105, 250)
            sheet.arc((0.5, 0.15 + 0.075 * row), (0.38, rng.uniform(0.07, 0.12)), turn, rng.uniform(0.012, 0.022), strength=0.5)
    _vertebrae(sheet, (0.5, 0.0), (0.5, 1.0), 14, 0.035)
    for side in (-1, 1):
        sheet.shaft((0.5 + side * 0.05, 0.17), (0.5 + side * 0.36, 0.1), 0.02)


def _abdomen(sheet: Film) -> None:
    rng = sheet.rng
    sheet.flesh((0.5, -0.1), (0.5, 1.1), 0.45, thick=0.6)
    for _ in range(int(rng.integers(4, 14))):
        spot = (rng.uniform(0.15, 0.85), rng.uniform(0.1, 0.9))
        sheet.air(spot, (spot[0] + rng.uniform(-0.1, 0.1), spot[1] + rng.uniform(-0.1, 0.1)), rng.uniform(0.02, 0.07), share=0.4)
    _vertebrae(sheet, (0.5, -0.05), (0.5, 0.75), 8, 0.055)
    for side in (-1, 1):
        sheet.ball((0.5 + side * 0.25, 0.9), 0.2, 0.15, rim=0.08)


def _spine(sheet: Film) -> None:
    rng = sheet.rng
    sheet.flesh((0.5, -0.1), (0.5, 1.1), rng.uniform(0.25, 0.47), thick=0.5)
    bent = rng.uniform(-0.15, 0.15)
    count = int(rng.integers(5, 18))
    _vertebrae(sheet, (0.5 - bent, 0.0), (0.5 + bent, 1.0), count, min(0.13, 0.42 / count + 0.02))


def _vertebrae(sheet: Film, start: Point, end: Point, count: int, half: float) -> None:
    for at in np.linspace(0, 1, count):
        x, y = start[0] + at * (end[0] - start[0]), start[1] + at * (end[1] - start[1])
        sheet.ball((x, y), half, 0.4 / count, rim=0.25)
        sheet.ball((x, y), half * 0.25)


def _skull(sheet: Film) -> None:
    """Front or side: a vault, sockets or a jaw, teeth."""
    rng = sheet.rng
    vault = (rng.uniform(0.3, 0.4), rng.uniform(0.32, 0.42))
    sheet.flesh((0.5, 0.45), (0.5, 0.5), vault[0] + 0.03, thick=0.5)
    sheet.arc((0.5, 0.45), vault, (0, 360), rng.uniform(0.02, 0.04), strength=1.4)
    if rng.random() < 0.5:
        for side in (-1, 1):
            sheet.arc((0.5 + side * 0.13, 0.5), (0.08, 0.07), (0, 360), 0.02)
        sheet.arc((0.5, 0.75), (0.2, 0.18), (10, 170), 0.06)
    else:
        sheet.arc((0.35, 0.75), (0.22, 0.12), (30, 190), 0.06)
        sheet.shaft((0.6, 0.8), (0.66, 1.1), 0.06)
    for tooth in range(8):
        sheet.shaft((0.38 + 0.03 * tooth, 0.76), (0.38 + 0.03 * tooth, 0.82), 0.012)
    sheet.ball((0.5, 0.6), 0.15, 0.1)


def _teeth(sheet: Film) -> None:
    """Panorama of the jaws: two rows of rods on a curve."""
    sheet.flesh((-0.1, 0.5), (1.1, 0.5), 0.4, thick=0.4)
    sheet.arc((0.5, 0.4), (0.42, 0.42), (10, 170), 0.09)
    for tooth in range(-7, 8):
        x, sag = 0.5 + 0.05 * tooth, 0.0015 * tooth * tooth
        sheet.shaft((x, 0.5 - sag), (x, 0.36 - sag), 0.019, flare=1.1)
        sheet.shaft((x, 0.54 - sag), (x, 0.68 - sag), 0.019, flare=1.1)


def _thigh(sheet: Film) -> None:
    half = sheet.rng.uniform(0.2, 0.35)
    sheet.flesh((0.5, -0.1), (0.5, 1.1), half, half * sheet.rng.uniform(0.7, 1.0))
    sheet.shaft((0.5, -0.3), (0.5, sheet.rng.uniform(0.9, 1.3)), half * 0.25)


def _paw(sheet: Film) -> None:
    """Four short digits and a dew claw, close together on a narrow leg: the nearest thing to a hand."""
    rng = sheet.rng
    sheet.flesh((0.5, 1.1), (0.5, 0.55), rng.uniform(0.08, 0.12))
    sheet.flesh((0.5, 0.55), (0.5, 0.4), 0.14)
    for digit in range(4):
        x = 0.5 + 0.075 * (digit - 1.5)
        tip = (0.5 + (0.1 + rng.uniform(0, 0.03)) * (digit - 1.5), rng.uniform(0.14, 0.2) + 0.03 * abs(digit - 1.5))
        sheet.flesh((x, 0.45), tip, 0.045)
        sheet.shaft((x, 0.55), (x, 0.38), 0.018)
        sheet.shaft((x, 0.37), (0.5 * (x + tip[0]), 0.29), 0.016)
        sheet.shaft((0.5 * (x + tip[0]), 0.28), tip, 0.014)
    for row, column in ((0.6, 0.46), (0.6, 0.54), (0.64, 0.5)):
        sheet.ball((column, row), 0.035)
    sheet.shaft((0.47, 0.67), (0.47, 1.2), 0.03)
    sheet.shaft((0.54, 0.67), (0.54, 1.2), 0.02)


def _small_animal(sheet: Film) -> None:
    """Rodent, cat or bird on the table: skull, spine, ribs, four limbs, a tail."""
    rng = sheet.rng
    sheet.flesh((0.5, 0.3), (0.5, 0.65), rng.uniform(0.12, 0.2))
    sheet.flesh((0.5, 0.2), (0.5, 0.12), 0.09)
    sheet.arc((0.5, 0.14), (0.07, 0.09), (0, 360), 0.02)
    _vertebrae(sheet, (0.5, 0.22), (0.5, 0.7), 16, 0.018)
    sheet.shaft((0.5, 0.7), (0.5 + rng.uniform(-0.2, 0.2), 1.0), 0.008)
    for row in range(7):
        for side in (-1, 1):
            sheet.arc((0.5 + side * 0.06, 0.33 + 0.03 * row), (0.07, 0.05), (-90, 90 if side > 0 else -270), 0.008, strength=0.6)
    for height, reach in ((0.3, 0.16), (0.66, 0.2)):
        for side in (-1, 1):
            elbow = (0.5 + side * reach, height + rng.uniform(-0.12, 0.1))
            paw = (elbow[0] + side * rng.uniform(0.0, 0.12), elbow[1] + rng.uniform(-0.15, 0.15))
            sheet.flesh((0.5, height), elbow, 0.05)
            sheet.flesh(elbow, paw, 0.035)
            sheet.shaft((0.5 + side * 0.05, height), elbow, 0.015)
            sheet.shaft(elbow, paw, 0.012)


def _fish(sheet: Film) -> None:
    rng = sheet.rng
    sheet.flesh((0.5, 0.25), (0.5, 0.7), 0.17, 0.06)
    _vertebrae(sheet, (0.5, 0.2), (0.5, 0.85), 26, 0.012)
    for row in range(14):
        y, reach = 0.27 + 0.035 * row, 0.15 * (1 - row / 18)
        for side in (-1, 1):
            sheet.shaft((0.5, y), (0.5 + side * reach, y + rng.uniform(0.04, 0.09)), 0.005)
    for side in (-1, 1):
        sheet.shaft((0.5, 0.85), (0.5 + side * 0.12, 0.97), 0.012)


def _wing(sheet: Film) -> None:
    """Bird or bat: an arm that ends in a few long rays."""
    rng = sheet.rng
    joints: list[Point] = [(0.15, 0.85), (0.35, 0.5), (0.55, 0.35)]
    for one, other in pairwise(joints):
        sheet.flesh(one, other, 0.06)
        sheet.shaft(one, other, 0.02)
    for ray in range(int(rng.integers(2, 6))):
        angle = np.deg2rad(rng.uniform(-60, 80) if ray else 20)
        tip = (0.55 + 0.4 * np.cos(angle), 0.35 + 0.4 * np.sin(angle))
        sheet.flesh(joints[-1], tip, 0.02)
        sheet.shaft(joints[-1], tip, 0.008)


def _forearm(sheet: Film) -> None:
    _two_bones(sheet, waist=0.75)


def _lower_leg(sheet: Film) -> None:
    _two_bones(sheet, waist=1.2)


LIMBS: Final[dict[str, Draw]] = {
    "foot": _foot,
    "foot_side": _foot_side,
    "ankle": _ankle,
    "knee": _knee,
    "lower_leg": _lower_leg,
    "thigh": _thigh,
    "elbow": _elbow,
    "forearm": _forearm,
    "shoulder": _shoulder,
}
TRUNK: Final[dict[str, Draw]] = {
    "chest": _chest,
    "abdomen": _abdomen,
    "pelvis": _pelvis,
    "spine": _spine,
    "skull": _skull,
    "teeth": _teeth,
}
ANIMALS: Final[dict[str, Draw]] = {"paw": _paw, "small_animal": _small_animal, "fish": _fish, "wing": _wing}
