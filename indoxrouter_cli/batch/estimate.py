"""The estimated cost of a batch, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

ASSUMED_OUTPUT = 400
"""Tokens that an answer is assumed to have where `max_tokens` is not set."""

_CHARACTERS_PER_TOKEN = 4  # the usual rule of thumb
_TOKENS_PER_MESSAGE = 4  # that surround each message


class Estimate(NamedTuple):
    """Tokens and USD. `cost` is None if a model's price is unknown; `assumed` if the output length is a guess."""

    tokens_in: int
    tokens_out: int
    cost: float | None
    assumed: bool

    def add(self, other: Estimate) -> Estimate:
        """The sum of both."""
        cost = None if self.cost is None or other.cost is None else self.cost + other.cost
        return Estimate(
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            cost,
            self.assumed or other.assumed,
        )


class Prices:
    """Estimates the cost of requests from the server's price list.

    Args:
        prices: model → USD per 1,000 tokens, input and output.
        method: of the client: chat, embeddings or completion.
        default: the model of requests that name none.

    Attributes:
        unpriced: models that occur in requests and have no price in the list.
    """

    def __init__(
        self, prices: Mapping[str, tuple[float | None, float | None]], method: str, default: str | None
    ) -> None:
        self._prices = prices
        self._generates = method != "embeddings"
        self._default = default
        self._method = method
        self.unpriced: set[str] = set()

    def estimate(self, arguments: Mapping[str, Any]) -> Estimate:
        """The estimate of one request."""
        content = {"chat": "messages", "embeddings": "text", "completion": "prompt"}[self._method]
        tokens_in = _count_tokens(arguments.get(content))
        limit = arguments.get("max_tokens")
        assumed = self._generates and not (isinstance(limit, int) and limit > 0)
        tokens_out = 0 if not self._generates else ASSUMED_OUTPUT if assumed else int(limit or 0)
        price_in, price_out = self._price(arguments)
        if price_in is None or (self._generates and price_out is None):
            self.unpriced.add(self._candidate_names(arguments)[0])
            return Estimate(tokens_in, tokens_out, None, assumed)
        return Estimate(
            tokens_in, tokens_out, (tokens_in * price_in + tokens_out * (price_out or 0.0)) / 1000, assumed
        )

    def _price(self, arguments: Mapping[str, Any]) -> tuple[float | None, float | None]:
        names = self._candidate_names(arguments)
        return next((self._prices[name] for name in names if name in self._prices), (None, None))

    def _candidate_names(self, arguments: Mapping[str, Any]) -> list[str]:
        model = arguments.get("model") or self._default
        provider = arguments.get("provider")
        return [f"{provider}/{model}", str(model)] if isinstance(provider, str) else [str(model)]


def _count_tokens(content: Any) -> int:
    """Tokens of a text, of texts, or of messages. Images are not counted: their price depends on the model."""
    if isinstance(content, str):
        return -(-len(content) // _CHARACTERS_PER_TOKEN)
    if _is_list(content):
        return sum(map(_count_tokens, content))
    if isinstance(content, dict):
        part = cast("dict[str, Any]", content)
        if "content" in part:
            return _TOKENS_PER_MESSAGE + _count_tokens(part["content"])
        return _count_tokens(part.get("text"))
    return 0


def _is_list(content: Any) -> bool:
    return isinstance(content, list)
