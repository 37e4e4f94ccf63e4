"""Servers of the description: their variables, those of single operations, and the host that errors name."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from tests.generator.support import Made, Server, document, generate

FINE = "responses: {'200': {description: ok, content: {application/json: {schema: {type: object}}}}}"
PATHS = f"""
/read: {{get: {{operationId: read, tags: [t], {FINE}}}}}
/upload:
  servers:
    - url: 'http://{{host}}/{{version}}'
      variables: {{host: {{default: up.example}}, version: {{default: v1, enum: [v1, v2]}}}}
  post: {{operationId: upload, tags: [t], {FINE}}}
/feed:
  servers: [{{url: 'http://feed.example'}}]
  get:
    operationId: feed
    tags: [t]
    responses: {{'200': {{description: ok, content: {{application/x-ndjson: {{schema: {{type: object}}}}}}}}}}
"""
SERVERS = [
    {
        "url": "https://{region}.example.com/api",
        "variables": {"region": {"default": "eu", "enum": ["eu", "us"]}},
    }
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return generate(document(PATHS, servers=SERVERS), tmp_path_factory.mktemp("servers"))


def test_variables_of_servers_are_arguments_of_the_client(made: Made, server: Server) -> None:
    client = made().ApiClient
    assert client().base_url == "https://eu.example.com/api"
    assert client(server_variables={"region": "us"}).base_url == "https://us.example.com/api"
    with pytest.raises(ValueError, match="region: expected one of eu, us, got 'mars'"):
        client(server_variables={"region": "mars"})
    with pytest.raises(ValueError, match="no variable 'regoin'; they have: region, host, version"):
        client(server_variables={"regoin": "us"})
    host = server.url.removeprefix("http://")
    with client("http://127.0.0.1:1", server_variables={"host": host, "version": "v2"}) as used:
        used.api.t.upload()
    assert server.last.path == "/v2/upload"


def test_servers_are_replaced_by_their_documented_url(made: Made, server: Server) -> None:
    client = made().ApiClient
    for documented, other, path in (
        ("http://up.example/v1", f"{server.url}/mine", "/mine/upload"),
        ("http://{host}/{version}", "/other", "/other/upload"),
    ):
        with client(server.url, servers={documented: other}) as used:
            used.api.t.upload()
        assert server.last.path == path
    with client(servers={"https://eu.example.com/api/": f"{server.url}/eu"}) as used:
        used.api.t.read()
    assert server.last.path == "/eu/read"


def test_a_server_that_the_description_does_not_have_is_refused(made: Made, server: Server) -> None:
    known = re.escape("https://eu.example.com/api, http://up.example/v1, http://feed.example")
    with pytest.raises(ValueError, match=f"no server 'http://upp.example/v1'; it has: {known}"):
        made().ApiClient(server.url, servers={"http://upp.example/v1": server.url})
    with pytest.raises(ValueError, match="servers: expected an http or https URL"):
        made().ApiClient(server.url, servers={"http://up.example/v1": "ftp://a.example"})


def unused() -> str:
    """The URL of a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return f"http://127.0.0.1:{closed.getsockname()[1]}"


@pytest.mark.parametrize("engine", ["direct", "httpx"])
async def test_an_error_names_the_host_that_was_used(made: Made, engine: str) -> None:
    other = unused()
    host = other.removeprefix("http://")
    servers = {"http://up.example/v1": other}
    arguments = {"servers": servers, "max_retries": 0, "engine": engine}
    with (
        made().ApiClient("http://base.example", **arguments) as client,
        pytest.raises(made().NetworkError) as blocking,
    ):
        client.api.t.upload()
    async with made().AsyncApiClient("http://base.example", **arguments) as client:
        with pytest.raises(made().NetworkError) as asynchronous:
            await client.api.t.upload()
    for caught in (blocking, asynchronous):
        assert str(caught.value).startswith(f"Could not connect to {host}: ")
        assert "base.example" not in str(caught.value)


async def test_an_answer_that_cannot_be_read_is_that_of_its_host(made: Made, server: Server) -> None:
    host = re.escape(server.url.removeprefix("http://"))
    servers = {"http://up.example/v1": server.url, "http://feed.example": server.url}
    server.answer(b"{")
    with made().ApiClient("http://base.example", servers=servers) as client:
        with pytest.raises(made().APIError, match=f"The answer of {host} cannot be read"):
            client.api.t.upload()
        server.answer(b"{\n", content_type="application/x-ndjson")
        with pytest.raises(made().APIError, match=f"The stream of {host} cannot be read"):
            list(client.api.t.feed())
    async with made().AsyncApiClient("http://base.example", servers=servers) as client:
        stream = await client.api.t.feed()
        with pytest.raises(made().APIError, match=f"The stream of {host} cannot be read"):
            async for _ in stream:
                pass


def test_servers_of_all_operations_are_those_of_the_client(tmp_path: Path, server: Server) -> None:
    """Descriptions may give servers to their paths only: there is no other then, and none has to be passed."""
    own = f"servers: [{{url: '{server.url}/v1'}}]"
    made = generate(document(f"/a: {{{own}, get: {{operationId: a, tags: [t], {FINE}}}}}"), tmp_path)
    with made().ApiClient() as client:
        client.api.t.a()
    assert server.last.path == "/v1/a"
    other = f"/b: {{get: {{operationId: b, tags: [t], {FINE}}}}}"
    made = generate(document(f"/a: {{{own}, get: {{operationId: a, tags: [t], {FINE}}}}}\n{other}"), tmp_path)
    with pytest.raises(ValueError, match="base_url: expected an http or https URL"):
        made().ApiClient()
