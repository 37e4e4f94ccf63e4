"""The admin endpoints under `/__mock__`: what a test looks at and turns. This table is their documentation, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from ..base.json import DecodeError, dumps, is_object, loads
from ..base.options import TIERS
from ..spec.errors import ApiError, invalid_value
from ..state.fault_queue import LONGEST_TEXT, make_fault
from ..state.fault_types import FAULTS
from .access import check_access

if TYPE_CHECKING:
    from .context import AppContext

Fields = dict[str, Any]
FIXED = frozenset({"admin_token", "allowed_hosts", "spec"})
"""Settings that a reset does not change."""


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


def _endpoint(
    method: str, path: str, /, **body: str
) -> Callable[[Callable[[AppContext, Fields], Any]], Callable[[AppContext, Fields], Any]]:
    def register(handler: Callable[[AppContext, Fields], Any]) -> Callable[[AppContext, Fields], Any]:
        ADMIN.append(Endpoint(method, f"/__mock__{path}", handler.__doc__ or "", handler, body))
        return handler

    return register


async def answer_admin_request(app: AppContext, request: Request) -> Response:
    """Find the endpoint, read its fields (JSON body, else query), and answer. Errors have the API's documented body."""
    entry = next(
        entry
        for entry in ADMIN
        if entry.path == request.scope["path"] and entry.method == request.method.replace("HEAD", "GET")
    )
    try:
        check_access(app, request.headers, request.scope.get("server") or ("", 0))
        fields: Any = dict(request.query_params)
        content = await request.body()
        if content:
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
    except ApiError as problem:
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
        found = float(value) if not isinstance(value, bool) else float("nan")
    except (TypeError, ValueError):
        found = float("nan")
    if not least <= found <= most:
        raise invalid_value(f"body/{name}", f"{value!r} is not a number from {least:g} to {most:g}")
    return found


def whole(fields: Fields, name: str, *, least: int = 0) -> int | None:
    """The same for a whole number."""
    found = number(fields, name, least=least, most=1e9)
    if found is not None and found != int(found):
        raise invalid_value(f"body/{name}", f"{fields[name]!r} is not a whole number")
    return None if found is None else int(found)


def _text(fields: Fields, name: str) -> str | None:
    value = fields.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > LONGEST_TEXT):
        raise invalid_value(
            f"body/{name}", f"{str(value)[:100]!r} is not a text of at most {LONGEST_TEXT} characters"
        )
    return value


@_endpoint("GET", "")
def index(app: AppContext, fields: Fields) -> Any:
    """This list."""
    return {
        "endpoints": [
            {"method": entry.method, "path": entry.path, "doc": entry.doc, "body": entry.body}
            for entry in ADMIN
        ]
    }


@_endpoint("GET", "/status")
def status(app: AppContext, fields: Fields) -> Any:
    """The demo API key, the settings, the account and the counters."""
    state, options = app.state, app.options
    return {
        "api_key": options.api_key,
        "version": app.spec.document.get("info", {}).get("version"),
        "spec": app.spec.source,
        "operations": len(app.spec.operations),
        "models": len(state.models),
        "uptime_seconds": round(state.clock.now() - state.started, 3),
        "options": {
            name: getattr(options, name)
            for name in (
                "tier",
                "credits",
                "seed",
                "latency",
                "chunk_delay",
                "shape",
                "events",
                "embeddings",
                "token_lifetime",
                "video_seconds",
            )
        },
        "account": account(app, {}),
        "counters": dict(state.counters),
        "clock": _clock(app),
    }


@_endpoint("GET", "/faults")
def faults(app: AppContext, fields: Fields) -> Any:
    """The registry of faults, with their arguments, and the faults that are planned."""
    return {"faults": [fault.as_dict() for fault in FAULTS.values()], "planned": app.state.faults.pending()}


@_endpoint(
    "POST",
    "/faults",
    fault="its name (required)",
    arguments="an object with its arguments",
    times="into how many requests, 1 by default",
    skip="how many matching requests to skip first",
    operation="an operationId or a pattern such as `create*`; by default any call but the exchange of a key",
    path="a text that the path must contain",
)
def plan_fault(app: AppContext, fields: Fields) -> Any:
    """Plan a fault for the next matching requests."""
    arguments: Any = fields.get("arguments") or {}
    if not is_object(arguments):
        raise invalid_value("body/arguments", "an object is expected")
    fault = make_fault(_text(fields, "fault") or "", arguments, "body/fault")
    times, skip = whole(fields, "times", least=1), whole(fields, "skip")
    planned = app.state.faults.plan(
        fault,
        times=times or 1,
        skip=skip or 0,
        operation=_text(fields, "operation"),
        path=_text(fields, "path"),
    )
    return planned.as_dict()


@_endpoint("DELETE", "/faults")
def clear_faults(app: AppContext, fields: Fields) -> Any:
    """Remove all planned faults."""
    app.state.faults.clear()
    return {"planned": []}


@_endpoint(
    "GET",
    "/requests",
    since="only those with a higher number",
    limit="at most so many, the newest",
)
def requests(app: AppContext, fields: Fields) -> Any:
    """The last requests to the API, oldest first, with secrets masked."""
    since, limit = whole(fields, "since"), whole(fields, "limit")
    journal = app.state.request_log
    return {
        "requests": journal.read(since=since or 0, limit=limit),
        "count": journal.count,
    }


@_endpoint("DELETE", "/requests")
def clear_requests(app: AppContext, fields: Fields) -> Any:
    """Remove the recorded requests."""
    app.state.request_log.clear()
    return {"requests": []}


@_endpoint("GET", "/counters")
def counters(app: AppContext, fields: Fields) -> Any:
    """Counts of requests, statuses, faults, events and replays; `violations` are answers that broke the spec."""
    return {
        "counters": {"requests": 0, "violations": 0, **app.state.counters},
        "violations": app.state.violations,
    }


@_endpoint(
    "POST",
    "/reset",
    settings="settings to change",
)
def reset(app: AppContext, fields: Fields) -> Any:
    """Discard all state: accounts, tokens, usage, jobs, files, faults, requests. Settings stay, unless given."""
    settings: Any = fields.get("settings") or {}
    if not is_object(settings):
        raise invalid_value("body/settings", "an object is expected")
    fixed = sorted(FIXED & set(settings))
    if fixed:
        raise invalid_value("body/settings", f"{fixed[0]} is set when the server starts")
    try:
        app.reset(app.options.changed(**settings) if settings else None)
    except (TypeError, ValueError) as error:
        raise invalid_value("body/settings", str(error)) from error
    return {"reset": True, "api_key": app.options.api_key}


def _clock(app: AppContext) -> dict[str, Any]:
    clock = app.state.clock
    return {"now": clock.iso(), "timestamp": round(clock.now(), 3), "frozen": clock.frozen}


@_endpoint("GET", "/clock")
def read_clock(app: AppContext, fields: Fields) -> Any:
    """The mock's time."""
    return _clock(app)


@_endpoint(
    "POST",
    "/clock",
    advance="seconds forward",
    frozen="true holds it still, false lets it run",
)
def turn_clock(app: AppContext, fields: Fields) -> Any:
    """Move the mock's time: tokens expire, limits lift and jobs finish by it."""
    clock = app.state.clock
    seconds, frozen = number(fields, "advance"), fields.get("frozen")
    if frozen not in (None, True, False):
        raise invalid_value("body/frozen", f"{frozen!r} is not true or false")
    if frozen is True:
        clock.freeze()
    elif frozen is False:
        clock.resume()
    if seconds:
        try:
            clock.advance(seconds)
        except ValueError as error:
            raise invalid_value("body/advance", str(error)) from error
    return _clock(app)


@_endpoint(
    "POST",
    "/seed",
    seed="a whole number (required)",
)
def seed(app: AppContext, fields: Fields) -> Any:
    """Restart texts, vectors and identifiers from a seed."""
    value = fields.get("seed")
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid_value("body/seed", f"{value!r} is not a whole number")
    app.state.reseed(value)
    return {"seed": value}


@_endpoint("GET", "/account")
def account(app: AppContext, fields: Fields) -> Any:
    """The demo account."""
    demo = app.state.accounts.demo
    return {
        "username": demo.username,
        "credits": demo.credits,
        "tier": next((name for name, tier in TIERS.items() if tier is demo.tier), demo.tier.name),
        "is_active": demo.is_active,
        "requests_per_minute": demo.tier.requests_per_minute,
        "tokens_per_hour": demo.tier.tokens_per_hour,
    }


@_endpoint("POST", "/account", credits="US dollars", tier="its tier: " + ", ".join(TIERS))
def change_account(app: AppContext, fields: Fields) -> Any:
    """Change the demo account."""
    amount, tier = number(fields, "credits"), _text(fields, "tier")
    if tier is not None and tier not in TIERS:
        raise invalid_value("body/tier", f"{tier!r} is not one of {', '.join(TIERS)}")
    if tier is not None:
        app.state.accounts.demo.tier = TIERS[tier]
    if amount is not None:
        app.state.set_credits(amount)
    return account(app, {})


@_endpoint("POST", "/tokens/revoke")
def revoke_tokens(app: AppContext, fields: Fields) -> Any:
    """Revoke all tokens; API keys keep working."""
    return {"revoked": app.state.sessions.revoke_all()}
