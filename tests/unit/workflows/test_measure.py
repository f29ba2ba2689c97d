"""Beats of datasets and files measured: every ECG in every export, refused with its reason, or counted."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from einthoven import read
from einthoven.beats.types import FIDUCIALS
from einthoven.errors import Cancelled, NotFound, SettingError
from einthoven.record import EcgRecord
from einthoven.workflows.dispatch import run_job
from einthoven.workflows.measure import measure, outcome
from einthoven.workflows.measurements import EXPORTS, FileFormat, MeasureRequest
from einthoven.workflows.workspace import Workspace
from known_beats import AWAY_S, RATE, beating, flat, known, r_peaks
from small_ecgs import Notes, npz, write

N_BEATS = len(r_peaks())
EVERY = tuple(EXPORTS)


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with known(monkeypatch):
        yield


@pytest.fixture
def bench(workspace: Workspace) -> Workspace:
    """Three ECGs with known beats in two folds, and a flat one."""
    workspace.store.ensure_dataset("d")
    for seed in range(3):
        workspace.store.add("d", f"{seed}.npz", beating(seed), fold=1 + seed % 2)
    workspace.store.add("d", "flat.npz", flat(), fold=3)
    return workspace


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.open(newline="", encoding="utf-8")))


def item(workspace: Workspace, name: str) -> int:
    return next(found.id for found in workspace.store.items("d")[1] if found.file_name == name)


# -- a dataset -------------------------------------------------------------------------------------


def test_a_dataset_is_measured_ecg_by_ecg(bench: Workspace, report: Notes) -> None:
    done = measure(bench, MeasureRequest("d"), report)

    assert (done.total, done.n_refused, done.files) == (3, 1, ("measurements.csv", "refused.csv"))
    (refused,) = done.refused
    assert (refused.file_name, refused.error, refused.reason) == ("flat.npz", "NoBeats", "No lead shows an ECG.")
    assert report.failures == [refused] and rows(report.folder / "refused.csv")[0]["reason"] == refused.reason
    assert [(row.file_name, row.n_beats, row.n_corrected) for row in done.rows] == [
        (f"{seed}.npz", N_BEATS, 0) for seed in range(3)
    ]
    table = rows(report.folder / "measurements.csv")
    assert {row["file_name"] for row in table} == {"0.npz", "1.npz", "2.npz", "flat.npz"}
    mine = {(row["name"], row["lead"]): row for row in table if row["file_name"] == "1.npz"}
    assert float(mine["heart_rate", ""]["value"]) == pytest.approx(75) and mine["heart_rate", ""]["unit"] == "/min"
    assert float(mine["pr", ""]["value"]) == pytest.approx(160, abs=1) and int(mine["pr", ""]["n_beats"]) > 1
    assert float(mine["r_amplitude", "I"]["value"]) == pytest.approx(1.2, abs=0.05)
    assert {row["state"] for row in table if row["file_name"] == "flat.npz"} == {"not measurable"}
    assert {row["delineator"] for row in table} == {"einthoven"}


def test_the_summary_counts_and_has_median_and_quartiles(bench: Workspace, report: Notes) -> None:
    bench.store.add("d", "relative.npz", replace(beating(9), amplitude="relative"))
    done = measure(bench, MeasureRequest("d"), report)
    found = {(one.name, one.lead): one for one in done.summary}
    rate = found["heart_rate", None]
    assert (rate.n_measured, rate.n_absent, rate.n_not_measurable, rate.unit) == (4, 0, 0, "/min")
    assert (rate.lower_quartile, rate.median, rate.upper_quartile) == pytest.approx((75.0, 75.0, 75.0))
    height = found["r_amplitude", "II"]
    assert (height.n_measured, height.n_not_measurable) == (3, 1) and height.median is not None
    assert any("R amplitude not measurable" in reason for reason in done.reasons)


def test_a_reason_is_counted_once_for_each_ecg(bench: Workspace, report: Notes) -> None:
    for seed in (9, 10):
        bench.store.add("d", f"relative {seed}.npz", replace(beating(seed), amplitude="relative"))
    done = measure(bench, MeasureRequest("d"), report)
    counts = {count for reason, count in done.reasons.items() if reason.startswith("R amplitude not measurable")}
    assert counts == {2}, "12 leads of two ECGs"
    assert all(" not measurable: " in reason or " absent: " in reason for reason in done.reasons)


def test_a_lead_is_known_by_any_of_its_names_and_an_impossible_one_is_refused_at_once(
    bench: Workspace, report: Notes
) -> None:
    bench.store.add("d", "own.npz", beating(7, leads=("II", "Sternum")), fold=7)
    for lead in ("ii", "Lead II", "Sternum"):
        job = bench.submit("measure", MeasureRequest("d", folds=(7,), what=("qrs-overlay",), lead=lead))
        assert job.title == "Measure d"
        done = measure(bench, MeasureRequest("d", folds=(7,), what=("qrs-overlay",), lead=lead), report)
        assert (done.total, done.n_left_out) == (1, 0)
    for lead in ("V3R", "-aVR", "MLII", "X"):
        bench.submit("measure", MeasureRequest("d", lead=lead))
    for request in (MeasureRequest("d", lead="ZZ"), MeasureRequest(paths=(str(report.folder),), lead="Sternum"),
                    MeasureRequest("d", lead=""), MeasureRequest("d", folds=(1,), lead="Sternum")):  # fmt: skip
        with pytest.raises(SettingError, match=r"There is no lead '.*Name one of I, II, III, aVR"):
            bench.submit("measure", request)
    with pytest.raises(SettingError, match=r"V6, Sternum, or another lead"):
        bench.submit("measure", MeasureRequest("d", folds=(7,), lead="ZZ"))


def test_only_the_chosen_folds_are_measured(bench: Workspace, report: Notes) -> None:
    assert [row.file_name for row in measure(bench, MeasureRequest("d", folds=(2,)), report).rows] == ["1.npz"]
    with pytest.raises(NotFound, match="choose other folds"):
        measure(bench, MeasureRequest("d", folds=(9,)), report)
    with pytest.raises(NotFound, match="no delineator 'guess'"):
        measure(bench, MeasureRequest("d", method="guess"), report)


def test_corrections_are_in_every_number_and_table(bench: Workspace, report: Notes) -> None:
    for beat, r in enumerate(r_peaks()):
        end = r + AWAY_S[FIDUCIALS.index("qrs_off")] + 0.03
        bench.corrections.put(
            item(bench, "1.npz"), channel="global", r_peak=r, fiducial="qrs_off", time=float(end), who=f"me {beat}"
        )
    done = measure(bench, MeasureRequest("d", what=("measurements", "fiducials")), report)
    assert (done.n_corrected, [row.n_corrected for row in done.rows]) == (1, [0, N_BEATS, 0])
    widths = {
        row["file_name"]: float(row["value"])
        for row in rows(report.folder / "measurements.csv")
        if row["name"] == "qrs_duration" and row["value"]
    }
    assert widths == pytest.approx({"0.npz": 90, "1.npz": 120, "2.npz": 90}, abs=1)
    marked = [row for row in rows(report.folder / "fiducials.csv") if row["corrected"]]
    assert {(row["file_name"], row["channel"], row["corrected"]) for row in marked} == {("1.npz", "global", "qrs_off")}


def test_a_damaged_signal_is_refused_and_the_others_are_measured(bench: Workspace, report: Notes) -> None:
    (broken,) = (one for one in bench.store.items("d")[1] if one.file_name == "1.npz")
    bench.store.signals.path(broken.record_id).write_bytes(b"damaged")
    done = measure(bench, MeasureRequest("d"), report)
    assert done.total == 2 and {failure.file_name: failure.error for failure in done.refused} == {
        "1.npz": "FormatError", "flat.npz": "NoBeats",
    }  # fmt: skip


def test_a_cancelled_measuring_stops_and_leaves_no_half_file(bench: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "cancelled"
    folder.mkdir()
    with pytest.raises(Cancelled):
        measure(bench, MeasureRequest("d", what=EVERY), Notes(folder, cancel_after=2))
    assert list(folder.iterdir()) == []


# -- exports ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("file_format", ["csv", "json", "npz", "parquet"])
def test_every_export_holds_every_ecg_in_every_format(bench: Workspace, report: Notes, file_format: FileFormat) -> None:
    pytest.importorskip("rlign")
    done = measure(bench, MeasureRequest("d", what=EVERY, file_format=file_format), report)
    assert (done.n_left_out, done.total) == (0, 3) and len(done.files) == len(EVERY) + 1
    for name in done.files[:-1]:
        path = report.folder / name
        wanted = 4 if name.startswith("measurements") else 3
        if name.endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                assert len(archive.namelist()) == wanted and archive.testzip() is None
        elif file_format == "json":
            assert len(json.loads(path.read_text("utf-8"))) == wanted
        elif file_format == "csv":
            assert len({row["file_name"] for row in rows(path)}) == wanted
        else:
            from pyarrow import parquet

            assert len(set(parquet.read_table(path).column("file_name").to_pylist())) == wanted


def test_the_same_numbers_stand_in_every_format(bench: Workspace, tmp_path: Path) -> None:
    from pyarrow import parquet

    wanted = np.asarray(r_peaks())[:, None] + AWAY_S
    for file_format in ("csv", "json", "npz", "parquet"):
        report = Notes(tmp_path / file_format)
        report.folder.mkdir()
        request = MeasureRequest("d", folds=(2,), what=("fiducials", "qrs-overlay"), file_format=file_format)
        measure(bench, request, report)
        path = report.folder / f"fiducials.{file_format}"
        overlay = report.folder / f"qrs-overlay.{file_format}"
        if file_format == "npz":
            times = np.load(path)["times"][0]
            values = np.load(overlay)["values"]
        elif file_format == "json":
            (document,) = json.loads(path.read_text())
            times, values = document["times"][0], json.loads(overlay.read_text())[0]["values"]
        else:
            table = rows(path) if file_format == "csv" else parquet.read_table(path).to_pylist()
            times = [[float(row[name]) for name in FIDUCIALS] for row in table if row["channel"] == "global"]
            samples = rows(overlay) if file_format == "csv" else parquet.read_table(overlay).to_pylist()
            values = np.reshape([float(row["value"] or "nan") for row in samples], (N_BEATS, -1))
            at_r = [float(row["value"]) for row in samples if float(row["time"]) == 0]
            assert at_r == pytest.approx([1.2 * 0.954] * N_BEATS, abs=0.1)
        np.testing.assert_allclose(times, wanted, atol=1e-6)
        assert np.nanmax(np.array(values, dtype=float)) == pytest.approx(1.15, abs=0.1)


def test_an_aligned_ecg_is_read_again_and_can_be_imported(bench: Workspace, report: Notes) -> None:
    pytest.importorskip("rlign")
    measure(bench, MeasureRequest("d", folds=(1,), what=("rlign-aligned", "median-beat"), file_format="npz"), report)
    with zipfile.ZipFile(report.folder / "rlign-aligned.npz.zip") as archive:
        assert archive.namelist() == ["0.npz", "2.npz"]
        (report.folder / "one.npz").write_bytes(archive.read("0.npz"))
    again = read(report.folder / "one.npz")
    assert again.leads == beating().leads and again.amplitude == "mV" and not np.isnan(again.signal).any()
    with zipfile.ZipFile(report.folder / "median-beat.npz.zip") as archive:
        beat = np.load(io.BytesIO(archive.read("0.npz")))
    r_on = beat["times"][0, FIDUCIALS.index("qrs_on")]
    assert r_on == pytest.approx(beat["r_index"] / RATE + AWAY_S[3], abs=1 / RATE)
    assert list(beat["fiducials"]) == list(FIDUCIALS) and beat["signal"].shape[0] == 12


def test_an_export_that_an_ecg_does_not_allow_is_named_and_costs_nothing_else(bench: Workspace, report: Notes) -> None:
    bench.store.add("d", "two leads.npz", beating(7, leads=("V1", "V2")), fold=2)
    done = measure(bench, MeasureRequest("d", folds=(2,), what=("measurements", "qrs-overlay")), report)
    (left,) = done.left_out
    assert (done.total, done.n_refused, left.file_name) == (2, 0, "two leads.npz")
    assert "qrs-overlay" in left.reason and "no lead II" in left.reason
    assert {row["file_name"] for row in rows(report.folder / "qrs-overlay.csv")} == {"1.npz"}


def test_names_in_tables_are_no_formulas(bench: Workspace, report: Notes) -> None:
    bench.store.add("d", '=HYPERLINK("x")', beating(8), fold=7)
    measure(bench, MeasureRequest("d", folds=(7,), what=("measurements", "fiducials")), report)
    for name in ("measurements.csv", "fiducials.csv"):
        assert {row["file_name"] for row in rows(report.folder / name)} == {'\'=HYPERLINK("x")'}


def test_an_empty_table_is_a_table(bench: Workspace, report: Notes) -> None:
    from pyarrow import parquet

    done = measure(bench, MeasureRequest("d", folds=(3,), what=("fiducials",), file_format="parquet"), report)
    assert done.total == 0 and parquet.read_table(report.folder / "fiducials.parquet").num_rows == 0


# -- files -----------------------------------------------------------------------------------------


def of_file(record: EcgRecord, **beside: object) -> bytes:
    return npz(ecg=record.signal, fs=record.rate, **beside)


def test_files_are_measured_without_being_kept_or_naming_their_patient(
    bench: Workspace, report: Notes, tmp_path: Path
) -> None:
    files = {
        "in/good.npz": of_file(beating(), patient_id=4711), "in/bad.npz": b"no",
        "in/batch.npz": npz(ecg=np.stack([beating(1).signal, beating(2).signal]), fs=RATE),
    }  # fmt: skip
    folder = write(tmp_path, files) / "in"
    request = MeasureRequest(paths=(str(folder),), what=("measurements", "median-beat"), file_format="npz")
    done = measure(bench, request, report)
    assert [row.file_name for row in done.rows] == ["batch.npz", "batch.npz#2", "good.npz"]
    assert {row.item for row in done.rows} == {None} and len(bench.store.items("d")[1]) == 4
    assert [failure.file_name for failure in done.refused] == ["bad.npz"]
    with zipfile.ZipFile(report.folder / "median-beat.npz.zip") as archive:
        arrays = np.load(io.BytesIO(archive.read("good.npz")))
    assert "subject_id" not in arrays.files


def test_where_there_is_nothing_to_measure_that_is_said(bench: Workspace, report: Notes, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no ECG file"):
        measure(bench, MeasureRequest(paths=(str(write(tmp_path / "empty", {".x": b""})),)), report)
    with pytest.raises(NotFound, match="typo"):
        measure(bench, MeasureRequest(paths=("/typo",)), report)
    for request, words in (
        (MeasureRequest(), "nothing to measure"),
        (MeasureRequest("d", paths=("/x",)), "at once"),
    ):
        with pytest.raises(SettingError, match=words):
            bench.submit("measure", request)
    with pytest.raises(NotFound, match="no dataset 'gone'"):
        bench.submit("measure", MeasureRequest("gone"))
    with pytest.raises(NotFound, match="no delineator 'guess'"):
        bench.submit("measure", MeasureRequest("d", method="guess"))


# -- as a job --------------------------------------------------------------------------------------


def test_a_measuring_is_a_job_like_any_other(bench: Workspace) -> None:
    job = bench.submit("measure", MeasureRequest("d"))
    assert job.title == "Measure d" and outcome(bench, job.id) is None
    claimed = bench.jobs.claim("test")
    assert claimed is not None
    run_job(bench, claimed)
    ended = bench.jobs.job(job.id)
    assert (ended.state, ended.headline) == ("done", "3 ECGs measured, 1 refused")
    assert set(ended.files) >= {"measurements.csv", "refused.csv"}
    found = outcome(bench, job.id)
    assert found is not None and found.job == ended and found.total == 3
    assert found.rows[0].measurements[0].name == "heart_rate"


def test_the_server_has_a_lane_for_it() -> None:
    from einthoven.jobs.supervisor import LANES

    assert sum("measure" in lane for lane in LANES) == 1
