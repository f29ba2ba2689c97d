"""Trainings, predictions over datasets, evaluations."""

from typing import Annotated

from fastapi import APIRouter, Query

from einthoven.api.routes import Here
from einthoven.store.types import Job
from einthoven.workflows.benchmarks import BenchmarkCheck, BenchmarkRequest, BenchmarkView
from einthoven.workflows.requests import (
    EvaluateRequest,
    EvaluationReport,
    PredictionTable,
    PredictRequest,
    Run,
    TrainCheck,
    TrainRequest,
)
from einthoven.workflows.views import RunSummary

router = APIRouter(tags=["learning"])


@router.post("/train/check")
def check_training(workspace: Here, request: TrainRequest) -> TrainCheck:
    """What this training would do: the split, warnings in words, a guess at the time."""
    from einthoven.workflows import planning

    return planning.check(workspace, request)


@router.post("/runs", status_code=202)
def start_training(workspace: Here, request: TrainRequest) -> Job:
    from einthoven.workflows import planning

    return workspace.submit("train", planning.complete(workspace, request))


@router.get("/runs")
def runs(workspace: Here) -> list[RunSummary]:
    from einthoven.workflows import runs

    return runs.summaries(workspace)


@router.get("/runs/{job}")
def run(workspace: Here, job: str) -> Run:
    from einthoven.workflows import runs

    return runs.run(workspace, job)


@router.post("/benchmarks/check")
def check_benchmark(workspace: Here, request: BenchmarkRequest) -> BenchmarkCheck:
    """What this benchmark would do: ECGs, folds, candidates, warnings in words."""
    from einthoven.workflows import benchmark

    return benchmark.check(workspace, request)


@router.post("/benchmarks", status_code=202)
def start_benchmark(workspace: Here, request: BenchmarkRequest) -> Job:
    """Compare ways of training by cross-validation over patients, under a budget of time."""
    return workspace.submit("benchmark", request)


@router.get("/benchmarks/{job}")
def benchmark(workspace: Here, job: str) -> BenchmarkView:
    """A benchmark with how far it is; its outcome is null while it runs."""
    from einthoven.workflows import benchmark_progress

    return benchmark_progress.view(workspace, job)


@router.post("/predictions", status_code=202)
def start_prediction(workspace: Here, request: PredictRequest) -> Job:
    return workspace.submit("predict", request)


@router.get("/predictions/{job}")
def predictions(
    workspace: Here,
    job: str,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    sort: Annotated[str | None, Query(description="a class: highest probability first")] = None,
) -> PredictionTable | None:
    """Predictions of a finished job; null while it runs. `/api/jobs/{job}/files/predictions.csv` has all as CSV."""
    from einthoven.workflows import predict

    return predict.table(workspace, job, offset=offset, limit=limit, sort=sort)


@router.post("/evaluations", status_code=202)
def start_evaluation(workspace: Here, request: EvaluateRequest) -> Job:
    return workspace.submit("evaluate", request)


@router.get("/evaluations/{job}")
def evaluation(workspace: Here, job: str) -> EvaluationReport | None:
    """The report of a finished evaluation; null while it runs."""
    from einthoven.workflows import evaluate

    return evaluate.report(workspace, job)
