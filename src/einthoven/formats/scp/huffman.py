"""Huffman tables of SCP-ECG (EN 1064, 5.5 and annex C) and decoding with them.

A code is a prefix, then as many bits as the code is longer than its prefix: a signed number that is added to the base
value. A code of mode 0 does not stand for a sample but changes the table. The bits of a byte are read from the
highest; prefixes in section 2 are stored with their first bit lowest.
"""

import struct
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError

DEFAULT = 19999
"""What section 2 holds in place of the number of tables when the table of the standard is used."""
_LONGEST_CODE = 32
_LOOK = 12  # bits that are looked up at once; longer prefixes are searched by length

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Code:
    """`prefix` has its first bit highest; `extra` signed bits follow it; `table` is the next table for a switch."""

    length: int
    prefix: int
    value: int
    extra: int
    table: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Codes by the bits that come next: the short ones in a list for `_LOOK` bits, the long ones by their length."""

    codes: tuple[Code, ...]
    short: list[Code | None] = field(init=False)
    long: dict[int, dict[int, Code]] = field(init=False)

    def __post_init__(self) -> None:
        short: list[Code | None] = [None] * (1 << _LOOK)
        long: dict[int, dict[int, Code]] = {}
        for code in self.codes:
            if code.length <= _LOOK:
                first = code.prefix << (_LOOK - code.length)
                short[first : first + (1 << (_LOOK - code.length))] = [code] * (1 << (_LOOK - code.length))
            else:
                long.setdefault(code.length, {})[code.prefix] = code
        object.__setattr__(self, "short", short)
        object.__setattr__(self, "long", dict(sorted(long.items())))

    def find(self, window: int) -> Code | None:
        """The code that the 64 bits `window` begin with."""
        code = self.short[window >> (64 - _LOOK)]
        if code is None:
            for length, codes in self.long.items():
                code = codes.get(window >> (64 - length))
                if code is not None:
                    break
        return code


def _default_table() -> Table:
    """0 is `0`; +-n up to 8 is n ones, a zero and the sign; beyond, ten bits announce 8 or 16 bits."""
    codes = [Code(1, 0, 0, 0)]
    for size in range(1, 9):
        ones = ((1 << size) - 1) << 2
        codes += [Code(size + 2, ones, size, 0), Code(size + 2, ones | 1, -size, 0)]
    return Table((*codes, Code(10, 0b1111111110, 0, 8), Code(10, 0b1111111111, 0, 16)))


def read_tables(body: bytes | None) -> tuple[Table, ...]:
    """The tables of section 2; none when there is no section 2 and samples are stored as they are."""
    if body is None:
        return ()
    if len(body) < 2:
        raise FormatError(f"Its section 2 has {len(body)} bytes, too few to state a Huffman table.")
    (count,) = struct.unpack_from("<H", body)
    if count == DEFAULT:
        return (_default_table(),)
    tables, position = [], 2
    for number in range(1, count + 1):
        if position + 2 > len(body):
            raise FormatError(f"Its section 2 states {count} Huffman tables and ends in table {number}.")
        (size,) = struct.unpack_from("<H", body, position)
        position += 2
        if position + 9 * size > len(body):
            raise FormatError(f"Its section 2 states {size} codes in Huffman table {number} and ends before.")
        codes = tuple(_code(body, position + 9 * k, count) for k in range(size))
        _check_unique(codes, number)
        tables.append(Table(codes))
        position += 9 * size
    if not tables:
        raise FormatError("Its section 2 states no Huffman table.")
    return tuple(tables)


def _code(body: bytes, position: int, tables: int) -> Code:
    length, total, mode, value, stored = struct.unpack_from("<BBBhI", body, position)
    if not 1 <= length <= total <= _LONGEST_CODE or mode > 1 or stored >> length:
        raise FormatError(
            f"Its section 2 states a Huffman code of {length} of {total} bits, mode {mode}: not possible."
        )
    prefix = int(f"{stored:0{length}b}"[::-1], 2)
    if mode == 1:
        return Code(length, prefix, value, total - length)
    if not 1 <= value <= tables:
        raise FormatError(f"A Huffman code in section 2 leads to table {value} of {tables}.")
    return Code(length, prefix, 0, 0, value - 1)


def _check_unique(codes: tuple[Code, ...], number: int) -> None:
    """No code may begin with another: the samples could then be read in two ways."""
    spans = sorted(
        (code.prefix << (_LONGEST_CODE - code.length), (code.prefix + 1) << (_LONGEST_CODE - code.length))
        for code in codes
    )
    if any(first[1] > second[0] for first, second in pairwise(spans)):
        raise FormatError(f"Codes of Huffman table {number} in section 2 begin with one another.")


def decode(data: bytes, count: int, tables: tuple[Table, ...], what: str) -> Ints:
    """`count` numbers from the bits of `data`; FormatError when they end before or are no code."""
    bits = 8 * len(data)
    if count > bits:
        raise FormatError(f"{what} states {count} samples in {len(data)} bytes of code.")
    # The 64 bits from each byte on, of which at least 57 are there at any bit of it: a prefix and a number fit twice.
    padded = np.frombuffer(data + bytes(8), np.uint8)
    windows = np.zeros(len(data), np.uint64)
    for k in range(8):
        windows = (windows << np.uint64(8)) | padded[k : k + len(data)]
    ahead: list[int] = windows.tolist()
    found: list[int] = []
    mask, table, position = (1 << 64) - 1, tables[0], 0
    while len(found) < count:
        if position >= bits:
            raise FormatError(f"{what} ends after {len(found)} of {count} samples.")
        window = (ahead[position >> 3] << (position & 7)) & mask
        code = table.short[window >> (64 - _LOOK)] or table.find(window)
        if code is None:
            raise FormatError(f"{what} holds bits that are no code of its Huffman table.")
        position += code.length
        if code.table is not None:
            table = tables[code.table]
            continue
        value = code.value
        if code.extra:
            rest = ((window << code.length) & mask) >> (64 - code.extra)
            value += rest - (1 << code.extra) if rest >> (code.extra - 1) else rest
            position += code.extra
        found.append(value)
    if position > bits:
        raise FormatError(f"{what} ends within its last sample.")
    return np.array(found, np.int64)
