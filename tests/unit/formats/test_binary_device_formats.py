"""What SCP-ECG, EDF, ISHNE, MFER, ATC and Contec have in common: claims, damage, memory, time."""

import binascii
import random
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from contracts.ecg_files import EIGHT, Case, Written
from contracts.writers_binary import VARIANTS_BINARY, WRITERS_BINARY, crc_ccitt, scp_with_beat
from einthoven.errors import EinthovenError
from einthoven.formats import FORMATS, MemorySource, read_all
from einthoven.record import EcgRecord, ReadHints

CASE = Case(500.0, "mV", EIGHT, 400)
ALL: dict[str, Callable[[Case], Written]] = {
    **WRITERS_BINARY,
    **VARIANTS_BINARY,
    "scp-reference-beat": lambda case: Written({"ecg.scp": scp_with_beat(case)[0]}, ReadHints(), 0.0),
}
OVERHEAD = 400_000
"""Bytes that reading takes whatever the file is: tables, the record's text."""


def _format(name: str) -> str:
    return next(known for known in sorted(WRITERS_BINARY, key=len, reverse=True) if name.startswith(known[:3]))


def _source(written: Written, data: bytes) -> MemorySource:
    return MemorySource(written.name, {written.name: data})


def _mend(name: str, damaged: bytes) -> bytes:
    """Right checksums on wrong content, so that damage gets past them."""
    data = bytearray(damaged)
    if name.startswith("scp") and len(data) > 32:
        size, length = struct.unpack_from("<I4xI", data, 2)
        for position in range(22, min(6 + length, len(data) - 10), 10):
            _, section, index = struct.unpack_from("<HII", data, position)
            if section > 2 and 0 < index <= len(data) and index - 1 + section <= len(data):
                body = bytes(data[index + 1 : index - 1 + section])
                struct.pack_into("<H", data, index - 1, binascii.crc_hqx(body, 0xFFFF))
        struct.pack_into("<H", data, 0, binascii.crc_hqx(bytes(data[2:size]), 0xFFFF))
    if name.startswith("kardia"):
        position = 12
        while position + 12 <= len(data):
            end = position + 8 + int(struct.unpack_from("<I", data, position + 4)[0])
            if end + 4 > len(data):
                break
            struct.pack_into("<I", data, end, zlib.crc32(bytes(data[position:end])))
            position = end + 4
    return bytes(data)


def _damage(data: bytes, generator: random.Random) -> bytes:
    """Cut, splice and overwrite; half of the overwritten bytes are in the first 700."""
    out = bytearray(data)
    kind = generator.randrange(4)
    if kind == 0:
        out = out[: generator.randrange(len(out) + 1)]
    elif kind == 1:
        first, end = sorted(generator.randrange(len(out)) for _ in range(2))
        place = generator.randrange(len(out))
        out = out[:place] + out[first:end] + out[place:]
    for _ in range(generator.randrange(6) if out else 0):
        place = generator.randrange(min(len(out), 700) if generator.random() < 0.5 else len(out))
        out[place] = generator.choice((0, 1, 127, 128, 255, generator.randrange(256)))
    return bytes(out)


def test_the_checksum_of_the_writers_is_that_of_the_standard() -> None:
    """CRC-CCITT, start 0xFFFF: the check value of the catalogue of CRC parameters (CRC-16/IBM-3740) is 0x29B1."""
    assert crc_ccitt(b"123456789") == 0x29B1


@pytest.mark.parametrize("name", sorted(ALL))
def test_exactly_one_format_claims_a_file(name: str) -> None:
    written = ALL[name](CASE)
    source = _source(written, written.files[written.name])
    expected = "edf" if name.startswith("bdf") else _format(name)
    assert [entry.name for entry in FORMATS if entry.claims(source)] == [expected]


@pytest.mark.parametrize("name", sorted(ALL))
def test_damage_gives_our_errors_only_in_little_time_and_memory(name: str) -> None:
    """40 files cut, spliced and overwritten, most with checksums set right afterwards."""
    written = ALL[name](CASE)
    whole = written.files[written.name]
    list(read_all(_source(written, whole), written.hints))  # imports are not what is measured
    generator = random.Random(20260101)
    refused = 0
    for turn in range(40):
        data = _damage(whole, generator)
        data = _mend(name, data) if turn % 3 else data
        source = _source(written, data)
        start = time.perf_counter()
        tracemalloc.start()
        try:
            records = list(read_all(source, written.hints))
        except EinthovenError as error:
            refused += 1
            assert written.name in str(error) and "cannot be read as" not in str(error), "translated, not thought of"
        else:
            assert records and all(isinstance(record, EcgRecord) for record in records)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert time.perf_counter() - start < 2
        assert peak < 10 * len(data) + OVERHEAD
        for entry in FORMATS:
            if entry.claims(source) and entry.name in WRITERS_BINARY:
                entry.blank(source)
    assert refused > 3


@pytest.mark.parametrize("name", sorted(ALL))
def test_blanking_twice_changes_nothing_more(name: str) -> None:
    written = ALL[name](CASE)
    source = _source(written, written.files[written.name])
    entry = next(entry for entry in FORMATS if entry.claims(source))
    once = entry.blank(source)
    assert once is not None and list(once) == [written.name]
    assert entry.blank(_source(written, once[written.name])) == once
    assert [known.name for known in FORMATS if known.claims(_source(written, once[written.name]))] == [entry.name]
