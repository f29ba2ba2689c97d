from collections import Counter

import numpy as np

from einthoven.simulate import DIAGNOSES, cohort


def test_a_cohort_has_as_many_of_each_with_subjects_and_names_of_their_own():
    found = list(cohort(4, 1))
    assert Counter(diagnosis for *_, diagnosis in found) == dict.fromkeys(DIAGNOSES, 4)
    assert len({name for name, *_ in found}) == len({record.subject.id for _, record, _ in found}) == 24
    assert all(record.subject.id.startswith("sim-") for _, record, _ in found)
    assert all(record.source.simulated and record.source.name == name for name, record, _ in found)
    assert all((record.rate, record.duration) == (500, 10) for _, record, _ in found)


def test_names_and_subjects_do_not_give_the_diagnosis_away():
    for name, record, diagnosis in cohort(1, 0):
        assert diagnosis.casefold() not in (name + str(record.subject.id)).casefold()


def test_equal_seeds_give_equal_cohorts_and_a_larger_one_begins_with_the_smaller():
    small, again, other = list(cohort(1, 7)), list(cohort(3, 7))[:6], list(cohort(1, 8))
    for (name, record, diagnosis), (name_2, record_2, diagnosis_2) in zip(small, again, strict=True):
        assert (name, record.fingerprint(), diagnosis) == (name_2, record_2.fingerprint(), diagnosis_2)
    assert not {r.subject.id for _, r, _ in small} & {r.subject.id for _, r, _ in other}
    assert not {r.fingerprint() for _, r, _ in small} & {r.fingerprint() for _, r, _ in other}


def test_ages_rates_and_amplitudes_vary_and_some_sick_hearts_have_a_second_finding():
    found = list(cohort(25, 3))
    ages = [record.subject.age for _, record, _ in found]
    sizes = [float(np.ptp(record.lead("V5"))) for _, record, _ in found]
    assert np.std(ages) > 8 and {record.subject.sex for _, record, _ in found} == {"F", "M"}
    assert np.std(sizes) / np.mean(sizes) > 0.2
    second = Counter(diagnosis for _, record, diagnosis in found if len(record.annotations) == 2)
    assert second["NORM"] == 0 and 8 <= second.total() <= 35


def test_the_diagnosis_can_be_learned_from_the_signal_but_not_perfectly():
    """A plain linear model on median beats and rhythm: well above chance, well below certainty."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    x, y = zip(*((_features(record.signal[:, ::5]), diagnosis) for _, record, diagnosis in cohort(30, 5)), strict=True)
    x_test, y_test = zip(*((_features(r.signal[:, ::5]), d) for _, r, d in cohort(20, 6)), strict=True)
    with threadpool_limits(1):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.02, max_iter=300)).fit(np.array(x), y)
    scores = model.predict_proba(np.array(x_test))
    assert 0.85 < roc_auc_score(y_test, scores, multi_class="ovr", labels=model.classes_) < 0.99
    shuffled = np.random.default_rng(0).permutation(y_test)
    assert 0.4 < roc_auc_score(shuffled, scores, multi_class="ovr", labels=model.classes_) < 0.6


def _features(signal: np.ndarray) -> np.ndarray:
    """Median beat of all leads and the irregularity of RR, from 100 Hz; z-scored per lead."""
    from scipy.signal import find_peaks

    x = (signal - signal.mean(axis=1, keepdims=True)) / signal.std(axis=1, keepdims=True)
    steep = np.convolve(np.abs(np.diff(x, axis=1)).sum(axis=0), np.ones(7) / 7, "same")
    tops, _ = find_peaks(steep, height=0.4 * np.percentile(steep, 98), distance=30)
    inside = tops[(tops > 30) & (tops < x.shape[1] - 55)]
    beat = np.median([x[:, top - 30 : top + 55] for top in inside], axis=0)
    rr = np.diff(tops)
    return np.r_[beat[:, ::5].ravel(), rr.mean(), rr.std() / rr.mean()]
