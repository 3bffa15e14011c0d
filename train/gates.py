"""``python -m train.gates``: what the gates of the shipped bundle turn away: good hands of ``val``, and frames that hold none.

Every figure goes to ``results/gates.json``, and from there into ``RESULTS.md``. ``--more FOLDER`` tries any pictures of your own that show
no hand, and only prints what became of them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import cv2
import matplotlib as mpl

from baa_node.bundle import CPU, default_bundle, load_bundle
from baa_node.core.assessment import Refusal
from baa_node.core.ensemble import Ensemble, Estimate
from baa_node.core.frame.detection import Sight
from baa_node.core.frame.hand_shape import clarity, count_hands
from baa_node.core.frame.smoothing import grey_levels, settle, within
from baa_node.core.gates.limits import DEFAULT_GATES, Gates
from baa_node.core.gates.suitability import detector_view, refuse_estimate, refuse_sight, to_be_read
from baa_node.core.radiograph import Sex
from train.detector.canvas import Pixels
from train.detector.told import FILE
from train.detector.trials import Trial, dicom_trials, drawn_trials, good_hands, phantom_trials, picture_trials
from train.evaluate import write_results
from train.folders import RESULTS, add_folders
from train.shown import radiograph

SWEEPS: Final[Mapping[str, Sequence[float]]] = {
    "min_one_hand": (0.1, 0.3, 0.5, 0.7, 0.9),
    "max_unlikeness": (12, 15, 18, 22, 30),
    "max_member_sd_months": (5, 10, 15, 20),
    "max_crop_shift_months": (10, 15, 30, 60),
    "beyond_range_months": (-12, -6, 0, 6),
}
"""Other values of the limits, whose price in good hands is told beside that of the default."""


@dataclass(frozen=True, kw_only=True)
class Looked:
    """All that the gates ask of one good hand, so that each limit can be tried alone."""

    sight: Sight
    hands: int
    estimate: Estimate
    refusal: Refusal | None
    clarity: float
    grey_levels: int


def look(pixels: Pixels, sex: Sex, ensemble: Ensemble, gates: Gates) -> Looked:
    """Ask every gate about one frame, also those behind a refusal."""
    assert ensemble.detector is not None
    shown = radiograph(pixels, sex)
    passed = to_be_read(shown, gates, ensemble.detector)
    estimate = ensemble.estimate(shown.pixels if isinstance(passed, Refusal) else passed.pixels, sex)
    settled = settle(shown.pixels)
    framed = settled.whole
    return Looked(
        sight=ensemble.detector(detector_view(shown.pixels, settled)),
        hands=count_hands(framed),
        estimate=estimate,
        refusal=passed if isinstance(passed, Refusal) else refuse_estimate(estimate, gates),
        clarity=clarity(framed),
        grey_levels=grey_levels(within(shown.pixels, settled.box)),
    )


def hands_told(looked: Sequence[Looked], gates: Gates) -> dict[str, Any]:
    """How many good hands are read, by which gate the others are lost, and what each limit costs at other values."""
    refused = Counter(reason.code for one in looked if one.refusal for reason in one.refusal.reasons)
    lost = {
        "detector": sum(refuse_sight(one.sight, gates) is not None for one in looked),
        "outline": sum(one.hands != 1 for one in looked),
        "estimate": sum(refuse_estimate(one.estimate, gates) is not None for one in looked),
    }
    return {
        "n": len(looked),
        "read": sum(one.refusal is None for one in looked),
        "refused": dict(sorted(refused.items())),
        "lost_by_each_gate_alone": lost,
        "read_twice": sum(one.estimate.crop_shift_months is not None for one in looked),
        "least": {"clarity": min(one.clarity for one in looked), "grey_levels": min(one.grey_levels for one in looked)},
        "lost_at": {name: {f"{value:g}": _lost(looked, _with(gates, name, value)) for value in SWEEPS[name]} for name in SWEEPS},
    }


def _lost(looked: Sequence[Looked], gates: Gates) -> int:
    return sum(refuse_sight(one.sight, gates) is not None or refuse_estimate(one.estimate, gates) is not None for one in looked)


def _with(gates: Gates, name: str, value: float) -> Gates:
    """Set one limit otherwise; by name, since that is what the table is about."""
    changed: Any = {name: value}
    return replace(gates, **changed)


def non_hands_told(trials: Iterable[Trial], ensemble: Ensemble, gates: Gates) -> list[dict[str, Any]]:
    """How many frames of each kind got a number, and how many would have by one opinion alone."""
    rows: dict[tuple[str, str], Counter[str]] = {}
    for trial in trials:
        row = rows.setdefault((trial.group, trial.kind), Counter())
        row["n"] += 1
        row["numbers"] += _passes(trial, ensemble, gates, detector=True)
        row["by_outline_alone"] += _passes(trial, ensemble, gates, detector=False)
        row["by_detector_alone"] += _passes(trial, ensemble, replace(gates, outline=False), detector=True)
    return [{"group": group, "kind": kind, **row} for (group, kind), row in rows.items()]


def _passes(trial: Trial, ensemble: Ensemble, gates: Gates, *, detector: bool) -> bool:
    """Whether a number would be given to a girl, to whom the header gates object nothing."""
    passed = to_be_read(radiograph(trial.pixels), gates, ensemble.detector if detector else None)
    return not isinstance(passed, Refusal) and refuse_estimate(ensemble.estimate(passed.pixels, Sex.FEMALE), gates) is None


def files_at_hand(data: Path) -> Iterator[Trial]:
    """Real files and pictures that are there anyway: DICOM samples, our own charts, the sample pictures of matplotlib."""
    yield from dicom_trials(data / "dicom")
    yield from picture_trials(RESULTS)
    yield from picture_trials(Path(mpl.get_data_path()) / "sample_data")


def main(arguments: Sequence[str]) -> int:
    """Measure, store, and rewrite the section of ``RESULTS.md``."""
    parser = argparse.ArgumentParser(prog="python -m train.gates", description=__doc__)
    add_folders(parser, "data", "results")
    parser.add_argument("--bundle", type=Path, default=default_bundle())
    parser.add_argument("--each", type=int, default=30, help="frames of each drawn kind")
    parser.add_argument("--more", type=Path, help="a folder of pictures without a hand: only these, nothing is stored")
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    ensemble = load_bundle(chosen.bundle, providers=[CPU], threads=1)
    if chosen.more:
        print(json.dumps(non_hands_told(picture_trials(chosen.more), ensemble, DEFAULT_GATES), indent=1))
        return 0
    hands = [look(pixels, Sex(sex), ensemble, DEFAULT_GATES) for _, sex, pixels in good_hands(chosen.data)]
    trials = (*drawn_trials(chosen.data, chosen.each), *phantom_trials(10), *files_at_hand(chosen.data))
    found = {
        "bundle": f"{ensemble.identity.name} {ensemble.identity.version}",
        "hands": hands_told(hands, DEFAULT_GATES),
        "non_hands": non_hands_told(trials, ensemble, DEFAULT_GATES),
    }
    (chosen.results / FILE).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    write_results(chosen.results, chosen.results.parent / "RESULTS.md", pictures=False)
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
