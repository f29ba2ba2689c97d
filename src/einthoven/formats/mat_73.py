"""Variables of a MATLAB 7.3 file, which is HDF5 with conventions of MATLAB's own.

The conventions, seen in files that MATLAB wrote: the attribute `MATLAB_class` names the type; axes stand in reverse
order; characters are numbers of 16 bits; a cell array is an array of references; a structure is a group; an empty
array has the attribute `MATLAB_empty` and holds its shape.
"""

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from einthoven.formats.named_arrays import NamedArray

if TYPE_CHECKING:
    import h5py

_DEEPEST = 6
_MOST_TEXTS = 10_000
_SMALL = 1000
_OF_MATLAB = frozenset({"#refs#", "#subsystem#"})


def variables(file: "h5py.File") -> dict[str, NamedArray]:
    """Arrays of numbers and of text by name; members of structures by their path, with dots."""
    found: dict[str, NamedArray] = {}
    _group(file, "", found, depth=0)
    return found


def _group(group: "h5py.Group", path: str, found: dict[str, NamedArray], *, depth: int) -> None:
    import h5py

    from einthoven.formats.hdf5.contents import members

    if depth > _DEEPEST:
        return
    for name, member in members(group):
        if depth == 0 and name in _OF_MATLAB:
            continue
        if isinstance(member, h5py.Group):
            _group(member, f"{path}{name}.", found, depth=depth + 1)
        else:
            _dataset(member, f"{path}{name}", found, depth=depth)


def _dataset(dataset: "h5py.Dataset", path: str, found: dict[str, NamedArray], *, depth: int) -> None:
    import h5py

    from einthoven.formats.hdf5.contents import FileArray, check_dataset

    if dataset.shape is None or 0 in dataset.shape or "MATLAB_empty" in dataset.attrs or depth > _DEEPEST:
        return
    kind = _class_of(dataset)
    check_dataset(dataset, path)
    if kind == "char":
        texts = _texts(dataset)
        if texts is not None:
            found[path] = texts
    elif h5py.check_ref_dtype(dataset.dtype) is h5py.Reference:
        _cells(dataset, path, found, depth=depth)
    elif dataset.dtype.kind in "iuf":
        array = FileArray(dataset, transposed=True)
        found[path] = np.asarray(dataset[()]).T if array.size <= _SMALL else array


def _class_of(dataset: "h5py.Dataset") -> str:
    value = dataset.attrs.get("MATLAB_class", b"")
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)


def _texts(dataset: "h5py.Dataset") -> npt.NDArray[np.generic] | None:
    """The rows of an array of characters."""
    if dataset.dtype.kind != "u" or len(dataset.shape) != 2 or math.prod(dataset.shape) > _MOST_TEXTS:
        return None
    rows = np.asarray(dataset[()]).T
    return np.array(["".join(chr(code) for code in row) for row in rows.tolist()])


def _cells(dataset: "h5py.Dataset", path: str, found: dict[str, NamedArray], *, depth: int) -> None:
    """A cell array of texts, or what stands in the only cell."""
    import h5py

    if math.prod(dataset.shape) > _MOST_TEXTS:
        return
    references = np.asarray(dataset[()]).T.ravel()
    if references.size == 1 and references[0]:
        only = dataset.file[references[0]]
        if isinstance(only, h5py.Group):
            _group(only, f"{path}.", found, depth=depth + 1)
        elif isinstance(only, h5py.Dataset):
            _dataset(only, path, found, depth=depth + 1)
        return
    texts: list[str] = []
    for reference in references:
        cell = dataset.file[reference] if reference else None
        if not isinstance(cell, h5py.Dataset) or _class_of(cell) != "char" or cell.shape is None:
            return
        rows = _texts(cell)
        if rows is None or rows.size != 1:
            return
        texts.append(str(rows[0]))
    found[path] = np.array(texts)
