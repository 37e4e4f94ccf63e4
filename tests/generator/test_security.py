"""Credentials: all that an alternative needs are sent, the first alternative that the client can meet is used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.generator.support import Made, Server, document, generate, serving

SCHEMES = {
    "a": {"type": "apiKey", "in": "header", "name": "X-A"},
    "b": {"type": "apiKey", "in": "header", "name": "X-B"},
    "q": {"type": "apiKey", "in": "query", "name": "key"},
    "c": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "d": {"type": "apiKey", "in": "cookie", "name": "tid"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "tls": {"type": "mutualTLS"},
}
REQUIREMENTS: dict[str, list[dict[str, list[str]]]] = {
    "both": [{"a": [], "b": []}],
    "either": [{"a": []}, {"bearer": []}],
    "optional": [{}, {"a": []}],
    "open": [],
    "empty": [{}],
    "everywhere": [{"a": [], "q": [], "c": [], "d": []}],
    "pair_or_single": [{"a": [], "b": []}, {"basic": []}],
    "tls_and_key": [{"tls": [], "a": []}],
}


FINE = "responses: {'204': {description: ok}}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    paths = "".join(
        f"/{name}: {{get: {{operationId: {name}, tags: [t], security: {security}, {FINE}}}}}\n"
        for name, security in REQUIREMENTS.items()
    )
    text = document(paths, components={"securitySchemes": SCHEMES})
    return generate(text, tmp_path_factory.mktemp("security"))


def sent(made: Made, operation: str, token: Any) -> dict[str, str]:
    """The credentials that a server receives, the query among them."""
    with serving() as server:
        server.status, server.body, server.headers = 204, b"", {}
        with made().ApiClient(server.url, token) as client:
            getattr(client.api.t, operation)()
        return credentials(server)


def credentials(server: Server) -> dict[str, str]:
    names = ("X-A", "X-B", "Authorization", "Cookie")
    found = {name: value for name, value in server.last.headers.items() if name in names}
    _, _, query = server.last.path.partition("?")
    return {**found, "query": query} if query else found


@pytest.mark.parametrize(
    ("operation", "token", "expected"),
    [
        ("both", {"a": "1", "b": "2"}, {"X-A": "1", "X-B": "2"}),
        ("both", {"a": "1", "b": "2", "bearer": "3"}, {"X-A": "1", "X-B": "2"}),
        ("both", {"bearer": "3"}, {}),
        ("either", {"bearer": "3"}, {"Authorization": "Bearer 3"}),
        ("either", {"a": "1", "bearer": "3"}, {"X-A": "1"}),
        ("either", "1", {"X-A": "1"}),
        ("optional", {"a": "1"}, {"X-A": "1"}),
        ("optional", {"b": "2"}, {}),
        ("optional", None, {}),
        ("open", {"a": "1"}, {}),
        ("open", "1", {}),
        ("empty", "1", {}),
        (
            "everywhere",
            {"a": "1", "q": "&", "c": "x y", "d": "z"},
            {"X-A": "1", "query": "key=%26", "Cookie": "sid=x%20y; tid=z"},
        ),
        ("pair_or_single", {"a": "1", "basic": "u:p"}, {"Authorization": "Basic dTpw"}),
        ("pair_or_single", "u:p", {"Authorization": "Basic dTpw"}),
        ("tls_and_key", {"a": "1"}, {"X-A": "1"}),
        ("tls_and_key", "1", {"X-A": "1"}),
    ],
)
def test_credentials_of_the_first_alternative_that_can_be_met_are_sent(
    made: Made, operation: str, token: Any, expected: dict[str, str]
) -> None:
    assert sent(made, operation, token) == expected


@pytest.mark.parametrize(
    ("token", "missing"), [({"a": "1"}, "'b', got only a part"), ("1", "'a' and 'b', got one credential")]
)
def test_half_of_what_is_needed_is_refused_before_a_request(made: Made, token: Any, missing: str) -> None:
    with serving() as server:
        with (
            made().ApiClient(server.url, token) as client,
            pytest.raises(made().InvalidParametersError) as caught,
        ):
            client.api.t.both()
        assert server.requests == []
    assert missing in str(caught.value)
    assert caught.value.argument == "token"


async def test_the_asynchronous_client_sends_the_same(made: Made) -> None:
    with serving() as server:
        server.status, server.body, server.headers = 204, b"", {}
        async with made().AsyncApiClient(server.url, {"a": "1", "b": "2"}) as client:
            await client.api.t.both()
        assert credentials(server) == {"X-A": "1", "X-B": "2"}


def test_no_credential_is_written_into_the_package(made: Made, tmp_path: Path) -> None:
    assert made.operation("t", "both").security == (("a", "b"),)
    assert made.operation("t", "optional").security == ((), ("a",))
    assert made.operation("t", "empty").security == ()
