"""Known disturbances on known signals, found at the size they have."""

import numpy as np
import pytest

from einthoven.formats import PathSource, read_all
from einthoven.record import EcgRecord, SourceInfo
from einthoven.signal.quality import HUM_MV, assess
from einthoven.simulate import simulate

RATE = 500.0


def clean(seed: int = 1, rate: float = RATE) -> EcgRecord:
    return simulate("NORM", np.random.default_rng(seed), rate=rate, noise=False)


def with_lead(record: EcgRecord, lead: str, samples: np.ndarray) -> EcgRecord:
    signal = record.signal.copy()
    signal[record.leads.index(lead)] = samples
    return EcgRecord(signal, record.leads, record.rate, record.amplitude, SourceInfo("made", "test"))


def quality_of(record: EcgRecord, lead: str = "V2"):
    (found,) = (quality for quality in assess(record).leads if quality.lead == lead)
    return found


def seconds(record: EcgRecord) -> np.ndarray:
    return np.arange(record.n_samples) / record.rate


def test_in_a_clean_ecg_nothing_is_found():
    quality = assess(clean())
    assert (quality.grade, quality.reason, quality.unit) == ("good", "nothing was found", "mV")
    assert all(lead.findings == () and lead.hum < HUM_MV / 5 for lead in quality.leads)


@pytest.mark.parametrize("rate", [250, 400, 500, 1000])
@pytest.mark.parametrize("hertz", [50, 60, 49.8, 60.2])
@pytest.mark.parametrize("amplitude", [0.05, 0.2])
def test_hum_is_found_at_its_frequency_and_within_ten_percent_of_its_amplitude(rate, hertz, amplitude):
    record = clean(rate=rate)
    hum = amplitude * np.sin(2 * np.pi * hertz * seconds(record) + 1)
    found = quality_of(with_lead(record, "V2", record.lead("V2") + hum))
    assert found.hum_hz == round(hertz, -1)
    assert found.hum == pytest.approx(amplitude, rel=0.1)
    assert any(text.startswith(f"hum of {found.hum_hz:g} Hz") for text in found.findings)


def test_hum_of_half_the_amplitude_that_is_told_is_measured_and_not_told():
    record = clean()
    found = quality_of(with_lead(record, "V2", record.lead("V2") + HUM_MV / 2 * np.sin(100 * np.pi * seconds(record))))
    assert found.hum == pytest.approx(HUM_MV / 2, rel=0.1)
    assert found.findings == ()


def test_broad_noise_is_no_hum():
    record = clean()
    noise = np.random.default_rng(2).normal(0, 0.1, record.n_samples)
    found = quality_of(with_lead(record, "V2", record.lead("V2") + noise))
    assert found.hum_hz is None
    assert [text.split()[0] for text in found.findings] == ["noise"]


@pytest.mark.parametrize("deviation", [0.03, 0.1])
def test_noise_is_found_at_its_standard_deviation(deviation):
    record = clean()
    noise = np.random.default_rng(2).normal(0, deviation, record.n_samples)
    found = quality_of(with_lead(record, "V2", record.lead("V2") + noise))
    assert found.noise == pytest.approx(deviation, rel=0.1)
    assert f"noise of {found.noise:.2g} mV" in found.findings


@pytest.mark.parametrize("hertz", [0.1, 0.2])
def test_baseline_wander_is_found_with_its_range(hertz):
    record = clean()
    wander = np.sin(2 * np.pi * hertz * seconds(record))  # from -1 to 1 mV
    found = quality_of(with_lead(record, "V2", record.lead("V2") + wander))
    assert found.wander == pytest.approx(2.0, rel=0.15)
    assert [text.rsplit(" ", 2)[0] for text in found.findings] == ["baseline wanders by"]


def test_flat_and_missing_parts_are_measured():
    record = clean()
    samples = record.lead("V2").copy()
    samples[1000:3000] = samples[1000]
    found = quality_of(with_lead(record, "V2", samples))
    assert (found.flat, found.findings) == (0.4, ("flat for 40% of the time",))
    samples = record.lead("V2").copy()
    samples[:500] = np.nan
    found = quality_of(with_lead(record, "V2", samples))
    assert found.missing == 0.1
    assert "missing for 10.0% of the time" in found.findings


def test_peaks_that_are_cut_off_are_clipped():
    record = clean()
    samples = record.lead("II")
    found = quality_of(with_lead(record, "II", np.minimum(samples, 0.6 * samples.max())), "II")
    assert found.clipped > 0
    assert found.findings == ("clipped",)


def test_a_lead_that_stays_at_its_highest_value_is_saturated():
    record = clean()
    samples = record.lead("V2").copy()
    samples[2000:2600] = 4.096
    found = quality_of(with_lead(record, "V2", samples))
    assert found.saturated == pytest.approx(0.12)
    assert "saturated for 12.0% of the time" in found.findings


@pytest.mark.parametrize("step", [0.005, 0.02, 0.05])
def test_a_flat_line_between_t_and_p_in_coarse_steps_is_not_clipped(step):
    record = clean()
    coarse = np.round(record.signal / step) * step
    made = EcgRecord(coarse, record.leads, RATE, "mV", SourceInfo("made", "test"))
    assert [lead.clipped + lead.saturated for lead in assess(made).leads] == [0] * 12


def test_zeros_before_and_behind_the_signal_are_not_saturation():
    record = clean()
    padded = record.signal + 3.0
    padded[:, :700] = 0
    found = assess(EcgRecord(padded, record.leads, RATE, "mV", SourceInfo("made", "test")))
    assert [lead.saturated + lead.clipped for lead in found.leads] == [0] * 12


def test_relative_amplitudes_are_judged_in_standard_deviations():
    record = clean()
    hum = 0.5 * record.lead("V2").std() * np.sin(100 * np.pi * seconds(record))
    made = with_lead(record, "V2", record.lead("V2") + hum)
    made = EcgRecord(1000 * made.signal, made.leads, RATE, "relative", made.source)
    assert assess(made).unit == "SD"
    assert quality_of(made).hum == pytest.approx(0.5 / np.sqrt(1 + 0.5**2 / 2), rel=0.1)
    assert quality_of(made).findings[0].endswith(" SD")


def test_what_the_rate_or_length_does_not_show_is_none():
    record = clean(rate=100)
    assert (quality_of(record).hum, quality_of(record).noise) == (None, None)
    assert quality_of(record).wander is not None
    short = EcgRecord(clean().signal[:, :100], record.leads, RATE, "mV", SourceInfo("made", "test"))
    assert quality_of(short).wander is None


def test_the_grade_says_why():
    record = clean()
    signal = record.signal.copy()
    signal[6] = 0
    one = assess(EcgRecord(signal, record.leads, RATE, "mV", SourceInfo("made", "test")))
    assert (one.grade, one.reason) == ("usable", "V1: flat")
    signal[6:9] = 0
    three = assess(EcgRecord(signal, record.leads, RATE, "mV", SourceInfo("made", "test")))
    assert (three.grade, three.reason) == ("poor", "3 of 12 leads are useless: V1, V2, V3: flat")


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 99), (3, 5000)])
@pytest.mark.parametrize("value", [0.0, np.nan, 1e30])
@pytest.mark.parametrize("rate", [1.0, 100.0, 500.0, 100_000.0])
def test_no_record_is_too_odd(shape, value, rate):
    leads = ("I", "II", "III")[: shape[0]]
    for amplitude in ("mV", "relative"):
        assess(EcgRecord(np.full(shape, value), leads, rate, amplitude, SourceInfo("made", "test")))


def test_real_leads_without_signal_are_poor_and_most_others_are_not(shared_data):
    grades = {}
    for path in sorted((shared_data / "code15").rglob("*.hea"))[:120]:
        (record,) = read_all(PathSource(path, shared_data))
        grades[path.stem] = assess(record).grade
    assert grades.get("9190_all_data_is_zero", "poor") == "poor"
    assert np.mean([grade == "poor" for grade in grades.values()]) < 0.15
