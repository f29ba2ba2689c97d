"""What a foreign ONNX file may be: the first look at it, before anything runs.

Nothing in the file is executed here. Sizes are limits of ours, far above any model for ECGs that we know.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from einthoven.errors import FormatError, IncompatibleModel

if TYPE_CHECKING:
    import onnx

MAX_BYTES = 512 * 2**20
MAX_NODES = 20_000
MAX_INITIALISERS = 20_000
MAX_WEIGHTS = 128 * 2**20
"""Numbers in all initialisers together."""
MAX_VALUES = 2**28
"""Numbers in one value between two operators, for a batch of one."""
MAX_ALL_VALUES = 2**29
"""Numbers in all of them together."""
MAX_NESTING = 4
MAX_LEADS = 64
MAX_SAMPLES = 1_000_000
SMALLEST_OPSET = 7
"""The oldest one that onnxruntime promises to run."""
REPEATING = frozenset({"Loop", "Scan", "SequenceMap"})
"""Operators that run a graph many times: never run here, not even to see what they make."""
OWN_DOMAINS = ("", "ai.onnx")

ADVICE_OF_EXPORT = "Export the model again for standard ONNX operators (opset 17, say), as one file."


def parse(content: bytes, name: str) -> "onnx.ModelProto":
    """The model in `content`, with local functions written out.

    Raises
    ------
    FormatError
        When it is empty, damaged or no ONNX model.
    IncompatibleModel
        When it keeps weights in other files, uses operators of others, or passes a limit.
    """
    import onnx.inliner
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    if not content:
        raise FormatError(f"{name} is empty.", advice="Get the file again.")
    if len(content) > MAX_BYTES:
        refuse(f"{name} has {len(content) >> 20} MB; at most {MAX_BYTES >> 20} MB are taken.", "Use a smaller model.")
    try:
        model = onnx.load_model_from_string(content)
    except (DecodeError, ValueError) as error:
        raise FormatError(f"{name} is no intact ONNX model.", advice="Get the file again.") from error
    if not model.graph.node:
        raise FormatError(f"{name} is no ONNX model: it holds no operator.", advice="Get the file again.")
    check(model, name)
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
        _check_counts(model, name)
    # Outputs of unknown shape run, but the checker refuses them; none of the stated shapes is used later.
    for value in model.graph.output:
        if value.type.HasField("tensor_type") and not value.type.tensor_type.HasField("shape"):
            value.type.tensor_type.shape.SetInParent()
    metadata = list(model.metadata_props)
    del model.metadata_props[:]  # the checker refuses keys that stand twice; the repair sees to them
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError) as error:
        reason = (str(error).splitlines() or [""])[0][:200]
        # Operators that later opsets replaced (GroupNormalization of 18) still run: onnxruntime decides.
        if "deprecated" not in reason:
            raise FormatError(f"{name} is no intact ONNX model ({reason}).", advice="Get the file again.") from error
    model.metadata_props.extend(metadata)
    return model


def check(model: "onnx.ModelProto", name: str) -> None:
    """IncompatibleModel when it keeps weights in other files, uses operators of others, or passes a limit."""
    _check_tensors(model, name)
    _check_counts(model, name)
    _check_operators(model, name)


def opset(model: "onnx.ModelProto") -> int:
    """Version of the standard operators that the model was written for."""
    return max((entry.version for entry in model.opset_import if entry.domain in OWN_DOMAINS), default=0)


def graphs(graph: "onnx.GraphProto", depth: int = 0) -> Iterator[tuple["onnx.GraphProto", int]]:
    """The graph and all graphs inside its nodes, with how deep they lie."""
    yield graph, depth
    if depth > MAX_NESTING:
        return
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from graphs(inner, depth + 1)


def _check_tensors(model: "onnx.ModelProto", name: str) -> None:
    import onnx

    n_numbers = 0
    for tensor in _tensors(model):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            refuse(
                f"{name} keeps {tensor.name or 'a constant'!r} in another file.",
                "Save the model as one file (onnx.save_model without external data).",
            )
        if tensor.data_type == onnx.TensorProto.STRING:
            refuse(f"{name} holds text in {tensor.name or 'a constant'!r}.")
        n_numbers += _size(tensor.dims, name, tensor.name)
        if tensor.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE) and _has_nan(tensor):
            refuse(
                f"{name}: the weights {tensor.name or 'of a constant'!r} hold values that are no numbers (NaN).",
                "Export the model again from weights that are intact.",
            )
        if n_numbers > MAX_WEIGHTS:
            refuse(f"{name} holds more than {MAX_WEIGHTS >> 20} million weights.", "Use a smaller model.")


def _has_nan(tensor: "onnx.TensorProto") -> bool:
    import onnx

    return bool(np.isnan(onnx.numpy_helper.to_array(tensor)).any())


def _tensors(model: "onnx.ModelProto") -> Iterator["onnx.TensorProto"]:
    for graph, _ in graphs(model.graph):
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
        yield from _tensors_in(graph.node)
    for function in model.functions:
        yield from _tensors_in(function.node)


def _tensors_in(nodes: "Iterator[onnx.NodeProto]") -> Iterator["onnx.TensorProto"]:
    for node in nodes:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors


def _size(dims: "Iterator[int]", name: str, tensor: str) -> int:
    n = 1
    for dim in dims:
        if dim < 0:
            raise FormatError(f"{name}: {tensor!r} has a negative size.", advice="Get the file again.")
        n *= dim
    return n


def _check_counts(model: "onnx.ModelProto", name: str) -> None:
    n_nodes = n_initialisers = 0
    for graph, depth in graphs(model.graph):
        n_nodes += len(graph.node)
        n_initialisers += len(graph.initializer)
        if depth > MAX_NESTING:
            refuse(f"{name} nests graphs more than {MAX_NESTING} deep.")
    n_nodes += sum(len(function.node) for function in model.functions)
    if n_nodes > MAX_NODES:
        refuse(f"{name} has {n_nodes:,} operators; at most {MAX_NODES:,} are taken.", "Use a smaller model.")
    if n_initialisers > MAX_INITIALISERS:
        refuse(
            f"{name} has {n_initialisers:,} initialisers; at most {MAX_INITIALISERS:,} are taken.",
            "Use a smaller model.",
        )


def _check_operators(model: "onnx.ModelProto", name: str) -> None:
    version = opset(model)
    if version < SMALLEST_OPSET:
        refuse(
            f"{name} has opset {version}; onnxruntime promises to run {SMALLEST_OPSET} and later.",
            "Export the model again with a newer opset.",
        )
    own = {(function.domain, function.name) for function in model.functions}
    nodes = [node for graph, _ in graphs(model.graph) for node in graph.node]
    nodes += [node for function in model.functions for node in function.node]
    for node in nodes:
        if node.domain not in OWN_DOMAINS and (node.domain, node.op_type) not in own:
            refuse(f"{name} uses the operator {node.op_type!r} of {node.domain!r}.")
        if node.op_type in REPEATING:
            refuse(f"{name} uses the operator {node.op_type}, which cannot be converted.")


def check_sizes(model: "onnx.ModelProto", name: str) -> None:
    """IncompatibleModel when the values that ONNX can infer for a batch of one pass a limit. Runs nothing."""
    import onnx

    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    total = 0
    for value in inferred.graph.value_info:
        n = 1
        for dim in value.type.tensor_type.shape.dim:
            n *= dim.dim_value or 1
        total += n
        if n > MAX_VALUES:
            refuse(
                f"{name}: {value.name!r} would hold {n:,} numbers; at most {MAX_VALUES:,} are allowed.",
                "Use a smaller model.",
            )
    if total > MAX_ALL_VALUES:
        refuse(f"{name} would hold {total:,} numbers at once; at most {MAX_ALL_VALUES:,}.", "Use a smaller model.")


@contextmanager
def understood(name: str) -> Iterator[None]:
    """What a damaged or strange graph makes fail inside, in any of many ways, refuses the file `name`."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError) as error:
        reason = (str(error).splitlines() or [""])[0][:200]
        raise IncompatibleModel(
            f"{name} cannot be understood ({type(error).__name__}: {reason}).", advice=ADVICE_OF_EXPORT
        ) from error


def refuse(message: str, advice: str = ADVICE_OF_EXPORT) -> NoReturn:
    """Raise IncompatibleModel."""
    raise IncompatibleModel(message, advice=advice)
