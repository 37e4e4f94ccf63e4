"""`indoxrouter api`: every operation of the spec, without a hand-written list."""

from __future__ import annotations

from typing import Any

import click
import pytest
from indoxrouter.about import OPERATIONS

from indoxrouter_cli.base import exit_codes
from indoxrouter_cli.command_line.operation_arguments import Argument, parse_value
from indoxrouter_cli.commands.tools.api import command
from indoxrouter_mock import MockServer
from tests.cli.conftest import Cli
from tests.spec.document import SPEC

IN_SPEC = {
    operation["operationId"]: operation["tags"][0]
    for path in SPEC["paths"].values()
    for method, operation in path.items()
    if method in ("get", "post", "put", "patch", "delete")
}


def find(tag: str, name: str) -> click.Command:
    context = click.Context(command)
    group = command.get_command(context, tag)
    assert isinstance(group, click.Group)
    found = group.get_command(context, name)
    assert found is not None
    return found


def test_the_commands_are_the_operations_of_the_spec() -> None:
    context = click.Context(command)
    offered = set()
    for tag in command.list_commands(context):
        group = command.get_command(context, tag)
        assert isinstance(group, click.Group)
        offered |= {(tag, name) for name in group.list_commands(context)}
    assert offered == {(tag, OPERATIONS[name][1].replace("_", "-")) for name, tag in IN_SPEC.items()}


@pytest.mark.parametrize("operation", IN_SPEC)
def test_every_field_of_an_operation_is_an_option_with_the_specs_words(operation: str) -> None:
    tag, name = OPERATIONS[operation]
    found = find(tag, name.replace("_", "-"))
    options = {option for parameter in found.params for option in parameter.opts}
    spec = next(
        o
        for path in SPEC["paths"].values()
        for o in path.values()
        if isinstance(o, dict) and o.get("operationId") == operation
    )
    wanted = {
        parameter["name"] if "name" in parameter else resolve(parameter)["name"]
        for parameter in spec.get("parameters", [])
    }
    for media in resolve(spec.get("requestBody", {})).get("content", {}).values():
        wanted |= set(properties(media["schema"]))
        break
    assert {"--" + field.lower().replace("_", "-") for field in wanted} <= options
    assert all(isinstance(p, click.Option) and p.help for p in found.params)


def resolve(node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        target: Any = SPEC
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/")]
        node = target
    return node


def properties(schema: Any) -> dict[str, Any]:
    schema = resolve(schema)
    found = dict(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        found |= properties(part)
    return found


def test_an_operation_is_called_and_its_answer_printed(cli: Cli) -> None:
    model = cli("api", "models", "get-model", "--provider-id", "openai", "--model-id", "gpt-4o-mini").json
    assert model["id"] == "gpt-4o-mini"
    assert cli("api", "health", "getHealth", env={"INDOX_ROUTER_API_KEY": None}).json["status"]


def test_values_of_all_kinds_reach_the_request(cli: Cli, mock: MockServer) -> None:
    cli.file("messages.json", '[{"role": "user", "content": "from a file"}]')
    result = cli(
        "api", "chat", "create-chat-completion", "--messages", "@messages.json", "--temperature", "0.5",
        "--max-tokens", "null", "--stream", "false", "--additional-params", '{"seed": 7}', "--model", "openai/gpt-4o",
    )  # fmt: skip
    assert result.code == 0, result.err
    body = mock.requests[-1]["body"]
    assert body == {
        "messages": [{"role": "user", "content": "from a file"}], "temperature": 0.5, "max_tokens": None,
        "stream": False, "additional_params": {"seed": 7}, "model": "openai/gpt-4o",
    }  # fmt: skip


def test_a_whole_body_and_single_fields_go_together(cli: Cli, mock: MockServer) -> None:
    result = cli(
        "api",
        "embeddings",
        "create-embedding",
        "--body",
        "@-",
        "--model",
        "openai/text-embedding-3-small",
        stdin='{"text": "hi"}',
    )
    assert result.code == 0, result.err
    assert mock.requests[-1]["body"] == {"text": "hi", "model": "openai/text-embedding-3-small"}


def test_an_upload_is_a_path(cli: Cli) -> None:
    assert cli("speak", "-o", "talk.mp3", "hello").code == 0
    assert cli("api", "audio", "create-transcription", "--file", "talk.mp3").json["text"]
    missing = cli("api", "audio", "create-transcription", "--file", "nowhere.mp3")
    assert missing.code == exit_codes.USAGE


def test_events_of_a_stream_are_printed_one_to_a_line(cli: Cli) -> None:
    result = cli(
        "api",
        "chat",
        "create-chat-completion",
        "--messages",
        '[{"role":"user","content":"hi"}]',
        "--stream",
        "true",
    )
    assert result.code == 0, result.err
    events = result.rows
    assert len(events) > 3
    assert "hi" in "".join(
        event["choices"][0]["delta"].get("content") or "" for event in events if event.get("choices")
    )


def test_what_is_missing_or_wrong_is_said_before_anything_is_sent(cli: Cli, mock: MockServer) -> None:
    missing = cli("api", "embeddings", "create-embedding")
    assert (missing.code, "--text" in missing.err) == (exit_codes.USAGE, True)
    wrong = cli("api", "embeddings", "create-embedding", "--text", "x", "--additional-params", "no json")
    assert (wrong.code, "--additional-params: expected JSON" in wrong.err) == (exit_codes.USAGE, True)
    bounds = cli("api", "chat", "create-chat-completion", "--messages", "[]")
    assert bounds.code == exit_codes.USAGE
    assert mock.requests == []


def test_what_cannot_be_undone_is_asked_about(cli: Cli, mock: MockServer) -> None:
    result = cli("api", "user", "delete-account")
    assert result.code == exit_codes.USAGE
    assert "--yes" in result.err
    assert mock.requests == []
    assert cli("api", "user", "delete-account", "--yes").code == 0


def test_an_answer_is_written_to_a_file(cli: Cli) -> None:
    assert cli("api", "models", "list-models", "-o", "models.json").out == ""
    assert (cli.directory / "models.json").read_text().startswith("{")
    assert cli("api", "models", "list-models", "-o", "models.json").code == exit_codes.USAGE


def test_secrets_are_not_echoed_in_messages(cli: Cli) -> None:
    from indoxrouter._runtime.codecs.factory import integer

    from indoxrouter_cli.base.errors import CommandError

    with pytest.raises(CommandError) as caught:
        parse_value(Argument("byok_api_key", integer(), False, True), "hush-hush")
    assert "hush" not in str(caught.value)
