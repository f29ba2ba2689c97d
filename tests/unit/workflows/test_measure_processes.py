"""Many ECGs are measured by several processes, and one of them that dies costs one ECG."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from einthoven.errors import SettingError
from einthoven.workflows import measure as workflow
from einthoven.workflows.measure import measure
from einthoven.workflows.measurements import MeasureRequest
from einthoven.workflows.measurers import _Measurer
from einthoven.workflows.workspace import Workspace
from known_beats import beating
from small_ecgs import Notes


@pytest.fixture
def bench(workspace: Workspace) -> Workspace:
    """Three ECGs, whose beats are found here: what a test puts in place does not reach other processes."""
    workspace.store.ensure_dataset("d")
    for seed in range(3):
        workspace.store.add("d", f"{seed}.npz", beating(seed))
    return workspace


def test_many_are_measured_by_several_processes_as_few_are_by_one(
    bench: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.corrections.put(
        bench.store.items("d")[1][0].id, channel="II", r_peak=0.5, fiducial="t_off", time=None, who="me"
    )
    request = MeasureRequest("d", what=("measurements", "fiducials", "median-beat"), file_format="json")
    reports = [Notes(tmp_path / name) for name in ("few", "many")]
    done = []
    for few, report in zip((8, 0), reports, strict=True):
        report.folder.mkdir()
        monkeypatch.setattr(workflow, "FEW_ECGS", few)
        done.append(measure(bench, request, report))
    assert replace(done[0], seconds=0) == replace(done[1], seconds=0) and done[0].total == 3
    assert done[0].rows[0].n_corrected == 1
    for name in done[0].files:
        first, second = ((report.folder / name).read_bytes() for report in reports)
        assert first == second and len(json.loads(first)) == 3


def test_a_process_that_dies_costs_one_ecg(bench: Workspace, report: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "FEW_ECGS", 0)
    monkeypatch.setattr(workflow, "process_count", lambda: 1)
    killed = bench.store.items("d")[1][1]
    ask = _Measurer._ask

    def kill_over_the_second(self: _Measurer, data: dict[str, object]) -> object:
        if data.get("record_id") == killed.record_id:
            self.process.kill()
        return ask(self, data)

    monkeypatch.setattr(_Measurer, "_ask", kill_over_the_second)
    done = measure(bench, MeasureRequest("d"), report)
    assert [row.file_name for row in done.rows] == ["0.npz", "2.npz"]
    (refused,) = done.refused
    assert refused.file_name == "1.npz" and "ended with code" in refused.reason


def test_processes_that_cannot_start_are_said(bench: Workspace, report: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "FEW_ECGS", 0)
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(SettingError, match="cannot start"):
        measure(bench, MeasureRequest("d"), report)
    assert list(report.folder.iterdir()) == []
