"""The workbench as a Python object: the same workflows as the pages and the command line, in this process."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from einthoven import errors
from einthoven.jobs.queue import ENDED
from einthoven.onnx.foreign.hints import ModelHints
from einthoven.onnx.foreign.judgement import ForeignModel
from einthoven.record import EcgRecord, ReadHints
from einthoven.spec import SUBJECT_INPUTS, ModelInput, Padding, Scaling, SubjectInput
from einthoven.store.types import Dataset, ItemQuery, Job, RefusedFile, TaskInfo
from einthoven.task import Kind
from einthoven.train.config import Method
from einthoven.train.recipes import DEFAULT
from einthoven.train.thresholds import ThresholdRule
from einthoven.wiring import open_workspace
from einthoven.workflows import going_on, labelling, measure_out, planning, quarantine, share, show
from einthoven.workflows.benchmarks import BUDGET, FOLDS, BenchmarkOutcome, BenchmarkRequest
from einthoven.workflows.dispatch import RESULT, run_job
from einthoven.workflows.import_ import with_names
from einthoven.workflows.measurements import (
    DEFAULT_LEAD,
    DEFAULT_METHOD,
    Export,
    FileFormat,
    MeasureOutcome,
    MeasureRequest,
)
from einthoven.workflows.plain import load_result
from einthoven.workflows.requests import (
    EvaluateRequest,
    EvaluationReport,
    ImportOutcome,
    ImportRequest,
    LabelOutcome,
    PredictionTable,
    PredictRequest,
    TrainOutcome,
    TrainRequest,
)
from einthoven.workflows.views import ModelView

T = TypeVar("T")
PathLike = str | Path
WATCH_SECONDS = 0.2


class Workbench:
    """One installation's data: everything the pages and the command line can do, as methods.

    Parameters
    ----------
    home
        Folder of the installation; None: `EINTHOVEN_HOME`, or the platform's data folder. A server may
        run on the same folder at the same time.

    Examples
    --------
    >>> bench = Workbench("/data/einthoven")                                    # doctest: +SKIP
    >>> bench.import_files("ptb-xl", dataset="ptbxl", layout="ptbxl")           # doctest: +SKIP
    >>> model = bench.train("ptbxl", "superclass", folds=range(1, 9)).model     # doctest: +SKIP
    >>> bench.evaluate(model, "ptbxl", folds=[9]).evaluation.macro_auroc        # doctest: +SKIP
    """

    def __init__(self, home: PathLike | None = None) -> None:
        self.workspace = open_workspace(None if home is None else Path(home))

    def import_files(
        self,
        *paths: PathLike,
        dataset: str,
        hints: ReadHints | None = None,
        layout: str | None = None,
        resolution: int | None = None,
        keep_names: bool = False,
        keep_identifiers: bool = False,
    ) -> ImportOutcome:
        """Read files and folders into a dataset. Files fail one by one; the outcome lists each with its reason.

        Names of files and folders are stored as keyed hashes unless `keep_names` says that they identify nobody;
        label tables and searches find the records by the names all the same. `keep_identifiers` keeps the original
        bytes unchanged instead of blanking what identifies a patient.
        """
        request = ImportRequest(
            dataset,
            tuple(str(Path(path).resolve()) for path in paths),
            hints=hints or ReadHints(),
            layout=layout,
            resolution=resolution,
            keep_names=keep_names,
            keep_identifiers=keep_identifiers,
        )
        return with_names(self.workspace, self._do("import", request, ImportOutcome))

    def quarantine(self, dataset: str | None = None) -> list[RefusedFile]:
        """Files that could not be read, each with its reason; `id` is its number below."""
        return self.workspace.quarantine.list(dataset)

    def refused_file(self, number: int) -> tuple[str, bytes]:
        """A refused file as it came: name and bytes (a ZIP when files that it needs were kept with it)."""
        return quarantine.download(self.workspace, number)

    def retry(
        self,
        numbers: Sequence[int],
        *,
        hints: ReadHints | None = None,
        dataset: str | None = None,
        keep_names: bool = False,
        keep_identifiers: bool = False,
    ) -> ImportOutcome:
        """Try refused files again."""
        request = quarantine.retry_request(
            self.workspace, numbers, hints or ReadHints(), dataset=dataset, keep_names=keep_names,
            keep_identifiers=keep_identifiers,
        )  # fmt: skip
        return with_names(self.workspace, self._do("import", request, ImportOutcome))

    def drop_refused(self, numbers: Sequence[int]) -> int:
        """Delete refused files by their numbers; how many that were."""
        return quarantine.drop(self.workspace, numbers)

    def empty_quarantine(self, dataset: str | None = None) -> int:
        """Delete all refused files, of a dataset or of all; how many that were."""
        return quarantine.empty(self.workspace, dataset)

    def original(self, item: int) -> dict[str, bytes]:
        """The file that a record was read from, blanked, with the files it needs; the first is the one to open."""
        return show.original(self.workspace, item)

    def import_labels(
        self,
        dataset: str,
        table: PathLike,
        *,
        task: str = "label",
        kind: Kind = "single-label",
        file_column: str | None = None,
        label_column: str | None = None,
        code_column: str | None = None,
        unit: str = "",
    ) -> LabelOutcome:
        """Make a task of a label table (CSV or XLSX); columns not named: `file_name`, `label`, `ICD-10`."""
        path = Path(table)
        return labelling.import_labels(
            self.workspace, dataset, name=path.name, data=path.read_bytes(), task=task, kind=kind,
            file_column=file_column, label_column=label_column, code_column=code_column, unit=unit,
        )  # fmt: skip

    def datasets(self) -> list[Dataset]:
        return self.workspace.store.datasets()

    def tasks(self, dataset: str) -> list[TaskInfo]:
        return self.workspace.store.tasks(dataset)

    def records(self, dataset: str, *, folds: Sequence[int] | None = None) -> dict[str, EcgRecord]:
        """The records of a dataset by file name, as they were read."""
        _, items = self.workspace.store.items(dataset, ItemQuery(folds=None if folds is None else tuple(folds)))
        return {item.file_name: self.workspace.store.load(item) for item in items}

    def train(
        self,
        dataset: str,
        task: str,
        *,
        architecture: str = "xceptiontime",
        from_model: str | None = None,
        method: Method | None = None,
        name: str | None = None,
        folds: Sequence[int] | None = None,
        one_per_patient: bool = False,
        seed: int = 0,
        recipe: str = DEFAULT,
        settings: Mapping[str, bool | int | float | str | None] | None = None,
        rate: float | None = None,
        duration: float | None = None,
        padding: Padding = "zeros",
        scaling: Scaling | None = None,
        scaled_over: Literal["lead", "record", "none"] = "lead",
        model_input: ModelInput = "ecg",
        subject: Sequence[SubjectInput] = (),
        thresholds: ThresholdRule = "f1",
        beside: bool = True,
    ) -> TrainOutcome:
        """Train a model. The recipe says which epoch's weights become it (`keep`).

        Parameters
        ----------
        architecture, from_model, method
            A network to train from `scratch` (the method without `from_model`), or a model to go on from: `whole`
            (the method with it), `head`, or `head-then-whole`.
        recipe, settings
            The settings of a training by the name of a recipe, and those to change:
            `einthoven.train.config.settings()` says what each does.
        rate, duration, padding
            What the model sees, in Hz and seconds; None means the installation's setting. How shorter ECGs are
            expanded.
        scaling, scaled_over
            How amplitudes are brought to a scale (None: as the architecture's authors do), over what.
        model_input
            The ECG, its median beat, or what Rlign makes of it.
        subject
            What the model is told of the person: `age`, `sex`, or both. Records may lack them.
        thresholds
            From where a class of a multi-label task counts as present: where F1 is largest on the validation part
            (`f1`), or one half (`half`).
        beside
            Whether a ridge model is fitted beside a network from scratch that has fewer than 200 ECGs to learn from;
            the outcome's `beside` says which is better, and how sure that is.

        Raises
        ------
        SettingError
            When there is no such recipe or setting, or a value is not possible.
        LabelError, IncompatibleModel
            When there is too little to learn from, or the model to go on from does not fit.

        Examples
        --------
        >>> bench.train("ptbxl", "superclass", settings={"epochs": 20}, subject=["age", "sex"])    # doctest: +SKIP
        """
        request = TrainRequest(
            dataset=dataset, task=task, architecture=architecture, from_model=from_model,
            method=method or ("whole" if from_model else "scratch"), name=name,
            folds=None if folds is None else tuple(folds), one_per_patient=one_per_patient, seed=seed, recipe=recipe,
            settings=dict(settings or {}), rate=rate, duration=duration, padding=padding, scaling=scaling,
            scaled_over=scaled_over, model_input=model_input,
            subject=tuple(sorted(subject, key=_place_among_subject_inputs)), thresholds=thresholds, beside=beside,
        )  # fmt: skip
        return self._do("train", planning.complete(self.workspace, request), TrainOutcome)

    def benchmark(
        self,
        dataset: str,
        task: str,
        *,
        architectures: Sequence[str] = (),
        recipes: Sequence[str] = (),
        budget: str = BUDGET,
        n_folds: int = FOLDS,
        folds: Sequence[int] | None = None,
        seed: int = 0,
        settings: Mapping[str, bool | int | float | str | None] | None = None,
        rate: float | None = None,
        duration: float | None = None,
    ) -> BenchmarkOutcome:
        """Compare ways of training by cross-validation over patients, as far as the budget of time goes.

        Parameters
        ----------
        architectures, recipes
            What is compared, each with each; by default all architectures that are not experimental, with the usual
            recipe.
        budget
            `30m`, `2h`, `90s`: the time for everything. Only folds that all have finished are compared.
        n_folds, folds
            Into how many parts the ECGs are divided; from which folds of the dataset they may be (None: all).
        settings
            Settings to change in each recipe, by the names of `TrainConfig`.

        Raises
        ------
        SettingError
            When something is not possible, or the budget too small for anything.
        LabelError
            When there is too little to learn from.

        Examples
        --------
        >>> found = bench.benchmark("ptbxl", "superclass", budget="2h", folds=range(1, 9))    # doctest: +SKIP
        >>> found.recommendation                                                              # doctest: +SKIP
        """
        request = BenchmarkRequest(
            dataset, task, tuple(architectures), tuple(recipes), budget, n_folds,
            None if folds is None else tuple(folds), seed, dict(settings or {}), rate, duration,
        )  # fmt: skip
        return self._do("benchmark", request, BenchmarkOutcome)

    def unfinished(self) -> list[Job]:
        """Imports, trainings and benchmarks that can be gone on with or are not through, newest first.

        A running one is done by another program, or its program was killed less than a minute ago.
        """
        return going_on.unfinished(self.workspace)

    def resume(self, job: str) -> ImportOutcome | TrainOutcome | BenchmarkOutcome:
        """Go on with an import, a training or a benchmark where it was when its program was killed, or it failed.

        Parameters
        ----------
        job
            Its id (`unfinished()`), or of a training the name of its model.

        Raises
        ------
        NotFound
            When there is no such job.
        Conflict
            When it is running, or was until less than a minute ago; when it cannot go on.

        Examples
        --------
        >>> bench.resume(bench.unfinished()[0].id)    # doctest: +SKIP
        """
        queued = going_on.queued(self.workspace, going_on.meant(self.workspace, job))
        if queued.kind == "train":
            return self._seen_to_its_end(queued, TrainOutcome)
        if queued.kind == "benchmark":
            return self._seen_to_its_end(queued, BenchmarkOutcome)
        return with_names(self.workspace, self._seen_to_its_end(queued, ImportOutcome))

    def predict(
        self,
        model: str,
        *paths: PathLike,
        dataset: str | None = None,
        folds: Sequence[int] | None = None,
        hints: ReadHints | None = None,
    ) -> PredictionTable:
        """A model's answers for a dataset, or for files that are not kept."""
        request = PredictRequest(
            model=model,
            dataset=dataset,
            folds=None if folds is None else tuple(folds),
            paths=tuple(str(Path(path).resolve()) for path in paths),
            hints=hints or ReadHints(),
        )
        return self._do("predict", request, PredictionTable)

    def evaluate(
        self, model: str, dataset: str, *, task: str | None = None, folds: Sequence[int] | None = None
    ) -> EvaluationReport:
        """A model's answers compared with the labels of a task."""
        request = EvaluateRequest(model, dataset, task, None if folds is None else tuple(folds))
        return self._do("evaluate", request, EvaluationReport)

    def measure(
        self,
        *paths: PathLike,
        dataset: str | None = None,
        folds: Sequence[int] | None = None,
        hints: ReadHints | None = None,
        method: str = DEFAULT_METHOD,
        what: Export | Sequence[Export] = "measurements",
        lead: str = DEFAULT_LEAD,
        out: PathLike | None = None,
        file_format: FileFormat | None = None,
        force: bool = False,
    ) -> MeasureOutcome:
        """Find the beats of a dataset's ECGs, or of files that are not kept, and measure them.

        Parameters
        ----------
        method
            How waves are found: `einthoven`, or one of NeuroKit2's (`neurokit-dwt`, ...).
        what
            One or several exports (`measurements`, `fiducials`, `qrs-overlay`, `median-beat`, ...): each becomes a
            file. `lead` is that of the QRS overlay.
        out
            Where the files go: a file (`.csv`, `.json`, `.npz`, `.parquet`) for one export, else a folder, for which
            `file_format` says how they are written (CSV without it). Without `out` they stay with the job; the outcome
            has the numbers of the first 50 ECGs and what all of them have in common.
        force
            Overwrite what is there already.

        Raises
        ------
        NotFound, SettingError
            There is no such dataset, file, method, export or lead.
        Conflict
            A file at `out` would be overwritten.

        Examples
        --------
        >>> found = bench.measure("ecgs/1.dcm")                                  # doctest: +SKIP
        >>> {one.name: one.value for one in found.rows[0].measurements}["qt"]    # doctest: +SKIP
        >>> bench.measure(dataset="ptbxl", what="fiducials", out="fiducials.csv")    # doctest: +SKIP
        """
        exports = measure_out.exports_of([what] if isinstance(what, str) else what)
        place = None if out is None else Path(out)
        written = measure_out.format_of(exports, place, [] if file_format is None else [file_format])
        if place is not None and not force:
            measure_out.check_free(place, exports, written)
        request = MeasureRequest(
            dataset=dataset,
            folds=None if folds is None else tuple(folds),
            paths=tuple(str(Path(path).resolve()) for path in paths),
            hints=hints or ReadHints(),
            method=method,
            what=exports,
            file_format=written,
            lead=lead,
        )
        job, outcome = self._done("measure", request, MeasureOutcome)
        if place is not None:
            measure_out.take(self.workspace.jobs, job.id, outcome, place)
        return replace(outcome, job=self.workspace.jobs.job(job.id))

    def models(self) -> list[ModelView]:
        """All models, newest first, and behind them those that come with Einthoven (`zoo/...`)."""
        return share.views(self.workspace)

    def card(self, model: str) -> str:
        """A model's card: Markdown behind a YAML head."""
        return share.card(self.workspace, model)

    def export(self, model: str, out: PathLike) -> Path:
        """Write a model to `out`: `.ecgmodel` for all of it, `.onnx` for the bare graph."""
        path = Path(out)
        _, data = share.exported(self.workspace, model, form=share.form_of(path))
        path.write_bytes(data)
        return path

    def inspect(self, file: PathLike, *, hints: ModelHints | None = None) -> ForeignModel:
        """What a model file is, and which hints it needs before it can be taken in (`missing`, `offers`)."""
        path = Path(file)
        return share.inspected(path.name, share.content_of(path), hints)

    def take_in(self, file: PathLike, *, name: str | None = None, hints: ModelHints | None = None) -> ModelView:
        """Put a model file on the shelf: one of ours, or any ONNX classifier.

        `hints` say what a model that was made elsewhere leaves unsaid; HintsNeeded names all that lacks.

        Examples
        --------
        >>> bench.inspect("theirs.onnx").missing                                    # doctest: +SKIP
        ('leads', 'rate', 'kind')
        >>> hints = ModelHints(leads=STANDARD_12, rate=500, kind="multi-label")     # doctest: +SKIP
        >>> bench.take_in("theirs.onnx", hints=hints)                               # doctest: +SKIP
        """
        path = Path(file)
        return share.take_in(self.workspace, path.name, share.content_of(path), name=name, hints=hints)

    def _do(self, kind: str, request: Any, outcome: type[T]) -> T:
        return self._done(kind, request, outcome)[1]

    def _done(self, kind: str, request: Any, outcome: type[T]) -> tuple[Job, T]:
        job = self.workspace.submit(kind, request)
        return job, self._seen_to_its_end(job, outcome)

    def _seen_to_its_end(self, job: Job, outcome: type[T]) -> T:
        """Run the job here, so that it stands in the history like any other; its failure becomes an exception."""
        jobs = self.workspace.jobs
        claimed = jobs.claim("python", job_id=job.id)
        if claimed is not None:
            run_job(self.workspace, claimed)
        while jobs.job(job.id).state not in ENDED:  # a running server was faster and does it
            time.sleep(WATCH_SECONDS)
        result = load_result(jobs.path(job.id) / RESULT, outcome)
        if result is None:
            raise _error(jobs.job(job.id))
        return result


def _place_among_subject_inputs(name: str) -> int:
    """In the order that a model's description has; an unknown one at the end, where it is refused."""
    return SUBJECT_INPUTS.index(name) if name in SUBJECT_INPUTS else len(SUBJECT_INPUTS)


def _error(job: Job) -> errors.EinthovenError:
    if job.problem is None:
        return errors.Cancelled(job.headline)
    kind = getattr(errors, job.problem.error, errors.EinthovenError)
    if not (isinstance(kind, type) and issubclass(kind, errors.EinthovenError)) or kind is errors.HintsNeeded:
        kind = errors.EinthovenError
    return kind(job.problem.detail, advice=job.problem.advice)
