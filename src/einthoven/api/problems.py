"""Errors as HTTP: one mapping from the error tree to status and problem+json (RFC 9457)."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from einthoven import errors

STATUS: tuple[tuple[type[errors.EinthovenError], int], ...] = (
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.IncompatibleModel, 409),
    (errors.MissingDependency, 501),
    (errors.InputError, 422),
    (errors.TrainingFailed, 500),
    (errors.ExportFailed, 500),
    (errors.Cancelled, 409),
)
"""First match wins, so a class stands before its parents."""

TITLES = {
    "FormatError": "The file cannot be read",
    "HintsNeeded": "The file does not say everything",
    "RecordError": "Not a usable ECG",
    "LabelError": "The labels do not fit",
    "SettingError": "A setting is not allowed",
    "CorrectionError": "This correction is not possible",
    "IncompatibleModel": "This model does not fit",
    "NotFound": "Not found",
    "Conflict": "Already taken or in use",
    "MissingDependency": "Something is not installed",
}


_LISTS = ("tuple_type", "list_type", "frozen_set_type", "set_type")
_AS_A_LIST = {
    "folds": "Send folds as a list of the dataset's folds that may be used, such as [1, 2], or null for all. Into how "
    "many parts a benchmark divides the ECGs is n_folds."
}
"""Advice where something else came than a list, by the name of the field."""


def _field(error: Mapping[str, Any]) -> str:
    return ".".join(str(part) for part in error["loc"][1:])


def _expected(error: Mapping[str, Any]) -> str:
    return "It should be a list" if error["type"] in _LISTS else str(error["msg"])


def status_of(error: errors.EinthovenError) -> int:
    """HTTP status for an error of the tree."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def problem(status: int, kind: str, title: str, detail: str, advice: str = "", **extra: object) -> JSONResponse:
    """A problem+json response; `advice` says what to do."""
    body = {"type": f"urn:einthoven:{kind}", "title": title, "status": status, "detail": detail, "advice": advice}
    return JSONResponse({**body, **extra}, status_code=status, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Make every error that leaves a route a problem+json."""

    @app.exception_handler(errors.EinthovenError)
    async def _ours(request: Request, error: errors.EinthovenError) -> JSONResponse:
        kind = type(error).__name__
        extra = {"missing": list(error.missing)} if isinstance(error, errors.HintsNeeded) else {}
        return problem(
            status_of(error), kind, TITLES.get(kind, "It did not work"), error.message, error.advice, **extra
        )

    @app.exception_handler(RequestValidationError)
    async def _request(request: Request, error: RequestValidationError) -> JSONResponse:
        # The offending value may be patient data: say where it stood and what was expected, not what it was.
        where = "; ".join(f"{_field(e)}: {_expected(e)}" for e in error.errors())
        lists = dict.fromkeys(_field(e) for e in error.errors() if e["type"] in _LISTS)
        advice = " ".join(_AS_A_LIST.get(name, f"Send {name} as a list, in brackets.") for name in lists)
        return problem(422, "RequestError", "The request is not well formed", where, advice)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, "HttpError", str(error.detail), f"{request.method} {request.url.path}")

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> JSONResponse:
        # The server's log has the traceback; the message may hold patient data and is not sent.
        return problem(
            500, "Unexpected", "Something went wrong that should not", f"{request.method} {request.url.path}",
            "Please report it with what the program printed in its terminal.",
        )  # fmt: skip
