"""Numbers as people write them in tables."""

import math
import re
from collections.abc import Sequence

from einthoven.errors import LabelError

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)
_MAYBE_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
_SHOWN = 5


def parse_numbers(name: str, lines: Sequence[int], cells: Sequence[str]) -> tuple[list[float], tuple[str, ...]]:
    """The cells of a column as numbers, with a decimal point or a decimal comma, and notes.

    Raises
    ------
    LabelError
        For cells that are no (finite) number, naming their lines; for a column that has both points
        and commas; and for one in which every comma could as well separate thousands (`1,250`).
    """
    wrong = [(line, cell) for line, cell in zip(lines, cells, strict=True) if not _is_number(cell)]
    if wrong:
        shown = ", ".join(f"{cell!r} in line {line}" for line, cell in wrong[:_SHOWN])
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise LabelError(
            f"{name}: {shown}{more} cannot be read as a number.",
            advice="Write numbers only, without unit; leave the cell empty where the value is not known.",
        )
    commas = [(line, cell) for line, cell in zip(lines, cells, strict=True) if "," in cell]
    if not commas:
        return [float(cell) for cell in cells], ()
    line, cell = commas[0]
    if any("." in other for other in cells):
        raise LabelError(
            f"{name}: line {line} has {cell!r} with a comma, other lines have a decimal point.",
            advice="Use one of them in the whole column.",
        )
    if all(_MAYBE_THOUSANDS.fullmatch(cell) for _, cell in commas):
        raise LabelError(
            f"{name}, line {line}: {cell!r} could mean {cell.replace(',', '')} or {cell.replace(',', '.')}.",
            advice="Write it without separators of thousands, or with a decimal point.",
        )
    return [float(cell.replace(",", ".")) for cell in cells], ("Commas were read as decimal commas.",)


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None and math.isfinite(float(cell.replace(",", ".")))
