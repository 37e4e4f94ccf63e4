"""Values of the right form that are not true: the wrong count, unit, order or moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..fault import Original, fault

SYNCED = "test_only_a_journal_that_syncs_writes_each_result_through"


@fault("indoxrouter_bulk: Journal.add", noticed_by=f"{SYNCED}[True]")
def a_journal_that_syncs_leaves_results_to_the_system(original: Original, self: Any, *arguments: Any) -> bool:
    self._sync = False
    added: bool = original(self, *arguments)
    return added


@fault("indoxrouter_bulk: Journal.add", noticed_by=f"{SYNCED}[False]")
def every_journal_waits_for_the_disk(original: Original, self: Any, *arguments: Any) -> bool:
    self._sync = True
    added: bool = original(self, *arguments)
    return added


@fault(
    "indoxrouter_bulk: Journal.records",
    noticed_by="test_records_are_in_the_order_in_which_they_were_written",
)
def failures_are_read_in_another_order(original: Original, self: Any) -> Iterator[Any]:
    yield from sorted(original(self), key=lambda record: (record.error is not None, record.key), reverse=True)


@fault(
    "indoxrouter_bulk: _MAX_NETWORK_FAILURES",
    noticed_by="test_the_eighth_network_failure_in_a_row_ends_the_run",
)
def a_run_gives_up_one_failure_late(value: int) -> int:
    return value + 1


@fault(
    "indoxrouter_ext: Download._retry_or_raise",
    noticed_by="test_a_download_waits_as_many_seconds_as_it_is_asked_to",
)
def a_download_waits_minutes_for_seconds(original: Original, self: Any, *arguments: Any) -> None:
    original(self, *arguments)
    self.pause *= 60


@fault("indoxrouter_ext: _NOT_TEMPORARY", rule=14, noticed_by="test_the_decision_by_risk")
def a_version_that_the_server_does_not_speak_is_tried_again(value: frozenset[int]) -> frozenset[int]:
    return value - {505}


@fault(
    "indoxrouter_ext: Budget._spend",
    noticed_by="test_what_calls_in_flight_have_reserved_is_not_there_for_others",
)
def calls_in_flight_are_not_counted_towards_a_budget(original: Original, self: Any) -> Any:
    spend = original(self)
    return spend._replace(reserved=type(spend.reserved)())


@fault(
    "indoxrouter_ext: VideoJobHandle.cancel",
    noticed_by="test_a_cancelled_job_has_no_progress_and_no_earlier_look[sync]",
)
def a_cancelled_job_keeps_the_progress_of_before(original: Original, self: Any) -> Any:
    job = self._job
    answer = original(self)
    self._job = job
    return answer


@fault(
    "indoxrouter_mock: VideoJob.progress",
    noticed_by="test_progress_of_a_job_stands_still_where_it_was_cancelled_or_failed",
)
def a_cancelled_job_of_the_mock_goes_on(original: Original, self: Any, now: float) -> float:
    cancelled, self.cancelled_at = self.cancelled_at, None
    try:
        progress: float = original(self, now)
    finally:
        self.cancelled_at = cancelled
    return progress


@fault(
    "indoxrouter_mock: session_of",
    noticed_by="test_call_counts_under_the_session_that_it_names_or_else_under_that_of_its_login",
)
def the_session_of_a_header_is_ignored(original: Original, call: Any) -> str:
    session: str = call.session.id if call.session is not None else call.key.session_id
    return session


@fault(
    "indoxrouter_mock: BillingLog.select",
    noticed_by="test_filters_tell_models_of_one_name_and_endpoints_of_one_model_apart",
)
def analytics_ignore_the_provider(original: Original, self: Any, *arguments: Any, **wanted: Any) -> Any:
    return original(self, *arguments, **{**wanted, "provider": None})


@fault(
    "indoxrouter_mock: usage",
    noticed_by="test_parts_of_a_cost_are_the_tokens_at_their_prices_and_reasoning_counts_once",
)
def reasoning_is_paid_as_output_too(original: Original, *arguments: Any, **options: Any) -> Any:
    found = original(*arguments, **options)
    found["cost_breakdown"]["output_tokens"] += found["cost_breakdown"]["reasoning"]
    return found


@fault(
    "indoxrouter_mock: require_credit",
    noticed_by="test_what_running_streams_have_cost_is_not_there_for_other_calls",
)
def credits_of_running_streams_are_spent_twice(original: Original, call: Any, cost: float) -> None:
    account = call.owner
    pending, account.pending = account.pending, 0.0
    try:
        original(call, cost)
    finally:
        account.pending = pending


@fault(
    "indoxrouter_cli: _save_history",
    noticed_by="test_history_cache_and_configuration_are_for_their_owner_alone",
    sample=True,
)
def everybody_may_read_what_was_asked(original: Original, readline: Any) -> None:
    original(readline)
    (Path.home() / ".local/state/indoxrouter/history").chmod(0o644)
