"""Read files into a dataset: every file ends as read, already there, refused with its reason, or skipped and said."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from einthoven import formats
from einthoven.errors import (
    Conflict,
    EinthovenError,
    HintsNeeded,
    InputError,
    MissingDependency,
    NotFound,
    SettingError,
)
from einthoven.formats import FileSource, MemorySource, PathSource
from einthoven.jobs import Reporter, stop_if_cancelled
from einthoven.record import EcgRecord, Sex
from einthoven.results import Failure
from einthoven.store.quarantine import MAX_KEPT_BYTES
from einthoven.store.store import checked_name
from einthoven.workflows import uploads
from einthoven.workflows.plain import load_result
from einthoven.workflows.requests import ImportOutcome, ImportRequest
from einthoven.workflows.workspace import Workspace

MAX_LISTED = 200
"""Examples that an outcome carries; all refusals are in the dataset's list."""


@dataclass
class Tally:
    read: int = 0
    present: int = 0
    refused: list[Failure] = field(default_factory=list)
    doubts: Counter[str] = field(default_factory=Counter)
    skipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    labels_without_record: list[str] = field(default_factory=list)
    records_without_label: list[str] = field(default_factory=list)
    described: dict[str, dict[str, str | float | None]] = field(default_factory=dict)
    """Records that were there already -> what a table beside the files says of subject and fold."""


def import_files(workspace: Workspace, request: ImportRequest, report: Reporter) -> ImportOutcome:
    """Read everything the request names. Files fail one by one; the good ones go through."""
    began = time.perf_counter()
    request = replace(request, dataset=checked_name(request.dataset, noun="dataset"))
    tally = Tally()
    if request.layout is not None:
        from einthoven.workflows import import_layout

        n_files = import_layout.run(workspace, request, report, tally)
    else:
        n_files = _import_plain(workspace, request, report, tally)
    if request.upload is not None:
        uploads.close_upload(workspace, request.upload)
    return ImportOutcome(
        dataset=request.dataset,
        n_files=n_files,
        n_read=tally.read,
        n_already_there=tally.present,
        n_refused=len(tally.refused),
        refused=tuple(tally.refused[:MAX_LISTED]),
        doubts=dict(tally.doubts.most_common()),
        skipped=tuple(tally.skipped[:MAX_LISTED]),
        tasks=tuple(tally.tasks),
        labels_without_record=len(tally.labels_without_record),
        records_without_label=len(tally.records_without_label),
        examples_without_record=tuple(tally.labels_without_record[:MAX_LISTED]),
        examples_without_label=tuple(tally.records_without_label[:MAX_LISTED]),
        notes=tuple(tally.notes),
        seconds=time.perf_counter() - began,
    )


def outcome(workspace: Workspace, job_id: str) -> ImportOutcome | None:
    """The stored outcome of an import job; None while it runs or when it failed."""
    job = workspace.jobs.job_of_kind(job_id, "import")
    return load_result(workspace.jobs.path(job.id) / "result.json", ImportOutcome)


def _import_plain(workspace: Workspace, request: ImportRequest, report: Reporter, tally: Tally) -> int:
    report.progress(0, 0, "looking at the files")
    misnamed: list[Failure] = []
    if request.refused:
        sources = _kept_sources(workspace, request.refused, tally, report)
        records: Sequence[FileSource] = sources
    else:
        sources, misnamed = named_as_text(_sources(workspace, request))
        if not sources and not misnamed:
            raise NotFound("There are no files there.", advice="Choose a folder that holds ECG files.")
        plan = formats.plan(sources)
        records = plan.records
        tally.skipped += [f"{source.name}: looks like a table of labels" for source in plan.label_tables]
        # A file of no known format is refused like any other, so that it stands in the list with its reason.
        records = [*records, *plan.unknown]
    workspace.store.ensure_dataset(request.dataset)
    for failure in misnamed:
        _refuse(workspace, request, failure, tally, report)
    for done, source in enumerate(records):
        stop_if_cancelled(report)
        report.progress(done, len(records), "files read")
        import_one(workspace, request, source, tally, report)
    report.progress(len(records), len(records), "files read")
    return len(records) + len(misnamed)


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
) -> list[str]:
    """Read one file into the dataset. Returns the names under which its records are there now.

    `subject`, `age`, `sex`, `fold` come from a table beside the files and win over the file's own.
    """
    name = file_name or source.name
    names: list[str] = []
    try:
        for record in formats.read_all(source, request.hints):
            known = _described(workspace, record, subject=subject, age=age, sex=sex)
            names.append(name if record.source.index == 0 else f"{name}#{record.source.index + 1}")
            if workspace.store.add(request.dataset, names[-1], known, fold=fold) == "added":
                tally.read += 1
            else:
                tally.present += 1
                s = known.subject
                tally.described[names[-1]] = {"subject": s.id, "age": s.age, "sex": s.sex, "fold": fold}
            tally.doubts.update(record.source.doubts)
    except Conflict as error:
        tally.refused.append(failure_of(name, error))
        report.failure(tally.refused[-1])
        return names
    except (InputError, MissingDependency) as error:
        _refuse(workspace, request, failure_of(name, error), tally, report, source=source)
        return names
    workspace.quarantine.forget_name(request.dataset, name)
    return names


def _refuse(
    workspace: Workspace,
    request: ImportRequest,
    failure: Failure,
    tally: Tally,
    report: Reporter,
    *,
    source: FileSource | None = None,
) -> None:
    tally.refused.append(failure)
    report.failure(failure)
    kept, size = (_kept_bytes(source), _size(source)) if source is not None else ({}, 0)
    workspace.quarantine.add(request.dataset, failure, kept, size=size)


def named_as_text(sources: Iterable[FileSource]) -> tuple[list[FileSource], list[Failure]]:
    """The sources whose names are text, and a failure for each other: Linux allows names that are only bytes."""
    good: list[FileSource] = []
    failures: list[Failure] = []
    for source in sources:
        readable = source.name.encode("utf-8", "backslashreplace").decode()
        if readable == source.name:
            good.append(source)
        else:
            reason = f"{readable}: the file's name is no text (it is not encoded as UTF-8)."
            failures.append(Failure(readable, "FormatError", reason, "Rename the file and try again."))
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


def _sources(workspace: Workspace, request: ImportRequest) -> Iterator[FileSource]:
    if request.upload is not None:
        return sources_of_paths([str(uploads.folder(workspace, request.upload))])
    if not request.paths:
        raise SettingError("There is nothing to import.", advice="Choose files or a folder.")
    return sources_of_paths(request.paths)


def _kept_sources(workspace: Workspace, ids: Sequence[int], tally: Tally, report: Reporter) -> list[FileSource]:
    sources: list[FileSource] = []
    for refused in map(workspace.quarantine.get, ids):
        try:
            name, files = workspace.quarantine.files(refused.id)
            sources.append(MemorySource(name, files))
        except NotFound as error:
            tally.refused.append(failure_of(refused.file_name, error))
            report.failure(tally.refused[-1])
    return sources


def _kept_bytes(source: FileSource) -> dict[str, bytes]:
    """A refused file with the files it needs, to be tried again; nothing when it is too large or cannot be had."""
    try:
        if source.size > MAX_KEPT_BYTES:
            return {}
        kept = {source.name: source.read()}
    except InputError:
        return {}
    with suppress(InputError):  # of no known format, so that it has no companions
        for companion in formats.detect(source).companions(source):
            beside = source.sibling(companion)
            if beside is not None:
                kept[beside.name] = beside.read()
    return kept


def _size(source: FileSource) -> int:
    try:
        return source.size
    except InputError:
        return 0


def _described(
    workspace: Workspace, record: EcgRecord, *, subject: str | None, age: float | None, sex: Sex | None
) -> EcgRecord:
    identifier = subject if subject is not None else record.subject.id
    if identifier is not None and not record.source.simulated:
        identifier = workspace.pseudonym(identifier)
    return replace(
        record,
        subject=replace(
            record.subject,
            id=identifier,
            age=age if age is not None else record.subject.age,
            sex=sex if sex is not None else record.subject.sex,
        ),
    )
