"""`indoxrouter batch`: every request is executed once, whatever happens."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from indoxrouter_cli.base import exit_codes
from indoxrouter_cli.batch.estimate import Prices
from indoxrouter_mock import MockServer
from tests.cli.conftest import Cli
from tests.patience import seconds


def lines(count: int, **more: Any) -> str:
    return "".join(
        json.dumps({"id": f"q{number}", "prompt": f"Question {number}?", **more}) + "\n"
        for number in range(count)
    )


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def ids(path: Path) -> list[Any]:
    return sorted(row["id"] for row in rows(path))


def wait_for_lines(path: Path, count: int) -> None:
    deadline = time.monotonic() + 30
    while not path.exists() or path.read_bytes().count(b"\n") < count:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_every_request_has_one_result(cli: Cli) -> None:
    cli.file("in.jsonl", lines(50))
    result = cli("batch", "in.jsonl", "-o", "out.jsonl")
    assert result.code == 0, result.err
    found = rows(cli.directory / "out.jsonl")
    assert ids(cli.directory / "out.jsonl") == sorted(f"q{number}" for number in range(50))
    one = next(row for row in found if row["id"] == "q7")
    assert (one["line"], "Question 7?" in one["text"]) == (8, True)
    assert one["cost"] > 0
    assert one["usage"]["tokens_total"] > 0
    assert "response" not in one
    assert sorted(path.name for path in cli.directory.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_the_forms_of_a_line(cli: Cli, mock: MockServer) -> None:
    forms: list[Any] = [
        {"id": 1, "messages": [{"role": "user", "content": "messages"}]},
        {"prompt": "prompt", "system": "Be brief", "max_tokens": 5},
        "text",
        {"custom_id": "c", "method": "POST", "url": "/v1/chat/completions",
         "body": {"model": "openai/gpt-4o", "messages": [{"role": "user", "content": "body"}]}},
    ]  # fmt: skip
    cli.file("in.jsonl", "\n".join(json.dumps(form) for form in forms) + "\n\n")
    assert cli("batch", "in.jsonl", "-o", "out.jsonl", "-m", "openai/gpt-4o-mini").code == 0
    assert sorted(map(str, (row["id"] for row in rows(cli.directory / "out.jsonl")))) == ["1", "2", "3", "c"]
    bodies = {
        request["body"]["messages"][-1]["content"]: request["body"]
        for request in mock.requests if request["operation"] == "createChatCompletion"
    }  # fmt: skip
    assert bodies["prompt"]["messages"][0] == {"role": "system", "content": "Be brief"}
    assert bodies["prompt"]["max_tokens"] == 5
    assert (bodies["body"]["model"], bodies["text"]["model"]) == ("openai/gpt-4o", "openai/gpt-4o-mini")


def test_embeddings_are_recognised_and_written(cli: Cli) -> None:
    cli.file("in.jsonl", '{"id": "a", "text": "one"}\n{"id": "b", "input": ["two", "three"]}\n')
    assert cli("batch", "in.jsonl", "-o", "out.jsonl").code == 0
    found = {row["id"]: row for row in rows(cli.directory / "out.jsonl")}
    assert len(found["a"]["embedding"]) == 1536
    assert len(found["b"]["embeddings"]) == 2


def test_completions_and_whole_responses(cli: Cli) -> None:
    cli.file("in.jsonl", '{"prompt": "Once"}\n')
    assert cli("batch", "in.jsonl", "-o", "out.jsonl", "--method", "completion", "--full").code == 0
    (row,) = rows(cli.directory / "out.jsonl")
    assert row["response"]["data"] == row["text"]


def test_a_pipe_is_an_input(cli: Cli) -> None:
    assert cli("batch", "-", "-o", "out.jsonl", stdin=lines(5)).code == 0
    assert len(rows(cli.directory / "out.jsonl")) == 5


def test_a_broken_line_is_reported_by_its_number_and_the_rest_goes_on(cli: Cli) -> None:
    text = (
        lines(3)
        + '{"broken"\n'
        + '{"no": "prompt"}\n'
        + "[1]\n"
        + '{"prompt": "x", "temperature": 9}\n'
        + lines(1)
    )
    cli.file("in.jsonl", text)
    result = cli("batch", "in.jsonl", "-o", "out.jsonl")
    assert result.code == exit_codes.PARTIAL
    assert "line 4: not valid JSON" in result.err
    assert "line 5: missing `messages` or `prompt`" in result.err
    assert "line 6: expected an object or a string, got list" in result.err
    assert len(rows(cli.directory / "out.jsonl")) == 4
    failed = rows(cli.directory / "out.jsonl.failed.jsonl")
    assert sorted(row["line"] for row in failed) == [4, 5, 6, 7]
    refused = next(row for row in failed if row["line"] == 7)
    assert "temperature" in refused["error"]["message"]
    assert refused["request"]["temperature"] == 9


def test_failures_are_tried_again_by_the_same_command(cli: Cli, mock: MockServer) -> None:
    cli.file("in.jsonl", lines(20))
    mock.faults.add("error", status=400, times=3, operation="createChatCompletion")
    first = cli("batch", "in.jsonl", "-o", "out.jsonl")
    assert (first.code, len(rows(cli.directory / "out.jsonl"))) == (exit_codes.PARTIAL, 17)
    assert len(rows(cli.directory / "out.jsonl.failed.jsonl")) == 3
    second = cli("batch", "in.jsonl", "-o", "out.jsonl")
    assert second.code == 0
    assert "17 of 20 requests done" in second.err
    assert Counter(ids(cli.directory / "out.jsonl")).most_common(1)[0][1] == 1
    assert len(rows(cli.directory / "out.jsonl")) == 20
    assert sorted(path.name for path in cli.directory.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_a_provider_key_is_not_written_to_the_failures(cli: Cli) -> None:
    cli.file("in.jsonl", '{"prompt": "x", "temperature": 9, "byok_api_key": "sk-hush"}\n')
    result = cli("batch", "in.jsonl", "-o", "out.jsonl")
    assert result.code == exit_codes.USAGE
    assert "sk-hush" not in (cli.directory / "out.jsonl.failed.jsonl").read_text() + result.err + result.out


@pytest.mark.indoxrouter_mock(latency=0.03)
def test_a_killed_batch_goes_on_with_nothing_done_twice_and_nothing_lost(cli: Cli, mock: MockServer) -> None:
    total = 150
    before = mock.credits
    cli.file("in.jsonl", lines(total))
    out = cli.directory / "out.jsonl"
    for least in (10, 60):  # killed twice, at arbitrary moments
        process = cli.start("batch", "in.jsonl", "-o", "out.jsonl", "-c", "8")
        wait_for_lines(out, least)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=seconds(10))
    assert least <= len(rows(out)) < total
    last = cli("batch", "in.jsonl", "-o", "out.jsonl", "-c", "8")
    assert last.code == 0, last.err
    assert "Resuming:" in last.err
    assert ids(out) == sorted(f"q{number}" for number in range(total))
    # Requests in flight at the kill were sent again with the same key, and so were executed and billed once.
    answered = [r for r in mock.requests if r["operation"] == "createChatCompletion" and r["status"] == 200]
    assert len({request["headers"]["idempotency-key"] for request in answered}) == total
    replays = mock.counters.get("idempotent_replays", 0)
    assert len(answered) == total + replays
    assert before - mock.credits == pytest.approx(sum(row["cost"] for row in rows(out)), rel=1e-3)


def test_a_result_that_was_cut_off_is_made_again(cli: Cli) -> None:
    cli.file("in.jsonl", lines(5) + "{broken\n")  # keeps the batch incomplete
    assert cli("batch", "in.jsonl", "-o", "out.jsonl").code == exit_codes.PARTIAL
    out = cli.directory / "out.jsonl"
    out.write_bytes(out.read_bytes()[:-20])
    assert cli("batch", "in.jsonl", "-o", "out.jsonl").code == exit_codes.PARTIAL
    assert ids(out) == sorted(f"q{number}" for number in range(5))


def test_lines_may_be_added_and_moved_between_runs(cli: Cli, mock: MockServer) -> None:
    cli.file("in.jsonl", lines(5) + "{broken\n")
    assert cli("batch", "in.jsonl", "-o", "out.jsonl").code == exit_codes.PARTIAL
    calls = mock.counters["requests"]
    cli.file("in.jsonl", '{"id": "new", "prompt": "New?"}\n' + lines(5))
    assert cli("batch", "in.jsonl", "-o", "out.jsonl").code == 0
    assert ids(cli.directory / "out.jsonl") == ["new", *sorted(f"q{number}" for number in range(5))]
    assert mock.counters["requests"] - calls <= 4  # models, token, the new one


def test_the_same_line_twice_is_two_requests(cli: Cli) -> None:
    cli.file("in.jsonl", '"same"\n"same"\n')
    assert cli("batch", "in.jsonl", "-o", "out.jsonl").code == 0
    assert [
        row["line"] for row in sorted(rows(cli.directory / "out.jsonl"), key=lambda row: row["line"])
    ] == [1, 2]


def test_going_on_with_other_options_is_refused_and_force_begins_anew(cli: Cli) -> None:
    cli.file("in.jsonl", lines(2) + "{broken\n")
    assert cli("batch", "in.jsonl", "-o", "out.jsonl").code == exit_codes.PARTIAL
    other = cli("batch", "in.jsonl", "-o", "out.jsonl", "-m", "openai/gpt-4o")
    assert other.code == exit_codes.USAGE
    assert "other options" in other.err
    assert len(rows(cli.directory / "out.jsonl")) == 2
    assert (
        cli("batch", "in.jsonl", "-o", "out.jsonl", "-m", "openai/gpt-4o", "--force").code
        == exit_codes.PARTIAL
    )
    assert {row["model"] for row in rows(cli.directory / "out.jsonl")} == {"gpt-4o"}


@pytest.mark.indoxrouter_mock(latency=0.05)
def test_two_runs_at_once_do_not_write_to_one_file(cli: Cli) -> None:
    cli.file("in.jsonl", lines(200))
    process = cli.start("batch", "in.jsonl", "-o", "out.jsonl", "-c", "2")
    try:
        wait_for_lines(cli.directory / "out.jsonl", 1)
        second = cli("batch", "in.jsonl", "-o", "out.jsonl")
        assert second.code == exit_codes.USAGE
        assert "another run" in second.err
    finally:
        process.kill()
        process.wait()


@pytest.mark.indoxrouter_mock(latency=0.05)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_finishes_what_is_under_way(cli: Cli, mock: MockServer, number: signal.Signals) -> None:
    cli.file("in.jsonl", lines(300))
    out = cli.directory / "out.jsonl"
    process = cli.start("batch", "in.jsonl", "-o", "out.jsonl", "-c", "4")
    wait_for_lines(out, 5)
    process.send_signal(number)
    assert process.wait(timeout=seconds(20)) == exit_codes.INTERRUPTED
    sent = [request for request in mock.requests if request["operation"] == "createChatCompletion"]
    assert len(rows(out)) == len(sent) < 300


def test_the_estimate_is_near_what_it_costs(cli: Cli, mock: MockServer) -> None:
    mock.reset(reply_tokens=50)
    cli.file("in.jsonl", lines(40, max_tokens=50))
    before = mock.credits
    said = cli("batch", "in.jsonl", "-o", "out.jsonl", "--estimate")
    assert said.code == 0
    assert mock.credits == before
    assert not (cli.directory / "out.jsonl").exists()
    estimate = float(said.out.split("$")[1].split(":")[0])
    assert cli("batch", "in.jsonl", "-o", "out.jsonl").code == 0
    assert estimate == pytest.approx(before - mock.credits, rel=0.25)


@pytest.mark.parametrize(
    ("text", "tokens"), [("one", "1 token in, 0 out"), ("two words", "3 tokens in, 0 out")]
)
def test_the_estimate_counts_tokens(cli: Cli, text: str, tokens: str) -> None:
    cli.file("in.jsonl", json.dumps({"text": text}) + "\n")
    result = cli("batch", "in.jsonl", "-o", "out.jsonl", "--estimate")
    assert result.out.startswith("1 request, about $")
    assert result.out.endswith(f": {tokens}\n")


def test_more_than_max_cost_is_not_begun(cli: Cli, mock: MockServer) -> None:
    cli.file("in.jsonl", lines(40))
    result = cli("batch", "in.jsonl", "-o", "out.jsonl", "--max-cost", "0.0001")
    assert result.code == exit_codes.TOO_EXPENSIVE
    assert "Nothing was sent" in result.err
    assert [path.name for path in cli.directory.iterdir()] == ["in.jsonl"]
    assert not [request for request in mock.requests if request["operation"] == "createChatCompletion"]


def test_max_cost_stops_a_batch_that_is_more_expensive_and_a_higher_limit_resumes_it(
    cli: Cli, mock: MockServer
) -> None:
    mock.reset(reply_tokens=600)  # longer than the estimate assumes
    cli.file("in.jsonl", lines(60))
    before = mock.credits
    limit = 60 * (0.4 * 0.0006) * 1.05
    result = cli("batch", "in.jsonl", "-o", "out.jsonl", "-c", "4", "--max-cost", str(limit))
    assert result.code == exit_codes.TOO_EXPENSIVE, result.err
    spent = before - mock.credits
    assert spent > limit / 2
    # Four calls may be in flight when all of their estimates turn out to be too low.
    assert spent <= limit + 4 * 0.2 * 0.0006
    assert 0 < len(rows(cli.directory / "out.jsonl")) < 60
    assert cli("batch", "in.jsonl", "-o", "out.jsonl", "--max-cost", "1").code == 0
    assert len(ids(cli.directory / "out.jsonl")) == 60


def test_a_server_that_is_down_and_a_wrong_key_have_their_codes_and_lose_nothing(
    cli: Cli, mock: MockServer
) -> None:
    cli.file("in.jsonl", lines(30))
    down = cli("batch", "in.jsonl", "-o", "out.jsonl", "--base-url", "http://127.0.0.1:9")
    assert down.code == exit_codes.NETWORK
    wrong = cli("batch", "in.jsonl", "-o", "out.jsonl", env={"INDOX_ROUTER_API_KEY": "indox-" + "w" * 32})
    assert wrong.code == exit_codes.AUTHENTICATION
    assert "Run the same command again" in wrong.err
    assert cli("batch", "in.jsonl", "-o", "out.jsonl").code == 0
    assert len(rows(cli.directory / "out.jsonl")) == 30


def test_a_model_that_does_not_exist_ends_a_batch_early_with_near_ones(cli: Cli, mock: MockServer) -> None:
    cli.file("in.jsonl", lines(500))
    result = cli("batch", "in.jsonl", "-o", "out.jsonl", "-m", "openai/gpt-4o-mni", "-c", "4")
    assert result.code == exit_codes.USAGE
    assert "Did you mean openai/gpt-4o-mini" in result.err
    assert len([request for request in mock.requests if request["operation"] == "createChatCompletion"]) < 50


@pytest.mark.indoxrouter_mock(latency=0.05)
def test_progress_is_drawn_at_a_terminal(cli: Cli) -> None:
    cli.file("in.jsonl", lines(60))
    with cli.terminal("batch", "in.jsonl", "-o", "out.jsonl", "-c", "4") as terminal:
        terminal.expect("/60")
        terminal.expect("/s")
        assert terminal.finish() == 0
        assert "60 done, 0 failed" in terminal.screen


def test_estimates_count_texts_messages_and_limits() -> None:
    prices = Prices({"p/m": (1.0, 2.0), "p/n": (None, None)}, "chat", "p/m")
    message = {"role": "user", "content": [{"type": "text", "text": "a" * 40}]}
    known = prices.estimate({"messages": [message], "max_tokens": 100})
    assert (known.tokens_in, known.tokens_out, known.assumed) == (14, 100, False)
    assert known.cost == pytest.approx(14 / 1000 + 200 / 1000)
    assert prices.estimate({"messages": [message]}).assumed
    assert prices.estimate({"messages": [message], "model": "p/n"}).cost is None
    assert prices.estimate({"messages": [message], "model": "m", "provider": "p"}).cost is not None
    vectors = Prices({"p/m": (1.0, None)}, "embeddings", "p/m").estimate({"text": ["a" * 4, "b" * 8]})
    assert (vectors.tokens_in, vectors.tokens_out, vectors.cost) == (3, 0, pytest.approx(0.003))


def test_startup_of_a_batch_does_not_import_what_it_does_not_need(cli: Cli) -> None:
    code = """
import sys
from indoxrouter_cli import main
main(["batch", "--help"])
print("loaded:", [name for name in ("rich", "httpx", "indoxrouter") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=cli.env
    )
    assert done.stdout.splitlines()[-1] == "loaded: []"
