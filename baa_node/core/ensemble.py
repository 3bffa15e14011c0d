"""Several networks read one radiograph; their values become one estimate with an interval and a heat map."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from baa_node.core.frame.borders import Box, lit_box
from baa_node.core.frame.detection import Detector
from baa_node.core.frame.orientation import Turn, turn_to_upright, turned, turned_back
from baa_node.core.frame.smoothing import settle
from baa_node.core.preprocess import Frame, Masker, Preparation, Prepared, prepare, second_view
from baa_node.core.radiograph import Sex
from baa_node.errors import BundleError, MissingAttribute

Run = Callable[[NDArray[np.uint8], NDArray[np.float32]], tuple[NDArray[np.float32], NDArray[np.float32]]]
"""``image (N, size, size, 1) uint8``, ``sex (N, 1) float32`` (0 female, 1 male) to ``months (N,)``, ``saliency (N, h, w)``."""


@dataclass(frozen=True, kw_only=True)
class BundleIdentity:
    """Which weights gave a number: name and version of the bundle and the SHA-256 over its manifest."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What a site's calibration made of an estimate (``core.calibration``).

    Attributes
    ----------
    version, sha256
        Of the calibration.
    slope, intercept_months
        Of the line for the patient's sex.
    raw_months, raw_interval_months
        What the networks gave.
    """

    version: int
    sha256: str
    slope: float
    intercept_months: float
    raw_months: float
    raw_interval_months: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What the models say of one radiograph, before anybody compares it with a reference.

    Attributes
    ----------
    bone_age_months
        Pooled value, months.
    interval_months
        Lower and upper limit of the prediction interval, months.
    coverage
        Nominal coverage of the interval, 0 to 1.
    members
        Months by member name, in the bundle's order.
    spread_months
        Standard deviation among members; None with fewer than two.
    saliency
        ``(h, w) float32`` in 0..1 over the crop below; coarse, as the networks give it.
    crop
        ``(top, left, height, width)`` in pixels of the radiograph: what the networks saw. With variants that pad, the
        saliency covers the padded square and ``crop`` may reach outside the frame (negative top or left).
    sex_used
        ``"F"``, ``"M"`` or None when a member that needs no sex gave the value.
    bundle, provider
        Weights and the execution provider that really ran (``CUDAExecutionProvider`` or ``CPUExecutionProvider``).
    disagreement_months
        Spread above which this bundle calls its members at odds; None where the bundle says nothing of it.
    turned_deg
        By how much the frame was turned against the clock, 0 to 359, so that the fingers pointed up for the networks; ``saliency``
        and ``crop`` lie in the frame as it was before (`core.frame.orientation`).
    noise_shift_months
        By how much the value changes where all noise is taken out, and the finest of the bone with it (`core.frame.smoothing`); None
        for a frame without noise.
    crop_shift_months
        By how much the value changes with the crop that a few grey levels of the threshold would give; None where that is much the same
        (`core.preprocess.second_view`).
    validated_range_months
        Youngest and oldest label that the bundle was validated on; None where the bundle does not say.
    by_sex
        For a patient of unknown sex: what members that use it give for either, value and limits of its prediction interval, months;
        empty for all others, and where no member uses the sex.
    correction
        Of a site's calibration, which value and interval have gone through; None where none is in force for this patient.
    """

    bone_age_months: float
    interval_months: tuple[float, float]
    coverage: float
    members: Mapping[str, float]
    spread_months: float | None
    saliency: NDArray[np.float32]
    crop: tuple[int, int, int, int]
    sex_used: str | None
    bundle: BundleIdentity
    provider: str
    disagreement_months: float | None = None
    turned_deg: int = 0
    noise_shift_months: float | None = None
    crop_shift_months: float | None = None
    validated_range_months: tuple[float, float] | None = None
    by_sex: Mapping[Sex, tuple[float, float, float]] = field(default_factory=dict)
    correction: Correction | None = None

    @property
    def raw_months(self) -> float:
        """What the networks gave, before any calibration of the site."""
        return self.bone_age_months if self.correction is None else self.correction.raw_months


@dataclass(frozen=True, kw_only=True)
class Member:
    """One network of the ensemble, ready to run.

    Attributes
    ----------
    weight, weight_without_sex
        Share in the pooled value, before normalisation over the members that take part; 0 takes no part. The second holds for
        patients of unknown sex and is not asked of members that need the sex; None is the same as the first.
    needs_sex
        False if ``run`` ignores its second argument.
    run
        Inference; see `Run`.
    provider
        Names the execution provider the last run used; asked after ``run``, since a lost GPU changes it.
    """

    name: str
    preparation: Preparation
    weight: float
    needs_sex: bool
    run: Run
    provider: Callable[[], str]
    weight_without_sex: float | None = None

    def weight_for(self, sex: Sex | None) -> float:
        """Share for a patient of this sex; 0 leaves the member out."""
        if sex is not None:
            return self.weight
        if self.needs_sex:
            return 0.0
        return self.weight if self.weight_without_sex is None else self.weight_without_sex


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What the interval rests on: how far the pooled value was off on images that were not learnt from.

    Attributes
    ----------
    coverage
        Nominal, 0 to 1.
    residuals_months
        Estimate minus label by ``"F"``, ``"M"`` and, if the bundle can read without sex, ``"unknown"``.
    estimates_months
        The estimate each residual belongs to, in the same order; only needed where there are edges.
    edges_months
        Estimates at which one age band ends and the next begins, ascending; without them one interval serves all ages.
    """

    coverage: float
    residuals_months: Mapping[str, Sequence[float]]
    estimates_months: Mapping[str, Sequence[float]] = field(default_factory=dict)
    edges_months: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def half_width_months(self, sex: Sex | None, estimate_months: float | None = None) -> float:
        """Half the width of the prediction interval.

        Split conformal prediction: the ceil((n + 1) · coverage)-th smallest of n absolute residuals (Lei et al., J Am
        Stat Assoc 2018;113:1094-1111, algorithm 2), of the estimate's own age band (Mondrian: Vovk et al. 2005, chapter 4.5).

        Parameters
        ----------
        estimate_months
            Names the band; the label cannot, since it is not known when a radiograph is read. None takes all ages together.

        Raises
        ------
        BundleError
            There are no residuals for this sex and band, or too few for the coverage.
        """
        key = "unknown" if sex is None else sex.value
        residuals = np.sort(np.abs(self._like(key, estimate_months)))
        rank = math.ceil((residuals.size + 1) * self.coverage)
        if not 1 <= rank <= residuals.size:
            raise BundleError(f"{residuals.size} calibration residuals for sex {key} cannot give {self.coverage:.0%} coverage")
        return float(residuals[rank - 1])

    def widest_checked_months(self, sex: Sex | None) -> float:
        """Go through all bands of a sex, so that none is found wanting at the first radiograph; the largest half width."""
        edges = self.edges_months.get("unknown" if sex is None else sex.value, ())
        return max(self.half_width_months(sex, inside) for inside in (-math.inf, *edges))

    def _like(self, key: str, estimate_months: float | None) -> NDArray[np.float64]:
        residuals = np.asarray(self.residuals_months.get(key, ()), np.float64)
        edges = self.edges_months.get(key, ())
        if estimate_months is None or not len(edges):
            return residuals
        bands = np.searchsorted(edges, np.asarray(self.estimates_months[key], np.float64), side="right")
        alike: NDArray[np.float64] = residuals[bands == np.searchsorted(edges, estimate_months, side="right")]
        return alike


@dataclass(frozen=True, kw_only=True)
class Ensemble:
    """Networks that vote, how far their vote may be off, and one that looks whether there is a hand to vote on."""

    members: tuple[Member, ...]
    calibration: Calibration
    identity: BundleIdentity
    disagreement_months: float | None = None
    masker: Masker | None = None
    detector: Detector | None = None
    validated_range_months: tuple[float, float] | None = None

    @property
    def needs_sex(self) -> bool:
        """True when no member can read a radiograph of unknown sex."""
        return not any(member.weight_for(None) for member in self.members)

    @property
    def provider(self) -> str:
        """Execution provider of the members; joined by ``+`` if they differ."""
        return _provider(self.members)

    def estimate(self, pixels: NDArray[np.uint8], sex: Sex | None) -> Estimate:
        """Read one radiograph, whichever way up it lies.

        Parameters
        ----------
        pixels
            ``(H, W) uint8``, bone bright on dark.
        sex
            None leaves the value to the members that need no sex.

        Raises
        ------
        MissingAttribute
            Sex is None and every member needs it.
        BundleError
            A member gave something that is no number.
        """
        voters = [member for member in self.members if member.weight_for(sex) > 0]
        if not voters:
            raise MissingAttribute("PatientSex")
        settled = settle(pixels)
        turn = turn_to_upright(settled.whole)
        whole, (above, before) = _upright(settled.inner, turn)
        upright = Frame(whole)
        seen = self._prepared(upright, voters)
        votes = [_vote(member, seen[member.preparation], sex) for member in voters]
        weights = [member.weight_for(sex) for member in voters]
        pooled = float(np.average([months for months, _ in votes], weights=weights))
        half = self.calibration.half_width_months(sex, pooled)
        doubted = {spec: view for spec in seen if (view := second_view(upright, spec))}
        saliency, crop = _seen_most([heat for _, heat in votes], weights, [seen[member.preparation].crop for member in voters])
        saliency, crop = turned_back(saliency, _moved(crop, above, before), turn, settled.inner.shape)
        return Estimate(
            bone_age_months=pooled,
            interval_months=(pooled - half, pooled + half),
            coverage=self.calibration.coverage,
            members={member.name: months for member, (months, _) in zip(voters, votes, strict=True)},
            spread_months=float(np.std([months for months, _ in votes], ddof=1)) if len(votes) > 1 else None,
            saliency=saliency,
            crop=_moved(crop, *settled.box[:2]),
            turned_deg=turn.degrees,
            noise_shift_months=self._value(settled.whole, turn, voters, sex) - pooled if settled.noise_levels else None,
            crop_shift_months=_pooled({**seen, **doubted}, voters, sex) - pooled if doubted else None,
            sex_used=None if sex is None or not any(member.needs_sex for member in voters) else sex.value,
            bundle=self.identity,
            provider=_provider(voters),
            disagreement_months=self.disagreement_months,
            validated_range_months=self.validated_range_months,
            by_sex={one: self._told(upright, one) for one in Sex if sex is None and self._uses_sex(one)},
        )

    def _uses_sex(self, sex: Sex) -> bool:
        return any(member.needs_sex and member.weight_for(sex) > 0 for member in self.members)

    def _told(self, upright: Frame, sex: Sex) -> tuple[float, float, float]:
        """Pooled value of a frame with the fingers up, and limits of its interval, were this the patient's sex."""
        voters = [member for member in self.members if member.weight_for(sex) > 0]
        months = _pooled(self._prepared(upright, voters), voters, sex)
        half = self.calibration.half_width_months(sex, months)
        return months, months - half, months + half

    def _prepared(self, upright: Frame, voters: Sequence[Member]) -> dict[Preparation, Prepared]:
        return {spec: prepare(upright, spec, self.masker) for spec in dict.fromkeys(member.preparation for member in voters)}

    def _value(self, pixels: NDArray[np.uint8], turn: Turn, voters: Sequence[Member], sex: Sex | None) -> float:
        """Pooled value alone of a frame that is to be turned."""
        return _pooled(self._prepared(Frame(_upright(pixels, turn)[0]), voters), voters, sex)


def _pooled(seen: Mapping[Preparation, Prepared], voters: Sequence[Member], sex: Sex | None) -> float:
    months = [_vote(member, seen[member.preparation], sex)[0] for member in voters]
    return float(np.average(months, weights=[member.weight_for(sex) for member in voters]))


def _upright(pixels: NDArray[np.uint8], turn: Turn) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Turn a frame, and cut off what is black all around where that came by turning; what was cut off above and before."""
    whole = turned(pixels, turn)
    above, before, rows, columns = lit_box(whole) if turn.tilt_deg else (0, 0, *whole.shape)
    return whole[above : above + rows, before : before + columns], (above, before)


def _moved(box: Box, top: int, left: int) -> Box:
    return box[0] + top, box[1] + left, box[2], box[3]


def _vote(member: Member, prepared: Prepared, sex: Sex | None) -> tuple[float, NDArray[np.float32]]:
    """One member's months and ``(h, w)`` heat map; without sex the second input is a placeholder that is not read."""
    male = np.array([[1.0 if sex is Sex.MALE else 0.0]], np.float32)
    months, saliency = member.run(prepared.image[np.newaxis], male)
    if not (np.isfinite(months).all() and np.isfinite(saliency).all()):
        raise BundleError(f"member {member.name} gave a value that is no number")
    return float(months[0]), saliency[0]


def _seen_most(
    heats: Sequence[NDArray[np.float32]], weights: Sequence[float], crops: Sequence[tuple[int, int, int, int]]
) -> tuple[NDArray[np.float32], tuple[int, int, int, int]]:
    """Mean heat map, at the finest resolution, of the members that saw the same crop as the heaviest one, and that crop."""
    crop = crops[int(np.argmax(weights))]
    alike = [index for index, other in enumerate(crops) if other == crop]
    rows, columns = max((heats[index].shape for index in alike), key=lambda shape: (shape[0] * shape[1], shape))
    enlarged = [cv2.resize(heats[index], (columns, rows), interpolation=cv2.INTER_LINEAR) for index in alike]
    pooled = np.average(enlarged, axis=0, weights=[weights[index] for index in alike])
    return pooled.astype(np.float32), crop


def _provider(members: Sequence[Member]) -> str:
    return "+".join(dict.fromkeys(member.provider() for member in members))
