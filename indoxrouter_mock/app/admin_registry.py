"""The registry of the admin endpoints under `/__mock__`, and how one of them is answered.

The registry is also their documentation: `GET /__mock__` lists it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import nan
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ..base.json import DecodeError, dumps, is_object, loads
from ..base.text import decimal
from ..spec.errors import ApiError, invalid_value, moved
from ..state.accounts import Account
from ..state.fault_queue import LONGEST_TEXT
from .access import check_access
from .context import AppContext

Fields = dict[str, Any]


@dataclass(slots=True, frozen=True)
class Endpoint:
    """One admin endpoint. `body` describes the members of its JSON body; all of them are optional unless it says
    otherwise.
    """

    method: str
    path: str
    doc: str
    handler: Callable[[AppContext, Fields], Any]
    body: dict[str, str]


ADMIN: list[Endpoint] = []


def endpoint(
    method: str, path: str, /, **body: str
) -> Callable[[Callable[[AppContext, Fields], Any]], Callable[[AppContext, Fields], Any]]:
    """Register an admin endpoint, whose documentation is the docstring of its handler."""

    def register(handler: Callable[[AppContext, Fields], Any]) -> Callable[[AppContext, Fields], Any]:
        ADMIN.append(Endpoint(method, f"/__mock__{path}", handler.__doc__ or "", handler, body))
        return handler

    return register


async def answer_admin_request(app: AppContext, request: Request) -> Response:
    """Find the endpoint, read its fields (JSON body, else query), and answer. Errors have the API's documented body."""
    entry = next(
        entry
        for entry in ADMIN
        if entry.path == request.scope["path"].rstrip("/")
        and entry.method == request.method.replace("HEAD", "GET")
    )
    place = "query"
    try:
        check_access(app, request.headers, request.scope.get("server") or ("", 0))
        fields: Any = dict(request.query_params)
        content = await request.body()
        if content:
            place = "body"
            try:
                fields = loads(content)
            except DecodeError as error:
                raise invalid_value("body", "not valid JSON") from error
            if not is_object(fields):
                raise invalid_value("body", "a JSON object is expected")
        for name in fields:
            if name not in entry.body:
                raise invalid_value(
                    f"body/{name}",
                    f"is not known here; {entry.method} {entry.path} takes: {', '.join(entry.body) or 'nothing'}",
                )
        value = entry.handler(app, fields)
    except ApiError as found:
        problem = moved(found, "body", place)
        return Response(dumps(problem.body()), problem.status, media_type="application/json")
    return Response(dumps(value), media_type="application/json")


def number(fields: Fields, name: str, *, least: float = 0, most: float = 1e12) -> float | None:
    """A number among the fields, or None; texts from a query count as numbers too. Raises ApiError 400 naming the
    field.
    """
    value = fields.get(name)
    if value is None:
        return None
    try:
        found = nan if isinstance(value, bool) else decimal(value)
    except (TypeError, ValueError, OverflowError):  # a JSON number may have any number of digits
        found = nan
    if not least <= found <= most:
        raise invalid_value(
            f"body/{name}", f"{str(value)[:100]!r} is not a number from {least:g} to {most:g}"
        )
    return found


def whole(fields: Fields, name: str, *, least: int = 0, most: float = 1e9) -> int | None:
    """The same for a whole number."""
    found = number(fields, name, least=least, most=most)
    if found is not None and found != int(found):
        raise invalid_value(f"body/{name}", f"{fields[name]!r} is not a whole number")
    return None if found is None else int(found)


def text(fields: Fields, name: str) -> str | None:
    """A text among the fields, or None. Raises ApiError 400 naming the field."""
    value = fields.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > LONGEST_TEXT):
        raise invalid_value(
            f"body/{name}", f"{str(value)[:100]!r} is not a text of at most {LONGEST_TEXT} characters"
        )
    return value


def account_of(app: AppContext, fields: Fields, name: str = "account") -> Account:
    """The account that a field names, else the demo account. Raises ApiError 404."""
    named = text(fields, name)
    found = app.state.accounts.demo if named is None else app.state.accounts.with_name(named)
    if found is None:
        raise invalid_value(f"body/{name}", f"there is no account {str(named)[:100]!r}", status=404)
    return found
