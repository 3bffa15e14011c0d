"""Is there one hand in the frame? The outline answers: fingers stand out from a palm as peaks of a radial profile.

The frame is reduced to about 192 × 192 pixels and thresholded against its own neighbourhood, which needs no absolute
brightness. Each large inscribed disc of the foreground may be a palm. From its centre the reach of the foreground is
measured in all directions, in palm radii; fingers are narrow, prominent peaks that end inside the frame, gaps between them
are background, and away from the fingers there is little but the forearm. Collimation borders would drown a faint hand, so
the same is tried inside the illuminated field.

The limits below were set on the 1,262 validation hands of the RSNA challenge (Halabi et al., Radiology 2019), squashed to a
square as they are, and checked on 1,256 training hands; in brackets the 1st to 99th percentile of the accepted ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Field = NDArray[np.float32]

SIDE: Final = 192
"""Side of the square with the area of the reduced frame: fingers of a small hand in a large frame are still 4 pixels wide."""

NEIGHBOURHOOD: Final = SIDE / 8
"""Standard deviation of the Gaussian window for the local threshold, about one palm radius."""

PALM: Final = 0.085
"""Least palm radius of a frame's only hand, as a share of the side [0.085 to 0.196]."""

SMALL_PALM: Final = 0.06
"""The same when all five fingers are seen: an infant's palm of 2 cm on an uncollimated plate of 24 × 30 cm has 0.075. With
fewer fingers a real hip would pass."""

PALM_OF_TWO: Final = 0.04
"""Least palm radius where several hands are looked for: two hands side by side each have half the area and some margin."""

FINGERS: Final = (3, 7)
"""Peaks that make a hand [3 to 6]: closed fingers merge, a gap in the ball of the thumb may split one."""

ALL_FINGERS: Final = 5
"""Peaks that a small palm needs."""

CLEAR_FINGERS: Final = 4
"""Peaks that each of several hands needs: with three, 17 of 631 single hands would count twice."""

REACH: Final = (1.6, 4.95)
"""Distance of a finger tip from the palm's centre, in palm radii; the profile ends at five."""

PROMINENCE: Final = 0.6
"""Least rise of a finger over the gaps beside it, in palm radii: fingers are two to three radii long, waves of the outline a third."""

WIDTH: Final = 1.0
"""Greatest width of a finger half way up, in palm radii: about a third; a forearm has about one and a half."""

SPREAD_DEG: Final = (30.0, 225.0)
"""Angle from the first to the last finger [57 to 222]."""

CLEAN: Final = 0.55
"""Least share of background in the gaps between fingers beyond the outline [0.67 to 0.97]."""

CONTRAST: Final = 0.6
"""Least step from gap to finger in local standard deviations [0.70 to 1.71]."""

GAPS: Final = 0.76
"""Greatest share of gaps in the fan of fingers [0.16 to 0.70]: a star of thin rays has more."""

BEHIND: Final = 0.6
"""Greatest share of foreground outside the fan: forearm and collimation border [0.11 to 0.49]."""

APART: Final = 3.5
"""Least distance of two palms in palm radii: with less, the ball of the thumb counts as a hand of its own."""

ALIKE: Final = 1.8
"""Greatest ratio of the palm radii of one person's hands in one frame."""

CLEARANCE: Final = 2.0
"""Least distance of a palm from the cut, in palm radii, in a half that holds a hand of its own."""

TALL: Final = 1.5
"""Height over width from which two hands are looked for one above the other rather than side by side."""

_ANGLES: Final = 240
_RADII: Final = 96
_LARGEST_REACH: Final = 5.0
_PER_RADIUS: Final = _RADII / _LARGEST_REACH
_CANDIDATES: Final = 8
_HOLE: Final = 0.004
_LEAST_GRAIN: Final = 1e-3
_RADIUS: Final = (np.arange(_RADII) + 0.5) / _PER_RADIUS
_MARGIN: Final = 2


@dataclass(frozen=True, kw_only=True)
class Palm:
    """A disc from which fingers may stand out; lengths are shares of ``SIDE``, the centre in reduced pixels.

    Attributes
    ----------
    fingers
        Number of peaks that look like fingers.
    tips
        Angles of these peaks, in steps of 360 / 240 degrees clockwise from the right.
    spread_deg, clean, contrast, gaps, behind
        See the limits of the same name in capitals.
    """

    row: int
    column: int
    radius: float
    fingers: int
    tips: tuple[int, ...] = ()
    spread_deg: float = 0.0
    clean: float = 0.0
    contrast: float = 0.0
    gaps: float = 1.0
    behind: float = 1.0

    def is_hand(self, *, radius: float, fingers: int) -> bool:
        """Say whether everything measured around this palm lies within the limits."""
        return (
            self.radius >= radius
            and fingers <= self.fingers <= FINGERS[1]
            and SPREAD_DEG[0] <= self.spread_deg <= SPREAD_DEG[1]
            and self.clean >= CLEAN
            and self.contrast >= CONTRAST
            and self.gaps <= GAPS
            and self.behind <= BEHIND
        )


def count_hands(pixels: Grey) -> int:
    """Count hands in a frame ``(H, W) uint8``, bone bright: 0, 1, or 2 for two and more."""
    palms = list(_palms(pixels, PALM_OF_TWO))
    if _two_apart(palms) or all(_holds_whole_hand(half) for half in _halves(pixels)):
        return 2
    return int(any(_is_lone_hand(palm) for palm in palms))


def looks_negative(pixels: Grey) -> bool:
    """Say whether the frame shows a hand better when bright and dark change places: declared in the wrong sense, or inverted.

    Of 1,262 validation hands the negative alone shows a hand in three, of their negatives in 1,080; where both do, the better one
    has more fingers and a larger palm against clearer gaps.
    """
    return _best_hand(np.asarray(255 - pixels, np.uint8)) > _best_hand(pixels)


def _best_hand(pixels: Grey) -> tuple[int, float]:
    """Fingers, and palm radius by contrast by cleanness, of the clearest hand; zeros where there is none."""
    hands = [palm for palm in _palms(pixels, SMALL_PALM) if _is_lone_hand(palm)]
    clearest = max((palm.radius * palm.contrast * palm.clean for palm in hands), default=0.0)
    return max((min(palm.fingers, ALL_FINGERS) for palm in hands), default=0), clearest


def finger_direction_deg(pixels: Grey) -> float | None:
    """Where the fingers of a frame's only hand point, in degrees clockwise from straight up; None where there is no hand.

    Mean over all palms that were found: a hand is mostly found more than once, and one of them may have lost a finger.
    """
    reduced = _reduced(pixels)
    pointing = [angle for lit in _lit_fields(reduced) for angle in _pointing(_against_neighbourhood(reduced, lit))]
    if not pointing:
        return None
    radians = np.deg2rad(pointing)
    return float(np.rad2deg(np.arctan2(np.sin(radians).mean(), np.cos(radians).mean())))


def _pointing(score: Field) -> Iterator[float]:
    """Direction from each palm that is a hand to the middle of its finger tips, degrees clockwise from straight up."""
    for palm in _palms_within(score, SMALL_PALM):
        if _is_lone_hand(palm):
            radians = np.deg2rad(np.array(palm.tips) * (360 / _ANGLES))
            yield float(np.rad2deg(np.arctan2(np.sin(radians).mean(), np.cos(radians).mean()))) + 90


def _outlined(score: Field) -> tuple[Grey, Grey]:
    """Outline of what is brighter than its neighbourhood, and the frame without the margin around it, both 0 and 255."""
    inside = np.zeros(score.shape, np.uint8)
    inside[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN] = 255
    return np.asarray(_without_holes(score > 0) & inside, np.uint8), inside


def _is_lone_hand(palm: Palm) -> bool:
    return palm.is_hand(radius=PALM, fingers=FINGERS[0]) or palm.is_hand(radius=SMALL_PALM, fingers=ALL_FINGERS)


def find_palm(pixels: Grey) -> Palm | None:
    """Find the palm of a frame's only hand; None where the outline shows none."""
    return next((palm for palm in _palms(pixels, PALM) if palm.is_hand(radius=PALM, fingers=FINGERS[0])), None)


def _holds_whole_hand(half: Grey) -> bool:
    """Find a hand whose palm is well clear of the cut at the right edge: what a cut leaves of one hand lies on the cut."""
    cut = _reduced_size(half)[0] + _MARGIN
    palms = (palm for palm in _palms(half, PALM) if cut - palm.column > CLEARANCE * palm.radius * SIDE)
    return any(palm.is_hand(radius=PALM, fingers=FINGERS[0]) for palm in palms)


def _two_apart(palms: list[Palm]) -> bool:
    hands = [palm for palm in palms if palm.is_hand(radius=PALM_OF_TWO, fingers=CLEAR_FINGERS)]
    return any(_are_two(one, other) for at, one in enumerate(hands) for other in hands[:at])


def _are_two(one: Palm, other: Palm) -> bool:
    small, large = sorted((one.radius, other.radius))
    distance = math.hypot(one.row - other.row, one.column - other.column) / SIDE
    return distance > APART * large and large < ALIKE * small


def _halves(pixels: Grey) -> tuple[Grey, Grey]:
    """Cut in the middle, and mirror the second half so that both have the cut at their right edge.

    Two hands mostly lie side by side, in a tall strip one above the other. Each is then judged by its own exposure.
    """
    across = pixels.T if pixels.shape[0] >= TALL * pixels.shape[1] else pixels
    middle = across.shape[1] // 2
    return np.ascontiguousarray(across[:, :middle]), np.ascontiguousarray(across[:, : middle - 1 : -1])


def clarity(pixels: Grey) -> float:
    """Coarse contrast over fine grain, both in the reduced frame: a hand stands out of the noise, an empty exposure is noise."""
    reduced = _shrunk(pixels)
    low, high = np.percentile(cv2.GaussianBlur(reduced, (0, 0), 4), (2, 98))
    grain = 1.4826 * float(np.median(np.abs(reduced - cv2.GaussianBlur(reduced, (0, 0), 1))))
    return float(high - low) / (grain + _LEAST_GRAIN)


def _palms(pixels: Grey, least: float) -> Iterator[Palm]:
    """Palms of radius ``least`` and more, as a share of the side, in each lit field of a frame."""
    reduced = _reduced(pixels)
    for lit in _lit_fields(reduced):
        yield from _palms_within(_against_neighbourhood(reduced, lit), least)


def _reduced(pixels: Grey) -> Grey:
    small = _shrunk(pixels)
    low, high = np.percentile(small, (1, 99.5))
    stretched = np.clip((small - low) / max(high - low, 1) * 255, 0, 255).astype(np.uint8)
    return np.asarray(cv2.medianBlur(stretched, 5), np.uint8)


def _reduced_size(pixels: Grey) -> tuple[int, int]:
    """Width and height of the reduced frame."""
    scale = SIDE / math.sqrt(pixels.size)
    return max(8, round(pixels.shape[1] * scale)), max(8, round(pixels.shape[0] * scale))


def _shrunk(pixels: Grey) -> Field:
    return np.asarray(cv2.resize(pixels, _reduced_size(pixels), interpolation=cv2.INTER_AREA), np.float32)


def _lit_fields(reduced: Grey) -> Iterator[Mask]:
    """Yield the whole frame, then what dark or bright borders leave of it."""
    yield np.ones(reduced.shape, np.bool_)
    level, _ = cv2.threshold(reduced, 0, 255, cv2.THRESH_OTSU)
    for border in (reduced <= level, reduced > level, reduced <= max(2, level / 2)):
        inner = cv2.erode((~_touching_edge(border)).astype(np.uint8), np.ones((7, 7), np.uint8), borderValue=1)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(inner)
        if count > 1:
            largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
            if 0.05 < stats[largest, cv2.CC_STAT_AREA] / inner.size < 0.97:
                yield labels == largest


def _touching_edge(mask: Mask) -> Mask:
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    at_edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    return np.isin(labels, at_edge[at_edge > 0])


def _against_neighbourhood(reduced: Grey, lit: Mask) -> Field:
    """Brightness in local standard deviations above the local mean, both taken over the lit field only; −1 outside it."""
    weight = lit.astype(np.float32)
    value = reduced.astype(np.float32) / 255 * weight
    total, sums, squares = cv2.split(_smoothed(cv2.merge((weight, value, value * value))))
    total = total + 1e-3
    mean = sums / total
    variance = np.maximum(squares / total - mean * mean, 1e-6)
    score = (value - mean) / (np.sqrt(variance) + 0.02)
    score[~lit] = -1
    return np.asarray(cv2.copyMakeBorder(score, _MARGIN, _MARGIN, _MARGIN, _MARGIN, cv2.BORDER_REPLICATE), np.float32)


def _smoothed(field: NDArray[np.floating]) -> Field:
    """Blur each channel by ``NEIGHBOURHOOD``, on a copy of a quarter of the side: at this width nothing finer is left."""
    rows, columns = field.shape[:2]
    coarse = cv2.resize(field, (-(-columns // 4), -(-rows // 4)), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(coarse, (0, 0), NEIGHBOURHOOD / 4, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(blurred, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)


def _palms_within(score: Field, least: float) -> Iterator[Palm]:
    """Measure what may be a palm, the largest first."""
    outline, inside = _outlined(score)
    distance = cv2.distanceTransform(outline, cv2.DIST_L2, 5)
    for _ in range(_CANDIDATES):
        _, radius, _, (column, row) = cv2.minMaxLoc(distance)
        if radius / SIDE < least:
            return
        yield _measured(outline, inside, score, (column, row), radius)
        cv2.circle(distance, (column, row), round(1.3 * radius), 0, -1)


def _without_holes(mask: Mask) -> Grey:
    """Close gaps between metacarpals, which are darker than their neighbourhood, as ``uint8`` 0 and 255."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    small = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] < _HOLE * mask.size)
    return np.where(mask | np.isin(labels, small[small > 0]), 255, 0).astype(np.uint8)


def _measured(outline: Grey, inside: Grey, score: Field, centre: tuple[int, int], radius: float) -> Palm:
    column, row = centre
    foreground, seen = (_unrolled(mask, centre, radius) > 127 for mask in (outline, inside))  # both at once are not the same to the bit
    reach = _reach(foreground)
    fingers = [tip for tip in _tips(reach) if _ends_inside(reach, seen, tip)]
    if len(fingers) < FINGERS[0]:
        return Palm(row=row, column=column, radius=radius / SIDE, fingers=len(fingers), tips=tuple(fingers))
    first, spread = _fan(fingers)
    fan = (np.arange(_ANGLES) - first) % _ANGLES <= spread
    ring = (_RADIUS > 1.2) & (0.9 * float(np.median(reach[fingers])) > _RADIUS)
    sector = fan[:, None] & ring & seen
    gaps = sector & (reach[:, None] + 0.1 < _RADIUS)
    flesh = sector & (reach[:, None] - 0.1 > _RADIUS)
    behind = ~fan[:, None] & ring & seen
    local = _unrolled(score, centre, radius)
    return Palm(
        row=row,
        column=column,
        radius=radius / SIDE,
        fingers=len(fingers),
        tips=tuple(fingers),
        spread_deg=spread * 360 / _ANGLES,
        clean=1 - _share(foreground, gaps),
        contrast=float(np.median(local[flesh]) - np.median(local[gaps])) if gaps.any() and flesh.any() else 0.0,
        gaps=float(gaps.sum() / max(sector.sum(), 1)),
        behind=_share(foreground, behind) if behind.any() else 0.0,
    )


def _share(foreground: Mask, where: Mask) -> float:
    return float(foreground[where].mean()) if where.any() else 1.0


def _unrolled(image: Grey | Field, centre: tuple[int, int], radius: float) -> Field:
    """Resample around the palm: one row an angle, ``_RADII`` columns out to five palm radii, 0 beyond the frame."""
    flags = cv2.WARP_POLAR_LINEAR | cv2.INTER_LINEAR | cv2.WARP_FILL_OUTLIERS
    return np.asarray(cv2.warpPolar(image, (_RADII, _ANGLES), centre, _LARGEST_REACH * radius, flags), np.float32)


def _reach(foreground: Mask) -> NDArray[np.float64]:
    """Palm radii to the first quarter radius of unbroken background, by angle."""
    gap = round(0.25 * _PER_RADIUS)
    background = np.ones((_ANGLES, 1 + _RADII + gap), np.uint8)
    background[:, 0] = 0
    np.logical_not(foreground, out=background[:, 1 : 1 + _RADII])
    background = np.cumsum(background, axis=1, dtype=np.uint8)
    ended: Mask = background[:, gap:] - background[:, :-gap] == gap
    ended[:, : int(0.7 * _PER_RADIUS)] = False
    return np.asarray(np.argmax(ended, axis=1) / _PER_RADIUS, np.float64)


def _tips(reach: NDArray[np.float64]) -> list[int]:
    """Angles of narrow peaks that rise and fall by ``PROMINENCE``, found in one walk around the palm from its nearest edge."""
    start = int(np.argmin(reach))
    rolled = np.roll(reach, -start)
    walk = cv2.GaussianBlur(np.append(rolled, rolled[0]).astype(np.float32)[None], (5, 1), 0).ravel()
    peaks: list[tuple[int, float]] = []
    low, top, rising = float(walk[0]), 0, True
    steps: list[float] = walk.tolist()  # a number of NumPy's own costs ten times as much to compare
    for at, value in enumerate(steps):
        if rising:
            top = at if value > steps[top] else top
            height = steps[top]
            low = min(low, value) if height - low < PROMINENCE else low
            if height - low >= PROMINENCE and height - value >= PROMINENCE:
                peaks.append((top, low))
                low, rising = value, False
        elif value < low:
            low = value
        elif value - low >= PROMINENCE:
            top, rising = at, True
    return [(at + start) % _ANGLES for at, before in peaks if _is_narrow(walk, at, before)]


def _is_narrow(walk: NDArray[np.float32], at: int, before: float) -> bool:
    height = float(walk[at])
    if not REACH[0] < height < REACH[1]:
        return False
    half_way = height - min(height - before, 1.0) / 2
    below = np.flatnonzero(walk <= half_way)
    left = below[below < at].max(initial=-1)
    right = below[below > at].min(initial=walk.size)
    return float((right - left - 1) * 2 * np.pi * half_way / _ANGLES) < WIDTH


def _ends_inside(reach: NDArray[np.float64], seen: Mask, tip: int) -> bool:
    beyond = min(_RADII - 1, int((reach[tip] + 0.15) * _PER_RADIUS))
    return bool(seen[tip, beyond])


def _fan(tips: list[int]) -> tuple[int, int]:
    """First finger and the angle to the last, in steps, such that the widest empty angle lies outside."""
    ordered = sorted(tips)
    steps = [(after - before) % _ANGLES for before, after in zip(ordered, [*ordered[1:], ordered[0]], strict=True)]
    widest = int(np.argmax(steps))
    return ordered[(widest + 1) % len(ordered)], _ANGLES - steps[widest]
