"""Write ``deploy/pictures/``: what the node makes of some drawn hands, small enough for the README.

``python -m train.pictures`` reads ``sample_dicom/`` with the shipped bundle; earlier assessments are invented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image

from baa_node import __version__
from baa_node.bundle import default_bundle, load_bundle
from baa_node.core.assessment import DAYS_PER_MONTH
from baa_node.core.ensemble import Ensemble
from baa_node.core.picture import draw_picture
from baa_node.core.priors.history import Earlier
from baa_node.core.radiograph import Laterality, from_dataset
from baa_node.core.reading import read_bone_age
from baa_node.core.words import Language
from train.samples import EXAMINED_ON, FOLDER

PICTURES = FOLDER.parent / "deploy" / "pictures"
WIDTH = 1024
QUALITY = 86


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One picture.

    Attributes
    ----------
    earlier
        Chronological age and bone age in months, source (None is the shipped bundle), and side of each earlier assessment.
    """

    name: str
    sample: str
    earlier: Sequence[tuple[float, float, str | None, Laterality]] = ()
    language: Language = Language.ENGLISH


SHOWN = (
    Shown(
        name="delayed",
        sample="08_dx_boy_15y_delayed",
        earlier=(
            (98.0, 75.0, "Elsewhere 2.1", Laterality.LEFT),
            (124.0, 97.0, None, Laterality.LEFT),
            (149.0, 118.0, None, Laterality.RIGHT),
            (170.0, 142.0, None, Laterality.LEFT),
        ),
    ),
    Shown(name="advanced-german", sample="05_dx_girl_07y_advanced", language=Language.GERMAN),
    Shown(name="refused", sample="12_dx_two_hands"),
)


def draw(shown: Shown, ensemble: Ensemble) -> NDArray[np.uint8]:
    """Read one sample and draw its result at full size."""
    ds = pydicom.dcmread(FOLDER / f"{shown.sample}.dcm")
    age_months = (EXAMINED_ON - date.fromisoformat(ds.PatientBirthDate)).days / DAYS_PER_MONTH
    identity = ensemble.identity
    earlier = [
        Earlier(
            examined_on=EXAMINED_ON - timedelta(days=(age_months - age) * DAYS_PER_MONTH),
            bone_age_months=bone_age,
            chronological_age_months=age,
            laterality=side,
            source=source or f"{identity.name} {identity.version}",
        )
        for age, bone_age, source, side in shown.earlier
    ]
    result = read_bone_age(ds, ensemble)
    return draw_picture(from_dataset(ds).pixels, result, version=__version__, earlier=earlier, language=shown.language)


def write_small(pixels: NDArray[np.uint8], path: Path) -> None:
    """Write a picture 1024 pixels wide; colours at full resolution, or small letters fray."""
    image = Image.fromarray(pixels)
    image = image.resize((WIDTH, round(WIDTH * image.height / image.width)), Image.Resampling.LANCZOS)
    image.save(path, quality=QUALITY, subsampling=0, optimize=True)


def main() -> None:
    """Write every picture."""
    PICTURES.mkdir(exist_ok=True)
    ensemble = load_bundle(default_bundle())
    for shown in SHOWN:
        write_small(draw(shown, ensemble), PICTURES / f"{shown.name}.jpg")


if __name__ == "__main__":
    main()
