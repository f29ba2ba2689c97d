"""Headers of the PhysioNet/CinC Challenges 2020 and 2021 that are known to state a wrong gain.

They went around the world before they were corrected (which and why: the layout `cinc`, whose table this one must
equal). A record is told by its name and by the same odd gain of each signal. Nothing is changed here: a file by itself
does not say from where it comes.
"""

import re
from pathlib import PurePosixPath

from einthoven.formats.wfdb.header import Header

WRONG_GAINS = frozenset({("E", 4880.0), ("HR", 200.0), ("S", 2_000_000.0)})
"""Letters of a record's name, before digits only, and the gain that its header states of every signal."""
BEGINNING = "its header is known to state a wrong gain"
"""So the doubt begins, by which a correction of the scale takes it back."""

_NAME = re.compile(r"([A-Z]+)\d+")


def doubts_about_gain(header: Header, file_name: str) -> tuple[str, ...]:
    """The doubt, with the gain and the way to the right one; nothing for other headers.

    The name is the file's: Georgia's headers name the data file where the record's name belongs.
    """
    name = _NAME.fullmatch(PurePosixPath(file_name).stem)
    gains = {line.gain for line in header.signals}
    gain = gains.pop() if len(gains) == 1 else None
    if name is None or gain is None or (name[1], gain) not in WRONG_GAINS:
        return ()
    return (
        f"{BEGINNING}: records of the PhysioNet Challenge with such a name and {gain:.0f} counts per mV have 1000 in "
        "truth; import their folder with the layout cinc (--layout cinc), which corrects it",
    )
