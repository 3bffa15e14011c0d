"""One hand on one image."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from baa_node.core.radiograph import Laterality, Sex
from train.phantom import exposure, maturity, projection
from train.phantom.adult import LENGTH_MM, Pose
from train.phantom.anatomy import Hand, build_hand
from train.phantom.exposure import Technique
from train.phantom.projection import View

AGE_RANGE_MONTHS = (6.0, 228.0)
WORKING_HEIGHT_PX = 1000  # smaller images are drawn at this height and reduced, so that thin cortex survives


@dataclass(frozen=True, kw_only=True)
class Phantom:
    """A drawn hand radiograph.

    Attributes
    ----------
    pixels
        ``(H, W) uint16`` in 12 bits, bone bright.
    mask
        ``(H, W) bool``, the skin outline: hand, wrist and forearm inside the exposed field.
    centres
        Names of the ossification centres drawn (carpals, sesamoid, epiphyses named after their bone: ``PP3``, ``radius``).
    spacing_mm
        Distance between neighbouring pixels at the detector.
    """

    pixels: NDArray[np.uint16]
    mask: NDArray[np.bool_]
    centres: tuple[str, ...]
    spacing_mm: float
    age_months: float
    sex: Sex
    laterality: Laterality


def draw_hand(
    *,
    age_months: float,
    sex: Sex,
    laterality: Laterality = Laterality.LEFT,
    seed: int,
    height_px: int = 1200,
    marker: bool | None = None,
    collimation: bool | None = None,
    dose: float = 1.0,
) -> Phantom:
    """Draw the postero-anterior radiograph of a hand of this bone age.

    Parameters
    ----------
    age_months
        Bone age that is drawn, 6 to 228.
    seed
        Decides pose, exposure, framing and noise; equal arguments give equal bytes.
    marker, collimation
        True or False to force them; None leaves them to the seed.
    dose
        Relative exposure: quantum noise falls with its square root, and so does what a lossless file weighs.

    Raises
    ------
    ValueError
        For a bone age outside the range that can be drawn.
    """
    if not AGE_RANGE_MONTHS[0] <= age_months <= AGE_RANGE_MONTHS[1]:
        raise ValueError(f"bone age must lie in {AGE_RANGE_MONTHS} months, got {age_months}")
    rng = np.random.default_rng([seed, 0x48414E44])
    hand = build_hand(age_months, sex, random_pose(rng))
    working_px = max(height_px, WORKING_HEIGHT_PX)
    shape = (working_px, round(working_px * float(rng.uniform(0.68, 0.88))))
    view = framed(hand, rng, shape, fill=float(rng.uniform(0.82, 1.0)))
    soft, signed = projection.soft_tissue(hand, view)
    bone = projection.bone_mineral(hand, view, projection.trabecular_grain(rng))
    technique = Technique.drawn(rng, dose)
    grey = exposure.expose(soft, bone, technique, rng)
    wants_field, wants_marker = rng.random() < 0.6, rng.random() < 0.75
    mask = signed > 0
    if wants_field if collimation is None else collimation:
        mask &= exposure.collimate(grey, rng, level=0.35 * technique.air)
    grey, mask, room = (
        _reduced(grey, height_px),
        _reduced(mask.astype(np.float32), height_px) > 0.5,
        _reduced(-signed * (height_px / working_px), height_px),
    )
    if laterality is Laterality.RIGHT:
        grey, mask, room = _mirrored(grey), np.ascontiguousarray(mask[:, ::-1]), _mirrored(room)
    if wants_marker if marker is None else marker:
        _mark(grey, room, laterality, rng)
    return Phantom(
        pixels=exposure.to_pixels(grey),
        mask=mask,
        centres=hand.centres,
        spacing_mm=view.shape[0] / grey.shape[0] / view.px_per_mm,
        age_months=age_months,
        sex=sex,
        laterality=laterality,
    )


def random_pose(rng: np.random.Generator) -> Pose:
    """Draw a pose within what positioning allows: fingers more or less apart, proportions a few per cent off the plan."""
    bends = rng.normal(0.0, 2.0, size=5)
    bends[0] = rng.normal(-4.0, 6.0)
    lengths = 1.0 + rng.normal(0.0, 0.018, size=5)
    tubular = [f"{bone}{ray}" for bone, rays in LENGTH_MM.items() for ray in rays]
    widths = 1.0 + rng.normal(0.0, 0.03, size=len(tubular))
    shifts = rng.normal(0.0, 0.45, size=(len(maturity.CARPALS), 2))
    return Pose(
        spread=float(rng.uniform(0.55, 1.35)),
        bend_deg={ray: float(bends[ray - 1]) for ray in range(1, 6)},
        length={ray: float(lengths[ray - 1]) for ray in range(1, 6)},
        width=float(rng.normal(1.0, 0.035)),
        flesh=float(rng.normal(1.0, 0.05)),
        bone_width={name: float(width) for name, width in zip(tubular, widths, strict=True)},
        carpal_shift_mm={name: (float(x), float(y)) for name, (x, y) in zip(maturity.CARPALS, shifts, strict=True)},
    )


def framed(hand: Hand, rng: np.random.Generator, shape: tuple[int, int], fill: float) -> View:
    """Fit the hand into a frame: fingertips below the top edge, forearm running out at the bottom; ``fill`` 1 leaves least room."""
    height_px, width_px = shape
    turn = float(rng.normal(0.0, 4.5))
    unit = View.of(px_per_mm=1.0, turn_deg=turn, offset=np.zeros(2), shape=(1, 1))
    fingers = unit(np.vstack([capsule.end for capsule in hand.capsules]))
    wrist = 0.0 - unit(np.array([[0.0, -30.0 * hand.scale]]))[0, 1]
    top, left, right = fingers[:, 1].min(), fingers[:, 0].min(), fingers[:, 0].max()
    skin = 12.0 * hand.scale
    forearm = hand.scale * float(rng.uniform(18.0, 55.0))
    tall = -wrist + forearm - (top - skin)
    wide = right - left + 2 * skin
    margin = float(rng.uniform(0.05, 0.1))
    px_per_mm = fill * min(height_px * (1 - margin) / tall, width_px * (1 - 2 * margin) / wide)
    x = 0.5 * width_px - px_per_mm * 0.5 * (left + right) + rng.uniform(-0.12, 0.12) * (width_px - px_per_mm * wide)
    y = height_px * margin - px_per_mm * (top - skin)
    return View.of(px_per_mm=px_per_mm, turn_deg=turn, offset=np.array([x, y]), shape=shape)


def _mark(grey: exposure.Image, room: exposure.Image, laterality: Laterality, rng: np.random.Generator) -> None:
    """Put the side marker where there is most room beside the hand, in the upper or lower corner regions."""
    height, width = grey.shape
    size = round(height * float(rng.uniform(0.045, 0.065)))
    reach = 2 * size
    xs = np.clip(rng.uniform(0.06, 0.94, size=24) * width, reach, width - reach).astype(int)
    ys = np.clip(rng.uniform(0.06, 0.94, size=24) * height, reach, height - reach).astype(int)
    best = int(np.argmax(np.minimum(room[ys, xs], 2.0 * size)))
    exposure.place_marker(grey, laterality.value, (int(xs[best]), int(ys[best])), size, float(rng.uniform(-15, 15)))


def _mirrored(layer: exposure.Image) -> exposure.Image:
    return np.ascontiguousarray(layer[:, ::-1])


def _reduced(layer: exposure.Image, height_px: int) -> exposure.Image:
    height, width = layer.shape
    if height == height_px:
        return layer
    reduced: exposure.Image = cv2.resize(layer, (round(width * height_px / height), height_px), interpolation=cv2.INTER_AREA)
    return reduced
