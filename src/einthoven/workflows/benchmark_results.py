"""What a benchmark has finished, in its folder: one line for each fold of a candidate.

So a benchmark that was interrupted goes on there and computes nothing twice. Scores stand in the order of the fold's
ECGs, without any name.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from einthoven.files import write_whole
from einthoven.jobs import Reporter
from einthoven.train.benchmark.candidates import Answers

RESULTS = "results.jsonl"
FORMAT, VERSION = "einthoven-benchmark-results", 1


@dataclass
class Kept:
    """The results of a benchmark. The first line says what they belong to; one that was half written is passed over."""

    path: Path
    key: str = ""
    elapsed: float = 0.0
    answers: dict[tuple[str, int], Answers] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Kept":
        found = cls(path)
        for line in path.read_bytes().splitlines() if path.is_file() else ():
            try:
                found._take(json.loads(line))
            except (ValueError, KeyError, TypeError):
                break  # written by another release, or the program was killed while it wrote it
        return found

    def _take(self, line: Mapping[str, Any]) -> None:
        if "format" in line:
            if (line["format"], line["version"]) != (FORMAT, VERSION):
                raise ValueError("of another release")
            self.key = line["key"]
            return
        self.elapsed = float(line["elapsed"])
        if "failed" in line:
            self.failures[line["candidate"]] = str(line["failed"])
        else:
            self.answers[line["candidate"], int(line["fold"])] = Answers.from_json(line)

    def for_key(self, key: str, report: Reporter) -> "Kept":
        """These results if they belong to `key`; else none, and a new file."""
        if self.key == key:
            # Without a line that was half written.
            lines = [self._line(name, number, one) for (name, number), one in self.answers.items()]
            lines += [
                {"candidate": name, "failed": why, "elapsed": self.elapsed} for name, why in self.failures.items()
            ]
            self._begin(lines)
            done = "1 training is" if len(self.answers) == 1 else f"{len(self.answers)} trainings are"
            report.log(f"Goes on: {done} done already.")
            return self
        if self.answers:
            report.log("The ECGs, labels or settings are others than when it was begun: it begins anew.")
        fresh = Kept(self.path, key)
        fresh._begin([])
        return fresh

    def folds_of(self, name: str) -> dict[int, Answers]:
        return {number: one for (candidate, number), one in self.answers.items() if candidate == name}

    def add(self, name: str, fold: int, answers: Answers, elapsed: float) -> None:
        self.answers[name, fold] = answers
        self.elapsed = elapsed
        self._append(self._line(name, fold, answers))

    def fail(self, name: str, reason: str, elapsed: float) -> None:
        self.failures[name] = reason
        self.elapsed = elapsed
        self._append({"candidate": name, "failed": reason, "elapsed": elapsed})

    def _line(self, name: str, fold: int, answers: Answers) -> dict[str, Any]:
        return {"candidate": name, "fold": fold, "elapsed": self.elapsed, **answers.to_json()}

    def _begin(self, lines: Sequence[Mapping[str, Any]]) -> None:
        head = {"format": FORMAT, "version": VERSION, "key": self.key}
        text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in (head, *lines))
        write_whole(self.path, text.encode())

    def _append(self, line: Mapping[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, allow_nan=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
