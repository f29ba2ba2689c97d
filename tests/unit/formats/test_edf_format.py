"""EDF, EDF+, BDF, BDF+: samples against edfio and a WFDB twin, gaps, rates, annotations, blanking."""

from pathlib import Path

import numpy as np
import pytest

from contracts.ecg_files import EIGHT, Case, Floats
from contracts.writers_binary import (
    DOCTOR,
    EDF_PATIENT,
    EDF_RECORDING,
    IDENTITY,
    LAST,
    PATIENT,
    VARIANTS_BINARY,
    WRITERS_BINARY,
    edf_file,
    edf_signal,
)
from einthoven.errors import EinthovenError, FormatError, HintsNeeded
from einthoven.formats import FORMATS, MemorySource, PathSource, read_all
from einthoven.formats.edf import read_edf
from einthoven.formats.passport import pseudonym
from einthoven.record import EcgRecord, ReadHints

CASE = Case(500.0, "uV", EIGHT, 1500)
NAMES = ["edf", *sorted(name for name in VARIANTS_BINARY if name.startswith(("edf", "bdf")))]


def records(data: bytes, hints: ReadHints | None = None) -> list[EcgRecord]:
    return list(read_all(MemorySource("ecg.edf", {"ecg.edf": data}), hints))


def tone(n_samples: int, rate: float = 100.0) -> Floats:
    return np.sin(2 * np.pi * np.arange(n_samples) / rate)


def lists(onsets: list[float], texts: list[bytes], width: int = 60) -> list[bytes]:
    return [
        f"+{onset:g}\x14\x14\0".encode().__add__(text).ljust(2 * width, b"\0")
        for onset, text in zip(onsets, texts, strict=True)
    ]


def with_annotations(onsets: list[float], texts: list[bytes] | None = None, *, reserved: str = "EDF+D") -> bytes:
    """Data records of one second at 100 Hz that begin at these times."""
    row = tone(100 * len(onsets))
    blocks = lists(onsets, texts or [b""] * len(onsets))
    signals = [edf_signal("ECG II", row, "mV", 100), ("EDF Annotations", "", -1.0, 1.0, blocks)]
    return edf_file(signals, [100, 60], "1", reserved=reserved, patient=EDF_PATIENT, recording=EDF_RECORDING)


@pytest.mark.parametrize("name", NAMES)
def test_edfio_reads_the_same(name: str, tmp_path: Path) -> None:
    import edfio

    written = {**WRITERS_BINARY, **VARIANTS_BINARY}[name](CASE)
    path = tmp_path / written.name
    path.write_bytes(written.files[written.name])
    (record,) = records(written.files[written.name])
    second = edfio.read_bdf(path) if name.startswith("bdf") else edfio.read_edf(path)
    assert [signal.label for signal in second.signals] == [f"ECG {lead}" for lead in EIGHT]
    for lead, signal in zip(EIGHT, second.signals, strict=True):
        assert signal.sampling_frequency == record.rate
        np.testing.assert_allclose(record.lead(lead), signal.data / 1000, atol=1e-6)


def test_the_ecg_of_test_generator_is_that_of_its_wfdb_twin(shared_data: Path) -> None:
    """The WFDB project published the same recording as format 16: header and samples are read here by hand."""
    folder = shared_data / "formats/wfdb"
    (record,) = read_all(PathSource(folder / "test_generator_2.edf"))
    assert (record.leads, record.rate, record.n_samples) == (("ECG",), 200.0, 120_000)
    lines = (folder / "test_generator_2.hea").read_text("latin-1").splitlines()
    signals = [line.split() for line in lines[1:] if not line.startswith("#")]
    per_frame = [int(words[1].partition("x")[2] or 1) for words in signals]
    place = next(k for k, words in enumerate(signals) if words[-1] == "ECG")
    gain, _, unit = signals[place][2].partition("/")
    baseline = float(signals[place][4])  # the field "ADC zero": none is stated in parentheses
    frames = np.fromfile(folder / "test_generator_2.dat", "<i2").reshape(-1, sum(per_frame))
    stored = frames[:, sum(per_frame[:place]) : sum(per_frame[: place + 1])].ravel()
    assert unit == "uV"
    # The twin rounds the baseline to a whole count.
    np.testing.assert_allclose(
        record.signal[0], (stored - baseline) / float(gain) / 1000, atol=0.51 / float(gain) / 1000
    )
    assert "left out, no ECG: 10 signals" in record.source.doubts
    assert (record.source.recorded, record.subject.id) == ("2009-12-10T12:44:02", None)


def test_a_file_of_annotations_only_is_refused(shared_data: Path) -> None:
    with pytest.raises(FormatError, match="no signal that may be an ECG; what it holds is annotations only"):
        list(read_all(PathSource(shared_data / "formats/wfdb/test_edfann.edf")))


def test_a_gap_is_missing_samples_on_one_clock() -> None:
    (record,) = records(with_annotations([7.0, 8.0, 10.5]))
    expected = np.full(450, np.nan)
    expected[:200], expected[350:] = tone(300)[:200], tone(300)[200:]
    np.testing.assert_allclose(record.signal[0], expected, atol=1e-3)
    assert "1 gaps, in all 1.5 s, are missing samples" in record.source.doubts


def test_a_record_after_a_gap_that_begins_between_two_samples_is_moved_and_that_is_said() -> None:
    (record,) = records(with_annotations([0.0, 1.004]))
    assert record.n_samples == 200
    (record,) = records(with_annotations([0.0, 1.016]))
    assert record.n_samples == 202
    assert any("between two sample times" in doubt for doubt in record.source.doubts)


def test_gaps_far_longer_than_the_recording_are_refused() -> None:
    with pytest.raises(FormatError, match="2 s were recorded, with 98 s missing"):
        records(with_annotations([0.0, 99.0]))
    with pytest.raises(FormatError, match="before the one before it has ended"):
        records(with_annotations([0.0, 0.5]))


def test_a_discontinuous_file_that_does_not_say_when_its_records_began_is_refused() -> None:
    data = with_annotations([0.0, 1.0]).replace(b"+1\x14\x14", b"\0\0\0\0")
    with pytest.raises(FormatError, match="does not say when each of its data records began"):
        records(data)


def test_a_continuous_file_with_other_times_is_read_as_it_says_and_doubted() -> None:
    (record,) = records(with_annotations([0.0, 5.0], reserved="EDF+C"))
    assert record.n_samples == 200
    assert any("it states that it is continuous" in doubt for doubt in record.source.doubts)


def test_annotations_are_kept_when_their_words_are_known_and_counted_when_not() -> None:
    texts = [b"+7.25\x15" + b"0.5\x14PVC\x14seen by Dr Quack\x14\0", b"+8.5\x14Atrial fibrillation\x14\0"]
    (record,) = records(with_annotations([7.0, 8.0], texts))
    assert [(note.text, note.onset) for note in record.annotations] == [("PVC", 0.25), ("Atrial fibrillation", 1.5)]
    assert any(doubt.startswith("1 annotations left out") for doubt in record.source.doubts)
    assert "Quack" not in repr(record)


def test_leads_of_two_rates_are_two_records() -> None:
    signals = [edf_signal("ECG I", tone(300), "mV", 100), edf_signal("ECG V1", tone(600, 200.0), "uV", 200)]
    first, second = records(edf_file(signals, [100, 200], "1"))
    assert (first.leads, first.rate, second.leads, second.rate) == (("I",), 100.0, ("V1",), 200.0)
    assert (first.source.index, second.source.index) == (0, 1)
    np.testing.assert_allclose(second.signal[0], tone(600, 200.0), atol=1e-3)


@pytest.mark.parametrize(
    ("labels", "kept"),
    [
        (("EEG C3-A2", "ECG", "EMG chin", "Resp"), ("ECG",)),
        (("C3-M2", "E1-M2", "EKG", "O2-M1"), ("EKG",)),
        (("MLII", "V5", "ABP"), ("MLII", "V5")),
        (("CH1", "CH2", "Marker"), ("CH1", "CH2")),
        (("ECG1", "ECG2", "LOC-A2", "Chin1"), ("ECG1", "ECG2")),
        (("I", "C1", "II", "C2", "C3", "C4", "C5", "C6"), ("I", "V1", "II", "V2", "V3", "V4", "V5", "V6")),
        (("ECG I", "ECG II", "ECG aVR", "Accel X"), ("I", "II", "aVR")),
    ],
)
def test_the_labels_say_what_is_an_ecg(labels: tuple[str, ...], kept: tuple[str, ...]) -> None:
    signals = [edf_signal(label, tone(200), "mV", 100) for label in labels]
    (record,) = records(edf_file(signals, [100] * len(labels), "1"))
    assert record.leads == kept
    left_out = len(labels) - len(kept)
    assert (f"left out, no ECG: {left_out} signals" in record.source.doubts) == (left_out > 0)


def test_an_eeg_is_refused_and_leads_of_one_name_need_the_hint() -> None:
    with pytest.raises(FormatError, match="no signal that may be an ECG"):
        records(
            edf_file([edf_signal(name, tone(100), "uV", 100) for name in ("EEG Fp1-A2", "C4", "Oz")], [100] * 3, "1")
        )
    data = edf_file([edf_signal(name, tone(100), "uV", 100) for name in ("ECG", "ECG")], [100] * 2, "1")
    with pytest.raises(HintsNeeded, match="Its labels are ECG, ECG") as caught:
        records(data)
    assert caught.value.missing == ("leads",)
    assert records(data, ReadHints(leads=("II", "V5")))[0].leads == ("II", "V5")


def test_a_signal_without_unit_needs_the_hint() -> None:
    label, _, low, high, blocks = edf_signal("ECG II", tone(200), "mV", 100)
    data = edf_file([(label, "", low, high, blocks)], [100], "1")
    with pytest.raises(HintsNeeded) as caught:
        records(data)
    assert caught.value.missing == ("unit",)
    np.testing.assert_allclose(records(data, ReadHints(unit="uV"))[0].signal[0], tone(200) / 1000, atol=1e-6)
    stored = records(data, ReadHints(unit="counts", gain=100, baseline=0))[0].signal[0]
    np.testing.assert_allclose(stored, np.frombuffer(b"".join(blocks), "<i2") / 100, rtol=1e-6)


def test_a_signal_without_a_range_has_no_scale_whatever_its_unit() -> None:
    label, _, _, _, blocks = edf_signal("ECG II", tone(200), "mV", 100)
    data = edf_file([(label, "uV", 0.0, 0.0, blocks)], [100], "1")
    for hints in (ReadHints(), ReadHints(unit="mV")):
        with pytest.raises(HintsNeeded) as caught:
            records(data, hints)
        assert caught.value.missing == ("unit", "gain", "baseline")
    stored = records(data, ReadHints(unit="counts", gain=100, baseline=0))[0].signal[0]
    np.testing.assert_allclose(stored, np.frombuffer(b"".join(blocks), "<i2") / 100, rtol=1e-6)


@pytest.mark.parametrize("unit", ["\u00b5V", "\u00c2\u00b5V", "\u00ce\u00bcV"])
def test_the_sign_for_micro_is_read_in_latin_1_and_utf_8(unit: str) -> None:
    label, _, low, high, blocks = edf_signal("ECG II", tone(200), "uV", 100)
    (record,) = records(edf_file([(label, unit, low, high, blocks)], [100], "1"))
    np.testing.assert_allclose(record.signal[0], tone(200), atol=1e-3)


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("HP:0.1Hz LP:75Hz N:50Hz", (0.1, 75.0)), ("HP:0,05 Hz LP:150 Hz", (0.05, 150.0)), ("LP:40Hz", None),
        ("HP:50mHz LP:100Hz", (0.05, 100.0)), ("HP: DC; LP: 410", None), ("", None),
    ],
)  # fmt: skip
def test_the_prefilter_gives_the_band(text: str, band: tuple[float, float] | None) -> None:
    data = edf_file([edf_signal("ECG", tone(100), "mV", 100)], [100], "1", prefilter=text)
    assert records(data)[0].source.band == band


def test_an_inverted_physical_range_inverts_the_signal() -> None:
    label, unit, low, high, blocks = edf_signal("ECG", tone(200), "mV", 100)
    (record,) = records(edf_file([(label, unit, high, low, blocks)], [100], "1"))
    np.testing.assert_allclose(record.signal[0], -tone(200), atol=1e-3)


def test_patient_and_date_fields() -> None:
    subject = records(with_annotations([0.0]))[0].subject
    assert (subject.age, subject.sex, subject.id) == (44.6, "F", pseudonym(PATIENT))
    plain = edf_file(
        [edf_signal("ECG", tone(100), "mV", 100)], [100], "1", patient=f"{LAST} {PATIENT}", date="31.12.85"
    )
    (record,) = records(plain)
    assert (record.subject.id, record.subject.sex) == (pseudonym(f"{LAST} {PATIENT}"), None)
    assert record.source.recorded == "1985-12-31T23:59:01"


def test_sizes_that_do_not_fit_are_refused_with_numbers() -> None:
    signal = edf_signal("ECG", tone(300), "mV", 100)
    whole = edf_file([signal], [100], "1")
    with pytest.raises(FormatError, match="states 3 data records of 200 bytes and holds 2"):
        records(whole[:-1])
    with pytest.raises(FormatError, match="states 9 data records"):
        records(edf_file([signal], [100], "1", stated_records=9))
    unknown = records(edf_file([signal], [100], "1", stated_records=-1))[0]
    assert "the number of data records is not stated; 3 are there" in unknown.source.doubts
    assert "77 bytes after the last data record stated were not read" in records(whole + b"x" * 77)[0].source.doubts
    for duration in ("0", "-1", "nan", "x"):
        with pytest.raises(EinthovenError, match="data record"):
            records(edf_file([signal], [100], duration))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_patient_is_left_in_a_blanked_file(name: str) -> None:
    written = {**WRITERS_BINARY, **VARIANTS_BINARY}[name](CASE)
    data = written.files[written.name] + " ".join(IDENTITY).encode()
    blanked = FORMATS.get("edf").blank(MemorySource("a/ecg.edf", {"a/ecg.edf": data}))
    assert blanked is not None and list(blanked) == ["ecg.edf"]
    words = [word for identity in IDENTITY for word in identity.split()]
    for word in words:
        assert word.encode() in data and word.encode() not in blanked["ecg.edf"]
    assert b"1959" not in blanked["ecg.edf"]
    (before,), (after,) = records(data), records(blanked["ecg.edf"])
    np.testing.assert_array_equal(before.signal, after.signal)
    assert (after.rate, after.leads, after.subject.sex) == (before.rate, before.leads, before.subject.sex)
    assert (after.source.recorded, after.source.band) == (before.source.recorded, before.source.band)


def test_blanking_takes_free_texts_of_labels_filters_and_annotations_and_keeps_gaps() -> None:
    texts = [b"+7.25\x14PVC\x14" + DOCTOR.encode() + b"\x14\0" + DOCTOR.encode(), b"", b""]
    row = tone(300)
    signals = [
        edf_signal("ECG II", row, "mV", 100), edf_signal(f"x {LAST}", row, "mV", 100),
        ("EDF Annotations", "", -1.0, 1.0, lists([7.0, 8.0, 10.5], texts)),
    ]  # fmt: skip
    data = edf_file(signals, [100, 100, 60], "1", reserved="EDF+D", prefilter=f"HP:1Hz LP:40Hz {DOCTOR}")
    blanked = FORMATS.get("edf").blank(MemorySource("ecg.edf", {"ecg.edf": data}))
    assert blanked is not None
    assert b"Quack" in data and b"Quack" not in blanked["ecg.edf"] and LAST.encode() not in blanked["ecg.edf"]
    (before,), (after,) = records(data), records(blanked["ecg.edf"])
    np.testing.assert_array_equal(before.signal, after.signal)
    assert [note.text for note in after.annotations] == ["PVC"]


def test_the_header_reader_is_there_for_others() -> None:
    written = WRITERS_BINARY["edf"](CASE)
    file = read_edf(written.files["ecg.edf"])
    assert (file.variant, len(file.signals), file.signals[0].unit, file.signals[0].rate) == ("EDF", 8, "uV", 500.0)
    signal = file.signals[3]
    assert signal.gain is not None and signal.baseline is not None
    values = (file.stored(signal).reshape(-1) - signal.baseline) / signal.gain
    np.testing.assert_allclose(values, CASE.in_unit[3], atol=written.tolerance * 1000)


def test_the_rate_is_that_of_the_written_digits() -> None:
    (record,) = records(edf_file([edf_signal("ECG II", tone(70), "mV", 7)], [7], "0.14"))
    assert record.rate == 50.0
