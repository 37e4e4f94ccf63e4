"""Server-sent events are decoded from bytes, in linear time, whatever the pieces they come in.

The reference decoder of this file is the WHATWG algorithm written down naively over the whole input. It is what the
real one is compared with, in one piece, byte by byte, and in every split into two.
"""

from __future__ import annotations

import itertools
import json
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indoxrouter_ext.streaming.framing import EventDecoder
from indoxrouter_ext.streaming.sse import EventTooLarge, SSEDecoder

from .harness import MESSAGES, Mode, do, each, texts_and_error
from .server import DONE, LAST_CHUNK, http_chunk, stream_head, streamed, text_event

Events = list[tuple[str, bytes]]


def reference(raw: bytes) -> Events:
    """The rules for event streams, but an event that lacks only its blank line is returned at the end."""
    raw = raw[3:] if raw.startswith(b"\xef\xbb\xbf") else raw
    lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    events: Events = []
    name, data = "", list[bytes]()
    for line in [*lines, b""]:
        if line:
            field, _, value = line.partition(b":")
            value = value[1:] if value.startswith(b" ") else value
            if field == b"data":
                data.append(value)
            elif field == b"event":
                name = value.decode("utf-8", "replace")
        else:
            joined = b"\n".join(data)
            if joined.strip(b" \t\n\r\x0b\x0c"):
                events.append((name, joined))
            name, data = "", []
    return events


def decoded(*pieces: bytes) -> Events:
    decoder = SSEDecoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return [*events, *decoder.flush()]


def in_all_splits(raw: bytes) -> list[Events]:
    whole = [decoded(raw), decoded(*(raw[i : i + 1] for i in range(len(raw))))]
    return whole + [decoded(raw[:cut], raw[cut:]) for cut in range(len(raw) + 1)]


CASES: dict[str, tuple[bytes, Events]] = {
    "one event": (b"data: a\n\n", [("", b"a")]),
    "lines end at LF": (b"data: a\n\ndata: b\n\n", [("", b"a"), ("", b"b")]),
    "lines end at CR": (b"data: a\r\rdata: b\r\r", [("", b"a"), ("", b"b")]),
    "lines end at CRLF": (b"data: a\r\n\r\ndata: b\r\n\r\n", [("", b"a"), ("", b"b")]),
    "a CRLF is one line end": (b"data: a\r\ndata: b\r\n\r\n", [("", b"a\nb")]),
    "line ends may be mixed": (
        b"data: a\r\n\ndata: b\n\rdata: c\r\r\n",
        [("", b"a"), ("", b"b"), ("", b"c")],
    ),
    "U+2028 ends no line": ("data: a\u2028b\n\n".encode(), [("", "a\u2028b".encode())]),
    "U+2029 ends no line": ("data: a\u2029b\n\n".encode(), [("", "a\u2029b".encode())]),
    "U+0085 ends no line": ("data: a\u0085b\n\n".encode(), [("", "a\u0085b".encode())]),
    "form feed and vertical tab end no line": (b"data: a\x0b\x0cb\n\n", [("", b"a\x0b\x0cb")]),
    "the separators of str.splitlines end no line": (b"data: a\x1c\x1d\x1eb\n\n", [("", b"a\x1c\x1d\x1eb")]),
    "one leading BOM is dropped": (b"\xef\xbb\xbfdata: a\n\n", [("", b"a")]),
    "a second BOM belongs to the field name": (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
    "a BOM later on is data": (b"data: \xef\xbb\xbfa\n\n", [("", b"\xef\xbb\xbfa")]),
    "comments yield nothing": (b": ping\n\n:\n\ndata: a\n: in between\n\n", [("", b"a")]),
    "retry and id yield nothing": (b"retry: 10\n\nid: 7\n\nid\n\ndata: a\nid: 8\n\n", [("", b"a")]),
    "an event with blank data yields nothing": (b"data:\n\ndata\n\ndata: \n\ndata:\ndata:\n\n", []),
    "a name without data yields nothing": (b"event: ping\n\ndata: a\n\n", [("", b"a")]),
    "data needs no space": (b"data:a\n\n", [("", b"a")]),
    "only one space is dropped": (b"data:  a\n\n", [("", b" a")]),
    "several data lines join with a line feed": (b"data: a\ndata: b\ndata:c\n\n", [("", b"a\nb\nc")]),
    "empty data lines count between others": (b"data: a\ndata\ndata: b\n\n", [("", b"a\n\nb")]),
    "a colon may be in the data": (b'data: {"a": 1}\n\n', [("", b'{"a": 1}')]),
    "events have names": (b"event: error\ndata: a\n\ndata: b\n\n", [("error", b"a"), ("", b"b")]),
    "the last name counts": (b"event: a\nevent: b\ndata: x\n\n", [("b", b"x")]),
    "unknown fields are ignored": (b"foo: bar\nDATA: x\n data: y\ndata: a\n\n", [("", b"a")]),
    "an event pending at the end is returned": (b"data: a\n\ndata: b", [("", b"a"), ("", b"b")]),
    "so is one that lacks only its blank line": (b"data: a\n\ndata: b\n", [("", b"a"), ("", b"b")]),
    "a pending comment is no event": (b"data: a\n\n: bye", [("", b"a")]),
    "no bytes are no events": (b"", []),
    "NUL is data": (b"data: a\0b\n\n", [("", b"a\0b")]),
    "bytes that are not UTF-8 are handed on": (b"data: \xff\xfe\n\n", [("", b"\xff\xfe")]),
}


@pytest.mark.parametrize("name", CASES)
def test_event_streams_are_read_as_the_rules_say_in_all_splits(name: str) -> None:
    raw, expected = CASES[name]
    assert reference(raw) == expected  # the reference itself
    for events in in_all_splits(raw):
        assert events == expected


_alphabet = st.sampled_from(
    [
        b"data: ",
        b"data:",
        b"data",
        b"event: ",
        b": c",
        b"id: 1",
        b"\r",
        b"\n",
        b"\r\n",
        b"\n\n",
        b"x",
        b"\xef\xbb\xbf",
        b"\xc3",
        b"\xa9",
        b" ",
        b":",
        b"\xe2\x80\xa8",
        b"\x85",
        b"retry: 1",
    ]
)


@given(
    st.lists(st.one_of(_alphabet, st.binary(max_size=6)), max_size=30),
    st.lists(st.integers(0, 200), max_size=8),
)
@example([b"data: a\r", b"\n\ndata: b\r\n\r\n"], [8])
@example([b"\xef\xbb", b"\xbfdata: a\n\n"], [1, 2])
def test_any_bytes_in_any_pieces_give_the_events_of_the_whole(parts: list[bytes], cuts: list[int]) -> None:
    raw = b"".join(parts)
    edges = sorted({min(cut, len(raw)) for cut in cuts} | {0, len(raw)})
    pieces = [raw[start:end] for start, end in itertools.pairwise(edges)]
    assert decoded(*pieces) == decoded(raw) == reference(raw)


def test_an_event_of_many_pieces_costs_linear_time() -> None:
    def seconds(pieces: int) -> float:
        decoder = SSEDecoder()
        piece = b"x" * 1024
        began = time.process_time()
        decoder.feed(b"data: ")
        for _ in range(pieces):
            decoder.feed(piece)
        assert len(decoder.feed(b"\n\n")[0][1]) == pieces * 1024
        return time.process_time() - began

    seconds(1_000)
    # Ten times as many pieces: some 10 times as long if linear, 100 times if every piece copies what came before.
    assert seconds(40_000) < 40 * max(seconds(4_000), 0.002)


def test_an_event_larger_than_the_limit_is_refused_before_it_ends() -> None:
    decoder = SSEDecoder(limit=1000)
    decoder.feed(b"data: " + b"x" * 900)
    with pytest.raises(EventTooLarge):
        decoder.feed(b"y" * 200)


@pytest.mark.parametrize(("limit", "size"), [(1, "1 byte"), (2, "2 bytes")])
@pytest.mark.parametrize("piece", [b"data: x", b'{"a":'])
def test_the_limit_is_named_in_bytes(piece: bytes, limit: int, size: str) -> None:
    with pytest.raises(EventTooLarge, match=rf"larger than {size}$"):
        EventDecoder(limit).feed(piece)


def test_many_small_lines_of_one_event_count_towards_the_limit() -> None:
    decoder = SSEDecoder(limit=1000)
    with pytest.raises(EventTooLarge):  # noqa: PT012  # the loop is what is left
        for _ in range(300):
            decoder.feed(b"data: x\n")


def _content(text: str) -> bytes:
    return json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}, ensure_ascii=False).encode()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
async def test_streams_read_the_same_in_pieces_of_any_size(mode: Mode, size: int, newline: str) -> None:
    texts = ["Grüße ", "\u2028日本", " \u0085end"]
    end = newline.encode() * 2
    raw = b"\xef\xbb\xbf: hello" + end + b"".join(b"data: " + _content(text) + end for text in texts)
    raw += b"retry: 5" + end + b"data: [DONE]" + end
    pieces = [http_chunk(raw[start : start + size]) for start in range(0, len(raw), size)]
    mode.server.on("/chat/completions", [stream_head(), *pieces, LAST_CHUNK])
    stream = await do(mode.client().chat(MESSAGES, stream=True))
    assert [chunk.text async for chunk in each(stream)] == texts


@pytest.mark.parametrize("charset", ["latin-1", "utf-16", "nonsense"])
async def test_the_charset_of_the_content_type_changes_nothing(mode: Mode, charset: str) -> None:
    head = stream_head(content_type=f"text/event-stream; charset={charset}")
    raw = b"data: " + _content("Grüße") + b"\n\n" + DONE
    mode.server.on("/chat/completions", [head, http_chunk(raw), LAST_CHUNK])
    assert (await texts_and_error(await do(mode.client().chat(MESSAGES, stream=True)))) == (["Grüße"], None)


async def test_bytes_that_are_not_utf8_are_replaced_and_not_fatal(mode: Mode) -> None:
    raw = b"data: " + _content("a~b").replace(b"~", b"\xff") + b"\n\n"
    mode.server.on("/chat/completions", streamed(raw, text_event("c", "stop"), DONE))
    assert (await texts_and_error(await do(mode.client().chat(MESSAGES, stream=True)))) == (
        ["a\ufffdb", "c"],
        None,
    )


async def test_a_character_split_over_two_reads_is_one_character(mode: Mode) -> None:
    raw = b"data: " + _content("日") + b"\n\n"
    middle = raw.index("日".encode()) + 1
    mode.server.on("/chat/completions", streamed(raw[:middle], raw[middle:], DONE))
    assert (await texts_and_error(await do(mode.client().chat(MESSAGES, stream=True)))) == (["日"], None)


async def test_json_over_several_data_lines_is_one_event(mode: Mode) -> None:
    raw = b'data: {"choices":\ndata: [{"index":0,"delta":{"content":"a"}}]}\n\n'
    mode.server.on("/chat/completions", streamed(raw, DONE))
    assert (await texts_and_error(await do(mode.client().chat(MESSAGES, stream=True)))) == (["a"], None)


async def test_an_event_of_64_mib_arrives_whole(mode: Mode) -> None:
    size = 64 * 1024 * 1024
    block = http_chunk(b"x" * (1 << 20))
    start, _, end = (b"data: " + _content("@") + b"\n\n").partition(b"@")
    steps = [stream_head(), http_chunk(start), *([block] * 64), http_chunk(end), http_chunk(DONE), LAST_CHUNK]
    mode.server.on("/chat/completions", steps)
    stream = await do(mode.client().chat(MESSAGES, stream=True))
    assert [len(chunk.text) async for chunk in each(stream)] == [size]
