"""Values as text: amounts of format_usd, counts with their noun, rows of bars."""

from __future__ import annotations

import math
from collections.abc import Sequence


def format_usd(amount: float | None) -> str:
    """US dollars, with as many digits as small amounts need; less than a millionth of a cent is $0.00."""
    if amount is None:
        return "–"
    if abs(amount) < 1e-8 or abs(amount) >= 1:
        return f"${amount:,.2f}"
    digits = (
        4 if abs(amount) >= 0.01 else 6 if abs(amount) >= 1e-5 else 1 - math.floor(math.log10(abs(amount)))
    )
    return f"${amount:.{digits}f}"


def pluralize(count: int, noun: str) -> str:
    """A number and its noun: `1 request`, `1,200 requests`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float]) -> str:
    """Values as a row of bars, scaled to the highest; zero is a dot."""
    highest = max(values, default=0)
    if highest <= 0:
        return "·" * len(values)
    return "".join("·" if value <= 0 else _BARS[min(7, int(value / highest * 7.999))] for value in values)
