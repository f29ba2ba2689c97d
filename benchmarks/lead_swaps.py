"""How well interchanged electrodes are found: simulated swaps of real records, and alarms on the records as they are.

    python benchmarks/lead_swaps.py ../shared/data
    python benchmarks/lead_swaps.py ../shared/data --fit > src/einthoven/signal/swap_weights.py

DATA holds ptbxl_z, ptbxl_raw, ludb, cinc2021 and code15 as shared/data/README.md describes them. Weights are fitted
on ptbxl_z (patients of ptbxl_raw left out) and the CODE-15 patients with an even hash; measured is on all others.
A swap is simulated on the signal itself: electrodes interchanged, all twelve leads recomputed.
"""

import argparse
import csv
import hashlib
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from einthoven.errors import EinthovenError
from einthoven.formats import PathSource, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord
from einthoven.signal import lead_swaps
from einthoven.signal.average_beat import average_beat
from einthoven.signal.steady import steady_signal

Floats = npt.NDArray[np.float64]
TESTED = ("ludb", "ptbxl_raw", "cinc2021", "code15")
L2 = 1e-3


@dataclass(frozen=True)
class Case:
    """One real record, where it is from, and what is known of it."""

    record: EcgRecord
    dataset: str
    development: bool
    labels: frozenset[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--fit", action="store_true", help="print the module with the weights")
    arguments = parser.parse_args()
    if arguments.fit:
        print(_module([case for case in _cases(arguments.data, development=True) if case.development]), end="")
        return
    cases = [case for case in _cases(arguments.data, development=False) if not case.development]
    print(_table(cases))
    print(_alarms(cases))


def _cases(data: Path, *, development: bool) -> Iterator[Case]:
    refused = 0
    for dataset in ("ptbxl_z", "code15") if development else TESTED:
        for path in sorted((data / dataset).rglob("*.hea")):
            try:
                record = next(iter(read_all(PathSource(path, data))))
            except EinthovenError:
                refused += 1
                continue
            header = path.read_text(encoding="latin-1")
            if dataset == "ludb":
                # Its gain is wrong; 1 count is 1 uV (see the README of the data).
                gain = np.array(record.source.gain)[:, None]
                record = record.with_signal(record.signal * gain / 1000, "1 count = 1 uV")
            if set(STANDARD_12) <= set(record.leads) and not _left_out(data, path):
                yield Case(record, dataset, _is_development(dataset, header), _labels(dataset, header))
    print(f"{refused} records refused on reading", file=sys.stderr)


def _is_development(dataset: str, header: str) -> bool:
    if dataset != "code15":
        return dataset == "ptbxl_z"
    patient = re.search(r"Patient ID: (\S+)", header)
    key = "c" + patient[1] if patient else header
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % 2 == 0


def _left_out(data: Path, path: Path) -> bool:
    return path.parts[-4:-3] == ("ptbxl_z",) and path.stem[:5] in _twice(data)


@cache
def _twice(data: Path) -> frozenset[str]:
    """ECGs of ptbxl_z whose patient has one in ptbxl_raw too."""
    with (data / "ptbxl_z" / "ptbxl_database.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    raw = {re.sub(r"\D", "", path.stem).zfill(5)[-5:] for path in (data / "ptbxl_raw").glob("*.hea")}
    patients = {row["patient_id"] for row in rows if row["ecg_id"].zfill(5) in raw}
    return frozenset(row["ecg_id"].zfill(5) for row in rows if row["patient_id"] in patients)


_SNOMED = {
    "426783006": "sinus rhythm", "427393009": "sinus arrhythmia", "426177001": "sinus bradycardia",
    "427084000": "sinus tachycardia", "164889003": "atrial fibrillation", "164890007": "atrial flutter",
    "39732003": "left axis", "47665007": "right axis", "164909002": "LBBB", "733534002": "LBBB",
    "59118001": "RBBB", "713427006": "RBBB", "10370003": "paced", "164873001": "LVH",
}  # fmt: skip


def _labels(dataset: str, header: str) -> frozenset[str]:
    """Rhythm, axis and conduction where the data set states them."""
    if dataset == "cinc2021":
        codes = re.search(r"Dx: *(\S+)", header)
        return frozenset(_SNOMED[code] for code in (codes[1].split(",") if codes else ()) if code in _SNOMED)
    if dataset == "ludb":
        text = header.casefold()
        known = {
            "atrial fibrillation": "atrial fibrillation", "atrial flutter": "atrial flutter",
            "sinus rhythm": "sinus rhythm", "sinus bradycardia": "sinus bradycardia",
            "sinus tachycardia": "sinus tachycardia", "left axis deviation": "left axis",
            "right axis deviation": "right axis", "left bundle branch block": "LBBB",
            "right bundle branch block": "RBBB", "pac(ing|emaker)": "paced", "left ventricular hypertrophy": "LVH",
        }  # fmt: skip
        return frozenset(label for words, label in known.items() if re.search(rf"\b{words}\b", text))
    return frozenset()


def _swapped(record: EcgRecord, swap: str) -> EcgRecord:
    """The record as it would be with these electrodes interchanged.

    The right leg is taken to have the potential of the left one, but for 3 % of lead I.
    """
    rows = {name: record.lead(name).astype(np.float64) for name in STANDARD_12}
    one, two = rows["I"], rows["II"]
    if swap in lead_swaps.CHEST_SWAPS:
        for place, source in zip(lead_swaps.CHEST, lead_swaps.CHEST_SWAPS[swap], strict=True):
            rows[place] = record.lead(lead_swaps.CHEST[source]).astype(np.float64)
    else:
        # Potentials against Wilson's central terminal.
        right, left, leg = -(one + two) / 3, (2 * one - two) / 3, (2 * two - one) / 3
        potential = {"RA": right, "LA": left, "LL": leg, "RL": leg + 0.03 * one}
        first, second = swap.split("/")
        potential[first], potential[second] = potential[second], potential[first]
        shift = (potential["RA"] + potential["LA"] + potential["LL"]) / 3
        one, two = potential["LA"] - potential["RA"], potential["LL"] - potential["RA"]
        rows |= {"I": one, "II": two, "III": two - one, "aVR": -(one + two) / 2}
        rows |= {"aVL": one - two / 2, "aVF": two - one / 2}
        rows |= {name: rows[name] - shift for name in lead_swaps.CHEST}
    return record.with_signal(np.stack([rows[name] for name in STANDARD_12]), f"simulated {swap}", leads=STANDARD_12)


def _table(cases: list[Case]) -> str:
    """Sensitivity per swap, and specificity, in all and by data set."""
    names = (*lead_swaps.LIMB_SWAPS, "RA/RL", "LA/RL", *lead_swaps.CHEST_SWAPS)
    began = time.perf_counter()
    checks = [lead_swaps.check_swaps(case.record) for case in cases]
    ms = (time.perf_counter() - began) / len(cases) * 1000
    told = [(case, check) for case, check in zip(cases, checks, strict=True) if check.cannot_tell is None]
    lines = [f"{len(cases)} records, {len(told)} of them can be judged; {ms:.2f} ms each", ""]
    lines += [f"| swap | found | named rightly | alarms | {' | '.join(TESTED)} |", "|---" * (4 + len(TESTED)) + "|"]
    for name in names:
        after = [lead_swaps.check_swaps(_swapped(case.record, name)) for case, _ in told]
        named = [name in {swap.swap for swap in check.swaps} for check in after]
        family = (
            lead_swaps.CHEST_SWAPS if name in lead_swaps.CHEST_SWAPS else (*lead_swaps.LIMB_SWAPS, "RA/RL", "LA/RL")
        )
        found = [bool({swap.swap for swap in check.swaps} & set(family)) for check in after]
        alarms = [name in {swap.swap for swap in check.swaps} for _, check in told]
        parts = [_share([hit for hit, (case, _) in zip(named, told, strict=True) if case.dataset == d]) for d in TESTED]
        lines.append(f"| {name} | {_share(found)} | {_share(named)} | {_share(alarms)} | {' | '.join(parts)} |")
    return "\n".join(lines)


def _alarms(cases: list[Case]) -> str:
    """Alarms on the records as they are, by data set and by what is known of the record."""
    lines = ["", "| records | n | limb alarms | chest alarms |", "|---|---|---|---|"]
    checks = [(case, lead_swaps.check_swaps(case.record)) for case in cases]
    told = [(case, check) for case, check in checks if check.cannot_tell is None]
    groups = [("all", [check for _, check in told])]
    groups += [(d, [check for case, check in told if case.dataset == d]) for d in TESTED]
    labels = sorted({label for case, _ in told for label in case.labels})
    groups += [(label, [check for case, check in told if label in case.labels]) for label in labels]
    for name, group in groups:
        chest = [any(swap.swap in lead_swaps.CHEST_SWAPS for swap in check.swaps) for check in group]
        limb = [any(swap.swap not in lead_swaps.CHEST_SWAPS for swap in check.swaps) for check in group]
        lines.append(f"| {name} | {len(group)} | {_share(limb)} | {_share(chest)} |")
    return "\n".join(lines)


def _share(hits: list[bool]) -> str:
    return f"{100 * sum(hits) / len(hits):.1f} %" if hits else "-"


def _module(cases: list[Case]) -> str:
    limb, chest = [], []
    for case in cases:
        relative = case.record.amplitude == "relative"
        names = (*lead_swaps.LIMB[: 3 if relative else 2], *lead_swaps.CHEST)
        beat = average_beat(steady_signal(case.record), names)
        limb_beat = None if isinstance(beat, str) else lead_swaps.limb_beat(beat, relative=relative)
        if isinstance(beat, str) or limb_beat is None:
            continue
        by_limb, by_chest = lead_swaps.features(limb_beat, beat.values[-6:])
        limb.append(by_limb)
        chest.append(by_chest)
    text = f'"""Weights of the features in `lead_swaps`, in their order, from {len(limb)} records.\n\n'
    text += 'Written by `benchmarks/lead_swaps.py --fit`.\n"""\n\nimport numpy as np\n\n# fmt: off\n'
    for name, features in (("LIMB_WEIGHTS", limb), ("CHEST_WEIGHTS", chest)):
        numbers = [f"{value:.3g}" for value in _fit(np.stack(features))]
        rows = [", ".join(numbers[start : start + 12]) for start in range(0, len(numbers), 12)]
        text += f"{name} = np.array([\n" + "".join(f"    {row},\n" for row in rows) + "])\n"
    return text + "# fmt: on\n"


def _fit(features: Floats) -> Floats:
    """Weights that make the first arrangement of each record the most likely; `(records, arrangements, features)`."""
    from scipy.optimize import minimize

    differences = features - features[:, :1]
    spread = differences.reshape(-1, features.shape[2]).std(axis=0) + 1e-6
    differences = differences / spread

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = differences @ weights
        top = scores.max(axis=1, keepdims=True)
        likely = np.exp(scores - top)
        total = likely.sum(axis=1, keepdims=True)
        value = float(np.mean(top[:, 0] - scores[:, 0] + np.log(total[:, 0])) + L2 * weights @ weights)
        share = likely / total
        return value, np.einsum("ns,nsf->f", share, differences) / len(scores) + 2 * L2 * weights

    fitted: Floats = minimize(loss, np.zeros(features.shape[2]), jac=True, method="L-BFGS-B").x / spread
    return fitted


if __name__ == "__main__":
    main()
