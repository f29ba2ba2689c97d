"""Multiplex groups of a DICOM waveform and their channels (PS3.3, C.10.9): which are ECG, and what they state."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.dicom import tags
from einthoven.formats.dicom.elements import Item, text_of
from einthoven.formats.dicom.leads import contradicts, lead_from_code, lead_from_meaning
from einthoven.formats.dicom.values import Values
from einthoven.formats.source import MAX_SAMPLES, FileSource, once
from einthoven.formats.units import is_ecg_name, kind_of_unit
from einthoven.leads import is_standard

ECG_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.9.1.1": "12-lead ECG Waveform Storage",
    "1.2.840.10008.5.1.4.1.1.9.1.2": "General ECG Waveform Storage",
    "1.2.840.10008.5.1.4.1.1.9.1.3": "Ambulatory ECG Waveform Storage",
    "1.2.840.10008.5.1.4.1.1.9.1.4": "General 32-bit ECG Waveform Storage",
}
"""SOP classes of which every voltage is an ECG; in any other class only channels with the code of a lead are."""

# PS3.3, C.10.9.1.5: what the samples are, by bits allocated and interpretation.
_TYPES = {
    (8, "SB"): "i1", (8, "UB"): "u1", (16, "SS"): "i2", (16, "US"): "u2", (32, "SL"): "i4", (32, "UL"): "u4",
    (64, "SV"): "i8", (64, "UV"): "u8",
}  # fmt: skip
_SOUND = {"MB": "mu-law sound", "AB": "A-law sound"}
MEDIAN = re.compile(r"median|representative|average|template", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel as stated. `factor` is the sensitivity times its correction, in `unit` per stored count."""

    position: int
    lead: str | None
    label: str
    unit: str | None
    factor: float | None
    baseline: float
    band: tuple[float | None, float | None]
    doubts: tuple[str, ...]
    skewed: bool


@dataclass(frozen=True, slots=True)
class Group:
    """One multiplex group: channels of one rate. `number` counts from 1, as annotations refer to it."""

    number: int
    item: Item
    channels: tuple[Channel, ...]
    n_channels: int
    n_samples: int
    label: str
    derived: bool
    left_out: tuple[str, ...]

    @property
    def is_median(self) -> bool:
        return self.derived and MEDIAN.search(self.label) is not None


def groups_in(source: FileSource, values: Values) -> tuple[tuple[Group, ...], tuple[str, ...]]:
    """`read_groups` of a file, once for reading and blanking."""
    return once(source, "dicom groups", lambda: read_groups(values, _kind(values.file.dataset)))


def _kind(dataset: Item) -> str:
    """The name of the kind of DICOM object, for messages."""
    uid = text_of(dataset.get(tags.SOP_CLASS_UID))
    if uid in ECG_CLASSES:
        return ECG_CLASSES[uid]
    # pydicom has the registry of PS3.6, annex A.
    from pydicom import config
    from pydicom.uid import UID

    return UID(uid, config.IGNORE).name or text_of(dataset.get(tags.MODALITY)) or "unknown"


def read_groups(values: Values, kind: str) -> tuple[tuple[Group, ...], tuple[str, ...]]:
    """The groups that hold an ECG, recorded ones before derived ones, and doubts that name what is left out.

    Raises
    ------
    FormatError
        When there is no waveform, or no ECG in it, saying of which `kind` the file is.
    """
    waveforms = values.file.dataset.get(tags.WAVEFORMS)
    if waveforms is None or not waveforms.items:
        raise FormatError(
            f"It is a DICOM file of kind {kind} and holds no waveform.",
            advice="Export the ECG as DICOM waveform; a picture or PDF of it cannot be measured.",
        )
    all_ecg = text_of(values.file.dataset.get(tags.SOP_CLASS_UID)) in ECG_CLASSES
    groups = [_group(values, number, item, all_ecg=all_ecg) for number, item in enumerate(waveforms.items, start=1)]
    found = sorted((group for group in groups if group.channels), key=lambda group: group.derived)
    left_out = [name for group in groups for name in group.left_out]
    if not found:
        raise FormatError(
            f"It is a DICOM file of kind {kind}, and none of its channels is an ECG lead: {', '.join(left_out)[:300]}.",
            advice="Export the ECG as 12-lead, general or ambulatory ECG waveform.",
        )
    return tuple(found), (f"left out, no ECG by unit or name: {', '.join(left_out)}",) if left_out else ()


def _group(values: Values, number: int, item: Item, *, all_ecg: bool) -> Group:
    definitions = item.get(tags.CHANNELS)
    described = [] if definitions is None or definitions.items is None else definitions.items
    stated, samples = values.integer(item, tags.N_CHANNELS), values.integer(item, tags.N_SAMPLES)
    if not described or stated != len(described) or samples < 1:
        raise FormatError(
            f"Waveform group {number} states {stated} channels of {samples} samples and describes {len(described)}."
        )
    channels = [_channel(values, position, one) for position, one in enumerate(described)]
    if all_ecg:
        _refuse_unknown_unit(number, channels)
    kept = [channel for channel in channels if _is_ecg(channel, all_ecg=all_ecg)]
    positions = {channel.position for channel in kept}
    others = [channel for channel in channels if channel.position not in positions]
    return Group(
        number=number,
        item=item,
        channels=tuple(kept),
        n_channels=len(channels),
        n_samples=samples,
        label=values.text(item, tags.GROUP_LABEL),
        derived=text_of(item.get(tags.ORIGINALITY)) == "DERIVED",
        left_out=tuple(f"{one.label or 'unnamed'} ({one.unit or 'no unit'})" for one in others),
    )


def _refuse_unknown_unit(number: int, channels: list[Channel]) -> None:
    """A lead is never left out for its unit: the rest of the file would pass for the whole."""
    for channel in channels:
        if channel.lead is not None and is_standard(channel.lead) and not _is_voltage(channel):
            raise FormatError(
                f"Lead {channel.lead} of waveform group {number} has the unit {(channel.unit or '')[:16]!r}, which is "
                "no known unit of voltage: its amplitudes cannot be told.",
                advice="Export it with a sensitivity in mV, uV, nV or V (UCUM).",
            )


def _is_voltage(channel: Channel) -> bool:
    return channel.unit is None or kind_of_unit(channel.unit) == "mV"


def _is_ecg(channel: Channel, *, all_ecg: bool) -> bool:
    voltage = _is_voltage(channel)
    if not all_ecg:
        return voltage and channel.unit is not None and channel.lead is not None and is_standard(channel.lead)
    return voltage and is_ecg_name(channel.lead or channel.label)


def _channel(values: Values, position: int, item: Item) -> Channel:
    source, label = values.code(item, tags.CHANNEL_SOURCE), values.text(item, tags.CHANNEL_LABEL)
    by_code = None if source is None else lead_from_code(source.scheme, source.value)
    meaning = "" if source is None else source.meaning
    unit = values.code(item, tags.SENSITIVITY_UNITS)
    sensitivity, correction = values.number(item, tags.SENSITIVITY), values.number(item, tags.CORRECTION)
    doubts = []
    if by_code and source is not None and contradicts(by_code, meaning):
        doubts.append(f"channel code {source.value} means lead {by_code}, its text says {meaning!r}; the code was used")
    modifier = values.code(item, tags.CHANNEL_MODIFIERS)
    if modifier is not None:
        doubts.append(f"{by_code or meaning or label} is modified as {modifier.meaning!r}, which was not applied")
    return Channel(
        position=position,
        lead=by_code or lead_from_meaning(meaning) or lead_from_meaning(label),
        label=meaning or label,
        unit=None if unit is None else unit.value or None,
        factor=None if sensitivity is None else sensitivity * (1.0 if correction is None else correction),
        baseline=values.number(item, tags.BASELINE) or 0.0,
        band=(values.number(item, tags.FILTER_LOW), values.number(item, tags.FILTER_HIGH)),
        doubts=tuple(doubts),
        skewed=bool(values.number(item, tags.TIME_SKEW) or values.number(item, tags.SAMPLE_SKEW)),
    )


def stored(values: Values, group: Group) -> npt.NDArray[np.integer]:
    """Stored numbers `(channels, samples)` of the ECG channels; FormatError with numbers when the data are cut off."""
    kind = _sample_type(values, group.item)
    element = group.item.get(tags.WAVEFORM_DATA)
    data = b"" if element is None else element.value
    count = group.n_channels * group.n_samples
    if count > MAX_SAMPLES:
        raise FormatError(f"It states {count} samples; up to {MAX_SAMPLES} are read.")
    if len(data) < count * kind.itemsize:
        raise FormatError(
            f"Its waveform data are cut off: {group.n_samples} samples of {group.n_channels} channels are "
            f"{count * kind.itemsize} bytes, and {len(data)} are there.",
            advice="Copy the file again from where it came from.",
        )
    rows = np.frombuffer(data, dtype=kind, count=count).reshape(group.n_samples, group.n_channels).T
    return np.ascontiguousarray(rows[[channel.position for channel in group.channels]])


def beyond(values: Values, group: Group) -> tuple[str, ...]:
    """A doubt when the data hold more than is stated, but for the byte that makes their length even."""
    element = group.item.get(tags.WAVEFORM_DATA)
    size = _sample_type(values, group.item).itemsize * group.n_channels
    excess = len(element.value if element else b"") - size * group.n_samples
    if excess <= 1:
        return ()
    more = f"{excess // size} samples" if excess % size <= 1 else f"{excess} bytes"
    return (f"its waveform data hold {more} more than the {group.n_samples} samples stated; they are not read",)


def _sample_type(values: Values, item: Item) -> np.dtype[np.integer]:
    key = (values.integer(item, tags.BITS_ALLOCATED), text_of(item.get(tags.INTERPRETATION)))
    if key not in _TYPES:
        coded = f"{key[1]} ({_SOUND[key[1]]})" if key[1] in _SOUND else key[1] or "nothing"
        raise FormatError(
            f"Its samples are coded as {coded} with {key[0]} bits, which is not read.",
            advice=f"Known are {', '.join(f'{name} {bits}' for bits, name in _TYPES)}.",
        )
    return np.dtype((">" if values.file.big_endian else "<") + _TYPES[key])


def padding(group: Group, numbers: npt.NDArray[np.integer]) -> tuple[npt.NDArray[np.bool_] | None, tuple[str, ...]]:
    """Where samples are padding, and a doubt when the padding value cannot be told from a sample.

    Some devices state padding value 0, through which every ECG passes: then nothing is taken for padding.
    """
    element = group.item.get(tags.PADDING)
    size = numbers.dtype.itemsize
    if element is None or len(element.value) < size:
        return _unstated_padding(numbers)
    value = int(np.frombuffer(element.value[:size], dtype=numbers.dtype)[0])
    mask = numbers == value
    if not mask.any():
        return None, ()
    others = numbers[~mask]
    if len(others) and others.min() < value < others.max():
        return None, (f"the stated padding value {value} lies within the signal; {int(mask.sum())} samples kept",)
    return mask, ()


def _unstated_padding(
    numbers: npt.NDArray[np.integer],
) -> tuple[npt.NDArray[np.bool_] | None, tuple[str, ...]]:
    """The last samples, where every channel holds the smallest number there is (median beats of an ELI 250 end so)."""
    if numbers.dtype.kind != "i" or len(numbers) < 2:
        return None, ()
    smallest = np.iinfo(numbers.dtype).min
    recorded = np.flatnonzero((numbers != smallest).any(axis=0))
    n_missing = numbers.shape[1] - (int(recorded[-1]) + 1 if len(recorded) else 0)
    if not n_missing:
        return None, ()
    mask = np.zeros(numbers.shape, dtype=bool)
    mask[:, numbers.shape[1] - n_missing :] = True
    return mask, (f"the last {n_missing} samples are {smallest} in every channel, and taken for missing",)
