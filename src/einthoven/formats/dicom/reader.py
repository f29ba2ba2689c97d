"""DICOM waveforms: 12-lead, general and ambulatory ECG (PS3.3, A.34 and C.10.9)."""

import io
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.dicom.annotations import read_annotations
from einthoven.formats.dicom.leads import contradicts, lead_from_code, lead_from_meaning
from einthoven.formats.entry import FormatEntry
from einthoven.formats.facts import Facts, settle
from einthoven.formats.passport import Origin, age_from, make_record, pseudonym, reader_name, sex_from, sha256
from einthoven.formats.source import MAX_SAMPLES, FileSource
from einthoven.record import EcgRecord, ReadHints, Subject

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# PS3.3 C.10.9.1.5: what the samples are, by bits allocated and interpretation.
_TYPES = {(8, "SB"): "i1", (8, "UB"): "u1", (16, "SS"): "i2", (16, "US"): "u2", (32, "SL"): "i4", (32, "UL"): "u4"}


@dataclass(frozen=True, slots=True)
class _Group:
    """One multiplex group: channels of one rate. `number` counts from 1, as annotations refer to it."""

    number: int
    item: "Dataset"
    channels: "Sequence[Dataset]"
    label: str
    derived: bool
    n_samples: int

    @property
    def described(self) -> str:
        return f"{self.label or 'group ' + str(self.number)} ({len(self.channels)} leads, {self.n_samples} samples)"


def claims(source: FileSource) -> bool:
    return source.head(132)[128:132] == b"DICM"


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    with warnings.catch_warnings():
        # pydicom decodes values when they are asked for, and warns of every one that breaks the standard.
        warnings.simplefilter("ignore")
        records = list(_read(source, hints))
    yield from records


def _read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    import pydicom

    data = source.read()
    dataset = pydicom.dcmread(io.BytesIO(data))
    groups = [_group(number, item) for number, item in enumerate(dataset.get("WaveformSequence") or (), start=1)]
    if not groups:
        raise FormatError(
            f"It is a DICOM file of kind {_kind(dataset)} and holds no waveform.",
            advice="Export the ECG as DICOM waveform; a picture or PDF of it cannot be measured.",
        )
    recorded = [group for group in groups if not group.derived] or groups
    left_out = tuple(f"left out, derived by the device: {group.described}" for group in groups if group not in recorded)
    subject, doubts = _subject(dataset)
    digest = sha256(data)
    for index, group in enumerate(recorded):
        origin = Origin(
            name=source.name,
            format=ENTRY.name,
            sha256=digest,
            reader=reader_name("pydicom"),
            index=index,
            band=_band(group),
            recorded=_recorded(dataset),
            doubts=(*left_out, *doubts, *_channel_doubts(group)),
        )
        yield _record(dataset, group, hints, origin, subject)


def _kind(dataset: "Dataset") -> str:
    uid = dataset.get("SOPClassUID")
    return str(getattr(uid, "name", "") or dataset.get("Modality") or "unknown")


def _group(number: int, item: "Dataset") -> _Group:
    channels = list(item.get("ChannelDefinitionSequence") or ())
    stated, samples = int(item.get("NumberOfWaveformChannels") or 0), int(item.get("NumberOfWaveformSamples") or 0)
    if not channels or stated != len(channels) or samples < 1:
        raise FormatError(
            f"Waveform group {number} states {stated} channels of {samples} samples and describes {len(channels)}."
        )
    return _Group(
        number=number,
        item=item,
        channels=channels,
        label=str(item.get("MultiplexGroupLabel") or "").strip(),
        derived=str(item.get("WaveformOriginality") or "").strip() == "DERIVED",
        n_samples=samples,
    )


def _record(dataset: "Dataset", group: _Group, hints: ReadHints, origin: Origin, subject: Subject) -> EcgRecord:
    stored = _stored(dataset, group)
    facts, offsets = _facts(group)
    settled = settle(origin.name, facts, hints, n_leads=len(group.channels))
    signal = settled.scale(stored)
    if facts.units is not None and offsets.any():
        # The baseline of PS3.3 C.10.9.1.4.2 is an offset in the channel's unit, added after scaling.
        signal += (offsets * settled.mv_per_unit).astype(np.float32)[:, None]
    padding, doubts = _padding(group, stored)
    signal[padding] = np.nan
    origin = replace(origin, doubts=(*origin.doubts, *doubts))
    notes = read_annotations(dataset, group.number, settled.rate, group.n_samples)
    return make_record(signal, facts, settled, origin, subject=subject, annotations=notes)


def _sample_type(dataset: "Dataset", item: "Dataset") -> np.dtype[np.integer]:
    key = (int(item.get("WaveformBitsAllocated") or 0), str(item.get("WaveformSampleInterpretation") or ""))
    if key not in _TYPES:
        raise FormatError(
            f"Its samples are coded as {key[1] or 'nothing'} with {key[0]} bits, which is not read.",
            advice=f"Known are {', '.join(f'{name} {bits}' for bits, name in _TYPES)}.",
        )
    little = dataset.original_encoding[1] is not False
    return np.dtype(("<" if little else ">") + _TYPES[key])


def _stored(dataset: "Dataset", group: _Group) -> npt.NDArray[np.integer]:
    """Stored numbers `(channels, samples)`; FormatError with numbers when the data are cut off."""
    kind = _sample_type(dataset, group.item)
    n_channels, data = len(group.channels), bytes(group.item.get("WaveformData") or b"")
    count = n_channels * group.n_samples
    if count > MAX_SAMPLES:
        raise FormatError(f"It states {count} samples; up to {MAX_SAMPLES} are read.")
    if len(data) < count * kind.itemsize:
        raise FormatError(
            f"Its waveform data are cut off: {group.n_samples} samples of {n_channels} channels are "
            f"{count * kind.itemsize} bytes, and {len(data)} are there.",
            advice="Copy the file again from where it came from.",
        )
    return np.frombuffer(data, dtype=kind, count=count).reshape(group.n_samples, n_channels).T


def _facts(group: _Group) -> tuple[Facts, npt.NDArray[np.float64]]:
    """What the group states, and the offset of each channel in its unit."""
    rate = group.item.get("SamplingFrequency")
    sensitivities = [_number(channel, "ChannelSensitivity") for channel in group.channels]
    corrections = [_number(channel, "ChannelSensitivityCorrectionFactor") for channel in group.channels]
    units = [_unit(channel) for channel in group.channels]
    leads = [_lead(channel) for channel in group.channels]
    stated = all(value is not None for value in sensitivities) and all(units)
    gains = tuple(
        1 / ((s or 0) * (1.0 if c is None else c) or np.inf) for s, c in zip(sensitivities, corrections, strict=True)
    )
    facts = Facts(
        rate=None if rate is None else float(rate),
        units=tuple(unit for unit in units if unit) if stated else None,
        gains=gains if stated else None,
        leads=tuple(lead for lead in leads if lead) if all(leads) else None,
    )
    return facts, np.array([_number(channel, "ChannelBaseline") or 0.0 for channel in group.channels])


def _number(item: "Dataset", keyword: str) -> float | None:
    value = item.get(keyword)
    return None if value is None or value == "" else float(value)


def _unit(channel: "Dataset") -> str | None:
    codes = channel.get("ChannelSensitivityUnitsSequence") or ()
    first = next(iter(codes), None)
    return None if first is None else str(first.get("CodeValue") or "").strip() or None


def _source(channel: "Dataset") -> tuple[str, str, str]:
    """Scheme, code and meaning of what the channel was recorded from."""
    codes = channel.get("ChannelSourceSequence") or ()
    first = next(iter(codes), None)
    if first is None:
        return "", "", ""
    scheme, code, meaning = (
        str(first.get(keyword) or "").strip() for keyword in ("CodingSchemeDesignator", "CodeValue", "CodeMeaning")
    )
    return scheme, code, meaning


def _lead(channel: "Dataset") -> str | None:
    scheme, code, meaning = _source(channel)
    label = str(channel.get("ChannelLabel") or "").strip()
    return lead_from_code(scheme, code) or lead_from_meaning(meaning) or lead_from_meaning(label)


def _channel_doubts(group: _Group) -> tuple[str, ...]:
    found = []
    for channel in group.channels:
        scheme, code, meaning = _source(channel)
        lead = lead_from_code(scheme, code)
        if lead and contradicts(lead, meaning):
            found.append(f"channel code {code} means lead {lead}, its text says {meaning!r}; the code was used")
    skewed = [channel for channel in group.channels
              if _number(channel, "ChannelTimeSkew") or _number(channel, "ChannelSampleSkew")]  # fmt: skip
    if skewed:
        found.append(f"{len(skewed)} channels state a time skew, which was not corrected")
    return tuple(found)


def _padding(group: _Group, stored: npt.NDArray[np.integer]) -> tuple[npt.NDArray[np.bool_], tuple[str, ...]]:
    """Where samples are padding, and a doubt when the padding value cannot be told from a sample.

    Some devices state padding value 0, through which every ECG passes: then nothing is taken for padding.
    """
    none = np.zeros(stored.shape, dtype=bool)
    raw = group.item.get("WaveformPaddingValue")
    if raw is None:
        return none, ()
    if isinstance(raw, bytes):
        if len(raw) < stored.dtype.itemsize:
            return none, ()
        raw = np.frombuffer(raw[: stored.dtype.itemsize], dtype=stored.dtype)[0]
    mask = stored == int(raw)
    if not mask.any():
        return none, ()
    others = stored[~mask]
    if len(others) and others.min() < int(raw) < others.max():
        return none, (f"the stated padding value {int(raw)} lies within the signal; {int(mask.sum())} samples kept",)
    return mask, ()


def _band(group: _Group) -> tuple[float, float] | None:
    """The pass band in Hz, when all channels that state one state the same."""
    bands = {(_number(c, "FilterLowFrequency"), _number(c, "FilterHighFrequency")) for c in group.channels}
    if len(bands) != 1:
        return None
    low, high = bands.pop()
    return (low, high) if low is not None and high is not None and 0 <= low < high else None


def _subject(dataset: "Dataset") -> tuple[Subject, tuple[str, ...]]:
    age, doubts = age_from(str(dataset.get("PatientAge") or ""))
    identifier = pseudonym(str(dataset.get("PatientID") or ""))
    return Subject(id=identifier, age=age, sex=sex_from(str(dataset.get("PatientSex") or ""))), doubts


def _recorded(dataset: "Dataset") -> str | None:
    """Acquisition time in ISO form, as far as `YYYYMMDDHHMMSS` states it."""
    digits = str(dataset.get("AcquisitionDateTime") or "").split(".")[0].split("+")[0]
    if len(digits) < 8 or not digits[:14].isdigit():
        return None
    date = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"
    return f"{date}T{digits[8:10]}:{digits[10:12]}:{digits[12:14]}" if len(digits) >= 14 else date


ENTRY = FormatEntry(
    name="dicom",
    title="DICOM waveform",
    extensions=(".dcm",),
    requires=("pydicom",),
    states="States rate, unit, scale, lead names and filters; a channel without sensitivity needs unit (and gain).",
    claims=claims,
    read=read,
)
