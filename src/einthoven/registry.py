"""Finding the plug-ins: one module with one constant adds one thing.

A kind of plug-in is a package (`einthoven.formats`, `einthoven.models`, ...); each of its modules
that has a constant `ENTRY` adds one entry. Third parties add entries through an entry-point group
of the same name as the package. Entry modules import heavy packages inside functions only, so that
listing costs nothing and an entry whose package is missing can be listed with the reason.
"""

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import Generic, Protocol, TypeVar

from einthoven.errors import MissingDependency, NotFound


class Entry(Protocol):
    """What every entry has: a name for commands and files, a title for people, the packages it needs."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def requires(self) -> tuple[str, ...]: ...


E = TypeVar("E", bound=Entry)


class Registry(Generic[E]):
    """The entries of one kind, read once, in the order of their names."""

    def __init__(self, package: str, entry_type: type[E], noun: str) -> None:
        self._package = package
        self._entry_type = entry_type
        self.noun = noun

    @cache  # noqa: B019  registries live as long as the program
    def entries(self) -> dict[str, E]:
        found: dict[str, E] = {}
        for entry in self._discover():
            if not isinstance(entry, self._entry_type):
                raise TypeError(f"{entry!r} is not a {self._entry_type.__name__}")
            if entry.name in found:
                raise ValueError(f"two {self.noun}s are called {entry.name!r}")
            found[entry.name] = entry
        return dict(sorted(found.items()))

    def _discover(self) -> Iterator[object]:
        # Takes as long to import as all architectures together; commands that list nothing do without.
        from importlib.metadata import entry_points

        package = importlib.import_module(self._package)
        for module_info in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{self._package}.{module_info.name}")
            if hasattr(module, "ENTRY"):
                yield module.ENTRY
        for point in entry_points(group=self._package):
            yield point.load()

    def __iter__(self) -> Iterator[E]:
        return iter(self.entries().values())

    def names(self) -> tuple[str, ...]:
        return tuple(self.entries())

    def get(self, name: str) -> E:
        """The entry of that name; NotFound with the choices when there is none."""
        entries = self.entries()
        if name not in entries:
            raise NotFound(f"There is no {self.noun} {name!r}.", advice=f"There are {', '.join(entries)}.")
        return entries[name]

    def missing(self, entry: E) -> tuple[str, ...]:
        """Packages the entry needs that are not installed here."""
        return tuple(name for name in entry.requires if importlib.util.find_spec(name) is None)

    def require(self, name: str) -> E:
        """`get`, or MissingDependency with the command that installs what is missing."""
        entry = self.get(name)
        missing = self.missing(entry)
        if missing:
            raise MissingDependency(
                f"The {self.noun} {name!r} needs {', '.join(missing)}, which is not installed.",
                advice=f"Install it with: pip install {' '.join(missing)}",
            )
        return entry
