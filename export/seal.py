"""``python -m export.seal BUNDLE --detector FILE``: put the network that sees hands into a bundle that is not published yet.

Also what every bundle ends with: its manifest and the sums over all its files.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from baa_node.bundle import CPU, MANIFEST, SUMS, default_bundle, load_bundle, verify_bundle

CARD: Final = "MODEL_CARD.md"
_HEADING: Final = "\n## What sees whether there is a hand\n"


def sha256(file: Path) -> str:
    """SHA-256 of a file in hexadecimal digits."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def seal(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write manifest and sums; whatever changes afterwards is noticed at load."""
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=None, separators=(",", ":")) + "\n", encoding="utf-8")
    files = sorted(file for file in folder.iterdir() if file.name != SUMS)
    (folder / SUMS).write_text("".join(f"{sha256(file)}  {file.name}\n" for file in files), encoding="ascii")


def detector_entry(weights: Path) -> dict[str, Any]:
    """Gather what the manifest says of a detector: its file, and what ``train.detector`` left beside it."""
    told = json.loads(weights.with_suffix(".json").read_text(encoding="utf-8"))
    return {"file": weights.name, "sha256": sha256(weights), **told}


def detector_card(manifest: Mapping[str, Any]) -> str:
    """Section of the model card; empty without a detector."""
    if "detector" not in manifest:
        return ""
    told = manifest["detector"]
    learnt = told["training"]
    return f"""{_HEADING}
A network of {told["parameters"]:,} parameters looks at the frame squashed to 112 × 112 pixels and tells apart:
{", ".join(told["classes"])}.
It learnt from {learnt["frames"]:,} frames made of {learnt["radiographs"]:,} radiographs of the training set (as they are, cut off, covered
with drawn casts and metal, in pairs, in pieces, as negatives), {learnt["drawn_hands"]} drawn hands and drawings of other things,
{learnt["epochs"]} epochs in {learnt["minutes"]:.0f} minutes. It never saw a real radiograph of anything but a hand. What it turns away, on
`val` and on things it never saw, is in `train/RESULTS.md`; a new kind of picture may still pass.
"""


def add_detector(folder: Path, weights: Path) -> None:
    """Put a detector into a bundle, or another in its place; the bundle changes only if the node can load it.

    Raises
    ------
    BundleError
        The bundle was changed after packing, or the node would refuse the result.
    """
    verify_bundle(folder)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".packing-") as scratch:
        unfinished = Path(shutil.copytree(folder, Path(scratch) / folder.name))
        manifest = json.loads((unfinished / MANIFEST).read_text(encoding="utf-8"))
        if "detector" in manifest:
            (unfinished / manifest["detector"]["file"]).unlink()
        shutil.copyfile(weights, unfinished / weights.name)
        manifest["detector"] = detector_entry(weights)
        card = (unfinished / CARD).read_text(encoding="utf-8").partition(_HEADING)[0]
        (unfinished / CARD).write_text(card + detector_card(manifest), encoding="utf-8")
        seal(unfinished, manifest)
        load_bundle(unfinished, providers=[CPU])
        folder.rename(Path(scratch) / "before")
        unfinished.rename(folder)


def main(arguments: Sequence[str]) -> int:
    """Change the named bundle, or the one that ships with the package."""
    parser = argparse.ArgumentParser(prog="python -m export.seal", description=__doc__)
    parser.add_argument("bundle", nargs="?", type=Path, default=default_bundle())
    parser.add_argument("--detector", type=Path, required=True, help="detector.onnx of python -m train.detector")
    chosen = parser.parse_args(arguments)
    add_detector(chosen.bundle, chosen.detector)
    print(verify_bundle(chosen.bundle).sha256)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
