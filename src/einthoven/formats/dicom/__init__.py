"""DICOM waveforms."""

from einthoven.formats.dicom.reader import ENTRY

__all__ = ["ENTRY"]
