"""Known signals as HDF5, Parquet, raw numbers, and in the variants of CSV, NPY, NPZ and MAT.

CSV, raw, MAT 5 and one HDF5 file are written byte by byte from the published layouts; the others by numpy, h5py and
pyarrow, whose files other programs read.
"""

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from contracts.ecg_files import PER_MV, Case, Unwritable, Written
from einthoven.record import ReadHints

Floats = npt.NDArray[np.float64]
EXACT = 1e-6


def _unit(case: Case) -> Any:
    return "relative" if case.unit == "NU" else case.unit


def _hints(case: Case, **more: Any) -> ReadHints:
    return ReadHints(unit=_unit(case), rate=case.rate, leads=case.leads, **more)


# CSV


def _cell(value: float, *, comma: bool) -> str:
    text = "" if value != value else repr(float(value))
    return text.replace(".", ",") if comma else text


def _table(rows: Sequence[Sequence[float]], delimiter: str, *, comma: bool = False) -> list[str]:
    return [delimiter.join(_cell(value, comma=comma) for value in row) for row in rows]


def write_csv_semicolon_decimal_comma(case: Case) -> Written:
    """As German spreadsheets write it: a byte-order mark, a row of units, CR LF."""
    names = ";".join(["Zeit", *case.leads])
    units = ";".join(["s", *[case.unit] * len(case.leads)])
    rows = [[i / case.rate, *row] for i, row in enumerate(case.in_unit.T)]
    lines = [names, units, *_table(rows, ";", comma=True)]
    return Written({"ecg.csv": ("\r\n".join(lines) + "\r\n").encode("utf-8-sig")}, ReadHints(), EXACT)


def write_csv_tab_utf16(case: Case) -> Written:
    """As Excel saves "Unicode text", with an index and MDC names."""
    header = "\t".join(["index", *(f"MDC_ECG_LEAD_{lead.upper()} [{case.unit}]" for lead in case.leads)])
    rows = [[i, *row] for i, row in enumerate(case.in_unit.T)]
    text = "\n".join([header, *_table(rows, "\t")]) + "\n"
    return Written({"ecg.txt": text.encode("utf-16")}, ReadHints(rate=case.rate), EXACT)


def write_csv_bare(case: Case) -> Written:
    """Numbers and nothing else, samples in rows."""
    text = "\n".join(_table(case.in_unit.T.tolist(), ",")) + "\n"
    if len(case.leads) == 1:
        if case.gap:
            raise Unwritable("an empty line is no missing sample")
        return Written({"ecg.csv": text.encode()}, _hints(case, orientation="samples-first"), EXACT)
    return Written({"ecg.csv": text.encode()}, _hints(case), EXACT)


def write_csv_lead_rows(case: Case) -> Written:
    """A row for each lead, which begins with its name."""
    lines = [f"{lead},{row}" for lead, row in zip(case.leads, _table(case.in_unit.tolist(), ","), strict=True)]
    return Written({"ecg.csv": ("\n".join(lines) + "\n").encode()}, ReadHints(unit=_unit(case), rate=case.rate), EXACT)


def write_csv_preamble(case: Case) -> Written:
    """Lines `key,value` above the table, as recorders for one lead and spreadsheets export it."""
    above = ["Device,Recorder 3", f"Sample Rate,{case.rate!r} Hz", f"Unit,{case.unit}", "Filter,on", "", ""]
    if len(case.leads) == 1:
        if case.gap:
            raise Unwritable("an empty line is no missing sample")
        above[3] = f"Lead,Lead {case.leads[0]}"
        lines = [*above, *_table(case.in_unit.T.tolist(), ",")]
    else:
        lines = [*above, ",".join(case.leads), *_table(case.in_unit.T.tolist(), ",")]
    return Written({"ecg.csv": ("\n".join(lines) + "\n").encode()}, ReadHints(), EXACT)


# NPY and NPZ


def _npy(array: npt.NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def write_npy_batch(case: Case) -> Written:
    """Three ECGs (n, samples, leads), the first of which is the case, in big-endian columns."""
    batch = np.stack([case.in_unit.T, 2 * case.in_unit.T, -case.in_unit.T])
    return Written({"ecgs.npy": _npy(np.asfortranarray(batch.astype(">f8")))}, _hints(case), EXACT)


def write_npz_batch(case: Case) -> Written:
    stream = io.BytesIO()
    batch = np.stack([case.in_unit, -case.in_unit]).astype(np.float32)
    np.savez(stream, X=batch, fs=[case.rate] * 2, leads=list(case.leads), unit=case.unit, y=np.arange(2))
    return Written({"ecgs.npz": stream.getvalue()}, ReadHints(), EXACT)


def write_npz_numbered(case: Case) -> Written:
    if len(case.leads) not in (1, 2, 3, 6, 8, 12, 15) or len(case.leads) == 1:
        raise Unwritable("arrays whose names differ in their number are told by a usual number of leads")
    stream = io.BytesIO()
    np.savez(stream, ecg_1=case.in_unit, ecg_2=-case.in_unit)
    return Written({"ecgs.npz": stream.getvalue()}, _hints(case), EXACT)


# MAT


def _element(kind: int, data: bytes) -> bytes:
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def _array(flags: int, shape: tuple[int, ...], name: str, *parts: bytes) -> bytes:
    """An element of type 14: flags, shape and name, then what the class asks for."""
    head = _element(6, struct.pack("<II", flags, 0)) + _element(5, struct.pack(f"<{len(shape)}i", *shape))
    return _element(14, head + _element(1, name.encode()) + b"".join(parts))


def _doubles(name: str, values: npt.ArrayLike) -> bytes:
    table = np.atleast_2d(np.asarray(values, dtype="<f8"))
    return _array(6, table.shape, name, _element(9, table.tobytes("F")))


def _text(name: str, text: str) -> bytes:
    return _array(4, (1, len(text)), name, _element(4, text.encode("utf-16-le")))


def _structure(name: str, members: dict[str, bytes]) -> bytes:
    names = b"".join(key.encode().ljust(32, b"\0") for key in members)
    length = struct.pack("<HHi", 5, 4, 32)  # small element: type and size in four bytes
    return _array(2, (1, 1), name, length, _element(1, names), *members.values())


def _mat_5(*variables: bytes) -> bytes:
    return b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H2s", 0x0100, b"IM") + b"".join(variables)


def write_mat_5(case: Case) -> Written:
    """Version 5, uncompressed: the samples in rows, and a cell array of lead names."""
    names = _array(1, (1, len(case.leads)), "leads", *(_text("", lead) for lead in case.leads))
    data = _mat_5(_doubles("ecg", case.in_unit.T), _doubles("Fs", case.rate), _text("unit", case.unit), names)
    return Written({"ecg.mat": data}, ReadHints(), EXACT)


def write_mat_7(case: Case) -> Written:
    """Version 7: the `ECG` structure of the CPSC 2018 files, compressed; rate, unit and leads are not in it."""
    members = {"sex": _text("", "Male"), "age": _doubles("", 74), "data": _doubles("", case.in_unit)}
    packed = zlib.compress(_structure("ECG", members))
    return Written({"A0001.mat": _mat_5(struct.pack("<II", 15, len(packed)) + packed)}, _hints(case), EXACT)


def write_mat_73(case: Case) -> Written:
    """Version 7.3, by h5py with MATLAB's conventions: reversed axes, 16-bit characters, references for cells."""
    import h5py

    def text(file: Any, name: str, value: str) -> Any:
        dataset = file.create_dataset(name, data=np.frombuffer(value.encode("utf-16-le"), "<u2")[:, None])
        dataset.attrs["MATLAB_class"] = np.bytes_("char")
        return dataset

    stream = io.BytesIO()
    with h5py.File(stream, "w", userblock_size=512) as file:
        group = file.create_group("record")
        group.attrs["MATLAB_class"] = np.bytes_("struct")
        group["val"] = case.in_unit.T
        group["val"].attrs["MATLAB_class"] = np.bytes_("double")
        group["fs"] = np.array([[case.rate]])
        group["fs"].attrs["MATLAB_class"] = np.bytes_("double")
        text(group, "unit", case.unit)
        references = [text(file, f"#refs#/{k}", lead).ref for k, lead in enumerate(case.leads)]
        group.create_dataset("leads", data=np.array(references, dtype=h5py.ref_dtype)[:, None])
        group["leads"].attrs["MATLAB_class"] = np.bytes_("cell")
    head = b"MATLAB 7.3 MAT-file, Platform: none".ljust(124) + struct.pack("<H2s", 0x0200, b"IM")
    return Written({"ecg.mat": head + stream.getvalue()[len(head) :]}, ReadHints(), EXACT)


# HDF5


def _message(kind: int, body: bytes) -> bytes:
    """One message of an object header of version 1, padded to a multiple of 8."""
    body += bytes(-len(body) % 8)
    return struct.pack("<HHB3x", kind, len(body), 0) + body


def _object_header(*messages: bytes) -> bytes:
    data = b"".join(messages)
    return struct.pack("<BxHII4x", 1, len(messages), 1, len(data)) + data


_FLOAT64 = struct.pack("<B3BI", 0x11, 0x20, 63, 0, 8) + struct.pack("<HHBBBBI", 0, 64, 52, 11, 0, 52, 1023)


def _dataset_header(shape: tuple[int, ...], place: int, size: int, attributes: dict[str, npt.NDArray[Any]]) -> bytes:
    space = struct.pack("<BBB5x", 1, len(shape), 0) + struct.pack(f"<{len(shape)}Q", *shape)
    fill = struct.pack("<BBBB", 2, 2, 2, 0)
    layout = struct.pack("<BBQQ", 3, 1, place, size)
    messages = [_message(1, space), _message(3, _FLOAT64), _message(5, fill), _message(8, layout)]
    return _object_header(*messages, *(_message(12, _attribute(*pair)) for pair in attributes.items()))


def _attribute(name: str, values: npt.NDArray[Any]) -> bytes:
    """An attribute of version 1: name, type and shape each padded to a multiple of 8, then the values."""
    label = name.encode() + b"\0"
    kind = _FLOAT64
    if values.dtype.kind == "S":
        kind = struct.pack("<B3BI", 0x13, 1, 0, 0, values.dtype.itemsize)  # text padded with zeros
    space = struct.pack("<BBB5x", 1, values.ndim, 0) + struct.pack(f"<{values.ndim}Q", *values.shape)
    parts = [part + bytes(-len(part) % 8) for part in (label, kind, space)]
    return struct.pack("<BxHHH", 1, len(label), len(kind), len(space)) + b"".join(parts) + values.tobytes()


def write_hdf5(case: Case) -> Written:
    """Byte by byte, with superblock version 0 and one contiguous dataset in the root group.

    "HDF5 File Format Specification", version 3: sections II.A (superblock), III.A.1 (B-tree), III.B (symbol table
    node), III.D (local heap), IV.A (object header and messages).
    """
    values = np.ascontiguousarray(case.in_unit, dtype="<f8")
    facts = {
        "fs": np.array([case.rate], dtype="<f8"),
        "units": np.array([case.unit.encode()]),
        "leads": np.array([lead.encode() for lead in case.leads]),
    }
    root, tree, heap, names, node, header = 96, 136, 680, 712, 744, 1072
    placed = _dataset_header(values.shape, 0, values.nbytes, facts)
    data = header + len(placed)
    none = 2**64 - 1
    entry = struct.pack("<QQI4x16x", 8, header, 0)
    out = bytearray(data + values.nbytes)
    superblock = b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0]) + struct.pack("<HHI", 4, 16, 0)
    superblock += struct.pack("<QQQQ", 0, none, len(out), none)
    superblock += struct.pack("<QQI4xQQ", 0, root, 1, tree, heap)
    out[: len(superblock)] = superblock
    group = _object_header(_message(17, struct.pack("<QQ", tree, heap)))
    out[root : root + len(group)] = group
    branches = b"TREE" + struct.pack("<BBHQQ", 0, 0, 1, none, none) + struct.pack("<QQQ", 0, node, 8)
    out[tree : tree + len(branches)] = branches
    local = b"HEAP" + struct.pack("<B3xQQQ", 0, 32, 1, names)
    out[heap : heap + len(local)] = local
    out[names : names + 16] = bytes(8) + b"signal\0\0"
    symbols = b"SNOD" + struct.pack("<BxH", 1, 1) + entry
    out[node : node + len(symbols)] = symbols
    out[header:data] = _dataset_header(values.shape, data, values.nbytes, facts)
    out[data:] = values.tobytes()
    return Written({"ecg.h5": bytes(out)}, ReadHints(), EXACT)


def write_hdf5_groups(case: Case) -> Written:
    """A group for each ECG, chunked and compressed, with variable-length texts; the first is the case."""
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.attrs["unit"] = case.unit
        for name, factor in (("a", 1), ("b", -1)):
            group = file.create_group(name)
            group.create_dataset("ecg", data=factor * case.in_unit.T, compression="gzip", shuffle=True, fletcher32=True)
            group.create_dataset("sampling_rate", data=case.rate)
            group.create_dataset("lead_names", data=list(case.leads), dtype=h5py.string_dtype())
    return Written({"ecgs.h5": stream.getvalue()}, ReadHints(), EXACT)


def write_hdf5_code_15(case: Case) -> Written:
    """The layout of CODE-15: padded with zeros to 4096 samples; only one rate, unit and order can be in it."""
    from einthoven.leads import STANDARD_12

    if (case.rate, case.unit, case.leads) != (400.0, "mV", STANDARD_12) or case.n_samples != 4096 or case.gap:
        raise Unwritable("CODE-15 is 400 Hz, mV, twelve leads in order, 4096 samples")
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["tracings"] = case.in_unit.T[None].astype(np.float32)
        file["exam_id"] = np.array([1169160])
    return Written({"exams_part0.hdf5": stream.getvalue()}, ReadHints(), EXACT)


# Parquet


def _parquet(table: Any) -> bytes:
    from pyarrow import parquet

    stream = io.BytesIO()
    parquet.write_table(table, stream)
    return stream.getvalue()


def write_parquet(case: Case) -> Written:
    """A column for each lead, the unit in its name, missing samples as nulls, the rate in the metadata."""
    import pyarrow as pa

    columns = {
        f"{lead} ({case.unit})": pa.array(row, from_pandas=True)
        for lead, row in zip(case.leads, case.in_unit, strict=True)
    }
    table = pa.table(columns).replace_schema_metadata({"sampling_rate": repr(case.rate)})
    return Written({"ecg.parquet": _parquet(table)}, ReadHints(), EXACT)


def write_parquet_time(case: Case) -> Written:
    import pyarrow as pa

    times = {"time_s": np.arange(case.n_samples) / case.rate}
    fields = [pa.field(lead, pa.float64(), metadata={"unit": case.unit}) for lead in case.leads]
    table = pa.table([*times.values(), *case.in_unit], schema=pa.schema([pa.field("time_s", pa.float64()), *fields]))
    return Written({"ecg.parquet": _parquet(table)}, ReadHints(), EXACT)


def write_parquet_rows(case: Case) -> Written:
    """A row for each ECG and a column of lists for each lead; the first ECG is the case."""
    import pyarrow as pa

    columns: dict[str, Any] = {lead: [row, -row] for lead, row in zip(case.leads, case.in_unit, strict=True)}
    table = pa.table(columns | {"fs": [case.rate] * 2, "unit": [case.unit] * 2, "age": [61, None]})
    return Written({"ecgs.parquet": _parquet(table)}, ReadHints(), EXACT)


def write_parquet_signal(case: Case) -> Written:
    """A row for each ECG and all its leads in a list of lists."""
    import pyarrow as pa

    columns = {"signal": [case.in_unit.tolist(), (-case.in_unit).tolist()], "leads": [list(case.leads)] * 2}
    table = pa.table(columns | {"fs": [case.rate] * 2, "unit": [case.unit] * 2})
    return Written({"ecgs.parquet": _parquet(table)}, ReadHints(), EXACT)


# Raw


def write_raw(case: Case) -> Written:
    """Interleaved little-endian floats."""
    data = np.ascontiguousarray(case.in_unit.T).astype("<f4").tobytes()
    hints = _hints(case, orientation="samples-first", stored="float32")
    return Written({"ecg.raw": data}, hints, EXACT)


def write_raw_int24be(case: Case) -> Written:
    """Lead after lead in big-endian counts of 24 bits."""
    if case.unit == "NU" or case.gap:
        raise Unwritable("counts have a gain in counts per mV, and no missing value")
    counts = np.round(case.truth * 2000 - 17).astype(np.int64)
    data = b"".join(int(value).to_bytes(3, "big", signed=True) for value in counts.ravel())
    hints = ReadHints(
        unit="counts", rate=case.rate, leads=case.leads, gain=2000, baseline=-17, orientation="leads-first",
        stored="int24be",
    )  # fmt: skip
    return Written({"ecg.bin": data}, hints, 0.51 / 2000)


WRITERS_ARRAYS: dict[str, Callable[[Case], Written]] = {
    "hdf5": write_hdf5,
    "parquet": write_parquet,
    "raw": write_raw,
}

VARIANTS_ARRAYS: dict[str, Callable[[Case], Written]] = {
    "csv-semicolon-decimal-comma": write_csv_semicolon_decimal_comma,
    "csv-tab-utf16": write_csv_tab_utf16,
    "csv-bare": write_csv_bare,
    "csv-lead-rows": write_csv_lead_rows,
    "csv-preamble": write_csv_preamble,
    "npy-batch": write_npy_batch,
    "npz-batch": write_npz_batch,
    "npz-numbered": write_npz_numbered,
    "mat-5": write_mat_5,
    "mat-7": write_mat_7,
    "mat-7.3": write_mat_73,
    "hdf5-groups": write_hdf5_groups,
    "hdf5-code-15": write_hdf5_code_15,
    "parquet-time": write_parquet_time,
    "parquet-rows": write_parquet_rows,
    "parquet-signal": write_parquet_signal,
    "raw-int24be": write_raw_int24be,
}

RELATIVE_UNITS_ARRAYS = {"hdf5": "NU", "parquet": "NU", "raw": "relative"}
assert set(PER_MV) >= set(RELATIVE_UNITS_ARRAYS.values())
