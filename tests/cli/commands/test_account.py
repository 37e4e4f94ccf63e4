"""Models, usage, keys, whoami and doctor."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from indoxrouter_cli.base import exit_codes
from indoxrouter_cli.output.formatting import format_usd, sparkline
from indoxrouter_mock import MockServer
from tests.cli.conftest import COMMAND, Cli
from tests.patience import seconds
from tests.reliability.server import Request, ScriptedServer
from tests.reliability.server import answer as scripted


def test_models_need_no_key_and_are_searched_by_words(cli: Cli) -> None:
    result = cli("models", "gpt-4o", "mini", env={"INDOX_ROUTER_API_KEY": None})
    assert result.code == 0, result.err
    names = [line.split("\t")[0] for line in result.out.splitlines()]
    assert "openai/gpt-4o-mini" in names
    assert all("gpt-4o" in name and "mini" in name for name in names)


def test_a_models_line_has_prices_for_a_million_tokens(cli: Cli) -> None:
    line = next(
        line
        for line in cli("models", "gpt-4o-mini").out.splitlines()
        if line.startswith("openai/gpt-4o-mini\t")
    )
    assert line.split("\t")[1:4] == ["0.15", "0.6", "128k"]


def test_models_are_filtered_sorted_and_printed_as_json(cli: Cli) -> None:
    found = cli("models", "-p", "openai", "-c", "vision", "--sort", "price", "--json").json
    assert found
    assert all("vision" in model["capabilities"] and model["provider"] == "openai" for model in found)
    prices = [model["pricing"]["input"] + model["pricing"]["output"] for model in found]
    assert prices == sorted(prices)


def test_models_with_the_largest_context_are_listed_first(cli: Cli) -> None:
    found = cli("models", "-p", "openai", "--sort", "context", "--json").json
    contexts = [model.get("max_tokens") or 0 for model in found]
    assert contexts == sorted(contexts, reverse=True)
    assert len(set(contexts)) > 2


def test_unknown_words_providers_and_capabilities_are_answered_with_near_ones(cli: Cli) -> None:
    assert "Did you mean openai/gpt-4o-mini" in cli("models", "gpt-4o-mnii").err
    assert "openai" in cli("models", "-p", "opanai").err
    assert "vision" in cli("models", "-c", "visoin").err
    assert cli("models", "-p", "opanai").code == exit_codes.USAGE


def test_usage_is_broken_down(cli: Cli) -> None:
    assert cli("chat", "hello").code == 0
    by_model = cli("usage")
    assert by_model.out.startswith("gpt-4o-mini\t1\t")
    assert "1 request, " in by_model.err
    assert cli("usage", "--by", "provider").out.startswith("openai\t1\t")
    assert len(cli("usage", "--by", "day", "--days", "7").out.splitlines()) >= 1
    assert cli("usage", "--json").json["total_requests"] == 1


def test_what_costs_most_is_listed_first(cli: Cli) -> None:
    for model in ("gpt-4o-mini", "gpt-5-pro", "gpt-4o"):
        assert cli("chat", "-m", f"openai/{model}", "hello").code == 0
    shown = [line.split("\t")[0] for line in cli("usage").out.splitlines()]
    assert shown == ["gpt-5-pro", "gpt-4o", "gpt-4o-mini"]


def test_the_last_days_include_today(cli: Cli, mock: MockServer) -> None:
    assert cli("usage", "--days", "7", "--to", "2026-11-20").code == 0
    assert mock.requests[-1]["query"] == "start_date=2026-11-14&end_date=2026-11-20"
    assert cli("usage", "--days", "1", "--to", "2026-11-20").code == 0
    assert mock.requests[-1]["query"] == "start_date=2026-11-20&end_date=2026-11-20"


def test_a_sparkline_of_days_is_drawn(cli: Cli, mock: MockServer) -> None:
    for _ in range(2):
        assert cli("chat", "hello").code == 0
        mock.clock.advance(86_400)
    result = cli("usage")
    assert any(bar in result.err for bar in "▁▂▃▄▅▆▇█")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--from", "yesterday"],
        ["--from", "2026-02-01", "--to", "2026-01-01"],
        ["--days", "3", "--from", "2026-01-01"],
    ],
)
def test_dates_that_make_no_sense_are_refused(cli: Cli, mock: MockServer, arguments: list[str]) -> None:
    assert cli("usage", *arguments).code == exit_codes.USAGE
    assert mock.requests == []


def test_sparklines_and_money() -> None:
    assert sparkline([0, 1, 4, 8]) == "·▁▄█"
    assert sparkline([0, 0]) == "··"
    assert (
        format_usd(0.0000146),
        format_usd(0.0123),
        format_usd(1234.5),
        format_usd(0),
        format_usd(None),
    ) == (
        "$0.000015",
        "$0.0123",
        "$1,234.50",
        "$0.00",
        "–",
    )


def test_a_keys_life(cli: Cli, mock: MockServer) -> None:
    made = cli("keys", "create", "laptop", "--days", "30")
    assert mock.requests[-1]["body"] == {"name": "laptop", "expiration_time": 30}
    key = made.out.strip()
    assert key.startswith("indox-")
    assert key not in made.err
    listed = next(line for line in cli("keys", "list").out.splitlines() if "laptop" in line)
    assert key not in listed
    number = listed.split("\t")[0]
    assert cli("whoami", env={"INDOX_ROUTER_API_KEY": key}).code == 0
    assert cli("keys", "revoke", number).code == 0
    assert cli("whoami", env={"INDOX_ROUTER_API_KEY": key}).code == exit_codes.AUTHENTICATION
    assert cli("keys", "enable", number).code == 0
    assert cli("whoami", env={"INDOX_ROUTER_API_KEY": key}).code == 0
    assert cli("keys", "delete", number).code == exit_codes.USAGE  # no terminal to ask at, and no --yes
    assert cli("keys", "delete", "--yes", number).code == 0
    assert "laptop" not in cli("keys", "list").out


def test_deleting_a_key_asks_at_a_terminal(cli: Cli) -> None:
    with cli.terminal("keys", "delete", "1") as terminal:
        terminal.expect("[y/N]")
        terminal.line("n")
        assert terminal.finish() == exit_codes.INTERRUPTED
    assert cli("keys", "list").code == 0


def test_a_list_that_is_not_read_to_its_end_is_no_error(cli: Cli) -> None:
    process = subprocess.Popen(
        [*COMMAND, "whoami"], env=cli.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=seconds(20)), err) == (0, b"")


def test_whoami_shows_the_account_and_where_the_key_came_from(cli: Cli) -> None:
    out = cli("whoami").out
    assert "demo" in out
    assert "INDOX_ROUTER_API_KEY" in out
    assert cli("whoami", "--json").json["username"] == "demo"


def test_doctor_finds_nothing_wrong_with_a_good_setup(cli: Cli) -> None:
    result = cli("doctor")
    assert result.code == 0, result.out
    assert "✗" not in result.out
    for name in ("DNS", "connection", "service", "clock", "key"):
        assert f"✓ {name}" in result.out


def test_doctor_names_the_first_thing_that_is_wrong(cli: Cli) -> None:
    wrong = cli("doctor", env={"INDOX_ROUTER_API_KEY": "indox-" + "w" * 32})
    assert wrong.code == exit_codes.AUTHENTICATION
    assert "✗ key" in wrong.out
    nowhere = cli("doctor", "--base-url", "http://no-such-host.invalid")
    assert nowhere.code == exit_codes.NETWORK
    assert "✗ DNS" in nowhere.out
    assert "→" in nowhere.out
    report = cli("doctor", "--json", "--base-url", "http://127.0.0.1:9").json
    assert [check["name"] for check in report if check["ok"] is False] == ["connection"]


def test_doctor_sees_a_server_that_does_not_speak_tls(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer() -> None:
            for _ in range(2):
                connection, _address = server.accept()
                with connection:
                    connection.recv(1024)
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        result = cli("doctor", "--base-url", f"https://127.0.0.1:{port}")
    assert result.code == exit_codes.NETWORK
    assert "✗ TLS" in result.out


def test_doctor_shows_a_proxy_without_its_password(cli: Cli) -> None:
    result = cli("doctor", env={"HTTP_PROXY": "http://ann:geheim@127.0.0.1:9"})
    assert "HTTP_PROXY=http://127.0.0.1:9" in result.out
    assert "geheim" not in result.out + result.err
    assert result.code == exit_codes.NETWORK


@pytest.mark.parametrize("form", ["timestamp", "date"])
@pytest.mark.parametrize(
    ("ahead", "shown"),
    [
        (0, "✓ clock"),
        (600, "✗ clock +yours is (599|600) s behind the server's"),
        (-600, "✗ clock +yours is (600|601) s ahead of the server's"),
    ],
)
def test_a_clock_that_is_wrong_is_told_from_one_that_is_right(
    cli: Cli, form: str, ahead: int, shown: str
) -> None:
    def health(request: Request) -> bytes:
        now = datetime.now(timezone.utc) + timedelta(seconds=ahead)
        if form == "date":
            return scripted({"status": "ok"}, headers=[("Date", format_datetime(now, usegmt=True))])
        return scripted({"status": "ok", "timestamp": now.isoformat()})

    server = ScriptedServer()
    server.on("/", health)
    result = cli("doctor", "--base-url", server.url)
    server.close()
    assert re.search(shown, result.out)


def test_a_server_that_does_not_tell_its_time_is_no_fault(cli: Cli) -> None:
    server = ScriptedServer()
    server.on("/", scripted({"status": "ok"}))
    result = cli("doctor", "--base-url", server.url)
    server.close()
    assert re.search(r"^[^✓✗]+ clock +the server does not report its time", result.out, re.MULTILINE)
