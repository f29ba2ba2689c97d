"""Writing ECGs in another format: names, several ECGs, what is not overwritten, a whole dataset, the command."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from einthoven import files
from einthoven.cli.app import app
from einthoven.errors import Conflict, FormatError, HintsNeeded, NotFound, RecordError, SettingError
from einthoven.formats import read
from einthoven.leads import STANDARD_12
from einthoven.record import ReadHints
from einthoven.workflows.convert import convert_file, export_dataset
from einthoven.workflows.import_ import import_files
from einthoven.workflows.requests import ImportRequest
from einthoven.workflows.workspace import Workspace
from einthoven.writers import WRITERS
from small_ecgs import HINTS, Notes, bare_csv, npz, signal

SUFFIXES = tuple(entry.suffix for entry in WRITERS)


@pytest.fixture
def ecg(tmp_path: Path) -> Path:
    path = tmp_path / "ecg.npz"
    path.write_bytes(npz(1, age=np.array(44.0), sex=np.array("F"), patient_id=np.array("Doe^Jane")))
    return path


@pytest.fixture
def three(tmp_path: Path) -> Path:
    path = tmp_path / "three.npz"
    path.write_bytes(npz(ecg=np.stack([signal(k) for k in range(3)])))
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_one_ecg_becomes_the_file_that_is_named(ecg: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"out{suffix}"
    outcome = convert_file(ecg, out)
    assert (outcome.n_written, outcome.files) == (1, (str(out),))
    np.testing.assert_allclose(read(out).signal, signal(1), atol=1e-4)
    assert outcome.loses == WRITERS.get(outcome.format).loses
    assert all(b"Doe" not in path.read_bytes() for path in tmp_path.glob("out*"))
    assert not list(tmp_path.glob(".*")), "nothing half-written stays behind"


def test_several_ecgs_become_files_with_numbers(three: Path, tmp_path: Path) -> None:
    outcome = convert_file(three, tmp_path / "out.hea")
    assert [Path(path).name for path in outcome.files] == ["out-1.hea", "out-2.hea", "out-3.hea"]
    for k in range(3):
        np.testing.assert_allclose(read(tmp_path / f"out-{k + 1}.hea").signal, signal(k), atol=1e-4)
    assert outcome.said == {text: 3 for text in outcome.said if "rounded" not in text} | {
        text: n for text, n in outcome.said.items() if "rounded" in text
    }


def test_what_is_there_is_not_overwritten_unless_told(ecg: Path, tmp_path: Path) -> None:
    for name in ("out.hea", "out.dat"):
        (tmp_path / name).write_bytes(b"mine")
        with pytest.raises(Conflict, match="is there already") as caught:
            convert_file(ecg, tmp_path / "out.hea")
        assert "--force" in caught.value.advice and (tmp_path / name).read_bytes() == b"mine"
        assert sorted(path.name for path in tmp_path.glob("out*")) == [name]
        convert_file(ecg, tmp_path / "out.hea", force=True)
        assert read(tmp_path / "out.hea").n_leads == 12
        for path in tmp_path.glob("out*"):
            path.unlink()


def test_the_file_that_is_read_is_never_overwritten(ecg: Path) -> None:
    before = ecg.read_bytes()
    with pytest.raises(Conflict, match="is being read"):
        convert_file(ecg, ecg, force=True)
    assert ecg.read_bytes() == before


def test_a_disk_that_fails_leaves_nothing_behind(ecg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fdopen", fail)
    with pytest.raises(SettingError, match="No space left"):
        convert_file(ecg, tmp_path / "out.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ecg.npz"]


def test_a_file_that_states_too_little_needs_hints(tmp_path: Path) -> None:
    (tmp_path / "bare.csv").write_bytes(bare_csv())
    with pytest.raises(HintsNeeded):
        convert_file(tmp_path / "bare.csv", tmp_path / "out.npz")
    convert_file(tmp_path / "bare.csv", tmp_path / "out.npz", hints=ReadHints.parse(HINTS))
    assert read(tmp_path / "out.npz").rate == 100


def test_bad_names_and_missing_things_are_said(ecg: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="names no format"):
        convert_file(ecg, tmp_path / "out.xml")
    with pytest.raises(SettingError, match="cannot be the name of a WFDB record"):
        convert_file(ecg, tmp_path / "my ecg.hea")
    with pytest.raises(SettingError, match="an ending only"):
        convert_file(ecg, tmp_path / ".csv")
    with pytest.raises(NotFound, match="no file"):
        convert_file(tmp_path / "absent.npz", tmp_path / "out.csv")
    with pytest.raises(NotFound, match="no folder"):
        convert_file(ecg, tmp_path / "absent" / "out.csv")
    (tmp_path / "noise.bin").write_bytes(b"\1\2\3" * 50)
    with pytest.raises(FormatError, match=r"noise\.bin"):
        convert_file(tmp_path / "noise.bin", tmp_path / "out.csv")


def test_what_a_format_cannot_hold_is_refused_with_the_name_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "z.npz").write_bytes(npz(unit="relative"))
    with pytest.raises(RecordError, match=r"z\.npz: Its amplitudes"):
        convert_file(tmp_path / "z.npz", tmp_path / "out.edf")
    assert not (tmp_path / "out.edf").exists()


PATIENT = "4711"
UNKEYED = hashlib.sha256(PATIENT.encode()).hexdigest()
"""What anybody can compute from a patient number: trying out a million of them takes a second."""


def _numbered(tmp_path: Path) -> Path:
    """An ECG that states the number of its patient."""
    text = f"r 1 500 1000\nr.dat 16 1000/mV 16 0 0 0 0 II\n# Patient ID: {PATIENT}\n# Age: 44\n# Sex: F\n"
    (tmp_path / "r.hea").write_text(text)
    (tmp_path / "r.dat").write_bytes((500 * np.sin(np.arange(1000) / 9)).astype("<i2").tobytes())
    return tmp_path / "r.hea"


def _shown(paths: Iterable[Path]) -> str:
    """The bytes of files, what is packed in them unpacked."""
    parts = []
    for path in paths:
        data = path.read_bytes()
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                data += b"".join(packed.read(name) for name in packed.namelist())
        parts.append(data.decode("latin-1").replace("\0", ""))
    return "".join(parts)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_outside_a_library_gets_no_id_that_can_be_tried_out(tmp_path: Path, suffix: str) -> None:
    path = _numbered(tmp_path)
    assert read(path).subject.id == UNKEYED[:16], "the test looks for what is in the record"
    (tmp_path / "out").mkdir()
    outcome = convert_file(path, tmp_path / "out" / f"a{suffix}")
    shown = _shown((tmp_path / "out").iterdir())
    assert UNKEYED[:8] not in shown and PATIENT not in shown
    assert any("number is not written" in text for text in outcome.said)
    again = read(tmp_path / "out" / f"a{suffix}")
    assert again.subject.id is None and (again.subject.age in (44.0, None))


def test_show_with_json_gives_no_id_that_can_be_tried_out(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["show", str(_numbered(tmp_path)), "--json"])
    assert result.exit_code == 0 and UNKEYED[:8] not in result.output
    assert json.loads(result.output)[0]["subject"] == {"age": 44.0, "sex": "F"}


def test_a_dataset_keeps_the_id_that_was_made_with_the_key_of_the_library(
    workspace: Workspace, report: Notes, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    _numbered(folder)
    import_files(workspace, ImportRequest("mine", (str(folder),)), report)
    outcome = export_dataset(workspace, "mine", tmp_path / "out", ".npz")
    identifier = str(np.load(outcome.files[0])["subject_id"])
    assert len(identifier) > 8 and identifier not in (UNKEYED[:16], PATIENT)


def test_what_can_be_read_of_an_archive_is_written_and_the_rest_is_named(tmp_path: Path) -> None:
    packed = tmp_path / "some.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("1.npz", npz(1))
        archive.writestr("2.npz", npz(2))
        archive.writestr("bad.npz", npz(3)[:400])
    outcome = convert_file(packed, tmp_path / "out.csv")
    assert [Path(path).name for path in outcome.files] == ["out-1.csv", "out-2.csv"]
    (failure,) = outcome.refused
    assert "bad.npz" in failure.reason and "1 of its files cannot be read, 2 can" in failure.reason
    code, text = _run(packed, tmp_path / "more.csv")
    assert code == 3 and "more-2.csv" in text and "bad.npz" in text
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("bad.npz", npz(3)[:400])
    code, text = _run(tmp_path / "none.zip", tmp_path / "none.csv")
    assert code == 1 and not list(tmp_path.glob("none*.csv"))


def test_one_ecg_of_several_that_a_format_cannot_hold_stops_nothing(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.writestr("1.npz", npz(1, unit="relative"))
        archive.writestr("2.npz", npz(2))
    outcome = convert_file(tmp_path / "some.zip", tmp_path / "out.edf")
    assert outcome.n_written == 1 and "Its amplitudes" in outcome.refused[0].reason


# -- datasets ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def dataset(workspace: Workspace, report: Notes, tmp_path: Path, three: Path) -> str:
    folder = tmp_path / "in"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "1.npz").write_bytes(npz(7, age=np.array(44.0)))
    (folder / "a_1.npz").write_bytes(npz(8))
    (folder / "z.npz").write_bytes(npz(9, unit="relative"))
    three.rename(folder / "three.npz")
    import_files(workspace, ImportRequest("mine", (str(folder),), keep_names=True), report)
    return "mine"


def test_every_record_of_a_dataset_is_written_under_its_name(
    workspace: Workspace, dataset: str, tmp_path: Path
) -> None:
    outcome = export_dataset(workspace, dataset, tmp_path / "out", ".npz")
    names = {Path(path).name for path in outcome.files}
    assert names == {"a_1.npz", "a_1_2.npz", "three.npz", "three-2.npz", "three-3.npz", "z.npz"}
    assert (outcome.n_written, outcome.refused) == (6, ())
    by_name = {name: read(tmp_path / "out" / name) for name in names}
    assert {by_name["a_1.npz"].subject.age, by_name["a_1_2.npz"].subject.age} == {44.0, None}
    np.testing.assert_array_equal(by_name["three-2.npz"].signal, signal(1))


def test_records_that_a_format_cannot_hold_are_listed_and_stop_nothing(
    workspace: Workspace, dataset: str, tmp_path: Path
) -> None:
    outcome = export_dataset(workspace, dataset, tmp_path / "out", ".edf")
    assert outcome.n_written == 5
    assert [failure.file_name for failure in outcome.refused] == ["z.npz"]
    with pytest.raises(NotFound):
        export_dataset(workspace, "absent", tmp_path / "out", ".edf")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SettingError, match="cannot be made"):
        export_dataset(workspace, dataset, tmp_path / "file", ".edf")


# -- the command -------------------------------------------------------------------------------------------------------


def _run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["convert", *(str(argument) for argument in arguments)])
    return result.exit_code, result.output


def test_the_command_writes_and_says_what_is_lost(ecg: Path, tmp_path: Path) -> None:
    code, text = _run(ecg, tmp_path / "out.edf")
    assert code == 0 and str(tmp_path / "out.edf") in text
    assert "largest error" in text and WRITERS.get("edf").loses[:40] in text
    assert read(tmp_path / "out.edf").leads == STANDARD_12
    code, text = _run(ecg, tmp_path / "out.edf")
    assert code == 1 and "--force" in text


def test_the_command_with_json_is_one_document(ecg: Path, tmp_path: Path) -> None:
    code, text = _run(ecg, tmp_path / "out.json", "--json")
    outcome = json.load(io.StringIO(text))
    assert code == 0 and outcome["format"] == "fhir" and outcome["n_written"] == 1


def test_the_command_writes_a_dataset(workspace: Workspace, dataset: str, tmp_path: Path) -> None:
    code, text = _run("--dataset", dataset, "--to", ".edf", tmp_path / "out", "--home", workspace.home)
    assert code == 3 and "z.npz" in text, "some were refused"
    assert len(list((tmp_path / "out").glob("*.edf"))) == 5


@pytest.mark.parametrize(
    "arguments", [("a.npz",), ("a", "b", "c"), ("a", "b.csv", "--to", ".csv"), ("--dataset", "d", "x")]
)
def test_the_command_says_how_it_is_used(arguments: tuple[str, ...]) -> None:
    code, text = _run(*arguments)
    assert code == 1 and "einthoven convert" in text


def test_a_median_beat_is_no_recording_and_written_only_when_asked_for(shared_data: Path, tmp_path: Path) -> None:
    muse = shared_data / "formats" / "muse" / "synthetic_muse.xml"
    outcome = convert_file(muse, tmp_path / "a.csv")
    assert outcome.files == (str(tmp_path / "a.csv"),)
    assert any("median beat" in text for text in outcome.said)
    both = convert_file(muse, tmp_path / "b.csv", beats=True)
    assert both.files == (str(tmp_path / "b-1.csv"), str(tmp_path / "b-2.csv"))
