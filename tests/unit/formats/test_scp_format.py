"""SCP-ECG: every way of storing samples, the real example against its aECG twin, and what is left of a patient."""

import re
import struct
from pathlib import Path

import numpy as np
import pytest

from contracts.ecg_files import EIGHT, Case, Written
from contracts.writers_binary import (
    IDENTITY,
    PATIENT,
    VARIANTS_BINARY,
    WRITERS_BINARY,
    crc_ccitt,
    differences,
    scp_block,
    scp_default_bits,
    scp_leads,
    scp_patient,
    scp_plain,
    scp_record,
    scp_tag,
    scp_with_beat,
    steps,
    write_scp,
)
from einthoven.errors import EinthovenError, FormatError, HintsNeeded
from einthoven.formats import FORMATS, MemorySource, PathSource, read_all
from einthoven.formats.passport import pseudonym
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, ReadHints

CASE = Case(500.0, "mV", STANDARD_12, 700)
DEFAULT_TABLE = struct.pack("<H", 19999)


def records(data: bytes, hints: ReadHints | None = None) -> list[EcgRecord]:
    return list(read_all(MemorySource("ecg.scp", {"ecg.scp": data}), hints))


def plain(case: Case, bodies: dict[int, bytes] | None = None) -> bytes:
    leads = [scp_plain(row) for row in steps(case, 1000)]
    sections = {3: scp_leads(case.leads, case.n_samples), 6: scp_block(leads, round(1e6 / case.rate), 0)}
    return scp_record(sections | (bodies or {}))


@pytest.mark.parametrize("name", sorted(name for name in VARIANTS_BINARY if name.startswith("scp")))
def test_each_way_of_storing_gives_the_same_samples(name: str) -> None:
    written = VARIANTS_BINARY[name](CASE)
    (record,) = records(written.files["ecg.scp"])
    np.testing.assert_allclose(record.signal, steps(CASE, 1000) / 1000, rtol=2e-7)
    assert (record.leads, record.rate, record.source.unit) == (STANDARD_12, 500.0, "nV")


@pytest.mark.parametrize("name", ["scp", *sorted(name for name in VARIANTS_BINARY if name.startswith("scp"))])
def test_the_parser_of_ecgdatakit_reads_the_same(name: str, tmp_path: Path) -> None:
    from ecgdatakit.parsing.parsers.scp_ecg import SCPECGParser

    written = {**WRITERS_BINARY, **VARIANTS_BINARY}[name](CASE)
    path = tmp_path / "ecg.scp"
    path.write_bytes(written.files["ecg.scp"])
    (record,) = records(written.files["ecg.scp"])
    for lead in SCPECGParser().parse(path).leads:
        np.testing.assert_allclose(record.lead(lead.label), lead.samples * lead.resolution / 1000, atol=1e-6)


def test_a_rate_that_is_no_whole_number_stays_exact_where_ecgdatakit_rounds_it(tmp_path: Path) -> None:
    from ecgdatakit.parsing.parsers.scp_ecg import SCPECGParser

    data = scp_record({3: scp_leads(("II",), 100), 6: scp_block([scp_plain(np.arange(100))], 3999, 0)})
    (tmp_path / "ecg.scp").write_bytes(data)
    assert records(data)[0].rate == pytest.approx(1e6 / 3999, rel=1e-12)
    assert SCPECGParser().parse(tmp_path / "ecg.scp").leads[0].sampling_rate == 250


def test_subtracted_reference_beats_are_added_back_and_the_beat_is_a_record_of_its_own(tmp_path: Path) -> None:
    from ecgdatakit.parsing.parsers.scp_ecg import SCPECGParser

    case = Case(500.0, "mV", EIGHT, 1500)
    data, beat = scp_with_beat(case)
    rhythm, median = records(data)
    np.testing.assert_allclose(rhythm.signal, steps(case, 1000) / 1000, rtol=2e-7)
    np.testing.assert_allclose(median.signal, beat / 1000, rtol=2e-7)
    assert rhythm.source.changed == ("reference beat added back at 3 beats, as the format states",)
    assert [note.text for note in median.annotations] == ["median beat"]
    assert (rhythm.source.index, median.source.index) == (0, 1) and median.source.changed == ()
    (tmp_path / "ecg.scp").write_bytes(data)
    for lead in SCPECGParser().parse(tmp_path / "ecg.scp").leads:
        np.testing.assert_allclose(rhythm.lead(lead.label), lead.samples * lead.resolution / 1000, atol=1e-6)


def test_bimodal_compression_without_decimation_is_read() -> None:
    case = Case(500.0, "mV", ("I", "II"), 1500)
    rhythm, _ = records(scp_with_beat(case, bimodal=1)[0])
    np.testing.assert_allclose(rhythm.signal, steps(case, 1000) / 1000, rtol=2e-7)


def test_bimodal_compression_that_left_out_samples_is_refused() -> None:
    leads, few = scp_leads(("I",), 400), np.arange(100)
    beat = scp_block([scp_default_bits(np.arange(50))], 2000, 0)
    bodies = {
        2: DEFAULT_TABLE, 3: leads, 4: struct.pack("<3H", 100, 25, 0), 5: beat,
        6: scp_block([scp_default_bits(few)], 8000, 0, bimodal=1),
    }  # fmt: skip
    with pytest.raises(FormatError, match="bimodal compression: between the QRS complexes most samples were left out"):
        records(scp_record(bodies))


def test_leads_recorded_one_after_another_lie_on_one_clock_with_missing_samples() -> None:
    section_3 = bytes([2, 0]) + struct.pack("<IIB", 1, 60, 1) + struct.pack("<IIB", 61, 100, 2)
    data = scp_record({3: section_3, 6: scp_block([scp_plain(np.arange(60)), scp_plain(np.arange(40) - 9)], 2000, 0)})
    (record,) = records(data)
    np.testing.assert_allclose(record.lead("I"), [*(np.arange(60) / 1000), *[np.nan] * 40], rtol=1e-6)
    np.testing.assert_allclose(record.lead("II"), [*[np.nan] * 60, *((np.arange(40) - 9) / 1000)], rtol=1e-6)


@pytest.mark.parametrize(("unit", "years"), [(1, 44), (2, 44 / 12), (3, 44 * 7 / 365.25), (4, 44 / 365.25)])
def test_age_is_read_in_its_unit(unit: int, years: float) -> None:
    data = plain(CASE, {1: scp_tag(4, struct.pack("<HB", 44, unit)) + scp_tag(255, b"")})
    assert records(data)[0].subject.age == pytest.approx(years)


def test_patient_device_and_filters_are_read_and_the_birth_date_only_when_no_age_is_stated() -> None:
    record = records(plain(CASE, {1: scp_patient()}))[0]
    assert (record.subject.age, record.subject.sex, record.subject.id) == (44, "F", pseudonym(PATIENT))
    assert (record.source.device, record.source.band) == ("Maker MODL5", (0.05, 150.0))
    assert record.source.recorded == "2004-02-29T23:59:01"
    born = plain(
        CASE, {1: scp_tag(5, struct.pack("<HBB", 1959, 7, 23)) + scp_tag(25, struct.pack("<HBB", 2004, 2, 29))}
    )
    assert records(born)[0].subject.age == 44.6


def test_statements_are_kept_as_codes_or_as_words_of_ecg_interpretation() -> None:
    def section(status: int, texts: list[bytes]) -> bytes:
        entries = b"".join(struct.pack("<BH", k, len(text)) + text for k, text in enumerate(texts, 1))
        return bytes([status]) + struct.pack("<HBB", 2004, 2, 29) + bytes(3) + bytes([len(texts)]) + entries

    eleven = section(0, [b"\1SR\0", b"\3typed by Erika Muster\0"])
    eight = section(0, [b"Sinus rhythm\0", b"seen by Dr Quack\0"])
    record = records(plain(CASE, {8: eight, 11: eleven}))[0]
    assert [(note.text, note.code, note.system) for note in record.annotations] == [
        ("Sinus rhythm", None, None),
        ("SR", "SR", "EN 1064 annex B"),
    ]
    assert any(doubt.startswith("2 statements left out") for doubt in record.source.doubts)
    confirmed = records(plain(CASE, {8: section(1, [b"Sinus rhythm\0"])}))[0]
    assert confirmed.annotations == ()


def test_a_lead_without_a_name_needs_the_hint() -> None:
    section_3 = bytes([1, 0]) + struct.pack("<IIB", 1, 100, 0)
    data = scp_record({3: section_3, 6: scp_block([scp_plain(np.arange(100))], 2000, 0)})
    with pytest.raises(HintsNeeded) as caught:
        records(data)
    assert caught.value.missing == ("leads",)
    assert records(data, ReadHints(leads=("V2",)))[0].leads == ("V2",)


def test_a_flipped_bit_in_the_samples_is_refused_and_one_in_the_header_is_said() -> None:
    data = bytearray(write_scp(CASE).files["ecg.scp"])
    data[-9] ^= 4
    with pytest.raises(FormatError, match="section 6 is damaged"):
        records(bytes(data))
    data[-9] ^= 4
    at = data.index(b"MODL5")
    data[at] ^= 1
    (record,) = records(bytes(data))
    assert "section 1 (patient, device, filters) is damaged and was not read" in record.source.doubts
    assert record.subject.age is None and record.source.device is None


def test_checksums_that_a_device_did_not_compute_are_said_when_the_whole_record_has_one() -> None:
    data = bytearray(write_scp(CASE).files["ecg.scp"])
    data[0:2] = b"\0\0"
    assert any("checksum of the record is wrong" in doubt for doubt in records(bytes(data))[0].source.doubts)


def test_electrodes_on_the_trunk_are_said() -> None:
    for code, said in ((1, False), (2, True), (5, True)):
        record = records(plain(CASE, {1: scp_tag(33, bytes([code, 0])) + scp_tag(255, b"")}))[0]
        assert any("leads differ from the standard ones" in doubt for doubt in record.source.doubts) == said


def test_a_pointer_that_counts_filling_bytes_is_followed_and_one_that_is_too_short_is_refused() -> None:
    data = bytearray(plain(CASE))
    at = 22 + 10 * 6  # the pointer to section 6, which stands last
    number, length, index = struct.unpack_from("<HII", data, at)
    assert number == 6 and index - 1 + length == len(data)
    struct.pack_into("<I", data, at + 2, length + 4)
    struct.pack_into("<I", data, 2, len(data) + 4)
    data += IDENTITY[0][:4].encode()
    struct.pack_into("<H", data, 6, crc_ccitt(bytes(data[8:142])))
    struct.pack_into("<H", data, 0, crc_ccitt(bytes(data[2:])))
    (record,) = records(bytes(data))
    assert record.source.doubts == ("4 bytes between sections belong to none by the lengths in their headers",)
    blanked = FORMATS.get("scp").blank(MemorySource("ecg.scp", {"ecg.scp": bytes(data)}))
    assert blanked is not None and blanked["ecg.scp"].endswith(b"\0\0\0\0")
    assert records(blanked["ecg.scp"])[0].source.doubts == record.source.doubts
    struct.pack_into("<I", data, at + 2, length - 2)
    with pytest.raises(FormatError, match=f"of {length - 2} bytes; there stands section 6 of {length} bytes"):
        records(bytes(data))


def test_codes_that_begin_with_one_another_are_refused() -> None:
    table = struct.pack("<HH", 1, 2) + struct.pack("<BBBhI", 1, 1, 1, 0, 1) + struct.pack("<BBBhI", 2, 2, 1, 1, 1)
    bodies = {2: table, 3: scp_leads(("I",), 8), 6: scp_block([b"\0\0"], 2000, 0)}
    with pytest.raises(FormatError, match="begin with one another"):
        records(scp_record(bodies))


@pytest.mark.parametrize(
    ("bodies", "message"),
    [
        ({3: scp_leads(("I",), 4_000_000_000)}, "up to 4194304 are read"),
        ({3: bytes([2, 0]) + struct.pack("<IIBIIB", 1, 9, 1, 3_000_000_000, 3_000_000_008, 2)}, "sample times"),
        ({3: bytes([9, 0]) + struct.pack("<IIB", 1, 9, 1)}, "states 9 leads and describes"),
        ({2: struct.pack("<HH", 1, 60000)}, "states 60000 codes"),
        ({6: scp_block([b"\0" * 8], 0, 0)}, "0 us between samples"),
        ({6: struct.pack("<HHBBH", 1, 2000, 0, 0, 65535)}, "states 65535 bytes"),
        ({2: DEFAULT_TABLE, 3: scp_leads(("I",), 64), 6: scp_block([b"\xff" * 8], 2000, 0)}, "no code|ends after"),
        ({3: scp_leads(("I",), 60, subtracted=True)}, "section 4"),
    ],
)  # fmt: skip
def test_statements_that_cannot_be_are_refused_with_the_number(bodies: dict[int, bytes], message: str) -> None:
    sections = {3: scp_leads(("I",), 60), 6: scp_block([scp_plain(np.arange(60))], 2000, 0)} | bodies
    with pytest.raises(EinthovenError, match=message):
        records(scp_record(sections))


@pytest.mark.parametrize(("codec", "language"), [("latin-1", 0), ("utf-8", 0x37), ("utf-16-le", 0x07)])
def test_nothing_of_the_patient_is_left_in_a_blanked_record(codec: str, language: int) -> None:
    statement = "Sinus rhythm, " + IDENTITY[0]
    eight = bytes([0]) + bytes(7) + bytes([1]) + struct.pack("<BH", 1, len(statement)) + statement.encode()
    vendor = ("vendor " + " ".join(IDENTITY)).encode(codec)
    data = plain(CASE, {1: scp_patient(codec=codec, language=language), 8: eight, 9: vendor, 200: vendor})
    data += " ".join(IDENTITY).encode(codec)
    assert records(data)[0].subject.id == pseudonym(PATIENT)
    source = MemorySource("ecg.scp", {"ecg.scp": data})
    blanked = FORMATS.get("scp").blank(source)
    assert blanked is not None
    for identity in IDENTITY:
        assert identity.encode(codec) in data and identity.encode(codec) not in blanked["ecg.scp"]
    assert struct.pack("<HBB", 1959, 7, 23) in data and struct.pack("<HBB", 1959, 7, 23) not in blanked["ecg.scp"]
    before, after = records(data)[0], records(blanked["ecg.scp"])[0]
    np.testing.assert_array_equal(before.signal, after.signal)
    assert (after.subject.age, after.subject.sex, after.subject.id) == (44, "F", None)
    assert not [doubt for doubt in after.source.doubts if "checksum" in doubt]


def _aecg_leads(text: str) -> list[tuple[str, np.ndarray]]:
    """Lead codes and values in mV of an aECG, by the text of its sequences."""
    found = []
    for part in text.split('code="MDC_ECG_LEAD_')[1:]:
        digits = re.search(r'<scale value="([\d.]+)" unit="uV"/>.*?<digits>([^<]*)</digits>', part, re.S)
        code = part.split('"')[0]
        if digits:
            name = {"AVR": "aVR", "AVL": "aVL", "AVF": "aVF"}.get(code, code)
            found.append((name, np.array(digits[2].split(), float) * float(digits[1]) / 1000))
    return found


def test_the_example_of_the_ecg_toolkit_is_the_ecg_of_the_aecg_example(shared_data: Path) -> None:
    """Two formats, two writers: the standard's Huffman code and second differences against decimal digits in XML."""
    rhythm, median = read_all(PathSource(shared_data / "formats/scp/Example.scp"))
    assert rhythm.leads == (*EIGHT, "III", "aVR", "aVL", "aVF")
    assert (rhythm.rate, rhythm.n_samples, rhythm.duration, median.n_samples) == (500.0, 5000, 10.0, 599)
    assert (rhythm.subject.age, rhythm.subject.sex, rhythm.source.doubts) == (49.5, "M", ())
    assert rhythm.source.recorded == "2002-11-22T09:10:00"
    twins = _aecg_leads((shared_data / "formats/aecg/Example.xml").read_text())
    assert len(twins) == 24
    for name, values in twins:
        record = rhythm if len(values) == 5000 else median
        np.testing.assert_allclose(record.lead(name), values, atol=1e-6)


def test_the_example_is_blanked(shared_data: Path) -> None:
    source = PathSource(shared_data / "formats/scp/Example.scp")
    blanked = FORMATS.get("scp").blank(source)
    assert blanked is not None and b"Clark" in source.read()
    assert b"Clark" not in blanked["Example.scp"] and b"SBJ-123" not in blanked["Example.scp"]
    for before, after in zip(read_all(source), records(blanked["Example.scp"]), strict=True):
        np.testing.assert_array_equal(before.signal, after.signal)


def test_second_differences_of_one_and_two_samples() -> None:
    for count in (1, 2, 3):
        samples = np.array([5, -3, 40])[:count]
        data = scp_record({3: scp_leads(("I",), count), 6: scp_block([scp_plain(differences(samples, 2))], 2000, 2)})
        np.testing.assert_allclose(records(data)[0].signal[0], samples / 1000, rtol=1e-6)


def test_the_writer_can_fail() -> None:
    written: Written = write_scp(CASE)
    other = Case(500.0, "mV", tuple(reversed(STANDARD_12)), 700)
    assert not np.allclose(records(written.files["ecg.scp"])[0].signal, other.truth, atol=written.tolerance)
