"""An amount of money and tokens."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Amount"]


class Amount(NamedTuple):
    """What a call costs, or is expected to cost.

    Attributes:
        usd: US dollars.
        tokens: tokens of the request and of the answer.
    """

    usd: float = 0.0
    tokens: int = 0
