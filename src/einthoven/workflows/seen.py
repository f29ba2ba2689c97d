"""Which records and subjects of this installation a model has seen, itself or through the models it continues from."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from einthoven.store.types import Item
from einthoven.workflows.workspace import Workspace

LEARNED_FROM = "learned_from.json"
"""In the folder of a model; stays here, is never exported."""


@dataclass(frozen=True, slots=True)
class Seen:
    """`complete` is False where it is not known what else the model has seen."""

    records: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()
    complete: bool = False

    @classmethod
    def by(cls, workspace: Workspace, model: str | None) -> Self:
        """What a model of this shelf has seen; nothing is known of one that is not there or was made elsewhere."""
        path = workspace.models.file(model, LEARNED_FROM) if model is not None and workspace.models.has(model) else None
        told = json.loads(path.read_text("utf-8")) if path is not None else {}
        return cls(
            frozenset(told.get("records", ())), frozenset(told.get("subjects", ())), bool(told.get("complete", False))
        )

    def and_of(self, items: Iterable[Item]) -> Self:
        """With these records and their subjects."""
        items = tuple(items)
        records = self.records | {item.record_id for item in items}
        subjects = self.subjects | {item.subject for item in items if item.subject}
        return type(self)(records, subjects, self.complete)

    def among(self, items: Iterable[Item]) -> tuple[int, int]:
        """How many of these were seen, and how many further ones are of subjects that were."""
        items = tuple(items)
        seen = sum(item.record_id in self.records for item in items)
        related = sum(item.subject in self.subjects for item in items if item.record_id not in self.records)
        return seen, related

    def to_json(self) -> dict[str, Any]:
        return {"records": sorted(self.records), "subjects": sorted(self.subjects), "complete": self.complete}
