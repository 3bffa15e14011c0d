"""What can drift: numbers of an image and of its reading that say nothing of one patient and much of two hundred."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.ensemble import Ensemble
from baa_node.core.frame.detection import Detector, Grey, Sight
from baa_node.core.radiograph import Radiograph

INPUTS: Final = ("short_side_px", "mean_grey", "sd_grey", "unlikeness")
"""Of every image that can be decoded; the last only where the bundle has a detector."""

OUTPUTS: Final = ("bone_age_months", "difference_months", "z_score", "spread_months", "focus")
"""Of every image that got a number."""

HOTTEST: Final = 0.1
"""Share of the places of a heat map that `focus` looks at."""


@dataclass
class Traits:
    """Fills with numbers while one image is read."""

    values: dict[str, float] = field(default_factory=dict)

    def see(self, radiograph: Radiograph) -> None:
        """Measure what came, as it is shown: bone bright, 0 to 255."""
        self.values["short_side_px"] = float(min(radiograph.pixels.shape))
        self.values["mean_grey"] = round(float(radiograph.pixels.mean()), 2)
        self.values["sd_grey"] = round(float(radiograph.pixels.std()), 2)

    def watching(self, ensemble: Ensemble) -> Ensemble:
        """Give the same ensemble, whose detector tells here how unlike the hands it learnt from a frame is."""
        if ensemble.detector is None:
            return ensemble
        return replace(ensemble, detector=self._noting(ensemble.detector))

    def conclude(self, result: Assessment | Refusal) -> None:
        """Add what the reading gave; nothing of a refusal."""
        if isinstance(result, Refusal):
            return
        estimate = result.estimate
        found = {
            "bone_age_months": estimate.bone_age_months,
            "difference_months": result.difference_months,
            "z_score": result.z_score,
            "spread_months": estimate.spread_months,
            "focus": focus(estimate.saliency),
        }
        self.values.update({name: round(float(value), 4) for name, value in found.items() if value is not None})

    def _noting(self, detector: Detector) -> Detector:
        """Note how unlike a frame is the way round that suits it: a negative is looked at twice."""

        def look(view: Grey) -> Sight:
            sight = detector(view)
            self.values["unlikeness"] = min(round(sight.distance, 3), self.values.get("unlikeness", inf))
            return sight

        return look


def focus(saliency: NDArray[np.float32]) -> float | None:
    """Share of the networks' attention in the tenth of the places that has most of it, 0.1 (everywhere) to 1; None of an empty map."""
    sorted_ = np.sort(np.clip(saliency, 0, None).astype(float), axis=None)[::-1]
    whole = float(sorted_.sum())
    if whole <= 0:
        return None
    return float(sorted_[: max(1, round(HOTTEST * sorted_.size))].sum()) / whole
