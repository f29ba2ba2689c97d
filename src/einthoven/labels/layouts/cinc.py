"""The PhysioNet/CinC Challenges 2020 and 2021: folders of `.hea` and `.mat`, with SNOMED CT codes in the header.

Reyna et al., doi:10.22489/CinC.2021.009; Perez Alday et al. 2020, doi:10.1088/1361-6579/abc960. A header ends with
`# Age:`, `# Sex:` and `# Dx:`, the codes with commas between.

In all parts one count is 1 uV. The headers first given out state otherwise for three of them: Georgia's 4880/mV, for
which those of release 1.0.3 on PhysioNet have 1000.0(0)/mV beside the same samples and checksums; PTB-XL's 200/mV
(`HR...`), where PTB-XL itself has 1000.0(0)/mV (00001_hr and HR00001 begin with -115 and have checksum 13047); and
PTB's 2000000/mV, where the PTB Diagnostic Database itself has twice the count at 2000/mV (s0010_re begins with -489,
-458, 31, 474; S0001 with -245, -229, 16, 237).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from einthoven.codes.snomed import SAME_DIAGNOSIS, SCORED, SYSTEM, TERMS
from einthoven.errors import LabelError
from einthoven.labels.layouts.columns import number
from einthoven.labels.layouts.demography import age_task, made, possible_age, sex_of, sex_task
from einthoven.labels.layouts.entry import Correction, Layout, LayoutEntry, LayoutRecord
from einthoven.labels.layouts.finding import files_below, first_file, head
from einthoven.labels.layouts.headers import HeaderText, read_header
from einthoven.labels.layouts.several import several
from einthoven.labels.tables import quoted
from einthoven.record import Sex
from einthoven.task import Task, TaskClass

WRONG_GAINS: Mapping[tuple[str, float], str] = {
    ("E", 4880.0): "Georgia's first headers state 4880/mV, later ones 1000/mV for the same samples",
    ("HR", 200.0): "PTB-XL's first headers here state 200/mV, PTB-XL itself 1000/mV for the same samples",
    ("S", 2_000_000.0): "PTB's headers state 2000000/mV; the PTB Diagnostic Database shows that a count is 1 uV",
}
"""Letters of a record's name and the gain that its header states of every lead -> why that is wrong."""

NO_DIAGNOSIS = "no diagnosis stated (Dx is empty)"
_SHOWN = 10


def recognises(folder: Path) -> bool:
    header = first_file(folder, ".hea")
    if header is None:
        return False
    keys = {line.lstrip("# ").partition(":")[0].casefold() for line in head(header).splitlines() if line[:1] == "#"}
    return {"dx", "age", "sex"} <= keys


def read_layout(folder: Path, resolution: int | None = None) -> Layout:
    """Every record below the folder whose header has a line `Dx`; LabelError when there is none."""
    codes: dict[str, tuple[str, ...]] = {}
    ages: dict[str, float | None] = {}
    sexes: dict[str, Sex | None] = {}
    records, without = [], []
    unknown: Counter[str] = Counter()
    kept: dict[tuple[str, ...], tuple[str, ...]] = {}
    for name in files_below(folder, ".hea"):
        header = read_header(folder / name)
        comments = header.comments
        if "dx" not in comments:
            without.append(name)
            continue
        stated = tuple(dict.fromkeys(_codes(comments["dx"])))
        unknown.update(code for code in stated if code not in TERMS)
        codes[name] = kept.setdefault(stated, stated)
        ages[name], sexes[name] = possible_age(number(comments.get("age"))), sex_of(comments.get("sex"))
        records.append(LayoutRecord(name, age=ages[name], sex=sexes[name], correction=_correction(name, header)))
    if not records:
        raise LabelError(
            f"No header below {folder} has a line Dx with diagnoses.",
            advice="Give a folder of the Challenge's training data.",
        )
    return Layout(
        folder=folder,
        records=tuple(records),
        tasks=made(_diagnoses(codes), _scored(codes), age_task(ages), sex_task(sexes)),
        notes=tuple(_notes(records, without, unknown)),
    )


def _correction(name: str, header: HeaderText) -> Correction | None:
    stated = set(header.gains)
    letters = PurePosixPath(name).stem.rstrip("0123456789")
    reason = WRONG_GAINS.get((letters, stated.pop())) if len(stated) == 1 else None
    if reason is None:
        return None
    text = f"gain corrected by the layout cinc: 1 count is 1 uV (mV = count / 1000); {reason}"
    return Correction(1000.0, 0.0, header.baselines, text)


def _codes(text: str) -> list[str]:
    return [code for code in (part.strip() for part in text.split(",")) if code and code.casefold() != "unknown"]


def _diagnoses(codes: Mapping[str, tuple[str, ...]]) -> Task | None:
    """One class per code that occurs, known ones by the Challenge's abbreviation."""
    occurring = {code for stated in codes.values() for code in stated}
    known = [code for code in TERMS if code in occurring]
    classes = [TaskClass(TERMS[code].abbreviation, TERMS[code].title, {SYSTEM: code}) for code in known]
    classes += [TaskClass(code, f"{SYSTEM} {code}", {SYSTEM: code}) for code in sorted(occurring - {*known})]
    names = {each.codes[SYSTEM]: each.name for each in classes}
    said = {name: [names[code] for code in stated] for name, stated in codes.items() if stated}
    return several("diagnoses", "Diagnoses (SNOMED CT)", classes, said, left_out={NO_DIAGNOSIS: len(codes) - len(said)})


def _scored(codes: Mapping[str, tuple[str, ...]]) -> Task | None:
    """The 26 diagnoses of the Challenge 2021, always all of them, so that every part has the same outputs."""
    classes = [TaskClass(TERMS[code].abbreviation, TERMS[code].title, {SYSTEM: code}) for code in SCORED]
    said = {
        name: [TERMS[same].abbreviation for code in stated if (same := SAME_DIAGNOSIS.get(code, code)) in SCORED]
        for name, stated in codes.items()
        if stated
    }
    return several(
        "scored",
        "Diagnoses scored in the Challenge 2021",
        classes,
        said,
        left_out={NO_DIAGNOSIS: len(codes) - len(said)},
    )


def _notes(records: list[LayoutRecord], without: list[str], unknown: Counter[str]) -> Iterator[str]:
    parts = Counter(record.file_name.rpartition("/")[0] or "." for record in records)
    if len(parts) <= _SHOWN:
        counted = (f"{n} ECG{'' if n == 1 else 's'} in {part}" for part, n in parts.items())
        yield f"CinC: {', '.join(counted)}."
    else:
        yield f"CinC: {len(records)} ECGs in {len(parts)} folders."
    corrected = sum(record.correction is not None for record in records)
    if corrected:
        yield f"The gain of {corrected} records is corrected to 1000 counts per mV; their passports say why."
    if without:
        yield f"{len(without)} headers without a line Dx were left out, such as {quoted(without, most=3)}."
    if unknown:
        yield (
            f"{len(unknown)} codes are not in the Challenge's tables and are classes by their number: "
            f"{quoted(sorted(unknown), most=_SHOWN)}."
        )


ENTRY = LayoutEntry(
    name="cinc",
    title="PhysioNet/CinC Challenge 2020 or 2021",
    requires=(),
    brings="Brings the diagnoses (SNOMED CT codes with their names), the 26 scored ones, age and sex, and "
    "corrects the gain where the first headers of Georgia, PTB and PTB-XL state it wrongly.",
    source="Reyna et al. 2021, doi:10.22489/CinC.2021.009",
    holds="`.hea` and `.mat` files in any folders; the headers state `Age`, `Sex` and `Dx`",
    recognises=recognises,
    read=read_layout,
    tried="62 records of five of the Challenge's databases (Chapman/Ningbo, CPSC, CPSC-Extra, Georgia, PTB)",
)
