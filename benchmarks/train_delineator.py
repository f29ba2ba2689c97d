"""Train the delineation network on LUDB records 1-100 (deterministic for a seed, one thread).

    train_delineator.py LUDB_DIR OUT.onnx [--steps 1500] [--seed 0]       all 100 records
    train_delineator.py LUDB_DIR OUT.onnx --leave-out K/N                 without fold K of N, for cross-validation
    train_delineator.py LUDB_DIR OUT.onnx --start FIRST.pt --ptbxl PTBXL_DIR --teacher FIRST.onnx
                        --moved 0.45 --steps 400 --rate 1.5e-3            the second stage, see below

The network sees each lead through the same encoder and pools over leads (mean and maximum) at four resolutions, so any
subset, order or polarity of leads will do. For each boundary it gives logits over time; the time is the expectation of
their softmax over a window (cross entropy against a narrow Gaussian, and Huber loss of the expectation). The global
channel is trained on what the scorer makes of all leads (earliest onset, latest offset among consistent leads).
About 0.4 s a step on one core; 1500 steps take 10 minutes. OUT.onnx comes with OUT.pt, the weights to go on from.

The second stage is for P waves that LUDB has few of: in part of the examples they are moved towards the T wave (a long
PR interval) and made smaller, and each step sees some records of PTB-XL (folds 1-6) that nobody has annotated: where
the statement is atrial fibrillation there is no P, elsewhere P lies where the average beat of the first network (the
teacher) has it, and what is unsure there does not count.
"""

import argparse
import ast
import copy
import csv
import itertools
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from einthoven.beats import network
from einthoven.beats.decoding import find_stretches
from einthoven.beats.delineators.einthoven import has_p, is_irregular
from einthoven.beats.network import usual_range
from einthoven.beats.prepared import prepared

RATE, STEP = 250.0, 2  # input rate; outputs are at RATE / STEP
OUT_RATE = RATE / STEP
NAMES = tuple(f"{k}_{b}" for k in ("p", "qrs", "t") for b in ("on", "peak", "off"))
KINDS = ("p", "qrs", "t")
HALF = {"p": 20, "qrs": 14, "t": 24}  # half windows of the location softmax, in output samples
SIGMA = {"p": 1.0, "qrs": 0.7, "t": 1.6}  # width of the location target, in output samples


def scaled(x, rate):
    """Leads as the network sees them at run time, before they are split into large and small waves."""
    clean = prepared(x.astype(np.float32), rate)
    return (clean.signal / usual_range(clean)).astype(np.float32)


# ------------------------------------------------------------------------------- network


class Conv(nn.Sequential):
    def __init__(self, a, b, k=5, stride=1, dilation=1):
        super().__init__(
            nn.Conv1d(a, b, k, stride, (k - 1) // 2 * dilation, dilation, bias=False),
            nn.BatchNorm1d(b, momentum=0.05),
            nn.ReLU(),
        )


class Residual(nn.Module):
    def __init__(self, c, k=5, dilation=1, drop=0.0):
        super().__init__()
        self.a = Conv(c, c, k, 1, dilation)
        self.b = nn.Sequential(
            nn.Conv1d(c, c, k, 1, (k - 1) // 2 * dilation, dilation, bias=False), nn.BatchNorm1d(c, momentum=0.05)
        )
        self.drop = nn.Dropout(drop)

    def forward(self, x):
        return functional.relu(x + self.b(self.drop(self.a(x))))


class Delineator(nn.Module):
    """(records, leads, 2, samples) -> global (records, 12, samples / 2), leads (records, leads, 12, samples / 2).

    Channels of the outputs: 9 location logits (NAMES), 3 logits of "inside P, QRS, T".
    """

    def __init__(self, c=(16, 32, 48, 64), g=(32, 48, 64, 64), drop=0.1):
        super().__init__()
        self.down = nn.ModuleList()
        for k, (a, b) in enumerate(zip((2, *c[:-1]), c, strict=True)):
            self.down.append(nn.Sequential(Conv(a, b, 7 if k == 0 else 5, 2), Residual(b, 5, 1)))
        self.merge = nn.ModuleList(Conv(2 * a, b, 1) for a, b in zip(c, g, strict=True))
        self.context = nn.Sequential(*(Residual(g[3], 3, d, drop) for d in (1, 2, 4, 8, 16, 1)))
        self.up = nn.ModuleList(
            nn.Sequential(Conv(g[k + 1] + g[k], g[k], 5), Residual(g[k], 5, 1, drop)) for k in (2, 1, 0)
        )
        self.lead2 = Conv(c[2] + g[2], 32, 3)
        self.lead1 = Conv(c[1] + g[1] + 32, 32, 5)
        self.lead0 = Conv(c[0] + g[0] + 32, 16, 5)
        self.lead_last = Residual(16, 5, 1)
        self.lead_out = nn.Conv1d(16, 12, 5, padding=2)
        self.last = nn.Sequential(Conv(g[0] + 2 * 28, 48, 5), Residual(48, 5, 1, drop))
        self.out = nn.Conv1d(48, 12, 5, padding=2)

    def forward(self, x):
        n, leads = x.shape[:2]
        h, lead, glob = x.flatten(0, 1), [], []
        for down, merge in zip(self.down, self.merge, strict=True):
            h = down(h)
            lead.append(h)
            glob.append(merge(pooled(h, n, leads)))
        d = self.context(glob[3])
        ups = []
        for up, skip in zip(self.up, glob[2::-1], strict=True):
            d = up(torch.cat([double(d), skip], 1))
            ups.append(d)

        def spread(v):
            return v[:, None].expand(-1, leads, -1, -1).flatten(0, 1)

        e = self.lead2(torch.cat([lead[2], spread(ups[0])], 1))
        e = self.lead1(torch.cat([lead[1], spread(ups[1]), double(e)], 1))
        e = self.lead_last(self.lead0(torch.cat([lead[0], spread(ups[2]), double(e)], 1)))
        each = self.lead_out(e)
        g = self.out(self.last(torch.cat([ups[2], pooled(torch.cat([e, each * 0.2], 1), n, leads)], 1)))
        return g, each.unflatten(0, (n, leads))


def pooled(h, n, leads):
    h = h.unflatten(0, (n, leads))
    return torch.cat([h.mean(1), h.amax(1)], 1)


def double(x):
    return functional.interpolate(x, scale_factor=2.0, mode="linear", align_corners=False)


def features(x):
    """(..., samples) scaled leads -> (..., 2, samples): linear, and compressed so that small waves are seen."""
    return np.stack([2 * x, np.arcsinh(20 * x) * 0.5], -2)


# ---------------------------------------------------------------------------- augmentation


def coloured(rng, shape, low, high):
    """Gaussian noise of unit SD within a band (Hz)."""
    n = shape[-1]
    f = np.fft.rfftfreq(n, 1 / RATE)
    z = rng.normal(size=(*shape[:-1], f.size)) + 1j * rng.normal(size=(*shape[:-1], f.size))
    y = np.fft.irfft(z * ((f >= low) & (f <= high)), n)
    return y / (y.std(-1, keepdims=True) + 1e-9)


def table(waves):
    return np.array([(KINDS.index(k), a, b, c) for k, a, b, c in waves], float).reshape(-1, 4)


def without_p(x, leads, firm):
    """The record with its P waves replaced by straight lines."""
    x = x.copy()
    p = firm[firm[:, 0] == 0]
    for row, w in zip(x, leads, strict=True):
        own = w[w[:, 0] == 0]
        for _, on, peak, off in p:
            near = own[np.abs(own[:, 2] - peak) < 0.1]
            a = np.nanmin([on, *near[:, 1]]) if not np.isnan(on) else peak - 0.06
            b = np.nanmax([off, *near[:, 3]]) if not np.isnan(off) else peak + 0.06
            i, j = max(0, int((a - 0.012) * RATE)), min(len(row) - 1, int((b + 0.012) * RATE))
            q = firm[(firm[:, 0] == 1) & (firm[:, 1] > peak)]
            if len(q):
                j = min(j, int(q[:, 1].min() * RATE))
            if j > i + 1:
                row[i : j + 1] = np.linspace(row[max(0, i - 2) : i + 1].mean(), row[j : j + 2].mean(), j + 1 - i)
    return x


def moved_p(rng, x, bare, leads, firm):
    """The record with its P waves earlier (a longer PR, up to upon the T wave) and of another size."""
    p, q, t = (firm[firm[:, 0] == k] for k in range(3))
    room = []
    for _, on, peak, _ in p:
        if not (q[:, 2] > peak).any() or not (q[:, 2] < peak).any():
            continue
        before = t[(t[:, 2] < peak) & (t[:, 2] > peak - 0.7)]
        edge = before[:, 2].max() + 0.05 if len(before) else q[q[:, 2] < peak][:, 2].max() + 0.25
        room.append((on if np.isfinite(on) else peak - 0.05) - edge)
    most = np.clip(np.quantile(room, 0.2), 0, 0.2) if room else 0.0
    by = rng.uniform(0, most) if rng.random() < 0.75 else 0.0
    k = round(by * RATE)
    by = k / RATE
    size = np.exp(rng.uniform(np.log(0.3), np.log(1.3)))
    only = x - bare
    shifted = np.zeros_like(only)
    shifted[:, : only.shape[1] - k] = only[:, k:]

    def label(w):
        w = w.copy()
        mine = w[:, 0] == 0
        w[mine, 1:] -= by
        for row in np.flatnonzero(w[:, 0] == 2):
            on = w[mine, 1]
            over = on[(on > w[row, 2]) & (on < w[row, 3])]
            if len(over):
                w[row, 3] = max(over.min(), w[row, 2] + 0.02)
        return w

    return bare + size * shifted, [label(w) for w in leads], label(firm)


def flutter(rng, leads, n):
    """Atrial activity of fibrillation or flutter, (leads, samples)."""
    t = np.arange(n) / RATE
    regular = rng.random() < 0.35
    f = rng.uniform(3.7, 5.8) if regular else rng.uniform(4.5, 8.5)
    slow = coloured(rng, (2, n), 0, 0.5 if regular else 1.5)
    phase = 2 * np.pi * f * (t + np.cumsum(slow[0]) / RATE * (0.01 if regular else 0.18))
    depth = 1 + (0.1 if regular else 0.5) * slow[1]
    base = np.stack([np.sin(phase), np.cos(phase), np.sin(2 * phase), np.cos(2 * phase)]) * depth
    mix = rng.normal(size=(leads, 4)) * [1, 1, 0.4, 0.4]
    size = rng.uniform(0.01, 0.12 if regular else 0.06) * np.exp(0.5 * rng.normal(size=(leads, 1)))
    return size * (mix @ base) + size * (0 if regular else 0.5) * coloured(rng, (leads, n), 3, 10)


def warp(rng, firm, length, wild):
    """A map of time: knots in the source and in the result (s). The heart rate changes mostly in diastole."""
    whole = np.exp(rng.normal() * 0.10) if rng.random() < 0.6 else 1.0
    pace = np.exp(rng.normal() * 0.3)
    src, factor = [0.0], []
    q = firm[(firm[:, 0] == 1)]
    for a, b in itertools.pairwise(q):
        t = firm[(firm[:, 0] == 2) & (firm[:, 2] > a[2]) & (firm[:, 2] < b[2])]
        p = firm[(firm[:, 0] == 0) & (firm[:, 2] > a[2]) & (firm[:, 2] < b[2])]
        i = np.nanmax([a[2] + 0.3, *(t[:, 3] + 0.03)])
        j = np.nanmin([b[2] - 0.1, *(b[1:2] - 0.02), *([] if wild else p[:, 1] - 0.03)])
        if j > i + 0.04:
            src += [i, j]
            own = np.exp(rng.normal() * (0.6 if wild else 0.08))
            factor += [1.0, np.clip(pace * own, 0.15 if wild else 0.3, 2.2)]
    src.append(length)
    factor.append(1.0)
    return np.array(src), np.concatenate([[0], np.cumsum(np.diff(src) * np.array(factor) * whole)])


def disturbed(rng, y):
    """Leads of another size and polarity, with noise, and some spoilt: signal, which of them are good."""
    n, samples = y.shape
    y = y * np.exp(0.25 * rng.normal(size=(n, 1))) * np.where(rng.random((n, 1)) < 0.15, -1, 1)
    if rng.random() < 0.5:
        y += coloured(rng, (n, samples), 15, 110) * np.exp(rng.normal(size=(n, 1)) * 0.8) * 0.010
    if rng.random() < 0.4:
        y += coloured(rng, (n, samples), 0.1, 0.8) * np.exp(rng.normal(size=(n, 1)) * 0.8) * 0.03
    if rng.random() < 0.25:
        y += (
            np.sin(2 * np.pi * rng.choice([50, 60]) * np.arange(samples) / RATE + rng.uniform(0, 6))
            * rng.uniform(0, 0.03)
            * rng.random((n, 1))
        )
    good = np.ones(n)
    if n >= 3 and rng.random() < 0.2:
        for k in rng.permutation(n)[: rng.integers(1, max(2, n // 4 + 1))]:
            good[k] = 0
            y[k] = (
                0
                if rng.random() < 0.4
                else coloured(rng, (samples,), *((0.1, 3) if rng.random() < 0.5 else (1, 100))) * rng.uniform(0.1, 0.6)
            )
    return y, good


def example(rng, record, samples, count, moved):
    """One augmented record: signal (count leads, samples), targets per lead and global, as waves in s and spans."""
    x, leads, firm, loose, af, bare = record
    length = (x.shape[1] - 1) / RATE
    times = firm[:, 1:][np.isfinite(firm[:, 1:])]
    span = [times.min(), times.max()]
    with_p = (firm[:, 0] == 0).any()
    synth = with_p and not af and rng.random() < 0.25
    lo, hi = 0.0, length
    if synth:
        x = bare
        lo, hi = span[0] - 0.05, span[1] + 0.05
        leads = [w[w[:, 0] != 0] for w in leads]
        firm, loose = firm[firm[:, 0] != 0], loose[loose[:, 0] != 0]
    elif with_p and not af and moved and rng.random() < moved:
        x, leads, firm = moved_p(rng, x, bare, leads, firm)
    pick = rng.permutation(len(x))[:count]
    x, leads = x[pick], [leads[k] for k in pick]
    if rng.random() < 0.8:
        src, dst = warp(rng, firm, length, synth and rng.random() < 0.8)
    else:
        src = dst = np.array([0.0, length])
    lo, hi = np.interp([lo, hi], src, dst)
    start = (
        rng.uniform(lo - 0.5, max(lo, hi - samples / RATE) + 0.5)
        if not synth
        else rng.uniform(lo, max(lo + 1e-3, hi - samples / RATE))
    )
    grid = np.arange(samples) / RATE + start
    at = np.interp(grid, dst, src) * RATE
    inside = (grid >= lo) & (grid <= hi)
    i = np.clip(at.astype(int), 0, x.shape[1] - 2)
    f = at - i
    y = (x[:, i] * (1 - f) + x[:, i + 1] * f) * inside

    def move(w):
        return np.column_stack([w[:, 0], np.interp(w[:, 1:], src, dst) - start]) if len(w) else w

    leads, firm, loose = [move(w) for w in leads], move(firm), move(loose)
    n = len(y)
    if synth or (af and rng.random() < 0.2):
        y = y + flutter(rng, n, samples) * inside
    elif rng.random() < 0.08 and with_p:  # noise that is no atrial activity
        y = y + 0.3 * flutter(rng, n, samples) * inside
    y, good = disturbed(rng, y)
    return y, leads, firm, loose, good


def targets(waves, samples, loose=None):
    """Waves (s) of one channel -> segment target (3, n), weight (n,), locations [(name index, output sample)]."""
    n = samples // STEP
    seg, weight, where = np.zeros((3, n), np.float32), np.zeros((3, n), np.float32), []
    t = waves[:, 1:][np.isfinite(waves[:, 1:])]
    if t.size:
        a, b = max(0, int(np.ceil(t.min() * OUT_RATE))), min(n, int(t.max() * OUT_RATE) + 1)
        weight[:, a : max(a, b)] = 1
    if loose is not None:
        for k, on, peak, off in loose:
            a = np.nanmin([on, peak]) - 0.1
            b = np.nanmax([off, peak]) + 0.1
            weight[int(k), max(0, int(a * OUT_RATE)) : max(0, int(b * OUT_RATE) + 1)] = 0
    for k, on, peak, off in waves:
        k = int(k)
        a = on if np.isfinite(on) else peak - 0.03
        b = off if np.isfinite(off) else peak + 0.03
        i, j = round(a * OUT_RATE), round(b * OUT_RATE) + 1
        seg[k, max(0, i) : max(0, j)] = 1
        for m, v in enumerate((on, peak, off)):
            u = v * OUT_RATE - 0.5 * (STEP - 1) / STEP
            if np.isfinite(u) and 2 <= u < n - 2:
                where.append((3 * k + m, u))
    return seg, weight, where


def batch(rng, data, ids, samples, count, moved):
    xs, seg_g, wt_g, seg_l, wt_l, loc_g, loc_l = [], [], [], [], [], [], []
    for b, r in enumerate(ids):
        y, leads, firm, loose, good = example(rng, data[r], samples, count, moved)
        xs.append(features(y))
        s, w, where = targets(firm, samples, loose)
        seg_g.append(s)
        wt_g.append(w)
        loc_g += [(b, *q) for q in where]
        for k, lead in enumerate(leads):
            s, w, where = targets(lead, samples)
            seg_l.append(s)
            wt_l.append(w * good[k])
            if good[k]:
                loc_l += [(b * count + k, *q) for q in where]

    def pack(v):
        return torch.tensor(np.array(v, np.float32))

    return pack(xs), (pack(seg_g), pack(wt_g), loc_g), (pack(seg_l), pack(wt_l), loc_l)


# --------------------------------------------------------------------------------- training


def location_loss(rng, logits, where):
    """Cross entropy and Huber loss of the time that the softmax over a window gives, in output samples."""
    n, loss = logits.shape[-1], []
    w = np.array(where).reshape(-1, 3)
    for k, kind in enumerate(KINDS):
        q = w[(w[:, 1] // 3).astype(int) == k]
        if not len(q):
            continue
        half = HALF[kind]
        first = np.round(q[:, 2] + rng.uniform(-0.5, 0.5, len(q)) * half).astype(int) - half
        idx = torch.tensor(first[:, None] + np.arange(2 * half + 1))
        ok = (idx >= 0) & (idx < n)
        v = logits[
            torch.tensor(q[:, 0].astype(int))[:, None], torch.tensor(q[:, 1].astype(int))[:, None], idx.clamp(0, n - 1)
        ]
        v = v.masked_fill(~ok, -30.0)
        t = torch.tensor(q[:, 2:3], dtype=torch.float32)
        aim = torch.softmax(-0.5 * ((idx - t) / SIGMA[kind]) ** 2, -1)
        logp = torch.log_softmax(v, -1)
        ce = -(aim * logp).sum(-1)
        mean = (logp.exp() * idx).sum(-1)
        part = (q[:, 1] % 3).astype(int)
        weight = torch.tensor(np.where(part == 1, 0.5, 1.0), dtype=torch.float32)
        loss.append((weight * (ce + 0.25 * functional.huber_loss(mean, t[:, 0], reduction="none", delta=4.0))).mean())
    return sum(loss) / max(1, len(loss))


def loss_of(rng, logits, target):
    seg, weight, where = target
    return 3 * segment_loss(logits, seg, weight) + location_loss(rng, logits, where)


def segment_loss(logits, seg, weight):
    s = functional.binary_cross_entropy_with_logits(logits[:, 9:], seg, reduction="none")
    return (s * weight).sum() / weight.sum().clamp(min=1)


def load(ludb_dir, records, scorer):
    """{record: (prepared signal, waves per lead, firm global waves, uncertain ones, whether AF or flutter, the signal
    without P waves)}."""
    sys.path.insert(0, str(scorer))
    import score_ludb as scoring
    import wfdb

    rhythms, out = scoring.load_rhythms(ludb_dir), {}
    for r in records:
        x = wfdb.rdrecord(str(Path(ludb_dir) / "data" / str(r)), physical=False).d_signal.T / 1000
        by_lead = {lead: scoring.load_waves(ludb_dir, r, lead) for lead in scoring.LEADS}
        firm, loose = scoring.merge_leads(by_lead)
        x, tables = scaled(x, 500.0), [table(w) for w in by_lead.values()]
        out[r] = (x, tables, table(firm), table(loose), scoring.is_af(rhythms[r]), without_p(x, tables, table(firm)))
    return out


def folds(data, n):
    """Records -> fold, AF spread evenly."""
    af = [r for r in sorted(data) if data[r][4]]
    rest = [r for r in sorted(data) if not data[r][4]]
    rng = np.random.default_rng(7)
    rng.shuffle(af)
    rng.shuffle(rest)
    return {r: k % n for k, r in enumerate(af + rest)}


# -------------------------------------------------------------- PTB-XL, labelled by a teacher

FIRST_FOLDS = 6
BACK = 56  # output samples before QRS in which P is looked for
SHARE = {"AF": 0.25, "long PR": 0.2, "sinus": 0.55}


def rhythm(codes):
    """The rhythm that the statements of a PTB-XL record say; None: another, or none."""
    if codes & {"AFIB", "AFLT"}:
        return "AF"
    if codes & {"PSVT", "SVTAC", "SVARR", "BIGU", "TRIGU"}:
        return None
    if codes & {"1AVB", "LPR"}:
        return "long PR"
    return "sinus" if codes & {"SR", "SBRAD", "STACH", "SARRH"} else None


def load_ptbxl(folder, teacher):
    """{record: (signal, segments (3, n), which of them count (3, n), rhythm)} of the first folds."""
    import wfdb

    network.MODEL = Path(teacher)
    network._session.cache_clear()
    out = {}
    with (Path(folder) / "ptbxl_database.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if int(row["strat_fold"]) <= FIRST_FOLDS]
    for row in rows:
        said = rhythm(set(ast.literal_eval(row["scp_codes"])))
        if said is None:
            continue
        record = wfdb.rdrecord(str(Path(folder) / row["filename_lr"]))
        clean = prepared(record.p_signal.T.astype(np.float32), record.fs)
        labels = taught(network.ask(clean), said)
        if labels is not None:
            x = (clean.signal / usual_range(clean)).astype(np.float16)
            out[int(row["ecg_id"])] = (x, *labels, said)
    return out


def taught(answer, said):
    """Segments and where they count, from what the teacher says and the statement; None: leave the record out."""
    stretches = find_stretches(answer)
    starts = [one.first for one in stretches.qrs]
    if len(starts) < 4 or sum(start >= BACK for start in starts) < 3:
        return None
    inside = 1 / (1 + np.exp(-answer.together[9:].astype(np.float64)))
    seg, counts = inside > 0.5, (inside > 0.85) | (inside < 0.15)
    seg[0] = counts[0] = False
    with_p, irregular, p = has_p(stretches), is_irregular(stretches), inside[0]
    if said == "AF":
        if with_p:
            return None
        counts[0] = True
    elif irregular and with_p:
        seg[0], counts[0] = p > 0.5, (p > 0.8) | (p < 0.03)
    elif not irregular and not average_labels(answer, stretches.qrs, p, seg[0], counts[0]):
        return None
    counts[:, :12] = counts[:, -12:] = False
    return seg, counts


def average_labels(answer, qrs, p, seg, counts):
    """Fills in P where the average beat has it; False where that is no P wave."""
    mean = np.stack([answer.together[9, one.first - BACK : one.first] for one in qrs if one.first >= BACK]).mean(0)
    top = int(mean.argmax())
    if mean[top] < 0:
        return True  # nothing is known of P, and nothing counts
    low = np.flatnonzero(mean <= min(0.0, mean[top] - 1.5))
    i, j = int(low[low < top].max(initial=-1)) + 1, int(low[low > top].min(initial=BACK)) - 1
    if not 5 <= j - i + 1 <= 27:
        return False
    counts[:] = p < 0.03
    last = None
    for one in qrs:
        at = one.first - BACK
        if at + i < 0:
            counts[: one.first] = False
        elif last is not None and at + i <= last + 10:
            counts[last : one.first] = False
        else:
            seg[at + i : at + j + 1] = True
            counts[max(0, at + i - 14) : one.first + 6] = True
            # The edges of the wave are not known well.
            counts[max(0, at + i - 6) : at + i + 1] = counts[at + j : at + j + 7] = False
            if p[at + i : at + j + 1].max() < 0.05 and p.max() > 0.5:  # an ectopic beat
                counts[max(0, at) : one.first] = False
        last = one.last
    return True


def weak_batch(rng, weak, ids, samples, count):
    """Features, segments and where they count of records of `load_ptbxl`."""
    xs, segs, weights = [], [], []
    for r in ids:
        x, seg, counts, _ = weak[r]
        start = STEP * int(rng.integers(0, (x.shape[1] - samples) // STEP + 1))
        y, _ = disturbed(rng, x[rng.permutation(len(x))[:count], start : start + samples].astype(float))
        xs.append(features(y))
        at = slice(start // STEP, (start + samples) // STEP)
        segs.append(seg[:, at])
        weights.append(counts[:, at])
    return tuple(torch.tensor(np.array(v, np.float32)) for v in (xs, segs, weights))


# ----------------------------------------------------------------------------------- export


class One(nn.Module):
    """One record of any number of leads."""

    def __init__(self, m):
        super().__init__()
        self.m = m

    def forward(self, x):
        g, each = self.m(x[None])
        return g[0], each[0]


def export(model, path):
    """The network as ONNX: `x` (leads, 2, samples) -> `global` (12, samples / 2), `leads` (leads, 12, samples / 2).

    Weights are float16.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    torch.onnx.export(
        One(copy.deepcopy(model).eval()),
        (torch.zeros(12, 2, 2512),),
        path,
        input_names=["x"],
        output_names=["global", "leads"],
        opset_version=17,
        dynamo=False,
        dynamic_axes={"x": {0: "leads", 2: "samples"}, "global": {1: "steps"}, "leads": {0: "leads", 2: "steps"}},
    )
    m = onnx.load(path)
    casts = []
    for t in list(m.graph.initializer):
        a = numpy_helper.to_array(t)
        if a.dtype == np.float32 and a.size > 64:
            m.graph.initializer.remove(t)
            m.graph.initializer.append(numpy_helper.from_array(a.astype(np.float16), t.name + "_half"))
            casts.append(helper.make_node("Cast", [t.name + "_half"], [t.name], to=TensorProto.FLOAT))
    nodes = list(m.graph.node)
    del m.graph.node[:]
    m.graph.node.extend(casts + nodes)
    onnx.checker.check_model(m)
    onnx.save(m, path)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("ludb_dir")
    ap.add_argument("out")
    ap.add_argument("--scorer", default="../shared/tools", help="folder of score_ludb.py")
    ap.add_argument("--leave-out", default="", help="K/N: train without fold K of N")
    ap.add_argument("--steps", type=int, default=1500)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--batch", type=int, default=4)
    ap.add_argument("--rate", type=float, default=4e-3)
    ap.add_argument("--start", help="weights (.pt) to go on from")
    ap.add_argument("--moved", type=float, default=0.0, help="share of the examples whose P waves are moved")
    ap.add_argument("--ptbxl", help="folder of PTB-XL; needs --teacher")
    ap.add_argument("--teacher", help="network (.onnx) that labels PTB-XL")
    ap.add_argument("--ptbxl-batch", type=int, default=2, help="records of PTB-XL in a step")
    a = ap.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(a.seed)
    rng = np.random.default_rng(a.seed)
    data = load(a.ludb_dir, range(1, 101), a.scorer)
    use = sorted(data)
    if a.leave_out:
        k, n = map(int, a.leave_out.split("/"))
        f = folds(data, n)
        use = [r for r in use if f[r] != k]
    pool = use + [r for r in use if data[r][4]]  # AF and flutter twice
    weak = load_ptbxl(a.ptbxl, a.teacher) if a.ptbxl else {}
    counts = {said: sum(one[3] == said for one in weak.values()) for said in SHARE}
    chance = np.array([SHARE[one[3]] / counts[one[3]] for one in weak.values()])
    model = Delineator()
    if a.start:
        model.load_state_dict(torch.load(a.start))
    print(sum(p.numel() for p in model.parameters()), "parameters", len(use), "records", flush=True)
    opt = torch.optim.AdamW(model.parameters(), a.rate, weight_decay=0.03)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, a.rate, total_steps=a.steps, pct_start=0.1, final_div_factor=100)
    mean = copy.deepcopy(model)
    queue, t0, run = [], time.time(), []
    for step in range(a.steps):
        if len(queue) < a.batch:
            queue = list(rng.permutation(pool))
        ids = [queue.pop() for _ in range(a.batch)]
        whole = rng.random() < 0.65
        count = 12 if whole else int(rng.choice([1, 2, 3, 6, 8]))
        samples = 16 * int(rng.integers(90, 157)) if not whole else 2496 if rng.random() < 0.5 else 1744
        x, tg, tl = batch(rng, data, ids, samples, count, a.moved)
        if weak:
            chosen = rng.choice(list(weak), a.ptbxl_batch, replace=False, p=chance / chance.sum())
            xw, seg, counted = weak_batch(rng, weak, chosen, samples, count)
            x = torch.cat([x, xw])
        g, each = model(x)
        loss = loss_of(rng, g[: a.batch], tg) + 0.5 * loss_of(rng, each[: a.batch].flatten(0, 1), tl)
        if weak:
            loss = loss + 3 * segment_loss(g[a.batch :], seg, counted)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        opt.step()
        sched.step()
        keep = min(0.995, (step + 1) / (step + 20))
        with torch.no_grad():
            for m, v in zip(mean.state_dict().values(), model.state_dict().values(), strict=True):
                m.copy_(m * keep + v * (1 - keep)) if m.is_floating_point() else m.copy_(v)
        run.append(loss.item())
        if step % 100 == 99:
            print(
                step + 1,
                f"loss {np.mean(run[-100:]):.3f}  wall {time.time() - t0:.0f} s  cpu {time.process_time():.0f} s",
                flush=True,
            )
            export(mean, a.out)
    export(mean, a.out)
    torch.save(mean.state_dict(), Path(a.out).with_suffix(".pt"))


if __name__ == "__main__":
    main()
