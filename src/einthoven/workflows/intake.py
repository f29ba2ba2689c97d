"""One file of an import, from its bytes to what waits on the disk: read, made nameless, looked at, written.

Nothing here touches the library: signals, originals and refused bytes are written to the job's folder of waiting
files, and the process that holds the database moves them into their places (`import_.py`). So this runs in as
many processes as there are cores, and a crash costs one file.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np

from einthoven.errors import EinthovenError, FormatError, HintsNeeded, InputError, MissingDependency
from einthoven.examine import examine
from einthoven.formats import FORMATS, FileSource, PathSource, detect, read_all
from einthoven.formats.archives import archive_kind
from einthoven.formats.planning import files_in, not_an_ecg, set_aside
from einthoven.formats.source import SeenSource
from einthoven.record import EcgRecord, ReadHints, Sex, Subject
from einthoven.results import Failure
from einthoven.signal.quality import assess
from einthoven.store.originals import MAX_KEPT_BYTES, pack
from einthoven.store.record_facts import record_facts, record_identity
from einthoven.store.signals import write_private, write_waiting
from einthoven.store.types import NewItem
from einthoven.workflows.names import identifying_parts, pseudonym, stored_name, without_names

Correct = Callable[[EcgRecord], EcgRecord]
KEY_DIGITS = 14
"""56 bits for a path, and as many for a member of it."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all files of an import. `key` makes pseudonyms and stored names; `waiting` is the job's folder."""

    key: bytes = field(repr=False)
    waiting: Path
    hints: ReadHints = field(default_factory=ReadHints)
    keep_names: bool = False
    keep_identifiers: bool = False
    leave_out_copies: bool = True


@dataclass(frozen=True, slots=True)
class FileToRead:
    """A file of an import, by values that can travel to another process.

    `name` is how it is called (None: its path below `root`). `subject`, `age`, `sex`, `fold` come from a table
    beside the files and win over the file's own; `correction` names a function of `import_layout.CORRECTIONS`.
    `beside_header`: a WFDB header of its stem lies beside it. `share`: of an archive, every n-th record from the
    k-th on; `finished`: keys of members that were dealt with before a crash.
    """

    path: str
    root: str
    name: str | None = None
    fold: int | None = None
    subject: str | None = None
    age: float | None = None
    sex: Sex | None = None
    correction: str = ""
    hints: ReadHints | None = None
    beside_header: bool = False
    share: tuple[int, int] = (0, 1)
    finished: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FileRead:
    """What became of one file (or member of an archive): its ECGs, or why there are none.

    `outcome`: `read`; `refused`; `label table` and `companion` were no ECGs and are left aside. `name` is the file's
    own, `stored` the one that the library knows. `kept` are refused bytes: name -> (sha256, where they wait);
    `n_beats` are median beats that were left out.
    """

    key: str
    name: str
    stored: str
    outcome: Literal["read", "refused", "label table", "companion"]
    items: tuple[NewItem, ...] = ()
    doubts: tuple[str, ...] = ()
    failure: Failure | None = None
    kept: Mapping[str, tuple[str, Path]] = field(default_factory=dict)
    size: int = 0
    n_beats: int = 0


def intake(rules: Rules, file: FileToRead) -> Iterator[FileRead]:
    """Deal with a file; with each file in it, when it is an archive. Nothing is raised about the file itself."""
    source: FileSource = PathSource(Path(file.path), Path(file.root))
    try:
        source = SeenSource(source)
        packed = archive_kind(source) is not None
    except EinthovenError:
        packed = False
    if packed:
        yield from _archive(rules, file, source)
    else:
        yield take(rules, file, source)


def file_key(rules: Rules, path: str, member: str = "") -> str:
    """By which a file is remembered while its import goes on; it says nothing without the key."""
    return "".join(
        hmac.new(rules.key, f"file:{part}".encode("utf-8", "backslashreplace"), hashlib.sha256).hexdigest()[:KEY_DIGITS]
        for part in (path, member)
        if part
    )


def share_key(rules: Rules, file: FileToRead) -> str:
    """The key of a whole file, or of one share of an archive."""
    return file_key(rules, file.path, "" if file.share == (0, 1) else f"\0{file.share}")


def members_of(finished: frozenset[str]) -> dict[str, frozenset[str]]:
    """Keys of members by the key of their archive."""
    members: dict[str, set[str]] = {}
    for key in finished:
        if len(key) > KEY_DIGITS:
            members.setdefault(key[:KEY_DIGITS], set()).add(key)
    return {archive: frozenset(keys) for archive, keys in members.items()}


def _archive(rules: Rules, file: FileToRead, source: FileSource) -> Iterator[FileRead]:
    for found in files_in(source, share=file.share):
        key = file_key(rules, file.path, found.name)
        if key in file.finished:
            continue
        stored = _stored(rules, found.name)
        if found.error is not None or found.source is None:
            error = found.error or FormatError(found.reason)
            yield _refused(key, found.name, stored, error, None, rules)
        elif found.pile in ("label table", "companion"):
            yield FileRead(key, found.name, stored, "label table" if found.pile == "label table" else "companion")
        else:
            member = replace(file, name=None, beside_header=False)
            yield take(rules, member, found.source, key=key)
    yield FileRead(share_key(rules, file), source.name, "", "companion")


def take(
    rules: Rules, file: FileToRead, source: FileSource, *, key: str | None = None, correct: Correct | None = None
) -> FileRead:
    """Deal with one file that is no archive."""
    name = file.name or source.name
    key = key or file_key(rules, file.path)
    stored = _stored(rules, name)
    try:
        seen = source if isinstance(source, SeenSource) else SeenSource(source)
        aside = set_aside(seen) if file.fold is None and file.name is None else None
        if aside is not None and aside[0] != "unknown":
            return FileRead(key, name, stored, "label table" if aside[0] == "label table" else "companion")
        return _read(rules, file, seen, key, name, stored, correct or _correction(file.correction))
    except (InputError, MissingDependency) as error:
        pile, reason = _pile_after_failure(source, file, file.hints or rules.hints)
        if pile == "companion":
            return FileRead(key, name, stored, "companion")
        if reason and not isinstance(error, HintsNeeded):
            error = FormatError(reason, advice=error.advice)
        return _refused(key, name, stored, error, source, rules)


def _pile_after_failure(source: FileSource, file: FileToRead, hints: ReadHints) -> tuple[str, str]:
    """A file that could not be read may be one that no format claims: then it may belong to another."""
    try:
        detect(source, hints)
    except EinthovenError as unclaimed:
        pile, reason = not_an_ecg(source, unclaimed, beside_header=file.beside_header)
        return pile, reason if reason != str(unclaimed) else ""
    return "record", ""


def _read(
    rules: Rules, file: FileToRead, source: FileSource, key: str, name: str, stored: str, correct: Correct | None
) -> FileRead:
    items: list[NewItem] = []
    doubts: list[str] = []
    original: tuple[str, Path, int] | None = None
    n_beats = 0
    for record in read_all(source, file.hints or rules.hints):
        if record.is_median_beat:
            n_beats += 1  # no recording: it would be learned from and counted as an ECG
            continue
        # A wrong gain is corrected before the leads are held against each other.
        known = _nameless(rules, examine(correct(record) if correct else record), file, name, stored)
        if not items:
            original = _original(rules, source, known.source.format, name)
        part = known.source.index
        items.append(_item(rules, known, stored if part == 0 else f"{stored}#{part + 1}", original, file))
        doubts += known.source.doubts
    if not items:
        raise FormatError(f"{name} holds {'a median beat and no recording' if n_beats else 'no ECG'}.")
    return FileRead(key, name, stored, "read", tuple(items), tuple(doubts), size=source.size, n_beats=n_beats)


def _item(
    rules: Rules, record: EcgRecord, stored: str, original: tuple[str, Path, int] | None, file: FileToRead
) -> NewItem:
    waiting = rules.waiting / f"{secrets.token_hex(8)}.safetensors"
    write_waiting(waiting, record)
    quality, grade = _quality(record)
    facts = record_facts(record, quality=quality, grade=grade)
    if original is not None:
        facts |= {"original": original[0], "original_bytes": original[2], "identifiers": rules.keep_identifiers}
    return NewItem(
        file_name=stored,
        record_id=record_identity(record),
        facts=facts,
        signal=waiting,
        original=original[1] if original else None,
        subject=record.subject.id,
        age=record.subject.age,
        sex=record.subject.sex,
        fold=file.fold,
        leave_out_copies=rules.leave_out_copies,
    )


def _nameless(rules: Rules, record: EcgRecord, file: FileToRead, name: str, stored: str) -> EcgRecord:
    """The record under its stored name, with a subject that needs this installation's key."""
    identifier = file.subject if file.subject is not None else record.subject.id
    if identifier is not None and not record.source.simulated:
        identifier = pseudonym(rules.key, identifier)
    subject = Subject(
        identifier,
        file.age if file.age is not None else record.subject.age,
        file.sex if file.sex is not None else record.subject.sex,
    )
    source = replace(record.source, name=stored)
    if stored != name:

        def clean(lines: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(without_names(line, name, stored) for line in lines)

        source = replace(
            source, doubts=clean(source.doubts), changed=clean(source.changed), assumed=clean(source.assumed)
        )
    return replace(record, source=source, subject=subject)


def _original(rules: Rules, source: FileSource, format_name: str, name: str) -> tuple[str, Path, int] | None:
    """The file as it may be kept: hash over the kept bytes, where it waits, its size. None where it may not."""
    entry = FORMATS.get(format_name)
    files: Mapping[str, bytes] | None = None
    with suppress(EinthovenError):
        if source.size <= MAX_KEPT_BYTES:
            files = _unchanged(source) if rules.keep_identifiers else entry.blank(source)
    if not files:
        return None
    if not rules.keep_names and not rules.keep_identifiers:
        files = _renamed(files, PurePosixPath(name).stem)
        if _still_there(files, identifying_parts(name)):
            return None
    digest = hashlib.sha256()
    for data in files.values():
        digest.update(data)
    waiting = rules.waiting / f"{secrets.token_hex(8)}.zip"
    return digest.hexdigest(), waiting, pack(waiting, files)


def _unchanged(source: FileSource) -> dict[str, bytes]:
    files = {PurePosixPath(source.name).name: source.read()}
    for companion in detect(source).companions(source):
        beside = source.sibling(companion)
        if beside is not None:
            files[PurePosixPath(beside.name).name] = beside.read()
    return files


def _renamed(files: Mapping[str, bytes], stem: str) -> dict[str, bytes]:
    """The files without the stem of their name, which says who it is."""
    renamed: dict[str, bytes] = {}
    for file_name, data in files.items():
        plain = file_name
        if stem and file_name.casefold().startswith(stem.casefold()):
            plain = "record" + file_name[len(stem) :]
        renamed[plain] = data
    return renamed


def _still_there(files: Mapping[str, bytes], parts: tuple[str, ...]) -> bool:
    """Whether a part of the file's own path stands in what would be kept, in 8 or 16 bits a character."""
    wanted: set[bytes] = set()
    for part in parts:
        folded = part.casefold()
        wanted |= {folded.encode("utf-8", "backslashreplace"), folded.encode("latin-1", "backslashreplace")}
        # Without its last byte, which is 0 in most scripts, the one order of bytes stands within the other.
        wide = folded.encode("utf-16-le", "surrogatepass")
        wanted.add(wide[:-1] if wide.endswith(b"\0") else wide)
    for file_name, data in files.items():
        if any(part.casefold() in file_name.casefold() for part in parts):
            return True
        # Most files hold no such part: that is seen in a third of the time that `lower` and `in` take.
        blurred = _without_case(data)
        near = [form for form in wanted if blurred.rfind(_without_case(form)) >= 0]
        if near and any(form in data.lower() for form in near):
            return True
    return False


def _without_case(data: bytes) -> bytearray:
    """Each byte with the bit set that small letters have and capitals lack: what is equal but for case is equal."""
    blurred = bytearray(data)
    np.frombuffer(blurred, np.uint8)[:] |= np.uint8(0x20)
    return blurred


def _quality(record: EcgRecord) -> tuple[str, str]:
    """What `signal.quality` finds: as JSON for the library, and the grade in a word."""
    found = assess(record)
    leads = [{name: getattr(lead, name) for name in lead.__slots__} for lead in found.leads]
    quality = {"grade": found.grade, "reason": found.reason, "unit": found.unit, "leads": leads}
    return json.dumps(quality, ensure_ascii=False, allow_nan=False), found.grade


def _stored(rules: Rules, name: str) -> str:
    return name if rules.keep_names else stored_name(rules.key, name)


def _refused(
    key: str, name: str, stored: str, error: EinthovenError, source: FileSource | None, rules: Rules
) -> FileRead:
    missing = error.missing if isinstance(error, HintsNeeded) else ()
    failure = Failure(name, type(error).__name__, error.message, error.advice, missing)
    kept: dict[str, tuple[str, Path]] = {}
    for file_name, data in (_kept_bytes(source) if source is not None else {}).items():
        waiting = rules.waiting / f"{secrets.token_hex(8)}.refused"
        write_private(waiting, data)
        kept[file_name] = (hashlib.sha256(data).hexdigest(), waiting)
    return FileRead(key, name, stored, "refused", failure=failure, kept=kept, size=_size(source))


def refuse_unread(rules: Rules, file: FileToRead, error: EinthovenError) -> FileRead:
    """A file that ended the process that read it."""
    source = PathSource(Path(file.path), Path(file.root))
    name = file.name or source.name
    # Looking for companions would mean to read its header again, which may be what did the harm.
    read = _refused(file_key(rules, file.path), name, _stored(rules, name), error, None, rules)
    return replace(read, size=_size(source))


def _kept_bytes(source: FileSource) -> dict[str, bytes]:
    """A refused file with the files it needs, to be tried again; nothing when it is too large or cannot be had."""
    try:
        if source.size > MAX_KEPT_BYTES:
            return {}
        kept = {source.name: source.read()}
    except InputError:
        return {}
    with suppress(InputError):  # of no known format, so that it has no companions
        for companion in detect(source).companions(source):
            beside = source.sibling(companion)
            if beside is not None:
                kept[beside.name] = beside.read()
    return kept


def _size(source: FileSource | None) -> int:
    try:
        return 0 if source is None else source.size
    except InputError:
        return 0


def _correction(name: str) -> Correct | None:
    if not name:
        return None
    from einthoven.workflows.import_layout import CORRECTIONS

    return CORRECTIONS[name]


def to_json(read: FileRead) -> dict[str, Any]:
    """A result as it travels to the process that holds the database."""
    data = {name: getattr(read, name) for name in ("key", "name", "stored", "outcome", "doubts", "size", "n_beats")}
    data["failure"] = None if read.failure is None else asdict(read.failure)
    data["kept"] = {name: [digest, str(path)] for name, (digest, path) in read.kept.items()}
    data["items"] = [
        {
            **{name: getattr(item, name) for name in item.__slots__},
            "signal": str(item.signal),
            "original": None if item.original is None else str(item.original),
        }
        for item in read.items
    ]
    return data


def from_json(data: Mapping[str, Any]) -> FileRead:
    """What `to_json` wrote."""
    items = tuple(
        NewItem(**{
            **item, "signal": Path(item["signal"]), "original": Path(item["original"]) if item["original"] else None,
        })
        for item in data["items"]
    )  # fmt: skip
    failure = data["failure"]
    return FileRead(
        key=data["key"],
        name=data["name"],
        stored=data["stored"],
        outcome=data["outcome"],
        items=items,
        doubts=tuple(data["doubts"]),
        failure=None if failure is None else Failure(**{**failure, "missing_hints": tuple(failure["missing_hints"])}),
        kept={name: (digest, Path(path)) for name, (digest, path) in data["kept"].items()},
        size=data["size"],
        n_beats=data["n_beats"],
    )
