"""File formats: bytes to `EcgRecord`. One module with a constant `ENTRY` adds one format."""

from einthoven.formats.entry import FORMATS, FormatEntry
from einthoven.formats.facts import STANDARD_LEADS_HINT
from einthoven.formats.page import formats_page
from einthoven.formats.planning import ReadPlan, plan
from einthoven.formats.reading import detect, read, read_all
from einthoven.formats.source import MAX_FILE_BYTES, MAX_SAMPLES, FileSource, MemorySource, PathSource

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
    "formats_page",
    "plan",
    "read",
    "read_all",
]
