"""Every variant of WFDB and DICOM files comes back sample by sample, and still does after blanking."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import wfdb

from contracts.ecg_files import EIGHT, SHUFFLED, Case, Unwritable
from contracts.writers_wfdb_dicom import GAIN, VARIANTS_WFDB_DICOM, WRITERS_WFDB_DICOM, write_storage
from einthoven.formats import FORMATS, MemorySource, detect, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord

CASES = (Case(500.0, "mV", STANDARD_12, 510), Case(257.5, "uV", SHUFFLED, 294, gap=20), Case(360.0, "mV", EIGHT, 121))
ALL = WRITERS_WFDB_DICOM | VARIANTS_WFDB_DICOM


def _writable(name: str, case: Case) -> bool:
    try:
        ALL[name](case)
    except Unwritable:
        return False
    return True


def _read(files: Mapping[str, bytes]) -> EcgRecord:
    (record,) = read_all(MemorySource(next(iter(files)), files))
    return record


PAIRS = [(name, case) for name in VARIANTS_WFDB_DICOM for case in CASES if _writable(name, case)]


@pytest.mark.parametrize(("name", "case"), PAIRS, ids=str)
def test_a_known_signal_comes_back_from_every_variant(name: str, case: Case) -> None:
    written = ALL[name](case)
    record = _read(written.files)
    assert record.leads == case.leads and record.rate == pytest.approx(case.rate, rel=1e-9)
    # The steps of 10 digits that a decimal string of DICOM has, and float32.
    np.testing.assert_allclose(record.signal, case.truth, rtol=2e-7, atol=written.tolerance)
    assert not any("checksum" in doubt or "samples more" in doubt for doubt in record.source.doubts)


@pytest.mark.parametrize("name", [name for name in ALL if _writable(name, CASES[1])])
def test_what_is_blanked_is_of_the_same_format_and_decodes_to_the_same(name: str) -> None:
    written = ALL[name](CASES[1])
    source = MemorySource(written.name, written.files)
    entry = detect(source)
    files = entry.blank(source)
    assert files is not None
    first = next(iter(files))
    assert detect(MemorySource(first, files)) is entry
    assert set(entry.companions(MemorySource(first, files))) == set(files) - {first}
    before, after = _read(written.files), _read(files)
    np.testing.assert_array_equal(before.signal, after.signal)
    assert (before.leads, before.rate, before.subject.age) == (after.leads, after.rate, after.subject.age)
    assert (before.source.gain, before.source.band) == (after.source.gain, after.source.band)
    again = entry.blank(MemorySource(first, files))
    assert again is not None
    np.testing.assert_array_equal(_read(again).signal, after.signal)


@pytest.mark.parametrize("storage", [storage for storage in GAIN if storage != 61])
def test_the_wfdb_package_reads_the_same_from_what_the_writers_write(tmp_path: Path, storage: int) -> None:
    written = write_storage(CASES[2], storage=storage)
    for name, data in written.files.items():
        (tmp_path / name).write_bytes(data)
    theirs = wfdb.rdrecord(str(tmp_path / "ecg"))
    np.testing.assert_allclose(_read(written.files).signal, theirs.p_signal.T, rtol=1e-6, atol=1e-9)


def test_the_registry_has_both() -> None:
    assert {"wfdb", "dicom"} <= set(FORMATS.names())
