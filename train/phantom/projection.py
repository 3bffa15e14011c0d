"""Shadows: how much soft tissue and how much bone mineral a ray meets, per pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from train.phantom.anatomy import Hand
from train.phantom.bones import Bone, Points
from train.phantom.flesh import Capsule

Image = NDArray[np.float32]

_SHIFT = 4  # fractional bits of the polygon coordinates given to OpenCV
_COARSE = 3  # soft tissue is smooth: it is drawn on every third pixel
_SPONGY = 0.26  # mineral of spongy bone relative to compact bone


@dataclass(frozen=True, kw_only=True)
class View:
    """Affine map from the hand frame (mm, y up) to pixels (x right, y down).

    Attributes
    ----------
    matrix
        ``(2, 2)`` pixels per mm.
    offset
        Pixel position of the hand frame's origin.
    shape
        ``(H, W)`` of the image.
    """

    matrix: Points
    offset: Points
    shape: tuple[int, int]

    @classmethod
    def of(cls, *, px_per_mm: float, turn_deg: float, offset: Points, shape: tuple[int, int]) -> View:
        """Similarity with the hand turned clockwise by ``turn_deg``."""
        angle = np.deg2rad(turn_deg)
        matrix = px_per_mm * np.array([[np.cos(angle), np.sin(angle)], [np.sin(angle), -np.cos(angle)]])
        return cls(matrix=matrix, offset=offset, shape=shape)

    @property
    def px_per_mm(self) -> float:
        """Scale of the map."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix))))

    def __call__(self, points: Points) -> Points:
        """Map ``(N, 2)`` mm to pixels."""
        return points @ self.matrix.T + self.offset

    def coarse(self, factor: int) -> View:
        """View of the same scene on every ``factor``-th pixel."""
        shape = (-(-self.shape[0] // factor), -(-self.shape[1] // factor))
        return View(matrix=self.matrix / factor, offset=(self.offset + 0.5) / factor - 0.5, shape=shape)


def soft_tissue(hand: Hand, view: View) -> tuple[Image, Image]:
    """Thickness of soft tissue in mm, and signed distance to the skin in pixels (positive inside), both ``(H, W)``."""
    small = view.coarse(_COARSE)
    mask = np.zeros(small.shape, np.uint8)
    for outline in hand.skin:
        _fill(mask, small(outline))
    for capsule in hand.capsules:
        _fill(mask, small(_capsule_outline(capsule)))
    smooth = cv2.GaussianBlur(mask, (0, 0), 1.6 * hand.scale * small.px_per_mm, borderType=cv2.BORDER_REPLICATE)
    inside = (smooth > 127).astype(np.uint8)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 5)
    signed = distance - cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5)
    depth_mm = np.maximum(distance - 0.5, 0.0) / small.px_per_mm
    thickness = cv2.GaussianBlur(_lens(depth_mm, hand.scale), (0, 0), 0.9 * hand.scale * small.px_per_mm)
    size = (view.shape[1], view.shape[0])
    signed = _COARSE * cv2.resize(cv2.GaussianBlur(signed, (0, 0), 2.0), size, interpolation=cv2.INTER_LINEAR)
    edge = np.clip(signed / (0.5 * view.px_per_mm) + 0.5, 0.0, 1.0)
    return cv2.resize(thickness, size, interpolation=cv2.INTER_LINEAR) * edge, signed


def bone_mineral(hand: Hand, view: View, grain: Image) -> Image:
    """Thickness of compact bone in mm that has the same shadow, ``(H, W)``; ``grain`` is a tile of trabecular texture."""
    total = np.zeros(view.shape, np.float32)
    for bone in hand.bones:
        _add_bone(total, bone, view, grain)
    return total


def trabecular_grain(rng: np.random.Generator, size: int = 384) -> Image:
    """Texture tile with mean 0 and standard deviation 1: fine streaks along the second axis, and a mesh."""
    streaks = cv2.GaussianBlur(rng.standard_normal((size, size), np.float32), (0, 0), sigmaX=1.2, sigmaY=7.0)
    mesh = cv2.GaussianBlur(rng.standard_normal((size, size), np.float32), (0, 0), 1.8)
    grain = 0.75 * streaks / streaks.std() + 0.65 * mesh / mesh.std()
    tile: Image = (grain / grain.std()).astype(np.float32)
    return tile


def _lens(depth_mm: Image, scale: float) -> Image:
    """Thickness behind a point ``depth_mm`` inside the skin: round fingers, a flatter palm."""
    radius = 10.0 * scale
    d = np.minimum(depth_mm, radius)
    palm = np.clip((depth_mm - radius) / (24.0 * scale), 0.0, 1.0)
    thickness: Image = (1.7 * np.sqrt(np.maximum(2 * radius * d - d * d, 0.0)) + 11.0 * scale * palm * (2 - palm)).astype(np.float32)
    return thickness


def _capsule_outline(capsule: Capsule) -> Points:
    theta = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    circle = np.stack([np.cos(theta), np.sin(theta)], axis=1)
    both = np.vstack([capsule.start + capsule.radius_start * circle, capsule.end + capsule.radius_end * circle])
    hull: Points = cv2.convexHull(both.astype(np.float32))[:, 0].astype(float)
    return hull


def _fill(mask: NDArray[np.uint8], outline_px: Points) -> None:
    cv2.fillPoly(mask, [np.round(outline_px * (1 << _SHIFT)).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=_SHIFT)


def _add_bone(total: Image, bone: Bone, view: View, grain: Image) -> None:
    outlines = [view(outline) for outline in bone.outlines]
    everything = np.vstack(outlines)
    low = np.floor(everything.min(axis=0)).astype(int) - 3
    high = np.ceil(everything.max(axis=0)).astype(int) + 4
    box = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    for outline in outlines:
        _fill(box, outline - low)
    box = cv2.GaussianBlur(box, (0, 0), max(bone.smooth_mm * view.px_per_mm, 0.5))
    box = np.where(box > 127, np.uint8(255), np.uint8(0))
    shadow = _shell(bone, box, view, low, grain)
    _add_scars(shadow, bone, view, low)
    shadow = cv2.GaussianBlur(shadow, (0, 0), max(0.12 * view.px_per_mm, 0.6))
    height, width = total.shape
    x0, y0, x1, y1 = max(low[0], 0), max(low[1], 0), min(high[0], width), min(high[1], height)
    if x0 < x1 and y0 < y1:
        total[y0:y1, x0:x1] += shadow[y0 - low[1] : y1 - low[1], x0 - low[0] : x1 - low[0]]


def _shell(bone: Bone, box: NDArray[np.uint8], view: View, low: Points, grain: Image) -> Image:
    """Chord through a cortical shell filled with spongy bone, from the distance to the outline."""
    scale = view.px_per_mm
    distance = cv2.distanceTransform(box, cv2.DIST_L2, 5) / scale
    base, head = view(bone.axis[0]) - low, view(bone.axis[1]) - low
    axis = head - base
    length = float(np.hypot(*axis))
    y, x = np.mgrid[0 : box.shape[0], 0 : box.shape[1]].astype(np.float32)
    t = ((x - base[0]) * axis[0] + (y - base[1]) * axis[1]) / (length * length)
    middle = np.clip(np.minimum(t, 1.0 - t) / 0.33, 0.0, 1.0)
    middle = middle * middle * (3 - 2 * middle)
    mid_mm, end_mm = bone.cortex_mm
    cortex = end_mm + (mid_mm - end_mm) * middle
    outer = _chord(distance, bone.radius_mm)
    inner = _chord(distance - cortex, np.maximum(bone.radius_mm - cortex, 0.05))
    streaks = _laid(grain, base, axis / length, box.shape, scale)
    spongy = _SPONGY * (1.0 - 0.45 * middle) * (inner + 0.9 * streaks * np.sqrt(inner))
    compact = outer - inner
    shift = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    shift[:, 2] = view.matrix @ bone.rim
    rim = cv2.warpAffine(compact, shift, box.shape[::-1]) * (1.0 - middle)
    return np.where(box > 0, compact + 0.3 * rim + spongy, 0.0).astype(np.float32)


def _chord(depth: Image, radius: Image | float) -> Image:
    d = np.clip(depth, 0.0, radius)
    return 2.0 * np.sqrt(np.maximum(2 * radius * d - d * d, 0.0)).astype(np.float32)


def _laid(grain: Image, base: Points, along: Points, shape: tuple[int, int], px_per_mm: float) -> Image:
    """Grain laid along a bone: one tile pixel is 0.16 mm."""
    zoom = px_per_mm * 0.16
    matrix = np.array([[-along[1], along[0], 0.0], [along[0], along[1], 0.0]]) / zoom
    matrix[:, 2] = grain.shape[0] / 2 - matrix[:, :2] @ base
    laid: Image = cv2.warpAffine(
        grain, matrix, (shape[1], shape[0]), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_WRAP
    )
    return laid


def _add_scars(shadow: Image, bone: Bone, view: View, low: Points) -> None:
    for start, end, strength in bone.scars:
        line = np.zeros_like(shadow)
        ends = [tuple(int(v) for v in np.round((view(point) - low) * (1 << _SHIFT))) for point in (start, end)]
        cv2.line(line, ends[0], ends[1], 1.0, max(1, round(0.6 * view.px_per_mm)), cv2.LINE_8, _SHIFT)
        shadow += 0.5 * strength * bone.radius_mm**0.5 * cv2.GaussianBlur(line, (0, 0), max(0.25 * view.px_per_mm, 0.6))
