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
    run("measure", "--dataset", "d", "--what", "median-beat", "--to", "npz", "--out", out)
    assert (out / "median-beat.npz.zip").is_file()
    one = tmp_path / "one.npz"
    run("measure", "--dataset", "d", "--what", "median-beat", "--out", one)
    assert not one.exists() and (tmp_path / "one.npz.zip").is_file(), "several arrays are no single NPZ"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--what", "secrets"), "'secrets' cannot be written"),
        (("--what", ","), "cannot be written"),
        (("--to", "xlsx"), "no format of exports"),
        (("--csv", "--json"), "csv and json"),
        (("--csv", "--out", "x.npz"), "csv and npz"),
        (("--what", "fiducials,measurements", "--out", "x.csv"), "into one file"),
        (("--method", "guess"), "no delineator 'guess'"),
        (("--folds", "x"), "names no folds"),
    ],
)
def test_what_cannot_be_asked_for_is_said(bench: Workspace, run: Run, options: tuple[str, ...], words: str) -> None:
    said = run("measure", "--dataset", "d", *options)
    assert said.code == 1 and words in said.text and "Traceback" not in said.text


def test_nothing_to_measure_is_said(run: Run, tmp_path: Path) -> None:
    assert "nothing to measure" in run("measure").text
    said = run("measure", write(tmp_path / "bad", {"bad.npz": b"no"}))
    assert said.code == 1 and "refused bad.npz" in said.text
