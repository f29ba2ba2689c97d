"""WFDB, the record format of PhysioNet."""

from einthoven.formats.wfdb.reader import ENTRY, companions

__all__ = ["ENTRY", "companions"]
