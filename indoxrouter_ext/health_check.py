"""The connection test: one call of the server's health check, whose failures are reported and not raised."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, TypedDict

from indoxrouter._runtime.values import json
from indoxrouter.about import load_operation
from indoxrouter.errors import IndoxRouterError

from .calls.request_flow import call_flow

if TYPE_CHECKING:
    from .calls.client_state import ClientState
    from .calls.request_flow import Effect
    from .settings.values import Settings

_SECRET_HEADERS = frozenset({"set-cookie", "authorization", "cookie"})


class _Always(TypedDict):
    status: str
    url: str


class ConnectionReport(_Always, total=False):
    """The result of `test_connection`.

    `status` is "connected", with `status_code`, `server_info` (the answer of the health check) and `headers`; or
    "error", with `error` and `error_type`. `url` is the client's base URL in both cases.
    """

    status_code: int | None
    server_info: Any
    headers: dict[str, str]
    error: str
    error_type: str


def connection_flow(state: ClientState, settings: Settings) -> Generator[Effect, Any, ConnectionReport]:
    """Call the health check, as a flow for a driver. Reports every failure of server and network."""
    try:
        state.check_open()
        answer = yield from call_flow(state, load_operation("getHealth").call(), settings)
    except IndoxRouterError as error:
        failed: ConnectionReport = {
            "status": "error",
            "url": settings.base_url,
            "error": str(error),
            "error_type": type(error).__name__,
        }
        if error.status_code is not None:
            failed["status_code"] = error.status_code
        return failed
    if answer.observation is not None:
        answer.observation.end()
    try:
        info: Any = json.loads(answer.body) if answer.body.strip() else None
    except json.MalformedJson:
        info = answer.body[:500].decode("utf-8", "replace")
    return {
        "status": "connected",
        "url": settings.base_url,
        "status_code": answer.status,
        "server_info": info,
        "headers": {name: value for name, value in answer.headers.items() if name not in _SECRET_HEADERS},
    }
