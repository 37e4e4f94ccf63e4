"""The account: who it is, what it used and paid, and its API keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timezone
from math import inf
from typing import Any

from ..base.clock import iso
from ..request.call import Call, operation
from ..request.limits import LONGEST_NAME, MOST_KEYS, check_length, check_most
from ..spec.errors import ApiError
from ..state.accounts import ApiKey
from ..state.billing_log import GROUPINGS, UsageRecord, grouped_by, totals


@operation("getCurrentUser")
def get_current_user(call: Call) -> dict[str, Any]:
    """The account that calls."""
    account = call.owner
    return {
        "id": account.id,
        "username": account.username,
        "email": account.email,
        "first_name": account.first_name,
        "last_name": account.last_name,
        "is_active": account.is_active,
        "credits": account.credits,
        "app_credit": 0.0,
        "account_tier": account.tier.name,
        "created_at": iso(account.created_at),
        "metadata": {},
        "has_model_restrictions": False,
        "has_password": bool(account.password),
        "avatar_url": None,
    }


def period(call: Call) -> tuple[float | None, float | None]:
    """The period from the start of `start_date` up to, and not including, the midnight after `end_date`, in UTC."""
    start, end = call.query.get("start_date"), call.query.get("end_date")
    return None if start is None else _midnight(start), None if end is None else _midnight(end) + 86_400


def _midnight(day: str) -> float:
    if day < "0001":
        return -inf  # RFC 3339 has a year 0, Python's calendar does not
    return datetime.combine(date.fromisoformat(day), time(), timezone.utc).timestamp()


@operation("getUsage")
def get_usage(call: Call) -> dict[str, Any]:
    """Totals of a period, and the same by endpoint, provider, model and day."""
    records = call.state.billing_log.select(call.owner.id, *period(call))
    total = _split_figures(records)

    def by(key: Callable[[UsageRecord], str]) -> dict[str, Any]:
        return {name: _split_figures(group) for name, group in grouped_by(records, key).items()}

    return {
        "total_requests": total["requests"],
        "total_cost": total["cost"],
        "remaining_credits": call.owner.credits,
        "total_tokens": total["tokens"],
        "endpoints": by(lambda record: record.endpoint),
        "providers": by(lambda record: record.provider),
        "models": by(lambda record: record.model),
        "daily_usage": [
            {"date": day, **_split_figures(group)}
            for day, group in grouped_by(records, GROUPINGS["date"]).items()
        ],
    }


def _split_figures(records: list[UsageRecord]) -> dict[str, Any]:
    """Requests, cost and tokens, the tokens by direction."""
    found = totals(records)
    tokens_in = sum(record.tokens_in for record in records)
    return {
        **found,
        "tokens": {"input": tokens_in, "output": found["tokens"] - tokens_in, "total": found["tokens"]},
    }


@operation("listTransactions")
def list_transactions(call: Call) -> dict[str, Any]:
    """Newest first: credits received, and a debit for each billed call. The amounts add up to the account's
    credits.
    """
    limit, offset = call.query.get("limit", 20), call.query.get("offset", 0)
    log, owner = call.state.billing_log, call.owner.id
    rows: list[tuple[float, str, float, str, str, str | None]] = [
        (
            record.moment,
            f"txn_{record.request_id}",
            -record.cost,
            "debit",
            f"{record.endpoint} {record.provider}/{record.model}",
            "credits",
        )
        for record in log.records
        if record.account_id == owner and record.cost
    ]
    rows += [
        (
            move.moment,
            move.transaction_id,
            move.amount,
            "credit" if move.amount >= 0 else "debit",
            move.description,
            "card",
        )
        for move in (*log.earlier.values(), *log.adjustments)
        if move.account_id == owner
    ]
    rows.sort(key=lambda row: row[0])
    items = [
        {
            "id": number,
            "transaction_id": identifier,
            "amount": amount,
            "currency": "USD",
            "transaction_type": kind,
            "status": "completed",
            "payment_method": method,
            "description": description,
            "created_at": iso(moment),
        }
        for number, (moment, identifier, amount, kind, description, method) in enumerate(rows, 1)
    ]
    items.reverse()
    return {"transactions": items[offset : offset + limit], "total_count": len(items)}


def _shown(key: ApiKey, *, full: bool = False) -> dict[str, Any]:
    return {
        "id": key.id,
        "api_key": key.secret if full else key.masked,
        "name": key.name,
        "is_active": key.is_active,
        "created_at": iso(key.created_at),
        "expires_at": None if key.expires_at is None else iso(key.expires_at),
        "last_used_at": None if key.last_used_at is None else iso(key.last_used_at),
    }


@operation("listApiKeys")
def list_api_keys(call: Call) -> dict[str, Any]:
    """The account's API keys, masked."""
    return {"keys": [_shown(key) for key in call.owner.keys.values()]}


MOST_DAYS = 36_500
UNNAMED = "API key"


@operation("createApiKey")
def create_api_key(call: Call) -> dict[str, Any]:
    """A new key. The answer is the only place where the whole of it is ever shown."""
    days = call.body.get("expiration_time")
    check_most("body/name", "API keys", len(call.owner.keys) + 1, MOST_KEYS)
    check_length("body/name", len(call.body.get("name") or ""), LONGEST_NAME)
    # Dates beyond the year 9999 can't be written, so a hundred years is the longest lifetime.
    key = call.state.accounts.add_key(
        call.owner, call.body.get("name") or UNNAMED, days=None if days is None else min(days, MOST_DAYS)
    )
    return _shown(key, full=True)


def _own_key(call: Call) -> ApiKey:
    key = call.owner.keys.get(call.params["api_key_id"])
    if key is None:
        raise ApiError(404, f"there is no API key {call.params['api_key_id']}")
    return key


@operation("deleteApiKey")
def delete_api_key(call: Call) -> dict[str, Any]:
    """Delete an API key; tokens that came from it stop working."""
    key = _own_key(call)
    call.state.accounts.remove_key(call.owner, key)
    return {"success": True, "message": f"API key {key.id} deleted"}


@operation("revokeApiKey")
def revoke_api_key(call: Call) -> dict[str, Any]:
    """Deactivate an API key until it is enabled again."""
    key = _own_key(call)
    key.is_active = False
    return {"success": True, "message": f"API key {key.id} revoked"}


@operation("enableApiKey")
def enable_api_key(call: Call) -> dict[str, Any]:
    """Activate a revoked API key."""
    key = _own_key(call)
    key.is_active = True
    return {"success": True, "message": f"API key {key.id} enabled"}


@operation("deleteAccount")
def delete_account(call: Call) -> dict[str, Any]:
    """Deactivate the account and all its credentials."""
    call.owner.is_active = False
    return {"success": True, "message": "account deleted"}
