"""`generator observe`: recordings of a changed API show each change, and the proposed edit describes it."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from indoxrouter import Client

from generator.cli import main
from generator.commands.lint import lint
from generator.description.read import read_leniently
from generator.observation.exchanges import read_recordings
from generator.observation.observer import Observer
from generator.source.node import Resolver
from generator.source.settings import load
from indoxrouter_mock import MockServer, TapeServer
from tests.spec.document import SPEC as DOCUMENT
from tests.spec.document import operation_of

SPEC = load().spec


def _example(path: str) -> dict[str, Any]:
    """The first example of what a GET answers."""
    answer = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    example: dict[str, Any] = next(iter(answer["examples"].values()))["value"]
    return example


USAGE = _example("/user/usage")
CHAT = {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]}


@cache
def our_resolver() -> Resolver:
    """The description, read once."""
    return read_leniently(SPEC).resolver


def exchange(method: str, path: str, status: int = 200, **parts: Any) -> dict[str, Any]:
    request: dict[str, Any] = {"method": method, "path": f"/api/v1{path}"}
    request |= {"headers": {"authorization": "Bearer ***"}, "query": parts.get("query", "")}
    response: dict[str, Any] = {"status": status}
    if "sent" in parts:
        request["body"] = {"json": parts["sent"]}
    if "answer" in parts:
        response["body"] = {"json": parts["answer"]}
    if "events" in parts:
        response["events"] = [{"data": data} for data in parts["events"]]
    if "headers" in parts:
        response["headers"] = parts["headers"]
    return {"tape": 1, "recorded": "", "upstream": "", "request": request, "response": response}


def written(folder: Path, *exchanges: dict[str, Any]) -> str:
    folder.mkdir(exist_ok=True)
    for number, each in enumerate(exchanges, 1):
        (folder / f"{number:04d}.yaml").write_text(yaml.safe_dump(each, sort_keys=False), encoding="utf-8")
    return str(folder)


def observed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    code = main(["observe", *arguments, "--format", "json"])
    findings: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
    assert code == (3 if findings else 0)
    return findings


@pytest.mark.parametrize(
    ("given", "kind", "name", "detail", "place"),
    [
        (exchange("GET", "/user/limits", answer={"a": 1}), "operation", "GET /user/limits", "not described", "/paths"),
        (exchange("GET", "/user/usage", query="colour=red", answer=USAGE), "parameter", "query.colour",
         "not described", "/paths/~1user~1usage/get"),
        (exchange("GET", "/user/usage", answer={**USAGE, "mood": "good"}), "field", "response.mood",
         "string, not described", "/components/schemas/UsageResponse/properties"),
        (exchange("GET", "/user/usage", answer={**USAGE, "total_requests": "one"}), "type",
         "response.total_requests", "string, where integer is described",
         "/components/schemas/UsageResponse/properties/total_requests"),
        (exchange("GET", "/user/usage", answer={**USAGE, "total_requests": None}), "null",
         "response.total_requests", "null, where integer is described",
         "/components/schemas/UsageResponse/properties/total_requests"),
        (exchange("GET", "/videos/jobs/j", answer={"job_id": "j", "status": "paused"}), "enum value", "response.status",
         "'paused' is none of the values", "/components/schemas/VideoJobStatus/anyOf/0/enum"),
        (exchange("GET", "/user/usage", 418, answer={"error": "not_found", "message": "tea"}), "status", "response 418",
         "not described", "/paths/~1user~1usage/get/responses"),
        (exchange("GET", "/user/usage", 429, answer={"error": "too_hot", "message": "m"}), "enum value",
         "response.error", "'too_hot' is none of the values", "/components/schemas/ErrorCode/anyOf/0/enum"),
        (exchange("POST", "/chat/completions", sent={**CHAT, "stream": True},
                  events=[{"type": "response.mood", "mood": "good"}, "[DONE]"]),
         "event type", "event.type", "'response.mood' has no schema of its own",
         "/components/schemas/OtherStreamEvent"),
        (exchange("GET", "/user/usage", answer=USAGE, headers={"x-nowhere": "eu"}), "header", "response.x-nowhere",
         "not described", "/paths/~1user~1usage/get/responses/200"),
        (exchange("POST", "/chat/completions", sent={**CHAT, "temperature": 3}, answer={"data": "Hello"}), "limit",
         "request.temperature", "3 was accepted, maximum is 2",
         "/components/schemas/ChatRequest/properties/temperature/maximum"),
        (exchange("POST", "/chat/completions", sent={**CHAT, "house_style": 7}, answer={"data": "Hello"}), "field",
         "request.house_style", "integer, not described", "/components/schemas/ChatRequest/properties"),
    ],
)  # fmt: skip
def test_each_kind_is_found_with_its_place(
    tmp_path: Path,
    given: dict[str, Any],
    kind: str,
    name: str,
    detail: str,
    place: str,
) -> None:
    exchanges = read_recordings([Path(written(tmp_path / "tape", given, given))], [])
    found = [finding.as_dict() for finding in Observer(our_resolver()).observe(exchanges)]
    assert [(f["kind"], f["name"], f["detail"], f["pointer"], f["count"]) for f in found] == [
        (kind, name, detail, place, 2)
    ]
    line = SPEC.read_text(encoding="utf-8").splitlines()[int(found[0]["line"]) - 1]
    assert place.rsplit("/", 1)[-1].replace("~1", "/") in line or place[-1].isdigit()


def test_proposal_describes_a_changed_api_and_leaves_nothing_to_find(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One new operation with a stream, one renamed field, one enum value more, one status more."""
    renamed = {key: value for key, value in USAGE.items() if key != "remaining_credits"} | {
        "credits_left": 3.5
    }
    tape = written(
        tmp_path / "tape",
        exchange("POST", "/stories", sent={"topic": "boats", "stream": True},
                 events=[{"type": "line", "text": "Once"}, {"type": "line", "text": "upon"}, "[DONE]"]),
        exchange("GET", "/user/usage", answer=renamed),
        exchange("GET", "/videos/jobs/j", answer={"job_id": "j", "status": "paused"}),
        exchange("GET", "/user/usage", 402, answer={"error": "insufficient_credits", "message": "m"}),
    )  # fmt: skip
    root = tmp_path / "project"
    root.mkdir()
    (root / "openapi.yaml").write_text(SPEC.read_text(encoding="utf-8"), encoding="utf-8")
    patch = tmp_path / "observed.patch"
    arguments = ("observe", tape, "--spec", str(root / "openapi.yaml"))
    assert main([*arguments, "--propose", str(patch)]) == 3
    printed = capsys.readouterr()
    assert "4 exchanges: 4 findings" in printed.out
    assert "renamed  GET /user/usage  response.credits_left: remaining_credits was never seen" in printed.out
    assert "left to you" not in printed.err
    text = patch.read_text(encoding="utf-8").replace(f"{root}/", "")
    removed = [line for line in text.splitlines() if line.startswith("-") and not line.startswith("---")]
    # The lines of the renamed field, of the enum and of `x-poll`'s pending states; everything else is added.
    assert len(removed) == 3
    subprocess.run(["git", "apply", "-"], cwd=root, input=text, text=True, check=True)
    assert main([*arguments]) == 0
    assert "nothing new" in capsys.readouterr().out
    document = yaml.safe_load((root / "openapi.yaml").read_text(encoding="utf-8"))
    assert document["paths"]["/stories"]["post"]["x-stream"]["parameter"] == "stream"
    usage = document["components"]["schemas"]["UsageResponse"]["properties"]
    assert usage["credits_left"]["x-renamed-from"] == "remaining_credits"
    assert (
        document["paths"][operation_of("get_video_job_status")["path"]]["get"]["x-poll"]["pending"][-1]
        == "paused"
    )
    assert lint(load(spec=root / "openapi.yaml"))[0] == []


JOB = {"job_id": "j", "status": "processing"}
FAILURE = {"error": "not_found", "message": "m"}
# Drifts of other kinds and in other places, each with all that is found.
DRIFTS: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "a field inside a list": (
        exchange("GET", "/user/api-keys", answer={"keys": [{"id": 7, "name": "laptop", "scope": "read"}]}),
        [("field", "response.keys[].scope")],
    ),
    "null inside a list": (
        exchange("GET", "/user/usage", answer={**USAGE, "daily_usage": [{"date": "2024-03-10", "cost": None}]}),
        [("null", "response.daily_usage[].cost")],
    ),
    "an error code": (
        exchange("GET", "/user/usage", 429, answer={"error": "quota_exhausted", "message": "m"}),
        [("enum value", "response.error")],
    ),
    "a state of a job": (
        exchange("GET", "/videos/jobs/j", answer={**JOB, "status": "archived"}),
        [("enum value", "response.status")],
    ),
    "a status with a shared response": (exchange("GET", "/user/me", 404, answer=FAILURE), [("status", "response 404")]),
    "an accepted job": (exchange("POST", "/videos/jobs/j/cancel", 202, answer=JOB), [("status", "response 202")]),
    "a query parameter of an operation without any": (
        exchange("GET", "/user/me", query="expand=keys", answer=_example("/user/me")),
        [("parameter", "query.expand")],
    ),
    "an operation without a body": (exchange("DELETE", "/user/cache", 204), [("operation", "DELETE /user/cache")]),
    "an operation that is not there": (exchange("GET", "/user/nothing", 404, answer=FAILURE), []),
    "a parameter of a refused request": (
        exchange("GET", "/user/usage", 422, query="colour=red", answer={"detail": "no"}),
        [],
    ),
    "a header that every server sends": (exchange("GET", "/user/usage", answer=USAGE, headers={"server": "nginx"}), []),
    "a state under an open map": (
        exchange("POST", "/chat/completions", sent={**CHAT, "additional_params": {"mood": 1}}, answer={"data": "x"}),
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DRIFTS)
def test_findings_are_exact(tmp_path: Path, name: str) -> None:
    given, expected = DRIFTS[name]
    exchanges = read_recordings([Path(written(tmp_path / "tape", given))], [])
    found = Observer(our_resolver()).observe(exchanges)
    assert [(finding.kind, finding.name) for finding in found] == expected


def test_har_files_give_the_same_findings(tmp_path: Path) -> None:
    """The same exchanges as a proxy writes them."""
    entries: list[dict[str, Any]] = []
    for given, _ in DRIFTS.values():
        request, response = given["request"], given["response"]
        entry: dict[str, Any] = {
            "request": {
                "method": request["method"],
                "url": f"https://api.indoxrouter.com{request['path']}?{request['query']}".rstrip("?"),
                "headers": [],
            },
            "response": {
                "status": response["status"],
                "headers": [
                    {"name": name, "value": value} for name, value in response.get("headers", {}).items()
                ],
                "content": {},
            },
        }
        if "body" in request:
            text = json.dumps(request["body"]["json"])
            entry["request"]["postData"] = {"mimeType": "application/json", "text": text}
        if "body" in response:
            text = json.dumps(response["body"]["json"])
            entry["response"]["content"] = {"mimeType": "application/json", "text": text}
        entries.append(entry)
    path = tmp_path / "proxy.har"
    path.write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")
    found = Observer(our_resolver()).observe(read_recordings([], [path]))
    expected = [pair for _, pairs in DRIFTS.values() for pair in pairs]
    assert sorted((finding.kind, finding.name) for finding in found) == sorted(expected)


def test_what_is_proposed_is_sound_and_complete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tape = written(tmp_path / "tape", *(given for given, _ in DRIFTS.values()))
    root = tmp_path / "project"
    root.mkdir()
    (root / "openapi.yaml").write_text(SPEC.read_text(encoding="utf-8"), encoding="utf-8")
    arguments = ("observe", tape, "--spec", str(root / "openapi.yaml"))
    assert main([*arguments, "--propose", str(tmp_path / "observed.patch")]) == 3
    assert "left to you" not in capsys.readouterr().err
    text = (tmp_path / "observed.patch").read_text(encoding="utf-8").replace(f"{root}/", "")
    subprocess.run(["git", "apply", "-"], cwd=root, input=text, text=True, check=True)
    assert main([*arguments]) == 0
    assert lint(load(spec=root / "openapi.yaml"))[0] == []
    schemas = yaml.safe_load((root / "openapi.yaml").read_text(encoding="utf-8"))["components"]["schemas"]
    assert [
        table["x-error-codes"]["quota_exhausted"] for table in schemas.values() if "x-error-codes" in table
    ] == ["RateLimitError"]


def test_answers_of_the_mock_are_described(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (
        MockServer() as mock,
        TapeServer(tmp_path / "tape", replay=False, upstream=mock.url) as recorder,
        Client(api_key=mock.api_key, base_url=recorder.base_url) as client,
    ):
        client.chat(CHAT["messages"])  # type: ignore[arg-type]
        client.get_usage()
        client.embeddings("Hello")
        client.list_api_keys()
        client.get_user_info()
    assert observed(capsys, str(tmp_path / "tape")) == []


def test_har_files_are_read_and_their_secrets_masked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry: dict[str, Any] = {
        "request": {
            "method": "GET",
            "url": "https://api.indoxrouter.com/api/v1/user/usage",
            "headers": [{"name": "Authorization", "value": "Bearer indox-0123456789abcdef"}],
        },
        "response": {
            "status": 200,
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "content": {
                "mimeType": "application/json",
                "text": json.dumps({**USAGE, "key": {"api_key": "indox-0123456789abcdef"}}),
            },
        },
    }
    page = {**entry, "request": {**entry["request"], "url": "https://example.com/logo.png"}}
    path = tmp_path / "browser.har"
    path.write_text(json.dumps({"log": {"entries": [entry, page]}}), encoding="utf-8")
    found = observed(capsys, "--har", str(path))
    assert [(f["kind"], f["name"], f["example"]) for f in found] == [
        ("field", "response.key", '{"api_key": "***"}')
    ]
    assert found[0]["sources"] == ["browser.har entry 1"]
    assert main(["observe", "--har", str(path)]) == 3
    printed = capsys.readouterr()
    assert "1 exchange (1 outside the API ignored): 1 finding" in printed.out
    assert "0123456789abcdef" not in printed.out + printed.err


@pytest.mark.parametrize(
    ("content", "words"),
    [("tape: 2", "`tape: 1` is missing"), ("a: [", "not YAML (line 2)"), ("tape: 1", "not a tape: KeyError")],
)
def test_unreadable_tape_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, words: str
) -> None:
    (tmp_path / "0001.yaml").write_text(content, encoding="utf-8")
    assert main(["observe", str(tmp_path)]) == 2
    message = capsys.readouterr().err
    assert "0001.yaml" in message
    assert words in message


def test_no_recording_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["observe"]) == 2
    assert main(["observe", str(tmp_path)]) == 2
    assert "there is no tape here" in capsys.readouterr().err
    assert main(["observe", str(tmp_path / "missing")]) == 2
    assert "missing: no such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"log": {"entries": [', "not JSON: Expecting value (line 1, column 22)"),
        (b"[]", "not a HAR file: `log.entries` is missing"),
        (b"\xff\xe3", "not text in UTF-8"),
    ],
)
def test_a_broken_har_is_described(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, words: str
) -> None:
    path = tmp_path / "a.har"
    path.write_bytes(content)
    assert main(["observe", "--har", str(path)]) == 2
    assert capsys.readouterr().err == f"error: {path}: {words}\n"


def test_a_har_in_the_place_of_a_tape_is_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.har").write_text('{"log": {"entries": [', encoding="utf-8")
    assert main(["observe", str(tmp_path / "a.har")]) == 2
    assert "a HAR file is given with --har" in capsys.readouterr().err
