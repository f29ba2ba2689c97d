"""Classifiers that others wrote: understood, repaired, converted with the same answers, or refused with the reason."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

import foreign_models as others
from einthoven.errors import FormatError, HintsNeeded, IncompatibleModel, InputError, SettingError
from einthoven.leads import STANDARD_12
from einthoven.models.networks.assembled import EcgNetwork
from einthoven.onnx.foreign import acceptance
from einthoven.onnx.foreign.hints import ModelHints, hints_from_json
from einthoven.onnx.foreign.inspecting import examine, inspect
from einthoven.onnx.foreign.judgement import require_complete
from einthoven.onnx.foreign.network import ImportedCore, foreign_network, spec_of
from einthoven.onnx.foreign.opening import Opened
from einthoven.spec import ModelSpec

torch.set_num_threads(1)
SHAPE = (others.LEADS, others.SAMPLES)


def hints(n: int = 3, **more: Any) -> ModelHints:
    names = tuple(f"class {i}" for i in range(n))
    usual: dict[str, Any] = {"leads": STANDARD_12, "rate": 100.0, "scaling": "none", "unit": "uV", "class_names": names}
    return ModelHints(**{**usual, **more})


def opened(content: bytes, **more: Any) -> Opened:
    found, result = examine(content, "theirs.onnx", ModelHints(**more))
    assert result is not None, found.missing
    return result


def converted(content: bytes, given: ModelHints) -> tuple[EcgNetwork, ModelSpec]:
    found, result = examine(content, "theirs.onnx", given)
    require_complete(found)
    assert result is not None
    spec = spec_of(found, given)
    network, differs = foreign_network(result, found, spec)
    assert differs <= acceptance.TOLERANCE
    return network, spec


def theirs(content: bytes, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    answer: np.ndarray = session.run(None, {session.get_inputs()[0].name: x})[0]
    return answer


MODELS = {
    "convolutions": lambda: (others.cnn(), None),
    "16 classes": lambda: (others.cnn(16), None),
    "softmax in opset 12": lambda: (others.exported(in_a_row(), opset=12), 1),
    "sigmoid": lambda: (others.cnn(ending="Sigmoid"), 0),
    "LSTM in opset 9": lambda: (others.exported(others.Recurrent(nn.LSTM), opset=9), None),
    "LSTM": lambda: (others.exported(others.Recurrent(nn.LSTM)), None),
    "GRU in opset 13": lambda: (others.exported(others.Recurrent(nn.GRU), opset=13), None),
    "attention": lambda: (others.exported(others.Attention()), None),
    "attention, sigmoid": lambda: (others.exported(others.Attention(sigmoid=True), opset=14), 0),
    "samples before leads": lambda: (others.exported(others.SamplesLast(), opset=9, turned=True), 1),
}  # fmt: skip


def in_a_row() -> nn.Module:
    return nn.Sequential(nn.Conv1d(12, 5, 9), Mean(), nn.Softmax(1))


class Mean(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(dim=2)


@pytest.fixture(scope="module", params=list(MODELS))
def model(request: pytest.FixtureRequest) -> tuple[str, bytes, int | None]:
    """Name, content, and what is at the end: 1 for softmax, 0 for sigmoid, None for neither."""
    torch.manual_seed(0)
    content, ending = MODELS[request.param]()
    return request.param, content, ending


def test_a_network_answers_in_millivolts_what_the_file_answers_in_its_unit(
    model: tuple[str, bytes, int | None],
) -> None:
    name, content, ending = model
    found = inspect(content, "theirs.onnx", ModelHints(leads=STANDARD_12))
    assert found.kind == (None if ending is None else "single-label" if ending else "multi-label")
    assert found.layout == ("samples x leads" if name.startswith("samples") else "leads x samples")
    given = hints(found.n_outputs or 0, kind=found.kind or "single-label")
    network, spec = converted(content, given)
    assert spec.n_samples == others.SAMPLES and spec.leads == STANDARD_12
    for n in (1, 3):
        x = np.random.default_rng(n).normal(0, 0.5, (n, *SHAPE)).astype(np.float32)
        wanted = theirs(
            content, np.ascontiguousarray(x.swapaxes(1, 2) if found.layout == "samples x leads" else x) * 1000
        )
        with torch.no_grad():
            logits = network(torch.from_numpy(x))
            seen = network.features(network.standardise(torch.from_numpy(x)))
            torch.testing.assert_close(network.judged(seen), logits)
        ours = logits if ending is None else logits.softmax(1) if ending else logits.sigmoid()
        scale = np.maximum(1, np.abs(wanted))
        np.testing.assert_allclose(ours.numpy() / scale, wanted / scale, atol=2e-4)


@pytest.mark.parametrize("opset", range(7, 24))
def test_every_opset_that_the_runtime_runs(opset: int) -> None:
    content = others.cnn(ending="Softmax", opset=opset)
    network, _ = converted(content, hints(kind="single-label", unit="mV"))
    x = np.random.default_rng(0).normal(0, 1, (3, *SHAPE)).astype(np.float32)
    with torch.no_grad():
        np.testing.assert_allclose(network(torch.from_numpy(x)).softmax(1).numpy(), theirs(content, x), atol=1e-5)


def test_an_opset_of_the_future_is_refused_by_the_runtime() -> None:
    with pytest.raises((IncompatibleModel, FormatError), match=r"refuses m|no intact ONNX model"):
        inspect(others.cnn(opset=99), "m")


def test_the_head_can_be_replaced_again_and_again(model: tuple[str, bytes, int | None]) -> None:
    _, content, _ = model
    found = inspect(content, "theirs.onnx", ModelHints(leads=STANDARD_12))
    network, _ = converted(content, hints(found.n_outputs or 0, kind=found.kind or "single-label"))
    core = network.core
    assert isinstance(core, ImportedCore) and not found.trainable
    before = {name: value.clone() for name, value in core.body.state_dict().items()}
    x = torch.randn(3, *SHAPE)
    for n in (3, 16, 1, 16):
        core.replace_head(n)
        assert core(x).shape == (3, n) and core(x[:1]).shape == (1, n)
        assert {p.shape for p in core.head.parameters()} & {
            (n,),
            (n, 10),
            (n, 16),
            (n, 8),
            (n, 12, 9),
            (16, n),
            (10, n),
        }
    assert all(torch.equal(value, before[name]) for name, value in core.body.state_dict().items())
    assert bool(core.replaced)


def test_sixteen_classes_become_three_and_sixteen_features_stay() -> None:
    """The sizes of features and classes are equal here: only the way back from the answer can tell them apart."""
    constants = {"w": others.weights(16, 12, 5), "fw": others.weights(16, 16), "gw": others.weights(16, 16, seed=1)}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]), helper.make_node("GlobalAveragePool", ["c"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]), helper.make_node("MatMul", ["f", "fw"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]), helper.make_node("MatMul", ["r", "gw"], ["y"]),
    ]  # fmt: skip
    network, _ = converted(others.model_of(nodes, constants).SerializeToString(), hints(16, kind="multi-label"))
    core = network.core
    assert isinstance(core, ImportedCore)
    assert [tuple(p.shape) for p in core.head.parameters()] == [(16, 16)]
    np.testing.assert_array_equal(next(core.head.parameters()).detach(), constants["gw"])
    core.replace_head(3)
    assert [tuple(p.shape) for p in core.head.parameters()] == [(16, 3)]
    core.replace_head(16)
    assert core(torch.randn(2, *SHAPE)).shape == (2, 16)


def _xception_end(n: int, target: Sequence[int]) -> bytes:
    """1x1 convolution, batch normalisation, ReLU, mean over time, reshape: as XceptionTime ends."""
    constants = {
        "w": others.weights(n, 12, 1), "s": np.ones(n, np.float32), "b": others.weights(n), "m": others.weights(n),
        "v": np.ones(n, np.float32), "t": np.array(target),
    }  # fmt: skip
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]), helper.make_node("BatchNormalization", ["c", *"sbmv"], ["n"]),
        helper.make_node("Relu", ["n"], ["r"]), helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Reshape", ["p", "t"], ["y"]),
    ]  # fmt: skip
    content: bytes = others.model_of(nodes, constants).SerializeToString()
    return content


@pytest.mark.parametrize("target", [(0, -1), (-1, 4)])
def test_a_head_that_ends_with_pooling_and_reshape_is_replaced_as_a_whole(target: Sequence[int]) -> None:
    content = _xception_end(4, target)
    network, _ = converted(content, hints(4, kind="single-label"))
    core = network.core
    assert isinstance(core, ImportedCore)
    x = torch.randn(3, *SHAPE)
    assert float(core(x).min()) >= 0
    core.replace_head(7)
    assert core(x).shape == (3, 7) and any(
        isinstance(part, nn.modules.batchnorm._BatchNorm) for part in core.head.modules()
    )
    assert float(core(x).min()) < 0, "the ReLU behind the classes would forbid logits below 0"


def test_answers_that_cannot_fall_below_zero_are_warned_of_as_multi_label() -> None:
    content = _xception_end(4, (0, -1))
    assert "below one half" in " ".join(inspect(content, "m", hints(4, kind="multi-label")).warnings)
    assert not inspect(content, "m", hints(4, kind="single-label")).warnings


def test_two_streams_predict_but_have_no_head_that_could_be_told() -> None:
    constants = {"w": others.weights(3, 12, 5), "v": others.weights(3, 12, 5, seed=1), "t": np.array([0, -1])}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]), helper.make_node("GlobalAveragePool", ["c"], ["p"]),
        helper.make_node("Conv", ["x", "v"], ["d"]), helper.make_node("GlobalMaxPool", ["d"], ["q"]),
        helper.make_node("Add", ["p", "q"], ["a"]), helper.make_node("Reshape", ["a", "t"], ["y"]),
    ]  # fmt: skip
    content = others.model_of(nodes, constants).SerializeToString()
    network, _ = converted(content, hints(kind="single-label"))
    x = np.random.default_rng(0).normal(size=(2, *SHAPE)).astype(np.float32)
    np.testing.assert_allclose(
        network(torch.from_numpy(x)).detach() / 1000, theirs(content, x * 1000) / 1000, atol=1e-3
    )
    assert "2 streams by Add" in inspect(content, "m").trainable
    with pytest.raises(IncompatibleModel, match="2 streams by Add"):
        network.entry.replace_head(network.core, 5)


def test_probabilities_that_are_averaged_afterwards_are_refused() -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]), helper.make_node("Sigmoid", ["c"], ["s"]),
        helper.make_node("ReduceMean", ["s"], ["y"], axes=[2], keepdims=0),
    ]  # fmt: skip
    with pytest.raises(IncompatibleModel, match=r"are probabilities already .* sigmoid inside"):
        inspect(others.model_of(nodes, {"w": others.weights(3, 12, 5)}).SerializeToString(), "m")


def test_a_softmax_made_by_hand_is_seen_by_its_answers() -> None:
    more = [
        helper.make_node("Exp", ["logits"], ["e"]), helper.make_node("ReduceSum", ["e", "one"], ["sum"]),
        helper.make_node("Div", ["e", "sum"], ["y"]),
    ]  # fmt: skip
    nodes, constants = others.cnn_nodes(3)
    nodes[-1].output[0] = "clipped"
    nodes.append(helper.make_node("Tanh", ["clipped"], ["logits"]))
    content = others.model_of([*nodes, *more], {**constants, "one": np.array([1])}).SerializeToString()
    with pytest.raises(IncompatibleModel, match="add up to 1"):
        inspect(content, "m")


def test_answers_between_0_and_1_are_warned_of() -> None:
    nodes, constants = others.cnn_nodes(3)
    nodes[-1].output[0] = "logits"
    more = [helper.make_node("HardSigmoid", ["logits"], ["y"])]
    found = inspect(others.model_of([*nodes, *more], constants).SerializeToString(), "m")
    assert "lay between 0 and 1" in " ".join(found.warnings)
    assert not inspect(others.cnn(), "m").warnings


def test_a_softmax_over_something_else_than_the_classes_is_refused() -> None:
    nodes = [
        helper.make_node("Unsqueeze", ["logits", "last"], ["u"]), helper.make_node("Softmax", ["u"], ["soft"], axis=2),
        helper.make_node("Squeeze", ["soft", "last"], ["y"]),
    ]  # fmt: skip
    with pytest.raises(IncompatibleModel, match=r"along axis 2 .* not over classes"):
        inspect(_ending_with(*nodes, last=np.array([2])), "m")


# What is repaired


def test_batch_normalisation_in_training_mode_uses_its_stored_statistics() -> None:
    as_trained, as_used = others.cnn(training=True), others.cnn()
    network, _ = converted(as_trained, hints(kind="single-label", unit="mV"))
    x = np.random.default_rng(0).normal(size=(3, *SHAPE)).astype(np.float32)
    with torch.no_grad():
        np.testing.assert_allclose(network(torch.from_numpy(x)).numpy(), theirs(as_used, x), atol=1e-4)
    assert "saved as for training (1)" in " ".join(inspect(as_trained, "m").said)
    norm = next(part for part in network.core.modules() if isinstance(part, nn.modules.batchnorm._BatchNorm))
    before = norm.running_mean.clone()
    network.train()
    network(torch.from_numpy(x))
    assert not torch.equal(norm.running_mean, before)


def test_choices_and_shape_arithmetic_that_never_vary_are_written_out() -> None:
    nodes, constants = others.cnn_nodes(3)
    branch = {
        name: helper.make_graph(
            [helper.make_node("Mul", ["x", factor], [f"{name}/scaled"])], name, [],
            [helper.make_tensor_value_info(f"{name}/scaled", TensorProto.FLOAT, None)],
        )
        for name, factor in (("then", "two"), ("else", "three"))
    }  # fmt: skip
    start = [
        helper.make_node("Shape", ["x"], ["shape"]), helper.make_node("Gather", ["shape", "1"], ["n_leads"]),
        helper.make_node("Equal", ["n_leads", "12"], ["twelve"]),
        helper.make_node("If", ["twelve"], ["z"], then_branch=branch["then"], else_branch=branch["else"]),
        helper.make_node("Shape", ["z"], ["zs"]), helper.make_node("Reshape", ["z", "zs"], ["same"]),
        helper.make_node("Dropout", ["same", "half", "yes"], ["kept"]),
    ]  # fmt: skip
    nodes[0].input[0] = "kept"
    constants |= {"1": np.array(1), "12": np.array(12), "two": np.float32(2), "three": np.float32(3)}
    constants |= {"half": np.float32(0.5), "yes": np.array(False), "unused": np.zeros(5, np.float32)}
    content = others.model_of([*start, *nodes], constants).SerializeToString()
    result = opened(content)
    assert {node.op_type for node in result.repaired.model.graph.node} == {
        "Mul", "Reshape", "Conv", "BatchNormalization", "Relu", "GlobalAveragePool", "Flatten", "Gemm"
    }  # fmt: skip
    said = " ".join(result.repaired.said)
    assert all(words in said for words in ("Choices", "Shape arithmetic", "Dropouts", "nobody uses"))
    x = np.random.default_rng(0).normal(size=(3, *SHAPE)).astype(np.float32)
    np.testing.assert_allclose(
        theirs(result.repaired.model.SerializeToString(), x), theirs(others.cnn(), 2 * x), atol=1e-4
    )


def test_weights_that_an_exporter_stored_once_because_they_are_equal_learn_apart() -> None:
    zeros, ones = np.zeros(12, np.float32), np.ones(12, np.float32)
    constants = {"w": others.weights(12, 12, 3), "u": others.weights(12, 12, 3, seed=1), "0": zeros, "1": ones}
    nodes = [
        helper.make_node("Conv", ["x", "w", "0"], ["c"]), helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("Conv", ["r", "u", "0"], ["d"]), helper.make_node("GlobalAveragePool", ["d"], ["p"]),
        helper.make_node("Flatten", ["p"], ["y"]),
    ]  # fmt: skip
    network, _ = converted(others.model_of(nodes, constants).SerializeToString(), hints(12, kind="multi-label"))
    assert len([p for p in network.core.parameters() if p.shape == (12,)]) == 2
    assert network.core(torch.randn(2, *SHAPE)).shape == (2, 12)
    network.entry.replace_head(network.core, 5)
    assert network.core(torch.randn(2, *SHAPE)).shape == (2, 5)


def test_half_precision_becomes_single() -> None:
    nodes, constants = others.cnn_nodes(3)
    constants = {name: value.astype(np.float16) for name, value in constants.items()}
    content = others.model_of(nodes, constants, kind=TensorProto.FLOAT16).SerializeToString()
    network, _ = converted(content, hints(kind="single-label", unit="mV"))
    x = np.random.default_rng(0).normal(size=(3, *SHAPE)).astype(np.float32)
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    np.testing.assert_allclose(
        network(torch.from_numpy(x)).detach().numpy(), theirs(content, x.astype(np.float16)), atol=0.02
    )
    assert "float16 are float32" in " ".join(inspect(content, "m").said)


def test_a_batch_that_was_fixed_is_freed_where_the_graph_allows_it() -> None:
    nodes, constants = others.cnn_nodes(3)
    content = others.model_of(nodes, constants, shape=(1, *SHAPE)).SerializeToString()
    network, _ = converted(content, hints(kind="single-label"))
    assert network(torch.randn(5, *SHAPE)).shape == (5, 3)
    nodes[4] = helper.make_node("Reshape", ["p", "t"], ["f"])
    content = others.model_of(nodes, constants | {"t": np.array([1, 8])}, shape=(1, *SHAPE)).SerializeToString()
    with pytest.raises(IncompatibleModel, match="cannot run m on a batch of"):
        inspect(content, "m")


# What is stated, and what must be said


def _with(metadata: Sequence[tuple[str, str]], n: int = 3, **options: Any) -> bytes:
    return others.cnn(n, metadata=metadata, **options)


def test_the_exchanges_metadata_are_understood() -> None:
    found = inspect(
        _with(
            [
                ("target_keys", "['CD', 'MI', 'STTC']"),
                ("standardizer", "None"),
                ("scale", "mikroVolt"),
                ("sampling_rate", "100"),
                ("scale", "mikroVolt"),
            ]
        ),
        "m",
    )
    assert (found.class_names, found.scaling, found.unit, found.rate) == (("CD", "MI", "STTC"), "none", "uV", 100.0)
    assert "'scale' stands twice with the same value." in found.said
    assert found.missing == ("leads", "kind") and found.offers == {"leads": STANDARD_12}


@pytest.mark.parametrize(
    ("stated", "offered"),
    [("z_score", "z_score lead"), ("StandardScaler", "z_score lead"), ("min-max", "min_max lead"), ("robust", None)],
)
def test_a_stated_standardiser_is_proposed_and_nothing_that_contradicts_it(stated: str, offered: str | None) -> None:
    found = inspect(_with([("standardizer", stated), ("sampling_rate", "100")]), "m")
    assert found.scaling is None and "scaling" in found.missing and found.offers.get("scaling") == offered
    assert any(f"states the standardiser {stated!r}" in line for line in found.said)


@pytest.mark.parametrize(
    "text",
    ['["a", "b", "c"]', "['a', 'b', 'c']", "('a', 'b', 'c')", "{0: 'a', 1: 'b', 2: 'c'}", '{"0":"a","1":"b","2":"c"}'],
)
def test_class_names_in_any_literal(text: str) -> None:
    assert inspect(_with([("target_keys", text)]), "m").class_names == ("a", "b", "c")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').getcwd()",
        "['a', 'b'] + ['c']",
        "[" * 50_000,
        "['a', 'a', 'b']",
        "7",
        "[1, 2, 3]",
        "x" * 70_000,
        "['" + "b" * 300 + "', 'a', 'c']",
    ],
    ids=range(8),
)
def test_text_that_is_no_list_of_names_is_not_used_and_nothing_is_evaluated(text: str) -> None:
    found = inspect(_with([("target_keys", text)]), "m")
    assert found.class_names is None and "class_names" in found.missing
    assert any("is not understood" in line for line in found.said)


def test_a_statement_that_contradicts_itself_is_not_used() -> None:
    found = inspect(_with([("scale", "mV"), ("scale", "mikroVolt")]), "m")
    assert found.unit is None and any("contradicts itself" in line for line in found.said)


def test_names_of_another_number_than_answers_are_not_used() -> None:
    found = inspect(_with([("target_keys", "['a', 'b']")]), "m")
    assert found.class_names is None and any("names 2 classes" in line for line in found.said)


def test_placeholders_and_statistics_that_never_saw_an_ecg_mean_untrained() -> None:
    assert "placeholders" in inspect(_with([("target_keys", "['None1', 'None2']")], 2), "m").untrained
    nodes, constants = others.cnn_nodes(3)
    constants |= {"m": np.zeros(8, np.float32), "v": np.ones(8, np.float32)}
    found = inspect(others.model_of(nodes, constants).SerializeToString(), "m")
    assert "never seen an ECG" in found.untrained and "not for prediction" in " ".join(found.warnings)
    assert not inspect(others.cnn(), "m").untrained


def test_everything_that_lacks_is_said_at_once() -> None:
    found = inspect(others.cnn(shape=("b", "c", "t")), "m")
    with pytest.raises(HintsNeeded) as refusal:
        require_complete(found)
    assert refusal.value.missing == found.missing
    assert found.missing == ("layout", "samples", "leads", "rate", "scaling", "unit", "class_names", "kind")
    some = inspect(others.cnn(shape=("b", 12, "t")), "m", ModelHints(samples=150))
    assert some.missing == ("leads", "rate", "scaling", "unit", "class_names", "kind") and some.n_outputs == 3
    assert "unit" not in inspect(others.cnn(), "m", ModelHints(scaling="z_score lead")).missing


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"leads": ("I", "II")}, "takes 12 leads; 2 are named"),
        ({"leads": ("I", "I")}, "name one twice"),
        ({"samples": 100}, "takes 200 samples"),
        ({"class_names": ("a", "b")}, "gives 3 answers"),
        ({"class_names": ("a", "a", "b")}, "must differ"),
        ({"rate": 1.0}, "rate = 1"),
        ({"unit": "furlong"}, "unit = 'furlong'"),
        ({"output": "z"}, "no output 'z'"),
    ],
)
def test_hints_that_contradict_the_file_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingError, match=words):
        inspect(others.cnn(), "m", hints_from_json(given))


def test_a_regression_has_one_answer() -> None:
    with pytest.raises(SettingError, match="3 answers; a regression has one"):
        inspect(others.cnn(), "m", ModelHints(kind="regression"))


def test_a_kind_that_the_graph_contradicts_is_refused() -> None:
    with pytest.raises(SettingError, match="ends with Sigmoid: it is multi-label"):
        inspect(others.cnn(ending="Sigmoid"), "m", ModelHints(kind="single-label"))
    with pytest.raises(SettingError, match="no hint 'colour'"):
        hints_from_json({"colour": 1})


@pytest.mark.parametrize(
    ("shape", "given", "layout", "leads", "samples"),
    [
        (("b", 12, 200), {}, "leads x samples", 12, 200),
        (("b", 200, 12), {}, "samples x leads", 12, 200),
        (("b", 1, 12, 200), {}, "leads x samples", 12, 200),
        (("b", 12, "t"), {}, "leads x samples", 12, None),
        (("b", "t", 12), {"samples": 500}, "samples x leads", 12, 500),
        (("b", "c", 5000), {}, "leads x samples", None, 5000),
        (("b", 12, 20), {}, None, None, None),
        (("b", 12, 20), {"layout": "samples x leads"}, "samples x leads", 20, 12),
        (("b", 900), {}, "leads x samples", 1, 900),
    ],
)
def test_the_form_of_the_input_is_told_or_asked_for(
    shape: Sequence[int | str], given: dict[str, Any], layout: str | None, leads: int | None, samples: int | None
) -> None:
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=list(range(2, len(shape))) or [1], keepdims=0),
        helper.make_node("Flatten", ["m"], ["y"]),
    ]
    found = inspect(others.model_of(nodes, {}, shape=shape).SerializeToString(), "m", ModelHints(**given))
    assert (found.layout, found.n_leads, found.n_samples) == (layout, leads, samples)


def test_of_logits_and_their_probabilities_the_probabilities_say_the_kind() -> None:
    nodes, constants = others.cnn_nodes(3, ending="Softmax")
    outputs = {"logits": ["b", 3], "y": ["b", 3]}
    found = inspect(others.model_of(nodes, constants, outputs=outputs).SerializeToString(), "m")
    assert (found.output, found.kind) == ("y", "single-label")
    content = others.model_of(nodes, constants, outputs={"f": ["b", 8], "y": ["b", 3]}).SerializeToString()
    assert "output" in inspect(content, "m").missing
    assert inspect(content, "m", ModelHints(output="f")).n_outputs == 8


def test_scaling_and_unit_become_the_last_step() -> None:
    for scaling, unit, words in (("none", "uV", "mV times 1000"), ("z_score record", None, "z-score per record")):
        _, spec = converted(others.cnn(), hints(kind="single-label", scaling=scaling, unit=unit))
        assert words in str(spec.steps[-1])
    _, spec = converted(others.cnn(), hints(kind="single-label", unit="mV", band=(0.5, 40.0)))
    assert spec.scaling is None and [step.name for step in spec.steps][2] == "band_pass"


# What is refused


def _external() -> bytes:
    model = onnx.load_model_from_string(others.cnn())
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    content: bytes = model.SerializeToString()
    return content


def _changed(**changes: Any) -> bytes:
    nodes, constants = others.cnn_nodes(3)
    content: bytes = others.model_of(nodes, constants, **changes).SerializeToString()
    return content


def _ending_with(*nodes: onnx.NodeProto, **constants: np.ndarray) -> bytes:
    """The small network with `logits` and further nodes behind it."""
    own, weights = others.cnn_nodes(3)
    own[-1].output[0] = "logits"
    content: bytes = others.model_of([*own, *nodes], {**weights, **constants}).SerializeToString()
    return content


def _two_inputs() -> bytes:
    model = onnx.load_model_from_string(_ending_with(helper.make_node("Add", ["logits", "age"], ["y"])))
    model.graph.input.append(helper.make_tensor_value_info("age", TensorProto.FLOAT, ["b", 1]))
    content: bytes = model.SerializeToString()
    return content


def _loop() -> bytes:
    def value(name: str, kind: int, shape: list[int] | None) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, kind, shape)

    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["d"]), helper.make_node("Add", ["a", "a"], ["e"])],
        "body",
        [value("i", TensorProto.INT64, []), value("go", TensorProto.BOOL, []), value("a", TensorProto.FLOAT, None)],
        [value("d", TensorProto.BOOL, []), value("e", TensorProto.FLOAT, None)],
    )
    return _ending_with(helper.make_node("Loop", ["times", "", "logits"], ["y"], body=body), times=np.array(2))


def _bomb() -> bytes:
    big = helper.make_node("ConstantOfShape", ["size"], ["big"])
    mean = helper.make_node("ReduceMean", ["big"], ["mean"], keepdims=0)
    add = helper.make_node("Add", ["logits", "mean"], ["y"])
    return _ending_with(big, mean, add, size=np.array([100_000, 100_000]))


def _sequence() -> bytes:
    nodes = [helper.make_node("SequenceConstruct", ["x"], ["s"]), helper.make_node("SequenceAt", ["s", "0"], ["y"])]
    content: bytes = others.model_of(nodes, {"0": np.array(0)}).SerializeToString()
    return content


def _custom_domain() -> bytes:
    model = onnx.load_model_from_string(
        _ending_with(helper.make_node("FusedGelu", ["logits"], ["y"], domain="com.microsoft"))
    )
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    content: bytes = model.SerializeToString()
    return content


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (lambda: b"", FormatError, "is empty"),
        (lambda: b"no model", FormatError, "no intact ONNX model"),
        (lambda: others.cnn()[:300], FormatError, "no intact ONNX model"),
        (_external, IncompatibleModel, "keeps 'w' in another file"),
        (_custom_domain, IncompatibleModel, "operator 'FusedGelu' of 'com.microsoft'"),
        (lambda: _changed(opset=6), IncompatibleModel, "opset 6"),
        (_two_inputs, IncompatibleModel, "takes 2 inputs"),
        (lambda: _changed(kind=TensorProto.INT64), (IncompatibleModel, FormatError), "INT64"),
        (_bomb, IncompatibleModel, "would hold 10,000,000,000 numbers"),
        (_loop, IncompatibleModel, "operator Loop"),
        (lambda: _ending_with(helper.make_node("Softmax", ["logits"], ["y"], axis=0)), IncompatibleModel, "other ECGs"),
        (lambda: others.cnn(shape=("b", 12, 200, 3, 4)), IncompatibleModel, "5 axes"),
        (lambda: others.model_of([helper.make_node("Relu", ["x"], ["y"])], {}).SerializeToString(), IncompatibleModel,
         "one number per class"),
        (_sequence, IncompatibleModel, "one number per class"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_the_reason(
    content: Any, error: type[InputError] | tuple[type[Exception], ...], words: str
) -> None:
    with pytest.raises(error, match=words):
        found = inspect(content(), "m", hints(kind="single-label"))
        converted(content(), hints(found.n_outputs or 0, kind="single-label"))


def test_limits_are_stated_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from einthoven.onnx.foreign import limits

    for name, value, words in (
        ("MAX_BYTES", 100, "MB"), ("MAX_NODES", 3, "6 operators"), ("MAX_INITIALISERS", 2, "7 initialisers"),
        ("MAX_WEIGHTS", 10, "more than"), ("MAX_VALUES", 100, "would hold"),
    ):  # fmt: skip
        with monkeypatch.context() as patch:
            patch.setattr(limits, name, value)
            with pytest.raises(IncompatibleModel, match=words):
                inspect(others.cnn(), "m")


def test_a_wrong_conversion_is_refused_with_the_operator_where_it_departs(monkeypatch: pytest.MonkeyPatch) -> None:
    from einthoven.onnx.foreign.operators import registry
    from einthoven.onnx.foreign.operators.registry import Operation, Step

    def wrong(_: Operation) -> Step:
        return Step(lambda x: x.clamp(min=0.01), (0,))

    registry.find("Relu")
    monkeypatch.setitem(registry.OPERATORS, "Relu", wrong)
    with pytest.raises(IncompatibleModel, match=r"first differ at the operator Relu \('r'\)"):
        converted(others.cnn(), hints(kind="single-label"))
