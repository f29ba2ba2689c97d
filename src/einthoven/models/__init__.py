"""Network architectures: one module with one `ENTRY` adds one; the torch code lies in `models.networks`."""

from einthoven.models.entry import ArchitectureEntry, Sizes
from einthoven.registry import Registry

ARCHITECTURES: Registry[ArchitectureEntry] = Registry("einthoven.models", ArchitectureEntry, "architecture")

__all__ = ["ARCHITECTURES", "ArchitectureEntry", "Sizes"]
