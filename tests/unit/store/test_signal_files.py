"""One record per file, whole or not at all."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from einthoven.errors import FormatError, NotFound
from einthoven.files import write_whole
from einthoven.record import Annotation, EcgRecord, SourceInfo, Subject
from einthoven.store.signals import SignalFiles
from small_ecgs import ecg, signal

FULL = EcgRecord(
    signal(5)[:2],
    ("II", "Vx"),
    257.5,
    "relative",
    SourceInfo(
        "ordner/Björn.dcm", "dicom", "pydicom 3", "ab" * 32, 2, 257.5, "NU", (200.0, 201.5), ("II", "Vx"),
        (0.05, 150.0), ("unit: relative",), ("odd",), "2020-04-13", True,
    ),
    Subject("p-1", 61.5, "F"),
    (Annotation("normal ECG"), Annotation("VES", 1.25, "164884008", "SNOMED CT")),
    ("gaps filled",),
)  # fmt: skip


def test_a_record_comes_back_with_all_that_is_known_of_it(tmp_path: Path) -> None:
    files = SignalFiles(tmp_path)
    files.save("abcd", FULL)
    back = files.load("abcd")
    np.testing.assert_array_equal(back.signal, FULL.signal)
    for name in ("leads", "rate", "amplitude", "source", "subject", "annotations", "steps"):
        assert getattr(back, name) == getattr(FULL, name), name
    assert files.path("abcd") == tmp_path / "ab" / "abcd.safetensors"


def test_missing_samples_are_missing_afterwards(tmp_path: Path) -> None:
    holes = signal(1)
    holes[3, 10:20] = np.nan
    SignalFiles(tmp_path).save("abcd", replace(ecg(1), signal=holes))
    np.testing.assert_array_equal(SignalFiles(tmp_path).load("abcd").signal, holes)


@pytest.mark.parametrize("keep", [0, 4, 100, 3000])
def test_a_truncated_file_is_said_to_be_damaged(tmp_path: Path, keep: int) -> None:
    files = SignalFiles(tmp_path)
    files.save("abcd", ecg(1))
    data = files.path("abcd").read_bytes()
    files.path("abcd").write_bytes(data[:keep])
    with pytest.raises(FormatError, match=r"abcd\.safetensors is damaged.*Import the ECG again"):
        files.load("abcd")


@pytest.mark.parametrize("metadata", [None, {"format": "einthoven-record", "version": "2"}, {"format": "other"}])
def test_a_file_of_another_form_is_not_read(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    from safetensors.numpy import save

    files = SignalFiles(tmp_path)
    write_whole(files.path("abcd"), save({"signal": signal(1)}, metadata=metadata))
    with pytest.raises(FormatError, match="no signal file this release reads"):
        files.load("abcd")


@pytest.mark.parametrize("header", ["{", "[]", '{"leads": ["I"]}'])
def test_a_file_with_a_damaged_header_is_said_to_be_damaged(tmp_path: Path, header: str) -> None:
    from safetensors.numpy import save

    files = SignalFiles(tmp_path)
    metadata = {"format": "einthoven-record", "version": "1", "record": header}
    write_whole(files.path("abcd"), save({"signal": signal(1)}, metadata=metadata))
    with pytest.raises(FormatError, match="damaged"):
        files.load("abcd")


def test_a_file_that_is_gone_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="Import its file again"):
        SignalFiles(tmp_path).load("abcd")
