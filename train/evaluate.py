"""``python -m train.evaluate RUN...``: how far trained networks are off on images they did not learn from.

Radiographs come from ``val`` only, which also chose the epoch, so the figures are a little too good; drawn hands are told apart.
Stores the predictions every figure comes from in ``train/results/``; from those alone (``--table-only``) it writes ``train/RESULTS.md``
and a picture a model.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from baa_node.core.acceptance.agreement import Score
from train.detector.told import section as gates
from train.folders import add_folders
from train.originals import section as originals
from train.papers import reported_of
from train.plots import draw
from train.robustness import section as robustness
from train.scores import Predictions, read_predictions, score, score_groups, table, write_predictions
from train.segment.told import section as masks

PHANTOM_SEED: Final = 900
"""Training draws with another seed, so these drawings are new to the network."""


def evaluate(run: Path, data: Path, cache: Path, target: Path, *, split: str = "val", limit: int | None = None) -> Score:
    """Predict a split and new drawings with a run's best epoch, store what came out in ``target``."""
    from train.data import load_phantoms, load_split, masker_for
    from train.train import load_best, predict_months

    recipe, model, history = load_best(run)
    masker = masker_for(recipe.preparation, run.parent)
    images = load_split(data, split, recipe.preparation, cache=cache, limit=limit, masker=masker)
    phantoms = load_phantoms(200 if limit is None else limit, recipe.preparation, cache=cache, seed=PHANTOM_SEED, masker=masker)
    kinds = [(f"-{split}", images), ("-phantoms", phantoms)]
    for (kind, examples), mirrored in itertools.product(kinds, (False, True)):
        estimate = predict_months(model, examples, mirrored=mirrored).astype(np.float64)
        male, label = examples.male.astype(np.float64), examples.months.astype(np.float64)
        write_predictions(
            Predictions(ids=examples.ids, male=male, label=label, estimate=estimate),
            target / f"{run.name}{kind}{'-mirrored' if mirrored else ''}.csv",
        )
    notes = {
        "architecture": recipe.architecture,
        "width": recipe.width,
        "size": recipe.preparation.size,
        "preprocessing": recipe.preparation.variant,
        "parameters": model.count_params(),
        "needs_sex": len(model.inputs) == 2,
        **_how_it_learnt(history, target / f"{run.name}.json"),
    }
    (target / f"{run.name}.json").write_text(json.dumps(notes, indent=1) + "\n", encoding="utf-8")
    return score(read_predictions(target / f"{run.name}-{split}-mirrored.csv"))


def _how_it_learnt(history: Sequence[Mapping[str, float]], stored: Path) -> dict[str, Any]:
    """Tell of epochs, minutes and speed; of a run that was made of a bundle what is stored, if anything is."""
    if history:
        return {
            "radiographs": history[-1].get("radiographs", 11349),
            "epochs": len(history),
            "minutes": history[-1]["elapsed_s"] / 60,
            "images_per_s": float(np.median([line["images_per_s"] for line in history])),
        }
    told = json.loads(stored.read_text(encoding="utf-8")) if stored.exists() else {}
    return {key: told[key] for key in ("radiographs", "epochs", "minutes", "images_per_s") if key in told}


def write_results(folder: Path, target: Path, *, pictures: bool = True) -> None:
    """Rewrite ``target`` and, unless they are left as they are, the pictures from all stored predictions, best model first."""
    models = {source.name.removesuffix("-val-mirrored.csv"): read_predictions(source) for source in folder.glob("*-val-mirrored.csv")}
    notes = {name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in models}
    scores = {name: score_groups(found) for name, found in models.items()}
    ranked = sorted(models, key=lambda name: scores[name]["all"].mae.value)
    for name in ranked if pictures else ():
        draw(models[name], f"{name}: MAE {scores[name]['all'].mae.value:.2f} months on val", folder / f"{name}.png")
    overview = table({name: scores[name]["all"] for name in ranked}, heading="model")
    sections = [_section(name, notes[name], scores[name], folder) for name in ranked]
    papers = _papers({name: (notes[name], scores[name]["all"]) for name in ranked})
    more = f"{masks(folder)}{gates(folder)}{originals(folder)}{robustness(folder).rstrip()}\n"
    target.write_text(f"{_PREAMBLE}\n{overview}\n{papers}{more}{''.join(sections)}", encoding="utf-8")


_PREAMBLE: Final = """# Results

Estimate against the challenge's label, on the 1,262 radiographs of `val`, which no network learnt from but which chose the epoch. Each
radiograph is read with its mirror image, as the node does. MAE, RMSE and bias in months; MAPE is the mean of the absolute error as a
share of the label (labels of a few months weigh heavily in it); CCC is Lin's concordance correlation; "within 12" is the share of
images at most 12 months off. In brackets the 95 % percentile bootstrap interval over images, 2,000 resamples. Groups are sex and bone
age in months. Always answering the mean of the sex gives an MAE of 32.4. Made by `python -m train.evaluate` from the predictions in
`results/`; how each came about is in [LOG.md](LOG.md).
"""


def _papers(found: Mapping[str, tuple[Mapping[str, Any], Score]]) -> str:
    """Ours beside what a network's own paper reports."""
    rows = []
    for name, (notes, scored) in found.items():
        for one in reported_of(notes.get("architecture", "")):
            ours = getattr(scored, one.metric).value
            made = f"{notes['width']:g} × width, {notes['size']} px"
            rows.append(f"| {name} | {made} | {one.paper} | {one.metric.upper()} | {one.value:g} | {one.images} | {ours:.3g} |\n")
    head = "| model | as trained here | paper | figure | reported | on | here, on val |\n|---|---|---|---|---|---|---|\n"
    told = (
        "## Beside the papers\n\nThe papers' figures come from other images than ours (their own test and validation sets), so a "
        "difference is no proof; the networks are theirs layer by layer, narrowed where the width says so.\n\n"
    )
    return told + head + "".join(rows)


def _section(name: str, notes: Mapping[str, Any], scores: Mapping[str, Score], folder: Path) -> str:
    plain = score(read_predictions(folder / f"{name}-val.csv"))
    phantoms = score(read_predictions(folder / f"{name}-phantoms-mirrored.csv"))
    drawn = f"Drawn hands it never saw: MAE {phantoms.mae.value:.1f} months ({phantoms.n} drawings)."
    once = f"Each radiograph read once, without its mirror image: MAE {plain.mae.value:.2f} months."
    picture = f"![estimate against label, Bland-Altman and error by age of {name}](results/{name}.png)"
    return f"\n## {name}\n\n{_made(notes)} {once} {drawn}\n\n{picture}\n\n{table(scores)}"


def _made(notes: Mapping[str, Any]) -> str:
    if "members" in notes:
        parts = ", ".join(f"{member} {weight:.2f}" for member, weight in notes["members"].items())
        return f"Weighted mean of {parts}. {notes.get('told', '')}".strip()
    shape = f"`{notes['architecture']}`, {notes['width']:g} × width, {notes['parameters']:,} parameters"
    if "epochs" not in notes:
        return f"{shape}, {notes['size']} px `{notes['preprocessing']}`; taken from an exported network."
    learnt = f"{notes['epochs']} epochs, {notes['minutes']:.0f} minutes on two CPU cores, {notes['images_per_s']:.0f} images/s"
    return f"{shape}, {notes['size']} px `{notes['preprocessing']}`; {learnt}."


def main(arguments: list[str]) -> int:
    """Evaluate runs and rewrite ``RESULTS.md``."""
    parser = argparse.ArgumentParser(prog="python -m train.evaluate", description=__doc__)
    parser.add_argument("run", nargs="*", help="names of folders in the runs folder")
    parser.add_argument("--table-only", action="store_true", help="only rewrite the table and the pictures from stored predictions")
    parser.add_argument("--split", default="val", help="which images; anything but val is stored and printed, not put into RESULTS.md")
    add_folders(parser, "data", "runs", "cache", "results")
    chosen = parser.parse_args(arguments)
    if not chosen.run and not chosen.table_only:
        parser.error("name a run, or give --table-only")
    totals = {
        name: evaluate(chosen.runs / name, chosen.data, chosen.cache, chosen.results, split=chosen.split)
        for name in ([] if chosen.table_only else chosen.run)
    }
    if chosen.split == "val":
        write_results(chosen.results, chosen.results.parent / "RESULTS.md")
    if totals:
        print(table(totals, heading="model"), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
