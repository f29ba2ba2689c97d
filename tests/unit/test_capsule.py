"""A model as one file: what is packed comes out again, and what was altered, added or left out is refused."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, load_model_from_string, numpy_helper
from safetensors.numpy import load, save

from einthoven import capsule
from einthoven.capsule import Contents, pack, unpack
from einthoven.errors import EinthovenError, FormatError, IncompatibleModel, InputError
from einthoven.infer import Predictor
from einthoven.onnx.shared_weights import leave_out, put_back
from hand_made_model import mean_model, mean_spec

GRAPH = mean_model(mean_spec(), {"n_train": 7})
EVALUATION = {"part": "test", "data": "made up", "n": 9, "macro_f1": 0.5}
CONTENTS = Contents(
    "slow or fast", "einthoven 1", GRAPH, "---\nlicense: mit\n---\n# slow or fast ä\n", {"n_train": 7}, (EVALUATION,)
)
PACKED = pack(CONTENTS)


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: dict[str, bytes], *, extra: tuple[tuple[str, bytes], ...] = ()) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (*files.items(), *extra):
            archive.writestr(name, data)
    return buffer.getvalue()


def resealed(files: dict[str, bytes], **changes: Any) -> bytes:
    """A capsule of these files whose manifest has the right hashes, as somebody who means harm makes it."""
    manifest = json.loads(files["manifest.json"])
    rest = {name: data for name, data in files.items() if name != "manifest.json"}
    manifest["files"] = {name: {"sha256": capsule._sha256(data), "bytes": len(data)} for name, data in rest.items()}
    return zipped({"manifest.json": json.dumps({**manifest, **changes}).encode(), **rest})


def test_what_is_packed_comes_out_again_and_the_model_answers_as_it_did() -> None:
    opened = unpack(PACKED, "m.ecgmodel")
    assert opened.model == GRAPH and opened.said.card == CONTENTS.card and opened.said.spec == mean_spec()
    assert (opened.said.name, opened.said.made_by, opened.said.architecture) == ("slow or fast", "einthoven 1", None)
    assert opened.said.evaluations == (EVALUATION,) and opened.said.statistics == {"n_train": 7}
    assert opened.weights is None and opened.origin is None
    assert opened.replay.n == 4 and opened.replay.of == "simulated ECGs" and opened.replay.largest_difference < 1e-6


def test_the_same_contents_make_the_same_bytes() -> None:
    assert pack(CONTENTS) == PACKED
    assert all(info.date_time == (1980, 1, 1, 0, 0, 0) for info in zipfile.ZipFile(io.BytesIO(PACKED)).infolist())


def test_a_glance_reads_what_is_said_and_not_the_graph(tmp_path: Path) -> None:
    files = members(PACKED)
    broken = zipped({**files, "model.onnx": b"x" * len(files["model.onnx"])})
    (tmp_path / "m.ecgmodel").write_bytes(broken)
    assert capsule.glance(tmp_path / "m.ecgmodel") == unpack(PACKED, "m").said
    with pytest.raises(FormatError, match=r"model\.onnx is not as it was packed"):
        unpack(broken, "m")


def test_golden_ecgs_are_simulated_one_with_a_part_that_is_missing() -> None:
    with np.load(io.BytesIO(members(PACKED)["golden.npz"]), allow_pickle=False) as arrays:
        assert arrays["ecg"].shape == (4, 12, 200) and arrays["ecg"].dtype == np.float32
        assert np.isnan(arrays["ecg"][1, :, -40:]).all() and np.isnan(arrays["ecg"]).sum() == 12 * 40
        answers = Predictor(GRAPH).run(arrays["ecg"])
        np.testing.assert_allclose(arrays["probabilities"], answers.values)


@pytest.mark.parametrize("kind", ["single-label", "multi-label", "regression"])
def test_every_kind_of_model_can_be_packed(kind: Any) -> None:
    names = ("value",) if kind == "regression" else ("slow", "fast")
    graph = mean_model(mean_spec(kind, names, unit="ms" if kind == "regression" else ""))
    assert unpack(pack(Contents("m", "e", graph, "c", {})), "m").model == graph


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, len(PACKED) - 1), flip=st.integers(1, 255))
def test_any_flipped_byte_is_noticed_or_harmless(place: int, flip: int) -> None:
    changed = bytearray(PACKED)
    changed[place] ^= flip
    try:
        opened = unpack(bytes(changed), "m.ecgmodel")
    except EinthovenError:
        return
    whole = unpack(PACKED, "m.ecgmodel")
    assert (opened.model, opened.said, opened.weights) == (whole.model, whole.said, whole.weights)


def _stored(name: str) -> bytes:
    """The capsule with each member as it is, not packed: a flipped byte of a member is one of the file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for member, data in members(PACKED).items():
            archive.writestr(member, data)
    return buffer.getvalue()


def test_every_flipped_byte_of_the_manifest_and_of_what_is_said_is_refused() -> None:
    content = _stored("m")
    assert unpack(content, "m").model == GRAPH
    for member in ("manifest.json", "spec.json", "card.md", "evaluation.json", "statistics.json"):
        data = members(PACKED)[member]
        start = content.index(data)
        for place in range(start, start + len(data)):
            changed = bytearray(content)
            changed[place] ^= 1 << (place % 8)
            with pytest.raises(EinthovenError):
                unpack(bytes(changed), "m")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_every_flipped_byte_of_a_member_is_refused_even_when_the_zip_is_mended(data: st.DataObject) -> None:
    files = members(PACKED)
    member = data.draw(st.sampled_from(sorted(set(files) - {"manifest.json"})))
    changed = bytearray(files[member])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(FormatError, match="not as it was packed"):
        unpack(zipped({**files, member: bytes(changed)}), "m")


@pytest.mark.parametrize("length", [0, 1, 21, 22, 100, len(PACKED) // 2, len(PACKED) - 1])
def test_a_part_of_a_capsule_is_refused(length: int) -> None:
    with pytest.raises(FormatError):
        unpack(PACKED[:length], "m")


def _encrypted() -> bytes:
    changed = bytearray(PACKED)
    for found in re.finditer(b"PK\1\2", PACKED):
        changed[found.start() + 8] |= 1
    return bytes(changed)


def _bomb() -> bytes:
    return zipped({**members(PACKED), "card.md": b"a" * (12 * 2**20)})


FILES = members(PACKED)


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"PK\3\4 no zip at all, but long enough to hold its end", FormatError, "no zip"),
        (PACKED + b"more", FormatError, "no zip, or not a whole one"),
        (b"before" + PACKED, FormatError, "no zip"),
        (zipped(FILES, extra=(("../../evil.py", b"x"),)), FormatError, "'../../evil.py', which does not belong"),
        (zipped(FILES, extra=(("/etc/passwd", b"x"),)), FormatError, "does not belong"),
        (zipped(FILES, extra=(("model.onnx/", b""),)), FormatError, "does not belong"),
        (zipped(FILES, extra=(("weights.safetensors", b"x"),)), FormatError, "does not name exactly what it holds"),
        (zipped({k: v for k, v in FILES.items() if k != "golden.npz"}), FormatError, "does not name exactly"),
        (zipped({k: v for k, v in FILES.items() if k != "manifest.json"}), FormatError, "holds no manifest.json"),
        (_encrypted(), FormatError, "encrypted"),
        (_bomb(), FormatError, "unpacks to more than 200 times"),
        (resealed(FILES, version=2), IncompatibleModel, "version 2; this program reads 1"),
        (resealed(FILES, format="other"), FormatError, "none of a capsule"),
        (resealed(FILES, signature={"by": "me"}), IncompatibleModel, "signed"),
        (resealed(FILES, more=1), FormatError, "its fields are"),
        (resealed(FILES, name="a\x1b[31m"), FormatError, "name is no printable text"),
        (resealed(FILES, name="a" * 201), FormatError, "name is no printable text"),
        (resealed(FILES, architecture=5), FormatError, "architecture is no text"),
        (resealed(FILES, architecture="xceptiontime"), FormatError, "weights that are not there"),
        (resealed(FILES, golden={"of": "patients"}), FormatError, "golden does not say"),
        (resealed({**FILES, "spec.json": b"{}"}), IncompatibleModel, "no description"),
        (resealed({**FILES, "evaluation.json": b"{}"}), FormatError, "evaluation.json is not as it must be"),
        (resealed({**FILES, "statistics.json": b'{"a": NaN}'}), FormatError, "NaN is no number"),
        (resealed({**FILES, "statistics.json": b'{"a": 1, "a": 2}'}), FormatError, "stands twice"),
        (resealed({**FILES, "statistics.json": b"[" * 100_000}), FormatError, "damaged"),
        (resealed({**FILES, "card.md": b"\xff"}), FormatError, "damaged"),
        (resealed({**FILES, "model.onnx": b"no model"}), FormatError, "no intact ONNX model"),
        (resealed({**FILES, "golden.npz": b"no zip"}), FormatError, "damaged"),
    ],
)  # fmt: skip
def test_what_is_no_sound_capsule_is_refused_with_the_reason(
    content: bytes, error: type[EinthovenError], words: str
) -> None:
    with pytest.raises(error, match=re.escape(words)):
        unpack(content, "m.ecgmodel")


def test_a_member_that_stands_twice_is_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        content = zipped(FILES, extra=(("card.md", b"another"),))
    with pytest.raises(FormatError, match="two members of one name"):
        unpack(content, "m")


def test_a_member_beyond_its_limit_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capsule, "MAX_MEMBER", {**capsule.MAX_MEMBER, "card.md": 3})
    monkeypatch.setattr(zipfile.ZipFile, "open", pytest.fail)
    with pytest.raises(IncompatibleModel, match=r"card\.md has 0 MB"):
        unpack(PACKED, "m")


def test_a_file_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(capsule, "MAX_BYTES", 10)
    (tmp_path / "m.ecgmodel").write_bytes(PACKED)
    with pytest.raises(InputError, match="more than"):
        capsule.glance(tmp_path / "m.ecgmodel")


def test_a_description_that_is_not_the_models_is_refused() -> None:
    other = json.dumps(mean_spec(names=("fast", "slow")).to_json()).encode()
    with pytest.raises(FormatError, match="describe different models"):
        unpack(resealed({**FILES, "spec.json": other}), "m")


def _golden(**changes: np.ndarray) -> bytes:
    with np.load(io.BytesIO(FILES["golden.npz"])) as arrays:
        held = {**arrays, **changes}
    buffer = io.BytesIO()
    np.savez(buffer, **held)
    return buffer.getvalue()


def test_a_model_that_answers_otherwise_than_it_did_is_refused() -> None:
    other = np.full((4, 2), 0.5, np.float32)
    with pytest.raises(IncompatibleModel, match=r"does not answer here as it did .* 4 simulated ECGs differ by"):
        unpack(resealed({**FILES, "golden.npz": _golden(probabilities=other)}), "m")


class _RunsCode:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("code of a file ran",))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ecg": np.zeros((4, 12, 199), np.float32)}, "does not fit the model"),
        ({"ecg": np.zeros((4, 12, 200), np.float64)}, "does not fit the model"),
        ({"ecg": np.zeros((0, 12, 200), np.float32)}, "does not hold 1 to 16"),
        ({"ecg": np.array(_RunsCode(), object)}, "does not fit the model"),
        ({"other": np.zeros(1, np.float32)}, "does not hold ecg, logits, probabilities"),
        ({"logits": np.full((4, 2), np.nan, np.float32)}, "answers that are no numbers"),
    ],
)
def test_golden_ecgs_of_another_form_are_refused(changes: dict[str, np.ndarray], words: str) -> None:
    with pytest.raises(FormatError, match=words):
        unpack(resealed({**FILES, "golden.npz": _golden(**changes)}), "m")


def test_a_golden_array_that_claims_to_be_huge_is_refused_before_room_is_made_for_it() -> None:
    files = {}
    with zipfile.ZipFile(io.BytesIO(FILES["golden.npz"])) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["ecg.npy"] = re.sub(rb"\(4, 12, 200\)", b"(1000000000000, 12, 200)", files["ecg.npy"], count=1)
    with pytest.raises(FormatError):
        unpack(resealed({**FILES, "golden.npz": zipped(files)}), "m")


def _with_operator_of_others() -> bytes:
    model = load_model_from_string(GRAPH)
    model.graph.node[0].domain = "evil"
    model.opset_import.append(helper.make_opsetid("evil", 1))
    content: bytes = model.SerializeToString()
    return content


def _with_external_data() -> bytes:
    model = load_model_from_string(GRAPH)
    tensor = next(one for one in model.graph.initializer if one.name == "gain")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.ClearField("raw_data")
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    content: bytes = model.SerializeToString()
    return content


@pytest.mark.parametrize("graph", [_with_operator_of_others(), _with_external_data()])
def test_a_graph_with_operators_or_data_from_elsewhere_is_refused(graph: bytes) -> None:
    with pytest.raises(IncompatibleModel, match=r"of 'evil'|in another file"):
        unpack(resealed({**FILES, "model.onnx": graph}), "m")


def _with_weights() -> tuple[bytes, bytes, dict[str, np.ndarray]]:
    """A graph that holds one of two weights, and the file of both."""
    rng = np.random.default_rng(0)
    shared, own = (rng.normal(size=(8, 8)).astype(np.float32) for _ in range(2))
    model = load_model_from_string(GRAPH)
    model.graph.initializer.append(numpy_helper.from_array(shared, "held"))
    tensors = {"a.weight": shared, "b.weight": own, "n": np.array(3, np.int64)}
    return model.SerializeToString(), save(tensors, {"architecture": "some", "n_leads": "12"}), tensors


def test_weights_that_the_graph_holds_are_kept_once_and_come_out_as_they_were() -> None:
    graph, weights, tensors = _with_weights()
    content = pack(Contents("m", "e", graph, "c", {}, architecture="some", weights=weights))
    assert json.loads(members(content)["manifest.json"])["weights_in_model"] == {"a.weight": "held"}
    assert set(load(members(content)["weights.safetensors"])) == {"b.weight", "n"}
    opened = unpack(content, "m")
    assert opened.weights is not None
    found = load(opened.weights)
    assert set(found) == set(tensors) and all(np.array_equal(found[name], tensors[name]) for name in tensors)
    size = int.from_bytes(opened.weights[:8], "little")
    header = json.loads(opened.weights[8 : 8 + size])
    assert header["__metadata__"] == {"architecture": "some", "n_leads": "12"}


def test_what_was_left_out_of_weights_must_stand_in_the_graph() -> None:
    graph, weights, _ = _with_weights()
    rest, shared = leave_out(weights, graph)
    with pytest.raises(FormatError, match="should stand in the model"):
        put_back(rest, graph, {"a.weight": "not there"})
    with pytest.raises(FormatError, match="named twice"):
        put_back(rest, graph, {**shared, "b.weight": "held"})
    assert leave_out(weights, GRAPH) == (weights, {})


def test_the_schema_in_the_docs_is_what_is_written_and_checked() -> None:
    document = (Path(__file__).parents[2] / "docs" / "formats" / "capsule.md").read_text("utf-8")
    found = re.search(r"## manifest\.json\n\n```json\n(.*?)```", document, re.DOTALL)
    assert found is not None
    schema = json.loads(found.group(1))
    properties = schema["properties"]
    assert set(schema["required"]) == set(properties) == capsule._KEYS == set(json.loads(FILES["manifest.json"]))
    assert properties["format"]["const"] == capsule.FORMAT and properties["version"]["const"] == capsule.VERSION
    assert properties["files"]["required"] == [*capsule.NEEDED]
    assert set(properties["files"]["properties"]) == {*capsule.NEEDED, *capsule.OPTIONAL}
    named = re.findall(r"^\| `([a-z.]+)` \|", document, re.MULTILINE)
    assert set(named) >= set(capsule.MAX_MEMBER) and f"at most {len(capsule.MAX_MEMBER)} members" in document
