"""``python -m train.drift``: the traits of ``core.watch.traits`` on ``val``, read by the shipped bundle; goes to ``results/drift.json``.

The mean absolute error of the hands that the node reads, as it reads them, goes there too. ``baa_node/core/watch/norms.py`` repeats the
traits in code, which a test holds together: run this after a new bundle, then copy what it prints.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from baa_node.bundle import CPU, default_bundle, load_bundle
from baa_node.core.assessment import Refusal
from baa_node.core.ensemble import Ensemble
from baa_node.core.gates.limits import DEFAULT_GATES
from baa_node.core.gates.suitability import refuse_estimate, to_be_read
from baa_node.core.radiograph import Sex
from baa_node.core.watch.traits import Traits, focus
from train.detector.canvas import Pixels
from train.detector.trials import good_hands
from train.folders import add_folders
from train.labels import read_labels
from train.shown import radiograph

FILE: Final = "drift.json"
DEPENDS_ON_THE_SOURCE: Final = {"short_side_px"}
"""Every radiograph of the challenge here is 299 × 299 pixels: no site's are."""


def traits_of(pixels: Pixels, sex: Sex, ensemble: Ensemble) -> tuple[dict[str, float], bool, bool]:
    """Traits of one hand of ``val``, which has no birth date; whether it is refused, and whether the networks differ."""
    traits = Traits()
    shown = radiograph(pixels, sex)
    traits.see(shown)
    watched = traits.watching(ensemble)
    passed = to_be_read(shown, DEFAULT_GATES, watched.detector)
    estimate = ensemble.estimate(shown.pixels if isinstance(passed, Refusal) else passed.pixels, sex)
    refusal = passed if isinstance(passed, Refusal) else refuse_estimate(estimate, DEFAULT_GATES)
    if refusal is None:
        hot, spread = focus(estimate.saliency), estimate.spread_months
        found = {"bone_age_months": estimate.bone_age_months, "spread_months": spread, "focus": hot}
        traits.values.update({name: float(value) for name, value in found.items() if value is not None})
    differ = (estimate.spread_months or 0) > (estimate.disagreement_months or np.inf)
    return traits.values, refusal is not None, bool(differ)


def summary(ensemble: Ensemble, read: Sequence[tuple[dict[str, float], bool, bool]]) -> dict[str, Any]:
    """Mean, standard deviation and deciles of each trait, and the shares that can be expected."""
    names = dict.fromkeys(name for values, _, _ in read for name in values if name not in DEPENDS_ON_THE_SOURCE)
    seen = {name: np.array([values[name] for values, _, _ in read if name in values]) for name in names}
    accepted = [differ for _, refused, differ in read if not refused]
    return {
        "bundle": f"{ensemble.identity.name} {ensemble.identity.version}",
        "bundle_sha256": ensemble.identity.sha256,
        "n": len(read),
        "traits": {
            name: {
                "mean": round(float(values.mean()), 3),
                "sd": round(float(values.std(ddof=1)), 3),
                "deciles": [round(float(value), 3) for value in np.quantile(values, np.arange(1, 10) / 10)],
            }
            for name, values in seen.items()
        },
        "shares": {
            "refused": round(sum(refused for _, refused, _ in read) / len(read), 4),
            "members_differ": round(sum(accepted) / len(accepted), 4),
        },
    }


def mean_absolute_error(read: Mapping[str, tuple[dict[str, float], bool, bool]], labels: Mapping[str, float]) -> float:
    """Months, of the hands that the node reads, as it reads them: gates, upright, all members."""
    off = [abs(values["bone_age_months"] - labels[name]) for name, (values, refused, _) in read.items() if not refused]
    return round(float(np.mean(off)), 3)


def main(arguments: Sequence[str]) -> int:
    """Measure, store and print."""
    parser = argparse.ArgumentParser(prog="python -m train.drift", description=__doc__)
    add_folders(parser, "data", "results")
    parser.add_argument("--bundle", type=Path, default=default_bundle())
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    ensemble = load_bundle(chosen.bundle, providers=[CPU], threads=1)
    read = {name: traits_of(pixels, Sex(sex), ensemble) for name, sex, pixels in good_hands(chosen.data)}
    labels = {label.image_id: label.bone_age_months for label in read_labels(chosen.data / "rsna_train.csv")}
    told = {**summary(ensemble, list(read.values())), "mae_months": mean_absolute_error(read, labels)}
    (chosen.results / FILE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
