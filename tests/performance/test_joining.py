"""Joined chunks are the same body to h11 as the chunks that came, however they are written and wherever reads end."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from indoxrouter._runtime.async_httpx_engine import AsyncHttpxEngine
from indoxrouter._runtime.httpx_engine import HttpxEngine
from indoxrouter._runtime.joining import Joiner
from indoxrouter._runtime.transport import HttpRequest, Timeouts

from .recorder import Recorder, recording

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with recording() as server:
        yield server


def outcome(pieces: list[bytes], *, joining: bool) -> tuple[bytes, str, bytes]:
    """The body that h11 finds in what the network gave, how it ended, and what was left over."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    connection.send(h11.EndOfMessage())
    received: list[bytes] = []
    joiner: Joiner | None = None
    answered = False
    body = b""
    unread = [piece for piece in pieces if piece]
    try:
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                data = unread.pop(0) if unread else b""
                if not answered:
                    received.append(data)
                given = joiner.feed(data) if joiner is not None else data
                assert bool(given) == bool(data)  # nothing to read means the end of the connection
                connection.receive_data(given)
            elif isinstance(event, h11.Response):
                answered = True
                joiner = Joiner.after(b"".join(received)) if joining else None
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return body, repr(list(event.headers)), connection.trailing_data[0] + b"".join(unread)
            elif not isinstance(event, h11.InformationalResponse):
                return body, repr(event), b""
    except h11.RemoteProtocolError as error:
        return body, str(error), b""


def cut(wire: bytes, places: list[int]) -> list[bytes]:
    at = sorted({place % (len(wire) + 1) for place in places} | {0, len(wire)})
    return [wire[begin:end] for begin, end in pairwise(at)]


def chunk(payload: bytes, form: str) -> bytes:
    size = b"%x" % len(payload)
    written = {
        "upper": size.upper(),
        "zeros": b"000" + size,
        "many zeros": b"0" * 12 + size,
        "extension": size + b";name=value",
        "blank": size + b" ",
        "prefix": b"0x" + size,
        "sign": b"+" + size,
        "underscore": b"0_" + size,
        "nothing": b"",
    }.get(form, size)
    first = b"\n" if form == "bare" else b"\r\n"
    last = {"long": b"x\r\n", "short": b"\n", "none": b""}.get(form, b"\r\n")
    return written + first + payload + last


FORMS = ["plain"] * 30 + [
    "upper",
    "zeros",
    "many zeros",
    "extension",
    "blank",
    "prefix",
    "sign",
    "underscore",
]
FORMS += ["nothing", "bare", "long", "short", "none"]
PAYLOADS = st.binary(min_size=1, max_size=20) | st.sampled_from(
    [b"\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n", b"a" * 300]
)
CHUNKS = st.lists(st.tuples(PAYLOADS, st.sampled_from(FORMS)), max_size=12)
ENDS = st.sampled_from(
    [b"0\r\n\r\n", b"0\r\n\r\n", b"0\r\nX-Trailer: x\r\n\r\n", b"", b"0", b"00\r\n\r\nmore", b"zz"]
)
HEADS = st.sampled_from(
    [
        HEAD,
        HEAD,
        HEAD,
        HEAD.replace(b"\r\n", b"\n"),
        b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + HEAD,
        b"\r\n" + HEAD,
    ]
)
ENDS_EARLY = HEAD.replace(
    b"chunked\r\n\r\n", b"chunked\n\n"
)  # and what looks like the end is in the first chunk
CUTS = st.lists(st.integers(0, 4000), max_size=10)


@given(HEADS, CHUNKS, ENDS, CUTS)
@example(HEAD, [(b"a", "plain")] * 9, b"0\r\n\r\n", [len(HEAD), len(HEAD) + 1, len(HEAD) + 2, len(HEAD) + 3])
@example(HEAD, [(b"a" * 20, "plain")] * 9, b"0\r\n\r\n", [len(HEAD) + 1, len(HEAD) + 30])
@example(HEAD, [(b"a", "plain"), (b"b", "plain"), (b"c", "prefix")], b"0\r\n\r\n", [len(HEAD)])
@example(HEAD, [(b"a", "plain"), (b"b", "plain"), (b"c", "long")], b"0\r\n\r\n", [len(HEAD)])
@example(
    ENDS_EARLY,
    [(b"\n\r\n1\r\na\r\n1\r\nb", "plain"), (b"c", "plain")],
    b"0\r\n\r\n",
    [len(ENDS_EARLY) + 6],
)
def test_joined_chunks_are_the_same_body(
    head: bytes, chunks: list[tuple[bytes, str]], end: bytes, places: list[int]
) -> None:
    pieces = cut(head + b"".join(chunk(payload, form) for payload, form in chunks) + end, places)
    assert outcome(pieces, joining=True) == outcome(pieces, joining=False)


def joiner_after(received: bytes) -> Joiner:
    joiner = Joiner.after(received)
    assert joiner is not None
    return joiner


def test_what_one_read_brings_becomes_one_chunk() -> None:
    chunks = b"".join(chunk(b"%d" % number, "plain") for number in range(1000))
    together = chunk(b"".join(b"%d" % number for number in range(1000)), "plain")
    assert joiner_after(HEAD).feed(chunks + b"0\r\n\r\n") == together + b"0\r\n\r\n"


@pytest.mark.parametrize("known", range(1, 8))
def test_a_chunk_that_began_in_the_read_before_is_handed_on_as_it_is(known: int) -> None:
    first, rest = chunk(b"abc", "plain"), chunk(b"d", "plain") + chunk(b"e", "plain")
    joiner = joiner_after(HEAD + first[:known])
    assert joiner.feed(first[known:] + rest + b"1") == first[known:] + chunk(b"de", "plain") + b"1"
    assert joiner.feed(b"\r\nf\r\n" + rest) == b"\r\nf\r\n" + chunk(b"de", "plain")


def test_a_chunk_that_comes_alone_or_is_large_is_not_written_anew() -> None:
    for read in (chunk(b"abc", "plain"), chunk(b"x" * 5000, "plain") * 9):
        assert joiner_after(HEAD).feed(read) is read


@pytest.mark.parametrize("form", [form for form in FORMS[30:] if form not in ("upper", "zeros")])
def test_from_the_first_unusual_chunk_on_nothing_is_joined(form: str) -> None:
    joiner = joiner_after(HEAD)
    plain, unusual = chunk(b"abc", "plain") * 9, chunk(b"abc", form)
    first = joiner.feed(unusual + plain)
    assert first == unusual + plain
    assert joiner.feed(plain) is plain
    assert joiner.done


def test_nothing_is_joined_where_the_head_is_unusual_or_all_is_there() -> None:
    assert Joiner.after(HEAD.replace(b"\r\n", b"\n")) is None
    assert Joiner.after(HEAD.replace(b"200 OK", b"100 Continue") + HEAD) is None
    assert Joiner.after(HEAD + chunk(b"a", "plain") + b"0\r\n\r\n") is None
    assert Joiner.after(HEAD[:-2]) is None


EVENTS = [b"data: %d\n\n" % number for number in range(5000)]


def answer_in_two(recorder: Recorder) -> HttpRequest:
    """A request that is answered with the head alone, and then with everything else at once."""

    def answer(write: object) -> None:
        assert callable(write)
        write(HEAD)
        write(b"".join(chunk(event, "plain") for event in EVENTS) + b"0\r\n\r\n")

    recorder.answer = answer
    return HttpRequest("GET", recorder.url, [], None, Timeouts(5, 5, 5, 5))


def test_a_stream_arrives_in_a_few_pieces_and_leaves_its_connection(recorder: Recorder) -> None:
    request, engine = answer_in_two(recorder), HttpxEngine()
    for _ in range(3):
        response = engine.send(request)
        pieces = list(response.iter_raw())
        response.close()
        assert b"".join(pieces) == b"".join(EVENTS)
        assert len(pieces) < len(EVENTS)
    engine.close()
    assert recorder.connections == 1


async def test_an_asynchronous_stream_arrives_in_a_few_pieces(recorder: Recorder) -> None:
    request, engine = answer_in_two(recorder), AsyncHttpxEngine()
    for _ in range(3):
        response = await engine.send(request)
        pieces = [piece async for piece in response.iter_raw()]
        await response.close()
        assert b"".join(pieces) == b"".join(EVENTS)
        assert len(pieces) < len(EVENTS)
    await engine.close()
    assert recorder.connections == 1
