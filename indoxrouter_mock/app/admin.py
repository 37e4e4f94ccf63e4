"""The admin endpoints under `/__mock__`: what a test looks at and turns. This table is their documentation, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from ..base.json import DecodeError, dumps, is_object, loads
from ..base.options import TIERS
from ..spec.errors import Problem, bad
from ..state.fault_queue import make_fault
from ..state.fault_types import FAULTS

if TYPE_CHECKING:
    from .application import MockApp

Fields = dict[str, Any]


@dataclass(slots=True, frozen=True)
class Endpoint:
    """One admin endpoint. `body` describes the members of its JSON body; all of them are optional unless it says
    otherwise.
    """

    method: str
    path: str
    doc: str
    handler: Callable[[MockApp, Fields], Any]
    body: dict[str, str]


ADMIN: list[Endpoint] = []


def _endpoint(
    method: str, path: str, doc: str, /, **body: str
) -> Callable[[Callable[[MockApp, Fields], Any]], Callable[[MockApp, Fields], Any]]:
    def register(handler: Callable[[MockApp, Fields], Any]) -> Callable[[MockApp, Fields], Any]:
        ADMIN.append(Endpoint(method, f"/__mock__{path}", doc, handler, body))
        return handler

    return register


async def answered(app: MockApp, request: Request) -> Response:
    """Find the endpoint, read its fields (JSON body, else query), and answer. Errors have the API's documented body."""
    entry = next(
        entry
        for entry in ADMIN
        if entry.path == request.scope["path"] and entry.method == request.method.replace("HEAD", "GET")
    )
    try:
        fields: Any = dict(request.query_params)
        content = await request.body()
        if content:
            try:
                fields = loads(content)
            except DecodeError as error:
                raise bad("body", "not valid JSON") from error
            if not is_object(fields):
                raise bad("body", "a JSON object is expected")
        for name in fields:
            if name not in entry.body:
                raise bad(
                    f"body/{name}",
                    f"is not known here; {entry.method} {entry.path} takes: {', '.join(entry.body) or 'nothing'}",
                )
        value = entry.handler(app, fields)
    except Problem as problem:
        return Response(dumps(problem.body()), problem.status, media_type="application/json")
    return Response(dumps(value), media_type="application/json")


def number(fields: Fields, name: str, *, least: float = 0) -> float | None:
    """A number among the fields, or None; texts from a query count as numbers too. Raises Problem 400 naming the
    field.
    """
    value = fields.get(name)
    if value is None:
        return None
    try:
        found = float(value) if not isinstance(value, bool) else float("nan")
    except (TypeError, ValueError):
        found = float("nan")
    if not least <= found < float("inf"):
        raise bad(f"body/{name}", f"{value!r} is not a number from {least:g} upwards")
    return found


def _text(fields: Fields, name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise bad(f"body/{name}", f"{value!r} is not a text")
    return value


@_endpoint("GET", "", "This list.")
def index(app: MockApp, fields: Fields) -> Any:
    return {
        "endpoints": [
            {"method": entry.method, "path": entry.path, "doc": entry.doc, "body": entry.body}
            for entry in ADMIN
        ]
    }


@_endpoint("GET", "/status", "The demo API key, the settings, the account and the counters.")
def status(app: MockApp, fields: Fields) -> Any:
    state, options = app.state, app.options
    return {
        "api_key": options.api_key,
        "version": app.spec.document.get("info", {}).get("version"),
        "spec": app.spec.source,
        "operations": len(app.spec.operations),
        "models": len(state.catalogue),
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


@_endpoint("GET", "/faults", "The registry of faults, with their arguments, and the faults that are planned.")
def faults(app: MockApp, fields: Fields) -> Any:
    return {"faults": [fault.as_dict() for fault in FAULTS.values()], "planned": app.state.faults.pending()}


@_endpoint(
    "POST",
    "/faults",
    "Plan a fault for the next matching requests.",
    fault="its name (required)",
    arguments="an object with its arguments",
    times="into how many requests, 1 by default",
    skip="how many matching requests to let pass first",
    operation="an operationId or a pattern such as `create*`; by default any call but the exchange of a key",
    path="a text that the path must contain",
)
def plan_fault(app: MockApp, fields: Fields) -> Any:
    arguments: Any = fields.get("arguments") or {}
    if not is_object(arguments):
        raise bad("body/arguments", "an object is expected")
    fault = make_fault(_text(fields, "fault") or "", arguments, "body/fault")
    times, skip = number(fields, "times", least=1), number(fields, "skip")
    planned = app.state.faults.plan(
        fault,
        times=int(times or 1),
        skip=int(skip or 0),
        operation=_text(fields, "operation"),
        path=_text(fields, "path"),
    )
    return planned.as_dict()


@_endpoint("DELETE", "/faults", "Forget all planned faults.")
def clear_faults(app: MockApp, fields: Fields) -> Any:
    app.state.faults.clear()
    return {"planned": []}


@_endpoint(
    "GET",
    "/requests",
    "The last requests to the API, oldest first, with secrets masked.",
    since="only those with a higher number",
    limit="at most so many, the newest",
)
def requests(app: MockApp, fields: Fields) -> Any:
    since, limit = number(fields, "since"), number(fields, "limit")
    journal = app.state.journal
    return {
        "requests": journal.read(since=int(since or 0), limit=None if limit is None else int(limit)),
        "count": journal.count,
    }


@_endpoint("DELETE", "/requests", "Forget the recorded requests.")
def clear_requests(app: MockApp, fields: Fields) -> Any:
    app.state.journal.clear()
    return {"requests": []}


@_endpoint(
    "GET",
    "/counters",
    "Counts of requests, statuses, faults, events and replays; `violations` are answers that broke the spec.",
)
def counters(app: MockApp, fields: Fields) -> Any:
    return {
        "counters": {"requests": 0, "violations": 0, **app.state.counters},
        "violations": app.state.violations,
    }


@_endpoint(
    "POST",
    "/reset",
    "Forget everything: accounts, tokens, usage, jobs, files, faults, requests. Settings stay, unless given.",
    settings="settings to change",
)
def reset(app: MockApp, fields: Fields) -> Any:
    settings: Any = fields.get("settings") or {}
    try:
        app.reset(app.options.changed(**settings) if settings else None)
    except (TypeError, ValueError) as error:
        raise bad("body/settings", str(error)) from error
    return {"reset": True, "api_key": app.options.api_key}


def _clock(app: MockApp) -> dict[str, Any]:
    clock = app.state.clock
    return {"now": clock.iso(), "timestamp": round(clock.now(), 3), "frozen": clock.frozen}


@_endpoint("GET", "/clock", "The mock's time.")
def read_clock(app: MockApp, fields: Fields) -> Any:
    return _clock(app)


@_endpoint(
    "POST",
    "/clock",
    "Move the mock's time: tokens expire, limits lift and jobs finish by it.",
    advance="seconds forward",
    frozen="true holds it still, false lets it run",
)
def turn_clock(app: MockApp, fields: Fields) -> Any:
    clock = app.state.clock
    seconds, frozen = number(fields, "advance"), fields.get("frozen")
    if frozen not in (None, True, False):
        raise bad("body/frozen", f"{frozen!r} is not true or false")
    if frozen is True:
        clock.freeze()
    elif frozen is False:
        clock.resume()
    if seconds:
        try:
            clock.advance(seconds)
        except ValueError as error:
            raise bad("body/advance", str(error)) from error
    return _clock(app)


@_endpoint(
    "POST",
    "/seed",
    "Start texts, vectors and identifiers anew from a seed.",
    seed="a whole number (required)",
)
def seed(app: MockApp, fields: Fields) -> Any:
    value = fields.get("seed")
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad("body/seed", f"{value!r} is not a whole number")
    app.state.reseed(value)
    return {"seed": value}


@_endpoint("GET", "/account", "The demo account.")
def account(app: MockApp, fields: Fields) -> Any:
    demo = app.state.accounts.demo
    return {
        "username": demo.username,
        "credits": demo.credits,
        "tier": next((name for name, tier in TIERS.items() if tier is demo.tier), demo.tier.name),
        "is_active": demo.is_active,
        "requests_per_minute": demo.tier.requests_per_minute,
        "tokens_per_hour": demo.tier.tokens_per_hour,
    }


@_endpoint(
    "POST", "/account", "Change the demo account.", credits="US dollars", tier="its tier: " + ", ".join(TIERS)
)
def change_account(app: MockApp, fields: Fields) -> Any:
    amount, tier = number(fields, "credits"), _text(fields, "tier")
    if tier is not None and tier not in TIERS:
        raise bad("body/tier", f"{tier!r} is not one of {', '.join(TIERS)}")
    if tier is not None:
        app.state.accounts.demo.tier = TIERS[tier]
    if amount is not None:
        app.state.set_credits(amount)
    return account(app, {})


@_endpoint("POST", "/tokens/revoke", "Revoke every token that was issued so far; API keys go on working.")
def revoke_tokens(app: MockApp, fields: Fields) -> Any:
    return {"revoked": app.state.tokens.revoke_all()}
