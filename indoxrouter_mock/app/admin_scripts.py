"""The admin endpoints that direct the mock: scripted answers, further models and further accounts."""

from __future__ import annotations

from typing import Any

from ..base.json import is_list
from ..base.options import TIERS
from ..spec.errors import invalid_value
from ..state.accounts import Account
from ..state.models import ORDER, Model
from ..state.scripted_answers import FIELDS, ScriptedAnswer
from .admin import described_account
from .admin_registry import Fields, account_of, endpoint, number, text, whole
from .context import AppContext


@endpoint("GET", "/answers")
def read_answers(app: AppContext, fields: Fields) -> Any:
    """The scripted answers that are left, in order."""
    return {"answers": app.state.answers.pending()}


def add_answer(app: AppContext, fields: Fields) -> ScriptedAnswer:
    """Script an answer by its members. Raises ApiError 400, also for an operation or an account that there is not."""
    app.check_match(text(fields, "operation"), text(fields, "account"))
    return app.state.answers.add(fields)


@endpoint("POST", "/answers", **FIELDS)
def script_answer(app: AppContext, fields: Fields) -> Any:
    """Script an answer for the next matching request."""
    return add_answer(app, fields).as_dict()


@endpoint("DELETE", "/answers", account="only those for this account")
def clear_answers(app: AppContext, fields: Fields) -> Any:
    """Remove the scripted answers."""
    account = text(fields, "account")
    app.check_match(None, account)
    app.state.answers.clear(account)
    return {"answers": app.state.answers.pending()}


def add_model(app: AppContext, fields: Fields) -> Model:
    """Add a model by the fields of `POST /__mock__/models`. Raises ApiError 400 naming the field."""
    named = text(fields, "model") or ""
    provider, slash, name = named.partition("/")
    if not provider or not slash or not name or len(named) > 200:
        raise invalid_value("body/model", f"{named[:100]!r} is not of the form provider/model")
    given: Any = fields.get("abilities", ["chat", "completion", "tools"])
    abilities = frozenset(str(each) for each in given) if is_list(given) else frozenset[str]()
    if not abilities or not abilities <= set(ORDER):
        raise invalid_value("body/abilities", f"a list of some of {', '.join(ORDER)} is expected")
    model = Model(
        id=name,
        provider=provider,
        abilities=abilities,
        context=whole(fields, "context", least=1) or 128_000,
        price_in=number(fields, "price_in") or 0.0,
        price_out=number(fields, "price_out") or 0.0,
        unit=number(fields, "unit") or 0.0,
        dimensions=whole(fields, "dimensions", most=LONGEST_VECTOR) or 0,
    )
    if len(app.state.models) >= MOST_MODELS:
        raise invalid_value("body/model", f"there are {MOST_MODELS} models already")
    app.state.models.add(model)
    return model


MOST_MODELS = 10_000
LONGEST_VECTOR = 4096


@endpoint(
    "POST",
    "/models",
    model="`provider/model` (required)",
    abilities="a list, by default chat, completion and tools",
    context="tokens of its context",
    price_in="US dollars for 1,000 tokens of a prompt",
    price_out="US dollars for 1,000 tokens of an answer",
    unit="US dollars for an image, a second of video, a minute of audio or 1,000 characters",
    dimensions="the length of its vectors",
)
def post_model(app: AppContext, fields: Fields) -> Any:
    """Add a model, or replace one."""
    model = add_model(app, fields)
    return {"model": f"{model.provider}/{model.id}", "abilities": model.capabilities}


def add_account(app: AppContext, fields: Fields) -> Account:
    """Add an account by the fields of `POST /__mock__/accounts`. Raises ApiError 400 naming the field."""
    name, tier = text(fields, "name") or "", text(fields, "tier") or "unlimited"
    if not name or len(name) > 100 or not all("!" <= character <= "~" for character in name):
        raise invalid_value("body/name", f"{name[:100]!r} is not a name of 1 to 100 visible ASCII characters")
    if tier not in TIERS:
        raise invalid_value("body/tier", f"{tier[:100]!r} is not one of {', '.join(TIERS)}")
    amount = number(fields, "credits")
    return app.state.add_account(name, app.options.credits if amount is None else amount, tier)


def _with_key(account: Account) -> dict[str, Any]:
    keys = list(account.keys.values())
    return {**described_account(account), "api_key": keys[0].secret if keys else None}


@endpoint("GET", "/accounts")
def read_accounts(app: AppContext, fields: Fields) -> Any:
    """All accounts with their first API key."""
    return {"accounts": [_with_key(account) for account in app.state.accounts.all()]}


@endpoint(
    "POST",
    "/accounts",
    name="its name (required)",
    credits="US dollars, by default those of the demo account",
    tier="its tier: " + ", ".join(TIERS),
)
def post_account(app: AppContext, fields: Fields) -> Any:
    """Add an account with an API key of its own."""
    return _with_key(add_account(app, fields))


@endpoint("DELETE", "/accounts", account="its name (required)")
def delete_account(app: AppContext, fields: Fields) -> Any:
    """Remove an account and all that belongs to it. The demo account stays."""
    found = account_of(app, fields)
    if found is app.state.accounts.demo:
        raise invalid_value("body/account", "the demo account can't be removed")
    app.state.remove_account(found)
    return {"removed": found.username}
