"""What is sent again, and when."""

from __future__ import annotations

import os
from typing import Any

from ..fault import Original, fault

BILLED = "test_a_billed_call_is_sent_again_only_if_it_was_refused"
SENT = "test_what_the_client_sends_fits_the_spec"


@fault("indoxrouter_ext: decide", rule=14, noticed_by=BILLED, sample=True)
def a_billed_call_is_repeated_like_a_read(original: Original, **facts: Any) -> Any:
    answered = facts["status"] is not None
    return original(**{**facts, "risk": "safe" if answered and facts["risk"] == "billed" else facts["risk"]})


@fault("indoxrouter_ext: decide", rule=14, noticed_by=BILLED)
def a_billed_call_is_repeated_after_a_timeout(original: Original, **facts: Any) -> Any:
    return original(**{**facts, "keyed": facts["keyed"] or facts["status"] is None})


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
    "indoxrouter_ext: decide",
    rule=15,
    noticed_by="test_what_the_server_asks_is_waited_and_never_less",
    sample=True,
)
def retry_after_is_ignored(original: Original, **facts: Any) -> Any:
    return original(**{**facts, "retry_after": None})


@fault("indoxrouter_ext: decide", rule=15, noticed_by="test_what_the_server_asks_is_waited_and_never_less")
def less_is_waited_than_was_asked(original: Original, **facts: Any) -> Any:
    decision = original(**facts)
    if facts["retry_after"] is not None and decision.wait is not None:
        decision.wait = 0.9 * facts["retry_after"]
    return decision


@fault(
    "indoxrouter: _seconds",
    rule=15,
    noticed_by="test_senseless_values_are_refused_and_the_ordinary_wait_holds",
)
def a_negative_or_endless_wait_is_believed(original: Original, value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


@fault("indoxrouter_ext: decide", rule=15, noticed_by="test_more_than_a_minute_is_raised_at_once")
def a_wait_of_any_length_is_slept(original: Original, **facts: Any) -> Any:
    return original(**{**facts, "longest_retry_after": float("inf")})


@fault("indoxrouter_ext: decide", rule=16, noticed_by="test_a_wait_longer_than_the_deadline_is_not_begun")
def a_wait_may_be_longer_than_the_deadline(original: Original, **facts: Any) -> Any:
    return original(**{**facts, "time_left": None})


@fault("indoxrouter_ext: decide", noticed_by="test_waits_grow_and_are_spread")
def every_wait_is_as_long_as_the_first(original: Original, **facts: Any) -> Any:
    return original(**{**facts, "number": 1})


@fault("indoxrouter_ext: decide", noticed_by="test_no_two_clients_wait_equally_long")
def all_clients_wait_equally_long(original: Original, **facts: Any) -> Any:
    return original(**{**facts, "jitter": lambda: 1.0})


@fault(
    "indoxrouter_ext: ClientBase.with_options",
    noticed_by="test_a_copy_with_options_shares_the_token_and_the_budget",
)
def a_copy_has_a_token_and_a_budget_of_its_own(original: Original, self: Any, **options: Any) -> Any:
    copy = original(self, **options)
    copy._core = copy._core.without_tokens()
    copy._shell = copy._shell.over(copy._core)
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


@fault("indoxrouter_ext: decide", noticed_by="test_options_of_one_call_leave_the_client_as_it_is")
def max_retries_counts_the_first_attempt(original: Original, **facts: Any) -> Any:
    return original(**{**facts, "retries_left": facts["retries_left"] - 1})
