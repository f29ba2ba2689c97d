"""The simulated ECGs show what textbooks say of each diagnosis, measured on the signal and not on the parameters."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from einthoven.errors import NotFound, SettingError
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, Subject
from einthoven.simulate import DIAGNOSES, simulate
from einthoven.simulate.diagnoses import turned
from einthoven.simulate.heart import Fibrillation, Heart, beat_times, fibrillation_vector, heart_vector
from einthoven.simulate.torso import DOWER, Torso, twelve_leads

RATE = 1000
N = 40


def clean(diagnosis: str, seed: int, **more) -> EcgRecord:
    return simulate(diagnosis, np.random.default_rng(seed), rate=RATE, noise=False, **more)


def heart(diagnosis: str, seed: int) -> Heart:
    rng, subject = np.random.default_rng(seed), Subject(age=60.0, sex="F")
    return turned(DIAGNOSES[diagnosis].draw(subject, rng), subject, rng)


def qrs_duration(diagnosis: str, seed: int) -> float:
    """Seconds in which the depolarisation vector of one beat is longer than 0.06 mV."""
    drawn = heart(diagnosis, seed)
    depolarisation = drawn.with_waves(*(wave for wave in drawn.waves if wave.name == "QRS"))
    time = np.arange(0, 1, 1 / RATE)
    size = np.linalg.norm(heart_vector(depolarisation, np.array([0.4]), time), axis=0)
    above = np.flatnonzero(size > 0.06)
    return (above[-1] - above[0]) / RATE


def beats(diagnosis: str, lead: str, *, atria: bool = False) -> np.ndarray:
    """One beat each of N hearts in N bodies, `(N, 500)` at 1000 Hz; QRS begins at sample 100."""
    rows = []
    for seed in range(N):
        drawn, torso = heart(diagnosis, seed), Torso.draw(np.random.default_rng(seed))
        drawn = drawn.with_waves(*(wave for wave in drawn.waves if atria or wave.name != "P"))
        vector = heart_vector(drawn, np.array([0.1]), np.arange(0, 0.5, 1 / RATE))
        rows.append(twelve_leads(torso.electrodes(vector))[STANDARD_12.index(lead)])
    return np.array(rows)


def initial_q(rows: np.ndarray) -> np.ndarray:
    """Depth in mV of what is negative in QRS before its highest point, one per beat."""
    return np.array([max(-row[100 : 100 + row[100:200].argmax() + 1].min(), 0) for row in rows])


@pytest.mark.parametrize("diagnosis", ["LBBB", "RBBB"])
def test_bundle_branch_blocks_have_a_qrs_of_at_least_120_ms(diagnosis):
    durations = [qrs_duration(diagnosis, seed) for seed in range(60)]
    assert min(durations) >= 0.118 and max(durations) <= 0.20
    assert np.median(durations) >= 0.125


@pytest.mark.parametrize("diagnosis", ["NORM", "AF", "AMI", "IMI"])
def test_without_a_block_qrs_is_narrower_than_120_ms(diagnosis):
    durations = [qrs_duration(diagnosis, seed) for seed in range(60)]
    assert max(durations) < 0.12 and min(durations) > 0.05


def test_lbbb_points_away_from_v1_and_to_i_and_v6():
    v1 = beats("LBBB", "V1")[:, 100:260]
    assert np.mean(-v1.min(axis=1) > 2 * v1.max(axis=1)) > 0.9
    for lead in ("I", "V6"):
        row = beats("LBBB", lead)[:, 100:260]
        assert np.mean(row.max(axis=1) > -2 * row.min(axis=1)) > 0.8


def test_r_of_lbbb_is_broad_and_often_notched():
    """R in I stays above half of its height twice as long as the R of normal hearts; many have two summits."""

    def above_half(diagnosis: str) -> float:
        rows = beats(diagnosis, "I")[:, 100:260]
        return float(np.median((rows > rows.max(axis=1, keepdims=True) / 2).sum(axis=1)))

    assert above_half("LBBB") > 60 > 2 * above_half("NORM")
    rising = np.diff(beats("LBBB", "I")[:, 100:260], axis=1) > 0
    summits = (rising[:, :-1] & ~rising[:, 1:]).sum(axis=1)
    assert np.mean(summits >= 2) > 0.4


def test_lbbb_has_no_septal_q_in_v6_where_normal_hearts_have_one():
    assert np.median(initial_q(beats("LBBB", "V6"))) < 0.01 < 0.03 < np.median(initial_q(beats("NORM", "V6")))


def test_t_of_lbbb_is_opposite_to_qrs():
    v1, v6 = beats("LBBB", "V1")[:, 380:480].mean(axis=1), beats("LBBB", "V6")[:, 380:480].mean(axis=1)
    assert np.mean(v1 > v6) > 0.8 and np.median(v6) < 0 < np.median(v1)


def test_rbbb_ends_with_a_wave_to_the_right():
    """R' after S in V1, and in I and V6 an S where normal hearts have finished."""
    v1, v6, i = (beats("RBBB", lead) for lead in ("V1", "V6", "I"))
    late = slice(175, 230)
    assert np.mean((v1[:, late].max(axis=1) > 0.1) & (v1[:, 125:175].min(axis=1) < -0.1)) > 0.8
    assert np.mean(v6[:, late].min(axis=1) < -0.1) > 0.8
    assert np.median(i[:, late].min(axis=1)) < -0.1
    assert np.median(np.abs(beats("NORM", "V1")[:, 195:205]).max(axis=1)) < 0.1


def test_normal_hearts_have_growing_r_from_v1_to_v4_and_upright_p_qrs_and_t_in_ii():
    r = [np.median(beats("NORM", lead)[:, 100:200].max(axis=1)) for lead in ("V1", "V2", "V3", "V4")]
    assert r == sorted(r)
    rows = beats("NORM", "II", atria=True)
    assert np.mean(rows[:, 100:200].max(axis=1) > -rows[:, 100:200].min(axis=1)) > 0.9
    assert np.mean(rows[:, 380:420].mean(axis=1) > 0) > 0.9
    assert np.mean(rows[:, :80].max(axis=1) > -rows[:, :80].min(axis=1)) > 0.9


def test_anterior_infarcts_lose_r_in_v2_and_v3():
    for lead in ("V2", "V3"):
        normal, infarct = (beats(diagnosis, lead)[:, 100:200].max(axis=1) for diagnosis in ("NORM", "AMI"))
        assert np.median(infarct) < 0.75 * np.median(normal)


def test_acute_infarcts_lift_st_in_v2_if_anterior_and_in_iii_if_inferior():
    """60 ms after QRS; three infarcts in ten are acute, so it is the upper tenth that shows it."""
    for diagnosis, lead in (("AMI", "V2"), ("IMI", "III")):
        normal, infarct = (beats(d, lead)[:, 250:270].mean(axis=1) for d in ("NORM", diagnosis))
        assert np.quantile(infarct, 0.9) > np.quantile(normal, 0.5) + 0.06


def test_inferior_infarcts_begin_with_q_in_iii_and_avf():
    for lead in ("III", "aVF"):
        normal, infarct = (initial_q(beats(diagnosis, lead)) for diagnosis in ("NORM", "IMI"))
        assert np.median(infarct) > np.median(normal) + 0.05


@pytest.mark.parametrize("diagnosis", sorted(DIAGNOSES))
def test_only_fibrillating_atria_make_no_p(diagnosis):
    for seed in range(20):
        names = {wave.name for wave in heart(diagnosis, seed).waves}
        assert ("P" in names) == (diagnosis != "AF")


def test_in_sinus_rhythm_every_qrs_follows_a_p_and_in_fibrillation_none_does():
    time = np.arange(0, 10, 1 / RATE)

    def before_qrs(diagnosis, seed):
        drawn = replace(heart(diagnosis, seed), fibrillation=None)
        onsets = beat_times(drawn, 10, np.random.default_rng(seed))
        lead_ii = np.array([0.235, 1.066, -0.132]) @ heart_vector(drawn, onsets, time)
        windows = [lead_ii[round((b - 0.2) * RATE) : round((b - 0.02) * RATE)] for b in onsets if 0.3 < b < 9.9]
        return np.median([np.ptp(w) for w in windows])

    assert min(before_qrs("NORM", seed) for seed in range(10)) > 0.03
    # What is left is the end of T after a short interval.
    assert np.median([before_qrs("AF", seed) for seed in range(10)]) < 0.01


def test_fibrillation_is_irregular_and_its_intervals_are_independent():
    fibrillating, sinus = [], []
    for seed in range(40):
        for diagnosis, into in (("AF", fibrillating), ("NORM", sinus)):
            drawn = replace(heart(diagnosis, seed), ectopic=0.0)
            rr = np.diff(beat_times(drawn, 60, np.random.default_rng(seed)))
            assert rr.min() >= 0.29
            into.append((rr.std() / rr.mean(), np.corrcoef(rr[1:], rr[:-1])[0, 1]))
    assert np.median(fibrillating, axis=0)[0] > 0.12 > 2 * np.median(sinus, axis=0)[0]
    assert abs(np.median(fibrillating, axis=0)[1]) < 0.1 < np.median(sinus, axis=0)[1]


def test_fibrillatory_waves_have_4_to_9_hz_and_are_largest_in_v1():
    time = np.arange(0, 20, 1 / RATE)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        leads = DOWER @ fibrillation_vector(Fibrillation(0.05, rng.uniform(5, 8)), time, rng)
        power = np.abs(np.fft.rfft(leads[2])) ** 2
        frequency = np.fft.rfftfreq(time.size, 1 / RATE)
        main = frequency[power.argmax()]
        assert 4 <= main <= 9
        spread = leads.std(axis=1)
        assert spread[2] > 1.5 * spread[[0, 7]].max() and spread[2] > spread[1]


@pytest.mark.parametrize("diagnosis", sorted(DIAGNOSES))
def test_einthovens_and_goldbergers_laws_hold_with_and_without_noise(diagnosis):
    for noise in (False, True):
        r = simulate(diagnosis, np.random.default_rng(5), noise=noise)
        i, ii = r.lead("I"), r.lead("II")
        for name, expected in (
            ("III", ii - i),
            ("aVR", -(i + ii) / 2),
            ("aVL", i - ii / 2),
            ("aVF", ii - i / 2),
        ):
            np.testing.assert_allclose(r.lead(name), expected, atol=2e-6)


@pytest.mark.parametrize("diagnosis", sorted(DIAGNOSES))
def test_amplitudes_are_those_of_people(diagnosis):
    for seed in range(30):
        signal = clean(diagnosis, seed).signal
        assert 0.6 < np.abs(signal).max() < 4.5
        assert np.ptp(signal, axis=1).min() > 0.08
        noisy = simulate(diagnosis, np.random.default_rng(seed)).signal
        assert np.abs(noisy).max() < 6


def test_hearts_rates_are_those_of_people():
    for diagnosis in DIAGNOSES:
        for seed in range(20):
            drawn = heart(diagnosis, seed)
            n = ((beats := beat_times(drawn, 60, np.random.default_rng(seed))) > 0).sum() - (beats > 60).sum()
            assert 38 < n < 165


def test_equal_generators_give_equal_records_and_others_do_not():
    a, b, c = (simulate("AMI", np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert a.fingerprint() == b.fingerprint() != c.fingerprint()
    assert a.subject == b.subject


def test_it_is_the_same_heart_at_every_rate():
    fast, slow = (simulate("LBBB", np.random.default_rng(3), rate=rate, noise=False) for rate in (500, 250))
    np.testing.assert_allclose(fast.signal[:, ::2], slow.signal, atol=1e-5)


@pytest.mark.parametrize("rate, duration", [(100, 10), (500, 10), (360, 7.5), (1000, 2), (500, 60)])
def test_rate_and_duration_are_those_asked_for(rate, duration):
    record = simulate("NORM", np.random.default_rng(0), rate=rate, duration=duration)
    assert (record.rate, record.n_samples, record.n_leads) == (rate, round(rate * duration), 12)
    assert np.isfinite(record.signal).all()


def test_a_simulated_record_says_so():
    record = simulate("IMI", np.random.default_rng(0), name="x", subject_id="sim-1")
    assert record.source.simulated and record.source.format == "simulated"
    assert (record.source.name, record.subject.id, record.amplitude) == ("x", "sim-1", "mV")
    assert [a.text for a in record.annotations] == ["simulated: inferior infarct"]
    assert 18 <= record.subject.age <= 95 and record.subject.sex in ("F", "M")


def test_a_second_finding_is_in_the_signal_and_in_the_annotations():
    record = clean("LBBB", 4, second="AF")
    assert [a.code for a in record.annotations] == ["CLBBB", "AFIB"]
    assert not np.array_equal(record.signal, clean("LBBB", 4).signal)


@pytest.mark.parametrize("first, second", [("NORM", "AF"), ("LBBB", "RBBB"), ("AF", "AF"), ("AF", "NORM")])
def test_findings_that_do_not_go_together_are_refused(first, second):
    with pytest.raises(SettingError, match="AF goes with LBBB"):
        clean(first, 0, second=second)


def test_what_cannot_be_simulated_is_refused_with_the_choices():
    with pytest.raises(NotFound, match="NORM, LBBB, RBBB, AF, AMI, IMI"):
        clean("WPW", 0)
    with pytest.raises(SettingError):
        simulate("NORM", np.random.default_rng(0), rate=20)
    with pytest.raises(SettingError):
        simulate("NORM", np.random.default_rng(0), duration=0)


def test_no_warning_is_given():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for diagnosis in DIAGNOSES:
            simulate(diagnosis, np.random.default_rng(0))
