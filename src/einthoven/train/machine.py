"""What a training sets in its process, and puts back: threads, and how memory is given back to the system.

Memory that is given back between two steps costs a page fault per 4 KiB in the next one.
"""

import contextlib
import ctypes
import sys
from collections.abc import Iterator

import torch

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_KEPT_BYTES = 2**31 - 1
_AT_ONCE_BYTES = 2**26
_USUAL = {_M_MMAP_MAX: 65_536, _M_TRIM_THRESHOLD: 128 * 1024, _M_TOP_PAD: 0}


@contextlib.contextmanager
def reused_memory() -> Iterator[None]:
    """Have glibc keep freed memory for the next allocation: a fifth of a training step of XceptionTime on a processor.

    At the end it is given back. Elsewhere (musl, macOS, Windows) nothing is done.
    """
    library = _glibc()
    if library is None:
        yield
        return
    library.mallopt(_M_MMAP_MAX, 0)
    library.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
    library.mallopt(_M_TOP_PAD, _AT_ONCE_BYTES)
    try:
        yield
    finally:
        for option, value in _USUAL.items():
            library.mallopt(option, value)
        library.malloc_trim(0)


@contextlib.contextmanager
def threads(n: int | None) -> Iterator[None]:
    """So many threads of torch; None leaves its own choice, one per core."""
    before = torch.get_num_threads()
    if n is not None:
        torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None
