"""SCP-ECG (EN 1064, ISO 11073-91064)."""

from einthoven.formats.scp.reader import ENTRY

__all__ = ["ENTRY"]
