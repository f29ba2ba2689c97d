"""What was done to the signal comes back from every file that can hold it; of a file's words only known ones."""

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from einthoven.beats.alignment import rlign_median_beat, time_aligned
from einthoven.beats.median_beat import median_beat_record
from einthoven.beats.types import BeatKind, Beats
from einthoven.errors import FormatError, HintsNeeded, RecordError
from einthoven.formats import FORMATS, read, read_all
from einthoven.formats.source import MemorySource
from einthoven.record import AVERAGE_BEAT, MEDIAN_BEAT, EcgRecord
from einthoven.signal.resampling import resample
from einthoven.steps import TIME_ALIGNED, is_time_aligned, kept_steps, restored, stated_steps
from einthoven.writers import WRITERS
from known_beats import beating, known_beats

needs_rlign = pytest.mark.skipif(importlib.util.find_spec("rlign") is None, reason="rlign is not installed")
HOLD_STEPS = ("csv", "npz", "parquet", "wfdb")
LINE = f"{TIME_ALIGNED} to 60 beats a minute (hrc), 9 of 10 intervals used; not for measuring"


def beats_of(record: EcgRecord) -> Beats:
    beats = known_beats(record)
    assert isinstance(beats, Beats)
    return beats


def aligned(**changes: str) -> EcgRecord:
    return replace(beating(), steps=(LINE,), **changes)


def again(record: EcgRecord, writer: str) -> tuple[MemorySource, EcgRecord]:
    written = WRITERS.require(writer).write(record, "out")
    source = MemorySource(written.name, written.files)
    (found,) = read_all(source)
    return source, found


def test_the_table_says_which_formats_hold_steps() -> None:
    assert set(HOLD_STEPS) | {"dicom", "edf", "fhir"} == {entry.name for entry in WRITERS}


@needs_rlign
@pytest.mark.parametrize("writer", HOLD_STEPS)
def test_a_time_aligned_ecg_is_known_as_such_when_it_is_read_again(writer: str) -> None:
    record = beating(seconds=10.5)
    made = time_aligned(record, beats_of(record))
    assert len(made.steps) == 2, "it was cut to whole seconds first"
    _, found = again(made, writer)
    assert found.steps == made.steps and is_time_aligned(found) and not found.is_median_beat
    assert any("intervals are those of a template" in doubt for doubt in found.source.doubts), "and people see it"
    assert "was done" not in " ".join(WRITERS.get(writer).write(made, "out").said), "nothing of it is lost"


@needs_rlign
@pytest.mark.parametrize("writer", HOLD_STEPS)
def test_both_median_beats_are_known_as_such_when_they_are_read_again(writer: str) -> None:
    record = beating()
    for made in (rlign_median_beat(record, beats_of(record)), median_beat_record(record, beats_of(record))):
        _, found = again(made, writer)
        assert found.steps == made.steps and found.annotations == (MEDIAN_BEAT,)


@pytest.mark.parametrize("writer", HOLD_STEPS)
@pytest.mark.parametrize("mark", [MEDIAN_BEAT, AVERAGE_BEAT], ids=lambda mark: str(mark.text))
def test_the_beat_of_a_device_stays_one(writer: str, mark: object) -> None:
    _, found = again(replace(beating(), annotations=(mark,)), writer)  # type: ignore[arg-type]
    assert (found.annotations, found.steps) == ((mark,), ())


@pytest.mark.parametrize("writer", HOLD_STEPS)
def test_the_original_that_a_library_keeps_says_it_too(writer: str) -> None:
    source, found = again(replace(aligned(), annotations=(MEDIAN_BEAT,)), writer)
    blank = FORMATS.get(found.source.format).blank(source)
    assert blank is not None
    (kept,) = read_all(MemorySource(next(iter(blank)), blank))
    assert (kept.steps, kept.annotations) == ((LINE,), (MEDIAN_BEAT,))
    np.testing.assert_array_equal(kept.signal, found.signal)


@pytest.mark.parametrize("writer", ["dicom", "edf", "fhir"])
def test_a_format_that_cannot_say_it_refuses_a_time_aligned_ecg(writer: str) -> None:
    record = resample(beating(), 500)
    WRITERS.require(writer).write(record, "out")
    with pytest.raises(RecordError, match=r"time-aligned by Rlign.*those of a template") as refused:
        WRITERS.require(writer).write(replace(record, steps=(*record.steps, LINE)), "out")
    assert ".npz" in refused.value.advice


def test_dicom_holds_the_median_beat_of_rlign_as_a_median_beat() -> None:
    record = replace(resample(beating(), 500), annotations=(MEDIAN_BEAT,))
    _, found = again(replace(record, steps=(LINE,)), "dicom")
    assert found.is_median_beat


@pytest.mark.parametrize("writer", HOLD_STEPS)
def test_words_that_are_not_known_come_from_no_file(writer: str) -> None:
    written = WRITERS.require(writer).write(aligned(), "out")
    hostile = "checked by Jane Doe, born in 1950, who has".ljust(len(LINE), ".")
    files = {name: data.replace(LINE.encode(), hostile.encode()) for name, data in written.files.items()}
    if writer in ("npz", "parquet"):
        files = {written.name: renamed(writer, hostile)}
    source = MemorySource(written.name, files)
    (found,) = read_all(source)
    assert found.steps == () and "Doe" not in repr(found.source) + repr(found.annotations)
    assert any("something was done to the signal" in doubt for doubt in found.source.doubts)
    blank = FORMATS.get(found.source.format).blank(source)
    assert blank is not None and not any(b"Doe" in data for data in blank.values())
    (kept,) = read_all(MemorySource(next(iter(blank)), blank))
    assert kept.source.doubts == found.source.doubts


def renamed(writer: str, step: str) -> bytes:
    """An ECG whose file states the step, as another program may write it."""
    import io

    if writer == "npz":
        stream = io.BytesIO()
        np.savez(stream, signal=beating().signal, fs=300, unit="mV", leads=beating().leads, steps=step)
        return stream.getvalue()
    from pyarrow import parquet

    plain = WRITERS.require("parquet").write(beating(), "out")
    table = parquet.read_table(io.BytesIO(plain.files[plain.name]))
    stream = io.BytesIO()
    parquet.write_table(table.replace_schema_metadata({**table.schema.metadata, b"steps": step.encode()}), stream)
    return stream.getvalue()


def test_an_array_of_numbers_called_steps_says_nothing() -> None:
    import io

    stream = io.BytesIO()
    np.savez(stream, signal=beating().signal, fs=300, unit="mV", leads=beating().leads, steps=np.arange(9))
    (found,) = read_all(MemorySource("a.npz", {"a.npz": stream.getvalue()}))
    assert found.steps == () and not any("was done" in doubt for doubt in found.source.doubts)


def test_a_scale_in_such_a_line_is_still_asked_for() -> None:
    table = "I,II\n" + "\n".join(f"{k % 7},{k % 5}" for k in range(99))
    with pytest.raises(HintsNeeded, match="states a gain"):
        list(read_all(MemorySource("a.csv", {"a.csv": f"# fs: 500\n# unit: mV\n# steps: 5 uV/bit\n{table}".encode()})))


def test_a_spreadsheet_that_saves_the_csv_leaves_the_mark() -> None:
    written = WRITERS.require("csv").write(aligned(), "out")
    text = written.files[written.name].decode()
    step, table = text.split("\n", 1)
    cells = ["# steps: " + LINE.split(",")[0], LINE.split(",")[1]]
    tabs = "\n".join(line.replace(",", "\t") for line in text.split("\n"))
    quoted = ",".join(f'"{cell}"' for cell in cells) + "\n" + table
    for saved in (step + "," * 12 + "\n" + table, tabs, quoted, text.replace("\n", "\r\n")):
        (found,) = read_all(MemorySource("out.csv", {"out.csv": saved.encode()}))
        assert found.steps == (LINE,) and found.leads == aligned().leads


def test_a_damaged_line_is_still_a_time_alignment() -> None:
    for damaged in (LINE[:-9], f"{LINE} by Jane Doe", TIME_ALIGNED, f"{TIME_ALIGNED} {'9' * 5000}"):
        found = restored([damaged])
        assert found.steps == (TIME_ALIGNED,) and is_time_aligned(replace(beating(), steps=found.steps))
    assert stated_steps(replace(beating(), steps=(TIME_ALIGNED,))) == (TIME_ALIGNED,)


def test_steps_are_few_and_none_is_long() -> None:
    many = [f"cut to {n} s, whole seconds" for n in range(1000)]
    found = restored([*many, LINE, "median beat"])
    assert len(found.steps) < 30 and TIME_ALIGNED in found.steps and found.annotations == (MEDIAN_BEAT,)
    assert found.doubts and len(kept_steps(many)) < 30


def test_every_step_that_exports_write_is_known() -> None:
    kinds: tuple[str, ...] = get_args(BeatKind)
    lines = [
        *resample(beating(), 500).steps,
        *(f"median of 9 {' and '.join(kinds[:n])} beats, R at 0.302 s" for n in (1, 2, 3)),
        *(f"median of 9 {kind} beats, R at 0.3 s" for kind in kinds),
        "cut to 9.5 s, whole seconds", LINE, LINE.replace("hrc", "linear"),
        f"{TIME_ALIGNED} to 120 beats a minute (hrc), median of 9 beats; not for measuring",
    ]  # fmt: skip
    assert restored(lines).steps == tuple(lines) and len(restored(lines).doubts) == 1
    assert not restored([line for line in lines if TIME_ALIGNED not in line]).doubts


def test_read_says_that_a_file_holds_a_median_beat_only(tmp_path: Path) -> None:
    written = WRITERS.require("npz").write(replace(beating(), annotations=(MEDIAN_BEAT,)), "out")
    (tmp_path / "out.npz").write_bytes(written.files["out.npz"])
    with pytest.raises(FormatError, match="holds a median beat and no recording") as refused:
        read(tmp_path / "out.npz")
    assert "read_all" in refused.value.advice
