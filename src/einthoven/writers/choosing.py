"""Which format a file name asks for."""

from einthoven.errors import SettingError
from einthoven.writers.entry import WRITERS, WriterEntry


def writer_for(name: str) -> WriterEntry:
    """The format whose suffix ends `name` (a file name, or a suffix alone); SettingError with the choices."""
    for entry in WRITERS:
        if name.casefold().endswith(entry.suffix):
            return WRITERS.require(entry.name)
    choices = ", ".join(f"{entry.suffix} ({entry.title})" for entry in WRITERS)
    raise SettingError(f"{name!r} names no format that can be written.", advice=f"Choose an ending: {choices}.")
