"""Several networks read one radiograph; their values become one estimate with an interval and a heat map."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baa_node.core.preprocess import Preparation, Prepared, prepare
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


@dataclass(frozen=True, kw_only=True)
class Member:
    """One network of the ensemble, ready to run.

    Attributes
    ----------
    weight
        Share in the pooled value, before normalisation over the members that take part.
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


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What the interval rests on: how far the pooled value was off on images that were not learnt from.

    Attributes
    ----------
    coverage
        Nominal, 0 to 1.
    residuals_months
        Estimate minus label by ``"F"``, ``"M"`` and, if the bundle can read without sex, ``"unknown"``.
    """

    coverage: float
    residuals_months: Mapping[str, Sequence[float]]

    def half_width_months(self, sex: Sex | None) -> float:
        """Half the width of the prediction interval.

        Split conformal prediction: the ceil((n + 1) · coverage)-th smallest of n absolute residuals (Lei et al., J Am
        Stat Assoc 2018;113:1094-1111, algorithm 2).

        Raises
        ------
        BundleError
            There are no residuals for this sex, or too few for the coverage.
        """
        key = "unknown" if sex is None else sex.value
        residuals = np.sort(np.abs(np.asarray(self.residuals_months.get(key, ()), np.float64)))
        rank = math.ceil((residuals.size + 1) * self.coverage)
        if not 1 <= rank <= residuals.size:
            raise BundleError(f"{residuals.size} calibration residuals for sex {key} cannot give {self.coverage:.0%} coverage")
        return float(residuals[rank - 1])


@dataclass(frozen=True, kw_only=True)
class Ensemble:
    """Networks that vote, and how far their vote may be off."""

    members: tuple[Member, ...]
    calibration: Calibration
    identity: BundleIdentity

    @property
    def needs_sex(self) -> bool:
        """True when no member can read a radiograph of unknown sex."""
        return all(member.needs_sex for member in self.members)

    @property
    def provider(self) -> str:
        """Execution provider of the members; joined by ``+`` if they differ."""
        return _provider(self.members)

    def estimate(self, pixels: NDArray[np.uint8], sex: Sex | None) -> Estimate:
        """Read one radiograph.

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
        voters = [member for member in self.members if sex is not None or not member.needs_sex]
        if not voters:
            raise MissingAttribute("PatientSex")
        seen = {spec: prepare(pixels, spec) for spec in dict.fromkeys(member.preparation for member in voters)}
        votes = [_vote(member, seen[member.preparation], sex) for member in voters]
        pooled = float(np.average([months for months, _ in votes], weights=[member.weight for member in voters]))
        half = self.calibration.half_width_months(sex)
        saliency, crop = _seen_most(voters, [heat for _, heat in votes], seen)
        return Estimate(
            bone_age_months=pooled,
            interval_months=(pooled - half, pooled + half),
            coverage=self.calibration.coverage,
            members={member.name: months for member, (months, _) in zip(voters, votes, strict=True)},
            spread_months=float(np.std([months for months, _ in votes], ddof=1)) if len(votes) > 1 else None,
            saliency=saliency,
            crop=crop,
            sex_used=None if sex is None or not any(member.needs_sex for member in voters) else sex.value,
            bundle=self.identity,
            provider=_provider(voters),
        )


def _vote(member: Member, prepared: Prepared, sex: Sex | None) -> tuple[float, NDArray[np.float32]]:
    """One member's months and ``(h, w)`` heat map; without sex the second input is a placeholder that is not read."""
    male = np.array([[1.0 if sex is Sex.MALE else 0.0]], np.float32)
    months, saliency = member.run(prepared.image[np.newaxis], male)
    if not (np.isfinite(months).all() and np.isfinite(saliency).all()):
        raise BundleError(f"member {member.name} gave a value that is no number")
    return float(months[0]), saliency[0]


def _seen_most(
    voters: Sequence[Member], heats: Sequence[NDArray[np.float32]], seen: Mapping[Preparation, Prepared]
) -> tuple[NDArray[np.float32], tuple[int, int, int, int]]:
    """Mean heat map of the members that share crop and resolution with the heaviest one, and that crop."""
    first = max(range(len(voters)), key=lambda index: voters[index].weight)
    crop = seen[voters[first].preparation].crop
    alike = [i for i, voter in enumerate(voters) if seen[voter.preparation].crop == crop and heats[i].shape == heats[first].shape]
    pooled = np.average([heats[i] for i in alike], axis=0, weights=[voters[i].weight for i in alike])
    return pooled.astype(np.float32), crop


def _provider(members: Sequence[Member]) -> str:
    return "+".join(dict.fromkeys(member.provider() for member in members))
