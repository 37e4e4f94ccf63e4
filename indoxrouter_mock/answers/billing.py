"""What a call costs: credits are checked before the work and taken after it, and every call is recorded in the
billing log.
"""

from __future__ import annotations

from typing import Any

from ..base.clock import iso
from ..base.money import price
from ..request.call import Call
from ..request.limits import LONGEST_KEY
from ..request.matching import named_model
from ..spec.errors import CODES, ApiError, invalid_value
from ..state.accounts import Account
from ..state.billing_log import CONTENT_KEPT, UsageRecord
from ..state.models import Model, made_up


def find_model(call: Call, ability: str) -> Model:
    """The model that the request names, or the operation's default one. Raises ApiError 404, or 400 when it can't do
    that.
    """
    named = named_model(call.body)
    provider = call.body.get("provider")
    if not isinstance(provider, str):
        provider = None  # under `/v1`, where the name is not described, anything else is ignored
    if named is None:
        named, provider = default_model(call), None
    catalog = call.state.models
    model = catalog.find(named, provider)
    if model is None and call.state.options.any_model:
        return made_up(named[:LONGEST_KEY], provider[:LONGEST_KEY] if provider else None)
    if provider and provider not in catalog.providers:
        raise ApiError(404, f"there is no provider {provider!r}", details={"provider": provider})
    if model is None:
        raise ApiError(
            404,
            f"there is no model {named!r}" + (f" of provider {provider!r}" if provider else ""),
            details={"model": named},
        )
    if ability not in model.abilities:
        can = ", ".join(model.capabilities)
        raise invalid_value(
            "body/model",
            f"{model.provider}/{model.id} does not support this ({ability}); it supports: {can}",
        )
    return model


def default_model(call: Call) -> str:
    """The model that the spec gives as the clients' default, from the schema of the request body."""
    for pointer in call.operation.bodies.values():
        schema, _ = call.spec.resolve(call.spec.at(pointer))
        declared, _ = call.spec.resolve(schema.get("properties", {}).get("model", {}))
        if "x-client-default" in declared:
            return str(declared["x-client-default"])
    raise ApiError(call.contract.operation.status_or(422, 400), "body/model: is required")


def require_credit(call: Call, cost: float) -> None:
    """Raise ApiError 402 when the account's credits, without those that its running streams use, don't cover `cost`."""
    if call.own_key or call.replaying:
        return
    account = call.owner
    available = round(account.credits - account.pending, 10) if account.pending else account.credits
    if cost > available:
        raise ApiError(
            402,
            f"insufficient credits: this request costs {cost:.6f} USD, the account has {available:.6f}",
            details={"required": round(cost, 10), "available": available},
        )


class CreditsSpent(Exception):
    """The credits of an account have run out while a stream was sent."""

    def error(self) -> dict[str, Any]:
        """The error that ends the stream."""
        code, message = CODES[402], "insufficient credits: they have run out, and end this stream"
        return {"message": message, "type": code, "code": code}


class Meter:
    """Counts what a running stream costs against the credits that the account's other streams leave of them."""

    def __init__(self, account: Account, model: Model, cost: float) -> None:
        self.cost = cost
        self._account = account
        self._price = model.price_out / 1000
        self._counted = 0.0

    @property
    def least(self) -> float:
        """What the account must have for the stream to begin: the cost of the request and of one token."""
        return self.cost + self._price

    def count_token(self) -> bool:
        """Count a token before it is sent; False when the credits do not cover it."""
        price = self._price if self._counted else self.least
        if price and self._account.credits - self._account.pending < price:
            return False
        self._account.pending += price
        self._counted += price
        return True

    def close(self) -> None:
        """Stop counting: the stream is billed now."""
        self._account.pending = max(0.0, self._account.pending - self._counted)
        self._counted = 0.0


def record_usage(
    call: Call,
    model: Model,
    used: dict[str, Any],
    *,
    prompt: str = "",
    reply: str = "",
    success: bool = True,
) -> None:
    """Take the credits for what was used, as `usage` gives it, and record the call in the billing log."""
    if call.replaying:
        return
    account = call.owner
    if not call.own_key:
        account.charge(used["cost"])
        call.state.rate_limits.spend(account, call.key, used["tokens_total"])
    call.state.billing_log.add(
        UsageRecord(
            moment=call.started,
            request_id=call.request_id,
            account_id=account.id,
            endpoint=call.operation.endpoint,
            provider=model.provider,
            model=model.id,
            tokens_in=used["tokens_prompt"],
            tokens_out=used["tokens_completion"],
            cost=used["cost"],
            latency=used["latency"],
            session_id=session_of(call),
            client_ip=call.client_ip,
            byok=call.own_key,
            success=success,
            prompt=prompt[:CONTENT_KEPT],
            reply=reply[:CONTENT_KEPT],
        )
    )


def session_of(call: Call) -> str:
    """The session that analytics count a call under: the one the request names, else the login's, else the key's."""
    named = call.headers.get("x-session-id") or call.field("session_id")
    if named:
        return str(named)[:LONGEST_KEY]
    if call.session is not None:
        return call.session.id
    return call.key.session_id if call.key is not None else "none"


def simulated_milliseconds(tokens_out: int) -> float:
    """The time that the answer reports. Computed, not measured: the same request reports the same figures."""
    return 120.0 + 4.0 * tokens_out


def usage(
    call: Call, model: Model, tokens_in: int, tokens_out: int, *, reasoning: int = 0, fixed: float = 0.0
) -> dict[str, Any]:
    """The `usage` of an answer. `tokens_out` includes the reasoning; `fixed` is what isn't priced by tokens. BYOK
    costs nothing.
    """
    price_in, price_out = model.price_in / 1000, model.price_out / 1000
    if call.own_key:
        price_in = price_out = fixed = 0.0
    return {
        "tokens_prompt": tokens_in,
        "tokens_completion": tokens_out,
        "tokens_total": tokens_in + tokens_out,
        "cost": price(tokens_in * price_in + tokens_out * price_out + fixed),
        "latency": simulated_milliseconds(tokens_out) / 1000,
        "timestamp": iso(call.started),
        "cache_read_tokens": 0,
        "cache_write_tokens": 0,
        "reasoning_tokens": reasoning,
        "web_search_count": 0,
        "request_count": 1,
        "cost_breakdown": {
            "input_tokens": price(tokens_in * price_in),
            "output_tokens": price((tokens_out - reasoning) * price_out),
            "cache_read": 0.0,
            "cache_write": 0.0,
            "reasoning": price(reasoning * price_out) if reasoning else 0.0,
            "web_search": 0.0,
            "request": price(fixed) if fixed else 0.0,
        },
    }


def envelope(call: Call, model: Model, data: Any, usage: dict[str, Any], message: str = "") -> dict[str, Any]:
    """The documented envelope around `data`."""
    return {
        "request_id": call.request_id,
        "created_at": usage["timestamp"],
        "duration_ms": simulated_milliseconds(usage["tokens_completion"]),
        "provider": model.provider,
        "model": model.id,
        "success": True,
        "message": message,
        "data": data,
        "usage": usage,
        "raw_response": None,
        "byok_api_key": call.own_key,
    }
