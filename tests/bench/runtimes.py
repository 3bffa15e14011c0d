"""``python -m tests.bench.runtimes``: the members on ONNX Runtime, as the node runs them and bare, on OpenVINO, and against the floor.

The floor is the time that the multiplications of convolutions and matrix products would take at the speed of one large matrix
product on the same threads. OpenVINO is measured where it is installed (``pip install openvino``); the node does not need it.
All are run in turn, round by round, so that other work on the machine meets them alike; the fastest run of each counts.
"""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper

from baa_node.bundle import CPU, default_bundle, load_bundle
from baa_node.core.ensemble import Member
from baa_node.core.preprocess import prepare
from baa_node.networks import started
from tests.bench.compute import grey_values
from tests.bench.walk import readable
from tests.parts.node import Node

ROOT: Final = Path(__file__).resolve().parents[2]
THREADS: Final = (1, 2)
ROUNDS: Final = 15
SIDE: Final = 1024
"""Of the square matrices whose product tells the speed of the machine."""

COLUMNS: Final = (
    "member",
    "threads",
    "node",
    "ONNX Runtime alone",
    "OpenVINO, float32",
    "OpenVINO, bfloat16",
    "changed by bfloat16",
    "floor",
    "node / alone",
    "alone / floor",
)

Feeds = dict[str, NDArray[Any]]
Run = Callable[[], object]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        sample = readable(ROOT / "sample_dicom", Node(Path(name) / "node"))[0]
    pixels = grey_values(sample)
    lines = [f"| {' | '.join(cells)} |" for cells in (COLUMNS, ("---",) * len(COLUMNS))]
    for threads in THREADS:
        speed = _multiplications_per_ms(threads)
        for member in load_bundle(default_bundle(), providers=[CPU], threads=threads).members:
            weights = (default_bundle() / f"{member.name}.onnx").read_bytes()
            image = prepare(pixels, member.preparation).image[np.newaxis]
            lines.append(_row(member, weights, image, threads, multiplications(weights, image) / speed))
    print("\n".join(lines))  # noqa: T201 - what the command is for


def _row(member: Member, weights: bytes, image: NDArray[np.uint8], threads: int, floor_ms: float) -> str:
    session = started(weights, member.name, [CPU], threads)
    feeds = _feeds(session, image)
    compiled = _openvino(weights, feeds, threads)
    runs: dict[str, Run] = {
        "node": lambda: member.run(image, np.ones((1, 1), np.float32)),
        "alone": lambda: session.run(["bone_age_months", "saliency"], feeds),
        **{name: (lambda one=one: one(feeds)) for name, one in compiled.items()},
    }
    took = _fastest_ms(runs)
    cells = [f"{took[name]:.1f} ms" if name in took else "not installed" for name in ("node", "alone", "f32", "bf16")]
    months = {name: float(one(feeds)["bone_age_months"].ravel()[0]) for name, one in compiled.items()}
    cells.append(f"{months['bf16'] - months['f32']:+.2f} months" if months else "")
    ratios = (f"{took['node'] / took['alone']:.2f}", f"{took['alone'] / floor_ms:.2f}")
    return f"| {' | '.join((member.name, str(threads), *cells, f'{floor_ms:.1f} ms', *ratios))} |"


def _openvino(weights: bytes, feeds: Feeds, threads: int) -> dict[str, Callable[[Feeds], Any]]:
    """The same network on OpenVINO, in both precisions; nothing where it is not installed."""
    try:
        import openvino
    except ImportError:
        return {}
    core = openvino.Core()
    model = core.read_model(weights)
    model.reshape({name: list(value.shape) for name, value in feeds.items()})
    options = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
    return {name: core.compile_model(model, "CPU", {**options, "INFERENCE_PRECISION_HINT": name}) for name in ("f32", "bf16")}


def _fastest_ms(runs: Mapping[str, Run]) -> dict[str, float]:
    for run in runs.values():
        run()
    fastest = dict.fromkeys(runs, math.inf)
    for _ in range(ROUNDS):
        for name, run in runs.items():
            begun = time.perf_counter()
            run()
            fastest[name] = min(fastest[name], (time.perf_counter() - begun) * 1000)
    return fastest


def _feeds(session: onnxruntime.InferenceSession, image: NDArray[np.uint8]) -> Feeds:
    given: Feeds = {"image": image, "sex": np.ones((1, 1), np.float32)}
    return {port.name: given[port.name] for port in session.get_inputs()}


def multiplications(weights: bytes, image: NDArray[np.uint8]) -> float:
    """Multiply-accumulates of one inference, from the shapes that ONNX Runtime met while it ran."""
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.enable_profiling, options.profile_file_prefix = True, f"{folder}/run"
        session = onnxruntime.InferenceSession(weights, options, providers=[CPU])
        session.run(None, _feeds(session, image))
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    return sum(_of_node(event["args"]) for event in events if event.get("cat") == "Node" and "output_type_shape" in event["args"])


def _of_node(seen: Mapping[str, Any]) -> float:
    given = [next(iter(one.values())) for one in seen["input_type_shape"]]
    (made, *_) = (next(iter(one.values())) for one in seen["output_type_shape"])
    if seen["op_name"] in {"Conv", "FusedConv"}:
        return math.prod(made) * math.prod(given[1][1:])
    return math.prod(made) * given[0][-1] if seen["op_name"] in {"MatMul", "Gemm", "FusedGemm", "FusedMatMul"} else 0


def _multiplications_per_ms(threads: int) -> float:
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [SIDE, SIDE]) for name in "abc"]
    graph = helper.make_graph([helper.make_node("MatMul", ["a", "b"], ["c"])], "product", ports[:2], ports[2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    session = started(model.SerializeToString(), "product", [CPU], threads)
    square = np.random.default_rng(0).random((SIDE, SIDE), np.float32)
    return SIDE**3 / _fastest_ms({"product": lambda: session.run(None, {"a": square, "b": square})})["product"]


if __name__ == "__main__":
    main()
