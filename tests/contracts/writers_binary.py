"""Known signals in the binary formats of devices, written from the published layouts by code of their own.

Nothing here is shared with the readers: checksums are computed bit by bit, Huffman codes as strings of bits.
"""

import math
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from contracts.ecg_files import EIGHT, Case, Floats, Unwritable, Written
from einthoven.leads import STANDARD_12
from einthoven.record import ReadHints

Ints = npt.NDArray[np.int64]
IDENTITY = ("Muster", "Erika", "PID-4711-X", "Dr Quack", "Ward Seven", "Sankt Elsewhere")
"""Strings that stand in the identifying fields of every file written here."""
LAST, FIRST, PATIENT, DOCTOR, WARD, HOSPITAL = IDENTITY


def crc_ccitt(data: bytes, register: int = 0xFFFF) -> int:
    """CRC-CCITT with polynomial 0x1021, one bit after the other."""
    for byte in data:
        register ^= byte << 8
        for _ in range(8):
            register = (register << 1 ^ 0x1021) & 0xFFFF if register & 0x8000 else register << 1
    return register


def _table_of_remainders() -> list[int]:
    return [crc_ccitt(bytes([byte]), 0) for byte in range(256)]


_REMAINDERS = _table_of_remainders()


def _crc(data: bytes) -> int:
    register = 0xFFFF
    for byte in data:
        register = (register << 8 & 0xFFFF) ^ _REMAINDERS[(register >> 8) ^ byte]
    return register


def whole(values: Floats, missing: int | None = None) -> Ints:
    """Whole numbers; a missing value becomes `missing`, where the format has a number for it."""
    if missing is None and np.isnan(values).any():
        raise Unwritable("every stored number is a sample")
    return np.where(np.isnan(values), 0 if missing is None else missing, np.rint(values)).astype(np.int64)


def steps(case: Case, nanovolts: int) -> Ints:
    """The truth in steps of so many nV, `(leads, samples)`."""
    return whole(case.truth * 1e6 / nanovolts)


# SCP-ECG ------------------------------------------------------------------------------------------------------------

SCP_LEADS = {"I": 1, "II": 2, "V1": 3, "V2": 4, "V3": 5, "V4": 6, "V5": 7, "V6": 8, "III": 61, "aVR": 62, "aVL": 63,
             "aVF": 64}  # fmt: skip
SCP_NV = 1000


def scp_section(number: int, body: bytes) -> bytes:
    body += b"\0" * (len(body) % 2)
    rest = struct.pack("<HIBB6x", number, len(body) + 16, 20, 20) + body
    return struct.pack("<H", _crc(rest)) + rest


def scp_record(bodies: dict[int, bytes]) -> bytes:
    """A record of sections; sections 0 to 11 have a pointer whether they are there or not."""
    numbers = sorted({*range(12), *bodies})
    sections = {number: scp_section(number, body) for number, body in bodies.items()}
    first = 6 + 16 + 10 * len(numbers)
    pointers, position = struct.pack("<HII", 0, first - 6, 7), first
    for number in numbers[1:]:
        length = len(sections.get(number, b""))
        pointers += struct.pack("<HII", number, length, position + 1 if length else 0)
        position += length
    rest = struct.pack("<I", position) + scp_section(0, pointers) + b"".join(sections[n] for n in sorted(sections))
    return struct.pack("<H", _crc(rest)) + rest


def scp_tag(number: int, value: bytes) -> bytes:
    return struct.pack("<BH", number, len(value)) + value


def scp_patient(*, codec: str = "latin-1", language: int = 0, age: int = 44) -> bytes:
    end = "\0".encode(codec)
    machine = struct.pack("<HHHBB", 77, 78, 79, 0, 255) + b"MODL5\0" + bytes([20, 0x80, language, 0, 1])
    machine = (
        machine.ljust(36, b"\0") + b"\0".join([b"1.0", b"SER-" + PATIENT.encode(), b"sw", b"impl", b"Maker"]) + b"\0"
    )
    text = {0: LAST, 1: FIRST, 2: PATIENT, 3: LAST, 13: FIRST, 16: HOSPITAL, 18: WARD, 20: DOCTOR, 21: DOCTOR,
            22: DOCTOR, 23: WARD, 30: f"{FIRST} {LAST}", 31: PATIENT, 35: DOCTOR, 201: LAST}  # fmt: skip
    tags = [scp_tag(14, machine)]
    tags += [scp_tag(number, value.encode(codec) + end) for number, value in text.items()]
    tags += [
        scp_tag(4, struct.pack("<HB", age, 1)),
        scp_tag(5, struct.pack("<HBB", 1959, 7, 23)),
        scp_tag(8, b"\2"),
        scp_tag(25, struct.pack("<HBB", 2004, 2, 29)),
        scp_tag(26, bytes([23, 59, 1])),
        scp_tag(27, struct.pack("<H", 5)),
        scp_tag(28, struct.pack("<H", 150)),
    ]
    return b"".join(tags) + scp_tag(255, b"")


def scp_leads(names: Sequence[str], n_samples: int, *, subtracted: bool = False) -> bytes:
    body = bytes([len(names), 4 | subtracted | min(len(names), 31) << 3])
    return body + b"".join(struct.pack("<IIB", 1, n_samples, SCP_LEADS[name]) for name in names)


def differences(samples: Ints, order: int) -> Ints:
    """First or second differences; the first one or two samples stand as they are."""
    if order == 0:
        return samples
    found = list(samples[:order])
    for n in range(order, len(samples)):
        found.append(samples[n] - samples[n - 1] if order == 1 else samples[n] - 2 * samples[n - 1] + samples[n - 2])
    return np.array(found)


def scp_plain(values: Ints) -> bytes:
    return b"".join(struct.pack("<h", (value + 32768) % 65536 - 32768) for value in values)


def _signed(value: int, width: int) -> str:
    return format(value % (1 << width), f"0{width}b")


def scp_default_bits(values: Ints) -> bytes:
    """The Huffman table of annex C, as strings of bits."""
    words = []
    for value in values.tolist():
        if value == 0:
            words.append("0")
        elif abs(value) <= 8:
            words.append("1" * abs(value) + "0" + ("1" if value < 0 else "0"))
        elif -128 <= value <= 127:
            words.append("1111111110" + _signed(value, 8))
        else:
            words.append("1111111111" + _signed(value, 16))
    return pack_bits("".join(words))


def pack_bits(bits: str) -> bytes:
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[k : k + 8], 2) for k in range(0, len(bits), 8))


# Two tables of a device: in the first, codes for -1, 0 and 1 and a switch; in the second 16-bit numbers and a switch
# back. Each: bits of the prefix, bits in all, mode, base value, the bits.
OWN_TABLES = (
    ((1, 1, 1, 0, "0"), (3, 3, 1, 1, "100"), (3, 3, 1, -1, "101"), (2, 2, 0, 2, "11")),
    ((1, 17, 1, 0, "0"), (1, 1, 0, 1, "1")),
)


def scp_own_tables() -> bytes:
    body = struct.pack("<H", len(OWN_TABLES))
    for table in OWN_TABLES:
        body += struct.pack("<H", len(table))
        for prefix, total, mode, base, bits in table:
            body += struct.pack("<BBBhI", prefix, total, mode, base, int(bits[::-1], 2))
    return body


def scp_own_bits(values: Ints) -> bytes:
    small = {0: "0", 1: "100", -1: "101"}
    words, second = [], False
    for value in values.tolist():
        if value in small:
            words.append(("1" if second else "") + small[value])
            second = False
        else:
            words.append(("" if second else "11") + "0" + _signed(value, 16))
            second = True
    return pack_bits("".join(words))


def scp_block(leads: Sequence[bytes], interval: int, order: int, *, bimodal: int = 0, nanovolts: int = SCP_NV) -> bytes:
    padded = [lead + b"\0" * (len(lead) % 2) for lead in leads]
    head = struct.pack("<HHBB", nanovolts, interval, order, bimodal)
    return head + b"".join(struct.pack("<H", len(lead)) for lead in padded) + b"".join(padded)


def _scp(case: Case, encode: Callable[[Ints], bytes], order: int, tables: bytes | None) -> Written:
    leads = [encode(differences(row, order)) for row in steps(case, SCP_NV)]
    bodies = {1: scp_patient(), 3: scp_leads(case.leads, case.n_samples), 6: scp_block(leads, _us(case), order)}
    if tables is not None:
        bodies[2] = tables
    return Written({"ecg.scp": scp_record(bodies)}, ReadHints(), 0.51e-6 * SCP_NV)


def _us(case: Case) -> int:
    interval = round(1e6 / case.rate)
    if 1e6 / interval != case.rate:
        raise Unwritable("the interval between samples is in whole microseconds")
    return interval


_DEFAULT_TABLE = struct.pack("<H", 19999)


def write_scp(case: Case) -> Written:
    return _scp(case, scp_default_bits, 2, _DEFAULT_TABLE)


def write_scp_plain(case: Case) -> Written:
    return _scp(case, scp_plain, 0, None)


def write_scp_first_differences(case: Case) -> Written:
    return _scp(case, scp_plain, 1, None)


def write_scp_second_differences(case: Case) -> Written:
    return _scp(case, scp_plain, 2, None)


def write_scp_huffman(case: Case) -> Written:
    return _scp(case, scp_default_bits, 0, _DEFAULT_TABLE)


def write_scp_own_tables(case: Case) -> Written:
    return _scp(case, scp_own_bits, 1, scp_own_tables())


def scp_with_beat(case: Case, *, bimodal: int = 0) -> tuple[bytes, Ints]:
    """A record from which a reference beat was subtracted at three places, and the beat, `(leads, samples)` in steps.

    The second beat is of another type, so nothing was subtracted there; the last one lies at the end, cut off.
    """
    truth = steps(case, SCP_NV)
    length = case.n_samples // 5
    wave = np.rint(300 * np.hanning(length)).astype(np.int64)
    beat = np.array([wave * (k + 1) for k in range(len(case.leads))])
    fiducial = length // 2
    zones = []
    residual = truth.copy()
    for kind, at in ((0, fiducial + 4), (1, 2 * length + 3), (0, 3 * length + 7), (0, case.n_samples - length // 4)):
        first, last = at - fiducial + 1, min(at - fiducial + length, case.n_samples)
        zones.append(struct.pack("<H3I", kind, first, at, last))
        if kind == 0:
            for sample in range(first, last + 1):  # numbers from 1; the fiducial points of both lie on each other
                residual[:, sample - 1] -= beat[:, sample - at + fiducial - 1]
    milliseconds = round(1000 * length / case.rate)
    places = struct.pack("<3H", milliseconds, fiducial, len(zones)) + b"".join(zones)
    places += b"".join(struct.pack("<2I", 1, 1) for _ in zones)
    bodies = {
        1: scp_patient(),
        2: _DEFAULT_TABLE,
        3: scp_leads(case.leads, case.n_samples, subtracted=True),
        4: places,
        5: scp_block([scp_default_bits(differences(row, 2)) for row in beat], _us(case), 2),
        6: scp_block([scp_default_bits(differences(row, 1)) for row in residual], _us(case), 1, bimodal=bimodal),
    }
    return scp_record(bodies), beat


# EDF and BDF --------------------------------------------------------------------------------------------------------


def _field(text: str, width: int) -> bytes:
    assert len(text) <= width, text
    return text.ljust(width).encode("latin-1")


def edf_file(
    signals: Sequence[tuple[str, str, float, float, Sequence[bytes]]], per_record: Sequence[int], duration: str, *,
    bits: int = 16, reserved: str = "", patient: str = "", recording: str = "", date: str = "29.02.04",
    prefilter: str = "HP:0.05Hz LP:150Hz", stated_records: int | None = None,
) -> bytes:  # fmt: skip
    """Signals: label, dimension, physical minimum and maximum, the bytes of each data record."""
    count, half = len(signals), 1 << (bits - 1)
    n_records = len(signals[0][4])
    head = b"\xffBIOSEMI" if bits == 24 else _field("0", 8)
    head += _field(patient, 80) + _field(recording, 80) + _field(date, 8) + _field("23.59.01", 8)
    head += _field(str(256 * (count + 1)), 8) + _field(reserved, 44)
    head += _field(str(n_records if stated_records is None else stated_records), 8) + _field(duration, 8)
    head += _field(str(count), 4)
    columns = [
        [_field(label, 16) for label, *_ in signals],
        [_field(f"{DOCTOR} paste", 80) for _ in signals],
        [_field(dimension, 8) for _, dimension, *_ in signals],
        [_field(f"{low:g}", 8) for _, _, low, _, _ in signals],
        [_field(f"{high:g}", 8) for _, _, _, high, _ in signals],
        [_field(str(-half), 8) for _ in signals],
        [_field(str(half - 1), 8) for _ in signals],
        [_field("" if "Annotations" in label else prefilter, 80) for label, *_ in signals],
        [_field(str(n), 8) for n in per_record],
        [_field(WARD, 32) for _ in signals],
    ]
    records = [b"".join(signal[4][k] for signal in signals) for k in range(n_records)]
    return head + b"".join(b"".join(column) for column in columns) + b"".join(records)


def integers(values: Floats, bits: int) -> list[bytes]:
    width = bits // 8
    return [int(value).to_bytes(width, "little", signed=True) for value in values]


EDF_RANGE_MV = 8.0
EDF_PATIENT = f"{PATIENT} F 23-JUL-1959 {FIRST}_{LAST}"
EDF_RECORDING = (
    f"Startdate 29-FEB-2004 {WARD.replace(' ', '_')} {DOCTOR.replace(' ', '_')} {HOSPITAL.replace(' ', '_')}"
)
_PER_MV = {"mV": 1.0, "uV": 1000.0, "V": 0.001}


def edf_signal(
    label: str, row: Floats, unit: str, per_record: int, bits: int = 16
) -> tuple[str, str, float, float, list[bytes]]:
    """A signal in mV, stored over a range of +-8 mV in the unit, in data records."""
    reach = EDF_RANGE_MV * _PER_MV[unit]
    low, half = -reach, 1 << (bits - 1)
    gain = (2 * half - 1) / (2 * reach)
    stored = integers(np.rint((row * _PER_MV[unit] - low) * gain - half), bits)
    records = [b"".join(stored[k : k + per_record]) for k in range(0, len(stored), per_record)]
    return label, unit, low, reach, records


def _record_length(case: Case) -> tuple[int, str] | None:
    """Samples a data record and its duration, exact in eight characters; None where the case allows none.

    Records of a second or less come first, the longest before the others.
    """
    second = min(round(case.rate), case.n_samples)
    for n in (*range(second, 0, -1), *range(second + 1, case.n_samples + 1)):
        if case.n_samples % n == 0:
            text = f"{n / case.rate:.7g}"
            if len(text) <= 8 and "e" not in text and n / float(text) == case.rate:
                return n, text
    return None


def _edf(case: Case, bits: int, reserved: str) -> Written:
    found = _record_length(case)
    if found is None:
        raise Unwritable("no data record of this rate has a duration of eight characters")
    if case.gap:
        raise Unwritable("every stored number is a sample")
    per_record, duration = found
    signals = [
        edf_signal(f"ECG {lead}", row, case.unit, per_record, bits)
        for lead, row in zip(case.leads, case.truth, strict=True)
    ]
    counts = [per_record] * len(signals)
    if reserved:
        size = 40 // (bits // 8) + 1
        blocks = [
            f"+{k * float(duration):.7f}\x14\x14\0".encode().ljust(size * (bits // 8), b"\0")
            for k in range(len(signals[0][4]))
        ]
        signals.append((f"{reserved[:3]} Annotations", "", -1, 1, blocks))
        counts.append(size)
    data = edf_file(
        signals, counts, duration, bits=bits, reserved=reserved or ("24BIT" if bits == 24 else ""),
        patient=EDF_PATIENT, recording=EDF_RECORDING,
    )  # fmt: skip
    return Written(
        {f"ecg.{'bdf' if bits == 24 else 'edf'}": data}, ReadHints(), 0.51 * 2 * EDF_RANGE_MV / (2**bits - 1)
    )


def write_edf(case: Case) -> Written:
    return _edf(case, 16, "")


def write_edf_plus(case: Case) -> Written:
    return _edf(case, 16, "EDF+C")


def write_edf_plus_discontinuous(case: Case) -> Written:
    """Without a gap: what states that it may have gaps need not have any."""
    return _edf(case, 16, "EDF+D")


def write_bdf(case: Case) -> Written:
    return _edf(case, 24, "")


def write_bdf_plus(case: Case) -> Written:
    return _edf(case, 24, "BDF+C")


# ISHNE --------------------------------------------------------------------------------------------------------------

ISHNE_LEADS = {"I": 5, "II": 6, "III": 7, "aVR": 8, "aVL": 9, "aVF": 10, **{f"V{k}": k + 10 for k in range(1, 7)}}
ISHNE_NV = 2000


def ishne_file(
    codes: Sequence[int], nanovolts: Sequence[int], rate: int, stored: Ints, *, comment: bytes = b"", order: str = "<",
    quality: Sequence[int] = (), size: int | None = None,
) -> bytes:  # fmt: skip
    """`stored` is `(leads, samples)`; `order` is that of the two bytes of the checksum."""
    n_leads, n_samples = stored.shape
    start = 522 + len(comment)

    def column(values: Sequence[int]) -> bytes:
        return struct.pack("<12h", *values, *[-9] * (12 - len(values)))

    head = struct.pack("<4i", len(comment), n_samples if size is None else size, 522, start) + struct.pack("<h", 1)
    head += FIRST.encode().ljust(40, b"\0") + LAST.encode().ljust(40, b"\0") + PATIENT.encode().ljust(20, b"\0")
    head += struct.pack("<hh", 2, 1) + struct.pack("<3h", 23, 7, 1959) + struct.pack("<3h", 29, 2, 2004)
    head += struct.pack("<3h", 1, 3, 2004) + struct.pack("<3h", 23, 59, 1) + struct.pack("<h", n_leads)
    head += column(codes) + column(quality or [1] * n_leads) + column(nanovolts) + struct.pack("<h", 0)
    head += b"Model Q".ljust(40, b"\0") + struct.pack("<H", rate)
    head += HOSPITAL.encode().ljust(80, b"\0") + DOCTOR.encode().ljust(80, b"\0") + WARD.encode().ljust(88, b"\0")
    assert len(head) == 512
    head += comment
    return b"ISHNE1.0" + struct.pack(f"{order}H", _crc(head)) + head + stored.T.astype("<i2").tobytes()


def write_ishne(case: Case) -> Written:
    """Each lead with a step of its own."""
    nanovolts = [ISHNE_NV + 100 * k for k in range(len(case.leads))]
    if case.rate != round(case.rate):
        raise Unwritable("the rate is in whole Hz")
    stored = np.array([whole(row * 1e6 / step, -32768) for row, step in zip(case.truth, nanovolts, strict=True)])
    codes = [ISHNE_LEADS[lead] for lead in case.leads]
    data = ishne_file(codes, nanovolts, round(case.rate), stored, comment=f"{FIRST} {LAST}".encode())
    return Written({"ecg.ecg": data}, ReadHints(), 0.51e-6 * max(nanovolts))


# MFER ---------------------------------------------------------------------------------------------------------------

MFER_LEADS = SCP_LEADS
MFER_NV = 1250
_MFER_NONE = -32768


def definition(tag: int, value: bytes, channel: int | None = None) -> bytes:
    head = bytes([tag]) if channel is None else bytes([tag, channel])
    if len(value) < 128:
        return head + bytes([len(value)]) + value
    return head + b"\x84" + struct.pack(">I", len(value)) + value


def power_of_ten(value: float) -> tuple[int, int]:
    """Mantissa and exponent of a decimal number: 257.5 is 2575 and -1."""
    exponent = 0
    while exponent > -9 and value != round(value):
        value, exponent = value * 10, exponent - 1
    return round(value), exponent


def mfer_identity(order: str) -> bytes:
    return b"".join([
        definition(0x81, f"{LAST}^^{FIRST}".encode()),
        definition(0x82, PATIENT.encode()),
        definition(0x83, struct.pack(f"{order}BHHBB", 44, 221, 1959, 7, 23)),
        definition(0x84, b"\2"),
        definition(0x85, struct.pack(f"{order}HBBBBBHH", 2004, 2, 29, 23, 59, 1, 0, 0)),
        definition(0x86, DOCTOR.encode()),
        definition(0x16, f"{HOSPITAL} {WARD}".encode()),
        definition(0x17, f"Maker^Model^1^{PATIENT}".encode()),
        definition(0x41, struct.pack(f"{order}HI", 77, 4) + DOCTOR.encode()),
    ])  # fmt: skip


def _mfer(case: Case, order: str, *, block: int | None, offset: int = 0, interval: bool = False) -> Written:
    """Blocks of all samples of a channel, or of `block` samples."""
    n_leads = len(case.leads)
    length = block or case.n_samples
    number = f"{order}I"
    mantissa, exponent = power_of_ten(1 / case.rate if interval else case.rate)
    parts = [
        definition(0x40, b"MFR Standard 12 leads ECG"),
        definition(0x01, b"\0" if order == ">" else b"\1"),
        mfer_identity(order),
        definition(0x11, b"HPF=0.05"),
        definition(0x11, b"LPF=150^" + DOCTOR.encode()),
        definition(0x08, struct.pack(f"{order}H", 1)),
        definition(0x05, struct.pack(number, n_leads)),
        definition(0x04, struct.pack(number, length)),
        definition(0x06, struct.pack(number, case.n_samples // length)),
        definition(0x0B, bytes([int(interval), exponent % 256]) + struct.pack(number, mantissa)),
        definition(0x0C, bytes([0, (-9) % 256]) + struct.pack(number, MFER_NV)),
        definition(0x0A, b"\0"),
    ]
    if offset:
        parts.append(definition(0x0D, struct.pack(f"{order}h", offset)))
    for k, lead in enumerate(case.leads):
        name = definition(0x09, struct.pack(f"{order}H", MFER_LEADS[lead]))
        parts.append(definition(0x3F, name, k))
    parts.append(definition(0x12, struct.pack(f"{order}h", _MFER_NONE)))
    stored = whole(case.truth * 1e6 / MFER_NV - offset, _MFER_NONE)
    pieces = stored.reshape(n_leads, -1, length).transpose(1, 0, 2)
    parts.append(definition(0x1E, pieces.astype(f"{order}i2").tobytes()))
    data = b"".join(parts) + definition(0x80, b"")
    return Written({"ecg.mwf": data}, ReadHints(), 0.51e-6 * MFER_NV)


def write_mfer(case: Case) -> Written:
    return _mfer(case, "<", block=None)


def write_mfer_big_endian(case: Case) -> Written:
    return _mfer(case, ">", block=1, offset=-37)


def write_mfer_blocks(case: Case) -> Written:
    block = next(n for n in range(min(100, case.n_samples), 0, -1) if case.n_samples % n == 0)
    return _mfer(case, "<", block=block, interval=math.isclose(1e6 / case.rate, round(1e6 / case.rate)))


# KardiaMobile -------------------------------------------------------------------------------------------------------

KARDIA_LEADS = dict(zip(STANDARD_12, ("ecg ", "ecg2", "ecg3", "ecg4", "ecg5", "ecg6", "ecg7", "ecg8", "ecg9", "ecga",
                                      "ecgb", "ecgc"), strict=True))  # fmt: skip
KARDIA_NV = 500


def kardia_block(letters: str, body: bytes) -> bytes:
    frame = letters.encode() + struct.pack("<I", len(body)) + body
    return frame + struct.pack("<I", zlib.crc32(frame))


def kardia_file(blocks: Sequence[tuple[str, bytes]], rate: int, *, nanovolts: int = KARDIA_NV, flags: int = 0) -> bytes:
    info = b"2004-02-29T23:59:01.000+01:00".ljust(32, b"\0") + b"uuid".ljust(40, b"\0")
    info += PATIENT.encode().ljust(44, b"\0") + f"{FIRST}s phone".encode().ljust(32, b"\0")
    info += b"App 1".ljust(32, b"\0") + b"kardia_mobile".ljust(32, b"\0") + f"SN={PATIENT}".encode().ljust(52, b"\0")
    parts = [("info", info), ("fmt ", struct.pack("<BHHBH", 1, rate, nanovolts, flags, 0)), *blocks]
    return b"ALIVE\0\0\0" + struct.pack("<I", 5) + b"".join(kardia_block(letters, body) for letters, body in parts)


def write_kardia(case: Case) -> Written:
    """Leads come back in the order of the standard: their blocks are told by their letters."""
    if case.rate != round(case.rate):
        raise Unwritable("the rate is in whole Hz")
    if list(case.leads) != [lead for lead in STANDARD_12 if lead in case.leads]:
        raise Unwritable("a block has the letters of its lead, and no place in an order")
    blocks = [
        (KARDIA_LEADS[lead], row.astype("<i2").tobytes())
        for lead, row in zip(case.leads, steps(case, KARDIA_NV), strict=True)
    ]
    return Written({"ecg.atc": kardia_file(blocks, round(case.rate))}, ReadHints(), 0.51e-6 * KARDIA_NV)


# Contec -------------------------------------------------------------------------------------------------------------

CONTEC_GAIN, CONTEC_ZERO = 200, 2048


def contec_file(stored: Ints) -> bytes:
    head = b"0000011\0\0\0" + b"2004-02-29 23:59:01".ljust(20, b"\0") + b"\0\0" + LAST.encode().ljust(8, b"\0")
    return head + bytes([0, 44, 70]) + stored.T.astype("<u2").tobytes() + PATIENT.encode().ljust(37, b"\0")


def write_contec(case: Case) -> Written:
    """Eight leads. Where any small file will do (250 Hz, no gap) eight are written whatever the case has."""
    if len(case.leads) != 8 and case.rate == 250 and not case.gap:
        case = replace(case, leads=EIGHT)
    if len(case.leads) != 8:
        raise Unwritable("there are eight series of samples")
    stored = whole(case.truth * CONTEC_GAIN + CONTEC_ZERO, 0x6800)
    hints = ReadHints(rate=case.rate, unit="counts", gain=CONTEC_GAIN, baseline=CONTEC_ZERO, leads=case.leads)
    return Written({"case.ECG": contec_file(stored)}, hints, 0.51 / CONTEC_GAIN)


WRITERS_BINARY: dict[str, Callable[[Case], Written]] = {
    "contec": write_contec,
    "edf": write_edf,
    "ishne": write_ishne,
    "kardia-atc": write_kardia,
    "mfer": write_mfer,
    "scp": write_scp,
}

VARIANTS_BINARY: dict[str, Callable[[Case], Written]] = {
    "bdf": write_bdf,
    "bdf-plus": write_bdf_plus,
    "edf-plus": write_edf_plus,
    "edf-plus-discontinuous": write_edf_plus_discontinuous,
    "mfer-big-endian": write_mfer_big_endian,
    "mfer-blocks": write_mfer_blocks,
    "scp-first-differences": write_scp_first_differences,
    "scp-huffman": write_scp_huffman,
    "scp-own-tables": write_scp_own_tables,
    "scp-plain": write_scp_plain,
    "scp-second-differences": write_scp_second_differences,
}
