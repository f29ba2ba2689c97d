"""XLI: how Philips stores compressed leads (public descriptions of the Sierra ECG format).

A file is a row of chunks, one for each lead: the number of bytes (4, little-endian), two unknown bytes, a start
value (2), and so many bytes of LZW codes of ten bits, most significant bit first. The dictionary has 1023 entries and
stays as it is when it is full; code 1023 ends the stream. What comes out are 16-bit words, all high bytes before all
low bytes: the first two samples, and for each later sample the second difference, negated, of the one before, plus 64.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError

Counts = npt.NDArray[np.int32]

_HEADER_BYTES = 8
_BITS = 10
_END = 2**_BITS - 1
_WEIGHTS = 1 << np.arange(_BITS - 1, -1, -1)
_BIAS = 64
_MOST_TIMES = 2  # the length stated may be rounded down; what is much longer is damaged
_LARGEST = 2**20  # samples have 16 bits, and leads that are rebuilt from others a little more


def chunks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Start value and LZW codes of each chunk. FormatError when one is longer than what is left of the file."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "little")
        start = int.from_bytes(data[at + 6 : at + _HEADER_BYTES], "little", signed=True)
        body = data[at + _HEADER_BYTES : at + _HEADER_BYTES + size]
        if len(data) - at < _HEADER_BYTES or not size or len(body) < size:
            raise FormatError(
                "Its compressed samples are cut off or damaged.", advice="Copy the file again from where it came from."
            )
        yield start, body
        at += _HEADER_BYTES + size


def decode(start: int, body: bytes, n_samples: int) -> Counts:
    """The samples of one chunk, `(n_samples,)`. FormatError when it holds fewer, or far more."""
    words = _words(_unpacked(body, _MOST_TIMES * 2 * n_samples))
    if n_samples < 1 or len(words) < max(n_samples, 2):
        raise FormatError(f"A compressed lead holds {len(words)} samples; {n_samples} are stated.")
    second = np.concatenate(([start], words[2:-1] - _BIAS))[: len(words) - 2]
    first = np.cumsum(np.concatenate(([words[1] - words[0]], -second)))
    samples: npt.NDArray[np.int64] = words[0] + np.concatenate(([0], np.cumsum(first)))[:n_samples]
    if np.abs(samples).max() > _LARGEST:
        raise FormatError("A compressed lead decodes to numbers that no ECG has: its samples are damaged.")
    return samples.astype(np.int32)


def _words(data: bytes) -> npt.NDArray[np.int64]:
    """16-bit numbers from all high bytes before all low bytes; a low byte that lacks is 0."""
    raw = np.frombuffer(data + b"\0" * (len(data) % 2), dtype=np.uint8).astype(np.uint16)
    half = len(raw) // 2
    return (raw[:half] << 8 | raw[half:]).astype(np.int16).astype(np.int64)


def _unpacked(body: bytes, most: int) -> bytes:
    """What the LZW codes stand for; FormatError when they are damaged or give more than `most` bytes."""
    bits = np.unpackbits(np.frombuffer(body, dtype=np.uint8))
    n_codes = len(bits) // _BITS
    codes = (bits[: n_codes * _BITS].reshape(n_codes, _BITS) @ _WEIGHTS).tolist()
    known = [bytes((value,)) for value in range(256)]
    parts: list[bytes] = []
    length, last = 0, b""
    for code in codes:
        if code == _END:
            break
        if code < len(known):
            text = known[code]
        elif code == len(known) and last:
            text = last + last[:1]  # the entry that this very code makes
        else:
            raise FormatError("Its compressed samples are damaged: a code stands for nothing yet.")
        parts.append(text)
        length += len(text)
        if length > most:
            raise FormatError("A compressed lead holds far more samples than are stated.")
        if last and len(known) < _END:
            known.append(last + text[:1])
        last = text
    return b"".join(parts)
