"""Raw numbers without a header: read only when hints say everything, and never taken for one by content."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.entry import FormatEntry
from einthoven.formats.facts import Facts, settle
from einthoven.formats.passport import Origin, make_record, reader_name, sha256
from einthoven.formats.source import HEAD_BYTES, MAX_SAMPLES, FileSource
from einthoven.record import STORED, EcgRecord, ReadHints


def claims(source: FileSource) -> bool:
    return False


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    if hints.stored is None:
        raise FormatError(
            "It has no header, and nobody said how its numbers are stored.",
            advice=f"Give the hint `stored`, one of {', '.join(STORED)}, with unit, rate and leads.",
        )
    if _is_text(source.head()):
        raise FormatError("It is text, and no raw numbers.", advice="Leave out the hint `stored` for this file.")
    n_leads = len(hints.leads or ("",))
    missing = ("orientation",) if hints.orientation is None and n_leads > 1 else ()
    detail = "It is read as raw numbers."
    settled = settle(source.name, Facts(), hints, n_leads=n_leads, missing=missing, detail=detail)
    data = source.read()
    values = _numbers(data, hints.stored, n_leads)
    leads_first = hints.orientation == "leads-first"
    table = values.reshape(n_leads, -1) if leads_first else values.reshape(-1, n_leads).T
    assumed = [*settled.assumed, f"numbers stored as {hints.stored}, from the hint"]
    assumed += [f"{hints.orientation}, from the hint"] if n_leads > 1 else []
    settled = replace(settled, assumed=tuple(assumed))
    origin = Origin(name=source.name, format=ENTRY.name, sha256=sha256(data), reader=reader_name("numpy"))
    yield make_record(settled.scale(table), Facts(), settled, origin)


def _is_text(head: bytes) -> bool:
    """Whether these are printed characters: a document among the files of a folder is no ECG."""
    if len(head) == HEAD_BYTES:
        head = head[: head.rfind(b"\n") + 1] or head[:-3]
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character.isspace() for character in text)


def _numbers(data: bytes, stored: str, n_leads: int) -> npt.NDArray[np.generic]:
    """All numbers, `(n,)`; FormatError when they do not fill the leads evenly."""
    order, kind = (">", stored.removesuffix("be")) if stored.endswith("be") else ("<", stored)
    width = int("".join(character for character in kind if character.isdigit())) // 8
    if len(data) % (width * n_leads):
        raise FormatError(
            f"Its {len(data)} bytes are no multiple of {n_leads} leads of {width} bytes ({stored}).",
            advice="Check the type of the numbers and the leads; a file with a header is not raw.",
        )
    if len(data) // width > MAX_SAMPLES:
        raise FormatError(f"It holds {len(data) // width} numbers; up to {MAX_SAMPLES} are read.")
    if kind == "int24":
        return _int24(data, order)
    letter = {"int": "i", "uint": "u", "float": "f"}[kind.rstrip("0123456789")]
    return np.frombuffer(data, dtype=f"{order}{letter}{width}")


def _int24(data: bytes, order: str) -> npt.NDArray[np.int32]:
    """Signed numbers of three bytes: put into the upper bytes of four and shifted down, which keeps the sign."""
    wide = np.zeros((len(data) // 3, 4), dtype=np.uint8)
    triples = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3)
    wide[:, 1:] = triples if order == "<" else triples[:, ::-1]
    shifted: npt.NDArray[np.int32] = wide.view("<i4").ravel() >> 8
    return shifted


ENTRY = FormatEntry(
    name="raw",
    title="Raw numbers without a header",
    extensions=(".dat", ".raw", ".bin"),
    requires=(),
    states="States nothing: the hints `stored`, unit, rate and leads are needed, and orientation for several leads.",
    claims=claims,
    read=read,
    reads=("Integers of 8, 16, 24 and 32 bits and floats of 32 and 64, of either byte order, without any header.",),
    limits=(
        "It is never told by content: without the hint `stored` such a file is refused.",
        "No original is kept: what its bytes hold besides samples cannot be known.",
    ),
)
