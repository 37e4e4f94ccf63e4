"""Is the server there? One call of the health check, reported as the documents say and never raised."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, TypedDict

from indoxrouter._runtime.values import json as jsonio

from .calls.request_flow import Effect, call_flow

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Operation

    from .calls.client_state import Core
    from .settings.values import Settings

__all__ = ["ConnectionReport", "connection_flow"]

_SECRET_HEADERS = frozenset({"set-cookie", "authorization", "cookie"})


class ConnectionReport(TypedDict, total=False):
    """What `test_connection` found.

    `status` is "connected", with `status_code`, `server_info` (the health check's answer) and `headers`; or
    "error", with `error` and `error_type`. `url` is the client's base URL in both.
    """

    status: str
    url: str
    status_code: int | None
    server_info: Any
    headers: dict[str, str]
    error: str
    error_type: str


def connection_flow(
    core: Core, settings: Settings, operation: Operation[Any]
) -> Generator[Effect, Any, ConnectionReport]:
    """Ask the health check, as a flow for a shell. Reports every failure of server and network; raises nothing."""
    from indoxrouter.errors import IndoxRouterError

    try:
        core.check_open()
        answer = yield from call_flow(core, operation.call(), settings)
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
    try:
        info: Any = jsonio.loads(answer.body) if answer.body.strip() else None
    except jsonio.MalformedJson:
        info = answer.body[:500].decode("utf-8", "replace")
    return {
        "status": "connected",
        "url": settings.base_url,
        "status_code": answer.status,
        "server_info": info,
        "headers": {name: value for name, value in answer.headers.items() if name not in _SECRET_HEADERS},
    }
