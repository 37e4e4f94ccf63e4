"""What is sent again, and when."""

from __future__ import annotations

import os
from typing import Any

from ..fault import Original, fault

BILLED = "test_a_billed_call_is_sent_again_only_if_it_was_refused"
SENT = "test_what_the_client_sends_fits_the_spec"


def changed(failed: Any, **facts: Any) -> Any:
    """A failed attempt of which some facts are others."""
    known = {
        name: getattr(failed, name)
        for name in ("risk", "status", "failure", "retry_after", "has_idempotency_key")
    }
    return type(failed)(**{**known, **facts})


@fault("indoxrouter_ext: RetryPolicy.decide", rule=14, noticed_by=BILLED, sample=True)
def a_billed_call_is_repeated_like_a_read(original: Original, self: Any, failed: Any, *more: Any) -> Any:
    if failed.risk == "billed" and failed.status is not None:
        failed = changed(failed, risk="safe")
    return original(self, failed, *more)


@fault("indoxrouter_ext: RetryPolicy.decide", rule=14, noticed_by=BILLED)
def a_billed_call_is_repeated_after_a_timeout(original: Original, self: Any, failed: Any, *more: Any) -> Any:
    if failed.status is None:
        failed = changed(failed, has_idempotency_key=True)
    return original(self, failed, *more)


@fault(
    "indoxrouter_ext: RequestHeaders.of",
    rule=14,
    noticed_by="test_every_attempt_of_a_call_carries_one_key_and_every_call_its_own",
)
def every_attempt_has_an_idempotency_key_of_its_own(
    original: Original, self: Any, call: Any, settings: Any, token: Any, key: Any
) -> Any:
    return original(self, call, settings, token, None if key is None else os.urandom(16).hex())


@fault("indoxrouter_ext: _idempotency_key", noticed_by=f"{SENT}[createVideo-async]")
def paid_calls_are_sent_without_an_idempotency_key(original: Original, *arguments: Any) -> None:
    return None


@fault("indoxrouter_ext: RetryBudget.take", rule=14, noticed_by="test_the_budget_ends_retries_in_an_outage")
def the_retry_budget_is_endless(original: Original, self: Any) -> bool:
    return True


@fault("indoxrouter_ext: RetryBudget.REFUND", rule=14, noticed_by="test_five_successes_pay_for_one_retry")
def a_success_pays_for_a_whole_retry(value: int) -> int:
    return 5 * value


@fault(
    "indoxrouter_ext: RetryPolicy.decide",
    rule=15,
    noticed_by="test_what_the_server_asks_is_waited_and_never_less",
)
def retry_after_is_ignored(original: Original, self: Any, failed: Any, *more: Any) -> Any:
    return original(self, changed(failed, retry_after=None), *more)


@fault(
    "indoxrouter_ext: RetryPolicy.backoff",
    rule=15,
    noticed_by="test_what_the_server_asks_is_waited_and_never_less",
)
def less_is_waited_than_was_asked(
    original: Original, self: Any, number: int, retry_after: Any = None
) -> float:
    wait: float = original(self, number, retry_after)
    return wait if retry_after is None else 0.9 * retry_after


@fault(
    "indoxrouter: amount_of",
    rule=15,
    noticed_by="test_senseless_values_are_refused_and_the_ordinary_wait_holds",
)
def a_negative_or_endless_wait_is_believed(original: Original, value: Any, *_: float) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


@fault("indoxrouter_ext: RetryPolicy.decide", rule=15, noticed_by="test_more_than_a_minute_is_raised_at_once")
def a_wait_of_any_length_is_slept(original: Original, self: Any, failed: Any, *more: Any) -> Any:
    self._max_wait = float("inf")
    return original(self, failed, *more)


@fault(
    "indoxrouter_ext: RetryPolicy.decide",
    rule=16,
    noticed_by="test_a_wait_longer_than_the_deadline_is_not_begun",
)
def a_wait_may_be_longer_than_the_deadline(
    original: Original, self: Any, failed: Any, number: int, time_left: Any = None
) -> Any:
    return original(self, failed, number)


@fault("indoxrouter_ext: RetryPolicy.backoff", noticed_by="test_waits_grow_and_are_spread")
def every_wait_is_as_long_as_the_first(original: Original, self: Any, number: int, *more: Any) -> Any:
    return original(self, 1, *more)


@fault("indoxrouter_ext: RetryPolicy.backoff", noticed_by="test_no_two_clients_wait_equally_long")
def all_clients_wait_equally_long(original: Original, self: Any, *arguments: Any) -> Any:
    self._jitter = lambda: 1.0
    return original(self, *arguments)


@fault(
    "indoxrouter_ext: ClientBase.with_options",
    noticed_by="test_a_copy_with_options_shares_the_token_and_the_budget",
)
def a_copy_has_a_token_and_a_budget_of_its_own(original: Original, self: Any, **options: Any) -> Any:
    copy = original(self, **options)
    copy.set_base_url(copy.base_url)
    return copy


@fault(
    "indoxrouter: retry_after_of", rule=15, noticed_by="test_what_the_server_asks_is_waited_and_never_less"
)
def milliseconds_to_wait_are_read_as_seconds(original: Original, headers: Any, body: Any) -> Any:
    wait = original(headers, body)
    return (
        1000 * wait
        if wait is not None and "retry-after-ms" in headers and "retry-after" not in headers
        else wait
    )


@fault("indoxrouter_ext: RetryPolicy.decide", noticed_by="test_options_of_one_call_leave_the_client_as_it_is")
def max_retries_counts_the_first_attempt(
    original: Original, self: Any, failed: Any, number: int, *more: Any
) -> Any:
    return original(self, failed, number + 1, *more)
