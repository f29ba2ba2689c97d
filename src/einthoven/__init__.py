"""Einthoven: a workbench for 12-lead ECGs. Research use only, not a medical device.

>>> import einthoven
>>> record = einthoven.read("ecg.csv", hints=einthoven.ReadHints(unit="mV", rate=500))  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from einthoven import errors
from einthoven.errors import EinthovenError
from einthoven.record import EcgRecord, ReadHints

if TYPE_CHECKING:
    from einthoven.formats import read, read_all
    from einthoven.infer import Predictor
    from einthoven.tensors import prepare
    from einthoven.workbench import Workbench

__all__ = [
    "EcgRecord",
    "EinthovenError",
    "Predictor",
    "ReadHints",
    "Workbench",
    "errors",
    "prepare",
    "read",
    "read_all",
]

_HOMES = {
    "Predictor": "einthoven.infer",
    "Workbench": "einthoven.workbench",
    "prepare": "einthoven.tensors",
    "read": "einthoven.formats",
    "read_all": "einthoven.formats",
}


def __getattr__(name: str) -> Any:
    # On use, so that `import einthoven` and the command line's --help cost nothing.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'einthoven' has no attribute {name!r}")
