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
    from einthoven.examine import open_all as read_all
    from einthoven.examine import read
    from einthoven.infer import Predictor
    from einthoven.tensors import prepare
    from einthoven.workbench import Workbench
    from einthoven.workflows.convert import convert_file

__all__ = [
    "EcgRecord",
    "EinthovenError",
    "Predictor",
    "ReadHints",
    "Workbench",
    "convert_file",
    "errors",
    "prepare",
    "read",
    "read_all",
]

_HOMES = {
    "Predictor": ("einthoven.infer", "Predictor"),
    "Workbench": ("einthoven.workbench", "Workbench"),
    "convert_file": ("einthoven.workflows.convert", "convert_file"),
    "prepare": ("einthoven.tensors", "prepare"),
    "read": ("einthoven.examine", "read"),
    "read_all": ("einthoven.examine", "open_all"),
}


def __getattr__(name: str) -> Any:
    # On use, so that `import einthoven` and the command line's --help cost nothing.
    if name in _HOMES:
        module, attribute = _HOMES[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'einthoven' has no attribute {name!r}")
