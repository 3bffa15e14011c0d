"""The skeleton and the skin of a left hand of one bone age as outlines in millimetres.

Everything is drawn at the size of the plan in ``adult`` and scaled at the end, so that a child's hand is an adult plan with other bones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from baa_node.core.radiograph import Sex
from train.phantom import maturity
from train.phantom.adult import (
    ADULT_HAND_LENGTH_MM,
    BASE_WIDTH_MM,
    CARPAL_CENTRE_MM,
    CARPAL_OUTLINE_MM,
    DISTAL_PHALANX,
    FIRST_METACARPAL,
    FOREARM_LENGTH_MM,
    JOINT_MM,
    LENGTH_MM,
    METACARPAL,
    METACARPAL_ANGLE_DEG,
    METACARPAL_BASE_MM,
    PHALANX,
    RADIUS,
    ULNA,
    Pose,
)
from train.phantom.bones import Bone, Plan, Points, axes, long_bone, round_bone
from train.phantom.flesh import Capsule, flesh


@dataclass(frozen=True, kw_only=True)
class Hand:
    """A hand of one bone age in the hand frame, at its own size in mm."""

    bones: tuple[Bone, ...]
    capsules: tuple[Capsule, ...]
    skin: tuple[Points, ...]
    centres: tuple[str, ...]
    scale: float


def build_hand(age_months: float, sex: Sex, pose: Pose) -> Hand:
    """Lay out all bones and the skin of a left hand of this bone age."""
    scale = maturity.hand_length_mm(age_months, sex) / ADULT_HAND_LENGTH_MM
    # Growing bones are short for their width, and a small child's fingers are plump.
    stout = scale**-0.12
    rays = {ray: _ray_joints(ray, pose) for ray in range(1, 6)}
    plan = Plan(age_months=age_months, sex=sex, pose=pose, stout=stout * pose.width, cartilage=1.0 + 1.7 * (1.0 - min(scale, 1.0)))
    bones = [bone for ray, joints in rays.items() for bone in _ray_bones(ray, joints, plan)]
    bones += [*_carpals(plan), *_forearm(plan), *_sesamoid(rays[1], plan)]
    capsules, skin = flesh(rays, pose.flesh * scale**-0.1)
    return Hand(
        bones=tuple(_scaled_bone(bone, scale) for bone in bones),
        capsules=tuple(_scaled_capsule(capsule, scale) for capsule in capsules),
        skin=tuple(outline * scale for outline in skin),
        centres=maturity.centres(age_months, sex),
        scale=scale,
    )


def _ray_joints(ray: int, pose: Pose) -> list[Points]:
    """Joint centres of a ray from the base of the metacarpal to the tip of the distal phalanx, mm."""
    spread = pose.spread if ray != 1 else 0.75 + 0.25 * pose.spread
    angle = METACARPAL_ANGLE_DEG[ray] * (0.7 + 0.3 * spread)
    joints = [np.array(METACARPAL_BASE_MM[ray])]
    for bone in ("MC", "PP", "MP", "DP"):
        if ray not in LENGTH_MM[bone]:
            continue
        joints.append(joints[-1] + (LENGTH_MM[bone][ray] * pose.length[ray] + JOINT_MM) * axes(angle)[0])
        if bone == "MC":
            angle = METACARPAL_ANGLE_DEG[ray] * (0.35 + 0.65 * spread) + pose.bend_deg[ray]
        else:
            angle += 0.12 * pose.bend_deg[ray]
    return joints


def _ray_bones(ray: int, joints: list[Points], plan: Plan) -> list[Bone]:
    names = ["MC", "PP", "DP"] if ray == 1 else ["MC", "PP", "MP", "DP"]
    return [_tubular(f"{bone}{ray}", start, end, plan) for bone, start, end in zip(names, joints, joints[1:], strict=False)]


def _tubular(name: str, base: Points, head: Points, plan: Plan) -> Bone:
    bone, ray = name[:2], int(name[2])
    width = BASE_WIDTH_MM[bone][ray] * plan.stout * plan.pose.bone_width.get(name, 1.0)
    if bone == "MC" and ray != 1:
        return long_bone(name, head, base, width=width, profile=METACARPAL, plan=plan, epiphysis_height=0.7)
    profile = {"DP": DISTAL_PHALANX, "MC": FIRST_METACARPAL}.get(bone, PHALANX)
    return long_bone(name, base, head, width=width, profile=profile, plan=plan, epiphysis_height=0.38 if bone == "MC" else 0.26)


def _forearm(plan: Plan) -> list[Bone]:
    radius, ulna = np.array([7.5, -23.5]), np.array([-18.5, -25.5])
    to_elbow = np.array([0.0, -FOREARM_LENGTH_MM])
    apart = np.array([3.0, 0.0])
    return [
        long_bone("radius", radius, radius + to_elbow - apart, width=30.0 * plan.stout, profile=RADIUS, plan=plan, epiphysis_height=0.27),
        long_bone("ulna", ulna, ulna + to_elbow + apart, width=15.5 * plan.stout, profile=ULNA, plan=plan, epiphysis_height=0.42),
    ]


def _carpals(plan: Plan) -> list[Bone]:
    bones = []
    for name in maturity.CARPALS:
        size = maturity.carpal_size(name, plan.age_months, plan.sex)
        if size > 0:
            centre = np.array(CARPAL_CENTRE_MM[name]) + np.array(plan.pose.carpal_shift_mm.get(name, (0.0, 0.0)))
            bones.append(round_bone(name, centre, np.array(CARPAL_OUTLINE_MM[name], dtype=float), size))
    return bones


def _sesamoid(thumb: list[Points], plan: Plan) -> list[Bone]:
    size = maturity.carpal_size("sesamoid", plan.age_months, plan.sex)
    if size == 0:
        return []
    along = (thumb[1] - thumb[0]) / np.hypot(*(thumb[1] - thumb[0]))
    centre = thumb[1] - 3.0 * along + 9.5 * np.array([-along[1], along[0]])
    outline = np.array([(-2.6, 0), (-1.6, 1.8), (1.4, 1.9), (2.6, 0.2), (1.5, -1.8), (-1.5, -1.9)])
    return [round_bone("sesamoid", centre, outline, size)]


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
