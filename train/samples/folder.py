"""The folder of samples: their files, the README beside them, and what a reader should make of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pydicom

from baa_node.bundle import default_bundle, load_bundle
from baa_node.core.assessment import Assessment
from baa_node.core.reading import read_bone_age
from train.samples.objects import build
from train.samples.table import DAYS_PER_MONTH, DX, EXAMINED_ON, SAMPLES, Sample

FOLDER = Path(__file__).resolve().parents[2] / "sample_dicom"


def write(folder: Path = FOLDER) -> list[Path]:
    """Write all samples, ``expected.json`` and ``README.md``; returns the DICOM files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for sample in SAMPLES:
        path = folder / f"{sample.name}.dcm"
        build(sample).save_as(path, enforce_file_format=True)
        paths.append(path)
    (folder / "expected.json").write_text(json.dumps(expected(), indent=2) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(_readme(), encoding="utf-8")
    return paths


def expected() -> dict[str, dict[str, Any]]:
    """Tell what a reader should make of each file; ``bone_age_months`` stays null until a bundle has read it."""
    return {f"{sample.name}.dcm": _expected(sample) for sample in SAMPLES}


def _expected(sample: Sample) -> dict[str, Any]:
    return {
        "sop_instance_uid": str(sample.uid("instance")),
        "kind": "refused" if sample.reasons else "assessed",
        "sex": sample.sex.value if sample.sex else None,
        "drawn_bone_age_months": sample.bone_age_months,
        "chronological_age_months": round((EXAMINED_ON - sample.birth_date).days / DAYS_PER_MONTH, 2),
        "bone_age_months": None,
        "reasons": list(sample.reasons),
    }


def _readme() -> str:
    rows = "\n".join(_row(sample) for sample in SAMPLES)
    return f"""# Synthetic hand radiographs

Drawn by `train/phantom`, written by `python -m train.samples`
(`python -m train.samples --note-readings` after a change of the shipped bundle). No patient, no image of a patient and no data of one went
into them: every name, identifier and date is invented, every bone is a polygon. They show a node the ways in which
modalities send a hand; they say nothing about how well a network reads children.

Every file is a complete DX (for presentation) or CR object with 12 bits stored in 16, checked with `dciodvfy`.
Quality Control Subject is YES and Image Comments names the drawn bone age.

| file | SOP class | transfer syntax | sex | age at examination | drawn bone age | what it is |
|---|---|---|---|---|---|---|
{rows}

`expected.json` holds for each file `sop_instance_uid`, `kind` (`assessed` or `refused`), `sex`, `drawn_bone_age_months`,
`chronological_age_months`, `reasons` (the codes of a refusal), and `bone_age_months`: what the shipped bundle reads. It is
noted to tell whether a node reads as it did, not whether it reads well.
"""


def _row(sample: Sample) -> str:
    kind = "DX" if sample.sop_class == DX else "CR"
    bone_age = "" if sample.bone_age_months is None else f"{sample.bone_age_months:g} months"
    sex = sample.sex.value if sample.sex else ""
    cells = (f"`{sample.name}.dcm`", kind, sample.transfer_syntax.name, sex, f"{sample.age_months:g} months", bone_age, sample.what)
    return f"| {' | '.join(cells)} |"


def note_readings(folder: Path = FOLDER) -> dict[str, float]:
    """Read the samples with the shipped bundle and note the values in ``expected.json``; returns them by file name.

    They say what this bundle reads, so that a node can be checked for reading the same; not that it reads well.
    """
    ensemble = load_bundle(default_bundle())
    known = expected()
    values = {}
    for name, entry in known.items():
        result = read_bone_age(pydicom.dcmread(folder / name), ensemble)
        if isinstance(result, Assessment):
            values[name] = entry["bone_age_months"] = round(result.estimate.bone_age_months, 1)
    (folder / "expected.json").write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
    return values
