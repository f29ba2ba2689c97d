"""How fast files are read into the library, and how much memory that takes.

    python benchmarks/ingest.py [--files 2000] [--formats csv npy mat wfdb dicom xml] [--folder DIR] [--json OUT]

Files of 12 x 5000 samples at 500 Hz are made from simulated ECGs (each other noise, so that no two are equal) and
imported by the real job path: the queue, the reading processes, the writer. Printed are files a second of the whole
import and of reading and examining alone in one process, and the peak memory of all processes together.
"""

import argparse
import json
import logging
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from einthoven.examine import open_all
from einthoven.formats import PathSource
from einthoven.leads import STANDARD_12
from einthoven.record import ReadHints
from einthoven.simulate import cohort
from einthoven.workflows.dispatch import run_job
from einthoven.workflows.import_ import outcome
from einthoven.workflows.requests import ImportRequest
from einthoven.workflows.workspace import Workspace

RATE, N_SAMPLES = 500, 5000
TARGETS = {"wfdb": 600, "csv": 250, "mat": 500, "dicom": 300}
HINTS = {"npy": ReadHints(unit="mV", rate=RATE, leads=STANDARD_12), "mat": ReadHints(unit="mV", leads=STANDARD_12)}

say = sys.stdout.write


def signals(n: int) -> Iterator[np.ndarray]:
    """`n` ECGs `(12, 5000)` in \u00b5V, int16, of as many simulated hearts: an import compares ECGs that are alike."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 12, (64, 12, N_SAMPLES)).astype(np.float32)
    for k, (_, record, _) in zip(range(n), cohort(n, 1), strict=False):
        shift, size = int(rng.integers(N_SAMPLES)), rng.uniform(600, 1500)
        heart = record.signal[:, :N_SAMPLES]
        yield np.round(heart * size + np.roll(noise[k % 64], shift, axis=1)).astype("<i2")


def write_csv(path: Path, counts: np.ndarray) -> None:
    header = ",".join(["time (s)", *(f"{lead} (mV)" for lead in STANDARD_12)])
    rows = [f"{i / RATE:.3f}," + ",".join(f"{v / 1000:.3f}" for v in row) for i, row in enumerate(counts.T.tolist())]
    path.with_suffix(".csv").write_text("\n".join([header, *rows]) + "\n")


def write_npy(path: Path, counts: np.ndarray) -> None:
    np.save(path.with_suffix(".npy"), (counts / 1000).astype(np.float32))


def write_mat(path: Path, counts: np.ndarray) -> None:
    from scipy.io import savemat

    savemat(path.with_suffix(".mat"), {"val": counts / 1000.0, "Fs": float(RATE)})


def write_wfdb(path: Path, counts: np.ndarray) -> None:
    lines = [f"{path.name} 12 {RATE} {N_SAMPLES}"]
    for lead, row in zip(STANDARD_12, counts, strict=True):
        checksum = int(row.sum(dtype=np.int64)) % 65536
        lines.append(f"{path.name}.dat 16 1000(0)/mV 16 0 {row[0]} {checksum} 0 {lead}")
    path.with_suffix(".hea").write_text("\n".join(lines) + "\n")
    path.with_suffix(".dat").write_bytes(counts.T.tobytes())


def write_dicom(path: Path, counts: np.ndarray) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.sequence import Sequence
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    def code(value: str, scheme: str, meaning: str) -> Sequence:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
        return Sequence([item])

    mdc = {"I": 1, "II": 2, "III": 61, "aVR": 62, "aVL": 63, "aVF": 64, **{f"V{k}": k + 2 for k in range(1, 7)}}
    channels = []
    for lead in STANDARD_12:
        channel = Dataset()
        channel.ChannelSourceSequence = code(f"2:{mdc[lead]}", "MDC", f"Lead {lead}")
        channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor, channel.ChannelBaseline = "1", "1", "0"
        channel.ChannelSensitivityUnitsSequence = code("uV", "UCUM", "microvolt")
        channel.ChannelSampleSkew, channel.WaveformBitsStored = "0", 16
        channels.append(channel)
    group = Dataset()
    group.WaveformOriginality, group.MultiplexGroupLabel = "ORIGINAL", "RHYTHM"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples, group.SamplingFrequency = 12, N_SAMPLES, str(RATE)
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.ChannelDefinitionSequence = Sequence(channels)
    group.WaveformData = counts.T.tobytes()
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.9.1.1"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.PatientName, dataset.PatientID, dataset.PatientAge = f"Doe^{path.name}", path.name, "044Y"
    dataset.PatientSex, dataset.Modality = "F", "ECG"
    dataset.WaveformSequence = Sequence([group])
    dataset.save_as(path.with_suffix(".dcm"), enforce_file_format=True)


_MDC = {lead: f"MDC_ECG_LEAD_{lead.upper().replace('AV', 'AV')}" for lead in STANDARD_12}


def write_xml(path: Path, counts: np.ndarray) -> None:
    """HL7 aECG (ANSI/HL7 V3 ECG, R1-2004): one rhythm series, time and twelve leads as SLIST_PQ."""
    leads = "".join(
        f'<component><sequence><code code="{_MDC[lead]}" codeSystem="2.16.840.1.113883.6.24"/>'
        f'<value xsi:type="SLIST_PQ"><origin value="0" unit="uV"/><scale value="1" unit="uV"/>'
        f"<digits>{' '.join(map(str, row))}</digits></value></sequence></component>"
        for lead, row in zip(STANDARD_12, counts.tolist(), strict=True)
    )
    path.with_suffix(".xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><AnnotatedECG xmlns="urn:hl7-org:v3" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><id root="1.2.3"/>'
        '<code code="93000" codeSystem="2.16.840.1.113883.6.12"/>'
        '<effectiveTime><low value="20200102030405"/><high value="20200102030415"/></effectiveTime>'
        '<component><series><code code="RHYTHM" codeSystem="2.16.840.1.113883.5.4"/>'
        '<effectiveTime><low value="20200102030405"/><high value="20200102030415"/></effectiveTime>'
        '<component><sequenceSet><component><sequence><code code="TIME_ABSOLUTE" codeSystem="2.16.840.1.113883.5.4"/>'
        '<value xsi:type="GLIST_TS"><head value="20200102030405"/><increment value="0.002" unit="s"/></value>'
        f"</sequence></component>{leads}</sequenceSet></component></series></component></AnnotatedECG>"
    )


WRITERS: dict[str, Callable[[Path, np.ndarray], None]] = {
    "csv": write_csv, "npy": write_npy, "mat": write_mat, "wfdb": write_wfdb, "dicom": write_dicom, "xml": write_xml,
}  # fmt: skip


class Memory:
    """Peak of the memory of this process and all below it, asked for ten times a second (Linux)."""

    def __init__(self) -> None:
        self.peak = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        import os

        while not self._stop.wait(0.1):
            self.peak = max(self.peak, sum(map(_proportional_mb, _family(os.getpid()))))


def _family(pid: int) -> list[int]:
    children = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in task.read_text().split():
                children += _family(int(child))
        except OSError:
            continue
    return children


def _proportional_mb(pid: int) -> float:
    """Memory of a process in MB, shared pages divided among those that share them."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return float(next(line.split()[1] for line in text.splitlines() if line.startswith("Pss:"))) / 1000


def measure(folder: Path, home: Path, name: str, n: int) -> dict[str, float | int | str]:
    """Import a folder by a job; then read some of it alone."""
    workspace = Workspace(home)
    request = ImportRequest(name, (str(folder),), hints=HINTS.get(name, ReadHints()))
    job = workspace.submit("import", request)
    claimed = workspace.jobs.claim("benchmark")
    assert claimed is not None
    began = time.perf_counter()
    with Memory() as memory:
        run_job(workspace, claimed)
    seconds = time.perf_counter() - began
    ended = workspace.jobs.job(job.id)
    found = outcome(workspace, job.id)
    if ended.state != "done" or found is None or found.n_read != n:
        raise SystemExit(f"{name}: {ended.headline} {ended.problem} {found and found.refused[:1]}")
    files = sorted(path for path in folder.iterdir() if path.suffix != ".dat")[: min(n, 300)]
    began = time.perf_counter()
    for path in files:
        for _ in open_all(PathSource(path, folder), request.hints):
            pass
    alone = len(files) / (time.perf_counter() - began)
    workspace.database.close()
    return {
        "format": name, "files": n, "seconds": seconds, "files_per_second": n / seconds, "target": TARGETS.get(name, 0),
        "reading_alone_one_core": alone, "peak_mb": memory.peak, "originals": found.n_originals,
        "same": found.n_same, "copies": found.n_copies,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--formats", nargs="+", default=list(WRITERS), choices=list(WRITERS))
    parser.add_argument("--folder", type=Path, help="where to make the files (default: a temporary folder)")
    parser.add_argument("--json", type=Path, help="file to write the numbers to")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    rows = []
    with tempfile.TemporaryDirectory(dir=arguments.folder) as temporary:
        for name in arguments.formats:
            folder, home = Path(temporary, name), Path(temporary, f"home-{name}")
            folder.mkdir()
            for k, made in enumerate(signals(arguments.files)):
                WRITERS[name](folder / f"patient{k:05d}", made)
            row = measure(folder, home, name, arguments.files)
            rows.append(row)
            aim = f" (aim {row['target']})" if row["target"] else ""
            say(
                f"{name:6} {row['files_per_second']:7.0f} files/s{aim}; reading alone, one core: "
                f"{row['reading_alone_one_core']:.0f}/s; peak {row['peak_mb']:.0f} MB; "
                f"{row['originals']} originals, {row['same']} taken for the same ECG, {row['copies']} copies\n"
            )
            sys.stdout.flush()
            shutil.rmtree(folder)
            shutil.rmtree(home)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
