"""Figures and sentences of a site acceptance, in English: page and terminal write them alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, TypeAlias

from baa_node.core.acceptance.agreement import RESAMPLES, Figure, Score
from baa_node.core.acceptance.calibration_fit import LEAST_IMAGES
from baa_node.core.acceptance.verdict import FEW, Acceptance, Group, Replay
from baa_node.core.calibration import Line

Cell: TypeAlias = tuple[str, str]
"""A figure and its interval."""


def interval(figure: Figure, shape: str) -> str:
    """Interval in the shape of one number; a dash where there is none."""
    if not (math.isfinite(figure.low) and math.isfinite(figure.high)):
        return "–"
    return f"{shape.format(figure.low)} to {shape.format(figure.high)}".replace("-", "−")


def shares(figure: Figure) -> str:
    """Interval of a share, per cent."""
    return f"{figure.low * 100:.0f} to {figure.high * 100:.0f} %"


def percent(share: float) -> str:
    """Share of 0 to 1."""
    return f"{share * 100:.0f} %"


def signed(months: float, places: int = 1) -> str:
    """Write a number with its sign; a dash where there is none."""
    return f"{months:+.{places}f}".replace("-", "−") if math.isfinite(months) else "–"


def counted(number: int, noun: str) -> str:
    """Write a number and its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


CELLS: Final[tuple[Callable[[Score], Cell], ...]] = (
    lambda score: (f"{score.mae.value:.1f}", interval(score.mae, "{:.1f}")),
    lambda score: (signed(score.bias.value), interval(score.bias, "{:+.1f}")),
    lambda score: (f"{score.rmse.value:.1f}", interval(score.rmse, "{:.1f}")),
    lambda score: (signed(score.lower_limit.value), interval(score.lower_limit, "{:+.1f}")),
    lambda score: (signed(score.upper_limit.value), interval(score.upper_limit, "{:+.1f}")),
    lambda score: (percent(score.within_12.value), shares(score.within_12)),
    lambda score: (percent(score.within_24.value), shares(score.within_24)),
)
HEADS: Final = ("n", "MAE", "bias", "RMSE", "lower limit", "upper limit", "≤ 12 mo", "≤ 24 mo")
"""Of the number of images and the cells above."""


def cells_of(group: Group) -> list[Cell]:
    """Figures of a group; the last is the coverage of the node's interval."""
    return [*(cell(group.score) for cell in CELLS), (percent(group.coverage.value), shares(group.coverage))]


def told_line(line: Line) -> str:
    """Tell a fitted line and what it is good for."""
    low, high = line.range_months
    return (
        f"slope {line.slope.value:.3f} ({interval(line.slope, '{:.3f}')}), intercept {signed(line.intercept_months.value)} months "
        f"({interval(line.intercept_months, '{:+.1f}')}), estimates {low:.0f} to {high:.0f} months; mean absolute error "
        f"{line.mae_before.value:.2f} before and {line.mae_after.value:.2f} after, gain {signed(line.gain.value, 2)} months "
        f"({interval(line.gain, '{:+.2f}')})."
    )


def method(replay: Replay, acceptance: Acceptance) -> list[str]:
    """Paragraphs that say what was done, with what and when."""
    return [_replayed(replay, acceptance), _read_with(replay), _differences(replay), _INTERVALS]


def _replayed(replay: Replay, acceptance: Acceptance) -> str:
    return (
        f"The DICOM files of the folder {replay.folder} were read through the node's own path, gates and settings included; nothing "
        f"was stored and nothing sent. Table {replay.table} (SHA-256 {replay.table_sha256}): {counted(replay.rows, 'row')}; "
        f"{counted(replay.files, 'DICOM file')}; {counted(len(acceptance.cases), 'image')} compared, {len(acceptance.refused)} refused."
    )


def _read_with(replay: Replay) -> str:
    bundle, device, calibration = replay.bundle, replay.device, replay.calibration
    in_force = "No calibration of the site was in force."
    if calibration is not None:
        corrected = " and ".join(calibration.seals)
        in_force = (
            f"Calibration {calibration.version} of {calibration.created[:10]} was in force for {corrected} (SHA-256 {calibration.seal})."
        )
    return (
        f"Networks {bundle.name} {bundle.version} (SHA-256 {bundle.sha256}) on {replay.provider.removesuffix('ExecutionProvider')}, "
        f"software {device.model} {device.version}, {replay.written_at.isoformat(timespec='seconds')}. {in_force}"
    )


def _differences(replay: Replay) -> str:
    return (
        "A difference is node minus reader, in months. MAE is the mean absolute difference, bias the mean difference, RMSE the root of "
        "the mean squared difference; the limits of agreement are bias ± 1.96 standard deviations (Bland & Altman, Lancet "
        "1986;1:307-310). \"In interval\" is the share of readers' values inside the node's "
        f"{replay.coverage * 100:g} % prediction interval."
    )


_INTERVALS: Final = (
    f"Intervals are 95 %: percentile bootstrap over images ({RESAMPLES:,} resamples, fixed seed), and Wilson's for shares (Newcombe, "
    f"Stat Med 1998;17:857-872). Of fewer than {FEW} images only shares have an interval. Images, not patients, are drawn: several "
    "images of one child make intervals too narrow. Refused images are in no figure of agreement. "
    f"A calibration takes at least {LEAST_IMAGES} images of a sex and a shown benefit (ten-fold cross-validation)."
)
