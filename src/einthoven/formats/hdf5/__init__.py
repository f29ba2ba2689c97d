"""HDF5."""

from einthoven.formats.hdf5.reader import ENTRY

__all__ = ["ENTRY"]
