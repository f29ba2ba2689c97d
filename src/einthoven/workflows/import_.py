"""Read files into a dataset: every file ends as read, already there, refused with its reason, or skipped and said.

Files are read by several processes (`readers.py`) when there are many; this one walks the folders, writes to the
library in batches, and remembers with each batch how far it is, so that an import goes on after a crash.
"""

import os
import shutil
import time
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from einthoven.errors import EinthovenError, HintsNeeded, NotFound, SettingError
from einthoven.formats import FileSource, MemorySource, PathSource
from einthoven.formats.archives import archive_kind
from einthoven.formats.planning import folder_and_stem, is_header, owners_among
from einthoven.jobs import Reporter, stop_if_cancelled
from einthoven.labels.layouts import advice
from einthoven.record import Sex
from einthoven.results import Failure
from einthoven.store.store import checked_name, name_taken
from einthoven.store.types import Added
from einthoven.workflows import uploads
from einthoven.workflows.intake import (
    KEY_DIGITS,
    Correct,
    FileRead,
    FileToRead,
    Rules,
    intake,
    members_of,
    share_key,
    take,
)
from einthoven.workflows.plain import load_result
from einthoven.workflows.readers import Readers, process_count
from einthoven.workflows.reading_process import silenced
from einthoven.workflows.requests import ImportOutcome, ImportRequest
from einthoven.workflows.workspace import Workspace

MAX_LISTED = 200
"""Examples that an outcome carries; all refusals are in the dataset's list."""
MAX_DOUBTS = 500
"""Different doubts that an outcome counts; each record carries its own."""
FEW_FILES = 40
"""So many are read here: starting processes takes a second, in which they are read already."""
BATCH_FILES = 100
BATCH_SECONDS = 1.0
"""Read files are written to the library when there are so many, or so often."""
LARGE_ARCHIVE_BYTES = 8 * 2**20
"""A ZIP above this is read by several processes, each taking a share of its files."""


@dataclass
class Tally:
    read: int = 0
    present: int = 0
    n_refused: int = 0
    refused: list[Failure] = field(default_factory=list)
    doubts: Counter[str] = field(default_factory=Counter)
    skipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    labels_without_record: list[str] = field(default_factory=list)
    records_without_label: list[str] = field(default_factory=list)
    described: dict[str, dict[str, str | float | None]] = field(default_factory=dict)
    """Records that were there already -> what a table beside the files says of subject and fold."""
    conflicts: list[str] = field(default_factory=list)
    n_copies: int = 0
    copies: list[str] = field(default_factory=list)
    n_same: int = 0
    same: list[str] = field(default_factory=list)
    n_originals: int = 0
    n_beats: int = 0
    n_files: int = 0

    def refuse(self, failure: Failure) -> None:
        self.n_refused += 1
        if len(self.refused) < MAX_LISTED:
            self.refused.append(failure)

    def to_json(self) -> dict[str, Any]:
        """What must not be lost when the job goes on in another process."""
        kept = ("read", "present", "n_refused", "skipped", "conflicts", "n_copies", "copies", "n_same", "same")
        data = {name: getattr(self, name) for name in (*kept, "n_originals", "n_beats", "n_files")}
        return {**data, "doubts": dict(self.doubts), "refused": [asdict(failure) for failure in self.refused]}

    def restore(self, data: Mapping[str, Any]) -> None:
        for name, value in data.items():
            setattr(self, name, value)
        self.doubts = Counter(data["doubts"])
        self.refused = [Failure(**{**f, "missing_hints": tuple(f["missing_hints"])}) for f in data["refused"]]


def import_files(workspace: Workspace, request: ImportRequest, report: Reporter) -> ImportOutcome:
    """Read everything the request names. Files fail one by one; the good ones go through."""
    began = time.perf_counter()
    request = replace(request, dataset=checked_name(request.dataset, noun="dataset"))
    workspace.expire_quarantine()
    tally = Tally()
    try:
        if request.layout is not None:
            from einthoven.workflows import import_layout

            n_files = import_layout.run(workspace, request, report, tally)
        else:
            n_files = _import_plain(workspace, request, report, tally)
    finally:
        shutil.rmtree(_waiting(workspace, report), ignore_errors=True)
    if request.upload is not None:
        uploads.close_upload(workspace, request.upload)
    workspace.jobs.forget_files(report.job_id, request={} if request.names_kept else {"paths": []})
    return ImportOutcome(
        dataset=request.dataset,
        n_files=n_files,
        n_read=tally.read,
        n_already_there=tally.present,
        n_refused=tally.n_refused,
        refused=tuple(tally.refused),
        doubts=dict(tally.doubts.most_common()),
        skipped=tuple(tally.skipped[:MAX_LISTED]),
        tasks=tuple(tally.tasks),
        labels_without_record=len(tally.labels_without_record),
        records_without_label=len(tally.records_without_label),
        examples_without_record=tuple(tally.labels_without_record[:MAX_LISTED]),
        examples_without_label=tuple(tally.records_without_label[:MAX_LISTED]),
        notes=(*tally.notes, *_about_beats(tally.n_beats)),
        seconds=time.perf_counter() - began,
        n_copies=tally.n_copies,
        copies=tuple(tally.copies),
        n_same=tally.n_same,
        same=tuple(tally.same),
        n_originals=tally.n_originals,
    )


def _about_beats(n: int) -> list[str]:
    if not n:
        return []
    beats = "1 median beat" if n == 1 else f"{n} median beats"
    return [f"{beats} of the devices were left out: a beat is no recording. einthoven show has them."]


def outcome(workspace: Workspace, job_id: str) -> ImportOutcome | None:
    """The stored outcome of an import job; None while it runs or when it failed."""
    job = workspace.jobs.job_of_kind(job_id, "import")
    found = load_result(workspace.jobs.path(job.id) / "result.json", ImportOutcome)
    return None if found is None else with_names(workspace, found)


def with_names(workspace: Workspace, found: ImportOutcome) -> ImportOutcome:
    """An outcome with the refused files under their own names, as long as the quarantine knows them."""
    if not found.refused or found.dataset not in workspace.store.dataset_names():
        return found
    known = {row.stored_name: row for row in workspace.quarantine.list(found.dataset) if row.stored_name}
    refused = [
        Failure(row.file_name, row.error, row.reason, row.advice, row.missing_hints)
        if (row := known.get(failure.file_name)) is not None
        else failure
        for failure in found.refused
    ]
    return replace(found, refused=tuple(refused))


def rules_of(workspace: Workspace, request: ImportRequest, report: Reporter) -> Rules:
    """What holds for all files of this import."""
    return Rules(
        key=workspace.key(),
        waiting=_waiting(workspace, report),
        hints=request.hints,
        keep_names=request.names_kept,
        keep_identifiers=request.keep_identifiers,
        leave_out_copies=request.layout is None,
    )


def _waiting(workspace: Workspace, report: Reporter) -> Path:
    return workspace.store.staging / report.job_id


def _import_plain(workspace: Workspace, request: ImportRequest, report: Reporter, tally: Tally) -> int:
    report.progress(0, 0, "looking at the files")
    if request.refused:
        return _import_refused(workspace, request, report, tally)
    folders = _folders(workspace, request)
    # For a published data set its layout brings labels, and corrects what is known to be wrong.
    tally.notes += [line for folder, _, chosen in folders if chosen is None and (line := advice(folder))]
    misnamed = [_misnamed(path) for path, name, _ in _named(folders) if not _is_text(name)]
    n, large = _count(folders)
    if not n and not misnamed:
        raise NotFound("There are no files there.", advice="Choose a folder that holds ECG files.")
    workspace.store.ensure_dataset(request.dataset)
    writer = Writer(workspace, request, report, tally, total=n)
    if not writer.resumed:
        for failure in misnamed:
            writer.refuse_unread(failure)
    files = writer.left(_files_to_read(folders, n_processes=process_count()))
    _run(writer, files, few=n <= FEW_FILES and not large)
    return tally.n_files + len(misnamed)


def _run(writer: "Writer", files: Iterable[FileToRead], *, few: bool) -> None:
    """Read and write; what was read when the user cancels is written too."""
    rules = writer.rules
    with writer:
        if few:
            for file in files:
                stop_if_cancelled(writer.report)
                with silenced():
                    for number, read in enumerate(intake(rules, file)):
                        if number:  # an archive may hold thousands
                            stop_if_cancelled(writer.report)
                        writer.put(read)
            return
        with Readers(rules, process_count()) as readers:
            for found in readers.run(files):
                stop_if_cancelled(writer.report)
                if found is not None:
                    writer.put(found)
                else:
                    writer.flush()


def import_many(
    workspace: Workspace,
    request: ImportRequest,
    files: Iterable[FileToRead],
    tally: Tally,
    report: Reporter,
    *,
    total: int,
) -> set[str]:
    """Read files that are named one by one, in parallel. Answers the names of all records that are there now."""
    writer = Writer(workspace, request, report, tally, total=total)
    _run(writer, writer.left(files), few=total <= FEW_FILES)
    return set(workspace.store.file_names(request.dataset)) - set(tally.conflicts)


def import_one(
    workspace: Workspace,
    request: ImportRequest,
    source: FileSource,
    tally: Tally,
    report: Reporter,
    *,
    file_name: str | None = None,
    fold: int | None = None,
    subject: str | None = None,
    age: float | None = None,
    sex: Sex | None = None,
    correct: Correct | None = None,
) -> list[str]:
    """Read one file into the dataset. Returns the names under which its records are there now.

    `subject`, `age`, `sex`, `fold` come from a table beside the files and win over the file's own.
    """
    file = FileToRead(source.name, "", file_name or source.name, fold, subject, age, sex, hints=request.hints)
    with Writer(workspace, request, report, tally, total=0) as writer:
        writer.put(take(writer.rules, file, source, correct=correct))
        writer.flush()
        return writer.names


class Writer:
    """Takes what was read, in order, and writes it to the library in batches."""

    def __init__(
        self, workspace: Workspace, request: ImportRequest, report: Reporter, tally: Tally, *, total: int
    ) -> None:
        self.workspace, self.request, self.report, self.tally, self.total = workspace, request, report, tally, total
        self.rules = rules_of(workspace, request, report)
        self.rules.waiting.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.names: list[str] = []
        """Names that the last batch brought, or found to be there."""
        self.finished, checkpoint = workspace.jobs.finished_files(report.job_id) if total else (frozenset[str](), None)
        self.resumed = checkpoint is not None
        self._members = members_of(self.finished)
        if checkpoint is not None:
            tally.restore(checkpoint)
            report.log(f"Going on after {tally.n_files} files that were dealt with before.")
        self._refused_before = {row.file_name for row in workspace.quarantine.list(request.dataset)}
        self._batch: list[FileRead] = []
        self._since = time.monotonic()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    def left(self, files: Iterable[FileToRead]) -> Iterator[FileToRead]:
        """The files that were not dealt with before a crash."""
        for file in files:
            if not self.finished:
                yield file
            elif (key := share_key(self.rules, file)) not in self.finished:
                yield replace(file, finished=self._members.get(key[:KEY_DIGITS], frozenset()))

    def put(self, read: FileRead) -> None:
        """Take one file's result; write the batch when it is large enough."""
        self._batch.append(read)
        done = self.tally.n_files + len(self._batch)
        if self.total:
            self.report.progress(min(done, self.total), self.total, "files read")
        if len(self._batch) >= BATCH_FILES or time.monotonic() - self._since > BATCH_SECONDS:
            self.flush()

    def refuse_unread(self, failure: Failure) -> None:
        """A file that cannot even be opened."""
        self.workspace.quarantine.add(self.request.dataset, failure, {}, size=0)
        self.tally.refuse(failure)
        self._tell(failure)

    def flush(self) -> None:
        """Write what has come together."""
        batch, self._batch = self._batch, []
        self._since = time.monotonic()
        if not batch:
            return
        self.names = []
        for read in batch:
            if read.failure is not None:
                self._refuse(read, read.failure)
            elif read.outcome == "label table":
                self._skip(f"{read.stored}: looks like a table of labels")
        items = [(read, item) for read in batch for item in read.items]
        conflicts: list[FileRead] = []

        def settle(c: Any, outcomes: Sequence[Added]) -> None:
            for (read, item), added in zip(items, outcomes, strict=True):
                if added.state == "conflict":
                    conflicts.append(read)
                self._count(read, item, added)
            self.tally.n_files += sum(read.outcome in ("read", "refused") for read in batch)
            self.tally.n_beats += sum(read.n_beats for read in batch)
            if self.total:
                self.workspace.jobs.note_files(
                    c, self.report.job_id, [read.key for read in batch], self.tally.to_json()
                )

        self.workspace.store.add_many(self.request.dataset, [item for _, item in items], also=settle)
        for read in {read.key: read for read in conflicts if read.stored != read.name}.values():
            error = name_taken(self.request.dataset, read.name)
            self._refuse(read, Failure(read.name, "Conflict", error.message, error.advice), counted=False)
        for read in batch:
            if read.outcome == "read" and read.name in self._refused_before:
                self.workspace.quarantine.forget_name(self.request.dataset, read.name)

    def _count(self, read: FileRead, item: Any, added: Added) -> None:
        tally = self.tally
        if added.state == "conflict":
            if item is read.items[0]:
                tally.refuse(failure_of(read.stored, name_taken(self.request.dataset, read.stored)))
                if read.stored == read.name:
                    self._tell(tally.refused[-1])
            tally.conflicts.append(item.file_name)
            return
        if added.state == "copy":
            tally.n_copies += 1
            _list(tally.copies, f"{item.file_name}: same bytes as {added.other}")
            return
        self.names.append(item.file_name)
        # Doubts quote numbers, and may all differ: what is counted must not grow with the files.
        many = len(tally.doubts) >= MAX_DOUBTS
        tally.doubts.update(d for d in item.facts["doubts"] if not many or d in tally.doubts)
        if added.state == "present":
            tally.present += 1
            tally.described[item.file_name] = {
                "subject": item.subject, "age": item.age, "sex": item.sex, "fold": item.fold,
            }  # fmt: skip
            return
        tally.read += 1
        tally.n_originals += item.facts["original"] is not None
        if added.other is not None:
            tally.n_same += 1
            _list(tally.same, f"{item.file_name}: same ECG as {added.other}")

    def _refuse(self, read: FileRead, failure: Failure, *, counted: bool = True) -> None:
        """Quarantine knows the file by its own name, everything else by its stored one."""
        self.workspace.quarantine.keep(
            self.request.dataset, failure, read.kept, size=read.size, stored_name=read.stored
        )
        shown = replace(failure, file_name=read.stored)
        if read.stored != read.name:
            shown = replace(shown, reason=f"{read.stored}: see the quarantine of {self.request.dataset}.", advice="")
        if counted:
            self.tally.refuse(shown)
        self._tell(shown)

    def _tell(self, failure: Failure) -> None:
        """To the job's history, which need not hold a hundred thousand of them: all are in the dataset's list."""
        if self.tally.n_refused <= MAX_LISTED:
            self.report.failure(failure)

    def _skip(self, line: str) -> None:
        _list(self.tally.skipped, line)


def _list(lines: list[str], line: str) -> None:
    if len(lines) < MAX_LISTED:
        lines.append(line)


def _import_refused(workspace: Workspace, request: ImportRequest, report: Reporter, tally: Tally) -> int:
    sources: list[FileSource] = []
    workspace.store.ensure_dataset(request.dataset)
    with Writer(workspace, request, report, tally, total=0) as writer:
        for refused in map(workspace.quarantine.get, request.refused):
            try:
                name, files = workspace.quarantine.files(refused.id)
                sources.append(MemorySource(name, files))
            except NotFound as error:
                shown = refused.file_name if request.names_kept else refused.stored_name or "a refused file"
                tally.refuse(replace(failure_of(shown, error), advice=error.advice))
                report.failure(tally.refused[-1])
        for done, source in enumerate(sources):
            stop_if_cancelled(report)
            report.progress(done, len(sources), "files read")
            writer.put(take(writer.rules, FileToRead(source.name, "", hints=request.hints), source))
    report.progress(len(sources), len(sources), "files read")
    return len(sources)


# --- which files there are ----------------------------------------------------------------------------------------


Folder = tuple[Path, Path, tuple[str, ...] | None]
"""A folder to look into, what names are relative to, and which of its files (None: all, and the folders in it)."""


def _folders(workspace: Workspace, request: ImportRequest) -> list[Folder]:
    if request.upload is not None:
        root = uploads.folder(workspace, request.upload)
        return [(root, root, None)]
    if not request.paths:
        raise SettingError("There is nothing to import.", advice="Choose files or a folder.")
    folders: list[Folder] = []
    single: dict[Path, list[str]] = {}
    for text in request.paths:
        path = Path(text)
        if path.is_dir():
            folders.append((path, path, None))
        elif path.is_file():
            single.setdefault(path.parent, []).append(path.name)
        else:
            raise NotFound(f"There is no file or folder {text!r}.")
    return [*folders, *((parent, parent, tuple(sorted(set(names)))) for parent, names in single.items())]


def _listed(folders: Sequence[Folder]) -> Iterator[tuple[str, str, list[str]]]:
    """Each folder with the names in it, one folder at a time; hidden files and folders are left alone."""
    for start, root, only in folders:
        if only is not None:
            yield str(start), str(root), list(only)
            continue
        for folder, inner, names in os.walk(start):
            inner[:] = sorted(name for name in inner if not name.startswith("."))
            yield folder, str(root), sorted(name for name in names if not name.startswith("."))


def _named(folders: Sequence[Folder]) -> Iterator[tuple[str, str, str]]:
    for folder, root, names in _listed(folders):
        for name in names:
            path = str(Path(folder, name))
            yield path, os.path.relpath(path, root), root


def _count(folders: Sequence[Folder]) -> tuple[int, bool]:
    """How many files there are to read, those in archives too as far as a look tells; and whether any is large."""
    n, large = 0, False
    for folder, _, names in _listed(folders):
        for name in names:
            if not _is_text(name):
                continue
            n += 1
            if _may_be_archive(name):
                path = Path(folder, name)
                inside = _members(path) if name.casefold().endswith(".zip") else 1
                n += max(inside - 1, 0)
                large = large or inside > FEW_FILES or _size(path) > LARGE_ARCHIVE_BYTES
    return n, large


def _files_to_read(folders: Sequence[Folder], *, n_processes: int) -> Iterator[FileToRead]:
    """Every file that is not read with another one, folder by folder, so that nothing grows with their number."""
    for folder, root, names in _listed(folders):
        if not _is_text(os.path.relpath(folder, root)):
            continue
        names = [name for name in names if _is_text(name)]
        headers = [name for name in names if is_header(name)]
        owned = owners_among(PathSource(Path(folder, name), Path(folder)) for name in headers)
        stems = {folder_and_stem(name) for name in headers}
        for name in names:
            if name.casefold() in owned:
                continue
            path = f"{folder}{os.sep}{name}"
            beside = bool(stems) and folder_and_stem(name) in stems
            shares = n_processes if _is_large_zip(path) else 1
            for k in range(shares):
                yield FileToRead(path, root, beside_header=beside, share=(k, shares))


def _may_be_archive(name: str) -> bool:
    return name.casefold().endswith((".zip", ".gz", ".tgz", ".tar", ".bz2", ".tbz2", ".xz", ".txz"))


def _is_large_zip(path: str) -> bool:
    return path.casefold().endswith(".zip") and _size(Path(path)) > LARGE_ARCHIVE_BYTES and _kind(path) == "zip"


def _kind(path: str) -> str | None:
    """Which archive a file is; None when it is none, or cannot be opened."""
    with suppress(EinthovenError):
        return archive_kind(PathSource(Path(path)))
    return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _members(path: Path) -> int:
    """How many files a ZIP says it has: for the progress only."""
    with suppress(OSError, zipfile.BadZipFile, ValueError, NotImplementedError), zipfile.ZipFile(path) as archive:
        return sum(not info.is_dir() for info in archive.infolist())
    return 1


def _is_text(name: str) -> bool:
    """Linux allows names that are only bytes."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _misnamed(path: str) -> Failure:
    readable = Path(path).name.encode("utf-8", "backslashreplace").decode()
    reason = f"{readable}: the file's name is no text (it is not encoded as UTF-8)."
    return Failure(readable, "FormatError", reason, "Rename the file and try again.")


def named_as_text(sources: Iterable[FileSource]) -> tuple[list[FileSource], list[Failure]]:
    """The sources whose names are text, and a failure for each other."""
    good: list[FileSource] = []
    failures: list[Failure] = []
    for source in sources:
        if _is_text(source.name):
            good.append(source)
        else:
            readable = source.name.encode("utf-8", "backslashreplace").decode()
            failures.append(_misnamed(readable))
    return good, failures


def failure_of(file_name: str, error: EinthovenError) -> Failure:
    """An error about one file of a batch as a value."""
    missing = error.missing if isinstance(error, HintsNeeded) else ()
    return Failure(file_name, type(error).__name__, error.message, error.advice, missing)


def sources_of_paths(paths: Sequence[str]) -> Iterator[FileSource]:
    """Every file at `paths`; folders are walked, in the order of names, hidden files left alone."""
    for text in paths:
        path = Path(text)
        if path.is_dir():
            inside = (p for p in path.rglob("*") if p.is_file())
            for file in sorted(inside):
                if not any(part.startswith(".") for part in file.relative_to(path).parts):
                    yield PathSource(file, path)
        elif path.is_file():
            yield PathSource(path, path.parent)
        else:
            raise NotFound(f"There is no file or folder {text!r}.")
