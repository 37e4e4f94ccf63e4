"""Annotations at run time: `typing`, `inspect`, pydantic and FastAPI can use every public name."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import types
import typing
from collections.abc import Callable, Iterator
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import pytest
from fastapi import Depends, FastAPI
from fastapi.dependencies.utils import get_dependant
from indoxrouter import (
    ChatChunk,
    ChatMessage,
    ChatResponse,
    ChatRoleLiteral,
    Client,
    InvalidParametersError,
    ModelCatalog,
    StreamChunk,
    ToolCall,
    Usage,
)
from indoxrouter._runtime.values.introspection import introspectable
from indoxrouter.params import ChatMessageParam
from starlette.testclient import TestClient

from indoxrouter_mock import MockServer

MODULES = ("indoxrouter", "indoxrouter.models", "indoxrouter.params", "indoxrouter.resources")
IMPORTED = {"Annotated", "Any", "FileInput", "Literal", "Mapping", "Required", "Sequence", "TypedDict"}


def public() -> Iterator[tuple[str, Any]]:
    for name in MODULES:
        module = import_module(name)
        for each in getattr(module, "__all__", None) or [name for name in vars(module) if name[0] != "_"]:
            if each not in IMPORTED and each not in (
                "annotations",
                "TYPE_CHECKING",
                "SERVERS",
                "__version__",
            ):
                yield f"{name}.{each}", getattr(module, each)


def functions(owner: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The constructor, the methods and the properties that a class of ours defines itself."""
    for base in owner.__mro__:
        if not base.__module__.startswith("indoxrouter"):
            continue
        for name, member in vars(base).items():
            if name.startswith("_") and name != "__init__":
                continue
            if isinstance(member, (classmethod, staticmethod)):
                member = member.__func__
            elif isinstance(member, property):
                member = member.fget
            elif isinstance(member, cached_property):
                member = member.func
            if inspect.isfunction(member) and (member.__module__ or "").startswith("indoxrouter"):
                yield name, member


def test_there_are_names_to_look_at() -> None:
    names = dict(public())
    assert len(names) > 300
    assert {
        "indoxrouter.Client",
        "indoxrouter.models.Usage",
        "indoxrouter.params.ChatMessageParam",
    } <= names.keys()


@pytest.mark.parametrize("module", MODULES)
def test_type_hints_and_signatures_resolve(module: str) -> None:
    for name, value in public():
        if not name.startswith(f"{module}."):
            continue
        if isinstance(value, type):
            typing.get_type_hints(value)
            for method, function in functions(value):
                hints = typing.get_type_hints(function)
                assert not any(isinstance(hint, (str, typing.ForwardRef)) for hint in hints.values()), method
                signature = inspect.signature(function, eval_str=True)
                assert not any(isinstance(each.annotation, str) for each in signature.parameters.values())
            if not typing.is_typeddict(value) and not hasattr(value, "__total__"):  # as with `dict` itself
                assert inspect.signature(value) is not None
        elif inspect.isfunction(value):
            assert typing.get_type_hints(value)["return"] is not None


def test_a_resource_of_the_api_resolves_as_well() -> None:
    with Client("indox-" + "0" * 32, authenticate=False) as client:
        hints = typing.get_type_hints(client.api.chat.create_chat_completion)
        assert typing.get_origin(hints["messages"]) in (typing.Union, types.UnionType)


def test_hints_are_the_real_classes() -> None:
    cost = next(vars(base)["cost"] for base in ChatResponse.__mro__ if "cost" in vars(base))
    assert typing.get_type_hints(cost.fget)["return"] == float | None
    assert typing.get_type_hints(Client.models)["provider"] == str | None
    assert typing.get_type_hints(ChatMessage)["role"] == ChatRoleLiteral | str
    assert "user" in typing.get_args(ChatRoleLiteral)
    aliases = import_module("indoxrouter")
    assert ChatMessage in typing.get_args(typing.get_args(typing.get_type_hints(Client.chat)["messages"])[0])
    assert not [name for name, value in public() if isinstance(value, str)]
    assert typing.get_origin(aliases.ChatStreamEvent) in (typing.Union, types.UnionType)


def test_nothing_is_imported_for_annotations_before_they_are_read() -> None:
    code = (
        "import sys; from indoxrouter import Client; Client.chat; "
        "assert 'httpx' not in sys.modules and 'indoxrouter.models.chat' not in sys.modules; "
        "import typing; typing.get_type_hints(Client.chat); assert 'indoxrouter.models.chat' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_pydantic_takes_every_public_type() -> None:
    for name, value in public():
        if inspect.isfunction(value) or type(value).__name__ == "Unset":
            continue
        adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(value)
        assert adapter.core_schema, name


# Their arguments are an asynchronous iterable, the arguments of another method, and a NumPy type.
NOT_FOR_PYDANTIC = {"with_raw_response", "to_numpy"}


def test_every_public_method_can_be_validated() -> None:
    for name, value in public():
        if isinstance(value, type):
            for method, function in functions(value):
                if method in NOT_FOR_PYDANTIC:
                    continue
                bound = getattr(value, method)
                checked = pydantic.validate_call(bound if inspect.ismethod(bound) else function)
                assert callable(checked), name
        elif inspect.isfunction(value):
            assert callable(pydantic.validate_call(value)), name


class Exchange(pydantic.BaseModel):
    question: ChatMessage
    history: list[ChatMessageParam] = []
    role: ChatRoleLiteral = "user"
    answer: ChatResponse | None = None
    usage: Usage | None = None


def test_models_are_fields_of_pydantic_models() -> None:
    text = '{"question": {"role": "user", "content": "Hi", "more": 1}, "usage": {"cost": 0.5, "new": [1]}}'
    exchange = Exchange.model_validate_json(text)
    assert isinstance(exchange.question, ChatMessage)
    assert exchange.usage is not None
    assert exchange.usage.cost == 0.5
    assert exchange.model_dump(exclude_unset=True) == {
        "question": {"role": "user", "content": "Hi", "more": 1},
        "usage": {"cost": 0.5, "new": [1]},
    }
    assert Exchange.model_validate_json(exchange.model_dump_json()) == exchange
    answer = ChatResponse.from_dict({"choices": [{"message": {"content": "Hello"}}]})
    whole = Exchange(question=ChatMessage(role="user", content="x"), answer=answer)
    assert whole.answer is answer
    again = Exchange.model_validate_json(whole.model_dump_json()).answer
    assert again is not None
    assert again.text == "Hello"


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"role": "user"}, "content: required by ChatMessage"),
        ({"role": 3, "content": "x"}, "role: expected"),
        ("Hi", "expected ChatMessage or a mapping of its fields, got str"),
    ],
)
def test_a_wrong_field_is_an_error_of_pydantic(question: Any, message: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=message):
        Exchange.model_validate({"question": question})


def test_the_json_schema_of_a_model_names_its_fields() -> None:
    schema = pydantic.TypeAdapter(ChatMessage).json_schema()
    assert (schema["title"], schema["required"]) == ("ChatMessage", ["role", "content"])
    usage = Exchange.model_json_schema()["properties"]["usage"]["anyOf"][0]
    assert usage["properties"]["cost"] == {"anyOf": [{"type": "number"}, {"type": "null"}]}
    assert usage["properties"]["cost_breakdown"]["anyOf"][0]["title"] == "CostBreakdown"


def test_the_json_schema_of_a_model_that_was_imported_from_its_own_module_resolves() -> None:
    code = (
        "import pydantic; from indoxrouter.models.chat import InlineImage; "
        "print(*pydantic.TypeAdapter(InlineImage).json_schema()['properties'])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["data", "media_type"]


CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
CHUNK = {"id": "c", "choices": [{"index": 0, "delta": {"content": "Hi"}}]}
PROVIDERS = [{"id": "a", "name": "A", "models": [{"id": "m", "name": "M"}]}]


class Received(pydantic.BaseModel):
    calls: list[ToolCall]
    chunk: StreamChunk
    catalog: ModelCatalog


def test_dicts_of_ours_are_fields_of_pydantic_models() -> None:
    received = Received.model_validate({"calls": [CALL], "chunk": CHUNK, "catalog": PROVIDERS})
    assert (received.calls[0].name, received.calls[0].arguments) == ("f", {"x": 1})
    assert received.chunk.text == "Hi"
    assert isinstance(received.chunk.event, ChatChunk)
    assert received.catalog["a"][0].name == "M"
    again = Received.model_validate_json(received.model_dump_json())
    assert again == received
    assert again.chunk.received() == CHUNK
    assert type(again.calls[0]) is ToolCall
    assert received.model_dump() == {
        "calls": [CALL],
        "chunk": {**CHUNK, "data": "Hi"},
        "catalog": PROVIDERS,
    }
    listed = Received(calls=again.calls, chunk=again.chunk, catalog=again.catalog)
    assert listed.calls[0] is again.calls[0]
    wrapped = Received.model_validate(
        {"calls": [], "chunk": {"text": "x"}, "catalog": {"providers": PROVIDERS}}
    )
    assert wrapped.catalog == received.catalog
    assert wrapped.chunk.text == "x"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"calls": ["f"]}, "expected ToolCall or a mapping of its fields, got str"),
        ({"chunk": 3}, "expected StreamChunk or a mapping of its fields, got int"),
        ({"catalog": "openai"}, "expected ModelCatalog or a list of providers, got str"),
        ({"catalog": [{"id": 3}]}, r"providers\[0\]\.id: expected text"),
    ],
)
def test_a_wrong_dict_is_an_error_of_pydantic(wrong: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"calls": [], "chunk": CHUNK, "catalog": PROVIDERS, **wrong}
    with pytest.raises(pydantic.ValidationError, match=message):
        Received.model_validate(given)


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_the_json_schema_of_a_dict_names_its_keys(mode: Literal["validation", "serialization"]) -> None:
    fields = Received.model_json_schema(mode=mode)["properties"]
    call, chunk, catalog = fields["calls"]["items"], fields["chunk"], fields["catalog"]
    assert (call["title"], list(call["properties"])) == ("ToolCall", ["id", "type", "function"])
    assert (chunk["type"], chunk["properties"]["data"]["type"]) == ("object", "string")
    assert (catalog["type"], catalog["items"]["title"]) == ("array", "Provider")


def test_hints_that_name_a_package_which_is_not_installed_resolve() -> None:
    code = (
        "import sys; sys.modules['numpy'] = sys.modules['numpy.typing'] = None; import typing; "
        "from indoxrouter import EmbeddingResponse; print(*typing.get_type_hints(EmbeddingResponse.to_numpy))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["dtype", "return"]


def test_a_validated_method_makes_its_call() -> None:
    with MockServer() as mock, Client(mock.api_key, base_url=mock.base_url) as client:
        chat: Callable[..., ChatResponse] = pydantic.validate_call(client.chat)
        assert chat([{"role": "user", "content": "Hi"}], max_tokens=3).text
        with pytest.raises(pydantic.ValidationError, match="max_tokens"):
            chat([{"role": "user", "content": "Hi"}], max_tokens="many")
        with pytest.raises(InvalidParametersError, match="content"):
            chat([{"role": "user"}])


IN_USE: list[Client] = []


def connected() -> Client:
    return IN_USE[-1]


def test_fastapi_takes_our_types_as_dependencies_bodies_and_answers() -> None:
    app = FastAPI()
    with MockServer() as mock, Client(mock.api_key, base_url=mock.base_url) as client:
        IN_USE.append(client)

        @app.post("/ask")
        def ask(
            messages: list[ChatMessageParam], by: Annotated[Client, Depends(connected)], role: ChatRoleLiteral
        ) -> ChatResponse:
            return by.chat([*messages, ChatMessage(role=role, content="Hello")])

        @app.post("/say")
        def say(message: ChatMessage) -> ChatMessage:
            return ChatMessage(role=message.role, content="You said: x")

        @app.get("/models")
        def models(by: Annotated[Client, Depends(connected)]) -> ModelCatalog:
            return by.models("openai")

        web = TestClient(app)
        answer = web.post("/ask?role=user", json=[{"role": "system", "content": "Be brief"}])
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]
        assert web.post("/ask?role=nobody", json=[]).status_code == 422
        said = web.post("/say", json={"role": "user", "content": "x"})
        assert said.json() == {"role": "user", "content": "You said: x"}
        assert web.post("/say", json={"role": "user"}).status_code == 422
        assert "ChatMessage" in str(web.get("/openapi.json").json())
        assert [provider["id"] for provider in web.get("/models").json()] == ["openai"]


RECORD = Path(__file__).parents[1] / "releases" / "0.2.0" / "surface.json"
RECORDED = json.loads(RECORD.read_text("utf-8"))["surface"]
NAMES = sorted(
    name for name, entry in RECORDED.items() if entry["kind"] == "name" and not name.endswith(".SERVERS")
)
METHODS = sorted(
    name
    for name, entry in RECORDED.items()
    if entry["kind"] == "function"
    and name.split(".")[-2][0].isupper()
    and not name.split(".")[-1].startswith("_")
)


def recorded(name: str) -> Any:
    """The object of a dotted name: a module, then attributes of it."""
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            found: Any = import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            found = inspect.getattr_static(found, part) if isinstance(found, type) else getattr(found, part)
        return found
    raise LookupError(name)


def test_the_record_has_names_to_look_at() -> None:
    assert len(NAMES) > 350
    assert len(METHODS) > 200


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_name_is_of_use_at_run_time(name: str) -> None:
    value = recorded(name)
    if inspect.isfunction(value):
        assert "return" in typing.get_type_hints(value)
        assert inspect.signature(value, eval_str=True).return_annotation is not inspect.Signature.empty
        assert callable(pydantic.validate_call(value))
        return
    if isinstance(value, type):
        typing.get_type_hints(value)
    if type(value).__name__ != "Unset" and name.rpartition(".")[2] != "__version__":

        def endpoint(given: Any) -> None: ...

        endpoint.__annotations__["given"] = Annotated[value, Depends(connected)]
        assert get_dependant(path="/", call=endpoint).dependencies[0].call is connected


@pytest.mark.parametrize("name", METHODS)
def test_a_recorded_method_has_a_signature_and_hints(name: str) -> None:
    owner = recorded(name.rpartition(".")[0])
    introspectable(owner, owner.__module__, owner.__name__)  # as the package exports its classes
    member = recorded(name)
    member = getattr(member, "__func__", getattr(member, "fget", getattr(member, "func", member)))
    signature = inspect.signature(member, eval_str=True)
    hints = typing.get_type_hints(member)
    assert hints.keys() == {
        *(each.name for each in signature.parameters.values() if each.annotation is not each.empty),
        *(["return"] if signature.return_annotation is not signature.empty else []),
    }
    assert not any(isinstance(hint, (str, typing.ForwardRef)) for hint in hints.values())
