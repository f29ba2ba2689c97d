"""One recording in several formats agrees: by independent code, by our writers, by the devices themselves."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest

from contracts.ecg_files import PER_MV, Case, Floats
from contracts.every_format import ALL_WRITERS, writable
from einthoven.examine import open_all
from einthoven.formats import MemorySource, PathSource, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord
from einthoven.writers import WRITERS

RATE, N_SAMPLES = 500.0, 2500
LIKE_IT = Case(RATE, "mV", STANDARD_12, N_SAMPLES)

# One count of the coarser of the two files, in mV.
DEVICES = (
    ("aecg/Example.xml", "scp/Example.scp", 0.0026),
    ("aecg/Example.xml", "dicom/implicit_vr_500hz.dcm", 0.0026),
    ("muse/guangxi_teaching_sinus_rhythm.xml", "dicom/guangxi_teaching_sinus_rhythm.dcm", 0.0049),
    ("muse/synthetic_muse.xml", "dicom/synthetic_muse.dcm", 0.0049),
)


@dataclass(frozen=True)
class RealCase(Case):
    """A real recording as the truth: record 1 of LUDB, decoded from its bytes (1 count is 1 uV)."""

    path: Path = Path()

    @cached_property
    def truth(self) -> Floats:  # type: ignore[override]
        counts = np.frombuffer(self.path.read_bytes(), "<i2").reshape(-1, 12).T
        return counts[:, : self.n_samples] / 1000

    @property
    def in_unit(self) -> Floats:
        return self.truth * PER_MV[self.unit]


@pytest.fixture(scope="module")
def recording(shared_data: Path) -> RealCase:
    case = RealCase(RATE, "mV", STANDARD_12, N_SAMPLES, path=shared_data / "ludb/data/1.dat")
    assert (shared_data / "ludb/data/1.hea").read_text().split()[:4] == ["1", "12", "500", "5000"]
    return case


@pytest.mark.parametrize("name", [name for name in sorted(ALL_WRITERS) if writable(name, LIKE_IT)])
def test_a_real_recording_is_the_same_in_every_format(name: str, recording: RealCase) -> None:
    written = ALL_WRITERS[name](recording)
    record = next(read_all(MemorySource(written.name, written.files), written.hints))
    assert record.leads == STANDARD_12 and record.rate == RATE
    np.testing.assert_allclose(record.signal, recording.truth, rtol=1e-6, atol=written.tolerance)


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_what_our_writers_write_is_the_same_too(writer: object, recording: RealCase) -> None:
    first = ALL_WRITERS["csv"](recording)
    record = next(read_all(MemorySource(first.name, first.files), first.hints))
    files = writer.write(record, "again").files  # type: ignore[attr-defined]
    again = next(read_all(MemorySource(next(iter(files)), files)))
    assert again.leads == STANDARD_12 and again.rate == RATE
    np.testing.assert_allclose(again.signal, recording.truth, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("one", "other", "step"), DEVICES)
def test_two_exports_of_one_recording_by_its_device_agree(one: str, other: str, step: float, shared_data: Path) -> None:
    a, b = (_recording(shared_data / "formats" / name) for name in (one, other))
    assert (a.rate, a.n_samples) == (b.rate, b.n_samples)
    for lead in STANDARD_12:
        np.testing.assert_allclose(a.lead(lead), b.lead(lead), atol=2 * step, err_msg=lead)


def _recording(path: Path) -> EcgRecord:
    """Completed, so that a file of eight leads can be held against one of twelve."""
    (record,) = (record for record in open_all(PathSource(path)) if not record.is_median_beat)
    return record
