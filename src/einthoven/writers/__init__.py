"""File formats to write: `EcgRecord` to bytes. One module with a constant `ENTRY` adds one format."""

from einthoven.writers.choosing import writer_for
from einthoven.writers.entry import WRITERS, WriterEntry, Written
from einthoven.writers.page import writers_table

__all__ = ["WRITERS", "WriterEntry", "Written", "writer_for", "writers_table"]
