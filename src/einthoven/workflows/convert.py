"""Write ECGs in another format: the ECGs of one file, or the records of a dataset."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from einthoven import writers
from einthoven.errors import (
    Conflict,
    EinthovenError,
    FormatError,
    InputError,
    MissingDependency,
    NotFound,
    SettingError,
)
from einthoven.examine import open_all
from einthoven.files import write_whole
from einthoven.formats import PathSource, read_all
from einthoven.record import EcgRecord, ReadHints
from einthoven.results import Failure
from einthoven.store.types import ItemQuery
from einthoven.workflows.import_ import failure_of
from einthoven.workflows.workspace import Workspace
from einthoven.writers import WriterEntry, Written

MAX_LISTED = 200


@dataclass(frozen=True, slots=True)
class ConvertOutcome:
    """What was written: files by path (of a record in several files the one to open), and at what cost.

    `said` counts each remark of the writer over all records; `loses` is what such files never hold.
    """

    format: str
    files: tuple[str, ...]
    n_written: int
    said: dict[str, int]
    loses: str
    refused: tuple[Failure, ...] = ()


@dataclass(slots=True)
class _Tally:
    files: list[str] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)
    refused: list[Failure] = field(default_factory=list)
    n_written: int = 0

    def add(self, path: Path, written: Written) -> None:
        self.n_written += 1
        self.said.update(written.said)
        if len(self.files) < MAX_LISTED:
            self.files.append(str(path))

    def outcome(self, writer: WriterEntry) -> ConvertOutcome:
        said = dict(self.said.most_common(MAX_LISTED))
        return ConvertOutcome(
            writer.name, tuple(self.files), self.n_written, said, writer.loses, tuple(self.refused[:MAX_LISTED])
        )


def convert_file(
    path: Path,
    out: Path,
    *,
    hints: ReadHints | None = None,
    derived: bool = False,
    beats: bool = False,
    force: bool = False,
) -> ConvertOutcome:
    """Write the ECGs in the file at `path` to `out`, whose ending says the format.

    One ECG becomes `out`; several become `out` with `-1`, `-2`, ... before the ending. Names, birth dates and
    patient numbers are never written, also not as a hash: without a library there is no secret key for one, and who
    tries out all numbers finds it. Of an archive the files that can be read are written, and the outcome names what
    cannot be.

    Parameters
    ----------
    derived
        Also write leads that were derived from others (III, aVR, aVL, aVF of a file with eight leads).
    beats
        Also write the median beats that the device put beside the recording, as ECGs of their own.
    force
        Overwrite files that are there.

    Raises
    ------
    SettingError
        The ending of `out` is that of no format.
    NotFound, FormatError, HintsNeeded, RecordError
        The file cannot be read, or the format cannot hold what is in it; nothing was written.
    Conflict
        A file of that name is there.
    """
    writer = writers.writer_for(out.name)
    if not path.is_file():
        raise NotFound(f"There is no file {str(path)!r}.")
    if not out.parent.is_dir():
        raise NotFound(f"There is no folder {str(out.parent)!r}.", advice="Make it first.")
    tally = _Tally()
    source = PathSource(path, path.parent)
    found = _read(open_all(source, hints) if derived else read_all(source, hints), source.name, tally)
    records = _chosen(found, tally, beats=beats)
    first = list(itertools.islice(records, 2))
    if not first:
        raise FormatError(f"{source.name} holds a median beat and no recording.", advice="Write it with --beats.")
    stem = out.name[: -len(writer.suffix)]
    if not stem:
        raise SettingError(f"{out.name!r} has an ending only.", advice=f"Write a name before {writer.suffix}.")
    errors: list[EinthovenError] = []
    several = len(first) > 1
    names = (f"{stem}-{number}" for number in itertools.count(1)) if several else iter((stem,))
    for name, record in zip(names, itertools.chain(first, records), strict=False):
        try:
            written = writer.write(_without_id(record, tally), name)
        except (InputError, MissingDependency) as error:
            errors.append(_named(error, source.name, record))
            continue
        tally.add(_publish(out.parent, written, keep=path, force=force), written)
    if not tally.n_written:
        raise errors[0]
    tally.refused += [failure_of(source.name, error) for error in errors]
    return tally.outcome(writer)


def _read(records: Iterator[EcgRecord], name: str, tally: _Tally) -> Iterator[EcgRecord]:
    """The records; an error after the first of them is noted, for an archive says at its end what cannot be read."""
    any_read = False
    try:
        for record in records:
            any_read = True
            yield record
    except (InputError, MissingDependency) as error:
        if not any_read:
            raise
        tally.refused.append(failure_of(name, error))


def _without_id(record: EcgRecord, tally: _Tally) -> EcgRecord:
    if record.subject.id is None:
        return record
    tally.said["the patient's number is not written, nor a hash of it: a dataset of a library has safe pseudonyms"] += 1
    return replace(record, subject=replace(record.subject, id=None))


def _chosen(records: Iterator[EcgRecord], tally: _Tally, *, beats: bool) -> Iterator[EcgRecord]:
    for record in records:
        if beats or not record.is_median_beat:
            yield record
        else:
            tally.said["the median beat of the device is not written (--beats writes it too)"] += 1


def export_dataset(
    workspace: Workspace, dataset: str, folder: Path, to: str, *, derived: bool = False, force: bool = False
) -> ConvertOutcome:
    """Write every record of a dataset into `folder`, under its name in the dataset, in the format with ending `to`.

    Records that the format cannot hold are listed in the outcome and stop nothing. Pseudonymous id, age and sex are
    those of the dataset; the id was made with the secret key of the library.

    Raises
    ------
    SettingError, NotFound, Conflict
        As `convert_file`; no dataset of that name.
    """
    writer = writers.writer_for(to)
    _, items = workspace.store.items(dataset, ItemQuery())
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(f"The folder {folder} cannot be made: {error.strerror or error}.") from error
    tally = _Tally()
    taken: set[str] = set()
    for item in items:
        name = free_name(item.file_name, taken)
        try:
            record = workspace.store.load(item)
            written = writer.write(record if derived else _without_derived(record), name)
        except (InputError, MissingDependency) as error:
            tally.refused.append(failure_of(item.file_name, error))
            continue
        tally.add(_publish(folder, written, keep=None, force=force), written)
    return tally.outcome(writer)


def _named(error: EinthovenError, name: str, record: EcgRecord) -> EinthovenError:
    which = f"{name} #{record.source.index + 1}" if record.source.index else name
    error.message = f"{which}: {error.message}"
    error.args = (error.message,)
    return error


def _without_derived(record: EcgRecord) -> EcgRecord:
    """The leads that were stored: a file that holds derived ones could not say so."""
    kept = [row for row, lead in enumerate(record.leads) if lead not in record.source.derived]
    if len(kept) == record.n_leads:
        return record
    source = replace(record.source, derived=())
    return replace(record, signal=record.signal[kept], leads=tuple(record.leads[row] for row in kept), source=source)


def free_name(file_name: str, taken: set[str]) -> str:
    """A plain file name for a record: `records100/00001_lr.hea` is `records100_00001_lr`; `a.npz#2` is `a-2`."""
    path, hash_sign, number = file_name.rpartition("#")
    bare = path if hash_sign and number.isdigit() else file_name
    stem = bare.rpartition(".")[0] or bare
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_") or "ecg"
    wanted = f"{plain}-{number}" if hash_sign and number.isdigit() else plain
    name = next(name for name in _numbered(wanted) if name.casefold() not in taken)
    taken.add(name.casefold())
    return name


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}_{number}" for number in itertools.count(2))


def _publish(folder: Path, written: Written, *, keep: Path | None, force: bool) -> Path:
    """Write a record's files, each whole or not at all, the one to open last; answers its path.

    They are readable by their owner only, like everything that holds a patient's ECG.
    """
    targets = {folder / name: data for name, data in written.files.items()}
    for target in targets:
        if keep is not None and target.exists() and target.samefile(keep):
            raise Conflict(f"{target} is the file that is being read.", advice="Choose another name.")
        if target.exists() and not force:
            raise Conflict(f"{target} is there already.", advice="Choose another name, or overwrite it with --force.")
    for target, data in reversed(targets.items()):
        _write(target, data)
    return next(iter(targets))


def _write(target: Path, data: bytes) -> None:
    try:
        write_whole(target, data)
    except OSError as error:
        raise SettingError(f"{target} cannot be written: {error.strerror or error}.") from error
