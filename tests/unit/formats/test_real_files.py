"""Real, published ECGs: each is read as an independent library reads it, or refused with the reason."""

import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
import wfdb

from einthoven.errors import EinthovenError
from einthoven.formats import PathSource, plan, read, read_all
from einthoven.leads import STANDARD_12, canonical_leads

IN_MV = {"mV": 1.0, "uV": 1e-3, "V": 1e3, "NU": 1.0}


def _outcome(path: Path, root: Path) -> str:
    """Empty when the file is read, else the reason, which must name the file."""
    source = PathSource(path, root)
    try:
        for record in read_all(source):
            assert record.source.sha256 and record.source.name == source.name
    except EinthovenError as error:
        assert source.name in str(error) and len(str(error)) > len(source.name) + 20
        return str(error)
    return ""


@pytest.mark.parametrize(("folder", "count"), [("ptbxl_raw", 75), ("cinc2021", 62), ("code15", 310), ("ludb", 150)])
def test_every_record_of_the_twelve_lead_databases_is_read(shared_data: Path, folder: str, count: int) -> None:
    root = shared_data / folder
    headers = sorted(root.rglob("*.hea"))
    assert len(headers) == count
    assert [path.name for path in headers if _outcome(path, root)] == []


def test_samples_of_the_twelve_lead_databases_are_those_of_the_wfdb_package(shared_data: Path) -> None:
    folders = ("ptbxl_raw", "cinc2021", "code15", "ludb", "ptbxl_z")
    paths = [path for folder in folders for path in sorted((shared_data / folder).rglob("*.hea"))[::25]]
    compared = 0
    for path in paths:
        record = read(path)
        try:
            theirs = wfdb.rdrecord(str(path.with_suffix("")))
        except ValueError:
            assert "georgia" in path.parts, "only Georgia's dates are known to be rejected"
            continue
        assert record.leads == STANDARD_12 == canonical_leads(theirs.sig_name)
        assert record.rate == theirs.fs
        expected = theirs.p_signal.T * np.array([IN_MV[unit] for unit in theirs.units])[:, None]
        np.testing.assert_allclose(record.signal, expected, rtol=1e-6, atol=1e-9, equal_nan=True, err_msg=str(path))
        compared += 1
    assert compared > 70


def test_the_normalised_subset_states_that_it_is_relative_and_filtered(shared_data: Path) -> None:
    record = read(next((shared_data / "ptbxl_z").rglob("*.hea")))
    assert (record.amplitude, record.source.band, record.source.unit) == ("relative", (0.5, 40.0), "NU")


def test_every_record_of_ludb_carries_the_doubt_about_its_gain(shared_data: Path) -> None:
    for path in sorted((shared_data / "ludb" / "data").glob("*.hea")):
        assert any("spans exactly 1.0 mV" in doubt for doubt in read(path).source.doubts), path.name
    others = [
        path
        for folder in ("ptbxl_raw", "code15", "cinc2021")
        for path in sorted((shared_data / folder).rglob("*.hea"))[::5]
    ]
    wrong = [path.name for path in others if any("spans exactly" in doubt for doubt in read(path).source.doubts)]
    assert wrong == []


def test_the_all_zero_record_is_read_with_a_doubt(shared_data: Path) -> None:
    (path,) = (shared_data / "code15").rglob("9190_all_data_is_zero.hea")
    assert "every lead is flat: there is no ECG in this file" in read(path).source.doubts


REFUSED = {
    "1003.hea": r"1003\.dat.* is not there",
    "12726.hea": r"12726\.dat.* is not there",
    "n16.hea": r"n16\.dat.* is not there",
    "n8_evoked_raw_95_F1_R9.hea": r"n8_evoked_raw_95_F1_R9\.dat.* is not there",
    "wave_4.hea": r"wave_4\.dat.* is not there",
    "3269321_0001.hea": r"None of its signals is an ECG: PLETH",
    "3269321_layout.hea": "None of its signals is an ECG",
    "3248903_layout.hea": "None of its signals is an ECG",
    "3975656_layout.hea": "None of its signals is an ECG",
    "3975656_0009.hea": r"3975656_0009\.dat.* is not there",
    "3975656_0010.hea": r"3975656_0010\.dat.* is not there",
    "3975656_0011.hea": r"3975656_0011\.dat.* is not there",
    "p000878-2137-10-26-16-57.hea": r"3269321_0003\.hea.* is not there",
    "s00001-2896-10-09-01-56.hea": "None of its segments holds an ECG",
    "s00001-2896-10-09-01-56n.hea": "None of its signals is an ECG: HR",
    "s00001-2896-10-10-00-31.hea": r"3975656_0009\.dat.* is not there",
    "s00001-2896-10-10-00-31n.hea": "None of its signals is an ECG: HR",
}
"""Headers in formats/wfdb that cannot be read, with the reason that must be given."""


def test_the_files_of_the_wfdb_package_are_read_or_refused_as_they_must(shared_data: Path) -> None:
    import re

    root = shared_data / "formats" / "wfdb"
    for path in sorted(root.rglob("*.hea")):
        outcome = _outcome(path, root)
        expected = REFUSED.get(path.name, "^$")
        assert re.search(expected, outcome), f"{path.name}: {outcome or 'was read'}"


@pytest.mark.parametrize(
    "name",
    ["100", "100skew", "100_3chan", "03700181", "310derive", "310derive_2", "310derive_3", "311derive", "311derive_2",
     "311derive_4", "a103l", "binformats", "flacformats", "mixedsignals", "p10143", "s0010_re", "test01_00s",
     "test01_00s_skew", "v102s", "test_generator_2"],
)  # fmt: skip
def test_every_storage_format_is_decoded_as_the_wfdb_package_decodes_it(shared_data: Path, name: str) -> None:
    path = shared_data / "formats" / "wfdb" / f"{name}.hea"
    record = read(path)
    theirs = wfdb.rdrecord(str(path.with_suffix("")), smooth_frames=False, physical=True)
    rows = {canonical_leads((lead,))[0]: index for index, lead in enumerate(theirs.sig_name)}
    for lead, row in zip(record.leads, record.signal, strict=True):
        index = rows[lead]
        expected = theirs.e_p_signal[index] * IN_MV[theirs.units[index]]
        np.testing.assert_allclose(row, expected, rtol=1e-6, atol=1e-7, equal_nan=True)
        assert record.rate == theirs.fs * theirs.samps_per_frame[index]


def test_a_multi_segment_record_is_joined_as_the_wfdb_package_joins_it(shared_data: Path) -> None:
    path = shared_data / "formats" / "wfdb" / "multi-segment" / "fixed1" / "v102s.hea"
    record = read(path)
    theirs = wfdb.rdrecord(str(path.with_suffix("")))
    assert record.leads == ("II", "V")
    for lead, row in zip(record.leads, record.signal, strict=True):
        np.testing.assert_allclose(row, theirs.p_signal[:, theirs.sig_name.index(lead)], rtol=1e-6, equal_nan=True)


def test_the_dicom_files_are_read_as_pydicom_decodes_them(shared_data: Path) -> None:
    paths = sorted((shared_data / "formats" / "dicom").glob("*.dcm"))
    assert len(paths) == 4
    for path in paths:
        record = read(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = pydicom.dcmread(path).waveform_array(0).T / 1000  # all state microvolt
        assert record.leads == STANDARD_12
        np.testing.assert_allclose(record.signal, expected, rtol=1e-6, atol=1e-9)
        assert record.lead("III") == pytest.approx(record.lead("II") - record.lead("I"), abs=0.011)


def test_a_whole_data_set_is_sorted_without_leaving_a_file_over(shared_data: Path) -> None:
    root = shared_data / "ludb"
    sources = [PathSource(path, root) for path in sorted(root.rglob("*")) if path.is_file()]
    found = plan(sources)
    assert len(found.records) == 150 and found.unknown == ()
    assert [source.name for source in found.label_tables] == ["ludb.csv"]
    assert len(found.companions) == len(sources) - 151
