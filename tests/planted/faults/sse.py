"""Server-sent events as bytes."""

from __future__ import annotations

import re
from typing import Any

from ..fault import Original, fault

RULES = "test_event_streams_are_read_as_the_rules_say_in_all_splits"
IN_PIECES = "test_a_stream_comes_out_as_it_went_in_however_it_is_cut"


@fault("indoxrouter_ext: SSEDecoder._skip_bom", rule=1, noticed_by=RULES)
def a_byte_order_mark_is_kept(original: Original, self: Any, piece: bytes) -> bytes:
    return piece


@fault("indoxrouter_ext: SSEDecoder.feed_pairs", rule=1, noticed_by=RULES)
def a_lone_cr_ends_no_line(original: Original, self: Any, piece: bytes) -> Any:
    return original(self, piece.replace(b"\r\n", b"\n").replace(b"\r", b"x"))


@fault("indoxrouter_ext: SSEDecoder.feed_pairs", rule=1, noticed_by=RULES, sample=True)
def a_split_crlf_counts_as_two_line_ends(original: Original, self: Any, piece: bytes) -> Any:
    return original(self, piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))


@fault("indoxrouter_ext: SSEDecoder.feed_pairs", noticed_by=f"{IN_PIECES}[createChatCompletion-sync]")
def a_crlf_that_is_cut_in_a_stream_ends_two_lines(original: Original, self: Any, piece: bytes) -> Any:
    return original(self, piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))


@fault("indoxrouter_ext: SSEDecoder.feed_pairs", rule=1, noticed_by=RULES)
def a_next_line_character_ends_lines(original: Original, self: Any, piece: bytes) -> Any:
    return original(self, piece.replace(b"\xc2\x85", b"\n"))


@fault("indoxrouter_ext: SSEDecoder._dispatch", rule=2, noticed_by=RULES)
def an_event_with_blank_data_is_yielded(original: Original, self: Any, events: list[Any]) -> None:
    before = len(events)
    original(self, events)
    if len(events) == before:
        events.append(("", b""))


@fault("indoxrouter_ext: SSEDecoder.feed_pairs", rule=2, noticed_by=RULES)
def data_without_a_space_is_not_read(original: Original, self: Any, piece: bytes) -> Any:
    return original(self, re.sub(rb"data:(?! )", b"dat: ", piece))


@fault("indoxrouter_ext: SSEDecoder._dispatch", rule=2, noticed_by=RULES)
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
