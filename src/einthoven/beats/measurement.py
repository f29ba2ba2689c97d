"""One measured number, or why there is none."""

from dataclasses import dataclass
from typing import Literal

State = Literal["measured", "absent", "not measurable"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number of one record, with how it was had.

    `name` is the key in exports (`qtc_fridericia`, `st_j60`), `lead` None where it is of all leads together.
    `spread` is the standard deviation over the beats in the same unit (None with fewer than two), `beats` the
    indices of the beats it came from. `absent`: what would be measured is not there (no P wave); `not measurable`:
    it may be there and cannot be told; both with the reason.
    """

    name: str
    title: str
    unit: str
    state: State
    value: float | None = None
    lead: str | None = None
    spread: float | None = None
    beats: tuple[int, ...] = ()
    method: str = ""
    reason: str = ""

    @property
    def n_beats(self) -> int:
        return len(self.beats)
