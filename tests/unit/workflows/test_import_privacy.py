"""Who the patients are is not stored: every byte of the library is searched for what was planted."""

import gzip
import io
import json
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pytest

from contracts.ecg_files import Case, write_csv, write_dicom, write_wfdb
from einthoven.leads import STANDARD_12
from einthoven.record import ReadHints
from einthoven.store.types import ItemQuery
from einthoven.workflows import import_, labelling, library, quarantine, show
from einthoven.workflows.import_ import import_files, with_names
from einthoven.workflows.requests import ImportOutcome, ImportRequest
from einthoven.workflows.workspace import Workspace
from run_now import run_now
from small_ecgs import HINTS, Notes, bare_csv, npz, signal, write

CASE = Case(500.0, "mV", STANDARD_12, 1000)
PLANTED = ("Zapfhahn", "Quirinius", "Jxq48151623", "Doe^Jane", "4711007")


def everything(home: Path, *, without: tuple[str, ...] = ("quarantine",)) -> bytes:
    """All bytes of the library; archives unpacked too."""
    parts: list[bytes] = []
    for path in sorted(home.rglob("*")):
        parts.append(path.relative_to(home).as_posix().encode())
        if not path.is_file() or path.relative_to(home).parts[0] in without:
            continue
        data = path.read_bytes()
        parts.append(data)
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                parts += [name.encode() for name in archive.namelist()]
                for name in archive.namelist():
                    inner = archive.read(name)
                    parts.append(inner)
                    if inner.startswith(b"PK"):
                        with zipfile.ZipFile(io.BytesIO(inner)) as npz_file:
                            parts += [npz_file.read(member) for member in npz_file.namelist()]
    return b"\n".join(parts)


def found_in(data: bytes, planted: tuple[str, ...]) -> list[str]:
    lowered = data.lower()
    forms = {word: (word.lower().encode(), word.lower().encode("utf-16-le")) for word in planted}
    return [word for word, either in forms.items() if any(form in lowered for form in either)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files whose folder, name and content say who it is, of each kind; one archive; one label table."""
    wfdb = write_wfdb(CASE).files
    header = wfdb["ecg.hea"].replace(b"ecg", b"Quirinius_Jxq48151623") + b"# Name: Zapfhahn, patient 4711007\n"
    csv = write_csv(CASE).files["ecg.csv"]
    shifted = npz(ecg=signal(4), patient_id=4711007)
    files = {
        "Zapfhahn/Quirinius_Jxq48151623.hea": header,
        "Zapfhahn/Quirinius_Jxq48151623.dat": wfdb["ecg.dat"],
        "Zapfhahn/Jxq48151623.dcm": write_dicom(CASE).files["ecg.dcm"],
        "Quirinius.csv": csv,
        "Jxq48151623/a.npz": shifted,
        "Zapfhahn.csv.gz": gzip.compress(bare_csv(7)),
        "labels Quirinius.csv": b"file_name,label\nQuirinius.csv,x\n",
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("Quirinius/Zapfhahn.npz", npz(8))
    return write(tmp_path / "Zapfhahn" / "Quirinius", {**files, "Jxq48151623.zip": stream.getvalue()})


def run(workspace: Workspace, request: ImportRequest) -> ImportOutcome:
    """As the supervisor does it, with all that a job leaves behind."""
    job = run_now(workspace, workspace.submit("import", request).id)
    found = import_.outcome(workspace, job.id)
    assert found is not None, job.problem
    return found


def test_no_byte_of_the_library_says_who_it_was(workspace: Workspace, folder: Path) -> None:
    outcome = run(workspace, ImportRequest("d", (str(folder),), hints=ReadHints(unit="mV", rate=100)))
    assert (outcome.n_refused, len(outcome.skipped)) == (0, 1), outcome.refused
    assert outcome.n_read == 6
    data = everything(workspace.home)
    assert found_in(data, PLANTED) == []
    assert workspace.jobs.jobs()[0].request["paths"] == []


def test_no_byte_of_a_library_of_real_files_says_who_it_was(
    workspace: Workspace, shared_data: Path, tmp_path: Path
) -> None:
    """Device files under planted names; of DICOM also the names and numbers that stand in them."""
    import pydicom

    kinds = (".xml", ".dcm", ".scp", ".edf", ".SCP", ".ecg")
    real = [path for path in sorted((shared_data / "formats").rglob("*")) if path.suffix in kinds][:40]
    inside: set[str] = set()
    files: dict[str, bytes] = {}
    for number, path in enumerate(real):
        files[f"Zapfhahn/{number}/Quirinius_Jxq48151623{path.suffix}"] = path.read_bytes()
        if path.suffix == ".dcm":
            dataset = pydicom.dcmread(path, stop_before_pixels=True)
            inside |= {str(dataset.get(name, "")) for name in ("PatientName", "PatientID", "PatientBirthDate")}
    outcome = run(workspace, ImportRequest("d", (str(write(tmp_path / "in", files)),)))
    assert outcome.n_read > 10
    quarantine.empty(workspace, None)
    planted = (*PLANTED, *(word for word in inside if len(word) > 5))
    assert found_in(everything(workspace.home), planted) == []


def test_originals_are_kept_without_names_and_read_to_the_same(workspace: Workspace, folder: Path) -> None:
    run(workspace, ImportRequest("d", (str(folder),), hints=ReadHints(unit="mV", rate=100)))
    kept = {}
    for item in workspace.store.items("d")[1]:
        detail = show.detail(workspace, item.id)
        assert detail.original is not None and detail.original.read == detail.source.sha256
        if detail.original.kept is not None:
            assert not detail.original.identifiers
            kept[item.format] = show.original(workspace, item.id)
    assert {"wfdb", "dicom"} <= set(kept)
    assert list(kept["wfdb"]) == ["record.hea", "record.dat"]


def test_only_on_demand_are_the_bytes_kept_unchanged(workspace: Workspace, folder: Path) -> None:
    run(workspace, ImportRequest("d", (str(folder / "Zapfhahn"),), keep_identifiers=True))
    items = workspace.store.items("d", ItemQuery())[1]
    whole = {item.format: (item, show.original(workspace, item.id)) for item in items}
    item, files = whole["wfdb"]
    assert set(files) == {"Quirinius_Jxq48151623.hea", "Quirinius_Jxq48151623.dat"}
    assert files["Quirinius_Jxq48151623.hea"] == (folder / "Zapfhahn/Quirinius_Jxq48151623.hea").read_bytes()
    assert show.detail(workspace, item.id).original.identifiers  # type: ignore[union-attr]
    assert item.file_name.startswith("f-"), "names are another thing"


def test_names_are_kept_on_demand(workspace: Workspace, folder: Path) -> None:
    run(workspace, ImportRequest("d", (str(folder / "Jxq48151623"),), keep_names=True))
    assert workspace.store.file_names("d") == ["a.npz"]


def test_a_refused_file_is_known_by_name_in_quarantine_and_nowhere_else(workspace: Workspace, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"Zapfhahn/Quirinius.csv": bare_csv(1), "Jxq48151623.npz": b"Doe^Jane, no ECG"})
    outcome = run(workspace, ImportRequest("d", (str(folder),)))
    assert {failure.file_name for failure in outcome.refused} == {"Zapfhahn/Quirinius.csv", "Jxq48151623.npz"}
    assert any("--assume" in failure.advice for failure in outcome.refused), "the user is told which file and why"
    job = workspace.jobs.jobs()[0]
    stored = (workspace.jobs.path(job.id) / "result.json").read_bytes()
    stored += json.dumps([event.data for event in workspace.jobs.events(job.id)]).encode()
    assert found_in(stored, PLANTED) == []
    database = sqlite3.connect(workspace.home / "einthoven.db")
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = {name: repr(database.execute(f"SELECT * FROM {name}").fetchall()) for name in tables}
    database.close()
    assert [name for name, text in rows.items() if found_in(text.encode(), PLANTED)] == ["refused"]
    assert (workspace.home / "quarantine").stat().st_mode & 0o777 == 0o700

    by_name = {row.file_name: row.id for row in workspace.quarantine.list()}
    assert quarantine.download(workspace, by_name["Jxq48151623.npz"]) == ("Jxq48151623.npz", b"Doe^Jane, no ECG")
    request = quarantine.retry_request(workspace, [by_name["Zapfhahn/Quirinius.csv"]], ReadHints.parse(HINTS))
    assert run(workspace, request).n_read == 1
    assert [row.file_name for row in workspace.quarantine.list("d")] == ["Jxq48151623.npz"]
    assert quarantine.empty(workspace, None) == 1
    workspace.database.engine.dispose()
    assert [path for path in (workspace.home / "quarantine").rglob("*") if path.is_file()] == []


def test_the_names_of_an_outcome_are_gone_with_the_quarantine(workspace: Workspace, tmp_path: Path) -> None:
    outcome = run(workspace, ImportRequest("d", (str(write(tmp_path / "in", {"Zapfhahn.csv": b"no"})),)))
    assert outcome.refused[0].file_name == "Zapfhahn.csv"
    quarantine.empty(workspace, "d")
    (job,) = workspace.jobs.jobs()
    again = import_.outcome(workspace, job.id)
    assert again is not None and again.refused[0].file_name.startswith("f-")
    assert with_names(workspace, again) == again


def test_refused_files_are_forgotten_after_the_days_that_are_set(workspace: Workspace, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"old.csv": b"no", "new.csv": b"neither"})
    run(workspace, ImportRequest("d", (str(folder),)))
    old = next(row.id for row in workspace.quarantine.list("d") if row.file_name == "old.csv")
    with sqlite3.connect(workspace.home / "einthoven.db") as database:
        database.execute("UPDATE refused SET created = '2020-01-01T00:00:00.000+00:00' WHERE id = ?", (old,))
    database.close()
    workspace.expire_quarantine()
    assert [row.file_name for row in workspace.quarantine.list("d")] == ["new.csv"]
    assert [path.read_bytes() for path in (workspace.home / "quarantine").rglob("*") if path.is_file()] == [b"neither"]


@pytest.mark.parametrize(
    "written",
    [
        "Zapfhahn/Quirinius.npz", "zapfhahn/QUIRINIUS", "Quirinius", "\\data\\Zapfhahn\\Quirinius.npz",
        "/x/Zapfhahn/Quirinius.npz",
    ],
)  # fmt: skip
def test_label_tables_find_records_by_the_names_that_are_not_stored(
    workspace: Workspace, report: Notes, tmp_path: Path, written: str
) -> None:
    folder = write(tmp_path / "in", {"Zapfhahn/Quirinius.npz": npz(1), "Zapfhahn/other.npz": npz(2)})
    import_files(workspace, ImportRequest("d", (str(folder),)), report)
    table = f"file_name,label\n{written},x\nZapfhahn/other,y\n".encode()
    found = labelling.import_labels(workspace, "d", name="l.csv", data=table, task="t", kind="single-label")
    assert found.counts == {"x": 1, "y": 1} and found.n_labels_without_record == 0


def test_a_header_is_found_by_the_name_of_its_samples(workspace: Workspace, report: Notes, tmp_path: Path) -> None:
    import_files(workspace, ImportRequest("d", (str(write(tmp_path / "in", write_wfdb(CASE).files)),)), report)
    for written in ("ecg.dat", "ecg.hea", "ecg"):
        table = f"file_name,label\n{written},x\n".encode()
        found = labelling.import_labels(workspace, "d", name="l.csv", data=table, task="t", kind="multi-label")
        assert found.n_matched == 1


@pytest.mark.parametrize("search", ["Quirinius", "quirinius.npz", "Zapfhahn/Quirinius.npz", "Zapfhahn", "4711007"])
def test_a_search_for_what_is_not_stored_finds_the_record(
    workspace: Workspace, report: Notes, tmp_path: Path, search: str
) -> None:
    files = {"Zapfhahn/Quirinius.npz": npz(1, patient_id=4711007), "other.npz": npz(2)}
    import_files(workspace, ImportRequest("d", (str(write(tmp_path / "in", files)),)), report)
    query = library.item_query(
        workspace, search=search, task=None, label=None, folds=None, sex=None, age_from=None, age_to=None,
        only_doubts=False, sort="file_name", descending=False,
    )  # fmt: skip
    assert workspace.store.items("d", query)[0] == 1


def test_the_same_bytes_under_another_name_are_listed_and_not_added_again(
    workspace: Workspace, report: Notes, tmp_path: Path
) -> None:
    folder = write(tmp_path / "in", {"a.npz": npz(1), "b.npz": npz(1), "c.npz": npz(2)})
    request = ImportRequest("d", (str(folder),), keep_names=True)
    outcome = import_files(workspace, request, report)
    assert (outcome.n_read, outcome.n_copies, outcome.copies) == (2, 1, ("b.npz: same bytes as a.npz",))
    again = import_files(workspace, request, report)
    assert (again.n_already_there, again.n_copies) == (2, 1)


def test_the_same_ecg_in_another_format_unit_and_lead_order_is_noticed(
    workspace: Workspace, report: Notes, tmp_path: Path
) -> None:
    other = Case(500.0, "uV", tuple(reversed(STANDARD_12)), 1000)
    wfdb = write_wfdb(CASE).files
    files = {"a.hea": wfdb["ecg.hea"].replace(b"ecg", b"a"), "a.dat": wfdb["ecg.dat"],
             "b.csv": write_csv(other).files["ecg.csv"], "c.dcm": write_dicom(CASE).files["ecg.dcm"]}  # fmt: skip
    request = ImportRequest("d", (str(write(tmp_path / "in", files)),), keep_names=True)
    outcome = import_files(workspace, request, report)
    assert (outcome.n_read, outcome.n_same) == (3, 2)
    assert outcome.same == ("b.csv: same ECG as a.hea", "c.dcm: same ECG as a.hea")
    items = {item.file_name: item for item in workspace.store.items("d")[1]}
    assert items["b.csv"].same_as == items["a.hea"].id and items["a.hea"].same_as is None
    detail = show.detail(workspace, items["c.dcm"].id)
    assert detail.same_as_name == "a.hea"


def test_two_ecgs_of_one_patient_are_not_taken_for_one(workspace: Workspace, report: Notes, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    base = signal(1)
    files = {f"{k}.npz": npz(ecg=(base + rng.normal(0, 0.05, base.shape)).astype(np.float32)) for k in range(3)}
    outcome = import_files(workspace, ImportRequest("d", (str(write(tmp_path / "in", files)),)), report)
    assert (outcome.n_read, outcome.n_same, outcome.n_copies) == (3, 0, 0)
