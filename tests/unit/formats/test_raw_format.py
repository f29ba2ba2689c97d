"""Raw numbers: read only when everything is said."""

import struct

import numpy as np
import pytest

from einthoven.errors import FormatError, HintsNeeded, SettingError
from einthoven.formats import FORMATS, MemorySource, detect, read_all
from einthoven.record import STORED, EcgRecord, ReadHints

COUNTS = [[-8, 5], [100, -120], [7, 0]]  # three samples of two leads
ALL = "unit=counts,gain=10,baseline=-1,rate=250,leads=I V1"


def _read(data: bytes, hints: str) -> EcgRecord:
    (record,) = read_all(MemorySource("a.dat", {"a.dat": data}), ReadHints.parse(hints))
    return record


@pytest.mark.parametrize(
    ("stored", "code"),
    [("int8", "<b"), ("int16", "<h"), ("int16be", ">h"), ("int32", "<i"), ("int32be", ">i"), ("float32", "<f"),
     ("float32be", ">f"), ("float64", "<d"), ("float64be", ">d")],
)  # fmt: skip
def test_every_type_and_byte_order_is_read_as_struct_writes_it(stored: str, code: str) -> None:
    data = b"".join(struct.pack(code, value) for row in COUNTS for value in row)
    record = _read(data, f"{ALL},stored={stored},orientation=samples-first")
    np.testing.assert_allclose(record.signal, (np.array(COUNTS).T + 1) / 10, rtol=1e-6)
    assert f"numbers stored as {stored}, from the hint" in record.source.assumed
    assert "samples-first, from the hint" in record.source.assumed and len(record.source.assumed) == 7


@pytest.mark.parametrize(("stored", "order"), [("int24", "little"), ("int24be", "big")])
def test_three_bytes_keep_their_sign(stored: str, order: str) -> None:
    values = [-(2**23), 2**23 - 1, -1, 1, 0, 65536]
    data = b"".join(value.to_bytes(3, order, signed=True) for value in values)  # type: ignore[arg-type]
    record = _read(data, f"unit=counts,gain=1,baseline=0,rate=250,leads=I V1,orientation=leads-first,stored={stored}")
    np.testing.assert_array_equal(record.signal, np.array(values, dtype=np.float32).reshape(2, 3))


def test_without_the_hint_it_is_no_ecg_and_with_it_all_gaps_are_named() -> None:
    data = struct.pack("<6h", *range(-3, 3))
    with pytest.raises(FormatError, match=r"a\.dat is none of the formats"):
        _read(data, ALL)
    with pytest.raises(HintsNeeded) as caught:
        _read(data, "stored=int16,leads=I V1")
    assert set(caught.value.missing) == {"orientation", "unit", "rate"}


def test_a_size_that_does_not_fill_the_leads_is_refused() -> None:
    with pytest.raises(FormatError, match=r"a\.dat: Its 10 bytes are no multiple of 2 leads of 2 bytes \(int16\)"):
        _read(struct.pack("<5h", *range(-3, 2)), f"{ALL},stored=int16,orientation=samples-first")


@pytest.mark.parametrize("data", [b"Read me first.\n" * 4, b"%PDF-1.7\0\0\0", b"\xff\xd8\xff\xe0\0\0\0\0"])
def test_documents_and_pictures_are_never_raw_numbers(data: bytes) -> None:
    with pytest.raises(FormatError):
        _read(data, "unit=mV,rate=250,leads=I,stored=int8")


def test_a_file_that_a_format_knows_is_not_raw_whatever_the_hint_says() -> None:
    data = b"\x93NUMPY\x01\x00" + bytes(200)
    assert detect(MemorySource("a", {"a": data}), ReadHints(stored="int16")).name == "npy"
    assert not FORMATS.get("raw").claims(MemorySource("a", {"a": data}))


def test_the_hint_is_checked_and_written_like_the_others() -> None:
    with pytest.raises(SettingError, match="Stored type 'int17' is unknown"):
        ReadHints.parse("stored=int17")
    for stored in STORED:
        assert str(ReadHints.parse(f"stored={stored}")) == f"stored={stored}"
