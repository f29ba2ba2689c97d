"""The files of a measuring, taken from the folder of its job to where they were asked for."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from einthoven.errors import Conflict, InputError, SettingError
from einthoven.jobs import JobQueue
from einthoven.workflows.measure import REFUSED_NAME
from einthoven.workflows.measurements import EXPORTS, FILE_FORMATS, Export, FileFormat, MeasureOutcome


def exports_of(names: Sequence[str]) -> tuple[Export, ...]:
    """Exports by their names; SettingError with the choices."""
    unknown = [name for name in names if name not in EXPORTS]
    if unknown or not names:
        raise SettingError(
            f"{', '.join(map(repr, unknown))} cannot be written." if unknown else "No export is named.",
            advice=f"Use {', '.join(EXPORTS)}.",
        )
    return tuple(export for name in dict.fromkeys(names) for export in get_args(Export) if export == name)


def format_of(what: Sequence[Export], out: Path | None, wanted: Sequence[str]) -> FileFormat:
    """The format on which the ending of `out` and what else was `wanted` agree; CSV where nothing was.

    Raises
    ------
    SettingError
        They disagree, the format is unknown, or `out` names one file for several exports.
    """
    formats = {name.removeprefix(".").lower() for name in wanted}
    if out is not None and _is_file(out):
        if len(what) > 1:
            raise SettingError(f"{len(what)} exports do not fit into one file.", advice="Name a folder with --out.")
        formats.add(out.suffix.removeprefix(".").lower())
    if len(formats) > 1:
        raise SettingError(
            f"The formats {' and '.join(sorted(formats))} were asked for.", advice="Ask for one of them."
        )
    asked = formats.pop() if formats else "csv"
    for known in FILE_FORMATS:
        if known == asked:
            return known
    raise SettingError(f"{asked!r} is no format of exports.", advice=f"Use {', '.join(FILE_FORMATS)}.")


def check_free(out: Path, what: Sequence[Export], file_format: FileFormat) -> None:
    """Conflict when a file is there already that `take` would overwrite: it may be an ECG."""
    names = [name for export in what for name in (f"{export}.{file_format}", f"{export}.{file_format}.zip")]
    targets = [_zipped(out), out] if _is_file(out) else [out / name for name in names]
    for target in targets:
        if target.is_file():
            raise Conflict(f"{target} is there already.", advice="Choose another name, or overwrite it with --force.")


def take(jobs: JobQueue, job_id: str, outcome: MeasureOutcome, out: Path) -> tuple[Path, ...]:
    """Copy the exports of a job: one to `out` when that names a file, else into the folder `out`.

    Raises
    ------
    InputError
        When a file cannot be written there; it says where it is.
    """
    names = exported(outcome)
    one = len(names) == 1 and _is_file(out)
    taken = []
    for name in names:
        target = out if one else out / name
        # A ZIP of many is not what its name would say.
        if one and name.endswith(".zip"):
            target = _zipped(target)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(jobs.file(job_id, name), target)
        except OSError as error:
            raise InputError(
                f"{target} cannot be written: {error.strerror or error}.", advice=f"It is in {jobs.path(job_id)}."
            ) from error
        taken.append(target)
    return tuple(taken)


def exported(outcome: MeasureOutcome) -> tuple[str, ...]:
    """The files that were asked for."""
    return tuple(name for name in outcome.files if name != REFUSED_NAME)


def _is_file(out: Path) -> bool:
    return bool(out.suffix) and not out.is_dir()


def _zipped(path: Path) -> Path:
    return path if path.suffix == ".zip" else path.with_name(f"{path.name}.zip")
