"""Simulated records, one by one or as a cohort."""

from collections.abc import Iterator

import numpy as np

from einthoven.errors import NotFound, SettingError
from einthoven.leads import STANDARD_12
from einthoven.record import MAX_RATE_HZ, Annotation, EcgRecord, SourceInfo, Subject
from einthoven.simulate.diagnoses import DIAGNOSES, Diagnosis, fibrillating, turned
from einthoven.simulate.heart import Heart, beat_times, fibrillation_vector, heart_vector
from einthoven.simulate.noise import Disturbance, disturb
from einthoven.simulate.torso import Torso, twelve_leads

FORMAT = "simulated"
_LOWEST_RATE_HZ = 50.0
_BESIDE_AF = ("LBBB", "RBBB", "AMI", "IMI")
_WITH_SECOND_FINDING = 0.15


def simulate(
    diagnosis: str,
    rng: np.random.Generator,
    *,
    second: str | None = None,
    rate: float = 500,
    duration: float = 10,
    noise: bool = True,
    name: str = "simulated",
    subject_id: str = "sim",
) -> EcgRecord:
    """One simulated 12-lead ECG in mV; equal for equal generators, and the same heart at every rate.

    Parameters
    ----------
    diagnosis
        One of `DIAGNOSES`: NORM, LBBB, RBBB, AF, AMI, IMI.
    second
        Another finding in the same heart: AF beside LBBB, RBBB, AMI or IMI, or one of these beside AF.
    rate, duration
        Hz and seconds.
    noise
        False leaves out baseline wander, mains hum and muscle noise.

    Raises
    ------
    NotFound
        When a diagnosis is none of those.
    SettingError
        When the two do not go together, or rate or duration are not possible.
    """
    found = _findings(diagnosis, second)
    if not (_LOWEST_RATE_HZ <= rate <= MAX_RATE_HZ and 0 < duration <= 3600 and round(rate * duration) > 1):
        raise SettingError(
            f"{duration!r} s at {rate!r} Hz cannot be simulated.",
            advice=f"Give {_LOWEST_RATE_HZ:g} Hz or more and at most an hour.",
        )
    subject = _subject(found[0], subject_id, rng)
    heart = _heart(found, subject, rng)
    time = np.arange(round(rate * duration)) / rate
    vector = heart_vector(heart, beat_times(heart, duration, rng), time)
    if heart.fibrillation is not None:
        vector = vector + fibrillation_vector(heart.fibrillation, time, rng)
    electrodes = Torso.draw(rng).electrodes(vector)
    if noise:
        electrodes = electrodes + disturb(Disturbance.draw(rng), time, rng)
    return EcgRecord(
        signal=twelve_leads(electrodes).astype(np.float32),
        leads=STANDARD_12,
        rate=rate,
        amplitude="mV",
        source=SourceInfo(
            name, FORMAT, reader="einthoven.simulate", rate=rate, unit="mV", leads=STANDARD_12, simulated=True
        ),
        subject=subject,
        annotations=tuple(Annotation(f"simulated: {d.title}", code=d.scp, system="SCP") for d in found),
    )


def cohort(n_each: int, seed: int) -> Iterator[tuple[str, EcgRecord, str]]:
    """`n_each` records of every diagnosis in turn, as (file name, record, diagnosis).

    As in life, one sick heart in seven has a second finding; the diagnosis is the one the record was
    drawn for. A record depends on `seed` and its own place only: a larger cohort begins with the smaller one.
    """
    for i in range(n_each):
        for k, diagnosis in enumerate(DIAGNOSES):
            number = i * len(DIAGNOSES) + k + 1
            name = f"simulated-{number:04d}"
            rng = np.random.default_rng([seed, number])
            second = _second(diagnosis, rng)
            subject_id = f"sim-{seed % 1000}-{number:04d}"
            yield name, simulate(diagnosis, rng, second=second, name=name, subject_id=subject_id), diagnosis


def _second(diagnosis: str, rng: np.random.Generator) -> str | None:
    if diagnosis == "NORM" or rng.random() > _WITH_SECOND_FINDING:
        return None
    return str(rng.choice(_BESIDE_AF)) if diagnosis == "AF" else "AF"


def _findings(diagnosis: str, second: str | None) -> tuple[Diagnosis, ...]:
    names = (diagnosis,) if second is None else (diagnosis, second)
    for name in names:
        if name not in DIAGNOSES:
            raise NotFound(f"{name!r} cannot be simulated.", advice=f"There are {', '.join(DIAGNOSES)}.")
    if second is not None and ("AF" not in names or not set(names) & set(_BESIDE_AF)):
        raise SettingError(
            f"{diagnosis} and {second} cannot be simulated in one heart.",
            advice=f"AF goes with {', '.join(_BESIDE_AF)}.",
        )
    return tuple(DIAGNOSES[name] for name in names)


def _heart(found: tuple[Diagnosis, ...], subject: Subject, rng: np.random.Generator) -> Heart:
    if len(found) == 1:
        return turned(found[0].draw(subject, rng), subject, rng)
    ventricles = next(d for d in found if d.name != "AF")
    return turned(fibrillating(ventricles.draw(subject, rng), rng), subject, rng)


def _subject(diagnosis: Diagnosis, subject_id: str, rng: np.random.Generator) -> Subject:
    age = float(np.clip(np.rint(rng.normal(*diagnosis.age)), 18, 95))
    return Subject(id=subject_id, age=age, sex="M" if rng.random() < diagnosis.men else "F")
