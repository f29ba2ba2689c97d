"""A foreign graph brought into a form that says the same with less: needs onnx, numpy and onnxruntime, no torch.

Afterwards the graph holds no constant that a node computes, no choice that never varies, no shape arithmetic before
a reshape where 0 and -1 say it, no operator that does nothing, and batch normalisation and dropout work as they do in
use, not as in training.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from einthoven.errors import IncompatibleModel
from einthoven.onnx.foreign.dependence import Affine, dependences, reads, unvarying
from einthoven.onnx.foreign.limits import ADVICE_OF_EXPORT, MAX_NESTING, OWN_DOMAINS, check_sizes, graphs
from einthoven.onnx.foreign.running import trial, values

if TYPE_CHECKING:
    import onnx

MAX_FOLDED = 2**24
"""Numbers in a constant that is worked out beforehand; larger ones are left to the graph."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """The graph in the form described above, and in words what was done to it."""

    model: "onnx.ModelProto"
    said: tuple[str, ...]
    changes_answers: bool
    """Whether it answers otherwise than the file: as in use instead of as in training, or in another precision."""


def repair(model: "onnx.ModelProto", shape: tuple[int, ...], output: str, name: str = "the model") -> Repaired:
    """Repair a copy of `model` for input `(batch, *shape)`, of which only the answer `output` is wanted.

    Raises
    ------
    IncompatibleModel
        When onnxruntime cannot run the graph on batches of several ECGs, or a part cannot be repaired.
    """
    import onnx

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    said = [*_metadata(copy), *_bare(copy, shape, output)]
    changing = [*_widened(copy), *_as_in_use(copy)]
    said += [*changing, *_constants(copy)]
    check_sizes(copy, name)
    said += _folded(copy, shape, name)
    said += _without_idle(copy)
    said += _reshapes(copy, shape, name)
    said += _without_dead(copy)
    said += _apart(copy)
    return Repaired(copy, tuple(said), bool(changing))


def _metadata(model: "onnx.ModelProto") -> Iterator[str]:
    seen: dict[str, str] = {}
    doubled: list[str] = []
    for entry in model.metadata_props:
        if entry.key in seen:
            doubled.append(entry.key)
        seen.setdefault(entry.key, entry.value)
    if doubled:
        del model.metadata_props[:]
        for key, value in seen.items():
            entry = model.metadata_props.add()
            entry.key, entry.value = key, value
        yield f"Metadata stated twice are kept once: {', '.join(sorted(set(doubled)))}."


def _bare(model: "onnx.ModelProto", shape: tuple[int, ...], output: str) -> Iterator[str]:
    """One input with a free batch, one output, no stated shapes in between."""
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [i for i in model.graph.input if i.name not in weights]
    outputs = [o for o in model.graph.output if o.name == output]
    others = len(model.graph.output) - len(outputs)
    fixed = inputs[0].type.tensor_type.shape.dim[0].dim_value
    dims = inputs[0].type.tensor_type.shape.dim
    del dims[:]
    dims.add().dim_param = "batch"
    for size in shape:
        dims.add().dim_value = size
    for field, kept in ((model.graph.input, inputs), (model.graph.output, outputs)):
        copies = [type(value).FromString(value.SerializeToString()) for value in kept]
        del field[:]
        field.extend(copies)
    model.graph.output[0].type.tensor_type.ClearField("shape")
    del model.graph.value_info[:]
    if fixed:
        yield f"The batch, which was fixed at {fixed}, is free."
    if others:
        yield f"Further outputs are left out ({others})."


def _widened(model: "onnx.ModelProto") -> Iterator[str]:
    """float16, bfloat16 and float64 become float32."""
    import onnx

    types = onnx.TensorProto
    foreign: dict[int, str] = {types.FLOAT16: "float16", types.BFLOAT16: "bfloat16", types.DOUBLE: "float64"}
    found: set[str] = set()
    for graph, _ in graphs(model.graph):
        for tensor in graph.initializer:
            found |= _widen(tensor, foreign)
        for value in (*graph.input, *graph.output, *graph.value_info):
            if value.type.tensor_type.elem_type in foreign:
                found.add(foreign[value.type.tensor_type.elem_type])
                value.type.tensor_type.elem_type = types.FLOAT
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    found |= _widen(attribute.t, foreign)
                if attribute.name in ("to", "dtype") and attribute.i in foreign:
                    found.add(foreign[attribute.i])
                    attribute.i = types.FLOAT
    if found:
        yield f"Numbers stored as {' and '.join(sorted(found))} are float32."


def _widen(tensor: "onnx.TensorProto", foreign: Mapping[int, str]) -> set[str]:
    import onnx

    if tensor.data_type not in foreign:
        return set()
    was = foreign[tensor.data_type]
    wide = onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor).astype(np.float32), tensor.name)
    tensor.CopyFrom(wide)
    return {was}


def _as_in_use(model: "onnx.ModelProto") -> Iterator[str]:
    """Batch normalisation and dropout as in use."""
    used = {name for node in model.graph.node for name in reads(node)} | {o.name for o in model.graph.output}
    n_norms = n_dropouts = 0
    for node in model.graph.node:
        if node.op_type == "BatchNormalization":
            n_norms += _norm_in_use(node, used)
        elif node.op_type == "Dropout" and not any(name in used for name in node.output[1:]):
            n_dropouts += 1
            node.op_type = "Identity"
            del node.input[1:], node.output[1:], node.attribute[:]
    if n_norms:
        yield (
            f"Batch normalisations saved as for training ({n_norms}), which would judge each ECG by the others in its "
            "batch, use their stored statistics."
        )
    if n_dropouts:
        yield f"Dropouts, which do nothing when the model is used, are left out ({n_dropouts})."


def _norm_in_use(node: "onnx.NodeProto", used: set[str]) -> bool:
    training = [attribute for attribute in node.attribute if attribute.name == "training_mode" and attribute.i]
    further = [name for name in node.output[1:] if name]
    if any(name in used for name in further):
        raise IncompatibleModel(
            f"The statistics that the batch normalisation {node.name or node.output[0]!r} computes are used elsewhere.",
            advice="Export the model in evaluation mode (model.eval()).",
        )
    del node.output[1:]
    for attribute in training:
        attribute.i = 0
    return bool(training or further)


def _constants(model: "onnx.ModelProto") -> Iterator[str]:
    """Constant nodes become initialisers, in inner graphs too."""
    import onnx

    n = 0
    for graph, _ in graphs(model.graph):
        kept = []
        for node in graph.node:
            if node.op_type != "Constant" or node.domain not in OWN_DOMAINS:
                kept.append(node)
                continue
            graph.initializer.append(onnx.numpy_helper.from_array(_constant(node), node.output[0]))
            n += 1
        _set_nodes(graph, kept)
    if n:
        yield f"Constants among the operators stand beside the weights ({n})."


def _constant(node: "onnx.NodeProto") -> "np.ndarray":
    import onnx

    attribute = node.attribute[0]
    value = onnx.helper.get_attribute_value(attribute)
    match attribute.name:
        case "value":
            array: np.ndarray = onnx.numpy_helper.to_array(value)
            return array
        case "value_float" | "value_floats":
            return np.array(value, np.float32)
        case "value_int" | "value_ints":
            return np.array(value, np.int64)
    raise IncompatibleModel(f"A constant is given as {attribute.name!r}.", advice=ADVICE_OF_EXPORT)


def _folded(model: "onnx.ModelProto", shape: tuple[int, ...], name: str) -> list[str]:
    """Work out what never varies, and write out the branch of each choice that is always taken."""
    import onnx

    n_folded = n_branches = 0
    for _ in range(MAX_NESTING + 1):
        fixed, _ = unvarying(model, shape, name)
        known = {value: array for value, array in fixed.items() if array.size <= MAX_FOLDED}
        kept = []
        for node in model.graph.node:
            if all(output in known for output in node.output if output):
                n_folded += 1
            else:
                kept.append(node)
        gone = {output for node in model.graph.node for output in node.output} & set(known)
        gone -= {output for node in kept for output in node.output}
        _set_nodes(model.graph, kept)
        model.graph.initializer.extend(onnx.numpy_helper.from_array(known[value], value) for value in sorted(gone))
        written = _branches_written_out(model)
        n_branches += written
        if not written:
            break
        list(_constants(model))
    _without_dead(model)
    said = []
    if n_folded:
        said.append(f"Operators whose result never varies are replaced by it ({n_folded}).")
    if n_branches:
        said.append(f"Choices that always fall the same way are replaced by that branch ({n_branches}).")
    return said


def _branches_written_out(model: "onnx.ModelProto") -> int:
    import onnx

    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    kept, written = [], 0
    for node in model.graph.node:
        if node.op_type != "If" or node.input[0] not in constants:
            kept.append(node)
            continue
        taken = bool(onnx.numpy_helper.to_array(constants[node.input[0]]).reshape(-1)[0])
        branch = next(a.g for a in node.attribute if a.name == ("then_branch" if taken else "else_branch"))
        own = {tensor.name for tensor in branch.initializer} | {out for inner in branch.node for out in inner.output}
        new = {old: f"{node.output[0]}/{old}" for old in own if old}
        for tensor in branch.initializer:
            copy = model.graph.initializer.add()
            copy.CopyFrom(tensor)
            copy.name = new[tensor.name]
        kept += [_renamed(inner, new) for inner in branch.node]
        for output, inside in zip(node.output, branch.output, strict=True):
            kept.append(onnx.helper.make_node("Identity", [new.get(inside.name, inside.name)], [output]))
        written += 1
    _set_nodes(model.graph, kept)
    return written


def _renamed(node: "onnx.NodeProto", new: Mapping[str, str]) -> "onnx.NodeProto":
    """A copy of the node with other names; names are unique over all graphs inside each other, so this is safe."""
    copy = _copy(node)
    for field in (copy.input, copy.output):
        renamed = [new.get(name, name) for name in field]
        del field[:]
        field.extend(renamed)
    for attribute in copy.attribute:
        for graph in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
            nodes = [_renamed(inner, new) for inner in graph.node]
            _set_nodes(graph, nodes)
            for output in graph.output:
                output.name = new.get(output.name, output.name)
    return copy


def _without_idle(model: "onnx.ModelProto") -> list[str]:
    """Identity, and Cast to the type that is there already, go."""
    import onnx

    inferred = onnx.shape_inference.infer_shapes(model)
    known = {v.name: v.type.tensor_type.elem_type for v in (*inferred.graph.value_info, *inferred.graph.input)}
    known |= {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    n, kept = 0, []
    instead: dict[str, str] = {}
    answer = model.graph.output[0].name
    for node in model.graph.node:
        renamed = _renamed(node, instead)
        target = next((a.i for a in node.attribute if a.name == "to"), 0)
        idle = node.op_type == "Identity" or (node.op_type == "Cast" and known.get(node.input[0]) == target)
        if idle and node.output[0] != answer:
            instead[node.output[0]] = renamed.input[0]
            n += 1
        else:
            kept.append(renamed)
    _set_nodes(model.graph, kept)
    n += _unwrap_answer(model)
    return [f"Operators that do nothing are left out ({n})."] if n else []


def _unwrap_answer(model: "onnx.ModelProto") -> int:
    """Identity as the last operator: the one before it gives the answer."""
    answer = model.graph.output[0].name
    producers = {output: node for node in model.graph.node for output in node.output}
    last = producers.get(answer)
    if last is None or last.op_type != "Identity" or last.input[0] not in producers:
        return 0
    new = {last.input[0]: answer}
    _set_nodes(model.graph, [_renamed(node, new) for node in model.graph.node if node is not last])
    return 1


def _reshapes(model: "onnx.ModelProto", shape: tuple[int, ...], name: str) -> list[str]:
    """Target shapes that are computed from the batch are written with 0 (as it was) and -1 (what is left)."""
    import onnx

    found = dependences(model)
    places = [n for n in model.graph.node if n.op_type == "Reshape" and found.get(n.input[1]) == "batch"]
    if not places:
        return []
    _, growing = unvarying(model, shape, name)
    sources = sorted({node.input[0] for node in places} - {model.graph.input[0].name})
    small, large = (values(model, sources, trial(n, shape), name) for n in (2, 3))
    n = 0
    for node in places:
        line = growing.get(node.input[1])
        keeps_zero = any(a.name == "allowzero" and a.i for a in node.attribute)
        if line is None or keeps_zero:
            continue
        shapes = [
            (k, run[node.input[0]].shape if node.input[0] in run else (k, *shape))
            for k, run in ((2, small), (3, large))
        ]
        target = _target(line, shapes)
        if target is not None:
            value = f"{node.output[0]}/shape"
            model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(target, np.int64), value))
            node.input[1] = value
            n += 1
    return [f"Shape arithmetic before reshapes is replaced by fixed targets ({n})."] if n else []


def _target(line: Affine, shapes: list[tuple[int, tuple[int, ...]]]) -> list[int] | None:
    target: list[int] = []
    for place, (fixed, grows) in enumerate(zip(line.fixed, line.grows, strict=True)):
        if not grows:
            target.append(fixed)
        elif all(place < len(shape) and shape[place] == fixed + grows * n for n, shape in shapes):
            target.append(0)
        else:
            target.append(-1)
    return target if target.count(-1) <= 1 else None


def _without_dead(model: "onnx.ModelProto") -> list[str]:
    """Operators and weights that nothing uses go."""
    wanted = {output.name for output in model.graph.output}
    kept = []
    for node in reversed(model.graph.node):
        if any(output in wanted for output in node.output):
            kept.append(node)
            wanted.update(reads(node))
    n_dead = len(model.graph.node) - len(kept)
    _set_nodes(model.graph, kept[::-1])
    weights = [tensor for tensor in model.graph.initializer if tensor.name in wanted]
    n_unused = len(model.graph.initializer) - len(weights)
    if n_unused:
        copies = [type(tensor).FromString(tensor.SerializeToString()) for tensor in weights]
        del model.graph.initializer[:]
        model.graph.initializer.extend(copies)
    said = []
    if n_dead:
        said.append(f"Operators whose result nobody uses are left out ({n_dead}).")
    if n_unused:
        said.append(f"Constants that nobody uses are left out ({n_unused}).")
    return said


def _apart(model: "onnx.ModelProto") -> list[str]:
    """Vectors of one number (zeros, ones) that several operators read become one each.

    Exporters store equal values once; as weights of different layers they would learn together.
    """
    import onnx

    readers: dict[str, list[tuple[onnx.NodeProto, int]]] = {}
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            readers.setdefault(name, []).append((node, place))
    n = 0
    for tensor in list(model.graph.initializer):
        uses = readers.get(tensor.name, [])
        if len(uses) < 2 or len(tensor.dims) != 1 or tensor.data_type != onnx.TensorProto.FLOAT:
            continue
        value = onnx.numpy_helper.to_array(tensor)
        if value.size < 2 or not (value == value[0]).all():
            continue
        for number, (node, place) in enumerate(uses[1:]):
            name = f"{tensor.name}/{number}"
            model.graph.initializer.append(onnx.numpy_helper.from_array(value, name))
            node.input[place] = name
        n += 1
    return [f"Vectors of equal numbers that several operators shared are one each ({n})."] if n else []


def _copy(node: "onnx.NodeProto") -> "onnx.NodeProto":
    copy: onnx.NodeProto = type(node)()
    copy.CopyFrom(node)
    return copy


def _set_nodes(graph: "onnx.GraphProto", nodes: "list[onnx.NodeProto]") -> None:
    copies = [_copy(node) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)
