"""FHIR R4: an `Observation` with the potential of each lead as `SampledData`.

hl7.org/fhir/R4/datatypes.html#SampledData and the published example `observation-example-sample-data`: codes of
ISO/IEEE 11073-10101, period in ms, decimals with blanks between, `E` for a sample that could not be measured.
"""

import json

import numpy as np
import numpy.typing as npt

from einthoven.leads import MDC_NAME, MDC_POTENTIAL
from einthoven.record import EcgRecord
from einthoven.writers.entry import WriterEntry, Written
from einthoven.writers.lead_codes import lead_codes, refuse_relative
from einthoven.writers.passport import lost, plain_id, refuse_time_aligned

MDC = "urn:oid:2.16.840.1.113883.6.24"
UCUM = "http://unitsofmeasure.org"
POTENTIAL = "131328"
"""`MDC_ECG_ELEC_POTL`: the potential, of no lead in particular."""

_GENDERS = {"F": "female", "M": "male"}


def write(record: EcgRecord, stem: str) -> Written:
    refuse_relative(record, "FHIR")
    refuse_time_aligned(record, "FHIR")
    codes = lead_codes(record, MDC_POTENTIAL, "FHIR")
    components = [
        _component(record, lead, code, row) for lead, code, row in zip(record.leads, codes, record.signal, strict=True)
    ]
    if record.subject.age is not None:
        components.append(_age(record.subject.age))
    patient = _patient(record)
    observation: dict[str, object] = {
        "resourceType": "Observation",
        **({"contained": [patient]} if patient else {}),
        "status": "final",
        "category": [_concept("http://terminology.hl7.org/CodeSystem/observation-category", "procedure", "Procedure")],
        "code": _concept(MDC, POTENTIAL, "MDC_ECG_ELEC_POTL"),
        **({"subject": {"reference": f"#{patient['id']}"}} if patient else {}),
        "component": components,
    }
    data = json.dumps(observation, ensure_ascii=False, indent=1, allow_nan=False).encode()
    return Written({f"{stem}.json": data + b"\n"}, lost(record))


def _concept(system: str, code: str, display: str) -> dict[str, object]:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def _component(record: EcgRecord, lead: str, code: str, row: npt.NDArray[np.float32]) -> dict[str, object]:
    sampled = {
        "origin": {"value": 0, "unit": "mV", "system": UCUM, "code": "mV"},
        "period": 1000 / record.rate,
        "factor": 1,
        "dimensions": 1,
        "data": " ".join(_decimal(value) for value in row),
    }
    return {
        "code": _concept(MDC, code, MDC_NAME[lead].replace("_LEAD_", "_ELEC_POTL_")),
        "valueSampledData": sampled,
    }


def _decimal(value: np.float32) -> str:
    """The fewest digits from which the same float32 is read, without exponent, which the data type does not have."""
    return "E" if np.isnan(value) else np.format_float_positional(value, unique=True, trim="-")


def _age(years: float) -> dict[str, object]:
    quantity = {"value": years, "unit": "a", "system": UCUM, "code": "a"}
    return {"code": _concept("http://loinc.org", "30525-0", "Age"), "valueQuantity": quantity}


def _patient(record: EcgRecord) -> dict[str, object]:
    """A contained patient without name: pseudonymous id and gender, as far as they are known."""
    identifier = plain_id(record)
    # Of its own for each record: a reader that takes it for the patient does not put strangers together.
    patient: dict[str, object] = {"resourceType": "Patient", "id": f"subject-{record.fingerprint()[:16]}"}
    if identifier is not None:
        patient["identifier"] = [{"use": "secondary", "value": identifier}]
    if record.subject.sex is not None:
        patient["gender"] = _GENDERS[record.subject.sex]
    return patient if len(patient) > 2 else {}


ENTRY = WriterEntry(
    name="fhir",
    title="FHIR R4 Observation",
    suffix=".json",
    requires=(),
    write=write,
    loses="Samples are exact, missing ones `E`. Statements, date and device are not written. Amplitudes that are no "
    "voltages, leads without an MDC code and time-aligned ECGs are refused.",
    read_by=("json",),
)
