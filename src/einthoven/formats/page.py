"""What the page `docs/formats.md` says about reading, made from the registry."""

# ruff: noqa: E501  rows of Markdown tables are lines
from collections.abc import Iterator

from einthoven.formats.entry import FORMATS, FormatEntry

_INTRODUCTION = """\
# File formats

A format is told by a file's content, never by its name alone. What the file states is used; what it does not state
must be said as a hint (the import form, `--assume`, `ReadHints`), and every hint that was used stands in the record's
passport. Rate, unit, gain and lead names are never guessed from the values; [what else the values
tell](#what-is-told-from-the-values) is always noted. Any of these files may also lie in a `.gz`, `.zip` or `.tar`
archive.

This page is made by `python tools/formats_page.py` from what each reader and writer says of itself.

"""

_RULES = """
## Hints

| hint | values | when |
|---|---|---|
| `unit` | `mV`, `uV`, `V`, `counts`, `relative` | the file names no unit. `counts` needs `gain` and `baseline` too; `relative` means that the numbers have no known relation to volts (z-scored arrays) |
| `rate` | samples per second, Hz | the file states no rate |
| `gain`, `baseline` | counts per mV; counts | with `unit=counts`: mV = (count - baseline) / gain; both must be given, and a baseline of 0 too |
| `leads` | names in the order in which they are stored | the file names no leads. For the usual order: `leads=I II III aVR aVL aVF V1 V2 V3 V4 V5 V6` |
| `orientation` | `leads-first`, `samples-first` | only where the rule below does not settle it |
| `stored` | `int16`, `int16be`, `int32`, `float32` ... | a file of bare samples without any header; it is read only with this hint |

All hints that a file needs are asked for at once. A hint that contradicts the file is not used: the file wins, and the
passport gets a doubt ("file states 500 Hz; the hint 250 was not used").

## Which axis holds the leads

For arrays (NPY, NPZ, MAT, HDF5, tables without a header), in this order:

1. The number of leads is known, because the file or the hint names them: the axis of that length. If both axes have
   that length, `orientation` is needed; if neither has, the file is refused.
2. `orientation`, if it is given.
3. Exactly one axis has 1, 2, 3, 6, 8, 12 or 15 entries and the other more than 32: that one.
4. Otherwise `orientation` is asked for (12 x 12, 10 x 12, 12 x 15 ...).

One dimension is one lead. Three dimensions are a batch: ECGs along the first axis, the rule above for the other two.

## What is told from the values

Only this, where a format leaves it open, and the passport says each time what was decided:

- CSV: a first row without text that counts 0, 1, 2 ... numbers the columns (so pandas writes it) and is no sample.
- FHIR: an `origin` that is far outside the stated limits unless it is a stored number is taken for one (so HL7's own
  example has it).
- DICOM: samples at the end that are the smallest number in every channel are missing (median beats of an ELI 250); a
  stated padding value that lies within the signal is taken for samples.
- Cardiosoft: whether a full disclosure holds one sample or one second of each lead in turn; the one that gives the far
  smoother signal, and neither where that is not clear.
- Philips Sierra: a pulse of exactly 1 mV on all leads behind the ECG is the calibration, and left out.

## What is kept of a file

A library keeps the original with names, birth dates, numbers, addresses and free text blanked, where that can be done
surely, and else none. Of labels, devices and statements only those stay of which each word is known. Signal, rate,
leads and scale are the same when such an original is read again. Its age is lost where only the birth date told it;
the record in the library keeps it.

## What every record is looked at for

The passport notes, without stopping: leads that are flat, empty or hold the same samples, missing samples, standard
leads that are lacking, amplitudes that no ECG in mV has, leads that each span exactly 1.0 mV or are z-scored, checksums
that do not fit, ages above 130, leads that contradict I + III = II or aVR + aVL + aVF = 0, and probable reversals of
electrodes with how sure that is. Leads III, aVR, aVL and aVF that a file does not store are computed from I and II and
marked as derived.

## Refused

Empty, cut-off and damaged files, files or arrays that are too large, records without any value, pictures and documents
whatever they are called, Python pickles, XML with entities. The message names the file, the reason and the way out.
"""


def formats_page() -> str:
    """Rules that hold for all formats, then each format, in Markdown."""
    return _INTRODUCTION + formats_table() + _RULES + "".join(f"\n{_section(entry)}" for entry in FORMATS)


def formats_table() -> str:
    """A Markdown table with one row per format, in the order of their names."""
    rows = ["| format | name | usual endings | read with | held against real files |", "|---|---|---|---|---|"]
    for entry in FORMATS:
        files = " ".join(f"`{extension}`" for extension in entry.extensions)
        tried = "yes" if entry.tried else "**no: none could be had**"
        rows.append(f"| {entry.title} | `{entry.name}` | {files} | {', '.join(entry.requires) or 'numpy'} | {tried} |")
    return "\n".join(rows) + "\n"


def _section(entry: FormatEntry) -> str:
    return "\n".join(_lines(entry)) + "\n"


def _lines(entry: FormatEntry) -> Iterator[str]:
    yield f"## {entry.title}"
    yield ""
    yield entry.states
    if entry.reads:
        yield ""
        yield from (f"- {sentence}" for sentence in entry.reads)
    yield ""
    yield "Real files: " + (entry.tried or "none could be had; its tests read files written from the published layout.")
    if entry.limits:
        yield ""
        yield "Known limits:"
        yield ""
        yield from (f"- {sentence}" for sentence in entry.limits)
