"""FHIR observations with sampled data: R4 and R5, JSON and XML, alone and in bundles."""

import json
from typing import Any

import numpy as np
import pytest

from contracts.ecg_files import Case
from contracts.writers_xml import WRITERS_XML, fhir_observation, fhir_patient, write_fhir_xml
from einthoven.errors import FormatError, HintsNeeded
from einthoven.formats import MemorySource, detect, read_all
from einthoven.formats.passport import pseudonym
from einthoven.record import EcgRecord, ReadHints

SMALL = Case(500.0, "uV", ("I", "II", "V1"), 300)


def _read(document: object, hints: ReadHints | None = None) -> list[EcgRecord]:
    return list(read_all(MemorySource("a.json", {"a.json": json.dumps(document).encode()}), hints))


def _bundle(*resources: object) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def _observation(**changes: object) -> Any:
    return fhir_observation(SMALL) | changes


def _sampled(data: str, **more: object) -> dict[str, Any]:
    return {"origin": {"value": 0, "unit": "mV"}, "period": 2, "dimensions": 1, "data": data} | more


def _lead(name: str, sampled: dict[str, Any]) -> dict[str, Any]:
    return {"code": {"text": name}, "valueSampledData": sampled}


def test_the_error_tokens_are_missing_samples_and_the_limits_are_doubted() -> None:
    record = _read(_observation(component=[_lead("Lead II", _sampled("1 E 2.5 U L -3e-1", factor=0.5))]))[0]
    assert record.leads == ("II",) and record.rate == 500.0
    np.testing.assert_allclose(record.signal[0], [0.5, np.nan, 1.25, np.nan, np.nan, -0.15])
    assert "1 samples of II are above the upper limit, taken as missing" in record.source.doubts
    assert "1 samples of II are below the lower limit, taken as missing" in record.source.doubts


def test_value_is_data_times_factor_plus_origin() -> None:
    sampled = _sampled("10 20", origin={"value": 0.5, "code": "mV"}, factor=0.01)
    np.testing.assert_allclose(_read(_observation(component=[_lead("I", sampled)]))[0].signal, [[0.6, 0.7]])


def test_hl7s_own_example_puts_the_count_of_zero_volt_into_origin() -> None:
    """FHIR R4, Observation example "ekg": origin 2048 without unit, factor 1.612, limits of 3300 either way."""
    sampled = {"origin": {"value": 2048}, "period": 10, "factor": 1.612, "lowerLimit": -3300, "upperLimit": 3300,
               "dimensions": 1, "data": "2041 2043 2037 2047 2060"}  # fmt: skip
    document = _observation(component=[{"code": {"coding": [{"code": "131389", "display": "MDC_ECG_ELEC_POTL_I"}]},
                                        "valueSampledData": sampled}])  # fmt: skip
    with pytest.raises(HintsNeeded, match="code 131389 means lead III, and its text says I") as caught:
        _read(document)
    assert set(caught.value.missing) == {"unit", "leads"}
    record = _read(document, ReadHints(unit="uV", leads=("I",)))[0]
    assert record.leads == ("I",)
    np.testing.assert_allclose(record.signal[0], np.array([-7, -5, -11, -1, 12]) * 1.612e-3, atol=1e-7)
    assert any(doubt.startswith("origin 2048 taken for a stored number") for doubt in record.source.doubts)


@pytest.mark.parametrize(
    ("timing", "rate"),
    [
        ({"period": 2}, 500.0),
        ({"period": 2.5}, 400.0),
        ({"period": 3.9}, 1000 / 3.9),
        ({"period": None, "interval": 0.004, "intervalUnit": "s"}, 250.0),
        ({"period": None, "interval": 2, "intervalUnit": "ms"}, 500.0),
        ({"period": None, "interval": 1000, "intervalUnit": "us"}, 1000.0),
    ],
)
def test_period_of_r4_and_interval_of_r5(timing: dict[str, object], rate: float) -> None:
    sampled = _sampled("1 2 3") | timing
    assert _read(_observation(component=[_lead("I", sampled)]))[0].rate == pytest.approx(rate, rel=1e-12)


@pytest.mark.parametrize(("interval", "unit", "rate"), [(500, "Hz", 500.0), (0.25, "kHz", 250.0), (360, "/s", 360.0)])
def test_an_interval_in_hz_can_only_be_the_rate(interval: float, unit: str, rate: float) -> None:
    """R5 calls it the number of `intervalUnit`s between samples, which no frequency can be."""
    sampled = _sampled("1 2 3") | {"period": None, "interval": interval, "intervalUnit": unit}
    record = _read(_observation(component=[_lead("I", sampled)]))[0]
    assert record.rate == rate
    assert f"an interval of {interval:g} {unit} between samples is stated, taken for the sampling rate" in (
        record.source.doubts
    )


def test_names_of_components_that_may_be_those_of_persons_are_not_shown() -> None:
    def one(display: str, data: str) -> dict[str, Any]:
        return {"code": {"coding": [{"display": display}]}, "valueSampledData": _sampled(data)}

    record = _read(_observation(component=[_lead("II", _sampled("1 2")), one("RESP Mustermann", "1 2")]))[0]
    assert "left out, no ECG by name or unit: a component" in record.source.doubts
    with pytest.raises(FormatError) as caught:
        _read(_observation(component=[one("Mustermann", "1 x")]))
    assert "Mustermann" not in str(caught.value)


def test_leads_by_code_by_display_and_by_text() -> None:
    mdc = "urn:iso:std:iso:11073:10101"
    codes = [
        {"coding": [{"system": mdc, "code": "131330"}]},
        {"coding": [{"system": mdc, "code": "131389", "display": "whatever"}]},
        {"coding": [{"system": "http://example.org", "code": "x", "display": "MDC_ECG_ELEC_POTL_AVR"}]},
        {"coding": [{"system": "http://example.org", "code": "x"}], "text": "Lead aVL"},
        {"text": "-aVR"},
    ]
    parts = [{"code": code, "valueSampledData": _sampled(f"{k} 2")} for k, code in enumerate(codes)]
    record = _read(_observation(component=parts))[0]
    assert record.leads == ("II", "III", "aVR", "aVL", "-aVR")


def test_other_signals_are_left_out_and_named() -> None:
    other = {"code": {"coding": [{"code": "1", "display": "Respiration"}]}, "valueSampledData": _sampled("1 2")}
    record = _read(_observation(component=[_lead("II", _sampled("1 2")), other]))[0]
    assert record.leads == ("II",) and "left out, no ECG by name or unit: Respiration" in record.source.doubts
    with pytest.raises(FormatError, match="without sampled data of an ECG"):
        _read(_observation(component=[other]))


def test_leads_of_another_rate_are_a_record_of_their_own() -> None:
    records = _read(_observation(component=[_lead("I", _sampled("1 2")), _lead("II", _sampled("1 2 3 4", period=1))]))
    assert [(record.leads, record.rate) for record in records] == [(("I",), 500.0), (("II",), 1000.0)]


def test_a_bundle_of_two_ecgs_is_two_records_and_the_patient_is_known() -> None:
    later = _observation(effectiveDateTime="2025-03-01")
    records = _read(_bundle(fhir_patient(), _observation(), later))
    assert [record.source.index for record in records] == [0, 1]
    assert [record.source.recorded for record in records] == ["2024-03-01T10:11:12", "2025-03-01"]
    assert [record.subject.age for record in records] == [80.0, 81.0]
    assert records[0].subject.sex == "F" and records[0].subject.id == records[1].subject.id
    assert any(note.text == "Heart rate 72 /min" and note.code == "8867-4" for note in records[0].annotations)


def test_single_leads_of_other_times_or_the_same_name_stay_apart() -> None:
    def one(name: str, when: str) -> dict[str, Any]:
        whole = _observation(effectiveDateTime=when, code={"text": name}, valueSampledData=_sampled("1 2 3"))
        del whole["component"]
        return whole  # type: ignore[no-any-return]

    day, other = "2024-03-01T10:11:12Z", "2024-03-01T10:11:13Z"
    together = _read(_bundle(one("I", day), one("II", day), one("I", day), one("II", other)))
    assert [record.leads for record in together] == [("I", "II"), ("I",), ("II",)]


def test_several_dimensions_need_the_names_of_the_leads() -> None:
    document = _observation(component=[_lead("ECG", _sampled("1 10 2 20 3 30", dimensions=2))])
    with pytest.raises(HintsNeeded) as caught:
        _read(document)
    assert caught.value.missing == ("leads",)
    record = _read(document, ReadHints(leads=("I", "II")))[0]
    np.testing.assert_allclose(record.signal, [[1, 2, 3], [10, 20, 30]])


def test_the_device_is_told_by_its_resource_and_never_by_a_display() -> None:
    device = {"resourceType": "Device", "manufacturer": "Maker", "modelNumber": "7", "serialNumber": "SN-1"}
    assert _read(_bundle(_observation(), device))[0].source.device == "Maker 7"
    assert _read(_observation())[0].source.device is None


@pytest.mark.parametrize(
    ("sampled", "message"),
    [
        (_sampled("1 2 x"), "is no number"),
        (_sampled("1 2", period=0), "period of 0 s"),
        (_sampled("1 2", period="often"), "where period should be a number"),
        (_sampled("1 2 3", dimensions=2), "2 dimensions for 3 samples"),
        (_sampled("1 2", codeMap="http://x"), "not evenly spaced|are codes"),
        (_sampled("1 2", origin={"value": 0, "unit": "mm[Hg]"}), "no unit of an ECG"),
        (_sampled("1 2", factor=0), "step of 0"),
        (_sampled("1 2", interval=1, intervalUnit="month"), "interval in 'month'"),
        (_sampled(""), "no samples"),
    ],
)
def test_contradictions_are_refused(sampled: dict[str, Any], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        _read(_observation(component=[_lead("I", sampled)]))


def test_damaged_deep_and_hostile_json_is_refused() -> None:
    def refused(text: str, message: str) -> None:
        data = ('{"resourceType": "Observation", "a": ' + text).encode()
        with pytest.raises(FormatError, match=message):
            list(read_all(MemorySource("a.json", {"a.json": data})))

    refused("[" * 5000 + "]" * 5000 + "}", "nested more than")
    refused("[" * 70 + "]" * 70 + "}", "nested more than")
    refused("[" + "[]," * 200_000 + "[]]}", "more JSON lists")
    refused("9" * 10_000 + "}", "cannot be read")
    refused("[1, 2", "damaged or cut off")


def test_what_is_no_ecg_resource_is_not_claimed() -> None:
    for text in ('{"resourceType": "Patient"}', '["Observation"]', '{"a": 1}', "{", ""):
        with pytest.raises(FormatError, match=r"none of the formats|is empty"):
            detect(MemorySource("a.json", {"a.json": text.encode()}))


def test_the_resource_type_may_stand_at_the_end() -> None:
    document = dict(reversed(list(fhir_observation(Case(500.0, "mV", ("I", "II"), 3000)).items())))
    assert list(document)[-1] == "resourceType"
    assert _read(document)[0].n_samples == 3000


def test_xml_says_the_same_as_json() -> None:
    written = write_fhir_xml(SMALL)
    record = next(read_all(MemorySource(written.name, written.files)))
    other = _read(fhir_observation(SMALL))[0]
    assert record.fingerprint() == other.fingerprint()
    assert (record.annotations, record.source.recorded) == (other.annotations, other.source.recorded)


def test_a_reference_inside_the_file_is_no_patient_number() -> None:
    written = WRITERS_XML["fhir"](Case(500.0, "mV", ("I", "II"), 100))
    document = json.loads(written.files[written.name])
    subjects = []
    for reference in ("#p", "Patient/4711"):
        observation = {**document, "subject": {"reference": reference}}
        source = MemorySource("ecg.json", {"ecg.json": json.dumps(observation).encode()})
        subjects.append(next(read_all(source, written.hints)).subject.id)
    assert subjects == [None, pseudonym("4711")]
