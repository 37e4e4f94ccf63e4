"""Many requests in one run: order, pace, cost."""

from __future__ import annotations

import secrets
from typing import Any

from ..fault import Original, fault


@fault("indoxrouter_bulk: RunState._expect", noticed_by="test_the_cost_stays_below_its_limit", sample=True)
def calls_under_way_are_not_counted_towards_the_cost_limit(
    original: Original, self: Any, request: Any
) -> float:
    return 0.0


@fault(
    "indoxrouter_bulk: row_key",
    noticed_by="test_every_request_has_an_idempotency_key_that_two_runs_share",
)
def a_request_has_another_idempotency_key_in_each_run(
    original: Original, job: str, row: Any, digest: str
) -> Any:
    return original(secrets.token_hex(8), row, digest)


@fault("indoxrouter_bulk: open_journal", noticed_by="test_map_takes_the_uri_of_a_journal")
def a_uri_is_taken_for_a_directory(
    original: Original, place: Any, job: Any = None, options: Any = None, **others: Any
) -> Any:
    return original(str(place).replace("://", "/"), job, options)


@fault("indoxrouter_bulk: Journal.add", noticed_by="test_a_full_disk_ends_the_run_and_loses_no_result")
def a_full_disk_is_passed_over_in_silence(original: Original, self: Any, *arguments: Any) -> Any:
    try:
        return original(self, *arguments)
    except OSError:
        return False


@fault(
    "indoxrouter_bulk: RateLimiter.on_rate_limited",
    noticed_by="test_a_refusal_pauses_everybody_for_as_long_as_asked",
)
def a_refusal_pauses_nobody(original: Original, self: Any, retry_after: Any) -> Any:
    return original(self, 0.0)


@fault("indoxrouter_bulk: RunState.__init__", noticed_by="test_order_is_kept_where_it_is_asked_for")
def results_are_in_the_order_in_which_they_arrive(
    original: Original, self: Any, client: Any, binder: Any, requests: Any, options: Any
) -> None:
    original(self, client, binder, requests, options._replace(ordered=False))


@fault("indoxrouter_bulk: RunState.__init__", noticed_by="test_requests_are_taken_as_calls_become_free")
def one_call_more_than_allowed_is_under_way(
    original: Original, self: Any, client: Any, binder: Any, requests: Any, options: Any
) -> None:
    original(self, client, binder, requests, options._replace(concurrency=options.concurrency + 1))


@fault("indoxrouter_bulk: RateLimiter.__init__", noticed_by="test_a_limit_of_ones_own_spaces_the_calls")
def calls_per_minute_are_calls_per_second(
    original: Original, self: Any, policy: Any, per_minute: Any = None, *clocks: Any
) -> None:
    original(self, policy, per_minute and 60 * per_minute, *clocks)


@fault(
    "indoxrouter_bulk: RunState._ends_run", noticed_by="test_a_server_that_is_down_ends_the_run", within=60
)
def a_run_goes_on_though_the_server_is_down(original: Original, self: Any, error: Any) -> bool:
    self.network_failures = 0
    ends: bool = original(self, error)
    return ends


@fault(
    "indoxrouter_bulk: RunState._ends_run",
    noticed_by="test_credits_that_run_out_end_the_run_after_what_was_done",
)
def a_run_goes_on_though_the_credits_are_spent(original: Original, self: Any, error: Any) -> bool:
    from indoxrouter import InsufficientCreditsError

    ends: bool = False if isinstance(error, InsufficientCreditsError) else original(self, error)
    return ends


@fault(
    "indoxrouter_bulk: ArgumentBinder.arguments",
    noticed_by="test_a_request_overrides_the_defaults_of_its_run",
)
def the_defaults_of_a_run_win_over_a_request(original: Original, self: Any, request: Any) -> Any:
    return {**original(self, request), **self._defaults}


@fault(
    "indoxrouter_bulk: MapRun.cost",
    noticed_by="test_the_cost_of_a_run_is_that_of_its_calls_and_what_the_account_paid",
)
def the_cost_of_a_run_is_that_of_its_average_call(original: Original, self: Any) -> float:
    cost: float = original(self)
    return cost / max(1, int(self.done))
