"""Weights that a graph holds too, kept once: a safetensors file without what stands in a model beside it.

A graph that was exported without folding batch normalisation holds every weight of its network, bit for bit. What is
left out is named by the initialiser that holds it, and put back from there exactly. Free of torch.
"""

import json
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError

Array = npt.NDArray[np.generic]
SMALLEST_BYTES = 64
"""Below this a name takes more room than the numbers."""
ALIGNMENT = 8


def leave_out(weights: bytes, model: bytes) -> tuple[bytes, dict[str, str]]:
    """The file without the tensors that `model` holds bit for bit; which initialiser holds each of those.

    Files whose types numpy does not know are left as they are.
    """
    tensors = _tensors(weights)
    if tensors is None:
        return weights, {}
    held = {_identity(value): name for name, value in _initialisers(model).items()}
    shared = {
        name: held[_identity(value)]
        for name, value in sorted(tensors.items())
        if value.nbytes >= SMALLEST_BYTES and _identity(value) in held
    }
    if not shared:
        return weights, {}
    rest = {name: value for name, value in tensors.items() if name not in shared}
    return _file_of(rest, _metadata(weights)), shared


def put_back(rest: bytes, model: bytes, shared: Mapping[str, str]) -> bytes:
    """The whole file again; FormatError when the model does not hold what was left out."""
    if not shared:
        return rest
    tensors, held = _tensors(rest), _initialisers(model)
    missing = sorted(set(shared.values()) - set(held))
    if tensors is None or missing or set(shared) & set(tensors):
        raise FormatError(
            f"Weights that should stand in the model are not there ({', '.join(missing[:3]) or 'named twice'}).",
            advice="Get the file again.",
        )
    return _file_of({**tensors, **{name: held[source] for name, source in shared.items()}}, _metadata(rest))


def _identity(value: Array) -> tuple[str, tuple[int, ...], bytes]:
    return value.dtype.str, value.shape, value.tobytes()


def _initialisers(model: bytes) -> dict[str, Array]:
    import onnx

    graph = onnx.load_model_from_string(model).graph
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}


def _tensors(weights: bytes) -> dict[str, Array] | None:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        found: dict[str, Array] = load(weights)
    except SafetensorError as error:
        raise FormatError(f"The weights cannot be read ({error}).", advice="Get the file again.") from error
    except (KeyError, AttributeError, TypeError):  # a type that numpy does not have, such as bfloat16
        return None
    return found


def _metadata(weights: bytes) -> dict[str, str]:
    size = int.from_bytes(weights[:8], "little")
    header = json.loads(weights[8 : 8 + size])
    return dict(header.get("__metadata__", {}))


def _file_of(tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> bytes:
    """A safetensors file of the same bytes for the same content, which the library's own writer does not promise."""
    names = {np.dtype(dtype).str: word for word, dtype in _DTYPES.items()}
    header: dict[str, object] = {"__metadata__": dict(sorted(metadata.items()))}
    parts, end = [], 0
    # The widest numbers first, so that each begins at a multiple of its size.
    for name, value in sorted(tensors.items(), key=lambda pair: (-pair[1].dtype.itemsize, pair[0])):
        data = np.ascontiguousarray(value).tobytes()
        header[name] = {
            "dtype": names[value.dtype.str],
            "shape": list(value.shape),
            "data_offsets": [end, end + len(data)],
        }
        parts.append(data)
        end += len(data)
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])


_DTYPES: Mapping[str, type[np.generic]] = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64, "I32": np.int32, "I16": np.int16,
    "I8": np.int8, "U64": np.uint64, "U32": np.uint32, "U16": np.uint16, "U8": np.uint8, "BOOL": np.bool_,
}  # fmt: skip
