"""One picture a model: estimate against label, their difference against their mean (Bland & Altman), error by age."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from train.scores import Predictions

GIRLS, BOYS, INK, FAINT = "#b5367a", "#1f77a8", "#222222", "#9a9a9a"
"""Two colours that differ in lightness too, for readers who do not tell red from green."""

YEARS: Final = 12.0


def draw(predictions: Predictions, title: str, target: Path) -> None:
    """Write a PNG of 1,650 × 560 pixels."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(16.5, 5.6), dpi=100, layout="constrained")
    figure.suptitle(title, fontsize=15, x=0.01, ha="left", color=INK)
    agreement, difference, by_age = figure.subplots(1, 3)
    _agreement(agreement, predictions)
    _difference(difference, predictions)
    _by_age(by_age, predictions)
    for axes in (agreement, difference, by_age):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=11, colors=INK)
        axes.xaxis.label.set_size(12)
        axes.yaxis.label.set_size(12)
    save(figure, target)


def _agreement(axes: Any, predictions: Predictions) -> None:
    ends = np.array([0.0, 20.0])
    axes.fill_between(ends, ends - 1, ends + 1, color="#e9e9e9", lw=0, label="within 12 months")
    axes.plot(ends, ends, color=INK, lw=1)
    _dots(axes, predictions, predictions.label / YEARS, predictions.estimate / YEARS)
    axes.set(xlabel="label, years", ylabel="estimate, years", xlim=(0, 20), ylim=(0, 20), xticks=range(0, 21, 4), yticks=range(0, 21, 4))
    axes.set_title("Estimate against label", fontsize=13)
    axes.legend(fontsize=11, frameon=False, loc="upper left")


def _difference(axes: Any, predictions: Predictions) -> None:
    middle, off = (predictions.label + predictions.estimate) / (2 * YEARS), predictions.residual
    _dots(axes, predictions, middle, off)
    mean, sd = float(off.mean()), float(off.std(ddof=1))
    for height, words in (
        (mean, f"mean {mean:+.1f}"),
        (mean + 1.96 * sd, f"{mean + 1.96 * sd:+.1f}"),
        (mean - 1.96 * sd, f"{mean - 1.96 * sd:+.1f}"),
    ):
        axes.axhline(height, color=INK, lw=1.2, ls="-" if height == mean else "--")
        axes.text(
            19.9, height, words, ha="right", va="bottom", fontsize=11, color=INK, bbox={"fc": "white", "ec": "none", "pad": 1, "alpha": 0.8}
        )
    reach = max(40.0, float(np.abs(off).max()) + 5)
    axes.set(xlabel="mean of label and estimate, years", ylabel="estimate − label, months", xlim=(0, 20), ylim=(-reach, reach))
    axes.set_title("Bland & Altman, limits of agreement 95 %", fontsize=13)


def _by_age(axes: Any, predictions: Predictions) -> None:
    """Mean absolute error (bar) and bias (line) in every two years of each sex."""
    starts = np.arange(0, 20, 2)
    for coded, colour, shift in ((0, GIRLS, -0.38), (1, BOYS, 0.38)):
        held = [(predictions.male == coded) & (predictions.label // 24 == start / 2) for start in starts]
        off = [predictions.residual[chosen] for chosen in held]
        shown = [index for index, part in enumerate(off) if part.size]
        places = starts[shown] + 1 + shift
        axes.bar(places, [np.abs(off[index]).mean() for index in shown], width=0.72, color=colour, alpha=0.55)
        axes.plot(places, [off[index].mean() for index in shown], color=colour, marker="o", ms=5, lw=1.5)
        for place, index in zip(places, shown, strict=True):
            axes.text(place, np.abs(off[index]).mean() + 0.3, str(off[index].size), ha="center", fontsize=8.5, color=INK)
    axes.axhline(0, color=INK, lw=1)
    axes.set(xlabel="label, years", ylabel="months", xlim=(0, 20), xticks=range(0, 21, 2))
    axes.set_title("Error (bars, with number of images) and bias (lines)", fontsize=13)


def _dots(axes: Any, predictions: Predictions, x: Any, y: Any) -> None:
    for coded, colour, name in ((0, GIRLS, "girls"), (1, BOYS, "boys")):
        chosen = predictions.male == coded
        if chosen.any():
            axes.scatter(x[chosen], y[chosen], s=9, color=colour, alpha=0.55, lw=0, label=name)


def save(figure: Any, target: Path) -> None:
    """Write a PNG; few colours are enough, and keep the file small."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", facecolor="white")
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.open(drawn).convert("RGB").quantize(48, dither=Image.Dither.NONE).save(target, optimize=True)
