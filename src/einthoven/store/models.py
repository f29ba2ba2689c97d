"""Models on disk: a folder each, with the graph, the weights and a row in the database."""

import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from einthoven.capsule import EVALUATION
from einthoven.errors import Conflict, NotFound
from einthoven.spec import ModelSpec
from einthoven.store import tables as t
from einthoven.store.database import Database, now
from einthoven.store.store import MAX_NAME, checked_name
from einthoven.store.types import Model
from einthoven.store.zoo import PREFIX, Zoo

GRAPH = "model.onnx"
WEIGHTS = "weights.safetensors"


class ModelShelf:
    """All models of this installation, by name. Those of the `zoo`, which come with Einthoven, are only read."""

    def __init__(self, database: Database, home: Path, zoo: Sequence[Path] = ()) -> None:
        self.database = database
        self.folder = home / "models"
        self.zoo = Zoo(zoo, home)

    def add(
        self,
        name: str,
        spec: ModelSpec,
        files: Mapping[str, Path],
        *,
        architecture: str | None = None,
        base: str | None = None,
        run: str | None = None,
        trained_on: str | None = None,
        n_train: int | None = None,
        parameters: int | None = None,
        simulated: bool = False,
        statistics: Mapping[str, Any] | None = None,
    ) -> Model:
        """Copy `files` (name inside the model's folder -> file) into a new folder and remember the model."""
        name = checked_name(name, noun="model")
        folder = self.folder / secrets.token_hex(8)
        folder.mkdir(parents=True)
        try:
            for file_name, path in files.items():
                shutil.copyfile(path, folder / file_name)
            with self.database.write() as c:
                if c.scalar(select(t.models.c.name).where(t.models.c.name == name)) is not None:
                    raise Conflict(f"There is a model {name!r} already.", advice="Choose another name.")
                c.execute(
                    insert(t.models).values(
                        name=name,
                        folder=folder.name,
                        created=now(),
                        architecture=architecture,
                        base=base,
                        run=run,
                        trained_on=trained_on,
                        n_train=n_train,
                        parameters=parameters,
                        simulated=simulated,
                        spec=spec.to_json(),
                        statistics=dict(statistics or {}),
                    )
                )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return self.model(name)

    def is_zoo(self, name: str) -> bool:
        """Whether a model of that name would be one that comes with Einthoven."""
        return name.startswith(PREFIX)

    def zoo_models(self) -> list[Model]:
        """Those that come with Einthoven, by name."""
        return self.zoo.models()

    def zoo_capsule(self, name: str) -> Path | None:
        """The capsule of one that comes with Einthoven; None for others."""
        return self.zoo.capsule(name) if self.is_zoo(name) else None

    def models(self) -> list[Model]:
        """All of this installation's own, newest first."""
        with self.database.read() as c:
            rows = c.execute(select(t.models).order_by(t.models.c.created.desc())).all()
        return [self._model(row) for row in rows]

    def model(self, name: str) -> Model:
        return self.zoo.model(name) if self.is_zoo(name) else self._model(self._row(name))

    def has(self, name: str) -> bool:
        if self.is_zoo(name):
            return self.zoo.has(name)
        with self.database.read() as c:
            return c.scalar(select(t.models.c.name).where(t.models.c.name == name)) is not None

    def free_name(self, wanted: str) -> str:
        """`wanted`, cut where it is too long, or with a number behind it when that is taken."""
        name, number = wanted.strip()[:MAX_NAME].strip(), 1
        while self.has(name):
            number += 1
            name = f"{wanted.strip()[: MAX_NAME - 1 - len(str(number))]}-{number}"
        return name

    def file(self, name: str, file_name: str) -> Path | None:
        """Path of one of the model's files, None when the model has no such file.

        The first time that this is asked of one that comes with Einthoven it is verified in full and unpacked.
        """
        if self.is_zoo(name):
            return self.zoo.file(name, file_name)
        path = self._folder(name) / file_name
        return path if path.is_file() else None

    def holds(self, name: str, file_name: str) -> bool:
        """Whether the model has such a file; nothing is unpacked to see that."""
        return self.zoo.holds(name, file_name) if self.is_zoo(name) else self.file(name, file_name) is not None

    def evaluations(self, name: str) -> bytes | None:
        """The `evaluation.json` that came with the model; None for one that brought none."""
        if self.is_zoo(name):
            return self.zoo.evaluations(name)
        path = self.file(name, EVALUATION)
        return None if path is None else path.read_bytes()

    def graph(self, name: str) -> Path:
        """The model's ONNX file."""
        path = self.file(name, GRAPH)
        if path is None:
            raise NotFound(f"The file of model {name!r} is gone from {self.folder}.", advice="Take the model in again.")
        return path

    def rename(self, name: str, new_name: str) -> str:
        """Give a model another name, also where others name it as their base; the name as it is kept."""
        self._require_own(name, "renamed")
        new_name = checked_name(new_name, noun="model")
        self._row(name)
        with self.database.write() as c:
            taken = c.scalar(select(t.models.c.name).where(t.models.c.name == new_name)) is not None
            if taken and new_name != name:
                raise Conflict(f"There is a model {new_name!r} already.", advice="Choose another name.")
            c.execute(update(t.models).where(t.models.c.name == name).values(name=new_name))
            c.execute(update(t.models).where(t.models.c.base == name).values(base=new_name))
        return new_name

    def _require_own(self, name: str, what: str) -> None:
        if self.is_zoo(name) and self.zoo.has(name):
            raise Conflict(
                f"{name!r} comes with Einthoven and cannot be {what}.",
                advice="Export it and take it in under another name to have one of your own.",
            )

    def delete(self, name: str) -> None:
        self._require_own(name, "deleted")
        folder = self._folder(name)
        with self.database.write() as c:
            c.execute(delete(t.models).where(t.models.c.name == name))
        shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, name: str) -> Path:
        # The whole row would be parsed: what stands in the statistics may be long.
        with self.database.read() as c:
            folder: str | None = c.scalar(select(t.models.c.folder).where(t.models.c.name == name))
            if folder is None:
                raise _no_model(c, name)
        return self.folder / folder

    def _row(self, name: str) -> Row[Any]:
        with self.database.read() as c:
            row = c.execute(select(t.models).where(t.models.c.name == name)).one_or_none()
            if row is None:
                raise _no_model(c, name)
        return row

    def _model(self, row: Row[Any]) -> Model:
        folder = self.folder / row.folder
        return Model(
            name=row.name, created=row.created, spec=ModelSpec.from_json(row.spec), architecture=row.architecture,
            base=row.base, run=row.run, trained_on=row.trained_on, n_train=row.n_train, parameters=row.parameters,
            size=sum(path.stat().st_size for path in folder.glob("*")), simulated=row.simulated,
            statistics=row.statistics,
        )  # fmt: skip


def _no_model(c: Connection, name: str) -> NotFound:
    names = c.scalars(select(t.models.c.name).order_by(t.models.c.name)).all()
    there = f"There are {', '.join(names)}." if names else "There is none yet: train one."
    return NotFound(f"There is no model {name!r}.", advice=there)
