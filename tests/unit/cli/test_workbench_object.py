"""The workbench as a Python object: the same workflows, with exceptions instead of exit codes."""

import threading
from pathlib import Path

import pytest

from einthoven import ReadHints, Workbench, errors
from einthoven.jobs.queue import ENDED
from einthoven.task import Task, TaskClass
from einthoven.workflows.dispatch import run_job
from einthoven.workflows.requests import TrainRequest
from hand_made_model import mean_model, mean_spec
from known_beats import RATE, beating, known
from small_ecgs import HINTS, bare_csv, fill, new_database, npz, write


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    new_database(tmp_path / "home").close()
    return Workbench(tmp_path / "home")


def test_from_files_to_an_evaluation(bench: Workbench, tmp_path: Path) -> None:
    files = {f"{number}.npz": npz(number) for number in range(4)} | {"bad.npz": b"no"}
    outcome = bench.import_files(write(tmp_path / "in", files), dataset="d", keep_names=True)
    assert (outcome.n_read, outcome.n_refused) == (4, 1)
    table = tmp_path / "labels.csv"
    table.write_text("file_name,label\n" + "".join(f"{n},{'slow' if n % 2 else 'fast'}\n" for n in range(4)))
    assert bench.import_labels("d", table, task="pace").counts == {"fast": 2, "slow": 2}
    assert [task.name for task in bench.tasks("d")] == ["pace"] and [d.name for d in bench.datasets()] == ["d"]
    assert set(bench.records("d")) == {f"{number}.npz" for number in range(4)}

    (tmp_path / "m.onnx").write_bytes(mean_model(mean_spec()))
    assert bench.take_in(tmp_path / "m.onnx").name == "m" == bench.models()[0].name
    assert bench.predict("m", dataset="d").total == 4
    by_file = bench.predict("m", tmp_path / "in" / "1.npz")
    assert [row.prediction.file_name for row in by_file.rows] == ["1.npz"]
    assert bench.evaluate("m", "d").evaluation.n == 4
    assert bench.export("m", tmp_path / "out.onnx").read_bytes() == mean_model(mean_spec())
    assert bench.export("m", tmp_path / "out.ecgmodel").read_bytes()[:2] == b"PK"
    assert [job.kind for job in bench.workspace.jobs.jobs()] == ["evaluate", "predict", "predict", "import"]


def test_beats_are_found_and_measured(bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with known(monkeypatch):
        for seed in range(2):
            bench.workspace.store.ensure_dataset("d")
            bench.workspace.store.add("d", f"{seed}.npz", beating(seed), fold=1 + seed)
        both = bench.measure(dataset="d")
        assert both.total == 2 and both.job is not None and both.job.state == "done"
        rate = next(one for one in both.summary if one.name == "heart_rate")
        assert rate.median == pytest.approx(75)
        out = tmp_path / "out" / "fiducials.parquet"
        assert bench.measure(dataset="d", folds=[2], what="fiducials", out=out).rows[0].file_name == "1.npz"
        assert out.read_bytes()[:4] == b"PAR1"
        with pytest.raises(errors.Conflict, match="is there already"):
            bench.measure(dataset="d", what="fiducials", out=out)
        bench.measure(dataset="d", what="fiducials", out=out, force=True)
        folder = write(tmp_path / "in", {"one.npz": npz(ecg=beating(3).signal, fs=RATE)})
        bench.measure(folder, what=("median-beat", "median-fiducials"), out=tmp_path / "some", file_format="json")
        assert sorted(path.name for path in (tmp_path / "some").iterdir()) == [
            "median-beat.json", "median-fiducials.json",
        ]  # fmt: skip
    for arguments, words in (
        ({"what": "secrets"}, "'secrets' cannot be written"), ({"what": ()}, "No export is named"),
        ({"lead": "ZZ"}, "no lead 'ZZ'"), ({"out": "x.csv", "what": ("fiducials", "qrs-overlay")}, "one file"),
        ({"out": tmp_path, "file_format": "xlsx"}, "no format of exports"),
    ):  # fmt: skip
        with pytest.raises(errors.SettingError, match=words):
            bench.measure(dataset="d", **arguments)  # type: ignore[arg-type]
    with pytest.raises(errors.NotFound, match="no delineator 'guess'"):
        bench.measure(dataset="d", method="guess")


def test_hints_are_given_as_values(bench: Workbench, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"1.csv": bare_csv(1)})
    refused = bench.import_files(folder, dataset="d").refused
    assert set(refused[0].missing_hints) == {"unit", "rate"}
    assert bench.import_files(folder, dataset="d", hints=ReadHints.parse(HINTS)).n_read == 1


def test_a_failure_is_the_exception_that_it_was(bench: Workbench, tmp_path: Path) -> None:
    with pytest.raises(errors.NotFound, match="gone"):
        bench.import_files(tmp_path / "gone", dataset="d")
    with pytest.raises(errors.NotFound, match="no model 'm'"):
        bench.predict("m", tmp_path)
    with pytest.raises(errors.SettingError, match="cannot be the name"):
        bench.import_files(tmp_path, dataset="a/b")
    bench.workspace.store.create_dataset("d")
    with pytest.raises(errors.NotFound, match="no task 't'"):
        bench.train("d", "t")


def test_a_training_is_asked_for_by_recipe_and_settings(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = fill(bench.workspace, "d", n=24)
    bench.workspace.store.put_task("d", Task("t", "single-label", (TaskClass("slow"), TaskClass("fast")), answers))
    asked: list[TrainRequest] = []

    def train(_workspace: object, request: TrainRequest, _report: object) -> None:
        asked.append(request)
        raise errors.TrainingFailed("enough")

    monkeypatch.setattr("einthoven.workflows.train.train", train)
    with pytest.raises(errors.TrainingFailed, match="enough"):
        bench.train("d", "t", recipe="default", settings={"epochs": 3}, subject=["sex", "age"], scaling="min_max")
    (request,) = asked
    assert (request.recipe, dict(request.settings), request.subject, request.scaling, request.method) == (
        "default", {"epochs": 3}, ("age", "sex"), "min_max", "scratch",
    )  # fmt: skip
    for wrong, words in (
        ({"settings": {"epochs": 2.5}}, "epochs = 2.5 is not possible.*whole number"),
        ({"settings": {"speed": 1}}, "no setting 'speed'"), ({"recipe": "magic"}, "no recipe 'magic'"),
        ({"subject": ["height"]}, r"may be told \('age', 'sex'\)"), ({"method": "head"}, "none was named"),
    ):  # fmt: skip
        with pytest.raises((errors.SettingError, errors.IncompatibleModel), match=words):
            bench.train("d", "t", **wrong)  # type: ignore[arg-type]
    assert len(asked) == 1


def test_a_job_that_a_running_server_takes_is_waited_for(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "in", {"1.npz": npz(1)})
    jobs, claim = bench.workspace.jobs, bench.workspace.jobs.claim

    def taken(_worker: str, *, job_id: str) -> None:
        job = claim("the server", job_id=job_id)
        assert job is not None
        threading.Timer(0.4, run_job, (bench.workspace, job)).start()

    monkeypatch.setattr(jobs, "claim", taken)
    assert bench.import_files(folder, dataset="d").n_read == 1
    assert all(job.state in ENDED for job in jobs.jobs())
