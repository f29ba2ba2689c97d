"""Sorting many files into ECGs, companions, label tables and the rest."""

import io

import numpy as np
import pytest
from openpyxl import Workbook

from contracts.ecg_files import Case, write_csv, write_wfdb
from einthoven.errors import FormatError
from einthoven.formats import MemorySource, ReadPlan, plan
from einthoven.formats.source import FileSource

CASE = Case(500.0, "mV", ("I", "II"), 40)


def _plan(files: dict[str, bytes]) -> ReadPlan:
    return plan([MemorySource(name, files) for name in files])


def _names(sources: tuple[FileSource, ...]) -> list[str]:
    return [source.name for source in sources]


def test_every_kind_of_file_goes_to_its_pile_and_none_is_lost() -> None:
    workbook = io.BytesIO()
    Workbook().save(workbook)
    wfdb = write_wfdb(CASE).files
    files = {
        "a/ecg.hea": wfdb["ecg.hea"],
        "a/ECG.DAT": wfdb["ecg.dat"],
        "a/ecg.atr": b"\x01\x04\x00\x00",
        "b/ecg.dat": wfdb["ecg.dat"],
        "signals.csv": write_csv(CASE).files["ecg.csv"],
        "labels.csv": b"file_name,label,ICD-10\na/ecg,NORM,\n",
        "numeric_labels.csv": b"ecg_id;label\n1;0\n2;1\n",
        "ptbxl_database.csv": b"anything",
        "labels.xlsx": workbook.getvalue(),
        "RECORDS": b"a/ecg\n",
        "LICENSE.txt": b"text",
        "photo.csv": b"\xff\xd8\xff\xe0 picture",
        "nothing.npy": b"",
        "damaged.hea": b"ecg 12 500 5000\n",
    }
    found = _plan(files)
    assert _names(found.records) == ["a/ecg.hea", "signals.csv", "damaged.hea"]
    assert _names(found.companions) == ["a/ECG.DAT", "a/ecg.atr", "RECORDS", "LICENSE.txt"]
    assert _names(found.label_tables) == ["labels.csv", "numeric_labels.csv", "ptbxl_database.csv", "labels.xlsx"]
    assert _names(found.unknown) == ["b/ecg.dat", "photo.csv", "nothing.npy"]
    assert set(found.reasons) == set(files)
    assert "its header b/ecg.hea is missing" in found.reasons["b/ecg.dat"]
    assert "a JPEG picture" in found.reasons["photo.csv"]
    assert "empty" in found.reasons["nothing.npy"]


def test_headers_of_segments_belong_to_the_record_they_make_up() -> None:
    files = {
        "m.hea": b"m/2 1 250 20\ns1 10\ns2 10\n",
        **{f"s{k}.hea": f"s{k} 1 250 10\ns{k}.dat 16 200 16 0 0 0 0 II\n".encode() for k in (1, 2)},
        **{f"s{k}.dat": np.arange(10, dtype="<i2").tobytes() for k in (1, 2)},
    }
    found = _plan(files)
    assert _names(found.records) == ["m.hea"]
    assert len(found.companions) == 4


class _HeadOnly:
    """A file whose content may not be read whole."""

    def __init__(self, name: str, head: bytes) -> None:
        self.name, self._head, self.size = name, head, 10**9

    def read(self) -> bytes:
        pytest.fail(f"{self.name} was read whole")

    def head(self, n: int = 4096) -> bytes:
        return self._head[:n]

    def sibling(self, name: str) -> FileSource | None:
        return None


class _Unreadable(_HeadOnly):
    def head(self, n: int = 4096) -> bytes:
        raise FormatError(f"{self.name} cannot be opened: permission denied.")


def test_files_are_sorted_by_their_heads_and_an_unreadable_one_stops_nothing() -> None:
    dicom = _HeadOnly("big.dcm", bytes(128) + b"DICM")
    table = _HeadOnly("big.csv", b"I,II\n" + b"1,2\n" * 20000)
    gone = _Unreadable("gone.csv", b"")
    found = plan([dicom, table, gone])
    assert _names(found.records) == ["big.dcm", "big.csv"]
    assert found.reasons["gone.csv"] == "gone.csv cannot be opened: permission denied."


def test_a_broken_ecg_beside_a_header_of_its_name_is_no_annotation_file() -> None:
    wfdb = write_wfdb(CASE).files
    broken = {f"ecg.{suffix}": b"\x00\x9f no such thing" for suffix in ("dcm", "csv", "npy")}
    found = _plan({**wfdb, **broken, "ecg.atr": b"\x01\x04\x00\x00"})
    assert _names(found.unknown) == list(broken), "each must end as refused, with its reason"
    assert _names(found.companions) == ["ecg.dat", "ecg.atr"]
