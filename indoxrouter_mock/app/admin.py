"""The admin endpoints for what a test looks at and changes: faults, requests, counters, clock, seed and account."""

from __future__ import annotations

from typing import Any

from ..base.json import is_list, is_object
from ..base.options import TIERS
from ..spec.errors import invalid_value
from ..state.accounts import Account
from ..state.fault_queue import Fault, PlannedFault, make_fault
from ..state.fault_types import FAULTS
from .admin_registry import ADMIN, Fields, account_of, endpoint, number, text, whole
from .context import AppContext, client_offences

FIXED = frozenset({"admin_token", "allowed_hosts", "answers", "spec"})
"""Settings that a reset does not change."""


@endpoint("GET", "")
def index(app: AppContext, fields: Fields) -> Any:
    """This list."""
    return {
        "endpoints": [
            {"method": entry.method, "path": entry.path, "doc": entry.doc, "body": entry.body}
            for entry in ADMIN
        ]
    }


@endpoint("GET", "/status")
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
        "account": described_account(app.state.accounts.demo),
        "counters": dict(state.counters),
        "clock": _clock(app),
    }


@endpoint("GET", "/faults")
def faults(app: AppContext, fields: Fields) -> Any:
    """The registry of faults, with their arguments, and the faults that are planned."""
    return {"faults": [fault.as_dict() for fault in FAULTS.values()], "planned": app.state.faults.pending()}


@endpoint(
    "POST",
    "/faults",
    fault="its name; this or `sequence` is required",
    arguments="an object with its arguments",
    sequence="in place of `fault`: a list of names, of objects with `fault` and `arguments`, and of null, which lets a "
    "request pass; one step for each matching request",
    times="into how many requests, or how often the sequence is played; 1 by default",
    skip="how many matching requests to skip first",
    operation="an operationId or a pattern such as `create*`; by default any call but the exchange of a key",
    path="a text that the path must contain",
    model="a model: its id, `provider/id`, or a pattern such as `openai/*`",
    contains="a text that the conversation or the prompt must contain",
    account="the name of the account that calls",
    probability="the chance that a matching request is affected, 1 by default",
    seed="of that chance; by default that of the server",
)
def plan_fault(app: AppContext, fields: Fields) -> Any:
    """Plan a fault, or a sequence of faults, for the next matching requests."""
    probability, seed = number(fields, "probability", most=1), whole(fields, "seed")
    planned = plan(
        app,
        *steps_of(fields),
        times=whole(fields, "times", least=1) or 1,
        skip=whole(fields, "skip") or 0,
        operation=text(fields, "operation"),
        path=text(fields, "path"),
        model=text(fields, "model"),
        contains=text(fields, "contains"),
        account=text(fields, "account"),
        probability=1.0 if probability is None else probability,
        seed=seed,
    )
    return planned.as_dict()


def plan(app: AppContext, *steps: Fault | None, **match: Any) -> PlannedFault:
    """Plan faults with the keywords of `FaultQueue.plan`. Raises ApiError 400, also for what no request can match."""
    app.check_match(match.get("operation"), match.get("account"))
    return app.state.faults.plan(*steps, **match)


def steps_of(fields: Fields) -> list[Fault | None]:
    """The steps of `sequence`, or the one fault of `fault` and `arguments`. Raises ApiError 400."""
    sequence = fields.get("sequence")
    if sequence is None:
        return [_step({"fault": fields.get("fault"), "arguments": fields.get("arguments")}, "body/fault")]
    if fields.get("fault") is not None or not is_list(sequence):
        raise invalid_value("body/sequence", "a list is expected, and no fault beside it")
    return [
        None if step is None else _step(step, f"body/sequence/{index}") for index, step in enumerate(sequence)
    ]


def _step(step: Any, where: str) -> Fault:
    step = {"fault": step} if isinstance(step, str) else step
    if not is_object(step) or set(step) - {"fault", "arguments"}:
        raise invalid_value(
            where, "the name of a fault, an object with fault and arguments, or null is expected"
        )
    arguments: Any = {} if step.get("arguments") is None else step["arguments"]
    if not is_object(arguments):
        raise invalid_value(where.removesuffix("/fault") + "/arguments", "an object is expected")
    name = step.get("fault")
    return make_fault(name if isinstance(name, str) else "", arguments, where)


@endpoint("DELETE", "/faults")
def clear_faults(app: AppContext, fields: Fields) -> Any:
    """Remove all planned faults."""
    app.state.faults.clear()
    return {"planned": []}


@endpoint(
    "GET",
    "/requests",
    since="only those with a higher number",
    limit="how many at most; the newest are returned",
    account="only those of this account",
)
def requests(app: AppContext, fields: Fields) -> Any:
    """The last requests to the API, oldest first, with secrets masked."""
    since, limit, account = whole(fields, "since"), whole(fields, "limit"), text(fields, "account")
    app.check_match(None, account)
    journal = app.state.request_log
    return {
        "requests": journal.read(since=since or 0, limit=limit, account=account),
        "count": journal.count,
    }


@endpoint("DELETE", "/requests")
def clear_requests(app: AppContext, fields: Fields) -> Any:
    """Remove the recorded requests."""
    app.state.request_log.clear()
    return {"requests": []}


@endpoint("GET", "/verdict", account="only on the requests of this account")
def verdict(app: AppContext, fields: Fields) -> Any:
    """What the client did wrong: calls repeated without a key, `Retry-After` ignored, storms, streams left open."""
    account = text(fields, "account")
    app.check_match(None, account)
    found = client_offences(app, account)
    return {
        "offences": [
            {"kind": each.kind, "message": each.message, "requests": each.requests} for each in found
        ]
    }


@endpoint("GET", "/counters")
def counters(app: AppContext, fields: Fields) -> Any:
    """Counts of requests, statuses, faults, events and replays; `violations` are answers that broke the spec."""
    return {
        "counters": {"requests": 0, "violations": 0, **app.state.counters},
        "violations": app.state.violations,
    }


@endpoint(
    "POST",
    "/reset",
    settings="settings to change",
    account="reset this account only: its credits, usage, keys, jobs, faults and scripted answers",
)
def reset(app: AppContext, fields: Fields) -> Any:
    """Discard all state: accounts, tokens, usage, jobs, files, faults, requests. Settings stay, unless given."""
    if text(fields, "account") is not None:
        if fields.get("settings"):
            raise invalid_value("body/settings", "settings are those of the server, not of one account")
        found = account_of(app, fields)
        app.state.reset_account(found)
        return {"reset": True, "api_key": next(iter(found.keys.values())).secret}
    settings: Any = {} if fields.get("settings") is None else fields["settings"]
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


@endpoint("GET", "/clock")
def read_clock(app: AppContext, fields: Fields) -> Any:
    """The mock's time."""
    return _clock(app)


@endpoint(
    "POST",
    "/clock",
    advance="seconds forward",
    frozen="true holds it still, false lets it run",
)
def turn_clock(app: AppContext, fields: Fields) -> Any:
    """Move the mock's time, which decides when tokens expire, limits are reset and jobs finish."""
    clock = app.state.clock
    seconds, frozen = number(fields, "advance"), fields.get("frozen")
    if frozen is not None and not isinstance(frozen, bool):
        raise invalid_value("body/frozen", f"{frozen!r} is not true or false")
    if seconds:
        try:
            clock.advance(seconds)
        except ValueError as error:
            raise invalid_value("body/advance", str(error)) from error
    if frozen is True:
        clock.freeze()
    elif frozen is False:
        clock.resume()
    return _clock(app)


@endpoint(
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


def described_account(account: Account) -> dict[str, Any]:
    """An account as the admin endpoints show it, without its keys."""
    return {
        "username": account.username,
        "credits": account.credits,
        "tier": next((name for name, tier in TIERS.items() if tier is account.tier), account.tier.name),
        "is_active": account.is_active,
        "requests_per_minute": account.tier.requests_per_minute,
        "tokens_per_hour": account.tier.tokens_per_hour,
    }


@endpoint("GET", "/account", account="another account than the demo account")
def read_account(app: AppContext, fields: Fields) -> Any:
    """An account: the demo account unless another is named."""
    return described_account(account_of(app, fields))


@endpoint(
    "POST",
    "/account",
    credits="US dollars",
    tier="its tier: " + ", ".join(TIERS),
    account="another account than the demo account",
)
def change_account(app: AppContext, fields: Fields) -> Any:
    """Change an account."""
    changed = account_of(app, fields)
    amount, tier = number(fields, "credits"), text(fields, "tier")
    if tier is not None and tier not in TIERS:
        raise invalid_value("body/tier", f"{tier!r} is not one of {', '.join(TIERS)}")
    if tier is not None:
        changed.tier = TIERS[tier]
    if amount is not None:
        app.state.set_credits(amount, changed)
    return described_account(changed)


@endpoint("POST", "/tokens/revoke")
def revoke_tokens(app: AppContext, fields: Fields) -> Any:
    """Revoke all tokens; API keys keep working."""
    return {"revoked": app.state.sessions.revoke_all()}
