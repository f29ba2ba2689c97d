"""Predicting from files, with a graph made by hand: no torch."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from einthoven.errors import FormatError, IncompatibleModel, NotFound, RecordError, SettingError
from einthoven.infer import CHUNK, Predictor, read_description
from einthoven.spec import ModelSpec
from tones import N_SAMPLES, tone_spec

SPEC = tone_spec()
WEIGHTS = np.random.default_rng(0).normal(0, 0.05, (3 * N_SAMPLES, 2)).astype(np.float32)


def _model(
    spec: ModelSpec = SPEC,
    *,
    metadata: dict[str, str] | None = None,
    opset: int = 18,
    input_name: str = "ecg",
    n_leads: int = 3,
) -> bytes:
    """logits = absent samples as 0, flattened, times WEIGHTS; the division makes NaN of a batch of zeros possible."""
    nodes = [
        helper.make_node("IsNaN", [input_name], ["absent"]),
        helper.make_node("Where", ["absent", "nothing", input_name], ["filled"]),
        helper.make_node("Flatten", ["filled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"]),
    ]
    outputs = ("logits", "probabilities")
    graph = helper.make_graph(
        nodes,
        "by hand",
        [helper.make_tensor_value_info(input_name, TensorProto.FLOAT, ["n", n_leads, N_SAMPLES])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in outputs],
        [numpy_helper.from_array(WEIGHTS, "weights"), numpy_helper.from_array(np.float32(0), "nothing")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    default = {"einthoven": json.dumps(spec.to_json()), "einthoven_extra": '{"n": 3}'}
    helper.set_model_props(model, default if metadata is None else metadata)
    content: bytes = model.SerializeToString()
    return content


def _wanted(x: np.ndarray) -> np.ndarray:
    answer: np.ndarray = np.nan_to_num(x).reshape(len(x), -1) @ WEIGHTS
    return answer


def _ecgs(n: int) -> np.ndarray:
    x = np.random.default_rng(n).normal(size=(n, 3, N_SAMPLES)).astype(np.float32)
    x[:, 1, 50:] = np.nan
    return x


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(_model(), threads=1)


@pytest.mark.parametrize("n", [1, CHUNK, CHUNK + 1, 3 * CHUNK - 1])
def test_any_number_of_ecgs_is_answered_in_order(predictor: Predictor, n: int) -> None:
    x = _ecgs(n)
    scores = predictor.run(x)
    assert scores.logits is not None and scores.logits.shape == scores.values.shape == (n, 2)
    np.testing.assert_allclose(scores.logits, _wanted(x), atol=1e-4)
    exponent = np.exp(_wanted(x))
    np.testing.assert_allclose(scores.values, exponent / exponent.sum(axis=1, keepdims=True), atol=1e-5)


def test_no_ecgs_give_no_answers(predictor: Predictor) -> None:
    scores = predictor.run(np.empty((0, 3, N_SAMPLES), dtype=np.float32))
    assert scores.logits is not None and scores.logits.shape == scores.values.shape == (0, 2)


def test_double_precision_and_other_memory_orders_are_taken(predictor: Predictor) -> None:
    x = _ecgs(4)
    other = np.asfortranarray(x.astype(np.float64))
    np.testing.assert_array_equal(predictor.run(other).values, predictor.run(x).values)


def test_several_threads_may_ask_at_once(predictor: Predictor) -> None:
    batches = [_ecgs(n) for n in range(1, 17)]
    with ThreadPoolExecutor(4) as pool:
        for x, scores in zip(batches, pool.map(predictor.run, batches), strict=True):
            np.testing.assert_allclose(scores.logits, _wanted(x), atol=1e-4)


@pytest.mark.parametrize("shape", [(3, N_SAMPLES), (2, 2, N_SAMPLES), (2, 3, N_SAMPLES + 1), (2, N_SAMPLES, 3)])
def test_another_shape_is_refused(predictor: Predictor, shape: tuple[int, ...]) -> None:
    with pytest.raises(IncompatibleModel, match=r"takes \(n, 3 leads, 100 samples\)"):
        predictor.run(np.zeros(shape, dtype=np.float32))


def test_an_ecg_without_any_sample_gets_no_answer(predictor: Predictor) -> None:
    x = _ecgs(3)
    x[1] = np.nan
    with pytest.raises(RecordError, match="ECG 1 of the batch holds no sample"):
        predictor.run(x)


def test_infinite_values_get_no_answer(predictor: Predictor) -> None:
    x = _ecgs(3)
    x[1, 0, 0] = np.inf
    with pytest.raises(RecordError, match="infinite"):
        predictor.run(x)


def test_an_answer_that_is_no_number_is_not_given(predictor: Predictor) -> None:
    with pytest.raises(RecordError, match=r"ECG 0 .* no number"):
        predictor.run((3e38 * np.sign(WEIGHTS[:, 0])).reshape(1, 3, N_SAMPLES))


def test_a_file_and_its_content_are_the_same_model(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(_model())
    assert Predictor(path).spec == Predictor(path.read_bytes()).spec == SPEC
    assert read_description(path).extra == {"n": 3} and read_description(path).opset == 18


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"none\.onnx"):
        Predictor(tmp_path / "none.onnx")


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "noise"])
def test_a_damaged_file_is_named(damage: str, tmp_path: Path) -> None:
    content = _model()
    noise = np.random.default_rng(0).bytes(2000)
    path = tmp_path / "broken.onnx"
    path.write_bytes(
        {"empty": b"", "text": b"not a model", "cut": content[: len(content) // 2], "noise": noise}[damage]
    )
    with pytest.raises(FormatError, match=r"broken\.onnx"):
        Predictor(path)


def test_a_model_that_does_not_say_what_it_is_gets_refused_with_advice() -> None:
    with pytest.raises(IncompatibleModel, match="metadata 'einthoven' is missing") as caught:
        Predictor(_model(metadata={"other": "x"}))
    assert caught.value.advice


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({"einthoven": "{"}, FormatError),
        ({"einthoven": "[]"}, IncompatibleModel),
        ({"einthoven": json.dumps(SPEC.to_json() | {"version": 99})}, IncompatibleModel),
        ({"einthoven": json.dumps(SPEC.to_json()), "einthoven_extra": "[]"}, FormatError),
    ],
)
def test_a_damaged_or_later_description_is_refused(metadata: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        read_description(_model(metadata=metadata))


def test_a_graph_that_does_not_take_or_answer_what_it_says_is_refused() -> None:
    with pytest.raises(IncompatibleModel, match="takes"):
        Predictor(_model(input_name="signal"))
    with pytest.raises(IncompatibleModel, match="takes"):
        Predictor(_model(n_leads=12))
    with pytest.raises(IncompatibleModel, match="answers"):
        Predictor(_model(tone_spec(names=("a", "b", "c"))))
    with pytest.raises(IncompatibleModel, match="answers"):
        Predictor(_model(tone_spec("regression", names=("age",))))


def test_a_later_opset_is_refused() -> None:
    with pytest.raises(IncompatibleModel, match="opset 21"):
        read_description(_model(opset=21))


def test_weights_in_another_file_are_refused(tmp_path: Path) -> None:
    model = onnx.load_model_from_string(_model())
    onnx.save_model(model, tmp_path / "model.onnx", save_as_external_data=True, size_threshold=0)
    with pytest.raises((IncompatibleModel, FormatError), match=r"model\.onnx"):
        Predictor(tmp_path / "model.onnx")


def test_settings_that_are_not_possible_are_refused() -> None:
    with pytest.raises(SettingError, match="threads"):
        Predictor(_model(), threads=0)
    import onnxruntime

    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        with pytest.raises(SettingError, match="GPU"):
            Predictor(_model(), device="cuda")
