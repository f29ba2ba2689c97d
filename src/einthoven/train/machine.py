"""What a training sets in its process, and puts back: threads, memory, and how a GPU multiplies.

Memory that is given back between two steps costs a page fault per 4 KiB in the next one. What concerns a GPU is written
by torch's documentation and tested on the processor alone; `benchmarks/train_speed.py --device cuda` measures it.
"""

import contextlib
import ctypes
import gc
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


def give_memory_back() -> None:
    """Have glibc return to the system what was freed in pieces, before more is asked for in one."""
    library = _glibc()
    if library is not None:
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


@contextlib.contextmanager
def fast_products(device: torch.device) -> Iterator[None]:
    """On a GPU: TensorFloat-32 (10 bits of 23) in products and convolutions, the fastest of several ways to convolve.

    Which way is found by trying, so that the last digits differ between two runs. Nothing on a processor.
    """
    if device.type != "cuda":
        yield
        return
    cudnn = torch.backends.cudnn
    before = cudnn.benchmark, cudnn.allow_tf32, torch.get_float32_matmul_precision()
    cudnn.benchmark, cudnn.allow_tf32 = True, True
    torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        cudnn.benchmark, cudnn.allow_tf32 = before[:2]
        torch.set_float32_matmul_precision(before[2])


SHARE_FOR_ECGS = 0.5
"""Of a GPU's free memory; the rest is for what a training computes with them."""


def has_room(device: torch.device, n_bytes: int) -> bool:
    """Whether ECGs of that size are best put on the device once, instead of batch by batch."""
    if device.type != "cuda":
        return True
    free, _ = torch.cuda.mem_get_info(device)
    return n_bytes <= SHARE_FOR_ECGS * free


def too_little_memory(error: BaseException) -> bool:
    """Whether this error says that there is too little, of the machine's memory or of a GPU's."""
    signs = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in signs)
    )


def give_back(device: torch.device) -> None:
    """Let go of what torch keeps for later, after too little memory was left."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None
