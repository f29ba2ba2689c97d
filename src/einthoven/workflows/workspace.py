"""One installation: its library, its models, its jobs, its preferences."""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from einthoven.beats.delineators import DELINEATORS
from einthoven.errors import NotFound, SettingError
from einthoven.files import write_whole
from einthoven.jobs import JobQueue
from einthoven.leads import STANDARD_12
from einthoven.store.corrections import Corrections, checked_who
from einthoven.store.database import Database
from einthoven.store.models import ModelShelf
from einthoven.store.quarantine import Quarantine
from einthoven.store.store import Store, checked_name
from einthoven.store.types import ItemQuery, Job
from einthoven.workflows.benchmarks import BenchmarkRequest
from einthoven.workflows.measurements import MeasureRequest
from einthoven.workflows.names import pseudonym
from einthoven.workflows.plain import to_plain
from einthoven.workflows.requests import EvaluateRequest, ImportRequest, PredictRequest, TrainRequest
from einthoven.workflows.views import Preferences

Request = ImportRequest | TrainRequest | PredictRequest | EvaluateRequest | MeasureRequest | BenchmarkRequest
PREFERENCES_FORMAT = "einthoven-preferences"
KEY_BYTES = 32
MIN_SECONDS, MAX_SECONDS = 1.0, 60.0
MIN_HZ, MAX_HZ = 81.0, 1000.0
LEADS_LOOKED_UP = 20
"""ECGs of a dataset that are opened to see whether a lead of an unknown name is among theirs."""


class Workspace:
    """Everything kept in one folder (`EINTHOVEN_HOME`). `zoo`: folders of the models that come with Einthoven."""

    def __init__(self, home: Path, *, zoo: Sequence[Path] = ()) -> None:
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)  # patients' data: for their keeper only
        except OSError as error:
            raise SettingError(
                f"The folder {home} cannot be used for data: {error.strerror}.", advice="Choose another with --home."
            ) from error
        self.home = home
        self.database = Database(home / "einthoven.db")
        self.store = Store(self.database, home)
        self.models = ModelShelf(self.database, home, zoo)
        self.quarantine = Quarantine(self.database, home)
        self.corrections = Corrections(self.database)
        self.jobs = JobQueue(self.database, home)
        self.preferences = self._load_preferences()
        self._key: bytes | None = None
        self._cache: dict[str, tuple[str, Any]] = {}

    def submit(self, kind: str, request: Request) -> Job:
        """Queue the work; the request is checked for what can be known now."""
        title = _titles[kind](self, request)
        return self.jobs.submit(kind, title, to_plain(request))

    def pseudonym(self, identifier: str) -> str:
        """A subject's id in this installation: the same for the same person, of no use without its key."""
        return pseudonym(self.key(), identifier)

    def key(self) -> bytes:
        """By which subjects and names of files are hashed."""
        if self._key is None:
            self._key = self._secret("pseudonyms.key")
        return self._key

    def expire_quarantine(self) -> None:
        """Drop refused files that have been kept for longer than the setting says, and the paths of old imports."""
        self.quarantine.expire(self.preferences.quarantine_days)
        self.jobs.forget_old_requests(self.preferences.quarantine_days)

    def token(self) -> str:
        """The key to the pages, made at the first start and kept, so that open pages survive a restart."""
        return self._secret("token").hex()

    def cached(self, name: str, version: str, make: Callable[[], Any]) -> Any:
        """A loaded thing (an inference session) under its name, made again when its version changes."""
        known = self._cache.get(name)
        if known is None or known[0] != version:
            known = self._cache[name] = (version, make())
        return known[1]

    def save_preferences(self, preferences: Preferences) -> None:
        check_input(rate=preferences.target_rate, duration=preferences.duration)
        if preferences.threads is not None and not 1 <= preferences.threads <= 1024:
            raise SettingError(f"{preferences.threads} threads are not possible.", advice="Choose at least 1.")
        if not 1 <= preferences.quarantine_days <= 3650:
            raise SettingError(
                f"Refused files cannot be kept for {preferences.quarantine_days} days.", advice="Choose 1 to 3650."
            )
        # A page that does not ask who one is does not forget it either.
        who = self.preferences.who if preferences.who is None else checked_who(preferences.who)
        preferences = replace(preferences, who=who)
        data = {"format": PREFERENCES_FORMAT, "version": 1, **asdict(preferences)}
        write_whole(self.home / "preferences.json", json.dumps(data, indent=1).encode())
        self.preferences = preferences

    def _load_preferences(self) -> Preferences:
        path = self.home / "preferences.json"
        if not path.exists():
            return Preferences()
        try:
            data = json.loads(path.read_text("utf-8"))
            if data.pop("format") != PREFERENCES_FORMAT or data.pop("version") != 1:
                raise ValueError("written by another release")
            return Preferences(**data)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SettingError(f"{path} is damaged: {error}.", advice="Mend or delete it.") from error

    def _secret(self, name: str) -> bytes:
        path = self.home / name
        if not path.exists():
            # Under the lock, so that two programs that start at once do not make two keys.
            with self.database.write():
                if not path.exists():
                    write_whole(path, secrets.token_bytes(KEY_BYTES))  # readable by its owner only
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise SettingError(f"The key {path} is damaged.", advice="Restore it from a backup, or delete it.")
        return key


def check_input(*, rate: float, duration: float) -> None:
    """SettingError when no model can see ECGs at this rate (Hz) or of this length (s)."""
    if not MIN_HZ <= rate <= MAX_HZ:
        raise SettingError(
            f"A target rate of {rate:g} Hz is not possible.",
            advice=f"Choose {MIN_HZ:g} to {MAX_HZ:g} Hz: the 0.5-40 Hz band needs more than 80.",
        )
    if not MIN_SECONDS <= duration <= MAX_SECONDS:
        raise SettingError(
            f"A window of {duration:g} s is not possible.", advice=f"Choose {MIN_SECONDS:g} to {MAX_SECONDS:g} s."
        )


def _import_title(workspace: Workspace, request: ImportRequest) -> str:
    given = [bool(request.paths), request.upload is not None, bool(request.refused)]
    if not any(given):
        raise SettingError("There is nothing to import.", advice="Choose files or a folder.")
    if sum(given) > 1:
        raise SettingError(
            "Paths, an upload and refused files cannot be imported at once.", advice="Import one after the other."
        )
    title = f"Import into {checked_name(request.dataset, noun='dataset')}"
    # Said here and not by the job, whose history would keep the name.
    _require_paths(request.paths)
    return title


def _require_paths(paths: Sequence[str]) -> None:
    missing = next((path for path in paths if not Path(path).exists()), None)
    if missing is not None:
        raise NotFound(f"There is no file or folder {missing!r}.")


def _train_title(workspace: Workspace, request: TrainRequest) -> str:
    return f"Train {request.name or request.task} on {request.dataset}"


def _predict_title(workspace: Workspace, request: PredictRequest) -> str:
    if request.dataset is None and not request.paths:
        raise SettingError("There is nothing to predict.", advice="Choose a dataset or files.")
    if request.dataset is not None and request.paths:
        raise SettingError("A dataset and files cannot be predicted at once.", advice="Predict one after the other.")
    if request.dataset is not None:
        workspace.store.dataset(request.dataset)
    _require_model(workspace, request.model)
    return f"Predict {request.dataset or f'{len(request.paths)} files'} with {Path(request.model).name}"


def _evaluate_title(workspace: Workspace, request: EvaluateRequest) -> str:
    workspace.store.dataset(request.dataset)
    _require_model(workspace, request.model)
    return f"Evaluate {Path(request.model).name} on {request.dataset}"


def _benchmark_title(workspace: Workspace, request: BenchmarkRequest) -> str:
    from einthoven.workflows.benchmark import title  # it imports this module

    return title(workspace, request)


def _measure_title(workspace: Workspace, request: MeasureRequest) -> str:
    if request.dataset is None and not request.paths:
        raise SettingError("There is nothing to measure.", advice="Choose a dataset or files.")
    if request.dataset is not None and request.paths:
        raise SettingError("A dataset and files cannot be measured at once.", advice="Measure one after the other.")
    if request.dataset is not None:
        workspace.store.dataset(request.dataset)
    elif request.folds is not None:
        raise SettingError("Only the ECGs of a dataset have folds.", advice="Leave the folds out, or name a dataset.")
    _require_paths(request.paths)
    DELINEATORS.require(request.method)
    _require_lead(workspace, request)
    return f"Measure {request.dataset or _files(len(request.paths))}"


def _require_lead(workspace: Workspace, request: MeasureRequest) -> None:
    """A lead there is, or one that ECGs of the dataset hold; one that only some ECGs lack is told of each of them."""
    if request.lead_is_known:
        return
    items = [] if request.dataset is None else workspace.store.items(request.dataset, ItemQuery(folds=request.folds))[1]
    looked_at = (workspace.store.load(item) for item in items[:: 1 + len(items) // LEADS_LOOKED_UP])
    names: set[str] = set()
    for record in looked_at:
        names.update(record.leads)
        if request.lead_name in names:
            return
    others = sorted(names.difference(STANDARD_12))
    raise SettingError(
        f"There is no lead {request.lead!r}.",
        advice=f"Name one of {', '.join([*STANDARD_12, *others])}, or another lead that ECGs hold, such as V3R.",
    )


def _files(n: int) -> str:
    return "1 file" if n == 1 else f"{n} files"


def _require_model(workspace: Workspace, name: str) -> None:
    """A name on the shelf, or a file; the error about a name lists what there is."""
    if not workspace.models.has(name) and not Path(name).is_file():
        if name.endswith((".onnx", ".zip", ".ecgmodel")):
            raise NotFound(f"There is no model file {name!r}.")
        workspace.models.model(name)


_titles: dict[str, Callable[[Workspace, Any], str]] = {
    "import": _import_title,
    "train": _train_title,
    "predict": _predict_title,
    "evaluate": _evaluate_title,
    "measure": _measure_title,
    "benchmark": _benchmark_title,
}
