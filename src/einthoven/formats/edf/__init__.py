"""EDF, EDF+, BDF and BDF+."""

from einthoven.formats.edf.content import EdfFile, EdfSignal, read_edf
from einthoven.formats.edf.reader import ENTRY

__all__ = ["ENTRY", "EdfFile", "EdfSignal", "read_edf"]
