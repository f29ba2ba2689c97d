"""KardiaMobile ATC: leads by their letters, average beats, annotations, checksums, blanking."""

import struct

import numpy as np
import pytest

from contracts.ecg_files import Case
from contracts.writers_binary import IDENTITY, kardia_block, kardia_file, write_kardia
from einthoven.errors import FormatError, HintsNeeded
from einthoven.formats import FORMATS, MemorySource, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, ReadHints

RAMP = np.arange(-50, 50).astype("<i2")
CASE = Case(300.0, "mV", STANDARD_12, 900)


def records(data: bytes, hints: ReadHints | None = None) -> list[EcgRecord]:
    return list(read_all(MemorySource("ecg.atc", {"ecg.atc": data}), hints))


def test_leads_scale_device_and_time() -> None:
    written = write_kardia(CASE)
    (record,) = records(written.files["ecg.atc"])
    np.testing.assert_allclose(record.signal, CASE.truth, atol=written.tolerance)
    assert (record.leads, record.rate) == (STANDARD_12, 300.0)
    assert record.source.recorded == "2004-02-29T23:59:01.000+01:00"
    assert record.source.device == "AliveCor kardia_mobile"


def test_the_example_of_the_specification() -> None:
    """Part of the example file structure of specification 1.7: rate 300 Hz, 500 nV a step, samples 0, -297, 393."""
    data = kardia_file([("ecg ", struct.pack("<3h", 0, -297, 393))], 300, nanovolts=500, flags=14)
    (record,) = records(data)
    assert data[288:292] == b"fmt " and data[308:312] == b"ecg " and data[12:16] == b"info"
    np.testing.assert_allclose(record.signal, [[0, -0.1485, 0.1965]], rtol=1e-6)
    assert record.leads == ("I",)
    assert "the recorder states that it applied: mains filter, low-pass filter" in record.source.doubts


def test_average_and_median_beats_are_records_of_their_own() -> None:
    beat = (RAMP * 3).astype("<i2").tobytes()
    blocks = [("avg ", beat), ("ecg ", RAMP.tobytes()), ("ecg2", RAMP.tobytes()), ("med2", beat), ("acc ", b"\0" * 24)]
    rhythm, average, median = records(kardia_file(blocks, 300))
    assert (rhythm.leads, average.leads, median.leads) == (("I", "II"), ("I",), ("II",))
    assert [note.text for note in average.annotations] == ["average beat"]
    assert [note.text for note in median.annotations] == ["median beat"]
    assert [record.source.index for record in (rhythm, average, median)] == [0, 1, 2]


def test_beats_become_moments() -> None:
    beats = (
        struct.pack("<I", 300) + struct.pack("<IH", 150, 1) + struct.pack("<IH", 450, 2) + struct.pack("<IH", 600, 0)
    )
    (record,) = records(kardia_file([("ecg ", RAMP.tobytes()), ("ann ", beats)], 300))
    assert [(note.text, note.onset) for note in record.annotations] == [
        ("Normal beat", 0.5), ("Ventricular beat", 1.5), ("QRS", 2.0),
    ]  # fmt: skip


def test_leads_of_different_length_end_with_missing_samples() -> None:
    (record,) = records(kardia_file([("ecg ", RAMP.tobytes()), ("ecg2", RAMP[:60].tobytes())], 300))
    assert np.isnan(record.signal).sum(axis=1).tolist() == [0, 40]
    assert any("different lengths" in doubt for doubt in record.source.doubts)


def test_a_scale_or_rate_of_nothing_is_asked_for() -> None:
    with pytest.raises(HintsNeeded) as caught:
        records(kardia_file([("ecg ", RAMP.tobytes())], 0, nanovolts=0))
    assert set(caught.value.missing) == {"rate", "unit"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"ALIVE\0\0\0\5\0\0\0", "no format block"),
        (kardia_file([], 300), "holds no lead"),
        (kardia_file([("ecg ", b"")], 300), "no samples"),
        (
            kardia_file([("ecg ", RAMP.tobytes())], 300)[:-1],
            "cut off: a block of 200 bytes is stated and 199 are there",
        ),
        (kardia_file([("ecg ", RAMP.tobytes())], 300) + b"ecg2\xff\xff\xff\xff    ", "cut off"),
        (kardia_file([("ecg ", RAMP.tobytes())] * 2, 300), "twice"),
        (b"ALIVE\0\0\0\5\0\0\0" + kardia_block("fmt ", b"\2\x2c\1\xf4\1\0\0\0"), "format 2"),
    ],
)
def test_what_cannot_be_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        records(data)


def test_a_flipped_bit_anywhere_in_a_block_is_refused() -> None:
    data = kardia_file([("ecg ", RAMP.tobytes())], 300)
    for at in range(12, len(data), 7):
        damaged = bytearray(data)
        damaged[at] ^= 1
        with pytest.raises(FormatError):
            records(bytes(damaged))


def test_nothing_of_the_owner_is_left_in_a_blanked_file() -> None:
    blocks = [("ecg ", RAMP.tobytes()), ("note", " ".join(IDENTITY).encode()), ("med ", RAMP.tobytes())]
    data = kardia_file(blocks, 300)
    blanked = FORMATS.get("kardia-atc").blank(MemorySource("ecg.atc", {"ecg.atc": data}))
    assert blanked is not None
    for identity in (*IDENTITY, "uuid", "phone"):
        assert identity.encode() in data and identity.encode() not in blanked["ecg.atc"]
    for before, after in zip(records(data), records(blanked["ecg.atc"]), strict=True):
        np.testing.assert_array_equal(before.signal, after.signal)
        assert (before.source.recorded, before.source.device) == (after.source.recorded, after.source.device)
