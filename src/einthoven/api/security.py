"""Who may talk to the server: this machine's user, holding the token, from this server's own pages.

A page on the internet can make a browser send requests to 127.0.0.1, and can point its own host name
there (DNS rebinding). So three things are checked: the Host header names this server, a present Origin
is this server's, and the token is known, from the cookie that the printed address sets or from
`Authorization: Bearer`.
"""

import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from einthoven.api.problems import problem

COOKIE = "einthoven_token"
"""Browsers share cookies between the ports of a host; the port in the name keeps two servers apart."""
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

# The pages are one bundle without foreign code, and nothing may be fetched from elsewhere.
SAFE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class SafeHeaders:
    """ASGI middleware that adds `SAFE_HEADERS` to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SAFE_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, sending)


class Guard:
    """ASGI middleware that answers 401 or 403 to everybody else."""

    def __init__(self, app: ASGIApp, *, token: str, hosts: tuple[str, ...] = LOOPBACK) -> None:
        self.app = app
        self.token = token
        self.hosts = {host.casefold() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refuse(scope)
        await (refusal or self.app)(scope, receive, send)

    def _refuse(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name(host) not in self.hosts:
            return problem(403, "HostRefused", "Unknown host", f"This server does not answer for {host!r}.")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return problem(403, "OriginRefused", "Foreign page", f"Requests from {origin!r} are refused.")
        given = QueryParams(scope.get("query_string", b"").decode("latin-1")).get("token")
        if given is not None and scope["method"] == "GET" and self._matches(given):
            # The token leaves the address bar at once, so that it is in no bookmark and no screenshot.
            response = RedirectResponse("/" + scope["path"].lstrip("/"), status_code=303)
            response.set_cookie(cookie_name(host), self.token, httponly=True, samesite="strict", max_age=365 * 86400)
            return response
        if self._holds_token(headers, cookie_name(host)):
            return None
        if scope["path"].startswith("/api/"):
            return problem(
                401, "TokenNeeded", "Who is there?", "This request carries no valid token.",
                "Open the address that the program printed when it started; it contains the token.",
            )  # fmt: skip
        return Response(_LOCKED, status_code=401, media_type="text/html")

    def _holds_token(self, headers: Headers, cookie: str) -> bool:
        bearer = headers.get("authorization", "")
        if bearer.startswith("Bearer ") and self._matches(bearer[7:]):
            return True
        cookies = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
        return any(name == cookie and self._matches(value) for name, _, value in cookies)

    def _matches(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self.token.encode())


def cookie_name(host: str) -> str:
    """Name of the cookie for a Host header."""
    port = host.rpartition(":")[2]
    return f"{COOKIE}_{port}" if port.isdecimal() else COOKIE


def _name(host: str) -> str:
    """Host header without its port."""
    if host.startswith("["):
        return host[: host.find("]") + 1].casefold()
    return host.partition(":")[0].casefold()


_LOCKED = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Einthoven</title>
<body style="font:18px/1.5 system-ui,sans-serif;max-width:36em;margin:15vh auto;padding:0 1em">
<h1 style="font-size:24px">Einthoven is running, but this page came without its key</h1>
<p>Open the address that the program printed in its terminal when it started. It ends in
<code>?token=…</code>, and keeps strangers on this network away from your ECGs.</p></body></html>"""
