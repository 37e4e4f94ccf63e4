"""Packages from other descriptions stand alone: streams, redirects, headers, retries, deadlines, names."""

from __future__ import annotations

import datetime
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from generator.cli import main
from generator.package.standalone import FOLDER, client_files
from tests.evolution.types import complaints
from tests.generator.support import Made, Server, document, generate, serving
from tests.patience import seconds

FINE = "responses: {'200': {description: ok, content: {application/json: {schema: {type: object}}}}}"
TICK = "{$ref: '#/components/schemas/Tick'}"
PATHS = f"""
/events:
  get:
    operationId: events
    tags: [t]
    responses: {{'200': {{description: ok, content: {{text/event-stream: {{schema: {TICK}}}}}}}}}
/envelopes:
  get:
    {{operationId: envelopes, tags: [t], responses: {{'200': {{description: ok, content:
      {{text/event-stream: {{schema: {{$ref: '#/components/schemas/Envelope'}}}}}}}}}}}}
/lines:
  get:
    operationId: lines
    tags: [t]
    responses: {{'200': {{description: ok, content: {{application/x-ndjson: {{schema: {TICK}}}}}}}}}
/either:
  post:
    operationId: either
    tags: [t]
    requestBody:
      content: {{application/json: {{schema: {{type: object, properties: {{stream: {{type: boolean}}}}}}}}}}
    responses:
      '200':
        description: ok
        content: {{application/json: {{schema: {TICK}}}, text/event-stream: {{schema: {TICK}}}}}
/usually:
  post:
    operationId: usually
    tags: [t]
    requestBody:
      content:
        application/json: {{schema: {{type: object, properties: {{stream: {{type: boolean, default: true}}}}}}}}
    responses:
      '200':
        description: ok
        content: {{application/json: {{schema: {TICK}}}, application/x-ndjson: {{schema: {TICK}}}}}
/peek:
  head:
    operationId: peek
    tags: [t]
    responses: {{'200': {{description: ok, headers: {{X-Left: {{schema: {{type: integer}}}}}}}}}}
/moved:
  get:
    operationId: moved
    tags: [t]
    responses:
      '200': {{description: ok, content: {{application/json: {{schema: {TICK}}}}}}}
      '302': {{description: elsewhere}}
/limited:
  get:
    operationId: limited
    tags: [t]
    responses:
      '200':
        description: ok
        headers:
          X-Left: {{schema: {{type: integer}}}}
          X-Reset: {{schema: {{type: string, format: date-time}}}}
          X-Tags: {{schema: {{type: array, items: {{type: string}}}}}}
          X-Exact: {{schema: {{type: boolean}}}}
          X-Pair: {{schema: {{type: array, prefixItems: [{{type: integer}}, {{type: string}}]}}}}
        content: {{application/json: {{schema: {TICK}}}}}
/read: {{get: {{operationId: read, tags: [t], {FINE}}}}}
/write: {{post: {{operationId: write, tags: [t], {FINE}}}}}
"""
SCHEMAS = """
Tick: {type: object, properties: {n: {type: integer}, at: {type: string, format: date-time}}}
Envelope: {type: object, properties: {event: {type: string}, data: {$ref: '#/components/schemas/Tick'}}}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return generate(document(PATHS, SCHEMAS), tmp_path_factory.mktemp("standalone"))


@pytest.fixture(params=["direct", "httpx"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


EVENTS = (
    b'data: {"n": 1, "at": "2024-01-02T03:04:05Z"}\r\n\r\n: comment\n\ndata: {"n":\ndata: 2}\n\n'
    b'data: [DONE]\n\ndata: {"n": 3}\n\n'
)


def test_events_are_values_of_the_schema(made: Made, server: Server, engine: str) -> None:
    server.answer(EVENTS, content_type="text/event-stream")
    with made().ApiClient(server.url, engine=engine) as client, client.api.t.events() as stream:
        ticks = list(stream)
    assert [tick.n for tick in ticks] == [1, 2]
    assert ticks[0].at == datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    assert (stream.http.status, type(ticks[0])) == (200, made().Tick)


async def test_events_are_values_of_the_schema_for_the_asynchronous_client(
    made: Made, server: Server, engine: str
) -> None:
    server.answer(EVENTS, content_type="text/event-stream")
    async with (
        made().AsyncApiClient(server.url, engine=engine) as client,
        await client.api.t.events() as stream,
    ):
        assert [tick.n async for tick in stream] == [1, 2]


def test_a_schema_of_the_event_as_a_whole_is_one(made: Made, server: Server) -> None:
    server.answer(b'event: tick\ndata: {"n": 7}\n\n', content_type="text/event-stream")
    with made().ApiClient(server.url) as client:
        (event,) = client.api.t.envelopes()
    assert (event.event, event.data.n, type(event.data)) == ("tick", 7, made().Tick)


def test_lines_of_json_are_values_of_the_schema(made: Made, server: Server) -> None:
    server.answer(b'{"n": 1}\n\n{"n": 2}\r\n{"n": 3}', content_type="application/x-ndjson")
    with made().ApiClient(server.url) as client:
        assert [tick.n for tick in client.api.t.lines()] == [1, 2, 3]


def test_an_error_within_a_stream_is_raised(made: Made, server: Server) -> None:
    server.answer(
        b'data: {"n": 1}\n\ndata: {"error": {"message": "broke"}}\n\n', content_type="text/event-stream"
    )
    with made().ApiClient(server.url) as client:
        stream = client.api.t.events()
        assert next(stream).n == 1
        with pytest.raises(made().APIError, match="broke"):
            next(stream)
    server.answer(b"{not json}\n", content_type="application/x-ndjson")
    with made().ApiClient(server.url) as client, pytest.raises(made().APIError, match="cannot be read"):
        list(client.api.t.lines())


def test_the_answer_decides_where_json_and_a_stream_are_documented(made: Made, server: Server) -> None:
    with made().ApiClient(server.url) as client:
        server.answer(b'{"n": 5}')
        assert client.api.t.either().n == 5
        server.answer(b'data: {"n": 6}\n\n', content_type="text/event-stream; charset=utf-8")
        assert [tick.n for tick in client.api.t.either(stream=True)] == [6]
        assert server.last.headers["Accept"].startswith("text/event-stream")


def test_answers_that_cannot_carry_it_are_returned_with_their_http_side(made: Made, server: Server) -> None:
    with made().ApiClient(server.url) as client:
        server.answer(b'{"fine": true}')
        raw = client.with_raw_response(client.api.t.read)
        assert (raw.parsed, raw.http.status, raw.http.attempts) == ({"fine": True}, 200, 1)
        server.status, server.body, server.headers = 200, b"", {"X-Left": "7"}
        head = client.with_raw_response(client.api.t.peek)
        assert (head.parsed, head.http.values) == (None, {"X-Left": 7})
        server.answer(b'{"n": 1}\n', content_type="application/x-ndjson")
        stream = client.with_raw_response(client.api.t.lines)
        assert (stream.http.headers["content-type"], len(list(stream.parsed))) == ("application/x-ndjson", 1)
        with pytest.raises(TypeError, match="that makes a call"):
            client.with_raw_response(len, "no call")


async def test_the_asynchronous_client_returns_the_http_side_too(made: Made, server: Server) -> None:
    server.answer(b'{"fine": true}')
    async with made().AsyncApiClient(server.url) as client:
        raw = await client.with_raw_response(client.api.t.read)
    assert (raw.parsed, raw.http.headers["content-type"]) == ({"fine": True}, "application/json")


def test_the_argument_that_asks_for_a_stream_decides_about_the_type(made: Made, tmp_path: Path) -> None:
    use = made.directory / "use.py"
    use.write_text(
        f"from {made.name} import ApiClient, AsyncApiClient, AsyncStream, RawResponse, Stream, Tick\n\n"
        "def use(client: ApiClient, flag: bool) -> None:\n"
        "    once: Tick = client.api.t.either()\n"
        "    also: Tick = client.api.t.either(stream=False)\n"
        "    many: Stream[Tick] = client.api.t.either(stream=True)\n"
        "    any_: Stream[Tick] | Tick = client.api.t.either(stream=flag)\n"
        "    usual: Stream[Tick] = client.api.t.usually()\n"
        "    rare: Tick = client.api.t.usually(stream=False)\n"
        "    raw: RawResponse[Tick] = client.with_raw_response(client.api.t.limited)\n"
        "    first: Tick = next(many)\n"
        "    client.api.t.peek()\n\n"
        "async def wait(client: AsyncApiClient) -> None:\n"
        "    once: Tick = await client.api.t.either()\n"
        "    many: AsyncStream[Tick] = await client.api.t.either(stream=True)\n"
        "    first: Tick = await many.__anext__()\n"
        "    raw: RawResponse[Tick] = await client.with_raw_response(client.api.t.limited)\n"
    )
    assert complaints([made.directory], cache="standalone") == ""


def test_types_name_the_streams(made: Made) -> None:
    text = made.text("resources/t.py")
    assert ") -> Stream[Tick]:" in text
    assert ") -> AsyncStream[Tick]:" in text
    assert ") -> Stream[Tick] | Tick:" in text
    assert ") -> Tick | Redirect:" in text


def test_a_documented_redirect_is_an_answer_with_its_location(
    made: Made, server: Server, engine: str
) -> None:
    server.status, server.body, server.headers = 302, b"", {"Location": "/there"}
    with made().ApiClient(server.url, engine=engine) as client:
        answer = client.api.t.moved()
        assert isinstance(answer, made().Redirect)
        assert (answer.status, answer.location, answer.http.headers["location"]) == (302, "/there", "/there")
        with pytest.raises(made().APIError, match="redirect"):
            client.api.t.read()
    assert [request.path for request in server.requests] == ["/moved", "/read"]


def test_headers_of_an_answer_are_typed(made: Made, server: Server) -> None:
    server.answer(b'{"n": 1}')
    server.headers.update(
        {
            "X-Left": "12",
            "X-Reset": "2024-01-02T03:04:05Z",
            "X-Tags": "a, b",
            "X-Exact": "true",
            "X-Pair": "1, b",
            "X-Other": "1",
        }
    )
    with made().ApiClient(server.url) as client:
        http = client.api.t.limited().http
    reset = datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    assert http.values == {
        "X-Left": 12,
        "X-Reset": reset,
        "X-Tags": ["a", "b"],
        "X-Exact": True,
        "X-Pair": (1, "b"),
    }
    assert (http.headers["x-other"], http.status, http.attempts) == ("1", 200, 1)


@pytest.fixture
def failing() -> Iterator[tuple[str, list[str]]]:
    """A server that answers 503 to the first request and 200 to the others."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            asked.append(self.command)
            status, body = (500, b"{}") if len(asked) == 1 else (200, b'{"fine": true}')
            self.send_response_only(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{listener.server_port}", asked
    listener.shutdown()
    listener.server_close()
    thread.join()


def test_reads_are_repeated_and_writes_are_not(made: Made, failing: tuple[str, list[str]]) -> None:
    url, asked = failing
    with made().ApiClient(url) as client:
        assert client.api.t.read() == {"fine": True}
        assert asked == ["GET", "GET"]
        asked.clear()
        with pytest.raises(made().APIError):
            client.api.t.write()
        assert asked == ["POST"]
    asked.clear()
    with made().ApiClient(url, max_retries=0) as client, pytest.raises(made().APIError):
        client.api.t.read()
    assert asked == ["GET"]


async def test_the_asynchronous_client_repeats_reads(made: Made, failing: tuple[str, list[str]]) -> None:
    url, asked = failing
    async with made().AsyncApiClient(url) as client:
        assert await client.api.t.read() == {"fine": True}
    assert asked == ["GET", "GET"]


def test_a_deadline_ends_a_call(made: Made, engine: str) -> None:
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), BaseHTTPRequestHandler
    ) as silent:  # it accepts, and never answers
        url = f"http://127.0.0.1:{silent.server_port}"
        with (
            made().ApiClient(url, deadline=0.05, engine=engine) as client,
            pytest.raises(made().RequestTimeoutError, match=r"deadline=0\.05 s"),
        ):
            client.api.t.read()


@pytest.mark.parametrize(
    "option", [{"timeout": 0}, {"deadline": -1}, {"max_retries": -1}, {"engine": "other"}]
)
def test_options_that_do_not_fit_are_refused(made: Made, option: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(option))):
        made().ApiClient("http://127.0.0.1:1", **option)


def test_nothing_in_a_package_speaks_of_this_project(made: Made) -> None:
    found = {
        path.name: match.group()
        for path in made.directory.rglob("*")
        if path.is_file() and path.suffix in (".py", ".json", ".toml", ".md")
        for match in [re.search(r"(?i)indox\w*", path.read_text(encoding="utf-8"))]
        if match
    }
    assert found == {}


def test_the_copied_modules_import_only_one_another_and_the_generated_package() -> None:
    files = client_files("alone", "AloneError")
    lacking: set[str] = set()
    for path, text in files.items():
        for dots, name in re.findall(r"^ *from (\.+)([\w.]*) import", text, re.MULTILINE):
            module = "/".join([*path.split("/")[: -len(dots)], *filter(None, name.split("."))])
            if module.startswith(FOLDER) and not {f"{module}.py", f"{module}/__init__.py"} & files.keys():
                lacking.add(f"{path} imports {module}: add it to COPIED, or import it elsewhere")
    assert not lacking


def test_the_base_of_the_errors_has_the_name_of_the_package(tmp_path: Path) -> None:
    made = generate(document(f"/a: {{get: {{operationId: a, {FINE}}}}}"), tmp_path)
    base = "".join(word.capitalize() for word in made.name.split("_")) + "Error"
    assert made().NotFoundError.__mro__[2].__name__ == base
    assert issubclass(made().NetworkError, getattr(made(), base))
    with serving() as server, made().ApiClient(server.url) as client:
        server.answer(b"{}", 404)
        with pytest.raises(getattr(made(), base)):
            client.api.default.a()


def test_a_project_can_be_installed(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        document(
            f"/a: {{get: {{operationId: listAll, tags: [t], {FINE}}}}}",
            servers=[{"url": "https://a.example"}],
        )
    )
    output = tmp_path / "project"
    arguments = ["--spec", str(spec), "--output", str(output), "--package", "shop_api", "--project"]
    assert main(["generate", *arguments]) == 0
    assert (output / "shop_api" / "py.typed").exists()
    assert "client.api.t.list_all()" in (output / "README.md").read_text()
    assert main(["check", *arguments]) == 0
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    subprocess.run(
        [*pip, "--no-deps", "--no-build-isolation", "--target", str(target), str(output)],
        check=True,
        timeout=seconds(100),
    )
    program = "import shop_api; print(shop_api.__file__, shop_api.ApiClient().base_url, shop_api.ShopApiError.__name__)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(target)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [
        str(target / "shop_api" / "__init__.py"),
        "https://a.example",
        "ShopApiError",
    ]
    metadata = next(target.glob("shop_api-*.dist-info")) / "METADATA"
    assert "Requires-Dist: httpx" in metadata.read_text()
    (output / "README.md").write_text("edited")
    assert main(["check", *arguments]) == 1


def test_this_project_is_not_made_a_project_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "--project"]) == 2
    assert "name another package with --package" in capsys.readouterr().err
