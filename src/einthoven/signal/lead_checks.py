"""Do the limb leads fit together? What follows from I and II is held against what is stored.

Six limb leads show two voltages: III = II - I (Einthoven's law), aVR = -(I + II)/2, aVL = I - II/2, aVF = II - I/2
(Goldberger), so that the three and the three add up: I + III = II, aVR + aVL + aVF = 0. Where that does not hold,
the simplest single mistake is looked for that makes it hold: one lead of wrong gain or sign, two names interchanged,
another order. Chest leads follow from nothing and cannot be checked so.

All of it is computed from the products of the leads with each other, summed over time, so that a mistake can be
tried without touching the samples.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations, permutations
from typing import Literal

import numpy as np
import numpy.typing as npt

from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord
from einthoven.signal.leads import DERIVED
from einthoven.signal.steady import Floats, SteadySignal, steady_signal

LIMB = ("I", "II", "III", "aVR", "aVL", "aVF")
_WEIGHTS = {"I": (1.0, 0.0), "II": (0.0, 1.0), **DERIVED}
# Root mean square of what does not fit, as part of that of the leads, and in mV: rounding, and what devices do to
# single leads. Of 595 real records 95 % stay below the lower limit, from which on a mistake is looked for, and 98 %
# below the upper one, from which on it is told that something does not fit although no mistake explains it.
_TOLERANCE, _TOLERANCE_MV = 0.02, 0.004
_UNEXPLAINED, _UNEXPLAINED_MV = 0.04, 0.01
# Undoing a mistake must leave no more than this of the mean square.
_EXPLAINED = 0.25
_GAIN_ERROR = 0.04
_SMALLEST = 1e-6
# Correlation above which two chest leads are one: neighbours reach 0.999.
_SAME = 0.9999
_FEWEST = 3
_SHOWN = 3

Places = npt.NDArray[np.int64]
Kind = Literal["gain", "sign", "order", "twice", "law"]


@dataclass(frozen=True, slots=True)
class LeadFinding:
    """What is wrong with which leads: `factor` is how many times too large a lead of wrong gain is."""

    kind: Kind
    leads: tuple[str, ...]
    text: str
    factor: float | None = None


@dataclass(frozen=True, slots=True)
class LeadCheck:
    """What was found, or why nothing can be told.

    Of the limb leads there is one mistake: several findings are alternatives that explain it as well.
    """

    findings: tuple[LeadFinding, ...] = ()
    cannot_tell: str | None = None

    @property
    def doubts(self) -> tuple[str, ...]:
        """The findings in words, alternatives in one sentence."""
        limb = [finding.text for finding in self.findings if set(finding.leads) <= set(LIMB)]
        chest = [finding.text for finding in self.findings if not set(finding.leads) <= set(LIMB)]
        return (*chest, ", or ".join(limb)) if limb else tuple(chest)


def complete_limb_leads(record: EcgRecord) -> EcgRecord:
    """The record with III, aVR, aVL and aVF computed from I and II where they lack, and named in `source.derived`.

    Standard leads then come first, in their order. Unchanged when nothing lacks, when I or II lacks, and when the
    amplitude is relative: each lead has a scale of its own there.
    """
    lacking = [name for name in DERIVED if name not in record.leads]
    if not lacking or not {"I", "II"} <= set(record.leads) or record.amplitude == "relative":
        return record
    present = (*record.leads, *lacking)
    names = (*(name for name in STANDARD_12 if name in present), *(n for n in present if n not in STANDARD_12))
    one, two = record.lead("I"), record.lead("II")
    signal = np.empty((len(names), record.n_samples), dtype=np.float32)
    for row, name in enumerate(names):
        of_one, of_two = DERIVED.get(name, (0.0, 0.0))
        signal[row] = record.lead(name) if name in record.leads else of_one * one + of_two * two
    source = replace(record.source, derived=(*record.source.derived, *lacking))
    return replace(record, signal=signal, leads=names, source=source)


def check_leads(record: EcgRecord, steady: SteadySignal | None = None) -> LeadCheck:
    """Mistakes of gain, sign, name and order among the stored limb leads, and chest leads stored twice.

    `steady` is the `steady_signal` of the record, where it is there already.
    """
    twice = _chest_twice(record)
    names = tuple(name for name in LIMB if name in record.leads and name not in record.source.derived)
    if record.amplitude == "relative":
        return LeadCheck(twice, "leads cannot be checked against each other: the amplitude is relative")
    if len(names) < _FEWEST:
        stored = ", ".join(names) or "none"
        return LeadCheck(twice, f"leads cannot be checked against each other: of the limb leads, stored is {stored}")
    if not _simultaneous(record, names):
        return LeadCheck(twice, "leads cannot be checked against each other: they are not simultaneous")
    signal = (steady or steady_signal(record)).of(names)
    if isinstance(signal, str):
        return LeadCheck(twice, f"leads cannot be checked against each other: {signal}")
    products = signal @ signal.T / signal.shape[1]
    return LeadCheck((*twice, *_explain(names, products)))


def _simultaneous(record: EcgRecord, names: tuple[str, ...]) -> bool:
    """False for leads that were recorded one after another: where one has samples, another has none."""
    if not record.has_gaps:
        return True
    present = ~np.isnan(record.signal[[record.leads.index(name) for name in names]])
    return bool(present.all(axis=0).mean() > 0.5 * present.mean())


def _explain(names: tuple[str, ...], products: Floats) -> Iterator[LeadFinding]:
    """The simplest mistakes that explain why the leads do not fit together; nothing where they do."""
    freedom = len(names) - 2
    power = float(np.trace(products)) / len(names)
    left = float((_rules(names) * products).sum()) / freedom
    allowed = max(_TOLERANCE**2 * power, _TOLERANCE_MV**2)
    if left <= allowed:
        return
    enough = min(allowed, _EXPLAINED * left) * freedom
    large = left > max(_UNEXPLAINED**2 * power, _UNEXPLAINED_MV**2)
    for attempt in (_wrong_or_interchanged, *((_odd_one_out, _other_orders) if large else ())):
        explained = list(attempt(names, products, enough))
        if explained and len(explained) <= _SHOWN:
            yield from explained
            return
    if large:
        law = "I + III = II" if {"I", "II", "III"} <= set(names) else "the law of the limb leads"
        text = (
            f"{law} does not hold (off by {left**0.5:.2g} mV rms): gain, names or order of the limb leads are wrong, "
        )
        yield LeadFinding("law", names, text + "or they were not recorded at the same time")


@lru_cache(maxsize=64)
def _rules(names: tuple[str, ...]) -> Floats:
    """The projection onto what must be zero: all that does not follow from two voltages."""
    follows = np.array([_WEIGHTS[name] for name in names])
    rules: Floats = np.eye(len(names)) - follows @ np.linalg.pinv(follows)
    rules.flags.writeable = False
    return rules


@lru_cache(maxsize=64)
def _rules_without_each(names: tuple[str, ...]) -> Floats:
    """For each lead, the rules of all others: rows that take what must be zero out of the flattened products."""
    n = len(names)
    rules = np.zeros((n, n, n))
    for place in range(n):
        others = np.delete(np.arange(n), place)
        rules[place][np.ix_(others, others)] = _rules(tuple(names[other] for other in others))
    return rules.reshape(n, n * n)


@lru_cache(maxsize=8)
def _orders(n: int) -> tuple[Places, Places]:
    """All orders of `n` leads; and for each, where its products stand in the flattened matrix of products."""
    orders = np.array(list(permutations(range(n))))
    return orders, _places(orders)


@lru_cache(maxsize=8)
def _exchanges(n: int) -> tuple[tuple[tuple[int, int], ...], Places]:
    """All pairs of `n` leads; and for each, as `_orders`, where the products stand with these two interchanged."""
    pairs = tuple(combinations(range(n), 2))
    orders = np.tile(np.arange(n), (len(pairs), 1))
    for order, (one, other) in zip(orders, pairs, strict=True):
        order[one], order[other] = other, one
    return pairs, _places(orders)


def _places(orders: Places) -> Places:
    n_orders, n = orders.shape
    places: Places = (orders[:, :, None] * n + orders[:, None, :]).reshape(n_orders, n * n)
    return places


def _wrong_or_interchanged(names: tuple[str, ...], products: Floats, enough: float) -> Iterator[LeadFinding]:
    yield from _wrong_gain(names, products, enough)
    yield from _interchanged(names, products, enough)


def _wrong_gain(names: tuple[str, ...], products: Floats, enough: float) -> Iterator[LeadFinding]:
    cross = _rules(names) * products
    square = cross.diagonal()
    mixed = cross.sum(axis=1) - square
    # What is left when the lead is multiplied by the factor that leaves least.
    left = cross.sum() - 2 * mixed - square - mixed**2 / square
    for name, correction in zip(names, np.where(left <= enough, -mixed / square, 1.0).tolist(), strict=True):
        if abs(correction - 1) > _GAIN_ERROR and abs(correction) > _SMALLEST:
            yield _gain(name, correction)


def _gain(name: str, correction: float) -> LeadFinding:
    factor = 1 / correction
    if abs(factor + 1) < _GAIN_ERROR:
        return LeadFinding("sign", (name,), f"lead {name} seems inverted")
    size = f"{abs(factor):.3g} times too large" if abs(factor) > 1 else f"{abs(correction):.3g} times too small"
    also = "" if factor > 0 else " and inverted"
    return LeadFinding("gain", (name,), f"lead {name} seems {size}{also}, by the other limb leads", factor)


def _interchanged(names: tuple[str, ...], products: Floats, enough: float) -> Iterator[LeadFinding]:
    pairs, places = _exchanges(len(names))
    left = products.ravel()[places] @ _rules(names).ravel()
    for exchange in np.flatnonzero(left <= enough):
        pair = tuple(names[lead] for lead in pairs[exchange])
        yield LeadFinding("order", pair, f"leads {' and '.join(pair)} seem interchanged")


def _odd_one_out(names: tuple[str, ...], products: Floats, enough: float) -> Iterator[LeadFinding]:
    """The lead without which all others fit: a copy of another, or something else."""
    if len(names) <= _FEWEST:
        return
    size = np.sqrt(np.diag(products))
    for place in np.flatnonzero(_rules_without_each(names) @ products.ravel() <= enough):
        name = names[place]
        others = np.delete(np.arange(len(names)), place)
        rest = tuple(names[other] for other in others)
        alike = products[place, others] / size[others] / size[place]
        nearest = int(np.abs(alike).argmax())
        if abs(alike[nearest]) > _SAME:
            yield LeadFinding("twice", (name, rest[nearest]), f"lead {name} seems to be lead {rest[nearest]} once more")
        else:
            yield LeadFinding("law", (name,), f"lead {name} does not follow from the other limb leads")


def _other_orders(names: tuple[str, ...], products: Floats, enough: float) -> Iterator[LeadFinding]:
    """Every order of the names, also with an inverted aVR among them (Cabrera)."""
    orders, places = _orders(len(names))
    upright = np.ones(len(names))
    signs = [upright, np.where(np.array(names) == "aVR", -1, 1)] if "aVR" in names else [upright]
    rules = np.stack([(_rules(names) * np.outer(sign, sign)).ravel() for sign in signs], axis=1)
    for turned, left in enumerate((products.ravel()[places] @ rules).T):
        for order in orders[left <= enough]:
            meant = {names[row]: names[place] for place, row in enumerate(order)}
            meant = {called: "-aVR" if is_ == "aVR" and turned else is_ for called, is_ in meant.items()}
            wrong = {called: is_ for called, is_ in meant.items() if called != is_}
            told = ", ".join(f"{called} is {is_}" for called, is_ in wrong.items())
            yield LeadFinding(
                "order", tuple(wrong), f"limb leads seem to stand in another order: what is called {told}"
            )


def _chest_twice(record: EcgRecord) -> tuple[LeadFinding, ...]:
    """Chest leads that are one but for a factor; equal samples are told on reading."""
    names = tuple(name for name in record.leads if name.startswith("V"))
    if len(names) < 2:
        return ()
    rows = [record.leads.index(name) for name in names]
    signal = record.signal[rows, :: max(1, round(record.rate / 100))].astype(np.float64)
    if record.has_gaps:
        level = np.nanmean(np.where(np.isnan(signal).all(axis=1, keepdims=True), 0, signal), axis=1, keepdims=True)
        signal = np.nan_to_num(signal - level)
    else:
        signal -= signal.sum(axis=1, keepdims=True) / signal.shape[1]
    products = signal @ signal.T
    size = np.sqrt(products.diagonal())
    size[size == 0] = np.inf
    found = []
    for one, other in zip(*np.nonzero(np.abs(products / size[:, None] / size) > _SAME), strict=True):
        if one < other and not np.array_equal(record.signal[rows[one]], record.signal[rows[other]], equal_nan=True):
            pair = (names[one], names[other])
            found.append(LeadFinding("twice", pair, f"leads {' and '.join(pair)} are the same but for a factor"))
    return tuple(found)
