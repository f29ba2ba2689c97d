"""`einthoven measure`: a table for one ECG, a row for each of several, one document for programs, files."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from einthoven.workflows.workspace import Workspace
from known_beats import RATE, beating, flat, known, r_peaks
from small_ecgs import npz, write

Run = Callable[..., Any]
N = len(r_peaks())


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with known(monkeypatch):
        yield


@pytest.fixture
def bench(workspace: Workspace) -> Workspace:
    workspace.store.ensure_dataset("d")
    for seed in range(2):
        workspace.store.add("d", f"[{seed}].npz", beating(seed), fold=1 + seed)
    workspace.store.add("d", "flat.npz", flat(), fold=3)
    return workspace


def file(tmp_path: Path, name: str = "one.npz", seed: int = 0) -> Path:
    return write(tmp_path / "in", {name: npz(ecg=beating(seed).signal, fs=RATE)}) / name


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_one_ecg_is_a_table_with_value_spread_beats_or_the_reason(run: Run, tmp_path: Path) -> None:
    said = run("measure", file(tmp_path))
    assert said.code == 0 and f"one.npz: {N} beats, waves by einthoven" in said.out
    (pr,) = (line.split() for line in said.out.splitlines() if line.startswith("PR interval"))
    assert pr[2:4] == ["160", "ms"]
    assert re.search(r"^V6 +[\d.]+ ", said.out, re.MULTILINE) and "Research use only" in said.out


def test_several_ecgs_are_a_row_each_and_a_summary(bench: Workspace, run: Run) -> None:
    said = run("measure", "--dataset", "d")
    assert said.code == 0, "some were measured"
    lines = said.out.splitlines()
    assert [line.split()[1:3] for line in lines if line.startswith("[")] == [[str(N), "75"]] * 2
    assert any(line.split()[:5] == ["Heart", "rate", "/min", "2", "75"] for line in lines)
    assert "refused flat.npz: No lead shows an ECG." in said.err
    assert run("measure", "--dataset", "d", "--folds", "3").code == 1


def test_programs_get_one_document(bench: Workspace, run: Run) -> None:
    found = run("measure", "--dataset", "d", "--json", "--what", "measurements,fiducials").json
    assert (found["total"], found["n_refused"], found["method"]) == (2, 1, "einthoven")
    assert {one["file_name"] for one in found["measurements"]} == {"[0].npz", "[1].npz", "flat.npz"}
    first = found["measurements"][0]["measurements"][0]
    assert (first["name"], first["value"], first["state"]) == ("heart_rate", pytest.approx(75), "measured")
    assert np.shape(found["fiducials"][0]["times"]) == (13, N, 9)
    wrong = run("measure", "--dataset", "gone", "--json")
    assert wrong.code == 1 and wrong.json["error"] == "NotFound"


def test_a_table_can_be_piped(bench: Workspace, run: Run) -> None:
    rows = table(run("measure", "--dataset", "d", "--csv").out)
    assert {row["file_name"] for row in rows} == {"[0].npz", "[1].npz", "flat.npz"}
    fiducials = table(run("measure", "--dataset", "d", "--csv", "--what", "fiducials").out)
    assert len(fiducials) == 2 * 13 * N and fiducials[0]["channel"] == "global"
    both = run("measure", "--dataset", "d", "--csv", "--what", "fiducials,measurements")
    assert both.code == 1 and "--out" in both.text


@pytest.mark.parametrize("suffix", [".csv", ".json", ".npz", ".parquet"])
def test_a_file_is_written_in_the_format_of_its_ending(run: Run, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / "new folder" / f"mine{suffix}"
    said = run("measure", file(tmp_path), "--what", "fiducials", "--out", out)
    assert said.code == 0 and f"mine{suffix} written" in said.text
    starts = {".csv": b"file_name,", ".json": b"[", ".npz": b"PK", ".parquet": b"PAR1"}
    assert out.read_bytes().startswith(starts[suffix])


def test_several_exports_are_written_into_a_folder(bench: Workspace, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run(
        "measure", "--dataset", "d", "--what", "measurements,qrs-overlay", "--lead", "V2", "--out", out, "--json"
    )
    assert sorted(path.name for path in out.iterdir()) == ["measurements.json", "qrs-overlay.json"]
    assert done.json["files"] == [str(out / "measurements.json"), str(out / "qrs-overlay.json")]
    assert json.loads((out / "qrs-overlay.json").read_text())[0]["lead"] == "V2"
    again = run("measure", "--dataset", "d", "--what", "qrs-overlay", "--to", "json", "--out", out)
    assert again.code == 1 and "qrs-overlay.json is there already" in again.text and "--force" in again.text
    forced = run("measure", "--dataset", "d", "--what", "qrs-overlay", "--to", "json", "--out", out, "--force")
    assert forced.code == 0 and json.loads((out / "qrs-overlay.json").read_text())[0]["lead"] == "II"
    run("measure", "--dataset", "d", "--what", "median-beat", "--to", "npz", "--out", out)
    assert (out / "median-beat.npz.zip").is_file()
    one = tmp_path / "one.npz"
    run("measure", "--dataset", "d", "--what", "median-beat", "--out", one)
    assert not one.exists() and (tmp_path / "one.npz.zip").is_file(), "several arrays are no single NPZ"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--what", "secrets"), "'secrets' cannot be written"),
        (("--what", ","), "No export is named"),
        (("--to", "xlsx", "--out", "x"), "no format of exports"),
        (("--csv", "--json"), "csv and json"),
        (("--csv", "--out", "x.npz"), "csv and npz"),
        (("--what", "fiducials,measurements", "--out", "x.csv"), "into one file"),
        (("--method", "guess"), "no delineator 'guess'"),
        (("--folds", "x"), "names no folds"),
        (("--what", "qrs-overlay", "--lead", "ZZ"), "There is no lead 'ZZ'"),
        (("--lead", "V1"), "the QRS overlay, which was not asked for"),
        (("--to", "json"), "no place is named"),
    ],
)
def test_what_cannot_be_asked_for_is_said(bench: Workspace, run: Run, options: tuple[str, ...], words: str) -> None:
    said = run("measure", "--dataset", "d", *options)
    assert said.code == 1 and words in said.text and "Traceback" not in said.text


def test_an_ecg_is_never_overwritten_by_what_was_measured_on_it(run: Run, tmp_path: Path) -> None:
    ecg = tmp_path / "ecg.csv"
    ecg.write_text("time (s),II (mV)\n")
    before = ecg.read_bytes()
    said = run("measure", ecg, "--out", ecg)
    assert said.code == 1 and "is there already" in said.text and ecg.read_bytes() == before


def test_an_ending_may_be_written_in_capitals(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "MINE.CSV"
    assert run("measure", file(tmp_path), "--out", out).code == 0 and out.read_text().startswith("file_name,")


def test_an_export_without_a_place_is_said_to_be_with_the_job(run: Run, tmp_path: Path) -> None:
    said = run("measure", file(tmp_path), "--what", "fiducials")
    (line,) = (line for line in said.err.splitlines() if "fiducials.csv written" in line)
    assert Path(line.split(" written")[0]).is_file()
    assert "written" not in run("measure", file(tmp_path)).err, "the numbers were printed"


def test_what_rlign_makes_says_so_itself_and_is_not_measured(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("rlign")
    out = tmp_path / "a.npz"
    assert "time-aligned" not in run("measure", file(tmp_path), "--what", "rlign-aligned", "--out", out).err
    again = run("measure", out)
    assert "those of a template" in again.out and not re.search(r"^Heart rate +\d", again.out, re.MULTILINE)


def test_a_place_that_cannot_be_written_is_said_with_where_the_file_is(run: Run, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")
    said = run("measure", file(tmp_path), "--out", taken)
    assert said.code == 1 and "cannot be written" in said.text and taken.read_text() == "a file"
    kept = Path(re.sub(r"\s", "", said.text.split("It is in ")[1]).removesuffix("."))
    assert (kept / "measurements.csv").is_file()


def test_an_export_that_an_ecg_does_not_allow_is_some_failure(run: Run, tmp_path: Path) -> None:
    said = run("measure", file(tmp_path), "--what", "qrs-overlay", "--lead", "V3R", "--csv")
    assert said.code == 3 and "no lead V3R" in said.err and said.out.startswith("file_name,lead")


def test_nothing_to_measure_is_said(run: Run, tmp_path: Path) -> None:
    said = run("measure", tmp_path / "gone.dcm", "--json")
    assert said.code == 1 and "gone.dcm" in said.json["detail"] and run("jobs").text.count("measure") == 0
    assert "have folds" in run("measure", file(tmp_path), "--folds", "1").text
    assert "nothing to measure" in run("measure").text
    said = run("measure", write(tmp_path / "bad", {"bad.npz": b"no"}))
    assert said.code == 1 and "refused bad.npz" in said.text
