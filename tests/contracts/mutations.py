"""Damage done to the bytes of a file: cut, flipped, overwritten with extremes, spliced."""

import random
import struct

_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_HEAD = 512
"""Most structure stands in the first bytes of a file: half of the damage goes there."""

_RUN = 20_000


def mutate(data: bytes, generator: random.Random) -> bytes:
    """One to three kinds of damage, chosen at random."""
    for _ in range(generator.choice((1, 1, 2, 3))):
        data = generator.choice(_DAMAGES)(data, generator)
    return data


def _place(data: bytes, generator: random.Random) -> int:
    end = min(len(data), _HEAD) if generator.random() < 0.5 else len(data)
    return generator.randrange(max(end, 1))


def _truncate(data: bytes, generator: random.Random) -> bytes:
    return data[: _place(data, generator)]


def _flip(data: bytes, generator: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(generator.randint(1, 8) if changed else 0):
        changed[_place(data, generator)] ^= 1 << generator.randrange(8)
    return bytes(changed)


def _overwrite_byte(data: bytes, generator: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(generator.randint(1, 8) if changed else 0):
        changed[_place(data, generator)] = generator.randrange(256)
    return bytes(changed)


def _overwrite_number(data: bytes, generator: random.Random) -> bytes:
    place = _place(data, generator)
    number = generator.choice(_EXTREMES)
    form = generator.choice(("<I", ">I", "<H", ">H", "<Q", ">Q"))
    written = struct.pack(form, number & (2 ** (8 * struct.calcsize(form)) - 1))
    return data[:place] + written + data[place + len(written) :]


def _digits(data: bytes, generator: random.Random) -> bytes:
    """Text formats state their sizes in digits: some become very large, negative, or words."""
    place = _place(data, generator)
    written = generator.choice(
        (b"9" * generator.randint(1, 12), b"-1", b"0", b"1e308", b"nan", b"inf", b"&x;", b"\xff")
    )
    return data[:place] + written + data[place + generator.choice((0, len(written))) :]


def _splice(data: bytes, generator: random.Random) -> bytes:
    """A block of the file inserted, moved or doubled elsewhere in it."""
    start = _place(data, generator)
    block = data[start : start + generator.randint(1, 256)]
    place = _place(data, generator)
    return data[:place] + block + data[place + generator.choice((0, len(block))) :]


def _remove(data: bytes, generator: random.Random) -> bytes:
    start = _place(data, generator)
    return data[:start] + data[start + generator.randint(1, 64) :]


def _long_run(data: bytes, generator: random.Random) -> bytes:
    """One or two bytes, of the file or of those that text is split at, repeated: a regular expression may try them
    in all ways."""
    place = _place(data, generator)
    length = generator.choice((1, 2))
    sign = generator.choice((data[place : place + length], b" ", b"_ ", b"(", b"9", b"-", b",", b'"', b"\n", b"\0"))
    return data[:place] + sign * _RUN + data[place:]


_DAMAGES = (_truncate, _flip, _overwrite_byte, _overwrite_number, _digits, _splice, _remove, _long_run)
