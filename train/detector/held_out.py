"""How well the detector knows what it never saw: trained again without some groups of kinds, tried on these."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from baa_node.core.frame.detection import Seen, Sight, view_of
from baa_node.core.frame.hand_shape import count_hands
from baa_node.core.gates.limits import DEFAULT_GATES, Gates
from baa_node.core.gates.suitability import refuse_sight
from train.detector.canvas import Pixels
from train.detector.kinds import HELD_OUT
from train.detector.learn import Taught, asked, distances, taught
from train.detector.material import Frames
from train.detector.told import HELD_OUT as FILE
from train.detector.trials import Trial


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Frames of one kind that was left out: how many there were, how many the detector let pass, and detector and outline together."""

    kind: str
    group: str
    frames: int
    detector: int
    both: int


def held_out(material: Frames, trials: Sequence[Trial], *, epochs: int, gates: Gates = DEFAULT_GATES) -> Iterator[HeldOut]:
    """Teach one detector for each set of groups, without it, and try it on the set."""
    for groups in HELD_OUT:
        network = taught(material.without(groups), epochs=epochs)
        ours = [trial for trial in trials if trial.group in groups]
        passed = _passed(sights(network, [trial.pixels for trial in ours]), gates)
        alike = [bool(ok) and _outline_agrees(sight, trial.pixels, gates) for ok, sight, trial in zip(*passed, ours, strict=True)]
        for kind in dict.fromkeys(trial.kind for trial in ours):
            chosen = [index for index, trial in enumerate(ours) if trial.kind == kind]
            yield HeldOut(
                kind=kind,
                group=ours[chosen[0]].group,
                frames=len(chosen),
                detector=sum(passed[0][index] for index in chosen),
                both=sum(alike[index] for index in chosen),
            )


def sights(network: Taught, frames: Sequence[Pixels]) -> list[Sight]:
    """Ask a taught network about frames of any size, as the node asks the exported one."""
    views = np.stack([view_of(frame) for frame in frames])[..., np.newaxis]
    shares, features = asked(network.model, views)
    away = distances(features, network.mean, network.precision)
    return [Sight(shares=dict(zip(Seen, map(float, row), strict=True)), distance=float(one)) for row, one in zip(shares, away, strict=True)]


def store(found: Sequence[HeldOut], results: Path) -> None:
    """Write the table that ``RESULTS.md`` is made from."""
    with (results / FILE).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(vars(found[0]))
        table.writerows(vars(one).values() for one in found)


def _passed(seen: list[Sight], gates: Gates) -> tuple[list[bool], list[Sight]]:
    return [refuse_sight(sight, gates) is None for sight in seen], seen


def _outline_agrees(sight: Sight, pixels: Pixels, gates: Gates) -> bool:
    return sight.one_hand >= gates.sure_one_hand or count_hands(pixels) == 1
