"""What a client requires of a budget, and the error of a call that a budget refuses.

A call reserves its estimate before it is sent. Afterwards it either settles the reservation, with what the answer
reports, or releases it, if the server refused the call and charged nothing. A budget that several processes share
implements the same three methods, over a file, a database or an actor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from indoxrouter._runtime.values.text import plural
from indoxrouter.errors import IndoxRouterError

from .estimate import Amount

if TYPE_CHECKING:
    from .estimate import Estimator

__all__ = ["Amount", "BudgetExceededError", "BudgetProtocol", "Spend"]


class Spend(NamedTuple):
    """What has been spent, and what the calls in flight may add.

    Attributes:
        usd: US dollars of the answered calls within the window.
        tokens: their tokens.
        calls: how many calls these are.
        unreported: those among them whose cost the server did not report; estimates are counted for them.
        reserved: the estimates of the calls in flight.
    """

    usd: float = 0.0
    tokens: int = 0
    calls: int = 0
    unreported: int = 0
    reserved: Amount = Amount()


@runtime_checkable
class BudgetProtocol(Protocol):
    """A budget that calls draw on. Threads and tasks call its methods at the same time.

    `reserve` is called before each call that generates something, on the thread or event loop of the call, so it must
    not wait long: a budget that is shared over a network reserves amounts in advance. Every reservation is settled or
    released exactly once, unless its process dies: a shared budget then lets the reservation expire.

    Attributes:
        estimator: an `Estimator`, with which the client estimates the next call from earlier answers.
    """

    estimator: Estimator

    @property
    def spend(self) -> Spend:
        """What has been spent."""
        ...

    def reserve(self, estimate: Amount) -> Any:
        """Reserve an estimate. Returns a reservation of any type, for `settle` or `release`.

        Raises:
            BudgetExceededError: when the estimate, with what is spent and reserved, would pass a limit, or when a limit
                has been reached. Nothing is reserved then, and nothing is sent.
        """
        ...

    def settle(self, reservation: Any, actual: Amount | None) -> None:
        """Replace a reservation with what the call has cost.

        Args:
            reservation: what `reserve` returned.
            actual: what the answer reports. If the call may have been charged but its cost was not reported (it timed
                out, its stream was interrupted or closed early), `actual.reported` is False, and the amount is the
                estimate, or that of the texts sent and received, if larger. None counts the estimate as well.
        """
        ...

    def release(self, reservation: Any) -> None:
        """Give a reservation back: the call was not sent, or the server refused it without charging."""
        ...


class BudgetExceededError(IndoxRouterError):
    """The budget refused the next call. Nothing was sent.

    Attributes:
        spend: what had been spent and reserved.
        estimate: what the call was expected to cost.
        usd, tokens: the limits; None where there is none.
        available_in: seconds until a part of the spending leaves the window; None without a window.
    """

    def __init__(
        self,
        spend: Spend,
        estimate: Amount,
        *,
        usd: float | None = None,
        tokens: int | None = None,
        available_in: float | None = None,
    ) -> None:
        parts: list[str] = []
        if usd is not None:
            parts.append(
                f"${spend.usd:.6f} of ${usd:.6f} spent, ${spend.reserved.usd:.6f} reserved, "
                f"${estimate.usd:.6f} expected for this call"
            )
        if tokens is not None:
            parts.append(
                f"{spend.tokens:,} of {plural(tokens, 'token')} spent, {spend.reserved.tokens:,} reserved, "
                f"{estimate.tokens:,} expected for this call"
            )
        later = "" if available_in is None else f"; the window frees a part in {available_in:.0f} s"
        super().__init__(f"The budget refuses the call: {'; '.join(parts)}{later}")
        self.spend = spend
        self.estimate = estimate
        self.usd = usd
        self.tokens = tokens
        self.available_in = available_in
