"""What the definitions of an MFER file add up to: frames of samples, patient, device, time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.dates import calendar_date, iso_date
from einthoven.formats.mfer.definitions import Definition, Tag, definitions
from einthoven.formats.passport import age_between, pseudonym
from einthoven.leads import lead_from_scp
from einthoven.record import OLDEST_YEARS, Sex, Subject

MAX_CHANNELS = 1024
DOMINANT_BEAT = 9
# ISO 22077-1, data types; 4 are status bits, 9 is AHA compression.
_TYPES = {0: "i2", 1: "u2", 2: "i4", 3: "u1", 4: "u2", 5: "i1", 6: "u4", 7: "f4", 8: "f8"}
_STATUS_TYPE, _STATUS_LEAD = 4, 4160
_VOLT, _HERTZ, _SECOND = 0, 0, 1
# ISO 22077-2 and -3 have these besides the numbers that ISO/IEEE 11073-10101 shares.
_LEADS = {31: "NASA", 32: "CB4", 33: "CB5", 34: "CB6", 4166: "ECG1", 4167: "ECG2", 4168: "ECG3", 4169: "ECG4"}
_SHARED = frozenset({*range(1, 10), *range(11, 21), *range(61, 73)})
_SEXES: dict[int, Sex] = {1: "M", 2: "F"}
_CODECS = {
    "ascii": "ascii", "utf-8": "utf-8", "utf8": "utf-8", "unicode": "utf-8", "iso-ir 100": "latin-1",
    "jis x 0201": "shift_jis", "jis x 0208": "iso2022_jp", "rfc 1468": "iso2022_jp", "iso 2022": "iso2022_jp",
    "iso-2022-jp": "iso2022_jp", "shift": "shift_jis", "euc": "euc_jp",
}  # fmt: skip
_PER_CHANNEL = frozenset({Tag.BLOCK, Tag.SEQUENCES, Tag.WAVEFORM, Tag.LEAD, Tag.DATA_TYPE, Tag.INTERVAL,
                          Tag.SENSITIVITY, Tag.OFFSET, Tag.NULL})  # fmt: skip

Floats = npt.NDArray[np.float64]
Defined = tuple[bytes, bool]
"""The bytes of a value and whether they are in big-endian order: what they mean depends on later definitions."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of a frame. `stored` are its numbers, of which `null`, if any, stands for none.

    `volts` is the step in V and `rate` in Hz, None where not stated; value = (stored + offset) * volts.
    """

    lead: str | None
    rate: float | None
    volts: float | None
    offset: float
    kind: str  # "ecg", "status" or "other"
    stored: npt.NDArray[np.generic]
    null: float | None
    layout: tuple[object, ...]

    def samples(self) -> Floats:
        """The stored numbers, NaN where there is none."""
        samples = self.stored.astype(np.float64)
        if self.null is not None:
            samples[samples == self.null] = np.nan
        return samples


@dataclass(slots=True)
class Frame:
    """The channels of one data definition; `waveform` is its type, `pointer` the number of its first sample."""

    waveform: int | None
    pointer: int | None
    channels: tuple[Channel, ...]


@dataclass(slots=True)
class Content:
    """The file as a whole."""

    frames: list[Frame] = field(default_factory=list)
    subject: Subject = field(default_factory=Subject)
    recorded: str | None = None
    band: tuple[float, float] | None = None
    device: str | None = None
    doubts: list[str] = field(default_factory=list)


def read_content(data: bytes) -> Content:
    """All frames and what is stated about them; FormatError for what cannot be or is not read."""
    return _Reader(data).content


class _Reader:
    """The definitions in force while the file is read: each holds for what follows it."""

    def __init__(self, data: bytes) -> None:
        self.content = Content()
        self._data = data
        self._big = True
        self._codec = "latin-1"
        self._channels = 1
        self._common: dict[int, Defined] = {}
        self._own: dict[int, dict[int, Defined]] = {}
        self._pointer: int | None = None
        self._edges: dict[str, float] = {}
        self._id = ""
        self._sex: Sex | None = None
        self._age = b""
        self._left_out = 0
        for definition in definitions(data):
            self._take(definition)
        self._finish()

    def _take(self, definition: Definition) -> None:
        tag, channel = definition.tag, definition.channel
        value = self._data[definition.start : definition.end]
        if tag in _PER_CHANNEL:
            where = self._common if channel is None else self._own.setdefault(channel, {})
            if value:
                where[tag] = (value, self._big)
            else:
                where.pop(tag, None)
        elif tag == Tag.DATA:
            self._frame(value)
        elif tag == Tag.BYTE_ORDER:
            self._big = value[:1] != b"\1"
        elif tag == Tag.CHANNELS:
            self._channels = self._whole(value) if value else 1
            self._own = {}
            if not 1 <= self._channels <= MAX_CHANNELS:
                raise FormatError(f"It states {self._channels} channels; 1 to {MAX_CHANNELS} are read.")
        elif tag == Tag.POINTER:
            self._pointer = self._whole(value) if value else None
        elif tag == Tag.COMPRESSION and value and self._whole(value[:2]):
            raise FormatError(
                f"Its samples are compressed (method {self._whole(value[:2])}), which is not read.",
                advice="Export the ECG without compression.",
            )
        else:
            self._describe(tag, value)

    def _describe(self, tag: int, value: bytes) -> None:
        """Definitions about the recording as a whole."""
        if tag == Tag.CHARACTERS:
            name = value.decode("ascii", errors="replace").strip("\0 ").casefold()
            found = next((codec for start, codec in _CODECS.items() if name.startswith(start)), None)
            self._codec = found or ("latin-1" if name.startswith("iso") else self._codec)
        elif tag == Tag.PATIENT_ID:
            self._id = self._text(value).split("^")[0].strip()
        elif tag == Tag.SEX:
            self._sex = _SEXES.get(value[0]) if value else None
        elif tag == Tag.AGE:
            self._age = value
        elif tag == Tag.TIME:
            self.content.recorded = self._moment(value)
        elif tag == Tag.MAKER:
            names = [part.strip() for part in self._text(value).split("^")[:2]]
            self.content.device = " ".join(filter(None, names)) or None
        elif tag == Tag.FILTER:
            self._filter(self._text(value))
        elif tag == Tag.SKEW and any(value):
            self.content.doubts.append("it states that channels were sampled one after another; not corrected")
        elif tag == Tag.INTERPOLATION and any(value):
            self.content.doubts.append("it states that samples were interpolated or thinned out")
        elif tag in (Tag.EVENT, Tag.VALUE, Tag.INFORMATION):
            self._left_out += 1

    def _finish(self) -> None:
        self.content.subject, doubts = self._subject()
        self.content.doubts += doubts
        if set(self._edges) == {"HPF", "LPF"} and self._edges["HPF"] < self._edges["LPF"]:
            self.content.band = (self._edges["HPF"], self._edges["LPF"])
        if self._left_out:
            self.content.doubts.append(f"{self._left_out} events and measurements were not read")

    def _subject(self) -> tuple[Subject, tuple[str, ...]]:
        """Years and days, or from the birth date when both are 0."""
        years: float | None = None
        doubts: tuple[str, ...] = ()
        if len(self._age) >= 3:
            stated = self._age[0] + self._whole(self._age[1:3]) / 365.2425
            years = round(stated, 1) if 0 < stated <= OLDEST_YEARS else None
        if years is None and len(self._age) >= 7:
            day = self.content.recorded
            born = calendar_date(self._whole(self._age[3:5]), self._age[5], self._age[6])
            years, doubts = age_between(born, iso_date(day or ""))
        return Subject(id=pseudonym(self._id), age=years, sex=self._sex), doubts

    def _moment(self, value: bytes) -> str | None:
        if len(value) < 4:
            return None
        day = calendar_date(self._whole(value[:2]), value[2], value[3])
        if day is None:
            return None
        if len(value) < 7 or value[4] > 23 or value[5] > 59 or value[6] > 59:
            return day.isoformat()
        return f"{day}T{value[4]:02d}:{value[5]:02d}:{value[6]:02d}"

    def _filter(self, text: str) -> None:
        """`HPF=0.05`, `LPF=150`, `BEF=50^hum`; an empty one ends what was stated before."""
        if not text:
            self._edges.clear()
        kind, _, rest = text.partition("=")
        try:
            edge = float(rest.split("^")[0].strip().removesuffix("Hz").strip())
        except ValueError:
            return
        if kind.strip().upper() in ("HPF", "LPF") and math.isfinite(edge) and edge >= 0:
            self._edges[kind.strip().upper()] = edge

    def _frame(self, data: bytes) -> None:
        channels = [self._in_force(number) for number in range(self._channels)]
        types = [_sample_type(one, big=self._big) for one in channels]
        blocks = [_number(one.get(Tag.BLOCK), 1) for one in channels]
        sequences = {None if Tag.SEQUENCES not in one else _number(one[Tag.SEQUENCES], 0) for one in channels}
        width = sum(block * kind.itemsize for block, kind in zip(blocks, types, strict=True))
        if len(sequences) > 1 or min(blocks) < 1 or width > len(data):
            raise FormatError(
                f"A frame of {self._channels} channels and {width} bytes a sequence is stated for {len(data)} bytes."
            )
        there, rest = divmod(len(data), width)
        stated = sequences.pop()
        if stated is not None and stated < there:
            there, rest = stated, len(data) - stated * width
        if there < 1:
            raise FormatError("A frame is stated to have no samples.")
        if stated is not None and stated > there:
            self.content.doubts.append(f"{stated} sequences of samples are stated and {there} are there")
        if rest:
            self.content.doubts.append(f"{rest} bytes after the last whole sequence of samples were not read")
        layout = np.dtype(
            [(f"c{k}", kind, (block,)) for k, (kind, block) in enumerate(zip(types, blocks, strict=True))]
        )
        table = np.frombuffer(data, layout, there)
        found = tuple(
            self._channel(one, kind, table[f"c{k}"].reshape(-1))
            for k, (one, kind) in enumerate(zip(channels, types, strict=True))
        )
        waveform = _number(self._short(self._common.get(Tag.WAVEFORM)), 0) if Tag.WAVEFORM in self._common else None
        self.content.frames.append(Frame(waveform, self._pointer, found))
        self._pointer = None

    def _in_force(self, channel: int) -> dict[int, Defined]:
        """The definitions for one channel: its own before the common ones. A common lead name is that of channel 1."""
        common = {tag: value for tag, value in self._common.items() if tag != Tag.LEAD or channel == 0}
        return {**common, **self._own.get(channel, {})}

    def _short(self, value: Defined | None) -> Defined | None:
        return None if value is None else (value[0][:2], value[1])

    def _channel(
        self, stated: dict[int, Defined], kind: np.dtype[np.generic], stored: npt.NDArray[np.generic]
    ) -> Channel:
        code, text = self._lead(stated.get(Tag.LEAD))
        volts, voltage = _volts(stated.get(Tag.SENSITIVITY))
        status = _number(stated.get(Tag.DATA_TYPE), 0) == _STATUS_TYPE or code == _STATUS_LEAD
        other = not voltage or (code is not None and 128 <= code < 4166)
        names = lead_from_scp(code) if code in _SHARED and code is not None else _LEADS.get(code or 0)
        return Channel(
            lead=names or text or None,
            rate=_rate(stated.get(Tag.INTERVAL)),
            volts=volts,
            offset=_typed(stated.get(Tag.OFFSET), kind) or 0.0,
            kind="status" if status else "other" if other else "ecg",
            stored=stored,
            null=_typed(stated.get(Tag.NULL), kind),
            layout=tuple(stated.get(tag) for tag in sorted(_PER_CHANNEL - {Tag.SEQUENCES, Tag.BLOCK})),
        )

    def _lead(self, value: Defined | None) -> tuple[int | None, str]:
        """Lead number and text: one byte, or two and a text."""
        if value is None:
            return None, ""
        raw, big = value
        if len(raw) == 1:
            return raw[0], ""
        return int.from_bytes(raw[:2], "big" if big else "little"), self._text(raw[2:])

    def _text(self, value: bytes) -> str:
        return value.decode(self._codec, errors="replace").split("\0")[0].strip()

    def _whole(self, value: bytes) -> int:
        return int.from_bytes(value, "big" if self._big else "little")


def _sample_type(stated: dict[int, Defined], *, big: bool) -> np.dtype[np.generic]:
    code = _number(stated.get(Tag.DATA_TYPE), 0)
    if code not in _TYPES:
        kind = "compressed by the AHA method" if code == 9 else f"of type {code}"
        raise FormatError(f"Its samples are {kind}, which is not read.", advice="Export the ECG without compression.")
    return np.dtype((">" if big else "<") + _TYPES[code])


def _number(value: Defined | None, default: int) -> int:
    if value is None:
        return default
    if len(value[0]) > 4:
        raise FormatError(f"It states a number of {len(value[0])} bytes; up to 4 are possible.")
    return int.from_bytes(value[0], "big" if value[1] else "little")


def _typed(value: Defined | None, kind: np.dtype[np.generic]) -> float | None:
    """A number of the type of the samples; None where it is not stated or too short."""
    if value is None or len(value[0]) < kind.itemsize:
        return None
    number = float(np.frombuffer(value[0][: kind.itemsize], kind.newbyteorder(">" if value[1] else "<"))[0])
    return number if math.isfinite(number) else None


def _scaled(value: Defined) -> tuple[int, float]:
    """Unit code and mantissa times ten to the exponent."""
    raw, big = value
    if len(raw) < 3 or len(raw) > 10:
        raise FormatError(f"A rate or scale of {len(raw)} bytes is stated in it; 3 to 6 are possible.")
    exponent = int.from_bytes(raw[1:2], "big", signed=True)
    mantissa = int.from_bytes(raw[2:], "big" if big else "little", signed=True)
    # Division by a whole power of ten rounds once; times its reciprocal would round twice.
    return raw[0], mantissa / 10.0**-exponent if exponent < 0 else mantissa * 10.0**exponent


def _rate(value: Defined | None) -> float | None:
    """Samples per second, stated as frequency or as interval."""
    if value is None:
        return None
    unit, number = _scaled(value)
    if unit not in (_HERTZ, _SECOND) or number <= 0:
        raise FormatError(f"It states a sampling interval of {number:g} in unit {unit}, which is no time.")
    if unit == _HERTZ:
        return number
    # An interval in whole parts of ten, as 2 ms: the reciprocal in whole numbers is exact where the rate is.
    return round(1 / number, 9)


def _volts(value: Defined | None) -> tuple[float | None, bool]:
    """The step in V, and False when it is stated in another unit."""
    if value is None:
        return None, True
    unit, number = _scaled(value)
    if unit != _VOLT:
        return None, False
    if not (math.isfinite(number) and number != 0):
        raise FormatError(f"It states a step of {number:g} V.")
    return number, True


def runs(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Frames that follow one another with the same channels, rate and scale: each run is one recording.

    Raises
    ------
    FormatError
        When a frame does not begin where the one before it ended.
    """
    found: list[list[Frame]] = []
    expected = 0
    for frame in frames:
        layout = (frame.waveform, [channel.layout for channel in frame.channels])
        length = len(frame.channels[0].stored)
        if found and layout == (found[-1][0].waveform, [channel.layout for channel in found[-1][0].channels]):
            if frame.pointer is not None and frame.pointer != expected:
                raise FormatError(
                    f"A frame begins at sample {frame.pointer}, where {expected} was expected: the recording has gaps.",
                    advice="Export each part without gaps as a file of its own.",
                )
            found[-1].append(frame)
        else:
            found.append([frame])
            expected = frame.pointer or 0
        expected += length
    return found
