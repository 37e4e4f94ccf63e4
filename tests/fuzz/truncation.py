"""Truncation: an answer that is cut at any byte never comes out as a whole one."""

from __future__ import annotations

import random
import zlib

from indoxrouter._runtime.http.body_reader import BodyReader
from indoxrouter._runtime.http.interface import Headers, TransportFailure

from indoxrouter_ext.http.direct.http1 import ResponseParser

from .answers import FRAMINGS, Answer, make_answer
from .asking import ask, ask_sync, new_engine, run_on
from .poisoning import Tally
from .server import CLOSE, RAGGED, RESET, Authority, FuzzServer

__all__ = ["cut_everywhere", "cut_in_compression", "cut_on_the_wire"]


def cut_everywhere(seed: int, tally: Tally) -> None:
    """Cut one small answer at each of its bytes, for the parser alone."""
    rng = random.Random(f"{seed}-everywhere")
    answer = make_answer(rng, rng.choice(FRAMINGS), f"asker-{seed}", sizes=(0, 1, 17, 200))
    for cut in range(len(answer.wire) + 1):
        parser = ResponseParser(answer.method)
        whole = True
        body = b""
        try:
            for byte in range(cut):
                parser.feed(answer.wire[byte : byte + 1])
            parser.end_of_data()
            if parser.fault is not None:
                raise parser.fault
            body = parser.take()
        except TransportFailure:
            whole = False
        _judge(tally, answer, cut, whole, body, vouched=True)


def cut_in_compression(seed: int, tally: Tally) -> None:
    """Cut a compressed body at each of its bytes."""
    rng = random.Random(f"{seed}-compression")
    body = bytes(rng.choice(b"abcd") for _ in range(rng.choice((1, 40, 400))))
    coding = rng.choice(("gzip", "deflate", "raw deflate"))
    bits = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS, "raw deflate": -zlib.MAX_WBITS}[coding]
    packer = zlib.compressobj(wbits=bits)
    wire = packer.compress(body) + packer.flush()
    for cut in range(1, len(wire) + 1):  # an empty body is a whole one
        tally.asked += 1
        reader = BodyReader(Headers([("Content-Encoding", coding.split()[-1])]), None)
        try:
            got = b"".join(reader.feed(wire[:cut]))
            reader.finish()
        except TransportFailure:
            tally.raised += 1
            if cut == len(wire):
                tally.wrong.append(f"{coding}: the whole body was refused")
            continue
        tally.right += 1
        if cut < len(wire) or got != body:
            tally.wrong.append(f"{coding}: {cut} of {len(wire)} bytes were taken as whole")


def cut_on_the_wire(seed: int, loop: str, *, tls: bool, authority: Authority, calls: int) -> Tally:
    """Cut answers at random bytes, over sockets, with each way to end a connection."""
    tally = Tally()
    cases: dict[str, tuple[Answer, int, str]] = {}
    for number in range(calls):
        asker = f"asker-{number}"
        rng = random.Random(f"{seed}-{asker}-cut")
        answer = make_answer(rng, rng.choice(FRAMINGS), asker)
        places = (
            rng.randrange(len(answer.wire) + 1),
            len(answer.wire) - 1,
            len(answer.wire),
            answer.head_end,
        )
        cases[asker] = answer, rng.choice(places), rng.choice((CLOSE, RAGGED, RESET))

    def play(head: bytes, number: int) -> list[object]:
        answer, cut, ending = cases[head.split(b" ", 2)[1].decode().rpartition("/")[2]]
        return [answer.wire[:cut], ending] if cut else [ending]

    server = FuzzServer(play, authority.server if tls else None)

    def judge(asker: str, body: bytes | None) -> None:
        answer, cut, ending = cases[asker]
        vouched = ending == CLOSE or (ending == RAGGED and not tls)  # plain TCP knows no better end
        _judge(tally, answer, cut, body is not None, body or b"", vouched)

    # Each over a connection of its own: the end of one answer must not become the failure of the next.
    def ask_all() -> None:
        for asker, (answer, _, _) in cases.items():
            engine = new_engine(loop)
            try:
                judge(asker, ask_sync(engine, answer.method, f"{server.url}/{asker}").body)
            except TransportFailure:
                judge(asker, None)
            engine.close()

    async def ask_all_async() -> None:
        for asker, (answer, _, _) in cases.items():
            engine = new_engine(loop)
            try:
                judge(asker, (await ask(engine, answer.method, f"{server.url}/{asker}")).body)
            except TransportFailure:
                judge(asker, None)
            await engine.close()

    try:
        with authority.trusted():
            if loop == "sync":
                ask_all()
            else:
                run_on(loop, ask_all_async)
    finally:
        server.close()
    return tally


def _judge(tally: Tally, answer: Answer, cut: int, whole: bool, body: bytes, vouched: bool) -> None:
    """Args: `vouched`: whether the connection ended in a way that a body without a length may end with."""
    tally.asked += 1
    tally.right += whole
    tally.raised += not whole
    what = f"{answer.method} {answer.status}, {cut} of {len(answer.wire)} bytes"
    if answer.closes:
        # Over a connection that ended in order, what arrived is all that there is.
        if whole and (cut < answer.head_end or not vouched or body != answer.body[: cut - answer.head_end]):
            tally.wrong.append(f"{what} were taken as whole")
        elif not whole and vouched and cut >= answer.head_end:
            tally.wrong.append(f"{what} were refused")
    elif whole and (cut < len(answer.wire) or body != answer.body):
        tally.wrong.append(f"{what} were taken as whole")
    elif not whole and vouched and cut == len(answer.wire):
        tally.wrong.append(f"{what} were refused")
