"""Mortara ELI XML: no real file could be had; written from the layout, and read by ecgdatakit as well."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from contracts.ecg_files import Case
from contracts.writers_xml import mortara_text
from einthoven.errors import FormatError, HintsNeeded
from einthoven.formats import MemorySource, detect, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord

SMALL = Case(500.0, "mV", STANDARD_12, 700)


def _read(text: str) -> list[EcgRecord]:
    return list(read_all(MemorySource("a.xml", {"a.xml": text.encode()})))


def test_rhythm_and_typical_cycle() -> None:
    rhythm, beat = _read(mortara_text(SMALL, beat=300))
    assert (rhythm.n_samples, beat.n_samples) == (700, 300)
    assert [note.text for note in beat.annotations] == ["median beat", "NORMAL SINUS RHYTHM"]
    np.testing.assert_allclose(beat.signal, SMALL.truth[:, :300], atol=0.0013)
    assert (rhythm.subject.age, rhythm.subject.sex) == (80.0, "F")
    assert (rhythm.source.device, rhythm.source.recorded) == ("Mortara ELI 250", "2024-03-01T10:11:12")
    assert rhythm.source.unit == "mV" and set(rhythm.source.gain or ()) == {400.0}


def test_ecgdatakit_reads_the_same(tmp_path: Path) -> None:
    from ecgdatakit.parsing.parsers.mortara_el250 import MortaraEL250Parser

    path = tmp_path / "a.xml"
    path.write_text(mortara_text(SMALL, beat=300))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = MortaraEL250Parser().parse(path)
    for record, leads in zip(_read(path.read_text()), (other.leads, other.median_beats), strict=True):
        assert [lead.label for lead in leads] == list(record.leads)
        for lead in leads:
            assert lead.sampling_rate == record.rate
            np.testing.assert_allclose(record.lead(lead.label), lead.samples * lead.resolution / 1000, atol=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('BITS="16"', 'BITS="12"', "BITS 12; 16 is read"),
        ('ENCODING="BASE64"', 'ENCODING="HEX"', "ENCODING HEX; BASE64"),
        ('UNITS_PER_MV="400"', 'UNITS_PER_MV="0"', "0 counts per mV"),
        ('DURATION="700"', 'DURATION="900"', "states 900 samples and holds 700"),
        ('500.0" ENCODING="BASE64" DURATION="700" NAME="V6"', '250" ENCODING="BASE64" NAME="V6"', "different rates"),
    ],
)
def test_contradictions_are_refused(old: str, new: str, message: str) -> None:
    text = mortara_text(SMALL)
    assert old in text
    with pytest.raises(FormatError, match=message):
        _read(text.replace(old, new))


def test_an_offset_is_said_and_not_applied() -> None:
    record = _read(mortara_text(SMALL).replace('OFFSET="0"', 'OFFSET="7"', 1))[0]
    assert "channel I states an offset of 7, which was not applied" in record.source.doubts
    np.testing.assert_allclose(record.signal, SMALL.truth, atol=0.0013)


def test_a_typical_cycle_without_scale_is_left_out_and_said() -> None:
    text = re.sub(r'(<TYPICAL_CYCLE [^>]*?)UNITS_PER_MV="400"', r"\1", mortara_text(SMALL, beat=300))
    (record,) = _read(text)
    assert "left out: a typical cycle that states no rate or no scale" in record.source.doubts


def test_a_missing_scale_is_asked_for() -> None:
    with pytest.raises(HintsNeeded) as caught:
        _read(re.sub(r'UNITS_PER_MV="400"', "", mortara_text(SMALL)))
    assert caught.value.missing == ("unit",)


def test_another_document_with_that_root_is_not_claimed() -> None:
    with pytest.raises(FormatError, match="none of the formats"):
        detect(MemorySource("a.xml", {"a.xml": b"<ECG><Patient/></ECG>"}))
