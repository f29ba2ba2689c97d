"""Writers of every format and of its variants: independent of the readers, kept by family."""

from collections.abc import Callable

from contracts.ecg_files import Case, Unwritable, Written, write_csv, write_mat, write_npy, write_npz
from contracts.writers_arrays import RELATIVE_UNITS_ARRAYS, VARIANTS_ARRAYS, WRITERS_ARRAYS
from contracts.writers_binary import VARIANTS_BINARY, WRITERS_BINARY
from contracts.writers_wfdb_dicom import VARIANTS_WFDB_DICOM, WRITERS_WFDB_DICOM
from contracts.writers_xml import VARIANTS_XML, WRITERS_XML

WRITERS: dict[str, Callable[[Case], Written]] = {
    "csv": write_csv,
    "mat": write_mat,
    "npy": write_npy,
    "npz": write_npz,
    **WRITERS_ARRAYS,
    **WRITERS_BINARY,
    **WRITERS_WFDB_DICOM,
    **WRITERS_XML,
}
"""One writer for each registered format, by its name."""

VARIANTS = {**VARIANTS_ARRAYS, **VARIANTS_BINARY, **VARIANTS_WFDB_DICOM, **VARIANTS_XML}
"""Further ways in which a format is written, by names of their own that begin with the format's."""

ALL_WRITERS = {**WRITERS, **VARIANTS}


def writable(name: str, case: Case) -> bool:
    """Whether the format, written in this way, can hold the case at all."""
    try:
        ALL_WRITERS[name](case)
    except Unwritable:
        return False
    return True


RELATIVE_UNIT = {
    "csv": "NU", "mat": "relative", "npy": "relative", "npz": "NU", "wfdb": "NU", **RELATIVE_UNITS_ARRAYS,
}  # fmt: skip
"""How each format says that amplitudes are relative; the others cannot."""
