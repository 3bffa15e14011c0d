"""``python -m train.originals``: whether a frame of full size is read as the copy of 299 pixels that training has of it.

Nothing here has official test images; but of 40 radiographs both the frame and its training copy are at hand. Each frame is read on rasters
made in several ways (decision 0025) and held against what the same networks read from the copy. What came out stands in
``train/results/originals.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from baa_node.bundle import CPU, default_bundle, load_bundle
from baa_node.core.ensemble import Ensemble
from baa_node.core.preprocess import AREA, BILINEAR, TRAINING_QUALITY
from train.data import read_images
from train.folders import add_folders
from train.labels import DataError, Label, read_labels

FILE: Final = "originals.json"
WAYS: Final[Mapping[str, tuple[str, int]]] = {
    "averaged": (AREA, 0),
    "averaged, then JPEG": (AREA, TRAINING_QUALITY),
    "antialiased as in training": (BILINEAR, 0),
    "antialiased as in training, then JPEG": (BILINEAR, TRAINING_QUALITY),
}
"""How a frame becomes the raster: filter, and quality of the JPEG coding, 0 for none."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Apart:
    """Frames read on rasters of one kind; months.

    Attributes
    ----------
    from_copy, shift
        Mean absolute and mean difference from the reading of the training copy.
    mirrored
        Mean absolute difference between the reading of the frame and that of its mirror image.
    mae, bias
        Against the label. Most of the 40 were learnt from: to be held against those of the copies alone.
    """

    images: int
    from_copy: float
    shift: float
    mirrored: float
    mae: float
    bias: float


def pairs(data: Path) -> Iterator[tuple[Label, Pixels, Pixels]]:
    """Give each radiograph that is there twice: its label, the frame at its own size, its training copy.

    Raises
    ------
    DataError
        A frame does not decode, or has no label or no copy.
    """
    labels = {label.image_id: label for label in read_labels(data / "rsna_train.csv")}
    files = sorted((data / "originals").glob("*.jpg"))
    if unlabelled := [file.name for file in files if file.stem not in labels]:
        raise DataError(f"originals/{unlabelled[0]} has no label in rsna_train.csv")
    copies = read_images(sorted((data / "rsna_train").glob("*.zip")), [file.stem for file in files])
    for file, copy in zip(files, copies, strict=True):
        frame = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        if frame is None:
            raise DataError(f"originals/{file.name} does not decode")
        yield labels[file.stem], np.asarray(frame, np.uint8), copy


def on(ensemble: Ensemble, raster_filter: str, raster_quality: int) -> Ensemble:
    """Let the same networks see rasters made in another way."""
    members = [
        replace(member, preparation=replace(member.preparation, raster_filter=raster_filter, raster_quality=raster_quality))
        for member in ensemble.members
    ]
    return replace(ensemble, members=tuple(members))


def compared(ensemble: Ensemble, images: Sequence[tuple[Label, Pixels, Pixels]]) -> dict[str, Apart]:
    """Read every frame in each of `WAYS`, and its copy as the networks learnt it; the copies themselves come first."""
    labels = [label for label, _, _ in images]
    frames, copies = [frame for _, frame, _ in images], [copy for _, _, copy in images]
    learnt = _both(on(ensemble, AREA, 0), labels, copies)
    read = {"the training copy itself": learnt, **{way: _both(on(ensemble, *made), labels, frames) for way, made in WAYS.items()}}
    months = np.array([label.bone_age_months for label in labels])
    return {name: _apart(found, learnt[0], months) for name, found in read.items()}


def _both(ensemble: Ensemble, labels: Sequence[Label], shown: Sequence[Pixels]) -> NDArray[np.float64]:
    """Months of the pictures and of their mirror images, ``(2, N)``."""
    return np.array(
        [
            [ensemble.estimate(pixels[:, ::way], label.sex).bone_age_months for label, pixels in zip(labels, shown, strict=True)]
            for way in (1, -1)
        ]
    )


def _apart(found: NDArray[np.float64], copies: NDArray[np.float64], months: NDArray[np.float64]) -> Apart:
    plain, mirrored = found
    return Apart(
        images=len(plain),
        from_copy=round(float(np.abs(plain - copies).mean()), 2),
        shift=round(float((plain - copies).mean()), 2),
        mirrored=round(float(np.abs(plain - mirrored).mean()), 2),
        mae=round(float(np.abs(plain - months).mean()), 2),
        bias=round(float((plain - months).mean()), 2),
    )


def section(results: Path) -> str:
    """Part of ``RESULTS.md``; nothing where nothing was read."""
    if not (results / FILE).is_file():
        return ""
    told = json.loads((results / FILE).read_text(encoding="utf-8"))
    head = "| raster made of the frame | from the copy | shift | from its mirror image | MAE | bias |\n|---|---|---|---|---|---|\n"
    rows = "".join(
        f"| {name} | {one['from_copy']:.2f} | {one['shift']:+.2f} | {one['mirrored']:.2f} | {one['mae']:.2f} | {one['bias']:+.2f} |\n"
        for name, one in told["ways"].items()
    )
    images = next(iter(told["ways"].values()))["images"]
    return f"## Frames at their own size\n\n{_TOLD.format(images=images, bundle=told['bundle'])}\n{head}{rows}\n"


_TOLD: Final = """Whether a frame of full size is read as the 299 × 299 JPEG copy that training has of it: {images} radiographs of
which both are at hand, by the networks of {bundle}, by `python -m train.originals`. Months: mean absolute and mean difference
from the reading of the copy, mean absolute difference from that of its mirror image, mean absolute error and bias against the
label. Most of them were learnt from, so the last two say something only beside the first row.
"""


def main(arguments: Sequence[str]) -> int:
    """Measure, store and print."""
    parser = argparse.ArgumentParser(prog="python -m train.originals", description=__doc__)
    add_folders(parser, "data", "results")
    parser.add_argument("--bundle", type=Path, default=default_bundle())
    chosen = parser.parse_args(arguments)
    ensemble = load_bundle(chosen.bundle, providers=[CPU])
    found = compared(ensemble, list(pairs(chosen.data)))
    told = {
        "bundle": f"{ensemble.identity.name} {ensemble.identity.version}",
        "ways": {name: asdict(one) for name, one in found.items()},
    }
    (chosen.results / FILE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(section(chosen.results), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
