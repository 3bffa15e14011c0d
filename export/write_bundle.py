"""``python -m export.write_bundle RUN --name NAME --version V``: pack a trained network as a model bundle.

Needs what ``python -m train.evaluate RUN`` stored: the residuals on ``val`` give the prediction interval and the metrics.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from baa_node.bundle import BUNDLES, CPU, FORMAT, MANIFEST, SUMS, load_bundle
from baa_node.core.ensemble import Calibration
from baa_node.core.preprocess import Preparation
from baa_node.core.radiograph import Sex
from train.evaluate import RESULTS, WORKSHOP, Predictions, read_predictions, score, score_groups, table

CARD: Final = "MODEL_CARD.md"
COVERAGE: Final = 0.90

LICENCE: Final = "Research and other non-commercial use only (terms of the RSNA Pediatric Bone Age Machine Learning Challenge 2017)"
CITATION: Final = (
    "Halabi SS, Prevedello LM, Kalpathy-Cramer J, et al. The RSNA Pediatric Bone Age Machine Learning Challenge. "
    "Radiology 2019;290(2):498-503."
)
INTENDED_USE: Final = (
    "Research on bone age from postero-anterior radiographs of one hand and wrist of children. No medical device; not for diagnosis or "
    "treatment decisions."
)


@dataclass(frozen=True, kw_only=True)
class Packed:
    """One network ready to be packed.

    Attributes
    ----------
    weights
        The ``.onnx`` file; its name is the member's file name.
    validation
        Estimates as this member gives them (mirrored or not) on images it did not learn from.
    training
        Recipe and whatever else tells how it was trained.
    """

    name: str
    architecture: str
    weights: Path
    preparation: Preparation
    sex_required: bool
    mirrored: bool
    validation: Predictions
    phantoms: Predictions
    training: Mapping[str, Any]


def write_bundle(member: Packed, *, name: str, version: str, folder: Path = BUNDLES) -> Path:
    """Write ``folder/<name>-<version>`` whole or not at all, and only if the node can load it.

    Raises
    ------
    BundleError
        The node would refuse the bundle: the member does not fit what is said of it.
    FileExistsError
        A bundle of this name and version is there already: versions are never rewritten.
    """
    target = folder / f"{name}-{version}"
    if target.exists():
        raise FileExistsError(f"{target.name} exists; choose another version")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".packing-") as scratch:
        unfinished = Path(scratch) / target.name
        unfinished.mkdir()
        shutil.copyfile(member.weights, unfinished / member.weights.name)
        manifest = _manifest(member, name, version, _sha256(unfinished / member.weights.name))
        (unfinished / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        (unfinished / CARD).write_text(_card(member, manifest), encoding="utf-8")
        sums = "".join(f"{_sha256(file)}  {file.name}\n" for file in sorted(unfinished.iterdir()))
        (unfinished / SUMS).write_text(sums, encoding="ascii")
        load_bundle(unfinished, providers=[CPU])
        unfinished.rename(target)
    return target


def _manifest(member: Packed, name: str, version: str, sha256: str) -> dict[str, Any]:
    size = member.preparation.size
    return {
        "format": FORMAT,
        "name": name,
        "version": version,
        "members": [
            {
                "name": member.name,
                "file": member.weights.name,
                "sha256": sha256,
                "architecture": member.architecture,
                "input": {"height": size, "width": size, "channels": 1},
                "preprocessing": member.preparation.to_json(),
                "mirrored_pass": member.mirrored,
                "sex_required": member.sex_required,
                "weight": 1.0,
            }
        ],
        "output_unit": "month",
        "sex_encoding": {"F": 0, "M": 1},
        "calibration": {
            "method": "split conformal, absolute residuals by sex",
            "coverage": COVERAGE,
            "residuals_months": _residuals(member),
        },
        "validated_range_months": [float(member.validation.label.min()), float(member.validation.label.max())],
        "training": dict(member.training),
        "metrics": {
            "val": {group: _rounded(asdict(found)) for group, found in score_groups(member.validation).items()},
            "drawn_hands": _rounded(asdict(score(member.phantoms))),
        },
        "licence": LICENCE,
        "intended_use": INTENDED_USE,
        "citation": CITATION,
    }


def _residuals(member: Packed) -> dict[str, list[float]]:
    """Estimate minus label in ascending order, by sex and, for a network that needs none, for sex unknown."""
    of = {"F": member.validation.male == 0, "M": member.validation.male == 1}
    if not member.sex_required:
        of["unknown"] = np.ones(member.validation.male.size, bool)
    return {key: sorted(round(float(value), 2) for value in member.validation.residual[chosen]) for key, chosen in of.items()}


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {key: round(value, 4) for key, value in values.items()}


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _card(member: Packed, manifest: Mapping[str, Any]) -> str:
    calibration = Calibration(coverage=COVERAGE, residuals_months=manifest["calibration"]["residuals_months"])
    widths = ", ".join(f"{sex.value} ± {calibration.half_width_months(sex):.1f}" for sex in Sex)
    low, high = manifest["validated_range_months"]
    seen = member.validation.label
    passes = "the mean of the image and its mirror image" if member.mirrored else "each image read once"
    training = member.training
    return f"""# {manifest["name"]} {manifest["version"]}

{manifest["intended_use"]}

**Licence:** {manifest["licence"]}.
**Cite:** {manifest["citation"]}

## What it is

One network, {member.architecture} (the layers of Espinal & Postigo), preprocessing `{member.preparation.variant}` at
{member.preparation.size} px, {passes}. It takes grey values and the sex and gives bone age
in months with a heat map (Grad-CAM, strength in either direction: what speaks for a younger or an older hand).

## Training

{training["radiographs"]:,} radiographs of the challenge's training set at 299 × 299 pixels, and {training["phantoms"]} drawn hands,
{training["epochs"]} epochs in {training["minutes"]:.0f} minutes on two CPU cores. The epoch was chosen on `val`, the images of the
table below.

## How far it is off

On {seen.size:,} radiographs of the same source it did not learn from (`val`), months:

{table(score_groups(member.validation))}
Drawn hands it never saw: MAE {score(member.phantoms).mae:.1f} months. They are easier than radiographs and prove nothing about them.

Prediction interval, {COVERAGE:.0%} (split conformal on `val`), months: {widths}.

## Limits

- Two hospitals in one country; bone ages {low:g} to {high:g} months, of which only {int((seen < 24).sum())} of the {seen.size:,} are below
  24 months: results for infants rest on very little.
- No official test image was available; the figures are from `val`, which chose the epoch and gives the interval, so they are
  slightly too good.
- The labels are readings by the Greulich & Pyle atlas, not the children's ages.
- The sex must be known. Other populations, right hands (learnt only as mirror images), fractures, dysplasias and casts were not
  studied.
"""


def pack_run(run: Path, *, name: str, version: str, mirrored: bool, results: Path = RESULTS, folder: Path = BUNDLES) -> Path:
    """Export a run's best epoch, check parity on random images, and pack it with its stored predictions."""
    from export.parity import check_parity
    from export.to_onnx import to_onnx
    from train.models.espinal import FEATURE_MAP
    from train.train import load_best

    recipe, model, history = load_best(run)
    images = np.random.default_rng(7).integers(0, 256, (4, recipe.preparation.size, recipe.preparation.size, 1), np.uint8)
    with tempfile.TemporaryDirectory() as scratch:
        weights = Path(scratch) / f"{recipe.architecture}.onnx"
        to_onnx(model, FEATURE_MAP, weights, mirrored=mirrored)
        check_parity(model, FEATURE_MAP, weights, images, mirrored=mirrored)
        member = Packed(
            name=recipe.architecture,
            architecture=recipe.architecture,
            weights=weights,
            preparation=recipe.preparation,
            sex_required=len(model.inputs) == 2,
            mirrored=mirrored,
            validation=read_predictions(results / f"{run.name}-val{'-mirrored' if mirrored else ''}.csv"),
            phantoms=read_predictions(results / f"{run.name}-phantoms{'-mirrored' if mirrored else ''}.csv"),
            training=_training(recipe.to_json(), history, results / f"{run.name}.json"),
        )
        return write_bundle(member, name=name, version=version, folder=folder)


def _training(recipe: Mapping[str, Any], history: Sequence[Mapping[str, float]], notes: Path) -> dict[str, Any]:
    told = json.loads(notes.read_text(encoding="utf-8"))
    return {
        "data": "RSNA Pediatric Bone Age Challenge 2017, training set, 299 x 299 pixels",
        "split": "by sex and year of bone age, SHA-256 of bone-age-split-v1:<image_id>, 10 % val",
        "radiographs": told["radiographs"],
        "phantoms": recipe["phantoms"],
        "epochs": len(history),
        "minutes": round(history[-1]["elapsed_s"] / 60, 1),
        "recipe": dict(recipe),
    }


def main(arguments: list[str]) -> int:
    """Pack one run into the package."""
    parser = argparse.ArgumentParser(prog="python -m export.write_bundle", description=__doc__)
    parser.add_argument("run", help="name of a folder in the runs folder")
    parser.add_argument("--name", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--mirrored", action="store_true", help="read the mirror image too")
    parser.add_argument("--runs", type=Path, default=WORKSHOP / "runs")
    chosen = parser.parse_args(arguments)
    written = pack_run(chosen.runs / chosen.run, name=chosen.name, version=chosen.version, mirrored=chosen.mirrored)
    print(written)
    return 0


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.exit(main(sys.argv[1:]))
