"""MFER, the medical waveform format encoding rules (ISO 22077-1, before ISO/TS 11073-92001)."""

from einthoven.formats.mfer.reader import ENTRY

__all__ = ["ENTRY"]
