"""Each operator against onnxruntime: the same numbers, for batches of 1 and 3, in old and new opsets."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import NodeProto, TensorProto, helper, numpy_helper

from einthoven.errors import IncompatibleModel
from einthoven.onnx.foreign.graph import read_graph
from einthoven.onnx.foreign.limits import parse
from einthoven.onnx.foreign.module import convert
from einthoven.onnx.foreign.repair import repair

torch.set_num_threads(1)
FEW = settings(max_examples=12, deadline=None, derandomize=True)
Constants = Mapping[str, np.ndarray]


def graph_of(
    nodes: Sequence[NodeProto], shape: Sequence[int], constants: Constants, opset: int, kind: int = TensorProto.FLOAT
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("x", kind, ["batch", *shape])],
        [helper.make_tensor_value_info("y", kind, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


def same(nodes: Sequence[NodeProto], shape: Sequence[int], constants: Constants, *, opset: int = 17) -> torch.nn.Module:
    """The converted graph gives what onnxruntime gives for the file as it is."""
    content = graph_of(nodes, shape, constants, opset)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    module = convert(read_graph(repair(parse(content, "m"), tuple(shape), "y").model, tuple(shape))).eval()
    for n in (1, 3):
        x = np.random.default_rng(n).normal(0, 1.5, (n, *shape)).astype(np.float32)
        (theirs,) = session.run(None, {"x": x})
        with torch.no_grad():
            ours = module(torch.from_numpy(x)).numpy()
        assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    return module


def node(op: str, *inputs: str, outputs: Sequence[str] = ("y",), **attributes: Any) -> NodeProto:
    return helper.make_node(op, ["x", *inputs] if "x" not in inputs else list(inputs), list(outputs), **attributes)


def weights(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.5, shape).astype(np.float32)


@FEW
@given(
    size=st.integers(9, 20), kernel=st.integers(1, 5), stride=st.integers(1, 3), dilation=st.integers(1, 2),
    pads=st.tuples(st.integers(0, 3), st.integers(0, 3)), groups=st.sampled_from([1, 2]), bias=st.booleans(),
    auto=st.sampled_from(["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]),
)  # fmt: skip
def test_conv_along_one_axis(
    size: int, kernel: int, stride: int, dilation: int, pads: tuple[int, int], groups: int, *, bias: bool, auto: str
) -> None:
    attributes: dict[str, Any] = {"strides": [stride], "group": groups, "kernel_shape": [kernel]}
    attributes |= {"pads": list(pads), "dilations": [dilation]} if auto == "NOTSET" else {"auto_pad": auto}
    constants = {"w": weights(4, 4 // groups, kernel)} | ({"b": weights(4)} if bias else {})
    same([node("Conv", *constants, **attributes)], (4, size), constants)


@pytest.mark.parametrize("attributes", [{"pads": [1, 0, 0, 2]}, {"auto_pad": "SAME_LOWER", "strides": [2, 3]}])
def test_conv_over_two_axes(attributes: dict[str, Any]) -> None:
    same([node("Conv", "w", **attributes)], (3, 12, 17), {"w": weights(5, 3, 3, 4)})


@FEW
@given(
    kernel=st.integers(2, 5), stride=st.integers(1, 3), dilation=st.integers(1, 2), groups=st.sampled_from([1, 2]),
    pads=st.tuples(st.integers(0, 1), st.integers(0, 1)), more=st.integers(0, 1),
)  # fmt: skip
def test_conv_transpose(kernel: int, stride: int, dilation: int, groups: int, pads: tuple[int, int], more: int) -> None:
    more = min(more, max(stride, dilation) - 1)
    constants = {"w": weights(4, 3, kernel), "b": weights(3 * groups)}
    attributes = {"pads": list(pads), "output_padding": [more], "group": groups, "dilations": [dilation]}
    same([node("ConvTranspose", *constants, strides=[stride], **attributes)], (4, 9), constants)


@pytest.mark.parametrize("auto", ["SAME_UPPER", "SAME_LOWER"])
def test_conv_transpose_with_automatic_padding(auto: str) -> None:
    same([node("ConvTranspose", "w", strides=[2], auto_pad=auto)], (4, 9), {"w": weights(4, 3, 5)})
    same([node("ConvTranspose", "w", strides=[2], output_shape=[17])], (4, 9), {"w": weights(4, 3, 4)})


@FEW
@given(
    size=st.integers(8, 17), kernel=st.integers(2, 5), stride=st.integers(1, 4),
    pads=st.tuples(st.integers(0, 1), st.integers(0, 1)), ceil=st.integers(0, 1), counted=st.integers(0, 1),
    op=st.sampled_from(["MaxPool", "AveragePool", "LpPool"]),
)  # fmt: skip
def test_pooling(size: int, kernel: int, stride: int, pads: tuple[int, int], ceil: int, counted: int, op: str) -> None:
    attributes: dict[str, Any] = {"kernel_shape": [kernel], "strides": [stride], "pads": list(pads)}
    attributes |= {"ceil_mode": ceil} if op != "LpPool" else {}
    attributes |= {"count_include_pad": counted} if op == "AveragePool" else {}
    same([node(op, **attributes)], (3, size), {}, opset=17 if op == "LpPool" else 19)


@pytest.mark.parametrize("auto", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
def test_pooling_with_automatic_padding(op: str, auto: str) -> None:
    same([node(op, kernel_shape=[4], strides=[3], auto_pad=auto)], (2, 13), {})
    same([node(op, kernel_shape=[2, 3], strides=[2, 2], auto_pad=auto)], (2, 7, 10), {})


def test_max_pooling_with_dilation_and_in_opset_8() -> None:
    same([node("MaxPool", kernel_shape=[3], dilations=[2], pads=[1, 1])], (2, 13), {})
    same([node("MaxPool", kernel_shape=[3], pads=[1, 1])], (2, 13), {}, opset=8)


@pytest.mark.parametrize("op", ["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"])
@pytest.mark.parametrize("shape", [(3, 8), (3, 4, 5)])
def test_pooling_over_everything(op: str, shape: tuple[int, ...]) -> None:
    same([node(op)], shape, {})


ACTIVATIONS = [
    ("Relu", {}, 7), ("LeakyRelu", {"alpha": 0.2}, 7), ("Elu", {"alpha": 0.7}, 7), ("Selu", {}, 7),
    ("Sigmoid", {}, 7), ("Tanh", {}, 7), ("Softplus", {}, 7), ("Softsign", {}, 7), ("HardSigmoid", {}, 7),
    ("HardSigmoid", {"alpha": 0.3}, 7), ("HardSwish", {}, 14), ("Mish", {}, 18), ("Celu", {"alpha": 2.0}, 12),
    ("ThresholdedRelu", {"alpha": 0.3}, 10), ("Gelu", {}, 20), ("Gelu", {"approximate": "tanh"}, 20), ("Abs", {}, 7),
    ("Neg", {}, 7), ("Exp", {}, 7), ("Erf", {}, 13), ("Sin", {}, 7), ("Cos", {}, 7), ("Floor", {}, 7),
    ("Ceil", {}, 7), ("Round", {}, 11), ("Sign", {}, 9), ("Reciprocal", {}, 7), ("Identity", {}, 7),
]  # fmt: skip


@pytest.mark.parametrize(("op", "attributes", "opset"), ACTIVATIONS)
def test_functions_of_one_number(op: str, attributes: dict[str, Any], opset: int) -> None:
    same([node(op, **attributes)], (4, 6), {}, opset=opset)


@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax"])
@pytest.mark.parametrize(("opset", "axis"), [(9, 1), (9, 2), (12, 1), (13, 1), (13, -1), (13, 2)])
def test_softmax_means_another_thing_before_opset_13(op: str, opset: int, axis: int) -> None:
    same([node(op, axis=axis)], (4, 5), {}, opset=opset)


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "Div", "Max", "Min"])
@pytest.mark.parametrize("shape", [(), (6,), (4, 1), (1, 4, 6)])
def test_arithmetic_with_broadcasting(op: str, shape: tuple[int, ...]) -> None:
    constants = {"c": np.abs(weights(*shape)) + np.float32(0.5)}
    same([node(op, "c")], (4, 6), constants)
    same([helper.make_node(op, ["c", "x"], ["y"])], (4, 6), constants)


@pytest.mark.parametrize("power", [np.float32(2.0), np.int64(3), np.float32(0.5)])
def test_powers_and_roots(power: np.generic) -> None:
    same([node("Abs", outputs=["a"]), helper.make_node("Pow", ["a", "p"], ["y"])], (4, 6), {"p": np.asarray(power)})
    same([node("Abs", outputs=["a"]), helper.make_node("Sqrt", ["a"], ["y"])], (4, 6), {})


@pytest.mark.parametrize("op", ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"])
def test_comparisons_and_where(op: str) -> None:
    nodes = [
        node("Round", outputs=["r"]), helper.make_node(op, ["r", "one"], ["c"]), helper.make_node("Not", ["c"], ["n"]),
        helper.make_node("Where", ["n", "x", "one"], ["y"]),
    ]  # fmt: skip
    same(nodes, (4, 6), {"one": np.float32(1)})


def test_clip_by_attribute_by_input_and_without_a_bound() -> None:
    same([node("Clip", min=-0.5, max=1.0)], (4, 6), {}, opset=9)
    same([node("Clip", "low", "high")], (4, 6), {"low": np.float32(-0.5), "high": np.float32(1)})
    same([helper.make_node("Clip", ["x", "", "high"], ["y"])], (4, 6), {"high": np.float32(1)})


@pytest.mark.parametrize(("alpha", "beta", "turn"), [(1.0, 1.0, 0), (0.5, 2.0, 1)])
@pytest.mark.parametrize("bias", [(), (1,), (3,), (1, 3)])
def test_gemm(alpha: float, beta: float, turn: int, bias: tuple[int, ...]) -> None:
    constants = {"w": weights(3, 6) if turn else weights(6, 3), "c": weights(*bias)}
    same([node("Gemm", "w", "c", alpha=alpha, beta=beta, transB=turn)], (6,), constants)


def test_products_of_matrices() -> None:
    same([node("MatMul", "w")], (4, 6), {"w": weights(6, 3)})
    same([node("Transpose", outputs=["t"], perm=[0, 2, 1]), helper.make_node("MatMul", ["x", "t"], ["y"])], (4, 6), {})
    same([node("Einsum", "w", equation="bct, tk -> bkc")], (4, 6), {"w": weights(6, 3)})


def test_normalisations() -> None:
    four = {"s": weights(4), "b": weights(4), "m": weights(4), "v": np.abs(weights(4)) + np.float32(0.1)}
    two = {"s": weights(4), "b": weights(4)}
    for shape in ((4,), (4, 6), (4, 3, 5)):
        module = same([node("BatchNormalization", *four, epsilon=1e-3)], shape, four)
        assert any(isinstance(part, torch.nn.modules.batchnorm._BatchNorm) for part in module.modules())
    same([node("BatchNormalization", *four)], (4, 6), four, opset=9)
    same([node("InstanceNormalization", *two, epsilon=1e-3)], (4, 6), two)
    last = {"s": weights(6), "b": weights(6)}
    same([node("LayerNormalization", *last)], (4, 6), last)
    both = {"s": weights(4, 6)}
    same([node("LayerNormalization", *both, axis=1, epsilon=1e-2)], (4, 6), both)
    same([node("LpNormalization", axis=1, p=2)], (4, 6), {})
    same([node("LpNormalization", axis=-1, p=1)], (4, 6), {})


def test_group_normalisation_has_one_scale_per_channel_from_opset_21_and_per_group_before() -> None:
    same([node("GroupNormalization", "s", "b", num_groups=2)], (4, 6), {"s": weights(4), "b": weights(4)}, opset=21)
    same([node("GroupNormalization", "s", "b", num_groups=2)], (4, 6), {"s": weights(2), "b": weights(2)}, opset=18)


REDUCTIONS = ("Mean", "Sum", "Max", "Min", "L1", "L2", "Prod", "SumSquare", "LogSumExp")


@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize("op", REDUCTIONS)
def test_reductions_with_axes_as_attribute_and_as_input(op: str, keep: int) -> None:
    same([node(f"Reduce{op}", axes=[-1], keepdims=keep)], (4, 3, 5), {}, opset=11)
    same([node(f"Reduce{op}", "axes", keepdims=keep)], (4, 3, 5), {"axes": np.array([1, -1])}, opset=18)


@pytest.mark.parametrize("op", ["ArgMax", "ArgMin"])
def test_place_of_the_largest(op: str) -> None:
    for last in (0, 1):
        nodes = [
            node("Round", outputs=["r"]),
            helper.make_node(op, ["r"], ["i"], axis=2, keepdims=0, select_last_index=last),
            helper.make_node("Cast", ["i"], ["y"], to=TensorProto.FLOAT),
        ]
        same(nodes, (4, 9), {}, opset=13)


def test_joining_and_splitting() -> None:
    three = ["a", "b", "c"]
    joined = helper.make_node("Concat", three, ["y"], axis=1)
    same([node("Split", outputs=three, axis=2), joined], (4, 6), {}, opset=11)
    same([node("Split", outputs=three, axis=2, split=[2, 2, 2]), joined], (4, 6), {}, opset=11)
    same([node("Split", "n", outputs=three, axis=-1), joined], (4, 6), {"n": np.array([2, 2, 2])}, opset=13)
    uneven = helper.make_node("Concat", ["c", "a", "b"], ["y"], axis=2)
    same([node("Split", outputs=three, axis=2, num_outputs=3), uneven], (4, 8), {}, opset=18)


@FEW
@given(
    start=st.integers(-12, 12), end=st.one_of(st.integers(-12, 12), st.sampled_from([2**31 - 1, -(2**31)])),
    step=st.sampled_from([1, 2, 3, -1, -2]),
)  # fmt: skip
def test_slices_with_any_start_end_and_step(start: int, end: int, step: int) -> None:
    if not len(range(9)[start:end:step]):
        return
    numbers = {"s": np.array([start]), "e": np.array([end]), "a": np.array([2]), "t": np.array([step])}
    same([node("Slice", *numbers)], (4, 9), numbers)


def test_slices_of_old_opsets() -> None:
    same([node("Slice", starts=[1], ends=[-1], axes=[2])], (4, 9), {}, opset=9)
    same([node("Slice", starts=[0, 0], ends=[9, 2])], (4, 9), {}, opset=9)


def test_picking() -> None:
    same([node("Gather", "i", axis=2)], (4, 9), {"i": np.array(-1)})
    same([node("Gather", "i", axis=1)], (4, 9), {"i": np.array([[0, -1], [2, 1]])})
    index = np.random.default_rng(0).integers(-9, 9, (1, 4, 3))
    nodes = [
        helper.make_node("Slice", ["x", "zero", "one", "zero"], ["first"]),
        helper.make_node("GatherElements", ["first", "i"], ["g"], axis=2),
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[2]),
        helper.make_node("Add", ["g", "m"], ["y"]),
    ]
    same(nodes, (4, 9), {"i": index, "zero": np.array([0]), "one": np.array([1])})


def test_shapes() -> None:
    same([node("Reshape", "s")], (4, 6), {"s": np.array([0, -1, 3])})
    same([node("Reshape", "s", allowzero=1)], (4, 6), {"s": np.array([-1, 8, 3])})
    for axis in (0, 1, 2, -1):
        same([node("Flatten", axis=axis)], (4, 6), {})
    same([node("Transpose", perm=[0, 2, 1])], (4, 6), {})
    same([node("Unsqueeze", axes=[1, 4])], (4, 6), {}, opset=11)
    same([node("Unsqueeze", "a")], (4, 6), {"a": np.array([-1, 1])}, opset=13)
    same([node("Squeeze", axes=[1, 3])], (1, 6, 1), {}, opset=11)
    same([node("Squeeze", "a")], (1, 6, 1), {"a": np.array([-1])}, opset=13)
    same([node("Expand", "s")], (4, 1), {"s": np.array([1, 1, 5])})
    same([node("Tile", "r")], (4, 3), {"r": np.array([1, 2, 3])})
    same([node("Trilu", "k", upper=0)], (4, 6), {"k": np.array(1)})


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge"])
def test_padding(mode: str) -> None:
    same([node("Pad", mode=mode, pads=[0, 0, 2, 0, 0, 3])], (4, 6), {}, opset=10)
    same([node("Pad", "p", mode=mode)], (4, 6), {"p": np.array([0, 1, 2, 0, 1, 3])}, opset=13)
    axes = {"p": np.array([2, 4]), "v": np.float32(1.5), "a": np.array([-1])}
    same([node("Pad", *axes, mode=mode)], (4, 6), axes, opset=18)


def test_padding_by_wrapping_and_by_less_than_nothing() -> None:
    same([node("Pad", "p", mode="wrap")], (4, 6), {"p": np.array([0, 0, 2, 0, 0, 3])}, opset=19)
    same([node("Pad", "p")], (4, 6), {"p": np.array([0, 0, -1, 0, 0, 2])}, opset=13)


@FEW
@given(
    size=st.integers(3, 17), mode=st.sampled_from(["nearest", "linear"]),
    way=st.sampled_from(["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"]),
    rounding=st.sampled_from(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]), by_scale=st.booleans(),
)  # fmt: skip
def test_resampling(size: int, mode: str, way: str, rounding: str, *, by_scale: bool) -> None:
    scale = np.array([1, 1, size / 8], np.float32)
    if by_scale:
        nodes = [helper.make_node("Resize", ["x", "", "s"], ["y"], mode=mode, coordinate_transformation_mode=way,
                                  nearest_mode=rounding)]  # fmt: skip
        same(nodes, (2, 8), {"s": scale}, opset=13)
        return
    # With sizes the batch is given as well: read from the input.
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]), helper.make_node("Slice", ["shape", "0", "1"], ["batch"]),
        helper.make_node("Concat", ["batch", "rest"], ["sizes"], axis=0),
        helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], mode=mode, coordinate_transformation_mode=way,
                         nearest_mode=rounding),
    ]  # fmt: skip
    same(nodes, (2, 8), {"0": np.array([0]), "1": np.array([1]), "rest": np.array([2, size])}, opset=13)


def test_resampling_of_old_opsets() -> None:
    same([node("Resize", "s", mode="nearest")], (2, 8), {"s": np.array([1, 1, 2.5], np.float32)}, opset=10)
    same([node("Upsample", "s", mode="linear")], (2, 8), {"s": np.array([1, 1, 2.0], np.float32)}, opset=9)
    same([node("Upsample", mode="nearest", scales=[1.0, 1.0, 2.0])], (2, 8), {}, opset=7)


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize(("op", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
@pytest.mark.parametrize("bias", [True, False])
def test_recurrent_layers_in_all_directions(op: str, gates: int, direction: str, *, bias: bool) -> None:
    n, hidden = (2 if direction == "bidirectional" else 1), 3
    constants = {"w": weights(n, gates * hidden, 4), "r": weights(n, gates * hidden, hidden, seed=1)}
    constants |= {"b": weights(n, 2 * gates * hidden, seed=2)} if bias else {}
    more = {"linear_before_reset": 1} if op == "GRU" else {}
    nodes = [
        node("Transpose", outputs=["t"], perm=[2, 0, 1]),
        helper.make_node(op, ["t", *constants], ["seq", "last"], hidden_size=hidden, direction=direction, **more),
        helper.make_node("Transpose", ["last"], ["l"], perm=[1, 0, 2]),
        helper.make_node("Transpose", ["seq"], ["s"], perm=[2, 1, 0, 3]),
        helper.make_node("Flatten", ["l"], ["fl"]), helper.make_node("Flatten", ["s"], ["fs"]),
        helper.make_node("Concat", ["fl", "fs"], ["y"], axis=1),
    ]  # fmt: skip
    same(nodes, (4, 7), constants, opset=14)


def test_a_recurrent_layer_that_starts_from_a_state_of_the_size_of_the_batch() -> None:
    constants = {"w": weights(1, 12, 4), "r": weights(1, 12, 3), "b": weights(1, 24), "1": np.array(1)}
    constants |= {"first": np.array([1]), "last": np.array([3]), "axis0": np.array([0])}
    nodes = [
        node("Transpose", outputs=["t"], perm=[2, 0, 1]),
        helper.make_node("Shape", ["x"], ["shape"]), helper.make_node("Gather", ["shape", "axis0"], ["batch"]),
        helper.make_node("Concat", ["first", "batch", "last"], ["size"], axis=0),
        helper.make_node("ConstantOfShape", ["size"], ["zeros"],
                         value=helper.make_tensor("v", TensorProto.FLOAT, [1], [0.25])),
        helper.make_node("LSTM", ["t", "w", "r", "b", "", "zeros", "zeros"], ["", "h"], hidden_size=3),
        helper.make_node("Squeeze", ["h", "axis0"], ["y"]),
    ]  # fmt: skip
    same(nodes, (4, 7), constants, opset=14)


def test_a_class_token_is_expanded_to_the_batch() -> None:
    constants = {"token": weights(1, 1, 6), "first": np.array([0]), "rest": np.array([-1, -1]), "one": np.array([1])}
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]), helper.make_node("Gather", ["shape", "first"], ["batch"]),
        helper.make_node("Concat", ["batch", "one", "one"], ["size"], axis=0),
        helper.make_node("Expand", ["token", "size"], ["tokens"]),
        helper.make_node("Concat", ["tokens", "x"], ["y"], axis=1),
    ]  # fmt: skip
    module = same(nodes, (4, 6), constants)
    assert sum(parameter.numel() for parameter in module.parameters()) == 6


GRU = helper.make_node("GRU", ["t", "w", "r"], ["y"], hidden_size=3)


@pytest.mark.parametrize(
    ("nodes", "constants", "words"),
    [
        ([node("NonZero", outputs=["i"]), helper.make_node("Cast", ["i"], ["y"], to=1)], {}, "operator NonZero"),
        (
            [
                helper.make_node("Unsqueeze", ["x", "last"], ["u"]), helper.make_node("DFT", ["u"], ["d"], axis=2),
                helper.make_node("ReduceSum", ["d"], ["y"]),
            ],
            {"last": np.array([3], np.int64)}, "operator DFT",
        ),
        ([node("RandomNormalLike", outputs=["r"]), helper.make_node("Add", ["x", "r"], ["y"])], {}, "random numbers"),
        (
            [node("Transpose", outputs=["t"], perm=[2, 0, 1]), GRU],
            {"w": weights(1, 9, 6), "r": weights(1, 9, 3)}, "reset gate",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_converted_is_refused_with_the_operators_name(
    nodes: list[NodeProto], constants: Constants, words: str
) -> None:
    shape = (6, 6)
    content = graph_of(nodes, shape, constants, 17)
    with pytest.raises(IncompatibleModel, match=words):
        convert(read_graph(repair(parse(content, "m"), shape, "y").model, shape))
