"""What a record says of itself once it was looked at: derived leads, doubts, spikes; and what it must not say."""

from dataclasses import replace

import numpy as np
import pytest

from einthoven.examine import examine, open_all
from einthoven.formats import MemorySource, PathSource, read_all
from einthoven.formats.doubts import lacking_leads
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, SourceInfo
from einthoven.simulate import simulate

EIGHT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")


def heart(seed: int = 2, **options) -> EcgRecord:
    return simulate("NORM", np.random.default_rng(seed), **options)


def made(rows: dict[str, np.ndarray], *, amplitude: str = "mV", rate: float = 500.0) -> EcgRecord:
    source = SourceInfo("made", "test", doubts=tuple(lacking_leads(tuple(rows))))
    return EcgRecord(np.stack(list(rows.values())), tuple(rows), rate, amplitude, source)


def rows_of(record: EcgRecord, leads: tuple[str, ...] = STANDARD_12) -> dict[str, np.ndarray]:
    return {name: record.lead(name) for name in leads}


def test_a_record_of_which_nothing_is_to_be_said_stays_the_same_object():
    record = heart()
    assert examine(record) is record


def test_eight_leads_become_twelve_and_the_doubt_that_four_lack_goes():
    stored = made(rows_of(heart(), EIGHT))
    assert stored.source.doubts == ("8 of the 12 standard leads; lacking III, aVR, aVL, aVF",)
    record = examine(stored)
    assert record.leads == STANDARD_12
    assert record.source.derived == ("III", "aVR", "aVL", "aVF")
    assert record.source.doubts == ()
    np.testing.assert_allclose(record.signal, heart().signal, atol=1e-5)


def test_what_still_lacks_is_said_once_and_rightly():
    record = examine(made(rows_of(heart(), ("I", "II", "V1"))))
    assert record.source.doubts == ("7 of the 12 standard leads; lacking V2, V3, V4, V5, V6",)


def test_relative_amplitudes_are_left_as_they_are():
    stored = made(rows_of(heart(), EIGHT), amplitude="relative")
    record = examine(stored)
    assert (record.leads, record.source.derived) == (EIGHT, ())
    assert record.source.doubts == stored.source.doubts


def test_cabreras_inverted_avr_is_turned_upright_and_that_is_said():
    rows = rows_of(heart())
    cabrera = {"aVL": rows["aVL"], "I": rows["I"], "-aVR": -rows["aVR"], "II": rows["II"], "aVF": rows["aVF"],
               "III": rows["III"], **{name: rows[name] for name in STANDARD_12[6:]}}  # fmt: skip
    stored = made(cabrera)
    assert "lacking aVR" in stored.source.doubts[0]
    record = examine(stored)
    assert np.array_equal(record.lead("aVR"), rows["aVR"])
    assert record.source.changed == ("lead -aVR is stored; turned to aVR",)
    assert record.source.doubts == record.source.derived == ()


def test_both_avr_and_its_negative_stay_when_both_are_stored():
    rows = rows_of(heart())
    record = examine(made(rows | {"-aVR": -rows["aVR"]}))
    assert record.leads == (*STANDARD_12, "-aVR")
    assert record.source.changed == ()


def test_a_mistake_among_stored_leads_is_a_doubt_and_hides_guesses_about_electrodes():
    rows = rows_of(heart())
    rows["I"], rows["III"] = rows["III"], rows["I"]
    assert examine(made(rows)).source.doubts == ("leads I and III seem interchanged",)


def test_interchanged_electrodes_are_a_doubt_with_how_sure_it_is():
    rows = rows_of(heart())
    swapped = rows | {"I": -rows["I"], "II": rows["III"], "III": rows["II"], "aVR": rows["aVL"], "aVL": rows["aVR"]}
    (doubt,) = examine(made(swapped)).source.doubts
    assert doubt.startswith("left and right arm electrode (or dextrocardia) probably interchanged (")
    assert doubt.endswith(" % sure)")


def test_doubts_of_the_reader_come_first_and_stay():
    record = heart()
    stored = replace(record, source=replace(record.source, doubts=("something was odd",)))
    assert examine(stored).source.doubts == ("something was odd",)


def test_pacing_spikes_become_annotations():
    record = heart(noise=False)
    signal = record.signal.copy()
    for at in range(400, 4800, 450):
        signal[:, at + 1] += np.linspace(-1, 1, 12) * 1.5
    spikes = [note for note in examine(replace(record, signal=signal)).annotations if note.text == "pacing spike"]
    assert len(spikes) >= 8
    assert spikes[0].onset == pytest.approx(0.8, abs=0.004)


def test_looking_twice_says_nothing_twice():
    rows = rows_of(heart(noise=False), EIGHT)
    for at in range(400, 4800, 450):
        for size, row in enumerate(rows.values()):
            row = rows[list(rows)[size]] = row.copy()
            row[at + 1] += (size - 3) * 0.5
    once = examine(made(rows))
    assert any(note.text == "pacing spike" for note in once.annotations)
    assert examine(once) is once


@pytest.mark.parametrize("shape", [(1, 1), (12, 1), (12, 9), (12, 600), (3, 6000)])
@pytest.mark.parametrize("value", [0.0, np.nan, 1e30])
@pytest.mark.parametrize("rate", [1.0, 90.0, 500.0, 100_000.0])
@pytest.mark.parametrize("amplitude", ["mV", "relative"])
@pytest.mark.filterwarnings("error")
def test_no_record_is_too_odd(shape, value, rate, amplitude):
    signal = np.full(shape, value)
    record = EcgRecord(signal, STANDARD_12[: shape[0]], rate, amplitude, SourceInfo("made", "test"))
    assert examine(record).leads[:1] == ("I",)
    signal[:, ::2] = 1.0
    examine(EcgRecord(signal, STANDARD_12[: shape[0]], rate, amplitude, SourceInfo("made", "test")))


def test_opening_a_file_examines_what_is_read():
    rows = rows_of(heart(), EIGHT)
    table = "\n".join([",".join(["time [s]", *(f"{name} [mV]" for name in rows)]),
                       *(",".join(f"{v:.4f}" for v in (n / 500, *at))
                         for n, at in enumerate(np.stack(list(rows.values())).T))])  # fmt: skip
    (record,) = open_all(MemorySource("eight.csv", {"eight.csv": table.encode()}))
    assert record.leads == STANDARD_12
    assert record.source.leads is not None
    assert record.source.derived == ("III", "aVR", "aVL", "aVF")


def test_of_real_records_few_are_doubted_and_no_sample_is_changed(shared_data):
    doubted = []
    for path in sorted((shared_data / "ptbxl_raw").glob("0*_hr.hea")):
        (read,) = read_all(PathSource(path, shared_data))
        record = examine(read)
        assert np.array_equal(record.signal, read.signal, equal_nan=True)
        doubted.append(record.source.doubts != read.source.doubts)
    assert len(doubted) > 20
    assert np.mean(doubted) <= 0.05


@pytest.mark.parametrize("spoiled", ["noise", "flat"])
def test_a_lead_that_shows_no_ecg_says_nothing_about_electrodes(spoiled: str, shared_data):
    """Real records of LUDB whose V4 is pure noise, or flat for nine tenths."""
    rng = np.random.default_rng(0)
    told = 0
    for number in range(1, 13):
        (stored,) = read_all(PathSource(shared_data / "ludb" / "data" / f"{number}.hea"))
        signal = np.array(stored.signal)
        row = stored.leads.index("V4")
        if spoiled == "noise":
            signal[row] = rng.normal(0, 0.3, signal.shape[1])
        else:
            signal[row, : signal.shape[1] * 9 // 10] = 0
        doubts = examine(replace(stored, signal=signal)).source.doubts
        told += any("V3 and V4" in doubt or "V4 and V5" in doubt or "V4 and V6" in doubt for doubt in doubts)
    assert told == 0


def test_where_the_scale_is_in_doubt_no_spike_is_told():
    record = heart()
    steep = replace(record, source=replace(record.source, doubts=("QRS of about 9 mV: check unit and gain",)))
    spiked = np.array(record.signal)
    spiked[:, 500:5000:400] += 1.5
    told = [
        len(examine(replace(one, signal=spiked)).annotations) - 1 for one in (record, steep)
    ]  # one says "simulated"
    assert told[0] > 5 and told[1] == 0
