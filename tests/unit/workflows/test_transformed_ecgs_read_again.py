"""An ECG that was transformed and exported is never measured as a patient's own, whatever way it comes back."""

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from einthoven.errors import RecordError
from einthoven.formats import MemorySource, PathSource, read, read_all
from einthoven.record import EcgRecord, SourceInfo, Subject
from einthoven.simulate import simulate
from einthoven.steps import is_time_aligned
from einthoven.workflows.convert import convert_file, export_dataset
from einthoven.workflows.import_ import import_files
from einthoven.workflows.measure import measure
from einthoven.workflows.measurements import Export, FileFormat, MeasureOutcome, MeasureRequest
from einthoven.workflows.requests import ImportRequest
from einthoven.workflows.show import original
from einthoven.workflows.workspace import Workspace
from einthoven.writers import WRITERS
from small_ecgs import Notes

pytestmark = pytest.mark.filterwarnings("ignore")
READABLE: tuple[FileFormat, ...] = ("csv", "npz", "parquet")


def ecg(seed: int) -> EcgRecord:
    """Ten seconds in sinus rhythm, not at the 60 beats a minute of Rlign's template."""
    record = simulate("NORM", np.random.default_rng(seed))
    return replace(record, source=SourceInfo(f"{seed}.npz", "npz", sha256=f"{seed:064d}"), subject=Subject())


@pytest.fixture
def bench(workspace: Workspace) -> Workspace:
    pytest.importorskip("rlign")
    workspace.store.ensure_dataset("d")
    for seed in (0, 3):
        workspace.store.add("d", f"{seed}.npz", ecg(seed))
    return workspace


def exported(workspace: Workspace, folder: Path, what: Export, file_format: FileFormat) -> list[Path]:
    """Both ECGs as files of their own."""
    folder.mkdir()
    done = measure(workspace, MeasureRequest("d", what=(what,), file_format=file_format), Notes(folder))
    (name,) = done.files
    with zipfile.ZipFile(folder / name) as archive:
        archive.extractall(folder / "files")
    return sorted((folder / "files").iterdir())


def measured(workspace: Workspace, folder: Path, request: MeasureRequest) -> MeasureOutcome:
    folder.mkdir()
    return measure(workspace, request, Notes(folder))


def values(done: MeasureOutcome) -> Iterator[tuple[str, float | None]]:
    return ((one.name, one.value) for row in done.rows for one in row.measurements)


def test_the_ecg_itself_is_measured(bench: Workspace, tmp_path: Path) -> None:
    done = measured(bench, tmp_path / "out", MeasureRequest("d"))
    rates = [value for name, value in values(done) if name == "heart_rate"]
    assert len(rates) == 2 and all(rate is not None and abs(rate - 60) > 3 for rate in rates)


@pytest.mark.parametrize("file_format", READABLE)
def test_nothing_is_measured_on_a_time_aligned_export(
    bench: Workspace, tmp_path: Path, file_format: FileFormat
) -> None:
    files = exported(bench, tmp_path / "first", "rlign-aligned", file_format)
    done = measured(bench, tmp_path / "again", MeasureRequest(paths=tuple(map(str, files))))
    assert done.total == len(files) == 2 and done.n_refused == 0
    assert [value for _, value in values(done) if value is not None] == []
    reasons = {one.reason for row in done.rows for one in row.measurements}
    assert len(reasons) == 1 and "those of a template" in reasons.pop()


def test_no_times_of_waves_are_exported_from_a_time_aligned_ecg(bench: Workspace, tmp_path: Path) -> None:
    first, _ = exported(bench, tmp_path / "first", "rlign-aligned", "npz")
    wanted: tuple[Export, ...] = ("fiducials", "median-fiducials")
    done = measured(bench, tmp_path / "again", MeasureRequest(paths=(str(first),), what=wanted))
    assert done.n_left_out == 2 and all("those of a template" in failure.reason for failure in done.left_out)


@pytest.mark.parametrize("file_format", READABLE)
@pytest.mark.parametrize("what", ["rlign-median", "median-beat"])
def test_nothing_is_measured_on_an_exported_median_beat(
    bench: Workspace, tmp_path: Path, what: Export, file_format: FileFormat
) -> None:
    files = exported(bench, tmp_path / "first", what, file_format)
    done = measured(bench, tmp_path / "again", MeasureRequest(paths=tuple(map(str, files))))
    assert (done.total, done.n_refused) == (0, 2)
    assert all("no recording" in failure.reason for failure in done.refused)


@pytest.mark.parametrize("file_format", READABLE)
def test_a_library_keeps_the_mark_and_its_dataset_is_not_measured(
    bench: Workspace, report: Notes, tmp_path: Path, file_format: FileFormat
) -> None:
    exported(bench, tmp_path / "first", "rlign-aligned", file_format)
    import_files(bench, ImportRequest("aligned", (str(tmp_path / "first" / "files"),)), report)
    _, items = bench.store.items("aligned")
    assert len(items) == 2 and all(is_time_aligned(bench.store.load(item)) for item in items)
    for item in items:
        kept = original(bench, item.id)
        (again,) = read_all(MemorySource(next(iter(kept)), kept))
        assert again.steps == bench.store.load(item).steps
    done = measured(bench, tmp_path / "again", MeasureRequest("aligned"))
    assert done.total == 2 and [value for _, value in values(done) if value is not None] == []


@pytest.mark.parametrize("what", ["rlign-median", "median-beat"])
def test_a_median_beat_is_not_imported_as_an_ecg(bench: Workspace, report: Notes, tmp_path: Path, what: Export) -> None:
    exported(bench, tmp_path / "first", what, "csv")
    done = import_files(bench, ImportRequest("beats", (str(tmp_path / "first" / "files"),)), report)
    assert len(done.refused) == 2
    assert all("median beat and no recording" in found.reason for found in bench.quarantine.list("beats"))


def test_converting_keeps_the_mark_or_is_refused(bench: Workspace, report: Notes, tmp_path: Path) -> None:
    first, _ = exported(bench, tmp_path / "first", "rlign-aligned", "csv")
    steps = read(first).steps
    for entry in WRITERS:
        out = tmp_path / f"out{entry.suffix}"
        if entry.name in ("dicom", "edf", "fhir"):
            with pytest.raises(RecordError, match="those of a template"):
                convert_file(first, out)
            assert not out.exists()
        else:
            convert_file(first, out)
            assert read(out).steps == steps
    import_files(bench, ImportRequest("aligned", (str(first),)), report)
    assert read(Path(export_dataset(bench, "aligned", tmp_path / "npz", ".npz").files[0])).steps == steps
    refused = export_dataset(bench, "aligned", tmp_path / "edf", ".edf")
    assert refused.n_written == 0 and "those of a template" in refused.refused[0].reason


def test_a_converted_median_beat_stays_one(bench: Workspace, tmp_path: Path) -> None:
    first, _ = exported(bench, tmp_path / "first", "rlign-median", "parquet")
    for suffix in (".csv", ".npz", ".hea", ".dcm", ".parquet"):
        out = tmp_path / f"out{suffix}"
        convert_file(first, out, beats=True)
        (found,) = read_all(PathSource(out))
        assert found.is_median_beat
