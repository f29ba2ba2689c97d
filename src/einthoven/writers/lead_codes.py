"""What formats with standard codes for leads cannot hold: leads without a code, and amplitudes that are no voltages."""

from collections.abc import Mapping

from einthoven.errors import RecordError
from einthoven.leads import lead_from_mdc
from einthoven.record import EcgRecord


def lead_codes(record: EcgRecord, codes: Mapping[str, str], title: str) -> list[str]:
    """The code of each lead, of those in `codes`; RecordError naming the leads from whose code no reader gets them."""
    unknown = [lead for lead in record.leads if lead_from_mdc(codes.get(lead, "")) != lead]
    if unknown:
        raise RecordError(
            f"{title} names leads by codes, and {', '.join(unknown)} has none.",
            advice="Write it as .hea, .csv, .npz or .parquet, which hold any lead name.",
        )
    return [codes[lead] for lead in record.leads]


def refuse_relative(record: EcgRecord, title: str) -> None:
    """RecordError for a record whose amplitudes are not in mV."""
    if record.amplitude != "mV":
        raise RecordError(
            f"Its amplitudes have no known relation to millivolts, and programs take those of {title} for voltages.",
            advice="Write it as .hea, .csv, .npz or .parquet, which can say so.",
        )
