"""What can be read here, for people: file formats, and published data sets with their labels."""

from dataclasses import dataclass, fields

from einthoven.formats import FORMATS
from einthoven.formats.entry import FormatEntry
from einthoven.labels.layouts import LAYOUTS


@dataclass(frozen=True, slots=True)
class FormatView:
    """One file format. `reason` says why it cannot be read here (a package is lacking); empty when it can.

    `tried` names the real files that its reader was held against; empty when none could be had. `blanked`: whether
    an original can be kept with its identifying fields blanked.
    """

    name: str
    title: str
    states: str
    extensions: tuple[str, ...]
    reason: str
    tried: str
    limits: tuple[str, ...]
    blanked: bool


@dataclass(frozen=True, slots=True)
class LayoutView:
    """One published data set. `holds`: what its folder must hold; `brings`: which labels, what is corrected."""

    name: str
    title: str
    brings: str
    holds: str
    source: str
    resolutions: tuple[int, ...]
    tried: str
    reason: str


def formats() -> list[FormatView]:
    """Every file format, by name."""
    unable = next(f.default for f in fields(FormatEntry) if f.name == "blank")
    return [
        FormatView(
            f.name, f.title, f.states, f.extensions, _reason(FORMATS.missing(f)), f.tried, f.limits,
            blanked=f.blank is not unable,
        )
        for f in FORMATS
    ]  # fmt: skip


def layouts() -> list[LayoutView]:
    """Every data set that can be imported with its labels, by name."""
    return [
        LayoutView(
            e.name, e.title, e.brings, e.holds, e.source, e.resolutions, e.tried, _reason(LAYOUTS.missing(e))
        )
        for e in LAYOUTS
    ]  # fmt: skip


def _reason(missing: tuple[str, ...]) -> str:
    return f"needs {', '.join(missing)}: pip install {' '.join(missing)}" if missing else ""
