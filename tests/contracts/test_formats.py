"""What every file format keeps, driven by the registry: a format without a writer here fails."""

import hashlib
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.ecg_files import Case, Written
from contracts.every_format import WRITERS
from einthoven.errors import EinthovenError, FormatError, HintsNeeded
from einthoven.formats import FORMATS, MemorySource, detect, plan, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, ReadHints

NAMES = FORMATS.names()
RECOGNISED = tuple(name for name in NAMES if name != "raw")
"""All but bare samples, which have nothing to be recognised by: the hint `stored` says that they are some."""
SMALL = Case(250.0, "mV", STANDARD_12, 300)


def _read(written: Written, hints: ReadHints | None = None) -> EcgRecord:
    records = list(read_all(MemorySource(written.name, written.files), hints or written.hints))
    assert len(records) == 1
    return records[0]


def _source(written: Written) -> MemorySource:
    return MemorySource(written.name, written.files)


def test_every_format_has_a_writer_of_known_truth() -> None:
    assert set(WRITERS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_describes_itself(name: str) -> None:
    entry = FORMATS.get(name)
    assert entry.name == name and entry.title and entry.states.endswith(".") and "States" in entry.states
    assert entry.extensions and all(extension.startswith(".") for extension in entry.extensions)
    assert FORMATS.missing(entry) == ()


@pytest.mark.parametrize("name", NAMES)
def test_the_passport_says_what_was_read_and_what_was_assumed(name: str) -> None:
    written = WRITERS[name](SMALL)
    source = _read(written).source
    assert (source.name, source.format, source.index) == (written.name, name, 0)
    assert source.sha256 == hashlib.sha256(b"".join(written.files.values())).hexdigest()
    assert any(char.isdigit() for char in source.reader), "the reader is named with its version"
    hinted = {"rate": "250 Hz", "unit": "mV", "leads": "leads I II"}
    stated = {"rate": source.rate, "unit": source.unit, "leads": source.leads}
    for what, text in hinted.items():
        assumed = any(text in line for line in source.assumed)
        assert assumed != (stated[what] is not None), f"{what} is either stated or assumed"


@pytest.mark.parametrize("name", RECOGNISED)
def test_what_is_not_stated_is_asked_for_all_at_once_and_never_guessed(name: str) -> None:
    written = WRITERS[name](SMALL)
    needed = {key for key in ("unit", "rate", "leads") if getattr(written.hints, key) is not None}
    if not needed:
        assert _read(written, ReadHints()).source.assumed == ()
        return
    with pytest.raises(HintsNeeded) as caught:
        _read(written, ReadHints())
    assert set(caught.value.missing) == needed
    assert written.name in str(caught.value) and "--assume" in str(caught.value)


@pytest.mark.parametrize("name", [name for name in NAMES if WRITERS[name](SMALL).hints.rate is None])
def test_a_hint_against_what_the_file_states_is_not_used_and_leaves_a_doubt(name: str) -> None:
    written = WRITERS[name](SMALL)
    hints = ReadHints(unit=written.hints.unit, leads=written.hints.leads, rate=123.0)
    record = _read(written, hints)
    assert record.rate == 250.0
    assert "file states 250 Hz; the hint 123 was not used" in record.source.doubts


@pytest.mark.parametrize("suffix", [".bin", ".csv", ".jpg", ""])
@pytest.mark.parametrize("name", RECOGNISED)
def test_the_content_tells_the_format_whatever_the_suffix(name: str, suffix: str) -> None:
    written = WRITERS[name](SMALL)
    renamed = {f"misnamed{suffix}": written.files[written.name]}
    assert detect(MemorySource(f"misnamed{suffix}", renamed)).name == name


@pytest.mark.parametrize("name", RECOGNISED)
def test_exactly_one_format_claims_a_file(name: str) -> None:
    written = WRITERS[name](SMALL)
    assert [entry.name for entry in FORMATS if entry.claims(_source(written))] == [name]


@pytest.mark.parametrize("name", RECOGNISED)
def test_companions_are_the_other_files_and_the_plan_puts_them_aside(name: str) -> None:
    written = WRITERS[name](SMALL)
    assert FORMATS.get(name).companions(_source(written)) == tuple(written.files)[1:]
    sorted_files = plan([MemorySource(file, written.files) for file in written.files])
    assert [source.name for source in sorted_files.records] == [written.name]
    assert [source.name for source in sorted_files.companions] == list(written.files)[1:]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_cut_anywhere_is_refused_by_name_or_read_without_inventing_samples(name: str) -> None:
    written = WRITERS[name](SMALL)
    whole = _read(written).signal
    last = list(written.files)[-1]
    for part in (0.0, 0.02, 0.3, 0.7, 0.99):
        data = written.files[last][: int(len(written.files[last]) * part)]
        try:
            record = next(read_all(MemorySource(written.name, {**written.files, last: data}), written.hints))
        except EinthovenError as error:
            assert written.name in str(error)
        else:
            n = record.n_samples
            assert n < whole.shape[1], "only a text table can lose its end unseen"
            np.testing.assert_array_equal(record.signal[:, : n - 1], whole[:, : n - 1])


@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_our_errors_gets_out_of_damaged_files(name: str) -> None:
    written = WRITERS[name](Case(250.0, "mV", ("I", "II"), 40))

    @given(st.integers(0, 2**32), st.integers(0, len(written.files) - 1), st.floats(0, 1), st.integers(0, 12))
    @settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def damage(seed: int, which: int, kept: float, flips: int) -> None:
        generator = random.Random(seed)
        file = list(written.files)[which]
        data = bytearray(written.files[file])
        if seed % 2:
            data = data[: int(kept * len(data))]
        for _ in range(flips if data else 0):
            # Most structure stands in the first bytes: half of the flips go there.
            position = generator.randrange(min(len(data), 200) if generator.random() < 0.5 else len(data))
            data[position] = generator.randrange(256)
        files = {**written.files, file: bytes(data)}
        try:
            records = list(read_all(MemorySource(written.name, files), written.hints))
        except EinthovenError as error:
            assert written.name in str(error)
        else:
            assert all(isinstance(record, EcgRecord) for record in records)

    damage()


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_claiming_never_raises_and_random_bytes_are_refused_by_name(data: bytes) -> None:
    source = MemorySource("noise.bin", {"noise.bin": data})
    for entry in FORMATS:
        assert entry.claims(source) in (True, False)
    try:
        detect(source)
    except FormatError as error:
        assert "noise.bin" in str(error)


def test_bare_samples_are_read_only_when_the_user_says_so() -> None:
    written = WRITERS["raw"](SMALL)
    source = _source(written)
    assert not any(entry.claims(source) for entry in FORMATS)
    with pytest.raises(FormatError, match="stored"):
        list(read_all(source))
    assert detect(source, written.hints).name == "raw"
