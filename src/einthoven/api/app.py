"""The application: routes under /api, the built pages under everything else."""

from pathlib import Path

from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import FileResponse, HTMLResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles

from einthoven.api import problems
from einthoven.api.query import PREFIX, only_known
from einthoven.api.routes import beats, formats, jobs, learning, library, models, records, system, uploads
from einthoven.api.security import LOOPBACK, Guard, SafeHeaders
from einthoven.workflows.workspace import Workspace

VERSION = "1"


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
    for module in (uploads, system, formats, library, records, beats, learning, models, jobs):
        app.include_router(module.router, prefix=PREFIX, dependencies=[Depends(only_known)])
    _serve_pages(app, web)
    app.add_middleware(Guard, token=token, hosts=hosts)
    app.add_middleware(SafeHeaders)  # added last, so that refusals carry them too
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


def _serve_pages(app: FastAPI, web: Path | None) -> None:
    if web is None or not (web / "index.html").is_file():

        @app.get("/", include_in_schema=False)
        def no_pages() -> HTMLResponse:
            return HTMLResponse("<p>The pages are not built. Run <code>make web</code>.</p>", status_code=503)

        return
    app.mount("/assets", StaticFiles(directory=web / "assets", check_dir=False), name="assets")
    # Names are looked up and never joined to a path, so that none can lead elsewhere.
    files = {path.relative_to(web).as_posix(): path for path in web.rglob("*") if path.is_file()}

    @app.get("/{path:path}", include_in_schema=False)
    def page(path: str) -> FileResponse:
        if path == "api" or path.startswith("api/"):
            raise HTTPException(404, "Not Found")
        # Every other address is a page of the single-page application, and so is one that does not exist.
        return FileResponse(files.get(path, web / "index.html"))
