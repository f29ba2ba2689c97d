"""File formats: bytes to `EcgRecord`. One module with a constant `ENTRY` adds one format."""

from einthoven.formats.entry import FORMATS, FormatEntry
from einthoven.formats.facts import STANDARD_LEADS_HINT
from einthoven.formats.planning import ReadPlan, plan
from einthoven.formats.reading import detect, read, read_all
from einthoven.formats.source import MAX_FILE_BYTES, MAX_SAMPLES, FileSource, MemorySource, PathSource
from einthoven.formats.table import formats_table

__all__ = [
    "FORMATS",
    "MAX_FILE_BYTES",
    "MAX_SAMPLES",
    "STANDARD_LEADS_HINT",
    "FileSource",
    "FormatEntry",
    "MemorySource",
    "PathSource",
    "ReadPlan",
    "detect",
    "formats_table",
    "plan",
    "read",
    "read_all",
]
