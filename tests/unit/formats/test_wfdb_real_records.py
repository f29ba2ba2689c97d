"""Every real WFDB record: what its header says by eye, what the wfdb package decodes, or why it must be refused."""

import re
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import wfdb

from einthoven.errors import EinthovenError
from einthoven.formats import PathSource, detect, read_all
from einthoven.leads import STANDARD_12, canonical_leads
from einthoven.record import EcgRecord

IN_MV = {"mV": 1.0, "uV": 1e-3, "\u00b5V": 1e-3, "V": 1e3, "NU": 1.0}

# Leads, rate in Hz, samples, lowest and highest mV, missing samples: leads, rate and samples copied from the headers
# by eye, amplitudes from what the wfdb package gives, rounded.
Facts = tuple[str, float, int, float, float, int]
READ: dict[str, tuple[Facts, ...]] = {
    "03700181": (("MCL1", 500, 300000, -0.48, 0.259, 0),),
    "100": (("MLII V5", 360, 650000, -2.715, 1.435, 0),),
    "100-no-len": (("MLII V5", 360, 650000, -2.715, 1.435, 0),),
    "100_3chan": (("I II III", 360, 999, -0.645, 0.96, 0),),
    "100skew": (("MLII V5", 360, 650000, -2.715, 1.435, 3),),
    "3000003_0003": (("II V", 125, 1028, -2.083, 0.792, 0),),
    "310derive": (("col_0 col_1", 250, 1026, -0.25, 0.105, 0),),
    "310derive_2": (("col_1", 360, 1020, -0.05, 0.105, 0),),
    "310derive_3": (("ch1", 360, 1018, -0.05, 0.105, 0),),
    "311derive": (("col_0", 250, 1026, -0.25, 0.095, 0),),
    "311derive_2": (("col_1", 360, 1020, -0.05, 0.105, 0),),
    "311derive_3": (("ch1", 360, 1019, -0.05, 0.105, 0),),
    "311derive_4": (("ch1", 360, 1018, -0.05, 0.105, 0),),
    "a103l": (("II V", 250, 82500, -1.289, 2.181, 0),),
    "a103l-no-len": (("II V", 250, 82500, -1.289, 2.181, 0),),
    "binformats": ((" ".join(f"sig_{k},_fmt_{f}" for k, f in enumerate((8, 16, 61, 80, 160, 212, 310, 311, 24, 32))),
                    200, 499, -2147483638 / 200, 10653216.0, 0),),
    "flac_3_constant": (("col_0 col_1 col_2", 250, 5600000, 25 / 200, 75 / 200, 0),),
    "flacformats": (("sig_0,_fmt_508 sig_1,_fmt_516 sig_2,_fmt_524", 200, 499, -41943.023, 41628.055, 0),),
    "mixedsignals": (("II III V", 4 * 62.4725, 4 * 14400, -1.48, 1.5, 3072),),
    "p10143": (("FECG", 500, 450000, -20863 / 200, 87.65, 0),),
    "s0010_re": (("I II III aVR aVL aVF V1 V2 V3 V4 V5 V6 Vx Vy Vz", 1000, 38400, -0.955, 1.811, 0),),
    "test01_00s": (("ECG_1 ECG_2 ECG_3 ECG_4", 500, 4000, -1.11, 5.27, 0),),
    "test01_00s_frame": (("ECG_1 ECG_3", 500, 4000, -0.9, 2.93, 0), ("ECG_2", 1000, 8000, -1.11, 5.27, 0)),
    "test01_00s_skew": (("ECG_1 ECG_2 ECG_3 ECG_4", 500, 4000, -1.11, 5.27, 3),),
    "test01_00s_skewframe": (("ECG_1 ECG_3", 500, 4000, -0.9, 2.93, 3), ("ECG_2", 1000, 8000, -1.11, 5.27, 0)),
    "test_generator_2": (("squarewave ramp pulse ECG noise sine_1_Hz sine_8_Hz sine_8.5_Hz sine_50_Hz",
                          200, 120000, -0.1, 0.1, 0),),
    "v102s": (("II V", 250, 75000, -1.103, 1.103, 5),),
    "multi-segment/041s/041s": (("III I V", 500, 8000, -0.997, 1.023, 1),),
    "multi-segment/041s/041s01": (("III I V", 500, 4000, -0.844, 1.023, 0),),
    "multi-segment/041s/041s02": (("III I V", 500, 4000, -0.997, 1.023, 1),),
    "multi-segment/fixed1/v102s": (("II V", 250, 225000, -1.103, 1.103, 15),),
    "multi-segment/fixed1/v102s_1": (("II V", 250, 75000, -1.103, 1.103, 5),),
    "multi-segment/fixed1/v102s_2": (("II V", 250, 75000, -1.103, 1.103, 5),),
    "multi-segment/fixed1/v102s_3": (("II V", 250, 75000, -1.103, 1.103, 5),),
    "multi-segment/p000878/3269321_0002": (("II", 125, 1750, -0.496, 1.504, 137),),
    "multi-segment/s00001/3975656_0001": (("II V", 125, 6750, -95.0, 83.0, 0),),
    "multi-segment/s00001/3975656_0002": (("II V", 125, 125, -3.455, 2.364, 0),),
    "multi-segment/s00001/3975656_0003": (("MCL1 V", 125, 1354, -2.0, 3.448, 0),),
    "multi-segment/s00001/3975656_0004": (("MCL1 V", 125, 512, -1.938, 0.0, 0),),
    "multi-segment/s00001/3975656_0005": (("MCL1 V", 125, 906259, -3.769, 4.364, 0),),
    "multi-segment/s00001/3975656_0006": (("MCL1 V", 125, 1304941, -3.769, 4.885, 0),),
    "multi-segment/s00001/3975656_0007": (("MCL1 V", 125, 1280, -0.848, 0.136, 0),),
    "multi-segment/s00001/3975656_0008": (("MCL1 V", 125, 512, -0.455, 0.179, 0),),
    "multi-segment/s00001/3975656_0012": (("II V", 125, 4425, -0.8, 0.164, 0),),
    "multi-segment/s00001/3975656_0013": (("II V", 125, 18075, -0.8, 0.255, 0),),
    "multi-segment/s00001/3975656_0014": (("II V", 125, 7500, -2.273, 1.0, 0),),
    "multi-segment/s00001/3975656_0015": (("II V", 125, 37500, -1.782, 0.818, 0),),
    "multi-segment/s00001/3975656_0016": (("II V", 125, 22500, -1.073, 0.873, 13),),
}  # fmt: skip

_NO_DATA = r"The file {}\.dat, which the header names, is not there"
_LAYOUT = "it is the layout of a multi-segment record.* Open the record that names it"
REFUSED = {
    **{name: _NO_DATA.format(name) for name in ("1003", "12726", "n16", "n8_evoked_raw_95_F1_R9", "wave_4")},
    **{f"multi-segment/s00001/3975656_{k:04}": _NO_DATA.format(f"3975656_{k:04}") for k in (9, 10, 11)},
    "multi-segment/p000878/3269321_0001": r"None of its signals is an ECG: PLETH \(NU\)",
    "multi-segment/p000878/3269321_layout": _LAYOUT,
    "multi-segment/p000878/p000878-2137-10-26-16-57": r"3269321_0003\.hea, which the header names, is not there",
    "multi-segment/s00001/3248903_layout": _LAYOUT,
    "multi-segment/s00001/3975656_layout": _LAYOUT,
    "multi-segment/s00001/s00001-2896-10-09-01-56": "None of its segments holds an ECG",
    "multi-segment/s00001/s00001-2896-10-09-01-56n": r"None of its signals is an ECG: HR \(bpm\)",
    "multi-segment/s00001/s00001-2896-10-10-00-31": _NO_DATA.format("3975656_0009"),
    "multi-segment/s00001/s00001-2896-10-10-00-31n": r"None of its signals is an ECG: HR \(bpm\)",
}


@pytest.fixture(scope="module")
def root(shared_data: Path) -> Path:
    return shared_data / "formats" / "wfdb"


def _read(path: Path) -> list[EcgRecord]:
    return list(read_all(PathSource(path)))


def _of_package(path: Path) -> dict[str, npt.NDArray[np.float64]]:
    """mV by signal name as the wfdb package decodes them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        record = wfdb.rdrecord(str(path.with_suffix("")), smooth_frames=False)
    signals = record.e_p_signal if record.e_p_signal is not None else list(record.p_signal.T)
    return {
        lead: row * IN_MV[unit]
        for lead, row, unit in zip(canonical_leads(record.sig_name), signals, record.units, strict=True)
        if unit in IN_MV
    }


def test_no_header_is_left_out_of_the_tables(root: Path) -> None:
    names = {path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.hea")}
    assert names == READ.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", READ)
def test_a_record_has_the_leads_rate_duration_and_amplitude_that_its_header_states(root: Path, name: str) -> None:
    records = _read(root / f"{name}.hea")
    assert len(records) == len(READ[name])
    for index, (record, (leads, rate, n_samples, lowest, highest, missing)) in enumerate(
        zip(records, READ[name], strict=True)
    ):
        assert record.leads == tuple(lead.replace("_", " ") if "ECG_" not in lead or name == "test01_00s" else lead
                                     for lead in leads.split())  # fmt: skip
        assert (record.rate, record.n_samples, record.source.index) == (pytest.approx(rate), n_samples, index)
        assert np.nanmin(record.signal) == pytest.approx(lowest, rel=1e-6, abs=6e-4)
        assert np.nanmax(record.signal) == pytest.approx(highest, rel=1e-6, abs=6e-4)
        assert int(np.isnan(record.signal).sum()) == missing
        assert not any("checksum" in doubt or "samples more" in doubt for doubt in record.source.doubts)


# The package joins segments at the rate of frames only.
@pytest.mark.parametrize("name", [name for name in READ if name != "multi-segment/041s/041s"])
def test_each_sample_is_that_of_the_wfdb_package(root: Path, name: str) -> None:
    path = root / f"{name}.hea"
    theirs = _of_package(path)
    for record in _read(path):
        for lead, row in zip(record.leads, record.signal, strict=True):
            np.testing.assert_allclose(row, theirs[lead], rtol=1e-6, atol=1e-7, equal_nan=True)


def test_segments_with_several_samples_per_frame_follow_one_another(root: Path) -> None:
    folder = root / "multi-segment" / "041s"
    (joined,) = _read(folder / "041s.hea")
    first, second = (_of_package(folder / f"041s0{k}.hea") for k in (1, 2))
    for lead, row in zip(joined.leads, joined.signal, strict=True):
        np.testing.assert_allclose(row, np.hstack([first[lead], second[lead]]), rtol=1e-6, atol=1e-7, equal_nan=True)
    assert joined.source.gain == (2000.0,) * 3


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_with_its_reason(root: Path, name: str) -> None:
    with pytest.raises(EinthovenError, match=REFUSED[name]) as caught:
        _read(root / f"{name}.hea")
    assert Path(name).name in str(caught.value)


def test_an_edf_behind_a_wfdb_header_gives_what_the_converted_record_gives(root: Path, tmp_path: Path) -> None:
    # test_generator_2.dat was converted from the EDF beside it; 12 signals make an EDF header of 13 * 256 bytes.
    text = (root / "test_generator_2.hea").read_text("latin-1")
    text = re.sub(r"^test_generator_2\.dat (16x\d+)", r"edf.edf \1+3328", text, flags=re.MULTILINE)
    (tmp_path / "edf.hea").write_text(text.replace("test_generator_2 12", "edf 12"), "latin-1")
    (tmp_path / "edf.edf").write_bytes((root / "test_generator_2.edf").read_bytes())
    (direct,), (converted,) = _read(tmp_path / "edf.hea"), _read(root / "test_generator_2.hea")
    np.testing.assert_array_equal(direct.signal, converted.signal)
    assert direct.leads == converted.leads and direct.rate == 200.0


def _databases(shared_data: Path) -> list[Path]:
    folders = ("ptbxl_raw", "cinc2021", "code15", "ludb")
    return [path for folder in folders for path in sorted((shared_data / folder).rglob("*.hea"))]


def _plain_decode(path: Path) -> tuple[list[str], float, npt.NDArray[np.float64]]:
    """Names, rate and mV of a format 16 record by splitting its lines: nothing here is shared with the reader."""
    lines = [line.split() for line in path.read_text("latin-1").splitlines() if line and line[0] != "#"]
    n_leads, rate, n_samples = int(lines[0][1]), float(lines[0][2]), int(lines[0][3])
    offset = int(lines[1][1].partition("+")[2] or 0)
    data = np.fromfile(path.parent / lines[1][0], dtype="<i2", offset=offset, count=n_leads * n_samples)
    rows = data.reshape(n_samples, n_leads).T.astype(np.float64)
    rows[rows == -32768] = np.nan
    for row, line in zip(rows, lines[1:], strict=True):
        gain, _, unit = line[2].partition("/")
        count, _, baseline = gain.rstrip(")").partition("(")
        row -= float(baseline or line[4])
        row *= {"mV": 1.0, "mv": 1.0, "uV": 1e-3}[unit or "mV"] / float(count)
    return [line[-1] for line in lines[1:]], rate, rows


def test_every_record_of_the_databases_equals_a_decode_of_a_few_lines_and_blanks_to_the_same(shared_data: Path) -> None:
    paths = _databases(shared_data)
    assert len(paths) == 597
    for path in paths:
        (record,) = _read(path)
        names, rate, expected = _plain_decode(path)
        assert record.leads == STANDARD_12 == canonical_leads(names), path
        assert record.rate == rate and record.n_samples == expected.shape[1]
        np.testing.assert_allclose(record.signal, expected, rtol=1e-6, atol=1e-7, equal_nan=True, err_msg=path.name)
        assert not any("free text" in doubt for doubt in record.source.doubts), path


def test_blanked_records_of_the_databases_decode_to_the_same_and_say_the_same(shared_data: Path) -> None:
    from einthoven.formats import MemorySource

    for path in _databases(shared_data)[::9]:
        source = PathSource(path)
        blanked = detect(source).blank(source)
        assert blanked is not None
        text = blanked["record.hea"].decode()
        assert not re.search(rf"^{path.stem}\b", text, re.MULTILINE)
        assert "Patient" not in text and "Image" not in text
        (before,), (after,) = _read(path), read_all(MemorySource("record.hea", blanked))
        np.testing.assert_array_equal(before.signal, after.signal)
        assert before.annotations == after.annotations
        assert (before.subject.age, before.subject.sex) == (after.subject.age, after.subject.sex)
        # Which headers are known to be wrong is told by the record's name, which blanking takes away.
        doubts = tuple(doubt for doubt in before.source.doubts if "known to state a wrong gain" not in doubt)
        assert doubts == after.source.doubts and before.source.recorded == after.source.recorded
