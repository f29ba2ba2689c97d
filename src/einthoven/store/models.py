"""Models on disk: a folder each, with the graph, the weights and a row in the database."""

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from einthoven.errors import Conflict, NotFound
from einthoven.spec import ModelSpec
from einthoven.store import tables as t
from einthoven.store.database import Database, now
from einthoven.store.store import MAX_NAME, checked_name
from einthoven.store.types import Model

GRAPH = "model.onnx"
WEIGHTS = "weights.safetensors"


class ModelShelf:
    """All models of this installation, by name."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database = database
        self.folder = home / "models"

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

    def models(self) -> list[Model]:
        """All, newest first."""
        with self.database.read() as c:
            rows = c.execute(select(t.models).order_by(t.models.c.created.desc())).all()
        return [self._model(row) for row in rows]

    def model(self, name: str) -> Model:
        return self._model(self._row(name))

    def has(self, name: str) -> bool:
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
        """Path of one of the model's files, None when the model has no such file."""
        path = self.folder / self._row(name).folder / file_name
        return path if path.is_file() else None

    def graph(self, name: str) -> Path:
        """The model's ONNX file."""
        path = self.file(name, GRAPH)
        if path is None:
            raise NotFound(f"The file of model {name!r} is gone from {self.folder}.", advice="Take the model in again.")
        return path

    def rename(self, name: str, new_name: str) -> str:
        """Give a model another name, also where others name it as their base; the name as it is kept."""
        new_name = checked_name(new_name, noun="model")
        self._row(name)
        with self.database.write() as c:
            taken = c.scalar(select(t.models.c.name).where(t.models.c.name == new_name)) is not None
            if taken and new_name != name:
                raise Conflict(f"There is a model {new_name!r} already.", advice="Choose another name.")
            c.execute(update(t.models).where(t.models.c.name == name).values(name=new_name))
            c.execute(update(t.models).where(t.models.c.base == name).values(base=new_name))
        return new_name

    def delete(self, name: str) -> None:
        folder = self.folder / self._row(name).folder
        with self.database.write() as c:
            c.execute(delete(t.models).where(t.models.c.name == name))
        shutil.rmtree(folder, ignore_errors=True)

    def _row(self, name: str) -> Row[Any]:
        with self.database.read() as c:
            row = c.execute(select(t.models).where(t.models.c.name == name)).one_or_none()
            if row is None:
                names = c.scalars(select(t.models.c.name).order_by(t.models.c.name)).all()
                there = f"There are {', '.join(names)}." if names else "There is none yet: train one."
                raise NotFound(f"There is no model {name!r}.", advice=there)
        return row

    def _model(self, row: Row[Any]) -> Model:
        folder = self.folder / row.folder
        return Model(
            name=row.name, created=row.created, spec=ModelSpec.from_json(row.spec), architecture=row.architecture,
            base=row.base, run=row.run, trained_on=row.trained_on, n_train=row.n_train, parameters=row.parameters,
            size=sum(path.stat().st_size for path in folder.glob("*")), simulated=row.simulated,
            statistics=row.statistics,
        )  # fmt: skip
