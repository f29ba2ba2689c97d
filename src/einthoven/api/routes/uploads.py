"""Files on their way in, resumable: the tus protocol 1.0.0 (https://tus.io/protocols/resumable-upload).

Extensions: creation, creation-with-upload, expiration, termination. `/api/uploads` opens an upload of many files;
each of them is a tus upload below `/api/uploads/{upload}/tus`. A file is told by its relative path (`filename` in
`Upload-Metadata`), so that a creation that is sent twice begins the same file anew and makes no second one.
"""

import base64
import binascii
from collections.abc import Callable, Coroutine
from email.utils import format_datetime
from typing import Annotated, Any

from fastapi import APIRouter, File, Request, Response, UploadFile
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from einthoven.api.problems import problem
from einthoven.api.routes import Here
from einthoven.errors import EinthovenError, InputError
from einthoven.workflows import uploads
from einthoven.workflows.uploads import IncomingFile, UploadState
from einthoven.workflows.workspace import Workspace

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,termination"
BYTES = "application/offset+octet-stream"
WRITE_BYTES = 1 << 20
DRAIN_BYTES = 16 << 20
"""So much of a refused body is still read: a browser that is cut off while it sends never sees the reason."""
MAX_METADATA = 16_384

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class TusRoute(APIRoute):
    """A route on which every answer, a refusal too, names the protocol's version."""

    def get_route_handler(self) -> Handler:
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            if request.method != "OPTIONS" and request.headers.get("tus-resumable") != VERSION:
                response: Response = problem(
                    412, "TusVersion", "Another protocol", "This address speaks tus 1.0.0 only.",
                    "Send the header Tus-Resumable: 1.0.0.",
                )  # fmt: skip
                response.headers["Tus-Version"] = VERSION
            else:
                try:
                    response = await inner(request)
                except EinthovenError as error:
                    response = await request.app.exception_handlers[EinthovenError](request, error)
            if response.status_code >= 400:
                await _drain(request)
            response.headers["Tus-Resumable"] = VERSION
            return response

        return handler


router = APIRouter(tags=["uploads"])
tus = APIRouter(prefix="/uploads/{upload}/tus", route_class=TusRoute)


@router.post("/uploads", status_code=201)
def open_upload(workspace: Here) -> dict[str, str]:
    """Begin an upload; answers its `upload` id."""
    return {"upload": uploads.open_upload(workspace)}


@router.get("/uploads/{upload}")
def upload_state(workspace: Here, upload: str) -> UploadState:
    """How far every file is that was announced by tus, so that only what lacks need be sent."""
    return uploads.state(workspace, upload)


@router.delete("/uploads/{upload}", status_code=204)
def cancel_upload(workspace: Here, upload: str) -> None:
    """Give an upload up and forget its files."""
    uploads.close_upload(workspace, upload)


@router.post("/uploads/{upload}/files")
def add_to_upload(
    workspace: Here,
    upload: str,
    files: Annotated[list[UploadFile], File(description="each named by its path relative to the dropped folder")],
) -> dict[str, int]:
    """Add files in one form, for scripts; answers how many whole files the upload holds (`files`)."""
    for file in files:
        uploads.add_file(workspace, upload, name=file.filename or "", content=file.file)
    return {"files": uploads.count_files(workspace, upload)}


@tus.options("", status_code=204)
def tus_abilities() -> Response:
    """What this server can do of tus."""
    headers = {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(uploads.MAX_FILE_BYTES)}
    return Response(status_code=204, headers=headers)


@tus.post("", status_code=201)
async def tus_create(workspace: Here, request: Request, upload: str) -> Response:
    """Announce a file, with or without bytes: `Upload-Length`; `Upload-Metadata` of `filename` and `modified` (ms)."""
    size = _number(request, "upload-length")
    if size is None:
        return _refused(400, "Upload-Length must state the file's size in bytes; a deferred length is not supported.")
    if size > uploads.MAX_FILE_BYTES:
        return _refused(413, f"A file of {size} bytes is too large; {uploads.MAX_FILE_BYTES} are possible.")
    room = uploads.room(workspace)
    if size > room:
        return _refused(
            507, f"No room for {size / 1e6:,.1f} MB: {room / 1e6:,.1f} MB are left where Einthoven keeps its data.",
            "Make room on that disk, then try again.",
        )  # fmt: skip
    metadata = _metadata(request.headers.get("upload-metadata", ""))
    modified = metadata.get("modified", "")
    body = await _first(request)
    if body is None:
        return _refused(400, "The connection broke off.")
    if body and request.headers.get("content-type") != BYTES:
        return _refused(415, f"Bytes must be sent as {BYTES}.")
    length = _number(request, "content-length")
    if length is not None and length > size:
        return _refused(413, f"{length} bytes are more than the {size} that Upload-Length states.")

    def begin() -> IncomingFile:
        file = uploads.begin_file(
            workspace, upload, name=metadata.get("filename", ""), size=size,
            modified=int(modified) if modified.isascii() and modified.isdigit() and len(modified) < 17 else None,
        )  # fmt: skip
        return uploads.append(workspace, upload, file, body) if body else file

    file = await run_in_threadpool(begin)
    file = await _receive(workspace, request, upload, file)
    headers = {"Location": f"{request.url.path.rstrip('/')}/{file.id}", "Upload-Offset": str(file.offset)}
    return Response(status_code=201, headers={**headers, **await _expiry(workspace, upload, file)})


@tus.head("/{file}")
async def tus_offset(workspace: Here, upload: str, file: str) -> Response:
    """How many bytes of a file are here."""
    known = await run_in_threadpool(uploads.incoming, workspace, upload, file)
    name = base64.b64encode(known.name.encode()).decode()
    headers = {"Upload-Offset": str(known.offset), "Upload-Length": str(known.size), "Cache-Control": "no-store"}
    headers["Upload-Metadata"] = f"filename {name}"
    return Response(status_code=200, headers={**headers, **await _expiry(workspace, upload, known)})


@tus.patch("/{file}", status_code=204)
async def tus_append(workspace: Here, request: Request, upload: str, file: str) -> Response:
    """Add bytes at `Upload-Offset`."""
    if request.headers.get("content-type") != BYTES:
        return _refused(415, f"Bytes must be sent as {BYTES}.")
    offset = _number(request, "upload-offset")
    if offset is None:
        return _refused(400, "Upload-Offset must state where the bytes begin.")
    known = await run_in_threadpool(uploads.incoming, workspace, upload, file)
    if offset != known.offset:
        return _refused(409, f"{known.offset} bytes of this file are here, not {offset}.", "Go on from there.")
    length = _number(request, "content-length")
    if length is not None and offset + length > known.size:
        return _refused(413, f"{offset + length} bytes are more than the {known.size} that Upload-Length stated.")
    known = await _receive(workspace, request, upload, known)
    headers = {"Upload-Offset": str(known.offset)}
    return Response(status_code=204, headers={**headers, **await _expiry(workspace, upload, known)})


@tus.delete("/{file}", status_code=204)
async def tus_terminate(workspace: Here, upload: str, file: str) -> Response:
    """Withdraw a file."""
    await run_in_threadpool(uploads.withdraw_file, workspace, upload, file)
    return Response(status_code=204)


router.include_router(tus)


async def _first(request: Request) -> bytes | None:
    """The body of a small file whole, or the first MiB of a larger one, the rest being still to be read.

    None when the sender is gone: it will create the file anew, and may have done so already.
    """
    pieces = bytearray()
    request.state.body = stream = request.stream()
    try:
        async for piece in stream:
            pieces += piece
            if len(pieces) >= WRITE_BYTES:
                break
    except ClientDisconnect:
        return None
    return bytes(pieces)


async def _receive(workspace: Workspace, request: Request, upload: str, file: IncomingFile) -> IncomingFile:
    """Write the body (or what is left of it) a MiB at a time; keep what came when the sender is cut off."""
    stream = getattr(request.state, "body", None) or request.stream()
    request.state.body = stream
    pieces = bytearray()
    try:
        async for piece in stream:
            pieces += piece
            if len(pieces) >= WRITE_BYTES:
                data, pieces = bytes(pieces), bytearray()
                file = await run_in_threadpool(uploads.append, workspace, upload, file, data)
    except ClientDisconnect:
        pass
    if pieces:
        file = await run_in_threadpool(uploads.append, workspace, upload, file, bytes(pieces))
    return file


async def _drain(request: Request) -> None:
    stream = getattr(request.state, "body", None) or request.stream()
    seen = 0
    try:
        async for piece in stream:
            seen += len(piece)
            if seen > DRAIN_BYTES:
                return
    except (ClientDisconnect, RuntimeError):  # RuntimeError: read to its end already
        return


async def _expiry(workspace: Workspace, upload: str, file: IncomingFile) -> dict[str, str]:
    if file.offset == file.size:
        return {}
    moment = await run_in_threadpool(uploads.expires, workspace, upload)
    return {"Upload-Expires": format_datetime(moment, usegmt=True)}


def _metadata(header: str) -> dict[str, str]:
    """`Upload-Metadata`: pairs of a key and its value in Base64, divided by commas; InputError when it is none."""
    if len(header) > MAX_METADATA:
        raise InputError(f"Upload-Metadata is longer than {MAX_METADATA} characters.")
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = pair.partition(" ")
        try:
            text = base64.b64decode(value.strip().encode("ascii"), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeError):
            raise InputError(f"Upload-Metadata: the value of {key[:40]!r} is not text in Base64.") from None
        if key in found:
            raise InputError(f"Upload-Metadata names {key[:40]!r} twice.")
        found[key] = text
    return found


def _number(request: Request, header: str) -> int | None:
    text = request.headers.get(header, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _refused(status: int, detail: str, advice: str = "") -> Response:
    return problem(status, "Upload", "The file was not taken", detail, advice)
