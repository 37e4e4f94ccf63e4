"""Server-sent events as bytes, how streams end, how long they may take, and what leaving one releases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..fault import Original, fault

BY_THE_RULES = "test_event_streams_are_read_as_the_rules_say_in_all_splits"
IN_PIECES = "test_a_stream_comes_out_as_it_went_in_however_it_is_cut"
LAST_WORD = "test_a_stream_that_said_its_last_word_is_complete"
TRUNCATED = "test_a_truncated_stream_raises_after_what_came"
LEFT = "test_leaving_a_stream_frees_its_connection"


@fault("indoxrouter_ext: SSEDecoder._skip_bom", rule=1, noticed_by=BY_THE_RULES)
def a_byte_order_mark_is_kept(original: Original, self: Any, piece: bytes) -> bytes:
    return piece


@fault("indoxrouter_ext: SSEDecoder.feed", rule=1, noticed_by=BY_THE_RULES)
def a_lone_cr_ends_no_line(original: Original, self: Any, piece: bytes) -> Any:
    return original(self, piece.replace(b"\r\n", b"\n").replace(b"\r", b"x"))


@fault("indoxrouter_ext: SSEDecoder.feed", rule=1, noticed_by=BY_THE_RULES, sample=True)
def a_split_crlf_counts_as_two_line_ends(original: Original, self: Any, piece: bytes) -> Any:
    return original(self, piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))


@fault("indoxrouter_ext: SSEDecoder.feed", noticed_by=f"{IN_PIECES}[createChatCompletion-sync]")
def a_crlf_that_is_cut_in_a_stream_ends_two_lines(original: Original, self: Any, piece: bytes) -> Any:
    return original(self, piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))


@fault("indoxrouter_ext: SSEDecoder.feed", rule=1, noticed_by=BY_THE_RULES)
def a_next_line_character_ends_lines(original: Original, self: Any, piece: bytes) -> Any:
    return original(self, piece.replace(b"\xc2\x85", b"\n"))


@fault("indoxrouter_ext: SSEDecoder._dispatch", rule=2, noticed_by=BY_THE_RULES)
def an_event_with_blank_data_is_yielded(original: Original, self: Any, events: list[Any]) -> None:
    before = len(events)
    original(self, events)
    if len(events) == before:
        events.append(("", b""))


@fault("indoxrouter_ext: SSEDecoder.feed", rule=2, noticed_by=BY_THE_RULES)
def data_without_a_space_is_not_read(original: Original, self: Any, piece: bytes) -> Any:
    return original(self, re.sub(rb"data:(?! )", b"dat: ", piece))


@fault("indoxrouter_ext: SSEDecoder._dispatch", rule=2, noticed_by=BY_THE_RULES)
def lines_of_data_are_joined_with_nothing_between(original: Original, self: Any, events: list[Any]) -> None:
    self._data = [b"".join(self._data)]
    original(self, events)


@fault("indoxrouter_ext: SSEDecoder.__init__", rule=6, noticed_by="test_an_event_of_64_mib_arrives_whole")
def an_event_may_have_one_mebibyte(original: Original, self: Any, limit: int = 1 << 20) -> None:
    original(self, min(limit, 1 << 20))


@fault(
    "indoxrouter_ext: SSEDecoder._read_lines",
    rule=6,
    noticed_by="test_an_event_of_many_pieces_costs_linear_time",
)
def pieces_of_a_line_are_joined_as_they_arrive(original: Original, self: Any, *arguments: Any) -> None:
    original(self, *arguments)
    self._partial[:] = [b"".join(self._partial)]


@fault("indoxrouter_ext: SSEDecoder._read_lines", noticed_by=f"{IN_PIECES}[createCompletion-async]")
def a_line_that_arrives_in_pieces_loses_the_first(original: Original, self: Any, *arguments: Any) -> None:
    original(self, *arguments)
    self._partial[:] = self._partial[-1:]


@fault("indoxrouter_ext: StreamState._decode", rule=3, noticed_by=LAST_WORD)
def done_ends_no_stream(original: Original, self: Any, events: Any) -> None:
    original(self, [(name, data) for name, data in events if data.strip() != b"[DONE]"])


@fault(
    "indoxrouter_ext: StreamState._flush_partial",
    rule=3,
    noticed_by="test_a_leftover_event_is_delivered_before_the_error",
)
def an_event_that_lacks_its_blank_line_is_dropped(original: Original, self: Any) -> list[Any]:
    original(self)
    return []


@fault(
    "indoxrouter_ext: AssembledAnswer.response",
    rule=3,
    noticed_by="test_what_came_with_the_first_event_is_a_part_of_the_response",
)
def the_response_lacks_what_arrived_with_the_first_event(original: Original, self: Any) -> Any:
    return self._state.response()


@fault(
    "indoxrouter_ext: StreamState.decode_next",
    rule=3,
    noticed_by="test_what_came_with_the_first_event_is_a_part_of_the_response",
)
def what_arrived_with_the_first_event_is_dropped(original: Original, self: Any) -> None:
    if not self.total.count:
        self.pending = self.pending[:1]
    original(self)


@fault("indoxrouter_ext: StreamState._fail_truncated", rule=4, noticed_by=TRUNCATED)
def a_truncated_stream_counts_as_complete(original: Original, self: Any, reason: str) -> None:
    self.end = type(self.end)("complete")


@fault("indoxrouter_ext: StreamState._fail_truncated", noticed_by=f"{IN_PIECES}[createCompletion-sync]")
def a_stream_that_broke_off_passes_for_a_complete_one(original: Original, self: Any, reason: str) -> None:
    self.end = type(self.end)("complete")


@fault("indoxrouter_ext: StreamState._fail", rule=4, noticed_by=TRUNCATED)
def an_error_of_a_stream_has_no_partial_response(original: Original, self: Any, error: Any) -> None:
    original(self, error)
    error.partial = None


@fault(
    "indoxrouter_ext: StreamState._fail_with_payload",
    rule=5,
    noticed_by="test_an_error_inside_a_stream_raises_what_its_status_would",
)
def an_error_inside_a_stream_is_one_more_event(original: Original, self: Any, event: Any) -> None:
    self.total.add(event)


@fault(
    "indoxrouter_ext: StreamState._fail_with_payload",
    noticed_by="test_every_kind_of_event_is_read_as_its_type[createChatCompletion-StreamErrorChunk]",
)
def an_error_inside_a_stream_is_skipped(original: Original, self: Any, event: Any) -> None:
    return None


@fault(
    "indoxrouter_ext: opens_stream",
    rule=5,
    noticed_by="test_what_comes_in_place_of_a_stream_is_read_and_mapped",
)
def any_success_opens_a_stream(original: Original, status: int, headers: Any) -> bool:
    return 200 <= status < 300


@fault(
    "indoxrouter_ext: Accumulator.add",
    noticed_by="test_nothing_that_follows_the_last_event_comes_out[createChatCompletion-async]",
)
def a_terminal_event_ends_no_stream(original: Original, self: Any, event: Any) -> str:
    text: str = original(self, event)
    if self.end.value == "complete":
        self.end = type(self.end)("answered")
    return text


@fault(
    "indoxrouter_ext: StreamState.feed",
    rule=7,
    noticed_by="test_comments_do_not_put_off_the_next_token[sync-token_timeout]",
    within=15,
)
def a_comment_counts_as_a_token(original: Original, self: Any, piece: bytes) -> None:
    original(self, piece)
    self._waiting_since = None


@fault(
    "indoxrouter_ext: StreamState.deadline",
    rule=7,
    noticed_by="test_comments_do_not_put_off_the_first_token[sync-first_token_timeout]",
    within=15,
)
def the_first_token_may_take_for_ever(original: Original, self: Any) -> Any:
    limit = original(self)
    return None if limit is not None and limit[1] == "first_token_timeout" else limit


@fault("indoxrouter_ext.streaming: BlockingStream.__iter__", rule=8, noticed_by=LEFT)
def leaving_a_loop_keeps_the_connection(original: Original, self: Any) -> Iterator[Any]:
    while True:
        try:
            yield next(self)
        except StopIteration:
            return


@fault("indoxrouter_ext: _Loop.__del__", rule=8, noticed_by=LEFT)
def leaving_an_asynchronous_loop_keeps_the_connection(original: Original, self: Any) -> None:
    return None


@fault(
    "indoxrouter_ext: StreamState.take_error", rule=8, noticed_by="test_a_stream_that_ended_leaves_no_cycle"
)
def a_failed_stream_keeps_its_error(original: Original, self: Any) -> Any:
    return self._error


@fault(
    "indoxrouter_ext.streaming: BlockingStream.close",
    rule=8,
    noticed_by="test_closing_from_another_thread_wakes_the_reader",
)
def closing_a_stream_does_not_wake_its_reader(original: Original, self: Any) -> None:
    response = self._detach()
    if response is not None:
        response.close()


@fault(
    "indoxrouter_ext: StreamState.feed",
    rule=7,
    noticed_by="test_the_time_between_tokens_counts_from_the_last_one",
)
def the_time_between_tokens_counts_from_the_first(original: Original, self: Any, piece: bytes) -> None:
    first = self._waiting_since
    original(self, piece)
    self._waiting_since = first


@fault(
    "indoxrouter_ext.streaming: BlockingStream.stop",
    noticed_by="test_stopping_a_stream_asks_the_server_and_frees_its_connection",
)
def stopping_a_stream_only_closes_it(original: Original, self: Any) -> None:
    self.close()


@fault(
    "indoxrouter_ext.streaming: Stream.until_done",
    noticed_by="test_until_done_gives_the_whole_response_and_raises_on_truncation",
)
def until_done_returns_half_a_response(original: Original, self: Any) -> Any:
    try:
        return original(self)
    except Exception:  # noqa: BLE001  # whatever went wrong is hidden
        return self.response
