"""``python -m train.detector``: draw what a detector must tell apart, teach one, export it; with ``--held-out`` ask what it knows unseen.

The network lands in ``runs/detector/`` as ``detector.onnx`` beside ``detector.json``, from where ``python -m export.seal`` puts it
into a bundle.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from train.folders import add_folders

if TYPE_CHECKING:
    from train.detector.learn import Taught
    from train.detector.material import Frames


def main(arguments: Sequence[str]) -> int:
    """Teach and export, or teach without some kinds and measure."""
    parser = argparse.ArgumentParser(prog="python -m train.detector", description=__doc__)
    add_folders(parser, "data", "runs", "cache", "results")
    parser.add_argument("--hands", type=int, default=4400, help="radiographs of the training split to make frames from")
    parser.add_argument("--drawn-hands", type=int, default=120)
    parser.add_argument("--unit", type=int, default=80, help="frames of each drawn kind; the others are multiples")
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--held-out", action="store_true", help="teach one network for each set of groups left out, and only measure")
    chosen = parser.parse_args(arguments)

    import cv2

    from train.detector.material import frames

    cv2.setNumThreads(1)
    material = frames(chosen.data, "train", chosen.cache, real=chosen.hands, drawn=chosen.drawn_hands, unit=chosen.unit)
    (_measure if chosen.held_out else _teach)(material, chosen)
    return 0


def _teach(material: Frames, chosen: argparse.Namespace) -> None:
    import numpy as np

    from export.detector import to_detector_onnx
    from train.detector.learn import taught

    network = taught(material, epochs=chosen.epochs)
    folder = chosen.runs / "detector"
    folder.mkdir(parents=True, exist_ok=True)
    network.model.save_weights(folder / "detector.weights.h5")
    np.savez(folder / "hands.npz", mean=network.mean, precision=network.precision)
    worst = to_detector_onnx(network, folder / "detector.onnx", material.views[:: max(1, len(material.views) // 128)])
    (folder / "detector.json").write_text(json.dumps(_card(network, material, chosen), indent=1) + "\n", encoding="utf-8")
    print(f"{network.steps} steps in {network.minutes:.0f} minutes; detector.onnx within {worst:.1g} of the network it comes from")


def _card(network: Taught, material: Frames, chosen: argparse.Namespace) -> dict[str, Any]:
    """Gather what a bundle says of its detector."""
    from baa_node.core.frame.detection import Seen

    return {
        "classes": [seen.word for seen in Seen],
        "parameters": network.model.count_params(),
        "training": {
            "data": "RSNA Pediatric Bone Age Challenge 2017, training set, and drawings",
            "radiographs": chosen.hands,
            "drawn_hands": chosen.drawn_hands,
            "frames": len(material.views),
            "epochs": chosen.epochs,
            "minutes": round(network.minutes, 1),
        },
    }


def _measure(material: Frames, chosen: argparse.Namespace) -> None:
    from train.detector.held_out import held_out, store
    from train.detector.trials import drawn_trials

    found = []
    for one in held_out(material, list(drawn_trials(chosen.data, 30)), epochs=chosen.epochs):
        print("  ".join(f"{name} {value}" for name, value in vars(one).items()), flush=True)
        found.append(one)
    store(found, chosen.results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
