"""`generator live`: the description that a server publishes is found, aligned with ours and compared."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from generator.cli import main
from generator.commands.live import Published, find
from tests.spec.document import SPEC

OURS = SPEC
BASE = "/api/v1"


class Site:
    """A server whose pages are set by the test, some of them for those who give the credentials."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, str]] = {}
        self.token: str | None = None
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                kind, text = site.pages.get(self.path, ("", ""))
                status = 200 if text else 404
                if text and site.token and self.headers["Authorization"] != f"Bearer {site.token}":
                    status, text = 401, "no"
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind or "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()
    yield found
    found.close()


def framework_like(document: dict[str, Any]) -> dict[str, Any]:
    """Our description as a framework would publish it: full paths, ids of functions, none of our `x-` keys."""
    document = copy.deepcopy(document)
    document.pop("servers")
    document["paths"] = {f"{BASE}{path}": item for path, item in document["paths"].items()}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict):
                operation["operationId"] = f"handle{path}_{method}".replace("/", "_")
                for key in [key for key in operation if key.startswith("x-")]:
                    del operation[key]
    document["components"].pop("x-exceptions")
    return document


@pytest.mark.parametrize(
    ("place", "asked"),
    [
        ("/openapi.json", ""),
        ("/openapi.json", "/api/v1"),
        ("/api/openapi.json", "/api/v1/"),
        ("/own.json", "/own.json"),
    ],
)
def test_description_is_found_at_the_usual_places(site: Site, place: str, asked: str) -> None:
    site.pages[place] = ("application/json", json.dumps({"openapi": "3.1.0"}))
    assert find(site.url + asked, {}) == Published(f"{site.url}{place}", {"openapi": "3.1.0"})


def test_description_in_the_form_of_frameworks_is_equivalent_to_ours(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.pages["/openapi.json"] = ("application/json", json.dumps(framework_like(OURS)))
    assert main(["live", f"{site.url}/api/v1"]) == 0
    assert f"openapi.yaml and {site.url}/openapi.json are equivalent for users" in capsys.readouterr().out


@pytest.mark.parametrize(
    "page",
    [
        "<script>SwaggerUIBundle({url: '/hidden/spec.json', dom_id: '#x'})</script>",
        "<redoc spec-url='/hidden/spec.json'></redoc>",
        '<script id="api-reference" data-url="/hidden/spec.json"></script>',
    ],
)
def test_documentation_page_leads_to_it_with_credentials(
    site: Site, capsys: pytest.CaptureFixture[str], page: str
) -> None:
    site.token = "a-secret-token"
    site.pages["/docs"] = ("text/html", page)
    site.pages["/hidden/spec.json"] = ("application/json", json.dumps({"openapi": "3.1.0"}))
    found = find(site.url, {"Authorization": "Bearer a-secret-token"})
    assert found.url == f"{site.url}/hidden/spec.json"
    assert main(["live", site.url]) == 2
    printed = capsys.readouterr()
    assert "  401: /docs\n" in printed.err
    assert "it asks for credentials: give them by --header 'Authorization: Bearer ...'" in printed.err
    assert main(["live", site.url, "--header", "Authorization: Bearer another-token"]) == 2
    assert "these credentials were refused" in capsys.readouterr().err
    assert "a-secret-token" not in printed.out + printed.err


def test_differences_and_one_sided_operations_are_listed(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = framework_like(OURS)
    path = next(path for path in theirs["paths"] if path.endswith("/user/usage"))
    del theirs["paths"][path]
    theirs["paths"][f"{BASE}/user/limits"] = {
        "get": {"operationId": "limits", "tags": ["user"], "responses": {"204": {"description": "none"}}}
    }
    theirs["components"]["schemas"]["ChatRequest"]["properties"]["temperature"]["maximum"] = 1
    site.pages["/openapi.json"] = ("application/json", json.dumps(theirs))
    assert main(["live", site.url]) == 3
    printed = capsys.readouterr().out
    assert "1 operation only here: GET /user/usage" in printed
    assert "1 operation only there: GET /user/limits" in printed
    assert "field ChatRequest.temperature" in printed
    assert main(["live", site.url, "--format", "json"]) == 3
    changes = json.loads(capsys.readouterr().out)["changes"]
    assert any("getUsage" in str(change) for change in changes)


def test_server_without_a_description_says_what_was_tried(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.pages["/docs"] = ("text/html", "<h1>Welcome</h1>")
    assert main(["live", f"{site.url}/api"]) == 2
    message = capsys.readouterr().err
    assert (
        f"no OpenAPI description at {site.url}; 25 places tried:\n  200: /docs\n  404: /api, /api/openapi.json,"
        in message
    )
    assert "credentials" not in message


def test_link_to_another_host_is_not_followed(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    other = Site()
    try:
        other.pages["/spec.json"] = ("application/json", json.dumps(OURS))
        site.pages["/docs"] = ("text/html", f"<redoc spec-url='{other.url}/spec.json'></redoc>")
        assert main(["live", site.url]) == 2
        assert other.asked == []
    finally:
        other.close()
    assert "no OpenAPI description" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["live", "example.com"], 2, "expected http:// or https://, got 'example.com'"),
        (["live", "http://127.0.0.1:1", "--header", "secret-without-colon"], 2, "expected `NAME: VALUE`"),
        (["live", "http://127.0.0.1:1"], 2, "ConnectError"),
        (["live", "http://127.0.0.1:many"], 2, "InvalidURL"),
    ],
)
def test_wrong_arguments_are_named(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    assert main(arguments) == code
    message = capsys.readouterr().err
    assert words in message
    assert "secret-without-colon" not in message


def test_swagger_2_is_refused_by_name(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.pages["/swagger.json"] = ("application/json", json.dumps({"swagger": "2.0", "paths": {}}))
    assert main(["live", site.url]) == 1
    assert "OpenAPI 2.0; only 3.0 and 3.1 are supported" in capsys.readouterr().err
