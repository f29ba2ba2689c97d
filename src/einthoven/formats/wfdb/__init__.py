"""WFDB, the record format of PhysioNet."""

from einthoven.formats.wfdb.reader import ENTRY

__all__ = ["ENTRY"]
