"""``python -m tests.bench.gpu``: the members on a CUDA GPU at batches of 1, 8 and 64, beside PyTorch and the floor; says so where none is.

**Never run on a GPU so far**: no machine with one was at hand when it was written. What it says without one is tested.

ONNX Runtime runs each member with the options below, in float32 and half precision, inputs and outputs bound to the GPU. Beside it
the same architecture runs in PyTorch (``KERAS_BACKEND=torch``, half precision, compiled; random weights, which take as long), image and
mirror image as in the member, but without its attention. The floor is the time that the multiplications take at the speed of one large
matrix product. Needs ``onnxruntime-gpu[cuda,cudnn]`` and, for PyTorch, ``torch`` and ``keras``.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper

from baa_node.bundle import CPU, MANIFEST, default_bundle
from tests.bench.runtimes import multiplications
from tests.bench.tables import grid

CUDA: Final = "CUDAExecutionProvider"
BATCHES: Final = (1, 8, 64)
WARM_UP: Final = 5
RUNS: Final = 30
SIDE: Final = 8192
"""Of the square matrices whose product tells the speed of the GPU."""

COMPARED: Final = 8
"""Images of noise by which the change of half precision is told; on radiographs it has to be measured before it is used."""

SEARCH: Final = {"cudnn_conv_algo_search": "EXHAUSTIVE", "cudnn_conv_use_max_workspace": "1"}
OPTIONS: Final[dict[str, dict[str, str]]] = {
    "as it comes": {},
    "search": SEARCH,
    "search, NHWC": {**SEARCH, "prefer_nhwc": "1"},
    "search, NHWC, graph": {**SEARCH, "prefer_nhwc": "1", "enable_cuda_graph": "1"},
}

Feeds = dict[str, NDArray[Any]]


def main() -> None:
    if not _gpu_found():
        print("no GPU: ONNX Runtime gives no session on CUDA here; nothing was measured")  # noqa: T201 - what the command is for
        return
    rows = [row for member in _members() for row in _rows(member)]
    print("\n".join(grid(("member", "precision", "how", *(f"batch {size}, images/s" for size in BATCHES), "months changed"), rows)))  # noqa: T201


def _gpu_found() -> bool:
    """Whether a session really gets CUDA: the provider is listed where there is none, too."""
    try:
        return bool(_session(_product(TensorProto.FLOAT, 8), {}).get_providers()[0] == CUDA)
    except Exception:  # noqa: BLE001 - a driver that is missing, too old or broken: whatever ONNX Runtime raises
        return False


def _members() -> list[dict[str, Any]]:
    members: list[dict[str, Any]] = json.loads((default_bundle() / MANIFEST).read_text(encoding="utf-8"))["members"]
    return members


def _rows(member: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Rows of one member: each precision with each set of options, then PyTorch, then the floor."""
    single = (default_bundle() / member["file"]).read_bytes()
    feeds = {size: _feeds(member, size) for size in BATCHES}
    expected = _months(onnxruntime.InferenceSession(single, providers=[CPU]), _feeds(member, COMPARED))
    for precision, weights in (("float32", single), ("half", _half(single))):
        changed = np.abs(_months(_session(weights, {}), _feeds(member, COMPARED)) - expected).max()
        for how, options in OPTIONS.items():
            rates = [_told(partial(_bound, weights, options, feeds[size]), size) for size in BATCHES]
            yield (member["name"], precision, how, *rates, f"{changed:.3f}")
    yield (member["name"], "half", "PyTorch", *(_told(partial(_torch, member, size), size) for size in BATCHES), "")
    count = multiplications(single, _feeds(member, 1)["image"])
    for precision, kind in (("float32", TensorProto.FLOAT), ("half", TensorProto.FLOAT16)):
        images_per_s = _peak(kind) / count
        yield (member["name"], precision, "floor", *(f"{images_per_s:.0f}" for _ in BATCHES), "")


def _told(prepare: Callable[[], Callable[[], object]], size: int) -> str:
    """Images/s of what `prepare` gives, or what this combination of network, options and library says instead."""
    try:
        return f"{_rate(prepare(), size):.0f}"
    except Exception as error:  # noqa: BLE001 - one combination that does not work must not end the others
        return type(error).__name__


def _rate(run: Callable[[], object], size: int) -> float:
    """Images/s by the median of `RUNS`."""
    for _ in range(WARM_UP):
        run()
    spent = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        run()
        spent.append(time.perf_counter() - begun)
    return size / float(np.median(spent))


def _session(weights: bytes, options: dict[str, str]) -> onnxruntime.InferenceSession:
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    session = onnxruntime.InferenceSession(weights, settings, providers=[(CUDA, options), CPU])
    session.disable_fallback()
    return session


def _bound(weights: bytes, options: dict[str, str], feeds: Feeds) -> Callable[[], object]:
    """One inference with inputs and outputs that stay on the GPU, at fixed addresses, as a CUDA graph needs them."""
    session = _session(weights, options)
    binding = session.io_binding()
    for port in session.get_inputs():
        binding.bind_ortvalue_input(port.name, onnxruntime.OrtValue.ortvalue_from_numpy(feeds[port.name], "cuda", 0))
    shapes = {
        port.name: found.shape
        for port, found in zip(session.get_outputs(), _session(weights, {}).run(None, _taken(session, feeds)), strict=True)
    }
    for name, shape in shapes.items():
        binding.bind_ortvalue_output(name, onnxruntime.OrtValue.ortvalue_from_shape_and_type(shape, np.float32, "cuda", 0))

    def run() -> None:
        session.run_with_iobinding(binding)
        binding.synchronize_outputs()

    return run


def _torch(member: dict[str, Any], size: int) -> Callable[[], object]:
    """The same architecture in PyTorch: compiled, half precision, image and mirror image."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
    import torch

    from train.models import ARCHITECTURES

    keras.config.set_dtype_policy("float16")
    model = torch.compile(ARCHITECTURES[member["architecture"]](member["input"]["height"], 1))
    fed = {name: torch.from_numpy(value).cuda() for name, value in _feeds(member, size).items()}
    image = torch.cat([fed["image"], fed["image"].flip(2)]).half()
    inputs = [image, torch.cat([fed["sex"]] * 2).half()] if member["sex_required"] else image

    def run() -> None:
        with torch.inference_mode():
            model(inputs)
        torch.cuda.synchronize()

    return run


def _peak(kind: int) -> float:
    """Multiply-accumulates a second of one large matrix product."""
    width = np.float32 if kind == TensorProto.FLOAT else np.float16
    square = np.random.default_rng(0).random((SIDE, SIDE), np.float32).astype(width)
    session = _session(_product(kind, SIDE), {})
    binding = session.io_binding()
    for name in "ab":
        binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(square, "cuda", 0))
    binding.bind_ortvalue_output("c", onnxruntime.OrtValue.ortvalue_from_shape_and_type([SIDE, SIDE], width, "cuda", 0))

    def run() -> None:
        session.run_with_iobinding(binding)
        binding.synchronize_outputs()

    return _rate(run, 1) * SIDE**3


def _product(kind: int, side: int) -> bytes:
    ports = [helper.make_tensor_value_info(name, kind, [side, side]) for name in "abc"]
    graph = helper.make_graph([helper.make_node("MatMul", ["a", "b"], ["c"])], "product", ports[:2], ports[2:])
    weights: bytes = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10).SerializeToString()
    return weights


def _half(weights: bytes) -> bytes:
    """The member computing in half precision; inputs and outputs keep their types."""
    from onnxruntime.transformers.float16 import convert_float_to_float16

    halved: bytes = convert_float_to_float16(onnx.load_from_string(weights), keep_io_types=True).SerializeToString()
    return halved


def _months(session: onnxruntime.InferenceSession, feeds: Feeds) -> NDArray[np.float32]:
    return np.asarray(session.run(["bone_age_months"], _taken(session, feeds))[0], np.float32)


def _taken(session: onnxruntime.InferenceSession, feeds: Feeds) -> Feeds:
    return {port.name: feeds[port.name] for port in session.get_inputs()}


def _feeds(member: dict[str, Any], size: int) -> Feeds:
    side = member["input"]["height"]
    images = np.random.default_rng(0).integers(0, 256, (size, side, side, member["input"]["channels"]), np.uint8)
    return {"image": images, "sex": np.ones((size, 1), np.float32)}


if __name__ == "__main__":
    main()
