from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="needs the export extra (onnx)")

import onnxruntime  # noqa: E402

from export.precision import cost, to_half, to_int8  # noqa: E402
from train.data import Examples  # noqa: E402


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a network with two convolutions, the mean over the map, and the sex added to it; saliency is its map."""
    make, kind = onnx.helper, onnx.TensorProto
    rng = np.random.default_rng(3)
    tensors = {
        "k1": rng.normal(0, 0.3, (8, 1, 3, 3)),
        "k2": rng.normal(0, 0.2, (16, 8, 3, 3)),
        "dense": rng.normal(0, 30, (16, 1)),
        "scale": np.array(1 / 255),
    }
    nodes = [
        make.make_node("Cast", ["image"], ["grey"], to=kind.FLOAT, name="cast"),
        make.make_node("Mul", ["grey", "scale"], ["unit"], name="unit"),
        make.make_node("Transpose", ["unit"], ["first"], perm=[0, 3, 1, 2], name="turn"),
        make.make_node("Conv", ["first", "k1"], ["a"], pads=[1, 1, 1, 1], name="conv_1"),
        make.make_node("Relu", ["a"], ["b"], name="relu"),
        make.make_node("Conv", ["b", "k2"], ["c"], pads=[1, 1, 1, 1], name="conv_2"),
        make.make_node("Relu", ["c"], ["d"], name="relu_2"),
        make.make_node("ReduceMean", ["d", "area"], ["pooled"], keepdims=0, name="pool"),
        make.make_node("MatMul", ["pooled", "dense"], ["months"], name="age"),
        make.make_node("Add", ["months", "sex"], ["bone_age_months"], name="add"),
        make.make_node("ReduceMean", ["d", "depth"], ["saliency"], keepdims=0, name="heat"),
    ]
    constants = [onnx.numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in tensors.items()]
    constants += [onnx.numpy_helper.from_array(np.array(axes, np.int64), name) for name, axes in (("area", [2, 3]), ("depth", [1]))]
    takes = [
        make.make_tensor_value_info("image", kind.UINT8, ["n", 32, 32, 1]),
        make.make_tensor_value_info("sex", kind.FLOAT, ["n", 1]),
    ]
    gives = [
        make.make_tensor_value_info("bone_age_months", kind.FLOAT, ["n", 1]),
        make.make_tensor_value_info("saliency", kind.FLOAT, ["n", 32, 32]),
    ]
    graph = make.make_graph(nodes, "small", takes, gives, constants)
    target = tmp_path_factory.mktemp("member") / "small.onnx"
    onnx.save(make.make_model(graph, opset_imports=[make.make_opsetid("", 18)], ir_version=10), target)
    return target


@pytest.fixture(scope="module")
def examples() -> Examples:
    rng = np.random.default_rng(1)
    images = (rng.integers(0, 256, (12, 32, 32, 1)) * np.linspace(0.2, 1, 12)[:, None, None, None]).astype(np.uint8)
    return Examples(images=images, months=np.zeros(12, np.float32), male=np.arange(12, dtype=np.float32) % 2, ids=("x",) * 12)


def ports(file: Path) -> list[tuple[str, str]]:
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return [(port.name, port.type) for port in [*session.get_inputs(), *session.get_outputs()]]


def test_half_precision_keeps_inputs_and_outputs_and_nearly_the_months(member: Path, examples: Examples, tmp_path: Path) -> None:
    to_half(member, tmp_path / "half.onnx")
    found = cost(member, tmp_path / "half.onnx", examples)
    assert ports(tmp_path / "half.onnx") == ports(member)
    stored = {one.name: one.data_type for one in onnx.load(tmp_path / "half.onnx").graph.initializer}
    assert stored["k2_half"] == onnx.TensorProto.FLOAT16
    assert stored["k1"] == onnx.TensorProto.FLOAT
    assert 0 < found.largest < 0.1
    assert found.mean <= found.p95 <= found.largest


def test_eight_bits_go_to_every_convolution_but_the_first(member: Path, examples: Examples, tmp_path: Path) -> None:
    to_int8(member, tmp_path / "int8.onnx", examples)
    graph = onnx.load(tmp_path / "int8.onnx").graph
    made_by = {name: node.op_type for node in graph.node for name in node.output}
    weights = {node.name: made_by.get(node.input[1], "float") for node in graph.node if node.op_type == "Conv"}
    found = cost(member, tmp_path / "int8.onnx", examples)
    assert ports(tmp_path / "int8.onnx") == ports(member)
    assert weights == {"conv_1": "float", "conv_2": "DequantizeLinear"}
    assert 0 < found.largest < 1


def test_weights_beyond_half_precision_are_refused(member: Path, tmp_path: Path) -> None:
    model = onnx.load(member)
    large = next(one for one in model.graph.initializer if one.name == "k2")
    large.CopyFrom(onnx.numpy_helper.from_array(1e6 * onnx.numpy_helper.to_array(large), "k2"))
    onnx.save(model, tmp_path / "large.onnx")
    with pytest.raises(OverflowError, match="k2"):
        to_half(tmp_path / "large.onnx", tmp_path / "half.onnx")
    assert not (tmp_path / "half.onnx").exists()
