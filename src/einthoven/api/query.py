"""What stands behind the question mark of an address."""

from typing import Any

from fastapi import Request

from einthoven.errors import SettingError

PREFIX = "/api"
OF_ALL = {"token"}
"""Taken anywhere, by the guard."""


def only_known(request: Request) -> None:
    """SettingError for a parameter that the API's document does not name: misspelt, it counted for nothing."""
    path = f"{PREFIX}{request.scope['route'].path_format}"
    operation: dict[str, Any] = request.app.openapi()["paths"][path][request.method.lower()]
    known = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
    unknown = sorted(set(request.query_params) - known - OF_ALL)
    if unknown:
        raise SettingError(
            f"There is no parameter {', '.join(map(repr, unknown))} here.",
            advice=f"There are {', '.join(sorted(known))}." if known else "This address takes none.",
        )
