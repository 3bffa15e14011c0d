"""``python -m train.segment.effect``: what the shipped networks make of val when the U-Net chooses the crop instead of the contour."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baa_node.bundle import CPU, default_bundle, load_bundle
from baa_node.core.ensemble import Ensemble
from baa_node.core.frame.regions import Box, rescaled
from baa_node.core.preprocess import UNET_EDGES, Frame, Preparation, hand_mask, in_box, prepare
from baa_node.core.radiograph import Sex
from baa_node.networks import MaskNetwork
from train.data import masker_for, read_images
from train.folders import add_folders
from train.labels import read_labels


def mask_box(raster: NDArray[np.uint8], masker: MaskNetwork, spec: Preparation) -> Box:
    """Upright rectangle around the mask, widened like that around the contour."""
    rows, columns = np.nonzero(hand_mask(raster, masker, spec.least_area))
    by = round(spec.margin * spec.raster)
    top, left = max(0, int(rows.min()) - by), max(0, int(columns.min()) - by)
    bottom, right = min(spec.raster, int(rows.max()) + 1 + by), min(spec.raster, int(columns.max()) + 1 + by)
    return (top, left, bottom - top, right - left)


def box_overlap(one: Box, other: Box) -> float:
    """Intersection over union of two rectangles."""
    tall = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    wide = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    common = max(0, tall) * max(0, wide)
    return common / (one[2] * one[3] + other[2] * other[3] - common)


def both_crops(frame: NDArray[np.uint8], masker: MaskNetwork, spec: Preparation) -> tuple[NDArray[np.uint8], float]:
    """Prepare a frame ``(2, S, S, 1)`` in the rectangle of the contour and in that of the mask, and say how far these overlap."""
    shared = Frame(frame)
    raster = shared.raster(spec)
    contour, mask = prepare(shared, spec), mask_box(raster, masker, spec)
    return np.stack([contour.image, in_box(raster, mask, spec)]), box_overlap(rescaled(contour.crop, frame.shape, raster.shape), mask)


def effect(ensemble: Ensemble, masker: MaskNetwork, data: Path, limit: int | None = None) -> dict[str, Any]:
    """Read each image of val twice, once in the rectangle of the contour and once in that of the mask."""
    labels = [label for label in read_labels(data / "rsna_train.csv") if label.split == "val"][:limit]
    frames = read_images(sorted((data / "rsna_train").glob("*.zip")), [label.image_id for label in labels])
    voters = [member for member in ensemble.members if member.weight]
    weights = [member.weight for member in voters]
    overlaps, errors = [], []
    for label, frame in zip(labels, frames, strict=True):
        male = np.array([[float(label.sex is Sex.MALE)]], np.float32)
        votes = []
        for member in voters:
            both, overlap = both_crops(frame, masker, member.preparation)
            overlaps.append(overlap)
            votes.append(member.run(both, np.repeat(male, 2, axis=0))[0])
        errors.append(np.average(votes, axis=0, weights=weights) - label.bone_age_months)
    off = np.array(errors)
    change = off[:, 1] - off[:, 0]
    worse = np.abs(off[:, 1]) - np.abs(off[:, 0])
    low, high = np.percentile(np.random.default_rng(0).choice(worse, (2000, worse.size)).mean(axis=1), (2.5, 97.5))
    return {
        "images": len(labels),
        "bundle": f"{ensemble.identity.name} {ensemble.identity.version}",
        "crops_that_differ_by_more_than_5_percent": float(np.mean(np.array(overlaps) < 0.95)),
        "mae_contour": float(np.abs(off[:, 0]).mean()),
        "mae_mask": float(np.abs(off[:, 1]).mean()),
        "mae_mask_minus_contour": [float(worse.mean()), float(low), float(high)],
        "mean_change_months": float(np.abs(change).mean()),
    }


def main(arguments: Sequence[str]) -> int:
    """Write ``unet-effect.json`` and print it."""
    parser = argparse.ArgumentParser(prog="python -m train.segment.effect", description=__doc__)
    parser.add_argument("--bundle", type=Path, default=default_bundle())
    add_folders(parser, "data", "runs", "results")
    parser.add_argument("--limit", type=int)
    chosen = parser.parse_args(arguments)
    masker = masker_for(UNET_EDGES, chosen.runs)
    assert masker is not None
    found = effect(load_bundle(chosen.bundle, providers=[CPU]), masker, chosen.data, chosen.limit)
    text = json.dumps(found, indent=1) + "\n"
    (chosen.results / "unet-effect.json").write_text(text, encoding="utf-8")
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
