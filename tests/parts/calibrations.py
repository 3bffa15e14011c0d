"""Calibrations of a site, made by hand."""

from __future__ import annotations

from baa_node.core.acceptance.agreement import Figure
from baa_node.core.calibration import Line, SiteCalibration
from baa_node.core.ensemble import BundleIdentity
from baa_node.core.radiograph import Sex


def line(slope: float = 0.9, intercept: float = 6.0) -> Line:
    """Line that was fitted on estimates of 30 to 200 months."""
    return Line(
        slope=Figure(value=slope, low=slope - 0.02, high=slope + 0.02),
        intercept_months=Figure(value=intercept, low=intercept - 2, high=intercept + 2),
        range_months=(30.0, 200.0),
        n=80,
        mae_before=Figure(value=8.0, low=7.0, high=9.0),
        mae_after=Figure(value=6.0, low=5.0, high=7.0),
        gain=Figure(value=2.0, low=1.0, high=3.0),
    )


def calibration(bundle: BundleIdentity, *, version: int = 1, slope: float = 0.9) -> SiteCalibration:
    """The same line for both sexes."""
    return SiteCalibration(
        version=version,
        created="2026-03-04T05:06:07Z",
        bundle=bundle,
        software="0.1.0",
        lines={sex: line(slope) for sex in Sex},
        without={},
    )
