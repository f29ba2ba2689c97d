"""What the library and the viewer show."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from einthoven.errors import RecordError, SettingError
from einthoven.signal.filters import band_pass
from einthoven.task import Task, TaskClass
from einthoven.workflows import library, runs, show
from einthoven.workflows.workspace import Workspace
from small_ecgs import ecg, signal


@pytest.fixture
def shelf(workspace: Workspace) -> Workspace:
    workspace.store.create_dataset("d")
    workspace.store.add("d", "@a.npz", ecg(1, subject="p1", age=39.9, doubts=("-odd",)), fold=2)
    workspace.store.add("d", "b.npz", ecg(2, subject="p1", age=61.0, rate=500.0), fold=1)
    workspace.store.add("d", "c,d.npz", ecg(3, amplitude="relative"))
    classes = (TaskClass("=1+1"), TaskClass("y"))
    workspace.store.put_task("d", Task("+multi", "multi-label", classes, {"@a.npz": ("=1+1", "y"), "b.npz": ()}))
    workspace.store.put_task("d", Task("value", "regression", (TaskClass("value"),), {"c,d.npz": -2.5}, unit="ms"))
    return workspace


def test_a_summary_counts_what_there_is(shelf: Workspace) -> None:
    found = library.summary(shelf, "d")
    assert (found.dataset.n_records, found.n_without_age, found.n_doubts, found.doubts) == (3, 1, 1, {"-odd": 1})
    assert found.sexes == {"unknown": 3} and found.folds == {"1": 1, "2": 1}
    assert found.rates == {"100 Hz": 2, "500 Hz": 1} and found.amplitudes == {"mV": 2, "relative": 1}
    assert found.durations == {"2.0 s": 2, "0.4 s": 1}
    assert [(b.start, b.end, b.unknown) for b in found.ages] == [(30, 40, 1), (40, 50, 0), (50, 60, 0), (60, 70, 1)]
    assert [task.name for task in found.tasks] == ["+multi", "value"]


def test_the_table_of_records_holds_every_label_and_nothing_a_spreadsheet_would_compute(shelf: Workspace) -> None:
    rows = list(csv.DictReader(io.StringIO(library.records_csv(shelf, "d"))))
    assert [row["file_name"] for row in rows] == ["'@a.npz", "b.npz", "c,d.npz"]
    assert [row["'+multi"] for row in rows] == ["'=1+1|y", "", ""] and [row["value"] for row in rows] == [
        "",
        "",
        "-2.5",
    ]
    assert rows[0]["doubts"] == "'-odd" and rows[1]["rate_hz"] == "500" and rows[1]["duration_s"] == "0.400"
    for row in csv.reader(io.StringIO(library.records_csv(shelf, "d"))):
        for cell in row:
            assert cell[:1] not in ("=", "+", "@", "\t", "\r") and (cell[:1] != "-" or float(cell) < 0)


def test_queries_that_mean_nothing_are_refused(workspace: Workspace) -> None:
    asked = {
        "search": "", "task": None, "label": None, "folds": None, "sex": None, "age_from": None, "age_to": None,
        "only_doubts": False, "sort": "file_name", "descending": False,
    }  # fmt: skip
    for change, words in (({"sort": "height"}, "sorted by 'height'"), ({"label": "x"}, "Name the task too")):
        with pytest.raises(SettingError, match=words):
            library.item_query(workspace, **{**asked, **change})  # type: ignore[arg-type]


def test_a_record_is_shown_with_its_passport_and_neighbours(shelf: Workspace) -> None:
    first, second, third = shelf.store.items("d")[1]
    detail = show.detail(shelf, second.id)
    assert (detail.previous, detail.next, detail.position, detail.total) == (first.id, third.id, 2, 3)
    assert (detail.subject.id, detail.subject.age, detail.fold, detail.labels) == ("p1", 61.0, 1, {"+multi": ()})
    assert (detail.rate, detail.n_samples, detail.duration) == (500, 200, 0.4)


def test_the_bytes_of_a_signal_are_its_samples(shelf: Workspace) -> None:
    item = shelf.store.items("d")[1][0]
    data = np.frombuffer(show.signal_bytes(shelf, item.id), "<f4").reshape(12, 200)
    np.testing.assert_array_equal(data, signal(1))


def test_a_filter_for_display_leaves_missing_samples_missing(shelf: Workspace) -> None:
    whole = ecg(5)
    holes = np.array(whole.signal)
    holes[2, 50:60] = np.nan
    holes[3] = np.nan
    filtered = show.filtered_for_display(replace(whole, signal=holes), (0.5, 40.0))
    np.testing.assert_array_equal(np.isnan(filtered.signal), np.isnan(holes))
    np.testing.assert_allclose(filtered.signal[0], band_pass(whole, 0.5, 40.0).signal[0], atol=1e-6)
    for band, error in (((40.0, 0.5), SettingError), ((0.5, 51.0), RecordError), ((0.5, float("inf")), SettingError)):
        with pytest.raises((error, RecordError)):
            show.filtered_for_display(whole, band)


def test_a_thumbnail_keeps_the_extremes_of_lead_two(shelf: Workspace) -> None:
    item = shelf.store.items("d")[1][0]
    (found,) = show.thumbnails(shelf, [item.id])
    there = signal(1)[1]
    assert found.lead == "II" and len(found.low) == len(found.high) == 120
    assert max(v for v in found.high if v is not None) == there.max()
    assert min(v for v in found.low if v is not None) == there.min()


def test_a_thumbnail_of_missing_samples_has_gaps(workspace: Workspace) -> None:
    workspace.store.create_dataset("d")
    holes = signal(1)
    holes[1, :100] = np.nan
    workspace.store.add("d", "x", replace(ecg(1), signal=holes))
    (found,) = show.thumbnails(workspace, [workspace.store.items("d")[1][0].id])
    assert found.low[0] is None and found.high[0] is None and found.high[-1] is not None


def test_a_job_of_another_kind_has_no_page_of_a_run(workspace: Workspace) -> None:
    from einthoven.errors import NotFound
    from einthoven.workflows import evaluate, import_, predict

    job = workspace.jobs.submit("import", "", {})
    for call in (runs.run, evaluate.report, lambda w, j: predict.table(w, j, offset=0, limit=1, sort=None)):
        with pytest.raises(NotFound, match="no job of kind"):
            call(workspace, job.id)
    assert import_.outcome(workspace, job.id) is None
    with pytest.raises(NotFound, match="no job of kind 'import'"):
        import_.outcome(workspace, workspace.jobs.submit("train", "", {}).id)


def test_files_of_equal_content_keep_their_own_names_in_the_passport(workspace: Workspace) -> None:
    for dataset, name in (("one", "first.npz"), ("two", "second.npz")):
        workspace.store.ensure_dataset(dataset)
        workspace.store.add(dataset, name, ecg(5))
    (item,) = workspace.store.items("two")[1]
    assert show.detail(workspace, item.id).source.name == "second.npz"
