"""``python -m train.reclaim MEMBER.onnx RECIPE``: an exported network becomes a run again, from which others can begin.

A bundle holds what a network answers, not what it learnt with: convolutions and normalisations are merged in it. Kernels are taken
as they are merged; every normalisation then gets mean and variance of what reaches it on training images, and the scale and offset
that leave its answers as they were. The run has best weights and a recipe, and no history.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import onnx
import onnxruntime as ort
from keras import layers, ops
from numpy.typing import NDArray

from train.checkpoint import save_best
from train.data import DataError, Examples, load_split
from train.folders import add_folders
from train.recipes import RECIPES, Recipe, load_recipe
from train.train import network, predict_months

IMAGES: Final = 512
"""Training images whose means and variances a normalisation takes over."""

TOLERANCE_MONTHS: Final = 1e-2
"""Between the answers of the file and of the network made from it."""

Weights = NDArray[np.float32]


@dataclass(frozen=True)
class Step:
    """One layer with weights, as the file has it: ``kernel`` and ``bias`` of a sum of products, or scale and offset a channel.

    Attributes
    ----------
    names
        Of the node and what goes in and out, in which the exporter keeps the name of the layer where it can.
    kind
        ``"conv"`` (kernel h × w × in × out), ``"affine"`` (one factor a channel) or ``"dense"`` (in × out).
    """

    names: str
    kind: str
    kernel: Weights
    bias: Weights


def reclaim(stored: Path, recipe: Recipe, examples: Examples, folder: Path) -> keras.Model:
    """Write the run of ``recipe`` whose best weights answer as the member ``stored`` does.

    Parameters
    ----------
    examples
        Training images as the recipe prepares them; the first `IMAGES` are looked at.
    folder
        Of the run; must not hold one.

    Raises
    ------
    DataError
        The file is no network of this architecture, answers otherwise than what was made of it, or the folder holds a run.
    """
    if (folder / "run.json").exists():
        raise DataError(f"{folder.name} holds a run already")
    model = network(recipe)
    _take(model, list(_steps(onnx.load(str(stored)))), stored.name)
    few = Examples(images=examples.images[:IMAGES], months=examples.months[:IMAGES], male=examples.male[:IMAGES], ids=examples.ids[:IMAGES])
    _settle(model, few)
    off = float(np.abs(predict_months(model, few, mirrored=True) - _answers(stored, few)).max())
    if not off <= TOLERANCE_MONTHS:
        raise DataError(f"{stored.name}: what {recipe.name} makes of it answers up to {off:.3g} months otherwise")
    folder.mkdir(parents=True, exist_ok=True)
    save_best(model, {"off_months": off}, folder)
    (folder / "run.json").write_text(json.dumps({"recipe": recipe.to_json(), "history": []}, indent=1) + "\n", encoding="utf-8")
    return model


def _steps(file: onnx.ModelProto) -> Iterator[Step]:
    """Layers with weights on the way to the answer, in the order of the file; those that read the mirror image too come once."""
    graph = file.graph
    held = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    needed = {"bone_age_months"}
    way = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            way.append(node)
    way.reverse()
    known: set[str] = set()
    for number, node in enumerate(way):
        given = [held.get(name) for name in node.input]
        if known.intersection(node.input[1:2]):
            continue
        names = "/".join([node.name, *node.input, *node.output])
        known.update(node.input[1:2] if len(given) > 1 and given[1] is not None else [])
        if node.op_type == "Conv" and given[1] is not None:
            kernel = given[1].transpose(2, 3, 1, 0)
            yield Step(
                names, "conv", kernel, given[2] if len(given) > 2 and given[2] is not None else np.zeros(kernel.shape[3], np.float32)
            )
        elif node.op_type == "MatMul" and given[1] is not None:
            yield Step(names, "dense", given[1], _added(way[number + 1 :], node, held))
        elif node.op_type == "Mul" and given[1] is not None and given[1].size > 1:
            yield Step(names, "affine", given[1].ravel(), _added(way[number + 1 :], node, held))


def _added(later: list[Any], node: Any, held: dict[str, NDArray[Any]]) -> Weights:
    """Find what is added to the output of a node."""
    follower = next((one for one in later if one.op_type == "Add" and node.output[0] in one.input), None)
    added = [held[name] for name in follower.input if name in held] if follower is not None else []
    return np.asarray(added[0], np.float32).ravel() if added else np.zeros(1, np.float32)


def _take(model: keras.Model, steps: list[Step], name: str) -> None:
    """Give every layer its weights; a normalisation behind a convolution without bias gets the offset merged into that."""
    left = list(steps)
    merged: dict[str, Weights] = {}
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            offset = merged.get(_before(layer))
            step = _taken(left, layer, "affine") if offset is None else Step("", "affine", np.ones_like(offset), offset)
            variance = np.full_like(step.kernel, 1 - layer.epsilon)
            layer.set_weights([step.kernel, np.broadcast_to(step.bias, variance.shape), np.zeros_like(variance), variance])
        elif isinstance(layer, layers.Conv2D | layers.Dense):
            step = _taken(left, layer, "conv" if isinstance(layer, layers.Conv2D) else "dense")
            layer.set_weights([step.kernel, np.broadcast_to(step.bias, step.kernel.shape[-1:])][: len(layer.weights)])
            if not layer.use_bias:
                merged[layer.name] = step.bias
    if left:
        raise DataError(f"{name} has {len(left)} layers more than {model.name}")


def _taken(left: list[Step], layer: keras.layers.Layer, kind: str) -> Step:
    """Take a layer of a kind and shape off the list: the one of that name, or the first."""
    shape = tuple(layer.kernel.shape) if kind != "affine" else tuple(layer.gamma.shape)
    fitting = [index for index, step in enumerate(left) if (step.kind, step.kernel.shape) == (kind, shape)]
    if not fitting:
        raise DataError(f"no {kind} of {shape} is left in the file for the layer {layer.name}")
    named = [index for index in fitting if f"/{layer.name}_" in left[index].names]
    return left.pop((named or fitting)[0])


def _before(layer: keras.layers.Layer) -> str:
    """Name of the layer whose output a layer takes."""
    return str(layer._inbound_nodes[0].parent_nodes[0].operation.name)  # noqa: SLF001 - Keras has no other way to ask


def _settle(model: keras.Model, examples: Examples) -> None:
    """Let each normalisation remember what reaches it, and answer as before."""
    normalised = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    if not normalised:
        return
    before = keras.Model(model.inputs[0], [layer.input for layer in normalised])
    sums = [np.zeros((2, int(layer.input.shape[-1]))) for layer in normalised]
    counts = [0] * len(normalised)
    for start in range(0, len(examples), 32):
        for number, reached in enumerate(before(examples.images[start : start + 32].astype(np.float32), training=False)):
            values = ops.convert_to_numpy(reached).astype(np.float64)
            sums[number] += [values.sum(axis=(0, 1, 2)), np.square(values).sum(axis=(0, 1, 2))]
            counts[number] += values[..., 0].size
    for layer, (total, squares), count in zip(normalised, sums, counts, strict=True):
        scale, offset, _, _ = layer.get_weights()
        mean = total / count
        variance = np.maximum(squares / count - mean * mean, 1e-6)
        layer.set_weights([scale * np.sqrt(variance + layer.epsilon), offset + scale * mean, mean, variance])


def _answers(stored: Path, examples: Examples) -> Weights:
    session = ort.InferenceSession(str(stored), providers=["CPUExecutionProvider"])
    fed: dict[str, NDArray[Any]] = {"image": examples.images}
    if len(session.get_inputs()) == 2:
        fed["sex"] = examples.male[:, np.newaxis]
    parts = []
    for start in range(0, len(examples), 32):
        part = {name: value[start : start + 32] for name, value in fed.items()}
        parts.append(session.run(["bone_age_months"], part)[0].ravel())
    return np.concatenate(parts)


def main(arguments: list[str]) -> int:
    """Read the member and the recipe that it was made by."""
    parser = argparse.ArgumentParser(prog="python -m train.reclaim", description=__doc__)
    parser.add_argument("member", type=Path)
    parser.add_argument("recipe")
    add_folders(parser, "data", "runs", "cache")
    chosen = parser.parse_args(arguments)
    try:
        recipe = load_recipe(RECIPES / f"{chosen.recipe}.toml")
        examples = load_split(chosen.data, "train", recipe.preparation, cache=chosen.cache, limit=IMAGES)
        reclaim(chosen.member, recipe, examples, chosen.runs / recipe.name)
    except (DataError, OSError) as fault:
        print(f"python -m train.reclaim: {fault}", file=sys.stderr)
        return 1
    print(f"{chosen.member.name} is the run {recipe.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
