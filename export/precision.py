"""``python -m export.precision MEMBER.onnx``: a member with weights in half precision or with convolutions in 8 bits, and what that costs.

Written beside the member as ``<name>-fp16.onnx`` and ``<name>-int8.onnx``. Inputs and outputs keep their types. The member lies in its
bundle, whose manifest tells how to prepare images; ranges come from training images, differences from validation images.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from baa_node.bundle import MANIFEST
from baa_node.core.preprocess import Preparation
from train.data import Examples, load_split, masker_for
from train.folders import RUNS, add_folders

CALIBRATING: Final = 128
"""Training images from which the ranges of the activations are taken."""

LEAST_NUMBERS: Final = 1024
"""Smaller constants (biases, shapes, scales) stay float32: there is nothing to gain."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """A variant against the member it was made from; months are absolute differences of the estimates.

    Attributes
    ----------
    heat
        Mean difference of the heat maps, as a share of their maximum.
    error_before, error_after
        Mean absolute error against the labels in months.
    ms_before, ms_after
        Per image, one at a time, on one thread of this machine.
    """

    mean: float
    p95: float
    largest: float
    heat: float
    error_before: float
    error_after: float
    ms_before: float
    ms_after: float
    bytes_before: int
    bytes_after: int


def to_half(member: Path, target: Path) -> None:
    """Write the weights as float16 and let the graph widen them when it is loaded; it computes in float32 as before.

    ONNX Runtime has hardly an operator for float16 on a CPU, so that computing in it would only add conversions.

    Raises
    ------
    OverflowError
        A weight is beyond what float16 holds.
    """
    model = onnx.load(member)
    graph = model.graph
    widened = [
        _widened(tensor)
        for tensor in graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT and math.prod(tensor.dims) >= LEAST_NUMBERS
    ]
    nodes = [*widened, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, target)


def to_int8(member: Path, target: Path, examples: Examples) -> None:
    """Write convolutions as 8-bit integers, one scale a channel; the first convolution and the dense layers stay float32.

    Parameters
    ----------
    examples
        Prepared as for the member; ranges of the activations come from these.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folded = Path(scratch) / member.name
        quant_pre_process(str(member), str(folded), skip_symbolic_shape=True)
        quantize_static(
            str(folded),
            str(target),
            _Feeds(folded, examples),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=_first_convolutions(onnx.load(folded).graph),
        )


def cost(before: Path, after: Path, examples: Examples) -> Cost:
    """Run both on the same images, one at a time and in turn, so that other work on the machine meets both alike."""
    (months, heat, spent), (months_after, heat_after, spent_after) = _run([before, after], examples)
    apart = np.abs(months_after - months)
    return Cost(
        mean=float(apart.mean()),
        p95=float(np.percentile(apart, 95)),
        largest=float(apart.max()),
        heat=float(np.abs(heat_after - heat).mean()),
        error_before=float(np.abs(months - examples.months).mean()),
        error_after=float(np.abs(months_after - examples.months).mean()),
        ms_before=spent,
        ms_after=spent_after,
        bytes_before=before.stat().st_size,
        bytes_after=after.stat().st_size,
    )


def _widened(tensor: onnx.TensorProto) -> onnx.NodeProto:
    """Store the tensor as float16 under another name; the node makes float32 of it under the old one."""
    name = tensor.name
    with np.errstate(over="ignore"):
        half = onnx.numpy_helper.to_array(tensor).astype(np.float16)
    if not np.isfinite(half).all():
        raise OverflowError(f"weights {name} do not fit into float16")
    tensor.CopyFrom(onnx.numpy_helper.from_array(half, f"{name}_half"))
    return onnx.helper.make_node("Cast", [tensor.name], [name], to=onnx.TensorProto.FLOAT, name=f"{name}_widened")


class _Feeds(CalibrationDataReader):  # type: ignore[misc]  # ONNX Runtime has no types
    """One image after the other, as the calibration wants them."""

    def __init__(self, member: Path, examples: Examples) -> None:
        self.feeds = _feeds(_session(member), examples)

    def get_next(self) -> dict[str, Any] | None:
        """Give the next image with its sex, None behind the last."""
        return next(self.feeds, None)


def _feeds(session: onnxruntime.InferenceSession, examples: Examples) -> Iterator[dict[str, Any]]:
    ports = [port.name for port in session.get_inputs()]
    for image, male in zip(examples.images, examples.male, strict=True):
        both = {"image": image[np.newaxis], "sex": np.array([[male]], np.float32)}
        yield {port: both[port] for port in ports}


def _session(member: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(member), options, providers=["CPUExecutionProvider"])


def _run(members: Sequence[Path], examples: Examples) -> list[tuple[NDArray[np.float32], NDArray[np.float32], float]]:
    """For each member months ``(N,)``, heat maps ``(N, h, w)``, and the median of milliseconds an image."""
    sessions = [_session(member) for member in members]
    answers: list[list[tuple[float, NDArray[np.float32], float]]] = [[] for _ in members]
    for feeds in zip(*(_feeds(session, examples) for session in sessions), strict=True):
        for session, feed, found in zip(sessions, feeds, answers, strict=True):
            start = time.perf_counter()
            months, heat = session.run(["bone_age_months", "saliency"], feed)
            found.append((months[0, 0], heat[0], 1000 * (time.perf_counter() - start)))
    return [
        (np.array([one[0] for one in found]), np.stack([one[1] for one in found]), float(np.median([one[2] for one in found])))
        for found in answers
    ]


def _first_convolutions(graph: onnx.GraphProto) -> list[str]:
    """Names of the convolutions that no other one comes before: they see the pixels."""
    behind: set[str] = set()
    first = []
    for node in graph.node:
        seen = any(name in behind for name in node.input)
        if node.op_type == "Conv" and not seen:
            first.append(node.name)
        if node.op_type == "Conv" or seen:
            behind.update(node.output)
    return first


def preparation_of(member: Path) -> Preparation:
    """Read from the manifest beside the member how its images are prepared."""
    manifest = json.loads((member.parent / MANIFEST).read_text(encoding="utf-8"))
    return Preparation.from_json(next(entry["preprocessing"] for entry in manifest["members"] if entry["file"] == member.name))


def _line(name: str, found: Cost) -> str:
    months = f"{found.mean:.3f} | {found.p95:.3f} | {found.largest:.3f}"
    error = f"{found.error_before:.2f} → {found.error_after:.2f}"
    size = f"{found.bytes_before / 1e6:.2f} → {found.bytes_after / 1e6:.2f}"
    return f"| {name} | {months} | {found.heat:.4f} | {error} | {found.ms_before:.1f} → {found.ms_after:.1f} | {size} |"


def main(arguments: Sequence[str]) -> int:
    """Write the variants and print a table."""
    parser = argparse.ArgumentParser(prog="python -m export.precision", description=__doc__)
    parser.add_argument("members", nargs="+", type=Path, metavar="MEMBER.onnx")
    parser.add_argument("--target", type=Path, help="folder of the variants, if not beside the member")
    parser.add_argument("--images", type=int, default=200, help="of val, on which the variants are compared")
    add_folders(parser, "data", "cache")
    chosen = parser.parse_args(arguments)
    logging.getLogger().setLevel(logging.ERROR)
    print("| variant | mean, months | p95 | max | heat | MAE | ms an image | MB |\n|---|---|---|---|---|---|---|---|")
    for member in chosen.members:
        spec = preparation_of(member)
        masker = masker_for(spec, RUNS)
        learnt = load_split(chosen.data, "train", spec, cache=chosen.cache, limit=CALIBRATING, masker=masker)
        held = load_split(chosen.data, "val", spec, cache=chosen.cache, limit=chosen.images, masker=masker)
        folder = chosen.target or member.parent
        half, int8 = folder / f"{member.stem}-fp16.onnx", folder / f"{member.stem}-int8.onnx"
        to_half(member, half)
        to_int8(member, int8, learnt)
        for variant in (half, int8):
            print(_line(variant.stem, cost(member, variant, held)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
