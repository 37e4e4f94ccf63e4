"""The mock server, as the spec describes it."""

from __future__ import annotations

import math
import uuid
from typing import Any

from ..fault import Original, fault

SCHEMATHESIS = "test_schemathesis_finds_nothing_wrong_with_the_mock"


@fault(
    "indoxrouter_mock: authenticate",
    noticed_by="test_an_operation_with_security_refuses_whoever_says_nothing",
)
def the_mock_lets_everybody_in(original: Original, call: Any) -> None:
    call.account = call.state.accounts.demo


@fault("indoxrouter_mock: authenticate", noticed_by=SCHEMATHESIS)
def the_mock_ignores_credentials_that_are_wrong(original: Original, call: Any) -> None:
    if "authorization" in call.headers:
        call.account = call.state.accounts.demo
    else:
        original(call)


@fault(
    "indoxrouter_mock: check_request",
    noticed_by="test_a_body_of_the_wrong_form_gets_422_and_the_place_is_named",
    sample=True,
)
def the_mock_checks_no_request(original: Original, *arguments: Any) -> None:
    return None


@fault("indoxrouter_mock: read_parameters", noticed_by=SCHEMATHESIS)
def the_mock_accepts_query_parameters_that_are_wrong(
    original: Original, operation: Any, validators: Any, place: str, given: Any
) -> Any:
    values, found = original(operation, validators, place, given)
    return values, [] if place == "query" else found


@fault("indoxrouter_mock: ApiError.__init__", noticed_by=SCHEMATHESIS)
def the_mock_answers_404_to_another_method(
    original: Original, self: Any, status: int, *arguments: Any, **options: Any
) -> None:
    original(self, 404 if status == 405 else status, *arguments, **options)


@fault("indoxrouter_mock: ApiError.__init__", noticed_by=SCHEMATHESIS)
def the_mock_forgets_which_methods_it_allows(
    original: Original, self: Any, status: int, *arguments: Any, **options: Any
) -> None:
    original(self, status, *arguments, **{**options, "headers": ()} if status == 405 else options)


@fault("indoxrouter_mock: create_api_key", noticed_by=SCHEMATHESIS)
def the_mock_crashes_on_a_key_without_a_name(original: Original, call: Any) -> Any:
    call.body["name"]
    return original(call)


@fault("indoxrouter_mock: Accounts.remove_key", noticed_by="test_a_deleted_key_is_gone")
def a_deleted_api_key_lives_on(original: Original, self: Any, account: Any, key: Any) -> None:
    return None


@fault("indoxrouter_mock: get_usage", noticed_by="test_an_operation_answers_200_to_its_example[getUsage]")
def an_answer_of_the_mock_has_a_text_for_a_number(original: Original, call: Any) -> Any:
    return {**original(call), "total_requests": "many"}


@fault("indoxrouter_mock: stream", noticed_by=SCHEMATHESIS)
def the_mock_sends_events_that_no_schema_knows(original: Original, *arguments: Any, **options: Any) -> Any:
    for event in original(*arguments, **options):
        yield {**event, "choices": dict(enumerate(event["choices"]))} if event.get("choices") else event


@fault(
    "indoxrouter_mock: ResponseWriter.header_list",
    noticed_by="test_every_feature_of_chat_fits_the_spec_in_every_shape",
)
def the_mock_calls_streams_plain_text(original: Original, self: Any, media_type: Any, *arguments: Any) -> Any:
    plain = media_type and media_type.replace("text/event-stream", "text/plain")
    return original(self, plain, *arguments)


@fault(
    "indoxrouter_mock: Identifiers.reseed", noticed_by="test_a_seed_repeats_every_request_and_every_answer"
)
def the_ids_of_the_mock_are_not_seeded(original: Original, self: Any, seed: int) -> None:
    self._random.seed()


@fault(
    "indoxrouter_mock: RateLimits.admit",
    noticed_by="test_a_free_account_that_asks_too_often_gets_429_and_is_told_when_to_come_back",
)
def the_mock_counts_one_request_too_few(original: Original, self: Any, account: Any, key: Any) -> Any:
    seen = self.__dict__.setdefault("planted_seen", set())
    if (account.id, account.tier.name) not in seen:
        seen.add((account.id, account.tier.name))
        return []
    return original(self, account, key)


@fault("indoxrouter_mock: handle", noticed_by="test_an_idempotency_key_serves_one_request_only")
def the_mock_serves_two_requests_under_one_idempotency_key(
    original: Original, call: Any, handler: Any, content: bytes
) -> Any:
    return original(call, handler, b"")


@fault(
    "indoxrouter_mock: Sessions.rotate",
    noticed_by="test_credentials_are_traded_for_a_token_and_the_token_for_the_next",
)
def a_spent_refresh_token_works_again(original: Original, self: Any, refresh_token: str) -> Any:
    session = self._refresh.get(refresh_token)
    return original(self, session.refresh if session else refresh_token)


@fault("indoxrouter_mock: stop_stream", noticed_by="test_a_running_stream_can_be_stopped_by_its_id")
def no_stream_can_be_stopped(original: Original, call: Any) -> Any:
    return {"success": False}


@fault(
    "indoxrouter_mock: record_usage",
    noticed_by="test_tokens_of_an_own_provider_key_are_not_counted_against_the_hourly_limit",
)
def tokens_of_an_own_provider_key_count_against_the_hourly_limit(
    original: Original, call: Any, model: Any, used: Any, **facts: Any
) -> None:
    original(call, model, used, **facts)
    if call.body.get("byok_api_key"):
        call.state.rate_limits.spend(call.owner, call.key, used["tokens_total"])


@fault("indoxrouter_mock: HOUR", noticed_by="test_hourly_limit_lasts_an_hour")
def the_hourly_limit_lasts_a_minute(value: float) -> float:
    return 60.0


@fault(
    "indoxrouter_mock: BillingLog.select",
    noticed_by="test_end_of_a_period_is_the_midnight_after_its_last_day",
)
def a_period_includes_the_midnight_at_its_end(
    original: Original, self: Any, account_id: int, start: Any = None, end: Any = None, **wanted: Any
) -> Any:
    return original(self, account_id, start, None if end is None else math.nextafter(end, math.inf), **wanted)


@fault("indoxrouter_mock: bill", noticed_by="test_broken_stream_is_billed_for_what_was_sent")
def a_broken_stream_is_billed_whole(original: Original, call: Any, answer: Any, **options: Any) -> None:
    answer.complete = True
    original(call, answer, **options)


@fault(
    "indoxrouter_mock: masked_key",
    noticed_by="test_masked_key_shows_its_beginning_and_its_last_four_characters_only",
)
def a_masked_key_hides_four_characters(original: Original, secret: str) -> str:
    return f"{secret[:8]}...{secret[12:]}"


@fault(
    "indoxrouter_mock: ResponseWriter.header_list",
    noticed_by="test_request_id_of_the_header_is_that_of_the_body",
)
def the_request_id_of_the_header_is_another_one(original: Original, self: Any, *arguments: Any) -> Any:
    return [
        (name, str(uuid.uuid4()).encode() if name == b"x-request-id" else value)
        for name, value in original(self, *arguments)
    ]


@fault("indoxrouter_mock: list_video_jobs", noticed_by="test_page_holds_as_many_jobs_as_the_spec_allows")
def a_page_holds_at_most_a_hundred_jobs(original: Original, call: Any) -> Any:
    answer = original(call)
    return {**answer, "jobs": answer["jobs"][:100]}


SESSIONS = "test_sessions_and_models_report_the_times_and_failures_of_their_calls"


@fault("indoxrouter_mock: list_analytics_sessions", noticed_by=SESSIONS)
def a_session_ends_with_its_first_call(original: Original, call: Any) -> Any:
    answer = original(call)
    for session in answer["sessions"]:
        session["ended_at"] = session["started_at"]
    return answer


@fault("indoxrouter_mock: get_model_performance", noticed_by=SESSIONS)
def every_call_counts_as_a_success(original: Original, call: Any) -> Any:
    answer = original(call)
    for row in answer["models"]:
        row["success_rate"] = 1.0
    return answer


@fault("indoxrouter_mock: get_model_performance", noticed_by=SESSIONS)
def the_average_latency_is_the_sum(original: Original, call: Any) -> Any:
    answer = original(call)
    for row in answer["models"]:
        row["average_latency"] *= row["requests"]
    return answer


@fault("indoxrouter_mock: REFRESH_LIFETIME", noticed_by="test_refresh_token_lives_for_thirty_days")
def a_refresh_token_lives_for_ever(value: float) -> float:
    return math.inf


@fault("indoxrouter_mock: limit_headers", noticed_by="test_limit_headers_name_the_end_of_the_minute")
def the_limit_is_reset_a_minute_late(original: Original, limit: int, remaining: int, reset: float) -> Any:
    return original(limit, remaining, reset + 60)


@fault("indoxrouter_mock: _own_job", noticed_by="test_video_job_of_another_account_is_not_found")
def everybody_sees_every_video_job(original: Original, call: Any) -> Any:
    return call.state.jobs[call.params["job_id"]]
