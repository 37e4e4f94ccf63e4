"""What the next call is expected to cost, learned from the answers so far."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, NamedTuple

from indoxrouter import models
from indoxrouter._runtime.values.json import is_items, is_mapping
from indoxrouter._runtime.values.text import number_of

from ..http.fork_safety import register_for_fork

_REMEMBERED = 20
_BYTES_PER_TOKEN = 4
_UNKNOWN_PRICE = 10e-6
"""USD a token, where no price is known: that of the generated tokens of a large model."""
_HIGHEST = 1e6  # USD for 1,000 tokens; more is no price


class Amount(NamedTuple):
    """What a call costs, or is expected to cost.

    Attributes:
        usd: US dollars.
        tokens: tokens of the request and of the answer.
        reported: False if the answer does not report what it cost, so that `usd` or both are estimates.
    """

    usd: float = 0.0
    tokens: int = 0
    reported: bool = True


_NOTHING = Amount()


class Estimator:
    """Estimates a call by the largest of the last twenty costs of its operation and model.

    The first call of a model has no such record. It is estimated by the largest cost of any model so far, or by `first`
    if there is no answer yet. Tokens are at least a quarter of the bytes of the texts in the request. The cost is at
    least that of these tokens, if a client with this budget has received the price of the model: `client.models()`.

    Args:
        first: the estimate of a call before there is any answer.
    """

    def __init__(self, first: Amount = _NOTHING) -> None:
        self._first = first
        self._costs: dict[tuple[str, str], deque[Amount]] = {}
        self._prices: dict[str, tuple[float, float]] = {}  # USD a token, of prompts and of answers
        self._lock = threading.Lock()
        register_for_fork(self)

    def reset_after_fork(self) -> None:
        """Replace the lock in a forked child, where the thread that holds it does not exist."""
        self._lock = threading.Lock()

    def estimate(self, operation: str, model: str, size: int = 0) -> Amount:
        """The estimate of a call.

        Args:
            operation: id of the operation.
            model: the model of the request; empty if it names none.
            size: bytes of the texts in the request; see `text_size`.
        """
        with self._lock:
            known = self._costs.get((operation, model))
            records = [*known] if known else [cost for costs in self._costs.values() for cost in costs]
        usd = max((cost.usd for cost in records if cost.reported or cost.usd), default=self._first.usd)
        tokens = max((cost.tokens for cost in records), default=self._first.tokens)
        of_request = size // _BYTES_PER_TOKEN
        price, _ = self._prices.get(model, (0.0, 0.0))
        return Amount(max(usd, of_request * price), max(tokens, of_request))

    def at_least(self, operation: str, model: str, estimate: Amount, size: int, received: int = 0) -> Amount:
        """What a call counts that does not report its cost: its estimate, or its texts at the price of the model.

        The price is that of the catalog; without it, the largest of the last twenty calls of the model; without these,
        10 USD per million tokens.

        Args:
            operation, model: see `estimate`.
            estimate: of the call, before it was sent.
            size: bytes of the texts in the request.
            received: bytes of the texts that were received.
        """
        prompt, answer = -(-size // _BYTES_PER_TOKEN), -(-received // _BYTES_PER_TOKEN)
        prices = self._prices.get(model)
        if prices is None:
            with self._lock:
                known = [*self._costs.get((operation, model), ())]
            paid = max(
                (cost.usd / cost.tokens for cost in known if cost.tokens and (cost.reported or cost.usd)),
                default=_UNKNOWN_PRICE,
            )
            prices = (paid, paid)
        usd = prompt * prices[0] + answer * prices[1]
        return Amount(max(estimate.usd, usd), max(estimate.tokens, prompt + answer), reported=False)

    def learn(self, operation: str, model: str, actual: Amount) -> None:
        """Record what a call has cost. With 0 USD that is not `reported`, as with an own key, its tokens count."""
        with self._lock:
            self._costs.setdefault((operation, model), deque(maxlen=_REMEMBERED)).append(actual)

    def learn_prices(self, answer: Any) -> None:
        """Record the prices in a catalog of models, a provider or a model; anything else is ignored."""
        found: Any = getattr(answer, "providers", answer)
        for each in found if is_items(found) else [found]:
            inside: Any = each.models if isinstance(each, models.Provider) else [each]
            for info in inside if is_items(inside) else ():
                pricing: Any = info.pricing if isinstance(info, models.ModelInfo) else None
                prices = [number_of(getattr(pricing, side, None)) for side in ("input", "output")]
                usd = [price / 1000 for price in prices if price is not None and 0 <= price < _HIGHEST]
                name = getattr(info, "model_name", None) or getattr(info, "id", None)
                if len(usd) == 2 and isinstance(name, str):
                    provider = each.id if isinstance(each, models.Provider) else info.provider
                    for each_name in (name, f"{provider}/{name.removeprefix(f'{provider}/')}"):
                        self._prices[each_name] = (usd[0], usd[1])


def text_size(value: Any) -> int:
    """The bytes of the texts in a JSON value, without files and images in it."""
    size, left = 0, [value]
    while left:
        each: Any = left.pop()
        if isinstance(each, str):
            size += 0 if each.startswith("data:") else len(each.encode("utf-8", "replace"))
        elif is_mapping(each):
            left.extend(part for name, part in each.items() if name != "data")
        elif is_items(each):
            left.extend(each)
    return size
