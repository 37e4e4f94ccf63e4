"""What callers read: usage, tool calls, the facts of a call, the parts of a stream put together."""

from __future__ import annotations

from typing import Any

from ..fault import Original, fault


@fault("indoxrouter_ext: Usage._derive_field_", noticed_by="test_counts_read_under_every_name")
def a_missing_total_counts_the_prompt_only(original: Original, self: Any, name: str) -> Any:
    found = original(self, name)
    if name in ("tokens_total", "total_tokens") and found is not None and "tokens_completion" in self._raw_:
        return self._raw_.get("tokens_prompt")
    return found


@fault("indoxrouter_ext: ReceivedResponse.cost", noticed_by="test_usage_and_cost_are_there_in_every_shape")
def the_cost_of_a_response_is_in_cents(original: Original, self: Any) -> Any:
    cost = original(self)
    return None if cost is None else 100 * cost


@fault("indoxrouter_ext: run_tools", noticed_by="test_each_result_answers_the_call_that_asked_for_it")
def results_of_tools_answer_the_calls_in_reverse(original: Original, calls: Any, functions: Any) -> Any:
    messages = original(calls, functions)
    ids = [message["tool_call_id"] for message in messages]
    return [{**message, "tool_call_id": name} for message, name in zip(messages, reversed(ids), strict=True)]


@fault("indoxrouter_ext: _ToolCall.add_arguments", noticed_by="test_calls_in_a_stream_are_put_together")
def the_last_fragment_of_a_tool_call_replaces_the_others(original: Original, self: Any, text: str) -> None:
    self.finish("", text)


@fault(
    "indoxrouter_ext: Choice.add",
    noticed_by="test_a_response_has_the_finish_reason_that_the_stream_gave",
)
def every_stream_ends_with_stop(original: Original, self: Any, choice: Any) -> str:
    text: str = original(self, choice)
    if self.finish_reason is not None:
        self.finish_reason = "stop"
    return text


@fault(
    "indoxrouter_ext: Accumulator.add",
    noticed_by="test_until_done_gives_the_whole_response_and_raises_on_truncation",
)
def usage_that_follows_the_finish_reason_is_lost(original: Original, self: Any, event: Any) -> Any:
    usage, ended = self.usage, self.end.value != "open"
    text = original(self, event)
    if ended:
        self.usage = usage
    return text


@fault(
    "indoxrouter_ext: StreamBase.stream_id",
    noticed_by="test_stopping_a_stream_asks_the_server_and_frees_its_connection",
)
def a_stream_is_stopped_by_the_id_of_its_header_only(original: Original, self: Any) -> Any:
    return self._state.answer.headers.get("x-stream-id")


@fault(
    "indoxrouter_ext: HttpAnswer.info",
    noticed_by="test_the_info_of_a_call_counts_its_waits_and_attempts_in_seconds",
)
def elapsed_is_in_milliseconds(original: Original, self: Any) -> Any:
    info = original(self)
    return info._replace(elapsed=1000 * info.elapsed)


@fault(
    "indoxrouter_ext: HttpAnswer.info",
    noticed_by="test_the_info_of_a_call_counts_its_waits_and_attempts_in_seconds",
)
def elapsed_is_that_of_the_last_attempt(original: Original, self: Any) -> Any:
    info = original(self)
    return info._replace(elapsed=info.attempts[-1].elapsed if info.attempts else info.elapsed)


@fault(
    "indoxrouter_ext: HttpAnswer.info",
    noticed_by="test_the_info_of_a_call_counts_its_waits_and_attempts_in_seconds",
)
def attempts_do_not_say_how_long_was_waited(original: Original, self: Any) -> Any:
    info = original(self)
    return info._replace(attempts=tuple(each._replace(waited=0.0) for each in info.attempts))


@fault(
    "indoxrouter_ext: HttpAnswer.info",
    noticed_by="test_the_info_of_a_call_counts_its_waits_and_attempts_in_seconds",
)
def attempts_are_numbered_from_zero(original: Original, self: Any) -> Any:
    info = original(self)
    return info._replace(attempts=tuple(each._replace(number=each.number - 1) for each in info.attempts))


@fault("indoxrouter_ext: bind_client", noticed_by="test_what_happened_on_the_wire_is_beside_the_typed_result")
def an_answer_has_the_request_id_of_its_body_only(original: Original, result: Any, *a: Any, **o: Any) -> Any:
    info = result.__dict__.get("_http_")
    if info is not None:
        result.__dict__["_http_"] = info._replace(request_id=None)
    return original(result, *a, **o)
