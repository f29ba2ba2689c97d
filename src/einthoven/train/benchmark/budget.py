"""How long a benchmark may take, as people write it, and how much of that is left."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from einthoven.errors import SettingError

SHORTEST_S, LONGEST_S = 10.0, 14 * 24 * 3600.0
_WRITTEN = re.compile(
    r"\s*(?=\d)(?:(?P<h>\d+(?:\.\d+)?)\s*h)?\s*(?:(?P<m>\d+(?:\.\d+)?)\s*m(?:in)?)?\s*(?:(?P<s>\d+(?:\.\d+)?)\s*s)?\s*"
)


def budget_seconds(text: str) -> float:
    """`90s`, `30m`, `2h` or `1h30m` in seconds; SettingError for anything else."""
    found = _WRITTEN.fullmatch(text.lower())
    if found is None:
        raise SettingError(f"{text!r} is no time.", advice="Write 30m, 2h, 90s or 1h30m.")
    seconds = sum(float(found[unit] or 0) * each for unit, each in (("h", 3600), ("m", 60), ("s", 1)))
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise SettingError(f"A budget of {text} is not possible.", advice="Give from 10s to 336h.")
    return seconds


def in_words(seconds: float) -> str:
    """`45 s`, `2.5 min`, `12 min`, `2 h`: rounded by less than a twentieth."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        minutes = seconds / 60
        return f"{round(minutes, 1 if minutes < 10 else 0):g} min"
    return f"{round(seconds / 3600, 1):g} h"


@dataclass(slots=True)
class Budget:
    """Seconds that may be used; `used` were used before, by a benchmark that was interrupted and goes on."""

    seconds: float
    used: float = 0.0
    clock: Callable[[], float] = time.monotonic
    _begun: float = field(init=False)

    def __post_init__(self) -> None:
        self._begun = self.clock()

    @property
    def elapsed(self) -> float:
        return self.used + self.clock() - self._begun

    @property
    def left(self) -> float:
        return max(0.0, self.seconds - self.elapsed)

    def over(self) -> bool:
        return self.left <= 0
