"""HDF5 files of strangers: what is in them, found without following a way out of the file or filling memory.

Facts about the format: "HDF5 File Format Specification", version 3 (The HDF Group). Never followed or read are
external and soft links, datasets whose values stand in other files (external storage, virtual datasets), filters
that would load a plug-in, and datasets that state more values than the file can hold.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.array_names import is_fact, shown
from einthoven.formats.arrays import Numbers
from einthoven.formats.hdf5.heaps import check_heaps
from einthoven.formats.named_arrays import NamedArray

if TYPE_CHECKING:
    import h5py

_DEEPEST = 8
_MOST_OBJECTS = 200_000
_MOST_FACTS = 1_000_000
_MOST_TEXTS = 10_000
_MAX_RATIO = 100
_SMALL_BYTES = 4 * 1024**2
# Filters that come with the library or with h5py: deflate, shuffle, fletcher32, szip, nbit, scaleoffset, LZF.
_FILTERS = frozenset({1, 2, 3, 4, 5, 6, 32000})


class FileArray:
    """A dataset that is read when it is sliced; `transposed` for MATLAB, which writes its axes reversed."""

    def __init__(self, dataset: "h5py.Dataset", *, transposed: bool = False) -> None:
        self._dataset = dataset
        self._transposed = transposed
        self.shape: tuple[int, ...] = tuple(reversed(dataset.shape)) if transposed else tuple(dataset.shape)
        self.dtype: np.dtype[Any] = dataset.dtype
        self.ndim = len(self.shape)
        self.size = math.prod(self.shape)

    def __getitem__(self, key: slice, /) -> Numbers:
        values: Numbers = self._dataset[(..., key)].T if self._transposed else self._dataset[key]
        return values


@contextmanager
def opened(stream: BinaryIO) -> "Iterator[h5py.File]":
    """The HDF5 file in `stream`, for reading; both are closed afterwards."""
    import h5py

    with stream:
        check_heaps(stream)
        try:
            file = h5py.File(stream, "r")
        except (OSError, ValueError, RuntimeError) as error:
            raise FormatError(
                f"Its HDF5 structure is damaged or cut off: {str(error)[:200]}",
                advice="Copy the file again from where it came from.",
            ) from error
        with file:
            yield file


def arrays_in(file: "h5py.File") -> dict[str, NamedArray]:
    """Every array of numbers in the file by its path (with dots), and facts that stand in attributes or as text."""
    found: dict[str, NamedArray] = {}
    _walk(file, "", found, seen=set(), depth=0)
    return found


def members(group: "h5py.Group") -> "Iterator[tuple[str, h5py.Group | h5py.Dataset]]":
    """Groups and datasets that stand in `group` itself, by name.

    Raises
    ------
    FormatError
        When a link leads into another file.
    """
    import h5py

    for name in group:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            raise FormatError(
                "It links to another file, which is never opened.",
                advice="Copy the ECG into the file itself, for example with h5repack or h5copy.",
            )
        if isinstance(link, h5py.HardLink):
            member = group[name]
            if isinstance(member, h5py.Group | h5py.Dataset):
                yield name, member


def address(member: "h5py.Group | h5py.Dataset") -> int:
    """Where the object stands in the file: the same for two links to it."""
    import h5py

    return int(h5py.h5o.get_info(member.id).addr)


def check_dataset(dataset: "h5py.Dataset", name: str) -> None:
    """FormatError for a dataset whose values stand elsewhere, need a plug-in, or are more than the file can hold."""
    import h5py

    plan = dataset.id.get_create_plist()
    if plan.get_layout() == h5py.h5d.VIRTUAL or plan.get_external_count():
        raise FormatError(
            f"The values of its dataset{_called(name)} stand in other files, which are never opened.",
            advice="Copy the ECG into the file itself, for example with h5repack.",
        )
    filters = [plan.get_filter(index)[0] for index in range(plan.get_nfilters())]
    unknown = [str(number) for number in filters if number not in _FILTERS]
    if unknown:
        raise FormatError(
            f"Its dataset{_called(name)} is compressed by filter {', '.join(unknown)}, which needs a plug-in.",
            advice="Write it again with gzip: h5repack -f GZIP=4 IN OUT.",
        )
    stated, held = math.prod(dataset.shape) * dataset.dtype.itemsize, dataset.id.get_storage_size()
    most = max(_MAX_RATIO * held, min(_SMALL_BYTES, 1000 * held)) if filters else held
    if stated > most:
        raise FormatError(
            f"Its dataset{_called(name)} states the shape {tuple(dataset.shape)}, {stated} bytes, and holds {held}.",
            advice="Write all values into it; the file may be unfinished or damaged.",
        )
    if dataset.chunks is not None:
        _check_chunks(dataset, name, stated)


def _called(name: str) -> str:
    """The name behind a blank, when it consists of known words."""
    known = shown(name)
    return f" {known}" if known else ""


def _check_chunks(dataset: "h5py.Dataset", name: str, stated: int) -> None:
    one = math.prod(dataset.chunks) * dataset.dtype.itemsize
    if one > max(stated, _SMALL_BYTES) * 2:
        raise FormatError(f"Its dataset{_called(name)} is stored in pieces of {one} bytes, of which {stated} are used.")
    wanted = math.prod(-(-length // piece) for length, piece in zip(dataset.shape, dataset.chunks, strict=True))
    there = dataset.id.get_num_chunks()
    if there < wanted:
        raise FormatError(
            f"Of its dataset{_called(name)} {there} of {wanted} pieces were written; the rest has no values.",
            advice="The program that wrote it did not finish; export the ECG again.",
        )


def _walk(group: "h5py.Group", path: str, found: dict[str, NamedArray], *, seen: set[int], depth: int) -> None:
    import h5py

    if address(group) in seen or depth > _DEEPEST:
        return
    seen.add(address(group))
    _attributes(group, path, found)
    for name, member in members(group):
        if len(seen) + len(found) > _MOST_OBJECTS:
            raise FormatError(f"It holds more than {_MOST_OBJECTS} groups and arrays.", advice="Split the file.")
        here = f"{path}{name.replace('.', '_')}"
        if isinstance(member, h5py.Group):
            _walk(member, f"{here}.", found, seen=seen, depth=depth + 1)
        else:
            _dataset(member, here, found)


def _dataset(dataset: "h5py.Dataset", path: str, found: dict[str, NamedArray]) -> None:
    if dataset.shape is None or 0 in dataset.shape:
        return
    fact = is_fact(path)
    if dataset.dtype.kind in "iuf":
        check_dataset(dataset, path)
        found[path] = dataset[()] if fact and dataset.size <= _MOST_FACTS else FileArray(dataset)
        if isinstance(found[path], np.generic):
            found[path] = np.asarray(found[path])
        _attributes(dataset, f"{path}.", found)
    elif fact and dataset.size <= _MOST_TEXTS:
        texts = _texts(dataset, path)
        if texts is not None:
            found[path] = texts


def _texts(dataset: "h5py.Dataset", path: str) -> npt.NDArray[np.generic] | None:
    import h5py

    if h5py.check_string_dtype(dataset.dtype) is None:
        return None
    check_dataset(dataset, path)
    return text_array(dataset[()])


def text_array(value: object) -> npt.NDArray[np.generic]:
    """Texts as h5py gives them (bytes, str, arrays of them) as an array of str."""
    cells = np.asarray(value, dtype=object).ravel()
    return np.array([cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell) for cell in cells])


def _attributes(member: "h5py.Group | h5py.Dataset", path: str, found: dict[str, NamedArray]) -> None:
    """Facts in attributes, which are small by the standard; nothing else in them is read."""
    import h5py

    for name in member.attrs:
        if not is_fact(name):
            continue
        identifier = member.attrs.get_id(name)
        if math.prod(identifier.shape) > _MOST_TEXTS:
            continue
        if identifier.dtype.kind in "iuf":
            found.setdefault(f"{path}{name}", np.asarray(member.attrs[name]))
        elif h5py.check_string_dtype(identifier.dtype) is not None:
            found.setdefault(f"{path}{name}", text_array(member.attrs[name]))
