"""Every format that is written, driven by the registry: read back by our reader and by a reference program."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from einthoven.errors import RecordError, SettingError
from einthoven.formats import MemorySource, PathSource, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import Annotation, EcgRecord, SourceInfo, Subject
from einthoven.writers import WRITERS, Written, writer_for, writers_table

NAMES = WRITERS.names()
EXACT = ("csv", "fhir", "npz", "parquet")
ROUNDED = ("dicom", "edf", "wfdb")
HOLD_RELATIVE = ("csv", "npz", "parquet", "wfdb")
HOLD_GAPS = ("csv", "dicom", "fhir", "npz", "parquet", "wfdb")
HOLD_SUBJECT = ("dicom", "npz", "parquet", "wfdb")
SOURCE = SourceInfo("made", "made")


def tone(n_leads: int = 12, n_samples: int = 1000, rate: float = 500.0, **changes: object) -> EcgRecord:
    """Each lead its own amplitude, offset and tone: no lead can be taken for another."""
    time = np.arange(n_samples) / rate
    signal = np.array([0.1 * k - 0.3 + (0.3 + 0.1 * k) * np.sin(2 * np.pi * (2 + k) * time) for k in range(n_leads)])
    return replace(EcgRecord(signal.astype(np.float32), STANDARD_12[:n_leads], rate, "mV", SOURCE), **changes)  # type: ignore[arg-type]


def read_back(written: Written) -> EcgRecord:
    (record,) = read_all(MemorySource(written.name, dict(written.files)))
    return record


def error_of(record: EcgRecord, back: EcgRecord) -> float:
    """Largest difference; infinite when a sample is missing in one of them only."""
    assert (back.leads, back.rate, back.amplitude) == (record.leads, record.rate, record.amplitude)
    if not np.array_equal(np.isnan(record.signal), np.isnan(back.signal)):
        return float("inf")
    return float(np.nanmax(np.abs(record.signal.astype(float) - back.signal)))


def stated_error(written: Written) -> float:
    """What the writer says of its rounding, in mV."""
    if any(line == "all samples are kept exactly" for line in written.said):
        return 0.0
    (line,) = [line for line in written.said if "largest error" in line]
    return float(line.split("largest error ")[1].split()[0]) / 1000 * 1.06  # two digits are shown


def test_these_formats_are_written_and_describe_themselves() -> None:
    assert sorted((*EXACT, *ROUNDED)) == list(NAMES)
    for entry in WRITERS:
        assert entry.title and entry.loses.endswith(".") and entry.suffix.startswith(".") and entry.read_by
        assert WRITERS.missing(entry) == ()
        assert writer_for(f"a/b{entry.suffix.upper()}") is entry
        assert f"`{entry.suffix}`" in writers_table()


def test_an_unknown_ending_is_refused_with_the_choices() -> None:
    with pytest.raises(SettingError, match=r"out\.xyz.*\.hea \(WFDB"):
        writer_for("out.xyz")


@pytest.mark.parametrize("name", NAMES)
def test_a_known_signal_comes_back_within_what_is_said(name: str) -> None:
    record = tone()
    written = WRITERS.get(name).write(record, "out")
    error = error_of(record, read_back(written))
    if name in EXACT:
        assert error == 0
    else:
        assert 0 < stated_error(written) < 0.0001, "a tenth of a microvolt"
        assert error <= stated_error(written)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("gain", [1000.0, 200.0, 204.8, 1000 / 4.88, 400.0])
def test_whole_counts_come_back_exactly(name: str, gain: float) -> None:
    counts = np.random.default_rng(1).integers(-3000, 3000, (12, 500))
    record = EcgRecord((counts / gain).astype(np.float32), STANDARD_12, 500.0, "mV", SOURCE)
    written = WRITERS.get(name).write(record, "out")
    assert error_of(record, read_back(written)) == 0
    assert name in EXACT or "all samples are kept exactly" in written.said


@pytest.mark.parametrize("name", ["dicom", "wfdb"])
def test_counts_of_a_stated_odd_gain_come_back_exactly(name: str) -> None:
    """LUDB and others have gains that are no round number."""
    gains = tuple(float(g) for g in range(1201, 1201 + 12 * 37, 37))
    counts = np.random.default_rng(1).integers(-3000, 3000, (12, 500))
    signal = (counts / np.array(gains)[:, None]).astype(np.float32)
    record = EcgRecord(signal, STANDARD_12, 500.0, "mV", replace(SOURCE, unit="mV", gain=gains))
    assert error_of(record, read_back(WRITERS.get(name).write(record, "out"))) == 0


@pytest.mark.parametrize("name", NAMES)
def test_any_signal_comes_back_within_what_is_said_or_is_refused(name: str) -> None:
    entry = WRITERS.get(name)

    @given(
        seed=st.integers(0, 2**32 - 1),
        n_leads=st.integers(1, 12),
        n_samples=st.sampled_from([100, 250, 997]),
        rate=st.sampled_from([50.0, 100.0, 240.0, 257.5, 360.0, 400.0, 500.0, 512.0, 999.0, 1000.0]),
        scale=st.sampled_from([1e-4, 0.01, 1.0, 30.0, 500.0]),
        offset=st.sampled_from([0.0, 0.0, 5.0, -300.0]),
        gaps=st.sampled_from([0.0, 0.0, 0.1]),
    )
    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def check(seed: int, n_leads: int, n_samples: int, rate: float, scale: float, offset: float, gaps: float) -> None:
        rng = np.random.default_rng(seed)
        signal = (rng.normal(0, scale, (n_leads, n_samples)) + offset).astype(np.float32)
        signal[rng.random(signal.shape) < gaps] = np.nan
        signal[:, 0] = offset
        leads = tuple(rng.permutation(STANDARD_12)[:n_leads])
        record = EcgRecord(signal, leads, rate, "mV", SOURCE)
        try:
            written = entry.write(record, "out")
        except RecordError as error:
            assert error.advice
            assert (name == "edf" and (np.isnan(signal).any() or rate in (240.0, 257.5, 360.0, 512.0, 999.0))) or (
                name == "dicom" and rate < 50
            )
            return
        assert error_of(record, read_back(written)) <= (0 if name in EXACT else stated_error(written) + 1e-30)

    check()


@pytest.mark.parametrize("name", NAMES)
def test_missing_samples_stay_missing_or_are_refused(name: str) -> None:
    record = tone()
    signal = np.array(record.signal)
    signal[0, 10:20], signal[5] = np.nan, np.nan
    record = replace(record, signal=signal)
    if name not in HOLD_GAPS:
        with pytest.raises(RecordError, match="1010 samples are missing"):
            WRITERS.get(name).write(record, "out")
        return
    back = read_back(WRITERS.get(name).write(record, "out"))
    np.testing.assert_array_equal(np.isnan(back.signal), np.isnan(signal))


@pytest.mark.parametrize("name", NAMES)
def test_relative_amplitude_stays_relative_or_is_refused(name: str) -> None:
    record = replace(tone(), amplitude="relative")
    if name not in HOLD_RELATIVE:
        with pytest.raises(RecordError, match="no known relation to millivolts"):
            WRITERS.get(name).write(record, "out")
        return
    assert error_of(record, read_back(WRITERS.get(name).write(record, "out"))) < 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_only_pseudonymous_id_age_and_sex_get_into_a_file(name: str) -> None:
    source = replace(
        SOURCE,
        name="ward 7/Mustermann Erika.xml",
        device="Maker Model",
        recorded="1987-06-05T04:03:02",
        sha256="f" * 64,
    )
    notes = (Annotation("seen by Dr Mustermann"), Annotation("SNOMED CT 164889003", None, "164889003", "SNOMED CT"))
    record = tone(source=source, subject=Subject("p-0123456789ab", 44.0, "F"), annotations=notes)
    written = WRITERS.get(name).write(record, "out")
    for data in written.files.values():
        for secret in ("Mustermann", "Erika", "ward 7", "1987-06", "19870605", "Maker", "ffffffff"):
            for encoding in ("ascii", "utf-16-le", "utf-16-be"):
                assert secret.encode(encoding) not in data
    assert any("about the ECG" in line and "not written" in line for line in written.said)
    subject = read_back(written).subject
    if name in HOLD_SUBJECT:
        assert (subject.age, subject.sex) == (44.0, "F") and subject.id is not None
    odd = replace(record, subject=Subject("Mustermann^Erika", 44.0, "F"))
    assert all(b"Mustermann" not in data for data in WRITERS.get(name).write(odd, "out").files.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_median_beat_is_marked_or_said_to_be_unmarked(name: str) -> None:
    written = WRITERS.get(name).write(tone(annotations=(Annotation("median beat"),)), "out")
    marked = [note.text for note in read_back(written).annotations] == ["median beat"]
    assert marked == (name not in ("edf", "fhir"))
    assert any("median beat" in line for line in written.said) == (not marked)
    assert not any("statement" in line for line in written.said)


@pytest.mark.parametrize("name", NAMES)
def test_equal_records_are_equal_files(name: str) -> None:
    one, other = (WRITERS.get(name).write(tone(subject=Subject("p-1", 44.0, "F")), "out") for _ in range(2))
    assert dict(one.files) == dict(other.files)


REAL = {
    "ptbxl_raw": "wfdb", "cinc2021/georgia": "wfdb", "cinc2021/ptb": "wfdb", "code15/ahus_training": "wfdb",
    "ptbxl_z/records100/00000": "wfdb", "formats/dicom": "dicom", "formats/scp": "scp", "formats/aecg": "aecg",
}  # fmt: skip


@pytest.mark.parametrize("folder", REAL)
@pytest.mark.parametrize("name", NAMES)
def test_real_records_come_back(name: str, folder: str, shared_data: Path) -> None:
    path = sorted(p for p in (shared_data / folder).iterdir() if p.suffix in (".hea", ".dcm", ".scp", ".xml"))[0]
    record = next(read_all(PathSource(path, path.parent)))
    try:
        written = WRITERS.get(name).write(record, "out")
    except RecordError as error:
        refusable = record.amplitude == "relative" or np.isnan(record.signal).any() or record.rate > 1000
        assert refusable and error.advice
        return
    assert error_of(record, read_back(written)) <= (0 if name in EXACT else stated_error(written) + 1e-30)


# -- reference programs ------------------------------------------------------------------------------------------------


def _wfdb(written: Written, folder: Path) -> np.ndarray:
    import wfdb

    for name, data in written.files.items():
        (folder / name).write_bytes(data)
    record = wfdb.rdrecord(str(folder / "out"))
    assert tuple(record.sig_name) == STANDARD_12 and (record.fs, set(record.units)) == (500, {"mV"})
    assert record.comments == ["Age: 44", "Sex: Female", "Subject ID: p-1"]
    stored = wfdb.rdrecord(str(folder / "out"), physical=False)
    assert [int(c) % 65536 for c in record.checksum] == [int(c) % 65536 for c in stored.calc_checksum()]
    return np.asarray(record.p_signal).T


def _pydicom(written: Written, folder: Path) -> np.ndarray:
    import pydicom

    dataset = pydicom.dcmread(io.BytesIO(written.files["out.dcm"]))
    assert dataset.SOPClassUID == "1.2.840.10008.5.1.4.1.1.9.1.1" and dataset.Modality == "ECG"
    assert (dataset.PatientAge, dataset.PatientSex, dataset.PatientID) == ("044Y", "F", "p-1")
    return np.asarray(dataset.waveform_array(0)).T / 1000


def _ecgdatakit(suffix: str) -> Callable[[Written, Path], np.ndarray]:
    def read(written: Written, folder: Path) -> np.ndarray:
        from ecgdatakit import FileParser

        (folder / written.name).write_bytes(written.files[written.name])
        record = FileParser().parse(folder / written.name)
        scale = {"mV": 1.0, "uV": 1e-3, "\u00b5V": 1e-3}
        return np.array([np.asarray(lead.samples) * scale[lead.units] for lead in record.leads])

    read.__name__ = f"ecgdatakit_{suffix}"
    return read


def _edfio(written: Written, folder: Path) -> np.ndarray:
    import edfio

    edf = edfio.read_edf(io.BytesIO(written.files["out.edf"]))
    assert [signal.label for signal in edf.signals] == [f"ECG {lead}" for lead in STANDARD_12]
    assert {signal.sampling_frequency for signal in edf.signals} == {500}
    assert (edf.patient.code, edf.patient.sex, edf.patient.name) == ("p-1", "F", "X")
    assert edf.reserved == "EDF+C" and edf.data_record_duration == 1
    return np.array([signal.data for signal in edf.signals]) / 1000


def _pandas_csv(written: Written, folder: Path) -> np.ndarray:
    import pandas as pd

    frame = pd.read_csv(io.BytesIO(written.files["out.csv"]))
    assert list(frame.columns) == ["time (s)", *(f"{lead} (mV)" for lead in STANDARD_12)]
    np.testing.assert_allclose(frame["time (s)"], np.arange(1000) / 500, atol=1e-12)
    return frame.iloc[:, 1:].to_numpy().T


def _numpy(written: Written, folder: Path) -> np.ndarray:
    arrays = np.load(io.BytesIO(written.files["out.npz"]))  # allow_pickle is False
    assert (float(arrays["fs"]), str(arrays["unit"]), float(arrays["age"]), str(arrays["sex"])) == (500, "mV", 44, "F")
    assert tuple(arrays["leads"]) == STANDARD_12
    return np.asarray(arrays["signal"])


def _pandas_parquet(written: Written, folder: Path) -> np.ndarray:
    import pandas as pd
    from pyarrow import parquet

    stream = io.BytesIO(written.files["out.parquet"])
    metadata = parquet.read_schema(stream).metadata
    assert (metadata[b"rate"], metadata[b"unit"], metadata[b"age"]) == (b"500.0", b"mV", b"44")
    frame = pd.read_parquet(stream)
    assert list(frame.columns) == ["time (s)", *(f"{lead} (mV)" for lead in STANDARD_12)]
    return frame.iloc[:, 1:].to_numpy().T


def _json(written: Written, folder: Path) -> np.ndarray:
    """As hl7.org/fhir/R4/datatypes.html#SampledData says: value = data * factor + origin."""
    observation = json.loads(written.files["out.json"])
    assert (observation["resourceType"], observation["status"]) == ("Observation", "final")
    rows = []
    for lead, component in zip(STANDARD_12, observation["component"], strict=False):
        sampled = component["valueSampledData"]
        assert component["code"]["coding"][0]["display"] == f"MDC_ECG_ELEC_POTL_{lead.upper()}"
        assert (sampled["period"], sampled["dimensions"], sampled["origin"]["code"]) == (2.0, 1, "mV")
        rows.append([float(x) * sampled["factor"] + sampled["origin"]["value"] for x in sampled["data"].split(" ")])
    assert observation["component"][12]["valueQuantity"]["value"] == 44
    (patient,) = observation["contained"]
    assert patient["gender"] == "female" and set(patient) == {"resourceType", "id", "identifier", "gender"}
    assert observation["subject"]["reference"] == f"#{patient['id']}"
    return np.array(rows)


REFERENCES: dict[str, tuple[Callable[[Written, Path], np.ndarray], ...]] = {
    "wfdb": (_wfdb,),
    "dicom": (_pydicom, _ecgdatakit("dcm")),
    "edf": (_edfio, _ecgdatakit("edf")),
    "csv": (_pandas_csv,),
    "npz": (_numpy,),
    "parquet": (_pandas_parquet,),
    "fhir": (_json,),
}


@pytest.mark.parametrize(
    ("name", "read"), [(name, read) for name, reads in REFERENCES.items() for read in reads],
    ids=lambda value: value if isinstance(value, str) else value.__name__.strip("_"),
)  # fmt: skip
def test_a_reference_program_reads_the_same(
    name: str, read: Callable[[Written, Path], np.ndarray], tmp_path: Path
) -> None:
    record = tone(subject=Subject("p-1", 44.0, "F"))
    written = WRITERS.get(name).write(record, "out")
    allowed = 1e-7 if name in EXACT else stated_error(written) + 1e-7
    np.testing.assert_allclose(read(written, tmp_path), record.signal, rtol=0, atol=allowed)


def test_every_writer_has_a_reference() -> None:
    assert set(REFERENCES) == set(NAMES)
    assert all(len(WRITERS.get(name).read_by) >= len(reads) for name, reads in REFERENCES.items())
