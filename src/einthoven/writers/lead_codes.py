"""Numbers of leads in ISO/IEEE 11073-10102 (MDC), which DICOM and FHIR use.

DICOM writes them as `2:1` (PS3.16, CID 3001), FHIR as 131328 + number for the potential of a lead
(`MDC_ECG_ELEC_POTL_I` is 131329).
"""

from collections.abc import Mapping
from types import MappingProxyType

from einthoven.errors import RecordError
from einthoven.record import EcgRecord

LEAD_NUMBERS: Mapping[str, int] = MappingProxyType(
    {
        "I": 1, "II": 2, "V1": 3, "V2": 4, "V3": 5, "V4": 6, "V5": 7, "V6": 8, "V7": 9,
        "V3R": 11, "V4R": 12, "V5R": 13, "V6R": 14, "V7R": 15, "X": 16, "Y": 17, "Z": 18,
        "III": 61, "aVR": 62, "aVL": 63, "aVF": 64, "V8": 66, "V9": 67,
    }
)  # fmt: skip


def lead_numbers(record: EcgRecord, title: str) -> list[int]:
    """The number of each lead; RecordError naming those that have none."""
    unknown = [lead for lead in record.leads if lead not in LEAD_NUMBERS]
    if unknown:
        raise RecordError(
            f"{title} names leads by codes, and {', '.join(unknown)} has none.",
            advice="Write it as .hea, .csv, .npz or .parquet, which hold any lead name.",
        )
    return [LEAD_NUMBERS[lead] for lead in record.leads]


def refuse_relative(record: EcgRecord, title: str) -> None:
    """RecordError for a record whose amplitudes are not in mV."""
    if record.amplitude != "mV":
        raise RecordError(
            f"Its amplitudes have no known relation to millivolts, and programs take those of {title} for voltages.",
            advice="Write it as .hea, .csv, .npz or .parquet, which can say so.",
        )
