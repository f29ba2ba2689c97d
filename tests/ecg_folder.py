"""A folder as a user would bring it: ECGs as CSV, one file that lacks its unit, one that is no ECG, labels."""

from pathlib import Path

import numpy as np

from einthoven.record import EcgRecord
from einthoven.simulate import cohort

N_EACH = 6
RATE = 100


def write(folder: Path) -> tuple[list[Path], Path]:
    """Write 36 ECGs (six diagnoses), `bare.npy`, `picture.csv` and `labels.csv`; the files and the label table."""
    files: list[Path] = []
    lines = ["file_name,label,ICD-10"]
    for name, record, diagnosis in cohort(N_EACH, 7):
        files.append(folder / f"{name}.csv")
        _write_csv(files[-1], record)
        lines.append(f"{name},{diagnosis},")
    lines.append("nobody,NORM,")
    np.save(folder / "bare.npy", record.signal[:, ::5])
    (folder / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    labels = folder / "labels.csv"
    labels.write_text("\n".join(lines) + "\n", "utf-8")
    return [*files, folder / "bare.npy", folder / "picture.csv"], labels


def _write_csv(path: Path, record: EcgRecord) -> None:
    step = round(record.rate / RATE)
    rows = record.signal[:, ::step].T
    header = ",".join(["time (s)", *(f"{lead} (mV)" for lead in record.leads)])
    table = np.column_stack([np.arange(len(rows)) / RATE, rows])
    np.savetxt(path, table, delimiter=",", header=header, comments="", fmt="%.4f")
