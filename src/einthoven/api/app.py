"""The application: routes under /api, the built pages under everything else."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, Response
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles

from einthoven.api import problems
from einthoven.api.routes import jobs, learning, library, models, records, system
from einthoven.api.security import LOOPBACK, Guard
from einthoven.workflows.workspace import Workspace

VERSION = "1"

# The pages are one bundle without foreign code, and nothing may be fetched from elsewhere.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create_app(
    workspace: Workspace, *, token: str, web: Path | None = None, hosts: tuple[str, ...] = LOOPBACK
) -> FastAPI:
    """The server for one workspace. `web` is the folder of the built pages, None for the API alone."""
    app = FastAPI(
        title="Einthoven", version=VERSION, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json",
        generate_unique_id_function=_operation_id,
    )  # fmt: skip
    app.state.workspace = workspace
    problems.install(app)
    for module in (system, library, records, learning, models, jobs):
        app.include_router(module.router, prefix="/api")

    @app.middleware("http")
    async def _headers(request, call_next):  # type: ignore[no-untyped-def]
        response: Response = await call_next(request)
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    _serve_pages(app, web)
    app.add_middleware(Guard, token=token, hosts=hosts)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


def _serve_pages(app: FastAPI, web: Path | None) -> None:
    if web is None or not (web / "index.html").is_file():

        @app.get("/", include_in_schema=False)
        def no_pages() -> HTMLResponse:
            return HTMLResponse("<p>The pages are not built. Run <code>make web</code>.</p>", status_code=503)

        return
    app.mount("/assets", StaticFiles(directory=web / "assets"), name="assets")

    @app.get("/{path:path}", include_in_schema=False)
    def page(path: str) -> FileResponse:
        # Every other address is a page of the single-page application, and so is one that does not exist.
        candidate = (web / path).resolve()
        if path and candidate.is_relative_to(web.resolve()) and candidate.is_file():
            return FileResponse(candidate)
        return FileResponse(web / "index.html")
