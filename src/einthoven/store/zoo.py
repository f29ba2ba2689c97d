"""Models that come with Einthoven: capsules in folders that are only read, offered without any step.

A list says what they say of themselves. The first time that one is used it is verified in full (`capsule.unpack`) and
its files are put into `zoo/` of the installation, under a name that the capsule's own bytes make.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from einthoven import capsule
from einthoven.errors import EinthovenError, NotFound
from einthoven.stated import mapping_of, text_of, whole_of
from einthoven.store.types import Model

PREFIX = "zoo/"
"""In front of the names of these models; no name of a model of one's own can hold it."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """A capsule as it was when it was looked at."""

    path: Path
    version: tuple[int, int]
    said: capsule.Glance | None
    problem: str = ""


@dataclass(slots=True)
class Zoo:
    """The capsules in `folders`; of two with one name the first counts. `home`: where used ones are unpacked."""

    folders: Sequence[Path]
    home: Path
    _listed: dict[str, _Listed] = field(default_factory=dict)
    _folders: dict[tuple[Path, tuple[int, int]], Path] = field(default_factory=dict)

    def models(self) -> list[Model]:
        """All that can be read: those that learned from most ECGs first, of these the best by their test."""
        readable = [(name, one) for name, one in self._look().items() if one.said is not None]
        models = [(self._model(name, one), _tested(one)) for name, one in readable]
        return [model for model, _ in sorted(models, key=lambda m: (-(m[0].n_train or 0), -m[1], m[0].name))]

    def broken(self) -> Mapping[str, str]:
        """Capsules that cannot be read, with the reason."""
        return MappingProxyType({name: one.problem for name, one in sorted(self._look().items()) if one.said is None})

    def has(self, name: str) -> bool:
        return name in self._look()

    def model(self, name: str) -> Model:
        """What the capsule says of itself; NotFound when there is none, or none that can be read."""
        return self._model(name, self._one(name))

    def capsule(self, name: str) -> Path:
        """The file itself."""
        return self._one(name).path

    def evaluations(self, name: str) -> bytes:
        """What it says of how it did, without unpacking it."""
        said = self._one(name).said
        assert said is not None, "_one has looked"
        return capsule.evaluation_file(said.evaluations)

    def holds(self, name: str, file_name: str) -> bool:
        """Whether it brings such a file, without unpacking it."""
        said = self._one(name).said
        return said is not None and file_name in said.members

    def file(self, name: str, file_name: str) -> Path | None:
        """One of its files; the first time all of it is verified and unpacked.

        Raises
        ------
        FormatError, IncompatibleModel
            When it is damaged, or does not answer here as it did when it was packed.
        """
        if not self.holds(name, file_name):
            return None
        return self._unpacked(name) / file_name

    def _one(self, name: str) -> _Listed:
        found = self._look()
        if name not in found:
            there = f"There are {', '.join(sorted(found))}." if found else "This installation has none."
            raise NotFound(f"No model {name!r} comes with Einthoven.", advice=there)
        if found[name].said is None:
            raise NotFound(
                f"The model {name!r} cannot be read: {found[name].problem}", advice="Install Einthoven again."
            )
        return found[name]

    def _look(self) -> dict[str, _Listed]:
        """Each capsule, looked at again only when its file has changed."""
        now: dict[str, _Listed] = {}
        for folder in self.folders:
            for path in sorted(folder.glob(f"*{capsule.SUFFIX}")):
                name = PREFIX + path.stem
                if name not in now:
                    now[name] = self._fresh(name, path)
        self._listed = now
        return now

    def _fresh(self, name: str, path: Path) -> _Listed:
        status = path.stat()
        version = (status.st_mtime_ns, status.st_size)
        known = self._listed.get(name)
        if known is not None and (known.path, known.version) == (path, version):
            return known
        try:
            return _Listed(path, version, capsule.glance(path))
        except EinthovenError as error:
            return _Listed(path, version, None, error.message)

    def _model(self, name: str, one: _Listed) -> Model:
        said = one.said
        assert said is not None, "the callers have looked"
        day = text_of(mapping_of(said.statistics.get("zoo")).get("made"))
        written = datetime.fromtimestamp(one.version[0] / 1e9, UTC).isoformat(timespec="seconds")
        return Model(
            name=name, created=day or written, spec=said.spec, architecture=said.architecture,
            base=None, run=None, trained_on=None, n_train=whole_of(said.statistics.get("n_train")),
            parameters=whole_of(said.statistics.get("parameters")), size=one.version[1],
            simulated=said.statistics.get("simulated") is True, statistics=said.statistics,
        )  # fmt: skip

    def _unpacked(self, name: str) -> Path:
        one = self._one(name)
        known = self._folders.get((one.path, one.version))
        if known is not None and known.is_dir():
            return known
        folder = self._unpack(one.path)
        self._folders[one.path, one.version] = folder
        return folder

    def _unpack(self, path: Path) -> Path:
        content = capsule.content_of(path)
        folder = self.home / "zoo" / f"{path.stem}-{hashlib.sha256(content).hexdigest()[:16]}"
        if folder.is_dir():
            return folder
        found = capsule.unpack(content, path.name)
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".part-", dir=folder.parent))
        try:
            for file_name, data in capsule.files_of(found).items():
                (made / file_name).write_bytes(data)
            # Another process may have been faster: then its folder, which is the same, stays.
            if not folder.is_dir():
                made.rename(folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return folder


def _tested(one: _Listed) -> float:
    """Macro AUROC of the test, to put models in an order; -1 where there is none."""
    evaluations = one.said.evaluations if one.said is not None else ()
    values = [entry.get("macro_auroc") for entry in evaluations if entry.get("part") == "test"]
    return next((float(value) for value in values if isinstance(value, int | float)), -1.0)
