"""Names of files and folders are identifiers: what is stored instead of them, and how they are found again.

Each part of a path becomes a hash with this installation's key: `Smith/J 1942.hea` is
`d-1f0c9a2b7e44/f-93b1c05de8a7.hea`. Who knows the name and has the key can compute it, and so find the record; who
has only the library cannot go back.
"""

import hashlib
import hmac
import re
import unicodedata
from functools import cache
from pathlib import PurePosixPath

from einthoven.formats import FORMATS

HEX_DIGITS = 12
"""48 bits: among a million files of one folder, two share a hash with a chance of 0.2 %."""

_ALSO_KEPT = frozenset({".dat", ".gz", ".bz2", ".xz", ".zip", ".tar", ".tgz", ".txt", ".tsv", ".dicom", ".h5", ".atr"})
SHORTEST = 4
"""Characters of a part of a name that is looked for in texts and in bytes: shorter ones stand in every file."""
_ABOUT_DATA = frozenset(
    {"data", "dataset", "datasets", "record", "records", "recording", "export", "exports", "upload", "uploads", "file"}
    | {"files", "folder", "download", "downloads", "ecgs", "wfdb", "dicom", "aecg", "muse", "sierra", "rhythm"}
    | {"waveform", "signal", "signals", "test", "tests", "train", "records100", "records500", "header"}
)
_INDEX = re.compile(r"#\d{1,9}\Z")
_STORED = re.compile(rf"(?:\A|/)f-[0-9a-f]{{{HEX_DIGITS}}}")


def stored_name(key: bytes, name: str) -> str:
    """The name under which a file is known; its suffix (if it is a usual one) and its `#2` are kept.

    Case does not matter, `\\` is `/`, and accented letters may be written in either way.
    """
    index = _INDEX.search(name)
    if index is not None:
        name = name[: index.start()]
    parts = [part for part in name.strip().replace("\\", "/").split("/") if part not in ("", ".")] or [""]
    stem, suffix = _split(parts[-1])
    folders = (f"d-{_hash(key, part)}" for part in parts[:-1])
    return "/".join((*folders, f"f-{_hash(key, stem)}{suffix}")) + (index.group() if index else "")


def pseudonym(key: bytes, identifier: str) -> str:
    """A subject's id in one installation: the same for the same person, of no use without the key."""
    return "p-" + hmac.new(key, identifier.encode(), hashlib.sha256).hexdigest()[:12]


def stored_folder(key: bytes, name: str) -> str:
    """The stored form of a name that is only of folders."""
    parts = [part for part in name.strip().replace("\\", "/").split("/") if part not in ("", ".")]
    return "/".join(f"d-{_hash(key, part)}" for part in parts)


def is_stored(name: str) -> bool:
    """Whether a name is one that `stored_name` made."""
    return _STORED.search(name) is not None


def without_names(text: str, name: str, instead: str) -> str:
    """A message with a file's path, its name, and the parts that could say who it is replaced."""
    path, new = PurePosixPath(name), PurePosixPath(instead)
    replaced = [(name, instead), (path.name, new.name)]
    replaced += [(part, new.stem if part in path.stem else "…") for part in identifying_parts(name)]
    for known, other in replaced:
        if known.casefold() in text.casefold():
            text = re.sub(rf"(?<!\w){re.escape(known)}(?!\w)", other.replace("\\", ""), text, flags=re.IGNORECASE)
    return text


def identifying_parts(name: str) -> tuple[str, ...]:
    """The parts of a path that could say who it is: four characters or more, and no word for data."""
    path = PurePosixPath(name)
    stem, _ = _split(path.name)
    return tuple(
        part for part in (stem, *path.parent.parts) if len(part) >= SHORTEST and part.casefold() not in _ABOUT_DATA
    )


def _hash(key: bytes, part: str) -> str:
    text = unicodedata.normalize("NFC", part).casefold()
    return hmac.new(key, b"name:" + text.encode("utf-8", "backslashreplace"), hashlib.sha256).hexdigest()[:HEX_DIGITS]


@cache
def _kept_suffixes() -> frozenset[str]:
    return _ALSO_KEPT | {suffix.casefold() for entry in FORMATS for suffix in entry.extensions}


def _split(part: str) -> tuple[str, str]:
    """Stem and usual suffixes of a file's name; a suffix that could be anything belongs to the stem."""
    suffix = ""
    while True:
        last = PurePosixPath(part).suffix
        if not last or last.casefold() not in _kept_suffixes():
            return part, suffix
        part, suffix = part[: -len(last)], last.casefold() + suffix
