"""The law between the two clients, and between each of them and the spec.

Between the clients: they have the same public names. A method has the same parameters, in the same order, of
the same kinds, with the same defaults, and the same documentation in its first line. A method of
`AsyncClient` is awaited exactly if the same method of `Client` waits for the server. Differences are the
class names that carry `Async`, and nothing else.

Between a client and the spec: every `x-facade` entry is a method; its positional parameters are those that
the entry names, in that order; every parameter of the operation and every field of its body is a keyword,
under its name in the spec or the one that the entry gives it; its default is the entry's, else the
`x-client-default`, else None; its documentation is the spec's.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
from indoxrouter import AsyncClient, Client

from generator.schema.names import snake
from tests.spec.document import SPEC, operation_of


def public(kind: type) -> dict[str, Any]:
    names = {name for name in dir(kind) if not name.startswith("_")}
    return {name: inspect.getattr_static(kind, name) for name in names | {"_authenticate"}}


SYNC, ASYNC = public(Client), public(AsyncClient)

# What has no counterpart, and why.
ONLY_ASYNC = {
    "aclose": "the name that `contextlib.aclosing` calls",
    "map": "many calls at once need tasks",
}
# Methods that wait for nobody in either client.
NOTHING_TO_WAIT_FOR = {
    "diagnose_request", "enable_debug", "on_unknown", "set_base_url", "video_job", "with_options",
}  # fmt: skip


def methods() -> list[str]:
    return sorted(name for name in SYNC if inspect.isfunction(SYNC[name]))


def test_both_clients_have_the_same_public_names() -> None:
    assert set(ASYNC) - set(ONLY_ASYNC) == set(SYNC)


@pytest.mark.parametrize("name", methods())
def test_parameters_and_defaults_are_the_same(name: str) -> None:
    def shape(function: Any) -> list[tuple[str, Any, Any]]:
        parameters = inspect.signature(function).parameters.values()
        return [(parameter.name, parameter.kind, parameter.default) for parameter in parameters]

    assert shape(SYNC[name]) == shape(ASYNC[name])


def neutral(annotation: Any) -> str:
    text = re.sub(r"\bAsync(?=[A-Z])", "", str(annotation))
    return re.sub(r"Awaitable\[(\w+)\]", r"\1", text)


@pytest.mark.parametrize("name", methods())
def test_annotations_differ_in_the_word_async_only(name: str) -> None:
    mine, theirs = SYNC[name].__annotations__, ASYNC[name].__annotations__
    assert {key: neutral(value) for key, value in mine.items()} == {
        key: neutral(value) for key, value in theirs.items()
    }


@pytest.mark.parametrize("name", methods())
def test_a_method_is_awaited_exactly_if_it_waits(name: str) -> None:
    assert inspect.iscoroutinefunction(ASYNC[name]) == (name not in NOTHING_TO_WAIT_FOR)
    assert not inspect.iscoroutinefunction(SYNC[name])


@pytest.mark.parametrize("name", methods())
def test_the_first_line_of_the_documentation_is_the_same(name: str) -> None:
    def first(function: Any) -> str:
        line = re.split(r"(?<=\.) |; see ", (inspect.getdoc(function) or "").splitlines()[0])[0].rstrip(".")
        return line

    assert first(SYNC[name])
    assert first(SYNC[name]).startswith(first(ASYNC[name])) or first(ASYNC[name]).startswith(
        first(SYNC[name])
    )


def resolve(node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        found: Any = SPEC
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def facade_entries() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    return [
        (entry["name"], entry, operation)
        for path in SPEC["paths"].values()
        for verb, operation in path.items()
        if verb in ("get", "post", "delete", "put", "patch")
        for entry in operation.get("x-facade", ())
    ]


def former(node: dict[str, Any]) -> list[str]:
    """The former names of a parameter or a field, which are keywords as well."""
    names = node.get("x-renamed-from", [])
    return [names] if isinstance(names, str) else names


def arguments_of(entry: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """Argument name to the default that the client must have for it; `inspect.Parameter.empty` for required ones."""
    found: dict[str, Any] = {}
    defaults = entry.get("defaults", {})
    rename = entry.get("rename", {})
    for parameter in map(resolve, operation.get("parameters", ())):
        name = parameter["name"] if parameter["in"] != "header" else snake(parameter["name"])
        required = inspect.Parameter.empty if parameter.get("required") else None
        found[rename.get(name, name)] = defaults.get(name, parameter.get("x-client-default", required))
        found.update(dict.fromkeys(former(parameter)))
    content = resolve(operation.get("requestBody", {})).get("content", {})
    schema = resolve(next(iter(content.values()))["schema"]) if content else {}
    stream = operation.get("x-stream", {}).get("parameter")
    for name, field in schema.get("properties", {}).items():
        required = inspect.Parameter.empty if name in schema.get("required", ()) else None
        default = False if name == stream else field.get("x-client-default", required)
        found[rename.get(name, name)] = defaults.get(name, default)
        found.update(dict.fromkeys(former(field)))
    for name, extra in entry.get("extra", {}).items():
        found[name] = extra.get("default")
    for name in entry.get("fixed", {}):
        found[name] = inspect.Parameter.empty
    return found


@pytest.mark.parametrize("client", [Client, AsyncClient], ids=["Client", "AsyncClient"])
@pytest.mark.parametrize(
    ("name", "entry", "operation"), facade_entries(), ids=[name for name, _, _ in facade_entries()]
)
def test_a_method_takes_what_the_spec_says(
    client: type, name: str, entry: dict[str, Any], operation: dict[str, Any]
) -> None:
    parameters = dict(inspect.signature(getattr(client, name)).parameters)
    del parameters["self"]
    rest = [key for key, parameter in parameters.items() if parameter.kind is parameter.VAR_KEYWORD]
    named = {key: parameter.default for key, parameter in parameters.items() if key not in rest}
    assert named == arguments_of(entry, operation)
    positional = [key for key, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    rename = entry.get("rename", {})
    assert positional == [rename.get(key, key) for key in entry.get("positional", ())]
    takes_more = "additional_params" in named
    assert rest == (["kwargs"] if takes_more else ["options"])


HAND_WRITTEN = {
    "models"
}  # the spec has it; what it adds by hand is the mapping, and the documentation says so


@pytest.mark.parametrize("client", [Client, AsyncClient], ids=["Client", "AsyncClient"])
@pytest.mark.parametrize(
    ("name", "entry", "operation"), facade_entries(), ids=[name for name, _, _ in facade_entries()]
)
def test_a_method_is_documented_as_the_spec_has_it(
    client: type, name: str, entry: dict[str, Any], operation: dict[str, Any]
) -> None:
    text = " ".join((inspect.getdoc(getattr(client, name)) or "").split())
    if name not in HAND_WRITTEN and "fixed" not in entry:
        assert text.startswith(operation["summary"])
    if name not in HAND_WRITTEN:
        for argument in arguments_of(entry, operation):
            assert f"{argument}:" in text


def test_the_defaults_of_waiting_are_those_of_the_spec() -> None:
    poll = operation_of("get_video_job_status")["x-poll"]
    parameters = inspect.signature(Client.wait_for_video_job).parameters
    assert parameters["check_interval"].default == poll["interval"]
    assert parameters["max_wait_time"].default == poll["deadline"]
    assert list(parameters) == ["self", "job_id", "check_interval", "max_wait_time", "callback", "options"]


@pytest.mark.parametrize("client", [Client, AsyncClient], ids=["Client", "AsyncClient"])
def test_every_method_that_is_documented_anywhere_is_there(client: type) -> None:
    documented = [
        "chat",
        "completion",
        "completions",
        "embeddings",
        "images",
        "image",
        "videos",
        "text_to_speech",
        "speech_to_text",
        "translate_audio",
        "models",
        "providers",
        "get_model_info",
        "model_info",
        "trending_models",
        "models_by_capability",
        "get_usage",
        "get_user_info",
        "get_transactions",
        "list_api_keys",
        "create_api_key",
        "revoke_api_key",
        "enable_api_key",
        "delete_api_key",
        "delete_account",
        "get_analytics_usage",
        "get_analytics_sessions",
        "get_model_performance",
        "get_video_job_status",
        "list_video_jobs",
        "cancel_video_job",
        "wait_for_video_job",
        "stop_completion_stream",
        "stop_chat_stream",
        "test_connection",
        "diagnose_request",
        "enable_debug",
        "set_base_url",
        "_authenticate",
        "close",
    ]
    assert [name for name in documented if not callable(getattr(client, name, None))] == []
    protocol = ("__enter__", "__exit__") if client is Client else ("__aenter__", "__aexit__")
    assert all(hasattr(client, name) for name in protocol)
