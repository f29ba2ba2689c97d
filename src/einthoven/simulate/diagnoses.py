"""What each diagnosis changes in the heart. Values in mV and seconds after the onset of QRS.

Sources: AHA/ACCF/HRS recommendations 2009, parts III (conduction) and IV (ST, T), 4th universal definition of
myocardial infarction 2018 (Q waves); the normal vectorcardiogram of Draper et al. 1964 (Circulation 30:853).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from einthoven.record import Subject
from einthoven.simulate.heart import Array, Fibrillation, Heart, Wave, WaveName

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A diagnosis that can be simulated: its SCP statement, and the ages in which it is seen (mean, deviation)."""

    name: str
    title: str
    scp: str
    age: tuple[float, float]
    men: float
    draw: Callable[[Subject, np.random.Generator], Heart]


def _wave(name: WaveName, at: float, rise: float, vector: Vector, *, fall: float | None = None) -> Wave:
    return Wave(name, at, rise, rise if fall is None else fall, vector)


def _scaled(vector: Vector, factor: float) -> Vector:
    return (vector[0] * factor, vector[1] * factor, vector[2] * factor)


def _mixed(a: Vector, b: Vector, share: float) -> Vector:
    """`a` at share 0, `b` at share 1."""
    x, y, z = (p + share * (q - p) for p, q in zip(a, b, strict=True))
    return x, y, z


# The parts of normal depolarisation, in their order.
SEPTUM: Vector = (-0.14, -0.03, -0.24)
APEX: Vector = (0.45, 0.45, -0.25)
FREE_WALL: Vector = (1.00, 0.65, 0.35)
BASE: Vector = (-0.05, -0.15, 0.45)
T_WAVE: Vector = (0.32, 0.24, -0.16)
# The right ventricle when it comes last.
LATE_RIGHT: Vector = (-0.46, -0.08, -0.58)


def _atria(rng: np.random.Generator) -> tuple[Wave, ...]:
    """P: right atrium (forward, down), then left atrium (left, back); PR interval 120 to 200 ms."""
    pr, size = float(np.clip(rng.normal(0.158, 0.018), 0.12, 0.2)), rng.lognormal(-0.1, 0.4)
    return (
        _wave("P", -pr + 0.035, 0.016, _scaled((0.04, 0.085, -0.05), size)),
        _wave("P", -pr + 0.068, 0.018, _scaled((0.07, 0.055, 0.045), size)),
    )


def _depolarisation(width: float, *, septum: Vector, apex: Vector, free_wall: Vector, base: Vector) -> tuple[Wave, ...]:
    """Four Gaussians; times are those of a QRS of 90 ms, stretched to `width`."""
    k = width / 0.09
    return (
        _wave("QRS", 0.019 * k, 0.0070 * k, septum),
        _wave("QRS", 0.033 * k, 0.0080 * k, apex),
        _wave("QRS", 0.046 * k, 0.0095 * k, free_wall),
        _wave("QRS", 0.065 * k, 0.0095 * k, base),
    )


def _recovery(width: float, *, t: Vector, st: Vector = (0.0, 0.0, 0.0)) -> tuple[Wave, ...]:
    """ST shift and T wave after a QRS of `width`; a wide QRS delays T by most of what it is wider."""
    late = 0.8 * max(width - 0.09, 0)
    return (
        _wave("ST", width + 0.030, 0.022, st, fall=0.035),
        _wave("ST", width + 0.090, 0.035, st, fall=0.045),
        _wave("T", 0.300 + late, 0.055, t, fall=0.036),
    )


def _narrow(rng: np.random.Generator) -> float:
    return float(np.clip(rng.normal(0.098, 0.009), 0.080, 0.118))


def _sinus(
    waves: tuple[Wave, ...], subject: Subject, rng: np.random.Generator, *, rate: float = 72, spread: float = 12
) -> Heart:
    """Sinus rhythm; it swings less with age, and atrial extrasystoles come with age (in about one in eight)."""
    age = subject.age or 60
    swing = float(np.clip(rng.lognormal(np.log(0.05 - 0.0004 * age), 0.6), 0.006, 0.14))
    ectopic = float(rng.uniform(0.05, 0.25)) if rng.random() < 0.002 * age else 0.0
    return Heart((*_atria(rng), *waves), float(np.clip(rng.normal(rate, spread), 46, 118)), swing, 0.75, ectopic)


def fibrillating(heart: Heart, rng: np.random.Generator) -> Heart:
    """The same ventricles under fibrillating atria: no P, RR without order, waves of 4 to 9 Hz, largest in V1.

    The waves may be too fine to be seen, and a diseased or slowed AV node lets RR vary little.
    """
    return replace(
        heart.with_waves(*(wave for wave in heart.waves if wave.name != "P")),
        rate=float(np.clip(rng.normal(84, 19), 48, 150)),
        variation=float(rng.uniform(0.05, 0.26)),
        breathing=0.0,
        ectopic=0.0,
        fibrillation=Fibrillation(float(np.clip(rng.lognormal(np.log(0.028), 0.6), 0.006, 0.11)), rng.uniform(5, 8)),
    )


def _normal(subject: Subject, rng: np.random.Generator) -> Heart:
    """Normal, with the variants of the healthy that look a little like disease."""
    septum, apex, free_wall, t, width = SEPTUM, APEX, FREE_WALL, T_WAVE, _narrow(rng)
    st: Vector = (0.0, 0.0, 0.0)
    extra: tuple[Wave, ...] = ()
    variant = rng.random()
    if variant < 0.14:  # late activation of the crista: rSr' with a QRS below 120 ms
        width = min(width, 0.100)
        extra = (_wave("QRS", 0.076, 0.012, _scaled(LATE_RIGHT, rng.uniform(0.3, 0.9))),)
    elif variant < 0.31:  # clockwise rotation, slim chest, low diaphragm: R grows late from V1 to V4
        share = rng.uniform(0.2, 0.8)
        septum, apex = _mixed(SEPTUM, (-0.08, -0.02, 0.10), share), _mixed(APEX, (0.30, 0.42, 0.20), share)
        free_wall = _mixed(FREE_WALL, (0.90, 0.64, 0.45), share)
    elif variant < 0.46:  # horizontal heart: small q in III and aVF
        share = rng.uniform(0.2, 0.8)
        septum, apex = _mixed(SEPTUM, (-0.12, -0.24, -0.22), share), _mixed(APEX, (0.5, -0.1, -0.25), share)
        free_wall = _mixed(FREE_WALL, (1.00, 0.50, 0.34), share)
    elif variant < 0.56:  # early repolarisation
        st = _scaled((0.09, 0.05, -0.12), rng.uniform(0.2, 0.6))
        t = _scaled(T_WAVE, 1.25)
    elif variant < 0.70:  # flat T
        t = _scaled(T_WAVE, rng.uniform(0.0, 0.5))
    waves = _depolarisation(width, septum=septum, apex=apex, free_wall=free_wall, base=BASE)
    return _sinus((*waves, *extra, *_recovery(width, t=t, st=st)), subject, rng)


def _left_bundle_branch_block(subject: Subject, rng: np.random.Generator) -> Heart:
    """The septum is activated from the right, the left ventricle late: broad notched R in I, V5, V6, rS or QS in V1."""
    width = float(rng.uniform(0.133, 0.178))
    waves = (
        _wave("QRS", 0.023, 0.0095, _scaled((0.20, 0.10, -0.22), rng.uniform(0.2, 1.3))),
        _wave("QRS", 0.40 * width, 0.125 * width, _mixed((1.05, 0.40, 0.75), (1.20, 0.1, 0.90), rng.random())),
        _wave("QRS", rng.uniform(0.68, 0.74) * width, 0.115 * width, _scaled((1.0, 0.12, 0.90), rng.uniform(0.6, 1.1))),
    )
    discordance = rng.uniform(0.3, 1.3)
    recovery = _recovery(
        width,
        st=_scaled((-0.07, -0.02, -0.10), discordance),
        t=_mixed((0.15, 0.12, -0.18), (-0.42, -0.05, -0.42), discordance / 1.3),
    )
    return _sinus((*waves, *recovery), subject, rng, rate=74)


def _right_bundle_branch_block(subject: Subject, rng: np.random.Generator) -> Heart:
    """The right ventricle comes last: a slow vector to the right and front, R' in V1 and wide S in I and V6."""
    width = float(rng.uniform(0.130, 0.168))
    normal = _depolarisation(0.092, septum=SEPTUM, apex=APEX, free_wall=FREE_WALL, base=_scaled(BASE, 0.7))
    late = _scaled(LATE_RIGHT, rng.uniform(0.35, 1.35))
    waves = (
        *normal[:3],
        _wave("QRS", 0.064, 0.0095, normal[3].vector),
        _wave("QRS", width - 0.042, 0.0165, late, fall=0.0185),
    )
    t = _mixed(T_WAVE, (0.34, 0.20, 0.16), rng.uniform(0.3, 1.1))
    return _sinus((*waves, *_recovery(width, t=t)), subject, rng, rate=73)


def _atrial_fibrillation(subject: Subject, rng: np.random.Generator) -> Heart:
    """Fibrillation over otherwise normal ventricles; T often flat."""
    width = _narrow(rng)
    waves = _depolarisation(width, septum=SEPTUM, apex=APEX, free_wall=FREE_WALL, base=BASE)
    return fibrillating(_sinus((*waves, *_recovery(width, t=_scaled(T_WAVE, rng.uniform(0.15, 1)))), subject, rng), rng)


def _severity(rng: np.random.Generator) -> float:
    """How much of the full picture is there: from infarcts that left little (three in ten below 0.25) to 1.1."""
    return float(1.1 * rng.beta(1.1, 1.5))


def _stage(
    severity: float, rng: np.random.Generator, *, acute: Vector, inverted: Vector, elevation: Vector
) -> tuple[Vector, Vector]:
    """ST shift and T vector: acute (ST up, T up), subacute (T inverts) or old (little of either)."""
    stage, strength = rng.random(), severity * rng.uniform(0.5, 1.2)
    if stage < 0.3:
        return _scaled(elevation, strength), _mixed(T_WAVE, acute, strength)
    if stage < 0.6:
        return _scaled(elevation, 0.35 * strength), _mixed(T_WAVE, inverted, min(strength, 1.0))
    return _scaled(elevation, 0.1 * strength), _mixed(T_WAVE, inverted, 0.4 * strength)


def _anterior_infarct(subject: Subject, rng: np.random.Generator) -> Heart:
    """The front wall is silent: early forces point back. Q or QS and poor R in V1 to V4."""
    loss, width = _severity(rng), _narrow(rng)
    waves = _depolarisation(
        width,
        septum=_mixed(SEPTUM, (-0.03, -0.02, 0.26), loss),
        apex=_mixed(APEX, (0.20, 0.36, 0.30), loss),
        free_wall=_mixed(FREE_WALL, (0.75, 0.62, 0.50), loss),
        base=BASE,
    )
    st, t = _stage(loss, rng, acute=(0.45, 0.20, -0.42), inverted=(-0.12, 0.16, 0.22), elevation=(0.07, -0.03, -0.15))
    return _sinus((*waves, *_recovery(width, st=st, t=t)), subject, rng, rate=78, spread=14)


def _inferior_infarct(subject: Subject, rng: np.random.Generator) -> Heart:
    """The diaphragmatic wall is silent: early forces point up. Q in II, III and aVF."""
    loss, width = _severity(rng), _narrow(rng)
    waves = _depolarisation(
        width,
        septum=_mixed(SEPTUM, (-0.08, -0.34, -0.20), loss),
        apex=_mixed(APEX, (0.50, -0.38, -0.22), loss),
        free_wall=_mixed(FREE_WALL, (1.00, 0.36, 0.32), loss),
        base=BASE,
    )
    st, t = _stage(loss, rng, acute=(0.18, 0.45, -0.05), inverted=(0.30, -0.22, -0.22), elevation=(-0.04, 0.13, 0.05))
    return _sinus((*waves, *_recovery(width, st=st, t=t)), subject, rng, rate=70, spread=14)


DIAGNOSES = MappingProxyType(
    {
        d.name: d
        for d in (
            Diagnosis("NORM", "normal ECG", "NORM", (52, 16), 0.45, _normal),
            Diagnosis("LBBB", "left bundle branch block", "CLBBB", (67, 12), 0.5, _left_bundle_branch_block),
            Diagnosis("RBBB", "right bundle branch block", "CRBBB", (64, 14), 0.6, _right_bundle_branch_block),
            Diagnosis("AF", "atrial fibrillation", "AFIB", (69, 11), 0.55, _atrial_fibrillation),
            Diagnosis("AMI", "anterior infarct", "AMI", (63, 12), 0.65, _anterior_infarct),
            Diagnosis("IMI", "inferior infarct", "IMI", (62, 12), 0.65, _inferior_infarct),
        )
    }
)
"""The diagnoses that can be simulated, by name."""


def turned(heart: Heart, subject: Subject, rng: np.random.Generator) -> Heart:
    """The heart as it lies in this chest: electric axis, rotation, size, and what differs between two hearts.

    The axis turns left with age by about 0.3 degrees a year; voltages are lower in women and in the old.
    """
    age = subject.age or 60
    size = rng.lognormal(0, 0.2) * (0.9 if subject.sex == "F" else 1.0) * (1 - 0.003 * (age - 50))
    frontal = np.clip(rng.normal(-0.3 * (age - 50), 20), -45, 25)
    depolarisation = size * _rotation(rng.normal(0, 9), np.clip(rng.normal(0, 13), -20, 20), frontal)
    recovery = depolarisation @ _rotation(*rng.normal(0, 15, 3))
    matrices = {"P": np.eye(3), "QRS": depolarisation, "ST": recovery, "T": recovery}
    return heart.with_waves(*(_individual(wave, matrices[wave.name], rng) for wave in heart.waves))


def _individual(wave: Wave, matrix: Array, rng: np.random.Generator) -> Wave:
    own = matrix @ np.array(wave.vector) * rng.lognormal(0, 0.1)
    own = own + rng.normal(0, 0.06, 3) * np.linalg.norm(own)
    return Wave(wave.name, wave.at, wave.rise, wave.fall, (float(own[0]), float(own[1]), float(own[2])))


def _rotation(about_x: float, about_y: float, about_z: float) -> Array:
    """Turns in degrees; a positive turn about z moves the frontal axis clockwise, as ECG axes are counted."""
    a, b, c = np.radians([about_x, about_y, about_z])
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(z @ y @ x, dtype=np.float64)
