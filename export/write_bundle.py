"""``python -m export.write_bundle SOURCE --name NAME --version V``: pack a run, or an ensemble of runs, as a model bundle.

Needs what ``python -m train.evaluate`` and ``python -m train.ensemble`` stored: weights, the prediction interval and the metrics come from
the predictions on ``val``. Every member is compared with the network it was exported from before it is packed. With ``--former BUNDLE``
networks that are in that bundle are taken from it as they are, the detector too; with ``--training-raster`` they see frames as training
saw its images.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from baa_node.bundle import BUNDLES, CPU, FORMAT, load_bundle
from baa_node.core.ensemble import Calibration
from baa_node.core.preprocess import UNET_EDGES, Preparation
from baa_node.core.radiograph import Sex
from export.former import Former
from export.seal import CARD, detector_card, detector_entry, seal, sha256
from train.ensemble import COVERAGE, calibration
from train.folders import RESULTS, add_folders
from train.scores import Predictions, read_predictions, score, score_groups, table

Images = Callable[[Preparation], NDArray[np.uint8]]

LARGEST_BYTES: Final = 60_000_000

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
    weight, weight_without_sex
        Shares in the pooled value; see ``baa_node.core.ensemble.Member``.
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
    training: Mapping[str, Any]
    weight: float = 1.0
    weight_without_sex: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """What the members say together.

    Attributes
    ----------
    validation
        Pooled estimates on ``val``, out of fold where weights were fitted.
    without_sex
        The same for patients of unknown sex; None where nobody reads them.
    disagreement
        Limit of the spread and the errors on either side of it; None for one member.
    coverage
        What share the prediction interval held, by sex and band, on images that did not make it.
    """

    validation: Predictions
    phantoms: Predictions
    without_sex: Predictions | None = None
    disagreement: Mapping[str, float] | None = None
    coverage: Mapping[str, float] | None = None


def write_bundle(
    members: Sequence[Packed],
    pooled: Pooled,
    *,
    name: str,
    version: str,
    folder: Path = BUNDLES,
    masker: Path | None = None,
    detector: Path | None = None,
) -> Path:
    """Write ``folder/<name>-<version>`` whole or not at all, and only if the node can load it.

    Parameters
    ----------
    masker
        The U-Net, where a member's preparation is ``unet_edges``.
    detector
        The network that sees hands, with what is said of it in a ``.json`` of the same name; None leaves that to the outline.

    Raises
    ------
    BundleError
        The node would refuse the bundle: a member does not fit what is said of it.
    FileExistsError
        A bundle of this name and version is there already: versions are never rewritten.
    ValueError
        The bundle would be larger than `LARGEST_BYTES`.
    """
    target = folder / f"{name}-{version}"
    if target.exists():
        raise FileExistsError(f"{target.name} exists; choose another version")
    networks = [*(member.weights for member in members), *([masker] if masker else []), *([detector] if detector else [])]
    size = sum(weights.stat().st_size for weights in networks)
    if size > LARGEST_BYTES:
        raise ValueError(f"{target.name} would hold {size / 1e6:.0f} MB of weights; at most {LARGEST_BYTES / 1e6:g} are packed")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".packing-") as scratch:
        unfinished = Path(scratch) / target.name
        unfinished.mkdir()
        for weights in networks:
            shutil.copyfile(weights, unfinished / weights.name)
        manifest = _manifest(members, pooled, name, version)
        if masker:
            manifest["mask"] = {"file": masker.name, "sha256": sha256(masker)}
        if detector:
            manifest["detector"] = detector_entry(detector)
        (unfinished / CARD).write_text(_card(members, pooled, manifest) + detector_card(manifest), encoding="utf-8")
        seal(unfinished, manifest)
        load_bundle(unfinished, providers=[CPU])
        unfinished.rename(target)
    return target


def _manifest(members: Sequence[Packed], pooled: Pooled, name: str, version: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": name,
        "version": version,
        "members": [_member(member) for member in members],
        "output_unit": "month",
        "sex_encoding": {"F": 0, "M": 1},
        "calibration": calibration(pooled.validation, pooled.without_sex),
        "disagreement_months": pooled.disagreement["limit_months"] if pooled.disagreement else None,
        "validated_range_months": [float(pooled.validation.label.min()), float(pooled.validation.label.max())],
        "training": {member.name: dict(member.training) for member in members},
        "metrics": {
            "val": {group: found.to_json() for group, found in score_groups(pooled.validation).items()},
            "val_by_member": {member.name: score(member.validation).to_json() for member in members},
            "val_without_sex": score(pooled.without_sex).to_json() if pooled.without_sex else None,
            "drawn_hands": score(pooled.phantoms).to_json(),
            "coverage": dict(pooled.coverage or {}),
            "disagreement": dict(pooled.disagreement or {}),
        },
        "licence": LICENCE,
        "intended_use": INTENDED_USE,
        "citation": CITATION,
    }


def _member(member: Packed) -> dict[str, Any]:
    size = member.preparation.size
    entry = {
        "name": member.name,
        "file": member.weights.name,
        "sha256": sha256(member.weights),
        "architecture": member.architecture,
        "input": {"height": size, "width": size, "channels": 1},
        "preprocessing": member.preparation.to_json(),
        "mirrored_pass": member.mirrored,
        "sex_required": member.sex_required,
        "weight": member.weight,
    }
    return entry if member.sex_required else entry | {"weight_without_sex": member.weight_without_sex}


def _card(members: Sequence[Packed], pooled: Pooled, manifest: Mapping[str, Any]) -> str:
    low, high = manifest["validated_range_months"]
    seen = pooled.validation.label
    networks = "".join(_network(member) for member in members)
    return f"""# {manifest["name"]} {manifest["version"]}

{manifest["intended_use"]}

**Licence:** {manifest["licence"]}.
**Cite:** {manifest["citation"]}

## What it is

It takes grey values and the sex and gives bone age in months with a heat map (Grad-CAM, strength in either direction: what speaks for a
younger or an older hand). The value is the weighted mean of its networks; a network of weight 0 serves patients of unknown sex alone.

| network | architecture | width | input | sex | weight | weight without sex | MAE on val (95 % interval) |
|---|---|---|---|---|---|---|---|
{networks}
## Training

The challenge's training set at 299 × 299 pixels, less the images of the table below (`val`), and drawn hands. The epoch, the weights and
the prediction interval were chosen on `val`.{_as_trained(members)}

{"".join(_learnt(member) for member in members)}
## How far it is off

On {seen.size:,} radiographs of the same source it did not learn from (`val`), months; in brackets 95 % bootstrap intervals:

{table(score_groups(pooled.validation))}
{_unknown_sex(pooled)}Drawn hands it never saw: MAE {score(pooled.phantoms).mae.value:.1f} months. They prove nothing about radiographs.

## Prediction interval

{COVERAGE:.0%}, split conformal by sex and age band of the estimate, half widths in months:

{_half_widths(manifest["calibration"])}
{_held(pooled)}{_at_odds(pooled)}
## Limits

- Two hospitals in one country; bone ages {low:g} to {high:g} months, of which only {int((seen < 24).sum())} of the {seen.size:,} are below
  24 months: results for infants rest on very little.
- No official test image was available; the figures are from `val`, which chose the epoch, the weights and the interval, so they are
  slightly too good.
- The labels are readings by the Greulich & Pyle atlas, not the children's ages.
- Other populations, right hands (learnt only as mirror images), fractures, dysplasias and casts were not studied.
"""


def _as_trained(members: Sequence[Packed]) -> str:
    made = {(one.preparation.raster, one.preparation.raster_quality) for one in members if one.preparation.raster_quality}
    return "".join(
        f" A frame of any size is first made a JPEG image of {side} × {side} pixels, quality {quality}, as those were."
        for side, quality in made
    )


def _network(member: Packed) -> str:
    found = score(member.validation).mae
    passes = "with its mirror image" if member.mirrored else "read once"
    width = member.training.get("recipe", {}).get("width", 1)
    return (
        f"| {member.name} | `{member.architecture}` | {width:g} | {member.preparation.size} px `{member.preparation.variant}`, {passes} "
        f"| {'needed' if member.sex_required else 'not used'} | {member.weight:.2f} | {member.weight_without_sex:.2f} "
        f"| {found.value:.2f} ({found.low:.2f} to {found.high:.2f}) |\n"
    )


def _learnt(member: Packed) -> str:
    told = member.training
    return (
        f"- {member.name}: {told['radiographs']:,} radiographs and {told['phantoms']} drawn hands, {told['epochs']} epochs in "
        f"{told['minutes']:.0f} minutes on two CPU cores.\n"
    )


def _unknown_sex(pooled: Pooled) -> str:
    if pooled.without_sex is None:
        return "The sex must be known.\n\n"
    found = score(pooled.without_sex).mae
    return f"Without the sex: MAE {found.value:.2f} months ({found.low:.2f} to {found.high:.2f}).\n\n"


def _half_widths(section: Mapping[str, Any]) -> str:
    known = Calibration(**{key: value for key, value in section.items() if key != "method"})
    lines = []
    for key, edges in known.edges_months.items():
        sex = None if key == "unknown" else Sex(key)
        starts = [-math.inf, *edges]
        names = [f"{'below' if index == 0 else 'from'} {edge:g}" for index, edge in enumerate([*edges[:1], *edges])] or ["all ages"]
        parts = (f"{name}: ± {known.half_width_months(sex, start):.1f}" for name, start in zip(names, starts, strict=True))
        lines.append(f"- {key}: {', '.join(parts)}\n")
    return "".join(lines)


def _held(pooled: Pooled) -> str:
    if not pooled.coverage:
        return ""
    told = ", ".join(f"{name} {share:.1%}" for name, share in pooled.coverage.items())
    return f"Held on the half of `val` that did not make it (mean of 100 random halvings): {told}.\n\n"


def _at_odds(pooled: Pooled) -> str:
    if not pooled.disagreement:
        return ""
    found = pooled.disagreement
    return (
        f"A report warns where the networks' values differ by a standard deviation above {found['limit_months']:.1f} months: on `val` 5 % "
        f"of the images, MAE {found['mae_flagged']:.1f} against {found['mae_others']:.1f} months for the others.\n"
    )


def pack(
    source: str,
    *,
    name: str,
    version: str,
    runs: Path,
    results: Path = RESULTS,
    folder: Path = BUNDLES,
    images: Images,
    former: Former | None = None,
) -> Path:
    """Export the runs of an ensemble (or one run), check each against Keras, and pack them with the stored predictions.

    Parameters
    ----------
    former
        Bundle whose networks are taken as they are, instead of the runs of their names.
    images
        Gives for a preparation the ``(N, size, size, 1) uint8`` images on which exported and trained network must agree.
    """
    notes = json.loads((results / f"{source}.json").read_text(encoding="utf-8"))
    shares = notes.get("members", {source: 1.0})
    spare = notes.get("members_without_sex", {})
    with tempfile.TemporaryDirectory() as scratch:
        taking = [run for run in dict.fromkeys([*shares, *spare]) if shares.get(run) or spare.get(run)]
        members = []
        for run in taking:
            packed = _taken(former, run, results) if former and run in former else _export(runs / run, results, Path(scratch), images)
            members.append(replace(packed, weight=shares.get(run, 0.0), weight_without_sex=spare.get(run, 0.0)))
        alone = results / f"{source}-val-without-sex.csv"
        pooled = Pooled(
            validation=read_predictions(results / f"{source}-val-mirrored.csv"),
            phantoms=read_predictions(results / f"{source}-phantoms-mirrored.csv"),
            without_sex=read_predictions(alone) if spare else None,
            disagreement=notes.get("disagreement"),
            coverage=notes.get("coverage"),
        )
        masked = any(member.preparation.variant == UNET_EDGES.variant for member in members)
        masker = (former.masker() if former else None) or runs / "unet" / "mask.onnx" if masked else None
        detector = (former.detector(Path(scratch)) if former else None) or runs / "detector" / "detector.onnx"
        return write_bundle(
            members, pooled, name=name, version=version, folder=folder, masker=masker, detector=detector if detector.exists() else None
        )


def _taken(former: Former, run: str, results: Path) -> Packed:
    return Packed(**former.member(run), validation=read_predictions(results / f"{run}-val-mirrored.csv"))


def _export(run: Path, results: Path, scratch: Path, images: Images) -> Packed:
    from export.parity import check_parity
    from export.to_onnx import feature_map_of, to_onnx
    from train.train import load_best

    recipe, model, history = load_best(run)
    target = scratch / f"{run.name}.onnx"
    to_onnx(model, feature_map_of(model), target, mirrored=True)
    found = check_parity(model, feature_map_of(model), target, images(recipe.preparation), mirrored=True)
    print(f"{run.name}: exported network within {found.months:.1g} months and {found.heat:.1g} of the heat map's maximum", flush=True)
    return Packed(
        name=run.name,
        architecture=recipe.architecture,
        weights=target,
        preparation=recipe.preparation,
        sex_required=len(model.inputs) == 2,
        mirrored=True,
        validation=read_predictions(results / f"{run.name}-val-mirrored.csv"),
        training=_training(recipe.to_json(), history, results / f"{run.name}.json"),
    )


def check_images(data: Path, cache: Path, runs: Path, count: int = 64) -> Images:
    """Give random images and, where the data are at hand, as many of ``val``."""
    from train.data import load_split, masker_for

    def images(preparation: Preparation) -> NDArray[np.uint8]:
        random = np.random.default_rng(7).integers(0, 256, (count, preparation.size, preparation.size, 1), np.uint8)
        if not data.is_dir():
            return random
        return np.concatenate(
            [random, load_split(data, "val", preparation, cache=cache, masker=masker_for(preparation, runs)).images[:count]]
        )

    return images


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
    """Pack a run or an ensemble into the package."""
    parser = argparse.ArgumentParser(prog="python -m export.write_bundle", description=__doc__)
    parser.add_argument("source", help="an ensemble of train.ensemble, or one evaluated run")
    parser.add_argument("--name", required=True)
    parser.add_argument("--version", required=True)
    add_folders(parser, "data", "runs", "cache")
    parser.add_argument("--former", type=Path, help="folder of a bundle whose networks are taken as they are")
    parser.add_argument(
        "--training-raster", action="store_true", help="networks of the former bundle see rasters made as those of the training images"
    )
    chosen = parser.parse_args(arguments)
    if chosen.training_raster and not chosen.former:
        parser.error("--training-raster changes what networks of a --former bundle see; there is none")
    images = check_images(chosen.data, chosen.cache, chosen.runs)
    former = Former(chosen.former, training_raster=chosen.training_raster) if chosen.former else None
    print(pack(chosen.source, name=chosen.name, version=chosen.version, runs=chosen.runs, images=images, former=former).name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
