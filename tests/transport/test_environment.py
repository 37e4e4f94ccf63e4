"""The environment: proxies, certificates, packages that are missing, trio. Each failure is one of this package."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import indoxrouter
import pytest
from indoxrouter._runtime.http.proxies import proxy_for

from tests.reliability.harness import KEY, MESSAGES, USAGE, Mode, do, serve_everything
from tests.reliability.server import CLOSE, RESET, ScriptedServer, answer

BOTH_ENGINES = ""
PASSWORD = "pa55word"


def client_of(mode: Mode, **options: Any) -> Any:
    return mode.client(**{"engine": None, "auth": "api_key", "max_retries": 0, "timeout": 5, **options})


@pytest.mark.parametrize(
    ("entry", "exempt"),
    [
        ("*", ["http://a.example", "http://[::1]", "http://127.0.0.1:8000"]),
        (
            "a.example",
            ["http://a.example", "https://b.a.example", "http://A.Example", "http://a.example:8000"],
        ),
        (".a.example", ["http://a.example", "http://b.a.example"]),
        ("*.a.example", ["http://b.a.example"]),
        ("a.example:8000", ["http://a.example:8000"]),
        ("a.example:443", ["https://a.example"]),
        ("a.example.", ["http://a.example"]),
        ("A.EXAMPLE", ["http://a.example"]),
        ("http://a.example", ["http://a.example"]),
        ("localhost", ["http://localhost", "http://localhost:8000"]),
        ("127.0.0.1", ["http://127.0.0.1", "http://127.0.0.1:8000"]),
        ("127.0.0.1:8000", ["http://127.0.0.1:8000"]),
        ("10.0.0.0/8", ["http://10.1.2.3", "https://10.255.0.1:1"]),
        ("10.1.2.3/8", ["http://10.9.9.9"]),
        ("::1", ["http://[::1]", "http://[::1]:8000"]),
        ("[::1]", ["http://[::1]", "http://[::1]:8000"]),
        ("[::1]:8000", ["http://[::1]:8000"]),
        ("fe80::/10", ["http://[fe80::1]"]),
        ("x, a.example ,y", ["http://a.example"]),
        ("x a.example", ["http://a.example"]),
        (",,a.example,", ["http://a.example"]),
    ],
)
def test_forms_of_no_proxy(monkeypatch: pytest.MonkeyPatch, entry: str, exempt: list[str]) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", entry)
    for url in exempt:
        assert proxy_for(f"{url}/path") is None, url
    if entry != "*":
        for url in (
            "http://other.example",
            "http://xa.example",
            "http://a.example.org",
            "http://[::2]",
            "http://11.0.0.1",
        ):
            assert proxy_for(f"{url}/path") == "http://proxy.example:3128", url


@pytest.mark.parametrize("entry", ["a.example:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_a_port_in_no_proxy_counts(monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", entry)
    host = entry.removesuffix(":8000")
    assert proxy_for(f"http://{host}:8001/") is not None
    assert proxy_for(f"http://{host}/") is not None


@pytest.mark.parametrize(
    "entry", ["[", "[::1", "::1]", "/", "10.0.0.0/99", ":", "a b/c:d", "[]:80", "*.", "http://"]
)
async def test_a_malformed_no_proxy_exempts_nothing_and_harms_nothing(
    mode: Mode, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", mode.server.origin)
    monkeypatch.setenv("NO_PROXY", entry)
    mode.server.on("*", answer(USAGE))
    client = client_of(
        mode, base_url="http://api.invalid/api/v1", engine=None if mode.engine == "direct" else "httpx"
    )
    assert (await do(client.get_usage())).total_requests == 1
    assert mode.server.requests[-1].target.startswith("http://api.invalid/")


@pytest.mark.parametrize(
    "value",
    [
        f"http://user:{PASSWORD}@",
        f"http://user:{PASSWORD}@host:port",
        f"ftp://user:{PASSWORD}@host",
        f"http://user:{PASSWORD}@[::1",
        f"user:{PASSWORD}@ho st",
        f"http://user:{PASSWORD}@host:99999",
        f"://user:{PASSWORD}@host",
    ],
)
@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_a_malformed_proxy_is_refused_by_the_name_of_its_variable(
    mode: Mode, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    for engine in (None, "direct", "httpx"):
        with pytest.raises(ValueError, match=name.upper()) as caught:
            mode.kind(api_key=KEY, base_url=mode.server.url, auth="api_key", engine=engine)
        assert PASSWORD not in str(caught.value)


async def test_an_engine_named_by_hand_does_not_go_past_a_proxy(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://user:{PASSWORD}@proxy.example:3128")
    with pytest.raises(ValueError, match="uses no proxies") as caught:
        client_of(mode, engine="direct", base_url="http://a.example")
    assert PASSWORD not in str(caught.value)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    serve_everything(mode.server)
    assert (await do(client_of(mode, engine="direct").chat(MESSAGES))).text == "hello there"


@pytest.mark.parametrize(
    "reply",
    [answer(b"", 407), answer(b"no", 503), [CLOSE], [RESET], b"nonsense\r\n\r\n"],
    ids=["407", "503", "closed", "reset", "nonsense"],
)
async def test_a_proxy_that_opens_no_tunnel_has_sent_nothing_on(
    mode: Mode, monkeypatch: pytest.MonkeyPatch, reply: Any
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", mode.server.origin.replace("http://", f"http://user:{PASSWORD}@"))
    mode.server.on("*", reply)
    mode.server.on("api.invalid:443", reply)
    client = client_of(mode, base_url="https://api.invalid/api/v1", max_retries=1)
    error = await mode.failure(lambda: client.chat(MESSAGES))
    assert isinstance(error, indoxrouter.NetworkError)
    assert PASSWORD not in str(error)
    assert [request.method for request in mode.server.requests] == ["CONNECT"] * len(mode.server.requests)
    assert "error" in (await do(client.test_connection()))["status"]
    if mode.server.requests[0].method == "CONNECT" and reply == answer(b"", 407):
        assert len(error.attempts) == 2  # a paid call is repeated, because nothing was sent


async def test_a_proxy_that_is_not_there_shows_no_password(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://user:{PASSWORD}@127.0.0.1:1")
    client = client_of(mode, base_url="http://api.invalid/api/v1")
    error = await mode.failure(lambda: client.chat(MESSAGES))
    assert isinstance(error, indoxrouter.NetworkError)
    report = await do(client.test_connection())
    assert report["status"] == "error"
    assert PASSWORD not in f"{error} {report} {client!r}"


async def test_socks_without_its_package_says_what_to_install(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", f"socks5://user:{PASSWORD}@127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "socksio", None)
    client = client_of(mode, base_url="http://api.invalid/api/v1")
    error = await mode.failure(lambda: client.chat(MESSAGES))
    assert isinstance(error, indoxrouter.NetworkError)
    assert "httpx[socks]" in str(error)
    assert PASSWORD not in str(error)
    assert (await do(client.test_connection()))["status"] == "error"


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("what", ["missing", "empty", "nonsense"])
async def test_certificates_that_cannot_be_read_are_a_failure_that_names_the_variable(
    mode: Mode, secure: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, what: str
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    place = tmp_path / "place"
    if what != "missing":
        if name == "SSL_CERT_DIR":
            place.mkdir()
            (place / "a.pem").write_text("nonsense" if what == "nonsense" else "")
        else:
            place.write_text("nonsense" if what == "nonsense" else "")
    monkeypatch.setenv(name, str(place))
    client = client_of(mode, base_url=secure.url, engine=mode.engine)
    error = await mode.failure(lambda: client.chat(MESSAGES))
    assert isinstance(error, indoxrouter.NetworkError)
    if name == "SSL_CERT_FILE" or what == "missing":
        assert name in str(error)
    assert (await do(client.test_connection()))["status"] == "error"
    assert secure.requests == []


async def test_a_certificate_directory_is_used(
    mode: Mode, secure: ScriptedServer, trusted: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    directory = tmp_path / "certificates"
    directory.mkdir()
    shutil.copy(trusted, directory / "a.pem")
    try:
        subprocess.run(["openssl", "rehash", str(directory)], check=True, capture_output=True)  # noqa: ASYNC221
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("there is no openssl to name the file by its hash")
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("SSL_CERT_DIR", str(directory))
    serve_everything(secure)
    client = client_of(mode, base_url=secure.url, engine=mode.engine)
    assert (await do(client.chat(MESSAGES))).text == "hello there"


@pytest.mark.parametrize("engine", ["direct", "httpx"])
def test_trio_is_refused_with_an_error_of_this_package(server: ScriptedServer, engine: str) -> None:
    import trio

    async def use() -> None:
        client = indoxrouter.AsyncClient(KEY, base_url=server.url, engine=engine, max_retries=0)
        with pytest.raises(indoxrouter.NetworkError, match="asyncio"):
            await client.chat(MESSAGES)
        report = await client.test_connection()
        assert report["status"] == "error"

    trio.run(use)
    assert server.requests == []


WHAT_A_SERVER_MAY_DO: dict[str, Any] = {
    "closes": [CLOSE],
    "resets": [RESET],
    "is no HTTP": [b"SSH-2.0-OpenSSH_9.6\r\n", CLOSE],
    "is HTTP/2": [b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" * 3, CLOSE],
    "sends NUL": [b"\0" * 100, CLOSE],
    "never ends its head": [b"HTTP/1.1 200 OK\r\n" + b"X-Y: z\r\n" * 50_000, CLOSE],
    "contradicts itself": [b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", CLOSE],
    "switches": [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", CLOSE],
    "sends a status of four digits": [b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", CLOSE],
    "sends an unknown compression": answer(b"xx", headers=[("Content-Encoding", "br")]),
    "sends damaged compression": answer(b"xx", headers=[("Content-Encoding", "gzip")]),
    "redirects": answer(b"", 302, [("Location", "http://127.0.0.1:1/")]),
}


@pytest.mark.parametrize("what", WHAT_A_SERVER_MAY_DO)
async def test_the_connection_test_never_raises_and_calls_raise_nothing_foreign(
    mode: Mode, what: str
) -> None:
    mode.server.on("*", WHAT_A_SERVER_MAY_DO[what])
    client = client_of(mode, engine=mode.engine)
    report = await do(client.test_connection())
    assert report["status"] == "error", report
    assert report["error"]
    await mode.failure(lambda: client.chat(MESSAGES))
    await mode.failure(lambda: client.chat(MESSAGES, stream=True))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://name.invalid", "https://127.0.0.1:1", "http://[::1]:1"]
)
async def test_the_connection_test_reports_a_server_that_is_not_there(mode: Mode, url: str) -> None:
    report = await do(client_of(mode, engine=mode.engine, base_url=url).test_connection())
    assert report["status"] == "error"
    assert report["error_type"] == "NetworkError"
