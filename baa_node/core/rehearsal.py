"""One made-up reading from end to end, so that the first real one finds every table loaded and every buffer allocated."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from pydicom import Dataset
from pydicom.uid import ComputedRadiographyImageStorage

from baa_node.core.assessment import assess
from baa_node.core.ensemble import Ensemble
from baa_node.core.picture import draw_picture
from baa_node.core.radiograph import Radiograph, Sex
from baa_node.core.report import Device, build_capture, build_report, derive_uid

_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)


def rehearse(ensemble: Ensemble, device: Device) -> None:
    """Read an empty frame and build its report and picture; everything is thrown away."""
    pixels = np.zeros((800, 600), np.uint8)
    pixels[200:600, 150:450] = 200
    radiograph = Radiograph(pixels=pixels, sex=Sex.FEMALE, laterality=None, birth_date=None, examined_on=None, spacing_mm=None, lossy=False)
    result = assess(radiograph, ensemble.estimate(pixels, radiograph.sex))
    source = _source()
    build_report(source, result, device, written_at=_MOMENT)
    build_capture(source, draw_picture(pixels, result, version=device.version), result, device, written_at=_MOMENT)


def _source() -> Dataset:
    ds = Dataset()
    ds.SOPClassUID, ds.Modality, ds.PatientSex = ComputedRadiographyImageStorage, "CR", "F"
    ds.SOPInstanceUID, ds.SeriesInstanceUID, ds.StudyInstanceUID = (derive_uid("rehearsal", part) for part in ("image", "series", "study"))
    return ds
