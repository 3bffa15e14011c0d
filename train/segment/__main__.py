"""``python -m train.segment``: five rounds of self-training, a table, a picture on drawn hands, and the network as ``mask.onnx``."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from train.folders import add_folders

if TYPE_CHECKING:
    import keras

    from train.segment.rounds import Material, Round


def main(arguments: Sequence[str]) -> int:
    """Go on where an earlier call was cut off."""
    parser = argparse.ArgumentParser(prog="python -m train.segment", description=__doc__)
    add_folders(parser, "data", "runs", "cache", "results")
    parser.add_argument("--real-picture", type=Path, help="also draw radiographs of val; patients: keep it out of the repository")
    chosen = parser.parse_args(arguments)

    import cv2

    from train.segment.material import material

    cv2.setNumThreads(1)
    _taught(material(chosen.data, chosen.cache), chosen)
    return 0


def _taught(given: Material, chosen: argparse.Namespace) -> None:
    """Do the rounds, then show and export what came out."""
    from train.segment.rounds import rounds

    done = []
    for each in rounds(given, chosen.runs / "unet"):
        print("  ".join(f"{name} {value:.4g}" for name, value in vars(each).items()), flush=True)
        done.append(each)
    _tell(done, chosen.results / "unet-rounds.csv")
    _show(given, done, chosen)
    print(f"mask.onnx within {_export(given, done[-1], chosen.runs / 'unet'):.1g} of the network it was exported from")


def _tell(done: Sequence[Round], target: Path) -> None:
    with target.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(vars(done[0]))
        table.writerows([each.number, each.learnt_from, *(f"{value:.4f}" for value in list(vars(each).values())[2:])] for each in done)


def _show(given: Material, done: Sequence[Round], chosen: argparse.Namespace) -> None:
    """Draw five hands by round; with ``--real-picture`` radiographs too."""
    from train.segment import picture
    from train.segment.rounds import predicted

    shown = {chosen.results / "unet-rounds.png": given.drawn_unseen[:5]}
    if chosen.real_picture:
        shown[chosen.real_picture] = given.real_unseen[::25]
    models = [_at_round(each, chosen.runs / "unet") for each in done]
    for target, images in shown.items():
        picture.draw(images, [predicted(model, images) for model in models], [f"round {each.number}" for each in done], target)


def _export(given: Material, last: Round, folder: Path) -> float:
    import numpy as np

    from export.mask import to_mask_onnx

    images = np.concatenate([given.drawn_unseen[:64], given.real_unseen[:64]])
    return to_mask_onnx(_at_round(last, folder), folder / "mask.onnx", images)


def _at_round(each: Round, folder: Path) -> keras.Model:
    from baa_node.core.preprocess import MASK_SIDE
    from train.models.zerari import unet
    from train.segment.rounds import WIDTH

    model = unet(MASK_SIDE, WIDTH)
    model.load_weights(folder / f"round-{each.number}.weights.h5")
    return model


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
