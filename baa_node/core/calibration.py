"""A site's own correction of the networks' estimate: one straight line a sex, sealed, tied to one bundle, applied here and nowhere else.

The line holds for estimates within the range that it was fitted on; beyond it the shift of the nearer end is used, so that
nothing is extrapolated. Patients of unknown sex, and of a sex without a line, keep what the networks gave.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from baa_node.core.acceptance.agreement import Figure
from baa_node.core.ensemble import BundleIdentity, Correction, Estimate
from baa_node.core.radiograph import Sex

FORMAT: Final = 1
"""Version of the file's layout; a reader refuses any other."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """Calibrated bone age = slope · estimate + intercept.

    Attributes
    ----------
    slope, intercept_months
        With their 95 % bootstrap intervals.
    range_months
        Least and greatest estimate that the line was fitted on.
    n
        Images.
    mae_before, mae_after
        Mean absolute error without the line, and with lines fitted on other images (cross-validation), months.
    gain
        What the line saves, months an image.
    """

    slope: Figure
    intercept_months: Figure
    range_months: tuple[float, float]
    n: int
    mae_before: Figure
    mae_after: Figure
    gain: Figure

    def apply(self, months: float) -> float:
        """Calibrate one value."""
        inside = min(max(months, self.range_months[0]), self.range_months[1])
        return months + (self.slope.value - 1) * inside + self.intercept_months.value


@dataclass(frozen=True, kw_only=True)
class SiteCalibration:
    """The lines of a site, as its file holds them.

    Attributes
    ----------
    version
        1 for the first of a site, one more for each that replaces it.
    created
        Date and time with zone, ISO 8601.
    bundle
        Whose estimates the lines correct; no other's.
    software
        Version of this software that fitted it.
    lines
        At least one.
    without
        Why a sex has no line.
    replaces
        Seal of the calibration that was in force when this one was made; empty for the first.
    """

    version: int
    created: str
    bundle: BundleIdentity
    software: str
    lines: Mapping[Sex, Line]
    without: Mapping[Sex, str]
    replaces: str = ""

    @cached_property
    def seal(self) -> str:
        """SHA-256 over everything in it."""
        return _seal(_content(self))

    @property
    def seals(self) -> Mapping[str, str]:
        """Seal by the sexes, as records name them, that have a line."""
        return {sex.value: self.seal for sex in self.lines}

    def seals_for(self, bundle_sha256: str) -> Mapping[str, str]:
        """Seals where they hold for estimates of a bundle; none for any other, which a route may name."""
        return self.seals if bundle_sha256 == self.bundle.sha256 else {}

    def told(self, sex: Sex, figures: tuple[float, float, float]) -> tuple[float, float, float]:
        """Value and limits of its interval through the line of a sex, if it has one."""
        if sex not in self.lines:
            return figures
        months, low, high = (self.lines[sex].apply(figure) for figure in figures)
        return months, low, high


class CalibrationError(ValueError):
    """A calibration cannot be used; the message says why, without the file's name."""


def calibrate(estimate: Estimate, calibration: SiteCalibration | None, sex: Sex | None) -> Estimate:
    """Correct an estimate; value and both limits of its interval go through the same rising line, and what they were is kept.

    That of another bundle, which a route may name, stays as it is, as does that of a sex without a line. Where the sex is unknown, what
    either sex would be given is corrected as it would be if it were known.
    """
    if calibration is None or estimate.bundle.sha256 != calibration.bundle.sha256:
        return estimate
    if sex is None and estimate.by_sex:
        return replace(estimate, by_sex={one: calibration.told(one, figures) for one, figures in estimate.by_sex.items()})
    if sex is None or sex not in calibration.lines:
        return estimate
    line = calibration.lines[sex]
    low, high = estimate.interval_months
    return replace(
        estimate,
        bone_age_months=line.apply(estimate.bone_age_months),
        interval_months=(line.apply(low), line.apply(high)),
        correction=Correction(
            version=calibration.version,
            sha256=calibration.seal,
            slope=line.slope.value,
            intercept_months=line.intercept_months.value,
            raw_months=estimate.bone_age_months,
            raw_interval_months=estimate.interval_months,
        ),
    )


def write_calibration(calibration: SiteCalibration) -> str:
    """Text of the calibration's file, sealed."""
    content = _content(calibration)
    return json.dumps(content | {"sha256": _seal(content)}, indent=1, ensure_ascii=False) + "\n"


def read_calibration(text: str) -> SiteCalibration:
    """Read what `write_calibration` wrote.

    Raises
    ------
    CalibrationError
        It is something else, was changed after it was sealed, or holds what no calibration may.
    """
    try:
        content = json.loads(text)
        seal = content.pop("sha256")
    except (ValueError, AttributeError, KeyError, TypeError):
        raise CalibrationError("it is not a calibration written by `baa-node accept --calibrate`") from None
    if seal != _seal(content):
        raise CalibrationError("it was changed after it was made: its content does not fit its seal (sha256)")
    if content.get("format") != FORMAT:
        raise CalibrationError(f"it is of format {content.get('format')}; this software reads format {FORMAT}")
    try:
        return _calibration(content)
    except (KeyError, TypeError, ValueError) as fault:
        raise CalibrationError(f"it is sealed, but holds no calibration: {fault}") from fault


def check_fits(calibration: SiteCalibration, bundle: BundleIdentity) -> None:
    """Raise `CalibrationError` unless the calibration was made for this bundle."""
    if calibration.bundle.sha256 != bundle.sha256:
        raise CalibrationError(
            f"version {calibration.version} was made for the networks {_called(calibration.bundle)}, and this node reads with "
            f"{_called(bundle)}; make a new one with `baa-node accept --calibrate`"
        )


def _called(bundle: BundleIdentity) -> str:
    return f"{bundle.name} {bundle.version} ({bundle.sha256[:12]})"


def _seal(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def _content(calibration: SiteCalibration) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": calibration.version,
        "created": calibration.created,
        "software": calibration.software,
        "replaces": calibration.replaces,
        "bundle": dict(vars(calibration.bundle)),
        "lines": {sex.value: line_to_json(line) for sex, line in calibration.lines.items()},
        "without": {sex.value: why for sex, why in calibration.without.items()},
    }


def line_to_json(line: Line) -> dict[str, Any]:
    """Plain values; slope and intercept with six digits behind the point, and with these they are applied."""
    figures = {name: vars(getattr(line, name)) for name in ("slope", "intercept_months", "mae_before", "mae_after", "gain")}
    rounded = {name: {key: round(value, 6) for key, value in figure.items()} for name, figure in figures.items()}
    return {**rounded, "range_months": [round(months, 3) for months in line.range_months], "n": line.n}


def _calibration(content: Mapping[str, Any]) -> SiteCalibration:
    lines = {Sex(sex): _line(line) for sex, line in content["lines"].items()}
    if not lines:
        raise ValueError("no line")
    return SiteCalibration(
        version=int(content["version"]),
        created=str(content["created"]),
        bundle=BundleIdentity(**content["bundle"]),
        software=str(content["software"]),
        lines=lines,
        without={Sex(sex): str(why) for sex, why in content["without"].items()},
        replaces=str(content["replaces"]),
    )


def _line(content: Mapping[str, Any]) -> Line:
    figures = {name: Figure(**content[name]) for name in ("slope", "intercept_months", "mae_before", "mae_after", "gain")}
    low, high = content["range_months"]
    line = Line(**figures, range_months=(float(low), float(high)), n=int(content["n"]))
    values = (line.slope.value, line.intercept_months.value, low, high)
    if not all(map(math.isfinite, values)) or line.slope.value <= 0 or not low < high:
        raise ValueError(f"slope {line.slope.value}, intercept {line.intercept_months.value}, range {low} to {high}")
    return line
