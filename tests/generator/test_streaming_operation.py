"""What a description calls a stream is a stream of typed events: in the client, the mock and the command line."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from generator.commands.lint import lint
from generator.package.files import make, write
from generator.source.problems import SpecRefused
from generator.source.settings import load

from .support import serving

RunPython = Callable[..., CompletedProcess[str]]

PATHS = """
  /summaries:
    post:
      operationId: createSummary
      tags: [completions]
      summary: Summarise a text
      security: [{bearerAuth: []}]
      x-retry: billed
      x-facade: [{name: summarize, positional: [text]}]
      x-stream: {parameter: stream, done: '[END]', terminal: [summary.done]}
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/SummaryRequest'}}}
      responses:
        '200':
          description: The summary.
          content:
            application/json: {schema: {$ref: '#/components/schemas/Summary'}}
            text/event-stream: {schema: {$ref: '#/components/schemas/SummaryServerSentEvent'}}
  /news:
    get:
      operationId: watchNews
      tags: [health]
      summary: Watch the news
      security: []
      x-facade: [{name: news}]
      responses:
        '200':
          description: The news.
          content: {text/event-stream: {schema: {$ref: '#/components/schemas/NewsEvent'}}}
  /rows:
    get:
      operationId: listRows
      tags: [health]
      summary: List rows
      security: []
      responses:
        '200': {description: Rows., content: {application/x-ndjson: {schema: {$ref: '#/components/schemas/Row'}}}}
  /words:
    get:
      operationId: listWords
      tags: [health]
      summary: List words
      security: []
      x-stream: {done: '{"end": true}'}
      responses:
        '200': {description: Words., content: {text/event-stream: {schema: {type: string}}}}
"""
SCHEMAS = """
    SummaryRequest:
      type: object
      required: [text]
      properties: {text: {type: string}, stream: {type: boolean, default: false}}
    Summary: {type: object, required: [summary], properties: {summary: {type: string}}}
    SummaryDelta:
      type: object
      required: [type, delta]
      properties: {type: {type: string, const: summary.delta}, delta: {type: string}}
    SummaryDone:
      type: object
      required: [type, words]
      properties: {type: {type: string, const: summary.done}, words: {type: integer}}
    SummaryServerSentEvent:
      type: object
      required: [data]
      properties:
        data:
          anyOf:
            - {type: string, const: '[END]'}
            - type: string
              contentMediaType: application/json
              contentSchema:
                oneOf: [{$ref: '#/components/schemas/SummaryDelta'}, {$ref: '#/components/schemas/SummaryDone'}]
    NewsEvent:
      oneOf:
        - type: object
          properties: {event: {type: string, const: headline}, data: {$ref: '#/components/schemas/Headline'}}
        - type: object
          properties: {event: {type: string, const: weather}, data: {$ref: '#/components/schemas/Weather'}}
    Headline: {type: object, properties: {text: {type: string}}}
    Weather: {type: object, properties: {text: {type: string}, degrees: {type: number}}}
    Row: {type: object, required: [number], properties: {number: {type: integer}}}
"""
# Runs in a process that imports the grown package: `run` prints what a sync and an async client get.
CLIENT = """
import asyncio, sys
from indoxrouter import AsyncClient, AsyncEventStream, Client, EventStream
from indoxrouter.errors import IndoxRouterError
options = {"base_url": sys.argv[1], "auth": "api_key", "max_retries": 0}
KEY = "indox-" + "0" * 32

def shown(event): return f"{type(event).__name__} {event.to_dict() if hasattr(event, 'to_dict') else event}"

def blocking(call):
    with Client(KEY, **options) as client:
        stream, events, error = call(client), [], None
        assert type(stream) is EventStream
        try:
            for event in stream: events.append(shown(event))
        except IndoxRouterError as failure: error = f"{type(failure).__name__} {failure.status_code} {failure.partial}"
        return events, error, repr(stream).rpartition(", ")[2], stream.response

async def asynchronous(call):
    async with AsyncClient(KEY, **options) as client:
        stream, events, error = await call(client), [], None
        assert type(stream) is AsyncEventStream
        try:
            async for event in stream: events.append(shown(event))
        except IndoxRouterError as failure: error = f"{type(failure).__name__} {failure.status_code} {failure.partial}"
        return events, error, repr(stream).rpartition(", ")[2], stream.response

def run(call):
    found = blocking(call)
    assert found == asyncio.run(asynchronous(call)), found
    print(repr(found))
"""
CALLS = {
    "summaries": "lambda client: client.api.completions.create_summary(text='x', stream=True)",
    "summarize": "lambda client: client.summarize('x', stream=True)",
    "news": "lambda client: client.news()",
    "rows": "lambda client: client.api.health.list_rows()",
    "words": "lambda client: client.api.health.list_words()",
}
DELTA = b'data: {"type": "summary.delta", "delta": "A "}\n\n'
LAST = b'event: x\ndata: {"type": "summary.done", "words": 2}\n\n'
A_DELTA = "SummaryDelta {'type': 'summary.delta', 'delta': 'A '}"
A_LAST = "SummaryDone {'type': 'summary.done', 'words': 2}"
SSE, LINES = "text/event-stream", "application/x-ndjson"
# The call, the content type and the body; the events, the error, the state and the response that a client gets.
CASES: dict[str, tuple[str, str, bytes, list[str], str | None, str, str]] = {
    "the last event ends it": (
        "summaries",
        SSE,
        DELTA + LAST + DELTA,
        [A_DELTA, A_LAST],
        None,
        "complete>",
        "None",
    ),
    "the marker ends it": (
        "summarize",
        SSE,
        DELTA + b"data: [END]\n\n" + DELTA,
        [A_DELTA],
        None,
        "complete>",
        "None",
    ),
    "no end is documented": (
        "news",
        SSE,
        b'event: weather\ndata: {"text": "fine"}\n\nevent: headline\ndata: {"text": "fine"}\n\n',
        ["Weather {'text': 'fine'}", "Headline {'text': 'fine'}"],
        None,
        "complete>",
        "None",
    ),
    "a heartbeat is no event": (
        "summaries",
        SSE,
        b": hi\n\nevent: ping\ndata: 2026-01-01\n\ndata: null\n\ndata: {}\n\n" + DELTA + LAST,
        [A_DELTA, A_LAST],
        None,
        "complete>",
        "None",
    ),
    "it breaks off": (
        "summaries",
        SSE,
        DELTA,
        [A_DELTA],
        "StreamTruncatedError None <PartialEvents: 1 event, 2 characters, usage=None>",
        "failed>",
        "None",
    ),
    "an error inside": (
        "summaries",
        SSE,
        DELTA + b'data: {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}\n\n',
        [A_DELTA],
        "RateLimitError 200 <PartialEvents: 1 event, 2 characters, usage=None>",
        "failed>",
        "None",
    ),
    "JSON in place of events": (
        "summaries",
        "application/json",
        b'{"summary": "All of it."}',
        ["dict {'summary': 'All of it.'}"],
        None,
        "complete>",
        "Summary(summary='All of it.')",
    ),
    "rows": (
        "rows",
        LINES,
        b'{"number": 1}\n{"number": 2}\n',
        ["Row {'number': 1}", "Row {'number': 2}"],
        None,
        "complete>",
        "None",
    ),
    "text": (
        "words",
        SSE,
        b'data: so\n\ndata: "it"\n\ndata: 7\n\ndata: {"end":true}\n\ndata: x\n\n',
        ["str so", "str it", "str 7"],
        None,
        "complete>",
        "None",
    ),
}


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """A directory with the package that is made of the project's description and these operations."""
    directory = tmp_path_factory.mktemp("grown")
    (directory / "openapi.yaml").write_text(with_operations(root), encoding="utf-8")
    output = directory / "indoxrouter"
    write(make(load(spec=directory / "openapi.yaml", output=output)), output)
    return directory


def with_operations(root: Path, paths: str = PATHS) -> str:
    text = (root / "openapi.yaml").read_text(encoding="utf-8")
    return text.replace("\npaths:\n", f"\npaths:{paths}", 1).replace(
        "\n  schemas:\n", f"\n  schemas:{SCHEMAS}", 1
    )


def environment(grown: Path, root: Path) -> dict[str, str]:
    return {"PYTHONPATH": f"{grown}:{root}"}


@pytest.mark.parametrize("case", CASES)
def test_events_are_typed_and_end_as_documented(
    case: str, grown: Path, root: Path, run_python: RunPython
) -> None:
    call, content_type, body, events, error, state, response = CASES[case]
    with serving() as server:
        server.answer(body, content_type=content_type)
        done = run_python(f"{CLIENT}\nrun({CALLS[call]})", server.url, env=environment(grown, root))
    assert done.stdout.strip() == f"({events!r}, {error!r}, {state!r}, {response})"


REPORTED = """
from indoxrouter import Budget

def spent(call):
    options["budget"] = Budget(usd=1, expected_usd=0.5)
    async def read():
        async with AsyncClient(KEY, **options) as client:
            async for _ in await call(client): pass
            return client.spend
    with Client(KEY, **options) as client:
        for _ in call(client): pass
        found = [client.spend]
    options["budget"] = Budget(usd=1, expected_usd=0.5)
    found.append(asyncio.run(read()))
    print([(spend.usd, spend.tokens, spend.unreported) for spend in found])

def cut(call):
    with Client(KEY, **options) as client:
        try: list(call(client))
        except IndoxRouterError as failure: partial = failure.partial
    tokens = partial.usage and partial.usage.total_tokens
    print((partial.text, tokens, [shown(event) for event in partial.events], partial.total))
"""
USAGES: dict[str, tuple[bytes, str]] = {
    "in the last event": (
        DELTA
        + b'data: {"type": "summary.done", "words": 2, "usage": {"cost": 0.125, "total_tokens": 7}}\n\n',
        "(0.125, 7, 0)",
    ),
    "in parts": (
        b'data: {"type": "start", "message": {"usage": {"input_tokens": 3, "cost": 0.25}}}\n\n'
        b'data: {"type": "summary.done", "words": 2, "usage": {"output_tokens": 4}}\n\n',
        "(0.25, 7, 0)",
    ),
    "as a cost": (b'data: {"type": "summary.done", "words": 2, "cost": 0.125}\n\n', "(0.125, 1, 0)"),
    "nowhere": (DELTA + LAST, "(0.5, 1, 1)"),
}


@pytest.mark.parametrize("case", USAGES)
def test_a_budget_takes_the_usage_that_events_report(
    case: str, grown: Path, root: Path, run_python: RunPython
) -> None:
    body, spent = USAGES[case]
    with serving() as server:
        server.answer(body, content_type=SSE)
        code = f"{CLIENT}{REPORTED}\nspent({CALLS['summaries']})"
        done = run_python(code, server.url, env=environment(grown, root))
    assert done.stdout.strip() == f"[{spent}, {spent}]"


OBSERVED = """
from indoxrouter import Observer

class Events(Observer):
    def on_first_event(self, call): print("first")
    def on_event(self, call, event): print(event)
options["observers"] = [Events()]
"""


def test_observers_receive_the_events_as_they_were_sent(
    grown: Path, root: Path, run_python: RunPython
) -> None:
    with serving() as server:
        server.answer(DELTA + LAST, content_type=SSE)
        code = f"{CLIENT}{OBSERVED}\nblocking({CALLS['summaries']})\nasyncio.run(asynchronous({CALLS['summaries']}))"
        done = run_python(code, server.url, env=environment(grown, root))
    sent = ["first", "{'type': 'summary.delta', 'delta': 'A '}", "{'type': 'summary.done', 'words': 2}"]
    assert done.stdout.splitlines() == sent * 2


def test_what_was_received_of_events_is_kept_in_the_error(
    grown: Path, root: Path, run_python: RunPython
) -> None:
    usage = b'data: {"type": "summary.delta", "delta": "dog", "usage": {"input_tokens": 1, "output_tokens": 2}}\n\n'
    with serving() as server:
        server.answer(DELTA + usage, content_type=SSE)
        done = run_python(
            f"{CLIENT}{REPORTED}\ncut({CALLS['summarize']})", server.url, env=environment(grown, root)
        )
    text, tokens, events, count = ast.literal_eval(done.stdout)
    assert (text, tokens, count) == ("A dog", 3, 2)
    assert events[0] == A_DELTA
    assert events[1].startswith("SummaryDelta {'type': 'summary.delta', 'delta': 'dog'")


def test_methods_promise_the_types_of_the_events(grown: Path) -> None:
    def returned(path: str, method: str) -> set[str]:
        text = (grown / "indoxrouter" / path).read_text(encoding="utf-8")
        methods = re.findall(rf"def {method}\(.*?\) -> ([^\n]*?):", text, re.DOTALL)
        return {" ".join(found.split()) for found in methods}

    union = "SummaryDelta | SummaryDone"
    assert returned("facade.py", "summarize") == {
        "Summary",
        f"EventStream[{union}]",
        f"Summary | EventStream[{union}]",
    }
    assert f"AsyncEventStream[{union}]" in returned("resources/completions.py", "create_summary")
    assert returned("facade.py", "news") == {"EventStream[Headline | Weather]"}
    assert returned("async_facade.py", "news") == {"AsyncEventStream[Headline | Weather]"}
    assert returned("resources/health.py", "list_rows") == {"EventStream[Row]", "AsyncEventStream[Row]"}
    assert returned("facade.py", "chat") & {"Stream[ChatResponse]", "ChatResponse"}


def test_the_mock_keeps_to_its_schemas_and_shows_each_kind(
    grown: Path, root: Path, run_python: RunPython
) -> None:
    code = """
import json, sys
from indoxrouter import Client
from indoxrouter_mock import MockServer
with MockServer(spec=sys.argv[1]) as mock, Client(mock.api_key, base_url=mock.base_url) as client:
    api = client.api
    streams = [client.summarize("x", stream=True), client.news(), api.health.list_rows(), api.health.list_words()]
    print(json.dumps([[type(event).__name__ for event in stream] for stream in streams]))
    assert client.summarize("x").summary
    assert mock.violations == [], mock.violations
"""
    done = run_python(code, str(grown / "openapi.yaml"), env=environment(grown, root))
    summaries, news, rows, words = json.loads(done.stdout)
    assert summaries == ["SummaryDelta", "SummaryDone"]
    assert news == ["Headline", "Weather"]
    assert set(rows) == {"Row"}
    assert set(words) == {"str"}


def test_the_command_line_prints_one_event_a_line(grown: Path, root: Path, run_python: RunPython) -> None:
    code = "import sys; from indoxrouter_cli import main; sys.exit(main(sys.argv[1:]))"
    with serving() as server:
        server.answer(
            b'event: weather\ndata: {"degrees": 21.5}\n\ndata: {"text": "new"}\n\n', content_type=SSE
        )
        variables = {**environment(grown, root), "INDOX_ROUTER_BASE_URL": f"{server.url}/api/v1"}
        done = run_python(code, "api", "health", "watch-news", env=variables)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [{"degrees": 21.5}, {"text": "new"}]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "      x-stream: {parameter: stream, done: '[END]', terminal: [summary.done]}\n",
            "",
            "createSummary answers with text/event-stream or in another way; add `x-stream`",
        ),
        ("x-stream: {parameter: stream, ", "x-stream: {", "`parameter` has to name the field that asks for events"),
        ("{parameter: stream, ", "{parameter: events, ", "`parameter` is 'events', which the body of createSummary"),
        (
            "content: {text/event-stream: {schema: {type: string}}}",
            "content: {application/vnd.rows: {itemSchema: {type: string}}}",
            "a stream needs a text/event-stream answer",
        ),
        (
            "      x-stream: {done: '{\"end\": true}'}\n",
            "      x-stream: {until: never}\n",
            "unknown key 'until'",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_told_from_other_answers_is_refused_by_name(
    old: str, new: str, message: str, tmp_path: Path, root: Path
) -> None:
    assert PATHS.count(old) == 1
    spec = tmp_path / "openapi.yaml"
    spec.write_text(with_operations(root, PATHS.replace(old, new)), encoding="utf-8")
    with pytest.raises(SpecRefused, match=re.escape(message)):
        make(load(spec=spec, output=tmp_path / "indoxrouter"))


def test_lint_refuses_a_stream_by_name(tmp_path: Path, root: Path) -> None:
    spec = tmp_path / "openapi.yaml"
    spec.write_text(with_operations(root, PATHS.replace("      x-stream: {parameter", "      x-none: {a")))
    problems, _ = lint(load(spec=spec, output=tmp_path / "indoxrouter"))
    assert any("createSummary answers with text/event-stream or in another" in str(p) for p in problems)
