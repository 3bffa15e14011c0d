"""``python -m export.keep RUN``: the network of a run as one file in ``train/weights``, for a network that no bundle ships.

The file is what a bundle would hold of it (`export.to_onnx`), checked against Keras in the same way; ``python -m train.reclaim`` makes a
run of it again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from export.write_bundle import Images, check_images
from train.folders import WEIGHTS, add_folders
from train.labels import DataError

if TYPE_CHECKING:
    from export.parity import Parity


def keep(run: Path, images: Images, folder: Path = WEIGHTS) -> tuple[Path, Parity]:
    """Export the best network of a run; the file is there, checked, or not at all.

    Returns
    -------
    tuple
        The file, and by how much it differs from the network in Keras.

    Raises
    ------
    FileNotFoundError
        There is no such run.
    NotEqual
        The exported network does not say what the trained one says.
    """
    from export.parity import check_parity
    from export.to_onnx import feature_map_of, to_onnx
    from train.train import load_best

    recipe, model, _ = load_best(run)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        made = Path(scratch) / f"{run.name}.onnx"
        to_onnx(model, feature_map_of(model), made, mirrored=True)
        found = check_parity(model, feature_map_of(model), made, images(recipe.preparation), mirrored=True)
        return made.replace(folder / made.name), found


def main(arguments: list[str]) -> int:
    """Export one run."""
    parser = argparse.ArgumentParser(prog="python -m export.keep", description=__doc__)
    parser.add_argument("run")
    add_folders(parser, "data", "runs", "cache")
    chosen = parser.parse_args(arguments)
    from export.parity import NotEqual

    try:
        kept, found = keep(chosen.runs / chosen.run, check_images(chosen.data, chosen.cache, chosen.runs))
    except (NotEqual, DataError, OSError) as fault:
        print(f"python -m export.keep: {fault}", file=sys.stderr)
        return 1
    print(f"{kept.name}: within {found.months:.1g} months and {found.heat:.1g} of the heat map's maximum of the trained network")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
