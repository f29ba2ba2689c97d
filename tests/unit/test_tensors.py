from dataclasses import replace

import numpy as np
import pytest

from einthoven.errors import IncompatibleModel, LabelError
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, SourceInfo
from einthoven.spec import ModelSpec, standard_steps
from einthoven.task import TaskClass
from einthoven.tensors import prepare, targets

CLASSES = (TaskClass("NORM"), TaskClass("MI"), TaskClass("CD"))
SPEC = ModelSpec("single-label", CLASSES)


def made(leads=STANDARD_12, n: int = 5000, rate: float = 500, amplitude="mV") -> EcgRecord:
    signal = np.random.default_rng(0).normal(size=(len(leads), n))
    return EcgRecord(signal, leads, rate, amplitude, SourceInfo("made", "test"))


@pytest.mark.parametrize("rate, seconds", [(500, 10), (400, 7.3), (1000, 38.4), (360, 10.0028), (100, 10), (257, 3.3)])
def test_every_record_becomes_an_array_of_the_models_shape(rate, seconds):
    prepared = prepare(made(n=round(rate * seconds), rate=rate), SPEC)
    assert prepared.array.shape == (12, 1000)
    assert prepared.array.dtype == np.float32 and prepared.array.flags.c_contiguous
    start, stop = prepared.added
    assert stop == 1000
    assert np.isnan(prepared.array[:, start:]).all() and not np.isnan(prepared.array[:, :start]).any()
    assert start == min(1000, round(round(rate * seconds) * 100 / rate))


def test_the_order_in_which_a_file_stores_the_leads_does_not_matter():
    record = made()
    back = EcgRecord(record.signal[::-1], record.leads[::-1], record.rate, "mV", record.source)
    assert np.array_equal(prepare(record, SPEC).array, prepare(back, SPEC).array)


def test_a_model_without_z_score_refuses_records_of_relative_amplitude():
    spec = replace(SPEC, steps=standard_steps(over=None))
    assert prepare(made(), spec).array.shape == (12, 1000)
    with pytest.raises(IncompatibleModel, match="amplitude is relative"):
        prepare(made(amplitude="relative"), spec)


def test_a_model_with_z_score_takes_records_of_relative_amplitude():
    assert prepare(made(amplitude="relative"), SPEC).array.shape == (12, 1000)


def test_a_z_score_over_the_record_says_that_relative_leads_have_no_real_proportions():
    spec = replace(SPEC, steps=standard_steps(over="record"))
    assert "may not be real" in prepare(made(amplitude="relative"), spec).notes[-1]
    assert "may not be real" not in prepare(made(), spec).notes[-1]


def test_what_does_not_fit_is_an_incompatible_model_with_the_reason():
    with pytest.raises(IncompatibleModel, match="does not fit this model: The record lacks lead V6"):
        prepare(made(STANDARD_12[:-1]), SPEC)
    with pytest.raises(IncompatibleModel, match="needs more than 80 samples per second; this record has 50"):
        prepare(made(rate=50, n=500), SPEC)
    with pytest.raises(IncompatibleModel, match="too few for the band-pass"):
        prepare(made(n=20), SPEC)


def test_steps_that_miss_the_models_shape_are_told_and_not_passed_on():
    leads, gaps, resampling, window, z_score = standard_steps(rate=100, duration=0.26, band=None)
    odd = replace(SPEC, steps=(leads, gaps, window, resampling, z_score))
    assert prepare(made(rate=500), odd).array.shape == (12, 26)
    with pytest.raises(IncompatibleModel, match=r"make \(12, 30\).*takes \(12, 26\)"):
        prepare(made(rate=10, n=100), odd)


def test_targets_are_class_indices_in_the_order_of_the_spec():
    found = targets([("CD",), ("NORM",), ("MI",)], SPEC)
    assert found.dtype == np.int64 and found.tolist() == [2, 0, 1]


def test_targets_of_several_labels_are_rows_of_0_and_1():
    found = targets([("CD", "NORM"), ()], replace(SPEC, kind="multi-label"))
    assert found.dtype == np.float32 and found.tolist() == [[1, 0, 1], [0, 0, 0]]


def test_targets_of_a_regression_are_a_column_of_values():
    found = targets([63.0, 41.5], ModelSpec("regression", (TaskClass("age"),), unit="years"))
    assert found.dtype == np.float32 and found.tolist() == [[63.0], [41.5]]


def test_no_answers_give_an_empty_array_of_the_right_shape():
    assert targets([], SPEC).shape == (0,)
    assert targets([], replace(SPEC, kind="multi-label")).shape == (0, 3)
    assert targets([], ModelSpec("regression", (TaskClass("age"),))).shape == (0, 1)


@pytest.mark.parametrize("kind", ["single-label", "multi-label"])
def test_a_class_that_the_model_does_not_have_is_refused_with_the_choices(kind):
    with pytest.raises(LabelError, match="HYP: not among the model's classes NORM, MI, CD"):
        targets([("HYP",)], replace(SPEC, kind=kind))


def test_answers_of_the_wrong_form_are_refused():
    with pytest.raises(LabelError, match="exactly one class"):
        targets([("NORM", "MI")], SPEC)
    with pytest.raises(LabelError, match="learns from classes"):
        targets([3.0], SPEC)
    regression = ModelSpec("regression", (TaskClass("age"),))
    for answer in (("NORM",), float("nan")):
        with pytest.raises(LabelError, match="learns from numbers"):
            targets([answer], regression)
