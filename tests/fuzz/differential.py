"""Differential: mutated answers through our parser, h11 and strict llhttp. What two of them accept they read equally.

Where parsers disagree about whether an answer may be read at all, the disagreement has to be one of `KINDS`.
"""

from __future__ import annotations

import random
import re
from collections import Counter

from .answers import FRAMINGS, make_answer
from .judges import Refused, Whole, by_h11, by_llhttp, by_us

__all__ = ["KINDS", "compare", "mutated"]

_FIELDS = (
    b"Content-Length: 5",
    b"Content-Length: 0",
    b"content-length: 5",
    b"Content-Length: 5, 5",
    b"Content-Length: +5",
    b"Content-Length: 5 ",
    b"Content-Length: 0x5",
    b"Content-Length:",
    b"Content-Length : 5",
    b"Content-Length: 99999999999999999999",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: Chunked",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: chunked, chunked",
    b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding: \x0bchunked",
    b"Transfer-Encoding:chunked",
    b"Connection: close",
    b"Connection: keep-alive",
    b"Connection: upgrade",
    b"Upgrade: websocket",
    b"X-Long: " + b"v" * 300,
    b"X-Folded: one\r\n two",
    b"X-Empty:",
    b": no name",
    b"no colon",
    b"X Space: 1",
    b"X-Bell: \x07",
    b"X-Nul: a\x00b",
    b"X-High: caf\xe9",
    b"X-CR: a\rb",
)
_BODIES = (
    b"hello",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"5 \r\nhello\r\n0\r\n\r\n",
    b"5;a=b\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n",
    b"05\r\nhello\r\n00\r\n\r\n",
    b"5\nhello\n0\n\n",
    b"0\r\n\r\n",
    b"5\r\nhello\r\n",
    b"-5\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhello0\r\n\r\n",
    b"",
)
_LINES = (
    b"HTTP/1.1 200 OK",
    b"HTTP/1.1 200",
    b"HTTP/1.1 200 ",
    b"HTTP/1.0 200 OK",
    b"HTTP/1.2 200 OK",
    b"HTTP/2.0 200 OK",
    b"http/1.1 200 OK",
    b"HTTP/1.1  200 OK",
    b"HTTP/1.1 20 OK",
    b"HTTP/1.1 2000 OK",
    b"HTTP/1.1 204 No Content",
    b"HTTP/1.1 304 Not Modified",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK",
    b"HTTP/1.1 101 Switching Protocols",
    b"ICY 200 OK",
)


def mutated(seed: int) -> tuple[str, bytes]:
    """The method of a request, and random bytes that look much like an answer to it."""
    rng = random.Random(f"{seed}-differential")
    if rng.random() < 0.4:
        answer = make_answer(rng, rng.choice(FRAMINGS), "a", sizes=(0, 1, 17, 200))
        method, data = answer.method, answer.wire
    else:
        method = rng.choice(("GET", "GET", "GET", "HEAD"))
        fields = [rng.choice(_FIELDS) for _ in range(rng.randrange(4))]
        gap = rng.choice((b"\r\n", b"\r\n", b"\r\n", b"\n"))
        line = rng.choice(_LINES) if rng.random() < 0.4 else _LINES[0]
        data = gap.join([line, *fields]) + gap + gap + rng.choice(_BODIES)
    for _ in range(rng.choice((0, 0, 1, 1, 2, 4))):
        at = rng.randrange(len(data) + 1)
        size = rng.choice((1, 1, 1, 4))
        piece = rng.choice(
            (
                b"",
                bytes([rng.randrange(256)]),
                rng.choice((b"\r", b"\n", b"\r\n", b" ", b"\t", b":", b"\x00")),
                data[at : at + 9],
            )
        )
        data = data[:at] + piece + data[at + rng.choice((0, size)) :]
    return method, data


KINDS: tuple[tuple[str, str, str, str], ...] = (
    # Who accepts it, who refuses it, the refusal, and why the two may differ.
    (
        "we",
        "llhttp",
        r"Missing expected (CR|LF)|Expected LF after|Unexpected space after start",
        "a line ends in LF alone",
    ),
    ("we", "llhttp", r"Invalid header value char", "a control character in a value is read as a space"),
    ("we", "llhttp", r"Unexpected whitespace after header value", "a folded header"),
    (
        "we",
        "llhttp",
        r"Invalid HTTP version",
        "a later minor version of HTTP/1, before or in the final answer",
    ),
    ("we", "llhttp", r"Content-Length|Transfer-Encoding", "equal lengths, or a length beside a chunked body"),
    (
        "we",
        "llhttp",
        r"Invalid header (token|field char)|Invalid response status",
        "a damaged interim answer, LF alone",
    ),
    ("we", "llhttp", r"Invalid character in chunk size", "spaces behind the size of a chunk"),
    ("we", "llhttp", r"it ends in the middle", "the coding identity, which says nothing"),
    ("we", "llhttp", r"Invalid method|Expected HTTP/|Invalid character in chunk ext", "empty lines, padding"),
    (
        "we",
        "h11",
        r"illegal header line|no response line|continuation line",
        "an interim answer, or an empty line before",
    ),
    (
        "we",
        "h11",
        r"illegal status line",
        "a control character in the reason, or a version that h11 does not know",
    ),
    ("we", "h11", r"Only Transfer-Encoding: chunked|multiple Transfer-Encoding", "the coding identity"),
    (
        "we",
        "h11",
        r"Content-Length",
        "lengths that are nonsense beside a chunked body, which counts (RFC 9112, 6.3)",
    ),
    (
        "we",
        "h11",
        r"malformed chunk footer|illegal chunk header|chunk",
        "LF alone, or padding, between chunks",
    ),
    ("we", "h11", r"Status codes? .*should be|too long|Too much data", "limits of h11"),
    (
        "llhttp",
        "we",
        r"transfer coding that was not requested|Expected HTTP/|Data after|Pause on",
        "a body in an unknown coding",
    ),
    ("llhttp", "we", r"switched to another protocol", "101, which no request asks for"),
    ("llhttp", "we", r"its status is 0\d\d", "a status below 100, which RFC 9110 does not have"),
    ("h11", "we", r"Invalid character in chunk ext", "a chunk extension with characters that none may have"),
    ("h11", "we", r"Content-Length overflow", "a length of more than 64 bits"),
    (
        "h11",
        "we",
        r"Invalid header value char|Content-Length|Invalid HTTP version|Expected LF",
        "HTTP/2.0 in text, which is no HTTP/1",
    ),
    (
        "h11",
        "we",
        r"Invalid header token|Unexpected whitespace|transfer coding|Transfer-Encoding",
        "what h11 ignores without a body",
    ),
)
"""The disagreements that are known and meant."""


def _kind_of(accepts: str, refuses: str, reason: str) -> str:
    """The kind of a disagreement, or what would have to be added to `KINDS`."""
    for one, other, pattern, why in KINDS:
        if (one, other) == (accepts, refuses) and re.search(pattern, reason):
            return f"only {accepts}, not {refuses}: {why}"
    return ""


def _normal(answer: Whole) -> Whole:
    """An answer as both sides may write it.

    We keep the case of a coding, drop a length beside a coding, and read control characters as spaces.
    """
    values = dict(answer.headers)
    if "transfer-encoding" in values:
        values.pop("content-length", None)
        values["transfer-encoding"] = values["transfer-encoding"].lower()
    # A value may be one of several under its name, which commas join here.
    clean = {
        name: re.sub(r"\s*,\s*", ", ", re.sub(r"[\x01-\x08\x0b-\x1f\x7f]", " ", value)).strip()
        for name, value in values.items()
    }
    return answer._replace(headers=tuple(sorted(clean.items())))


def compare(seed: int, counts: Counter[str]) -> list[str]:
    """Compare the verdicts on one input; returns what must not be."""
    method, data = mutated(seed)
    ours = by_us([data], method)
    wrong: list[str] = []
    rng = random.Random(f"{seed}-cuts")
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.choice((1, 2, 5, len(data)))))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) if b > a]
    for cut in (pieces, [data[n : n + 1] for n in range(len(data))]):
        other = by_us(cut, method)
        if type(other) is not type(ours) or (isinstance(ours, Whole) and other != ours):
            wrong.append(f"seed {seed}: {method} {data!r}: {ours} in one piece, {other} in {len(cut)}")
            break
    for name, theirs in (("h11", by_h11(data, method)), ("llhttp", by_llhttp(data, method))):
        if isinstance(ours, Whole) and isinstance(theirs, Whole):
            counts[f"both with {name}"] += 1
            if _normal(ours) != _normal(theirs):
                wrong.append(f"seed {seed}: {method} {data!r}: we read {ours}, {name} reads {theirs}")
        elif isinstance(ours, Refused) and isinstance(theirs, Refused):
            counts[f"neither with {name}"] += 1
        else:
            refusal = ours if isinstance(ours, Refused) else theirs
            assert isinstance(refusal, Refused)
            accepts, refuses = (name, "we") if refusal is ours else ("we", name)
            kind = _kind_of(accepts, refuses, refusal.reason)
            counts[kind or "a kind that is not documented"] += 1
            if not kind:
                wrong.append(
                    f"seed {seed}: {method} {data!r}: only {accepts}, not {refuses}: {refusal.reason}"
                )
    return wrong
