"""Every export in every format: the same content, as pandas, numpy and pyarrow read it, for one ECG and for several."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from einthoven.beats.alignment import rlign_median_beat, time_aligned
from einthoven.beats.exports import COLUMNS
from einthoven.beats.measuring import measure as measured_numbers
from einthoven.beats.median_beat import median_beat
from einthoven.beats.overlay import overlay
from einthoven.beats.types import FIDUCIALS, GLOBAL, Beats, NoBeats
from einthoven.record import EcgRecord
from einthoven.workflows.measure import measure
from einthoven.workflows.measurements import EXPORTS, FILE_FORMATS, Export, FileFormat, MeasureRequest
from einthoven.workflows.workspace import Workspace
from known_beats import beating, known_beats
from small_ecgs import Notes

pd = pytest.importorskip("pandas")
parquet = pytest.importorskip("pyarrow.parquet")
NAMES = ('a, "b".npz', "ü ü.npz")
Found = dict[str, Any]


def beats_of(record: EcgRecord, *, method: str = "einthoven") -> Beats | NoBeats:
    """Known beats, one ectopic, one with a P wave that is not there, an unused lead, spikes, corrections."""
    beats = known_beats(record, method=method)
    assert isinstance(beats, Beats)
    times = np.array(beats.times)
    times[:, 1, :3] = np.nan
    times[3] = np.nan
    return replace(
        beats, times=times, kinds=("normal", "ectopic", *("normal",) * (beats.n_beats - 2)),
        left_out={"III": "flat"}, notes={"V1": "T is not to be told"}, absent={"P": "atrial fibrillation"},
        spikes=np.array([0.45, 0.47, 1.25]), corrected=frozenset({(0, 2, 4), (2, 3, 8)}),
        doubtful=frozenset({3}),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("einthoven.beats.finding.find_beats", beats_of)


@pytest.fixture
def bench(workspace: Workspace) -> Workspace:
    workspace.store.ensure_dataset("d")
    for seed, name in enumerate(NAMES):
        record = beating(seed)
        signal = np.array(record.signal)
        signal[5, 100:103] = np.nan if seed else signal[5, 100:103]
        workspace.store.add("d", name, replace(record, signal=signal), fold=1 + seed)
    return workspace


def export(workspace: Workspace, folder: Path, what: Export, file_format: FileFormat, *, one: bool) -> dict[str, Found]:
    """What stands in an export, by ECG, as other programs read it."""
    folder.mkdir()
    request = MeasureRequest("d", folds=(1,) if one else None, what=(what,), file_format=file_format)
    done = measure(workspace, request, Notes(folder))
    assert done.n_refused == 0
    (name,) = done.files
    data = (folder / name).read_bytes()
    if file_format == "json":
        return {document["file_name"]: document for document in json.loads(data)}
    if what in COLUMNS and file_format in ("csv", "parquet"):
        table = pd.read_csv(io.BytesIO(data), keep_default_na=False, na_values=[""]) if file_format == "csv" else (
            parquet.read_table(io.BytesIO(data)).to_pandas())  # fmt: skip
        assert tuple(table.columns) == ("file_name", *COLUMNS[what])  # type: ignore[index]
        return {str(name): dict(part) for name, part in table.groupby("file_name")}
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = dict(zip(NAMES, (archive.read(member) for member in archive.namelist()), strict=False))
    else:
        parts = {NAMES[0]: data}
    if file_format == "npz":
        return {name: dict(np.load(io.BytesIO(part))) for name, part in parts.items()}
    if file_format == "csv":
        assert all(part.startswith(b"# steps: ") for part in parts.values())
        return {name: dict(pd.read_csv(io.BytesIO(part), comment="#")) for name, part in parts.items()}
    return {name: dict(pd.read_parquet(io.BytesIO(part))) for name, part in parts.items()}


def numbers(values: Any) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def texts(values: Any) -> list[str]:
    return ["" if value is None or value != value else str(value) for value in np.ravel(np.asarray(values, object))]


@pytest.mark.parametrize("one", ["one ECG", ""])
@pytest.mark.parametrize("file_format", FILE_FORMATS)
@pytest.mark.parametrize("what", EXPORTS)
def test_an_export_holds_what_was_found(
    bench: Workspace, tmp_path: Path, what: Export, file_format: FileFormat, one: str
) -> None:
    if what.startswith("rlign"):
        pytest.importorskip("rlign")
    exported = export(bench, tmp_path / "out", what, file_format, one=bool(one))
    gap = what in ("rlign-aligned", "rlign-median")  # of the second ECG, which has one
    assert set(exported) == set(NAMES[:1] if one or gap else NAMES)
    for item in bench.store.items("d")[1]:
        if item.file_name not in exported:
            continue
        record = bench.store.load(item)
        beats = beats_of(record)
        assert isinstance(beats, Beats)
        CHECKS[what](exported[item.file_name], file_format, record, beats)


def of_measurements(found: Found, file_format: str, record: EcgRecord, beats: Beats) -> None:
    wanted = measured_numbers(record, beats)
    rows: Mapping[str, Any] = found
    if file_format == "json":
        assert (found["delineator"], found["n_corrected"]) == ("einthoven", 2)
        rows = {name: [one[name] for one in found["measurements"]] for name in found["measurements"][0]}
        rows["beats"] = [" ".join(map(str, one)) for one in rows["beats"]]
    else:
        assert set(texts(found["delineator"])) == {"einthoven"} and set(numbers(found["n_corrected"])) == {2}
    for name in ("name", "title", "lead", "unit", "state", "method", "reason"):
        assert texts(rows[name]) == [getattr(one, name) or "" for one in wanted]
    assert texts(rows["beats"]) == [" ".join(map(str, one.beats)) for one in wanted]
    for name in ("value", "spread", "n_beats"):
        np.testing.assert_allclose(numbers(rows[name]), numbers([getattr(one, name) for one in wanted]), rtol=1e-8)


def of_fiducials(found: Found, file_format: str, record: EcgRecord, beats: Beats) -> None:
    shape = beats.times.shape
    if file_format in ("json", "npz"):
        times, channels, kinds = numbers(found["times"]), texts(found["channels"]), texts(found["kinds"])
        spikes = numbers(found["spikes"])
        np.testing.assert_allclose(numbers(found["r_peaks"]), beats.r_peaks)
    else:
        times = np.stack([numbers(found[name]).reshape(shape[:2]) for name in FIDUCIALS], axis=2)
        channels = texts(found["channel"])[:: beats.n_beats]
        kinds = texts(found["kind"])[: beats.n_beats]
        spikes = numbers([spike for cell in texts(found["spikes"]) for spike in cell.split()])
        np.testing.assert_allclose(numbers(found["r_peak"]), np.tile(beats.r_peaks, shape[0]))
        assert numbers(found["beat"]).tolist() == list(range(beats.n_beats)) * shape[0]
    np.testing.assert_allclose(times, beats.times, rtol=1e-8)
    doubtful = numbers(found["doubtful"])[: beats.n_beats]
    assert (doubtful.tolist() if file_format == "json" else np.flatnonzero(doubtful).tolist()) == [3]
    np.testing.assert_allclose(spikes, beats.spikes)
    assert (channels, kinds) == (list(beats.channels), list(beats.kinds))
    corrected = [(GLOBAL, 2, "qrs_peak"), (beats.channels[2], 3, "t_off")]
    remarks = {GLOBAL: "no P: atrial fibrillation", "III": "flat", "V1": "T is not to be told"}
    if file_format == "json":
        assert [tuple(one) for one in found["corrected"]] == corrected
        assert (found["left_out"], found["notes"], found["absent"]) == (beats.left_out, beats.notes, beats.absent)
    elif file_format == "npz":
        assert {tuple(place) for place in np.argwhere(found["corrected"]).tolist()} == beats.corrected
        assert dict(zip(channels, texts(found["remarks"]), strict=True)) == dict.fromkeys(channels, "") | remarks
    else:
        cells = texts(found["corrected"])
        marked = [(row // beats.n_beats, row % beats.n_beats, name) for row, name in enumerate(cells) if name]
        assert [(beats.channels[channel], beat, name) for channel, beat, name in marked] == corrected
        said = dict(zip(texts(found["channel"]), texts(found["remark"]), strict=True))
        assert said == dict.fromkeys(channels, "") | remarks


def of_overlay(found: Found, file_format: str, record: EcgRecord, beats: Beats) -> None:
    wanted = overlay(record, beats, "II")
    n_beats, n_samples = wanted.values.shape
    time = (np.arange(n_samples) - wanted.r_index) / wanted.rate
    if file_format in ("json", "npz"):
        values, r_peaks, levels, kinds = (found[name] for name in ("values", "r_peaks", "levels", "kinds"))
        np.testing.assert_allclose(numbers(found["time"]), time)
        assert numbers(found["beats"]).tolist() == list(wanted.beats) and float(found["rate"]) == record.rate
    else:
        first = slice(None, None, n_samples)
        values = numbers(found["value"]).reshape(n_beats, n_samples)
        r_peaks, levels, kinds = (list(found[name])[first] for name in ("r_peak", "level", "kind"))
        np.testing.assert_allclose(numbers(found["time"]), np.tile(time, n_beats), atol=1e-9)
        assert numbers(found["beat"])[first].tolist() == list(wanted.beats)
    assert set(texts(found["lead"])) <= {"II", *"II"} and texts(kinds) == list(wanted.kinds)
    np.testing.assert_allclose(numbers(values), wanted.values, rtol=1e-6)
    np.testing.assert_allclose(numbers(r_peaks), wanted.r_peaks, rtol=1e-8)
    np.testing.assert_allclose(numbers(levels), wanted.levels, rtol=1e-6)


def of_median_beat(found: Found, file_format: str, record: EcgRecord, beats: Beats) -> None:
    beat = median_beat(record, beats)
    signal_is(found, file_format, beat.signal, record.leads, record.rate)
    if file_format in ("json", "npz"):
        np.testing.assert_allclose(numbers(found["times"]), beat.times)


def of_median_fiducials(found: Found, file_format: str, record: EcgRecord, beats: Beats) -> None:
    beat = median_beat(record, beats)
    tables = file_format in ("csv", "parquet")
    times = np.stack([numbers(found[name]) for name in FIDUCIALS], axis=1) if tables else numbers(found["times"])
    np.testing.assert_allclose(times, beat.times, rtol=1e-8)
    assert set(numbers(found["r"]).ravel()) == {beat.r_index / beat.rate}
    assert texts(found["channel" if tables else "channels"]) == list(beat.channels)
    used = set(texts(found["beats"])) if tables else {" ".join(texts(found["beats"]))}
    assert used == {" ".join(map(str, beat.beats))} and set(texts(found["kinds"])) == {"normal"}
    if file_format == "json":
        assert found["left_out"] == beats.left_out
    else:
        assert texts(found["remark" if tables else "remarks"])[3] == "flat"


def of_rlign_median(found: Found, file_format: str, record: EcgRecord, beats: Beats) -> None:
    made = rlign_median_beat(record, beats)
    signal_is(found, file_format, made.signal, made.leads, made.rate)


def of_rlign_aligned(found: Found, file_format: str, record: EcgRecord, beats: Beats) -> None:
    made = time_aligned(record, beats)
    signal_is(found, file_format, made.signal, made.leads, made.rate)


def signal_is(found: Found, file_format: str, signal: np.ndarray, leads: tuple[str, ...], rate: float) -> None:
    if file_format in ("json", "npz"):
        np.testing.assert_array_equal(np.array(found["signal"], dtype=np.float32), signal)
        assert texts(found["leads"]) == list(leads) and float(found["rate" if file_format == "json" else "fs"]) == rate
        assert str(found["unit"]) == "mV" and "of" in texts(found["steps"])[0]
    else:
        assert tuple(found) == ("time (s)", *(f"{lead} (mV)" for lead in leads))
        np.testing.assert_allclose(found["time (s)"], np.arange(signal.shape[1]) / rate)
        rows = [np.asarray(found[f"{lead} (mV)"], dtype=np.float32) for lead in leads]
        np.testing.assert_array_equal(np.stack(rows), signal)


CHECKS = {
    "measurements": of_measurements, "fiducials": of_fiducials, "qrs-overlay": of_overlay,
    "median-beat": of_median_beat, "median-fiducials": of_median_fiducials, "rlign-median": of_rlign_median,
    "rlign-aligned": of_rlign_aligned,
}  # fmt: skip


def test_every_export_is_checked() -> None:
    assert set(CHECKS) == set(EXPORTS)
