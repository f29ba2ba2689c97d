"""Ways of finding P, QRS and T of known beats: one module each, with an `ENTRY` that `DELINEATORS` finds."""

from einthoven.beats.delineators.entry import DelineatorEntry, Heartbeats, Waves
from einthoven.registry import Registry

DELINEATORS: Registry[DelineatorEntry] = Registry("einthoven.beats.delineators", DelineatorEntry, "delineator")

__all__ = ["DELINEATORS", "DelineatorEntry", "Heartbeats", "Waves"]
