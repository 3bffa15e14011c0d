"""The shipped bundle must not care whether a frame comes at its own size or squashed as the training images were."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from baa_node.bundle import default_bundle, load_bundle
from baa_node.core.ensemble import Ensemble
from baa_node.core.radiograph import Sex
from train.data import read_labels


def test_a_frame_and_its_squashed_copy_give_the_same_age(shared_data: Path) -> None:
    ensemble = load_bundle(default_bundle(), providers=["CPUExecutionProvider"])
    sexes = {label.image_id: label.sex for label in read_labels(shared_data / "rsna_train.csv")}
    apart = []
    for file in sorted((shared_data / "originals").glob("*.jpg")):
        frame = np.asarray(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE), np.uint8)
        squashed = np.asarray(Image.fromarray(frame).resize((299, 299), Image.Resampling.BILINEAR))
        apart.append(abs(_months(ensemble, frame, sexes[file.stem]) - _months(ensemble, squashed, sexes[file.stem])))
    assert len(apart) == 40
    assert np.mean(apart) < 3


def _months(ensemble: Ensemble, pixels: NDArray[np.uint8], sex: Sex) -> float:
    return ensemble.estimate(pixels, sex).bone_age_months
