"""Observers, which are notified of each call, and the observation of one call.

`call_flow` begins an observation when the client has observers or a budget; decoding the answer, or the end of its
stream, ends it. An exception of an observer is logged and does not affect the call. The refusal of a budget is raised.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from indoxrouter import Usage
from indoxrouter._runtime.models.model import Model, dump
from indoxrouter._runtime.values.json import as_object, as_text, is_mapping
from indoxrouter._runtime.values.text import amount_of

from ..spending.estimate import Amount, text_size
from .answer import library_logger

if TYPE_CHECKING:
    from types import TracebackType

    from indoxrouter._runtime.operations.operation import Call
    from indoxrouter.errors import IndoxRouterError

    from ..settings.values import Settings
    from .answer import Attempt

_NOT_SENT = frozenset({"connect", "connect_timeout", "pool_timeout"})


class ObservedCall:
    """One call, as its observers see it. The same object is passed to every method of an observer.

    Attributes:
        operation: id of the operation, such as `createChatCompletion`.
        method, path: of the request; the path is relative to the server's URL.
        base_url: the server's URL.
        request: the fields of the request, without provider keys. It holds the prompt; do not change it.
        model: the model of the request, or None.
        streaming: whether a stream was requested.
        began: when the call began, in seconds of `time.monotonic`.
        first_event: when the first event of a stream was received, on the same clock; None before.
        ended: when the call ended, on the same clock; None before.
        attempts: the requests that were sent so far.
        response: the result; of a stream, the response that its events add up to. None before the end.
        error: the exception that the call raises, or None.
        complete: False if the call was cancelled, or its stream was closed before its end.
        notes: a dict in which observers can store values for this call.
    """

    __slots__ = (
        "attempts", "base_url", "began", "complete", "ended", "error", "first_event", "method", "model",
        "notes", "operation", "path", "request", "response", "streaming",
    )  # fmt: skip

    def __init__(self, call: Call[Any], base_url: str) -> None:
        operation = call.operation
        fields = as_object(call.payload)
        self.operation: str = operation.id
        self.method: str = operation.method
        self.path: str = call.path
        self.base_url = base_url
        self.request: Mapping[str, Any] = {
            name: value for name, value in fields.items() if name not in operation.secrets
        }
        self.model: str | None = as_text(fields.get("model"))
        self.streaming: bool = call.streaming
        self.began = time.monotonic()
        self.first_event: float | None = None
        self.ended: float | None = None
        self.attempts: list[Attempt] = []
        self.response: Any = None
        self.error: BaseException | None = None
        self.complete = True
        self.notes: dict[Any, Any] = {}

    def __repr__(self) -> str:
        state = "open" if self.ended is None else "failed" if self.error is not None else "ended"
        return f"<ObservedCall {self.operation} {self.model or ''}: {state}>"

    @property
    def usage(self) -> Any:
        """Tokens and cost, as a `Usage`; None if nothing was reported."""
        usage: Any = getattr(self.response, "usage", None)
        cost: Any = getattr(self.response, "cost", None)
        if usage is None:
            usage = {"cost": cost} if isinstance(cost, (int, float, str)) else charged_usage(self.error)
        # The answer of an operation may have a usage of a model of its own, and a server may send anything.
        if isinstance(usage, Mapping) and not isinstance(usage, Usage):
            usage = Usage.from_dict(dict(usage))  # pyright: ignore[reportUnknownArgumentType]  # of anything
        if not isinstance(usage, Usage):
            return None
        if amount_of(usage.cost) is None and isinstance(cost, (int, float, str)):
            return Usage.from_dict({**usage.to_dict(), "cost": cost})
        return usage


def charged_usage(error: BaseException | None) -> Mapping[str, Any] | None:
    """The usage in the body of an error, if it reports that the call was charged nevertheless; else None."""
    body: Any = getattr(error, "body", None)
    usage: Any = as_object(dump(body) if isinstance(body, Model) else body).get("usage")
    return usage if is_mapping(usage) and usage.get("cost") else None


def cost_of(error: IndoxRouterError) -> float | None:
    """USD that a failed call has cost: 0.0 if no request of it was run, None if one may have been charged."""
    usage = charged_usage(error)
    if usage is not None:
        return amount_of(Usage.from_dict(usage).cost)
    refused = (
        attempt.failure in _NOT_SENT or attempt.status == 503 or (attempt.status or 0) // 100 == 4
        for attempt in error.attempts
    )
    return 0.0 if all(refused) else None


class Observer:
    """Is notified of each call of a client: `Client(observers=[…])`. Subclass it and override what you need.

    Methods are called on the thread or event loop of the call, and must not block. Exchanges of the API key for a token
    are not observed.
    """

    def on_start(self, call: ObservedCall) -> None:
        """A call begins."""

    def on_attempt(self, call: ObservedCall, attempt: Attempt) -> None:
        """A request of the call was answered, or failed. The call may send further ones."""

    def on_first_event(self, call: ObservedCall) -> None:
        """The first event of a stream was received."""

    def on_event(self, call: ObservedCall, event: dict[str, Any]) -> None:
        """An event of a stream was received: JSON as it was sent. Do not change it."""

    def on_end(self, call: ObservedCall) -> None:
        """The call ended: `call.response` or `call.error` is set, unless it was cancelled."""


class Observation:
    """Notifies the observers of one call, and settles what it reserved of the budget.

    Args:
        call: the request.
        settings: with the observers and the budget.

    Raises:
        BudgetExceededError: when the budget refuses the call.
    """

    __slots__ = ("_budget", "_estimate", "_estimator", "_free", "_observers", "_reservation", "_size", "call")

    def __init__(self, call: Call[Any], settings: Settings) -> None:
        observed = ObservedCall(call, settings.base_url)
        self._observers = settings.observers
        self._budget = settings.budget if call.operation.retry == "billed" else None
        self._free = any(map(as_object(call.payload).get, call.operation.secrets))
        self._estimate = Amount()
        self._estimator = None if settings.budget is None else settings.budget.estimator
        self._reservation: Any = None
        self._size = 0
        if self._budget is not None:
            self._size = text_size(observed.request)
            self._estimate = self._budget.estimator.estimate(
                observed.operation, observed.model or "", self._size
            )
            if self._free:  # with the caller's own provider key, nothing is charged
                self._estimate = Amount(0.0, self._estimate.tokens)
            self._reservation = self._budget.reserve(self._estimate)
        self.call = observed  # not before: a call that the budget refuses has no end
        self._notify("on_start", self.call)

    def attempt(self, attempt: Attempt) -> None:
        """Report an attempt."""
        self.call.attempts.append(attempt)
        self._notify("on_attempt", self.call, attempt)

    def first_event(self) -> None:
        """Report the first event of a stream; later calls do nothing."""
        if self.call.first_event is None:
            self.call.first_event = time.monotonic()
            self._notify("on_first_event", self.call)

    def on_each(self, add: Callable[[dict[str, Any]], str]) -> Callable[[dict[str, Any]], str]:
        """`add`, which takes an event of a stream; reported as well, if there is an observer that takes events."""
        nobody = Observer.on_event
        kinds: list[tuple[Any, Any]] = [(each, type(each)) for each in self._observers]
        takers = [each for each, kind in kinds if getattr(kind, "on_event", nobody) is not nobody]
        if not takers:
            return add

        def added(event: dict[str, Any]) -> str:
            self.first_event()
            self._notify("on_event", self.call, event, to=takers)
            return add(event)

        return added

    def end(self, response: Any = None, error: BaseException | None = None, *, complete: bool = True) -> None:
        """Report the end, once; later calls do nothing.

        Args:
            response: the result, or the part of a stream that was received.
            error: the exception of the call.
            complete: False for a call that was cancelled or a stream that was left.
        """
        call = self.call
        if call.ended is not None:
            return
        call.ended = time.monotonic()
        call.response = response
        call.error = error
        call.complete = complete and error is None
        self._settle()
        self._notify("on_end", call)

    def _settle(self) -> None:
        budget, self._budget = self._budget, None
        call, estimator = self.call, self._estimator
        if budget is None:
            if estimator is not None and call.response is not None:
                estimator.learn_prices(call.response)
            return
        usage = call.usage
        if usage is None and self._certainly_free():
            budget.release(self._reservation)
            return
        received = _received_size(call.response) if usage is None else 0
        model = call.model or ""
        least = budget.estimator.at_least(call.operation, model, self._estimate, self._size, received)
        usd = None if usage is None else amount_of(usage.cost)
        tokens = None if usage is None else amount_of(usage.tokens_total)
        free = self._free and usd is None
        actual = Amount(
            0.0 if free else least.usd if usd is None else usd,
            least.tokens if tokens is None else int(tokens),
            reported=usd is not None or (free and usage is not None),
        )
        if usage is not None:
            learned = actual._replace(reported=False) if free else actual
            budget.estimator.learn(call.operation, model, learned)
        budget.settle(self._reservation, actual)

    def _certainly_free(self) -> bool:
        """Whether the call was not charged: it failed before it was sent, or the server answered with an error."""
        if self.call.error is None:  # it was interrupted
            return False
        return all(
            attempt.failure in _NOT_SENT or (attempt.status is not None and attempt.status >= 400)
            for attempt in self.call.attempts
        )

    def _notify(self, method: str, *arguments: Any, to: Sequence[Any] | None = None) -> None:
        for observer in self._observers if to is None else to:
            try:
                getattr(observer, method)(*arguments)
            except Exception:  # an observer must not break the call that it observes
                logger = library_logger()
                logger.exception("%s.%s failed", type(observer).__name__, method)

    def __enter__(self) -> Observation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            self.end(error=error)
        elif error is not None:
            self.end(complete=False)

    def __del__(self) -> None:
        # An answer that nobody decoded, such as one whose task was cancelled in between.
        if getattr(self, "call", None) is not None and self.call.ended is None:
            self.end(complete=False)


def _received_size(response: Any) -> int:
    """The bytes of the texts in an answer, of each choice if there are several."""
    body: Any = dump(response) if isinstance(response, Model) else {}
    choices = body.get("choices") or body.get("output")
    parts = [as_text(body.get("data")), body.get("reasoning_content"), body.get("tool_calls")]
    return text_size(choices or parts)
