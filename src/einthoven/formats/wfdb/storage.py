"""The storage formats of WFDB data files: bytes to stored integers.

Source: "signal(5)", WFDB Applications Guide. Decoded here with numpy, FLAC by libsndfile (soundfile). The
wfdb package reads the same from files only, fails on format 61 when asked for stored integers (4.3.1), and
takes 0.3 s to import; the tests hold both against each other.
"""

import io
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.source import MAX_SAMPLES

if TYPE_CHECKING:
    import soundfile

Stored = npt.NDArray[np.integer]

DIFFERENCES = 8
FLAC = {508: 8, 516: 16, 524: 24}
"""Formats that are FLAC streams, with the bits of a sample."""

# Bytes of a block and the samples in it; all other formats have one sample in whole bytes.
_BLOCKS = {212: (3, 2), 310: (4, 3), 311: (4, 3)}
_BYTES = {8: 1, 16: 2, 24: 3, 32: 4, 61: 2, 80: 1, 160: 2}
# Bytes that the first one or two samples of an unfinished block take.
_TAILS = {212: (0, 2), 310: (0, 2, 4), 311: (0, 2, 3)}

DATA_FORMATS = frozenset({0, *_BYTES, *_BLOCKS, *FLAC})

INVALID = {
    80: -(2**7), 508: -(2**7), 310: -(2**9), 311: -(2**9), 212: -(2**11), 16: -(2**15), 61: -(2**15),
    160: -(2**15), 516: -(2**15), 24: -(2**23), 524: -(2**23), 32: -(2**31),
}  # fmt: skip
"""The stored value that stands for "no sample"; format 8 has none."""

_CHUNK = 2**18  # libsndfile fails on reads of more than 2**24 values (its issue 431)


def bytes_of(storage: int, n_samples: int) -> int:
    """How many bytes `n_samples` take in that format (not FLAC)."""
    if storage in _BYTES:
        return n_samples * _BYTES[storage]
    n_bytes, in_block = _BLOCKS[storage]
    return n_samples // in_block * n_bytes + _TAILS[storage][n_samples % in_block]


def samples_in(storage: int, n_bytes: int) -> int:
    """How many samples that many bytes hold in that format (not FLAC)."""
    if storage in _BYTES:
        return n_bytes // _BYTES[storage]
    block, in_block = _BLOCKS[storage]
    rest = n_bytes % block
    return n_bytes // block * in_block + max(k for k, needed in enumerate(_TAILS[storage]) if needed <= rest)


def unpack(data: bytes, storage: int, *, offset: int, count: int) -> Stored:
    """`count` stored integers from `data` after `offset` bytes; for format 8 the differences.

    The caller has checked with `samples_in` that they are there.
    """
    if storage == 16:
        return np.frombuffer(data, "<i2", count, offset)
    if storage == 61:
        return np.frombuffer(data, ">i2", count, offset)
    if storage == 32:
        return np.frombuffer(data, "<i4", count, offset)
    if storage == DIFFERENCES:
        return np.frombuffer(data, "i1", count, offset)
    if storage == 80:  # offset binary: turning the highest bit is subtracting 128
        return (np.frombuffer(data, "u1", count, offset) ^ np.uint8(0x80)).view("i1")
    if storage == 160:
        return (np.frombuffer(data, "<u2", count, offset) ^ np.uint16(0x8000)).view("<i2")
    if storage == 24:
        raw = np.zeros((count, 4), dtype="u1")
        raw[:, 1:] = np.frombuffer(data, "u1", 3 * count, offset).reshape(count, 3)
        return raw.view("<i4")[:, 0] >> 8
    return _unpack_blocks(data, storage, offset=offset, count=count)


def _unpack_blocks(data: bytes, storage: int, *, offset: int, count: int) -> Stored:
    block, in_block = _BLOCKS[storage]
    n_blocks = -(-count // in_block)
    raw = np.zeros(n_blocks * block, dtype="u1")
    have = np.frombuffer(data, "u1", min(len(data) - offset, len(raw)), offset)
    raw[: len(have)] = have
    samples = np.empty((n_blocks, in_block), dtype="<u2")
    if storage == 212:
        first, middle, last = raw.reshape(n_blocks, 3).T.astype("<u2")
        samples[:, 0] = first | (middle & 0x0F) << 8
        samples[:, 1] = last | (middle & 0xF0) << 4
        bits = 12
    elif storage == 310:
        low, high = raw.view("<u2").reshape(n_blocks, 2).T
        samples[:, 0], samples[:, 1] = low >> 1, high >> 1
        samples[:, 2] = low >> 11 | (high >> 11) << 5
        bits = 10
    else:
        words = raw.view("<u4")
        for position in range(3):
            samples[:, position] = (words >> np.uint32(10 * position)).astype("<u2")
        bits = 10
    # The sign is the highest of the bits in use: moved to the top and back, it fills those above.
    signed = (samples << (16 - bits)).view("<i2") >> (16 - bits)
    return signed.reshape(-1)[:count]


def unpack_flac(file: str, data: bytes, storage: int, *, offset: int, n_signals: int, wanted: int | None) -> Stored:
    """Stored integers `(samples, n_signals)` of a FLAC stream, from sample `offset` on; all or the `wanted` first.

    Raises
    ------
    FormatError
        When the stream has other channels or more bits than stated, ends early, is damaged, or too large.
    """
    import soundfile

    if not data.startswith(b"fLaC"):
        raise FormatError(f"{file} is no FLAC file, although the header states storage format {storage}.")
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as stream:
            bits = {"PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}.get(stream.subtype)
            if bits is None or bits > FLAC[storage]:
                raise FormatError(f"{file} holds samples of kind {stream.subtype}; storage format {storage} cannot.")
            if stream.channels != n_signals:
                raise FormatError(
                    f"{file} has {stream.channels} channels, and the header describes {n_signals} signals."
                )
            held = max(0, stream.frames - offset)
            _refuse_impossible(file, held, n_signals, wanted)
            stream.seek(offset)
            return _flac_samples(file, stream, held if wanted is None else wanted, bits)
    except soundfile.LibsndfileError as error:
        raise FormatError(
            f"{file} is damaged: it cannot be decoded as FLAC.", advice="Copy the file again from where it came from."
        ) from error


def _refuse_impossible(file: str, held: int, n_signals: int, wanted: int | None) -> None:
    if held == 0:
        raise FormatError(f"{file} holds no sample.", advice="Copy it again from where it came from.")
    if wanted is not None and wanted > held:
        raise FormatError(
            f"{file} is cut off: the header states {wanted} samples, and it holds {held}.",
            advice="Copy the file again from where it came from.",
        )
    if (wanted or held) * n_signals > MAX_SAMPLES:
        raise FormatError(f"{file} holds {held} samples of {n_signals} signals, more than can be read.")


def _flac_samples(file: str, stream: "soundfile.SoundFile", n_samples: int, bits: int) -> Stored:
    parts, have = [], 0
    while have < n_samples:
        part = stream.read(min(_CHUNK, n_samples - have), dtype="int32", always_2d=True)
        if not len(part):
            raise FormatError(f"{file} is damaged: it ends after {have} of {n_samples} samples.")
        have += len(part)
        # libsndfile puts the bits of a sample at the top of the integer.
        parts.append((part >> (32 - bits)).astype({8: "i1", 16: "<i2", 24: "<i4"}[bits]))
    return np.concatenate(parts)
