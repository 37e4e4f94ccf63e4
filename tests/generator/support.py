"""What the generator's tests share: packages made from inline YAML, and a real server that answers as it is told."""

from __future__ import annotations

import importlib
import itertools
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from generator.package.files import make, write
from generator.source.problems import SpecRefused
from generator.source.settings import GeneratorSettings

HERE = Path(__file__).parent
TORTURE = HERE / "torture.yaml"
GOLDEN = HERE / "golden_record"
_numbers = itertools.count()


def document(paths: str = "", schemas: str = "", **top: Any) -> str:
    """A description with these paths and schemas, given as YAML."""
    parsed = {
        "openapi": "3.1.0",
        "info": {"title": "Sample", "version": "1"},
        "paths": yaml.safe_load(textwrap.dedent(paths)) or {},
        "components": {"schemas": yaml.safe_load(textwrap.dedent(schemas)) or {}},
    }
    parsed.update(top)
    return yaml.safe_dump(parsed, sort_keys=False, allow_unicode=True)


def answers(schema: str) -> str:
    """The `responses` of an operation that answers with a schema, as one line of YAML."""
    return (
        f"responses: {{'200': {{description: Fine., content: {{application/json: {{schema: {schema}}}}}}}}}"
    )


class Made:
    """A package that was generated and can be imported."""

    def __init__(self, directory: Path, name: str) -> None:
        self.directory = directory / name
        self.name = name

    def __call__(self, module: str = "") -> ModuleType:
        """Import the package or one of its modules."""
        return importlib.import_module(f"{self.name}.{module}" if module else self.name)

    def text(self, path: str) -> str:
        """The text of one of its files."""
        return (self.directory / path).read_text(encoding="utf-8")

    def operation(self, tag: str, name: str) -> Any:
        """The descriptor of an operation."""
        return self(f"api.{tag}.{name}").OPERATION


def generate(text: str, directory: Path, **files: str) -> Made:
    """Make a package from a description; `files` are other files beside it, by stem."""
    name = f"made_{next(_numbers)}_{threading.get_ident() % 1000}"
    spec = directory / f"{name}.yaml"
    spec.write_text(text, encoding="utf-8")
    for stem, content in files.items():
        (directory / f"{stem}.yaml").write_text(textwrap.dedent(content), encoding="utf-8")
    write(make(GeneratorSettings(spec=spec, output=directory / name, package=name)), directory / name)
    if str(directory) not in sys.path:
        sys.path.insert(0, str(directory))
    importlib.invalidate_caches()
    return Made(directory, name)


def refusals(text: str, directory: Path, *, strict: bool = False) -> list[str]:
    """The messages with which a description is refused; an empty list if it is not."""
    spec = directory / f"refused_{next(_numbers)}.yaml"
    spec.write_text(text, encoding="utf-8")
    try:
        make(GeneratorSettings(spec=spec, output=directory / "never", package="never", strict=strict))
    except SpecRefused as refusal:
        return [str(problem) for problem in refusal.problems]
    return []


@dataclass
class Request:
    """What the server was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """A real server: answers everything with `status`, `headers` and `body`, and remembers the requests."""

    url: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    body: bytes = b"{}"
    requests: list[Request] = field(default_factory=list[Request])

    def answer(self, body: bytes, status: int = 200, content_type: str = "application/json") -> None:
        """Answer this from now on."""
        self.status, self.body, self.headers = status, body, {"Content-Type": content_type}

    @property
    def last(self) -> Request:
        """The latest request."""
        return self.requests[-1]


@contextmanager
def serving() -> Iterator[Server]:
    """A server on a free port of the loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            server.requests.append(
                Request(self.command, self.path, dict(self.headers.items()), self.rfile.read(length))
            )
            self.send_response_only(server.status)
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(server.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(server.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    server = Server(f"http://127.0.0.1:{listener.server_port}")
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
