"""Models are mappings: whatever reads a dict reads them, and gives the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from indoxrouter import ChatMessage, ChatResponse, Client, Usage
from indoxrouter.models import ModelInfo

from indoxrouter_mock import MockServer

USAGE: dict[str, Any] = {"cost": 0.5, "tokens_total": 3, "new": {"a": 1}}
ENVELOPE = {"success": True, "data": "Hello", "usage": USAGE}


@pytest.mark.parametrize(
    ("model", "plain"),
    [
        (Usage.from_dict(USAGE), USAGE),
        (ChatMessage(role="user", content="Hi"), {"role": "user", "content": "Hi"}),
        (ModelInfo.from_dict({"id": "m", "name": "M"}), {"id": "m", "name": "M"}),
    ],
)
def test_a_model_gives_what_its_dict_gives(model: Any, plain: dict[str, Any]) -> None:
    assert issubclass(type(model), Mapping)
    assert dict(model) == {**model} == plain
    assert (list(model), len(model), model.keys()) == (list(plain), len(plain), plain.keys())
    assert (list(model.items()), list(model.values())) == (list(plain.items()), list(plain.values()))
    assert model.get("absent", 3) == 3
    assert json.loads(json.dumps(model.to_dict())) == json.loads(json.dumps(model, default=dict)) == plain
    assert model == plain
    assert list(reversed(model)) == list(reversed(plain))
    assert (model | {"x": 1}, {"x": 1} | model) == (plain | {"x": 1}, {"x": 1} | plain)
    with pytest.raises(TypeError, match="unsupported operand"):
        model | 3


def test_a_match_statement_takes_a_response_apart() -> None:
    match ChatResponse.from_dict(ENVELOPE):
        case {"success": True, "usage": {"cost": cost}, **rest}:
            assert (cost, rest["data"]) == (0.5, "Hello")
        case _:
            pytest.fail("a response is no mapping")
    match ChatMessage(role="user", content="Hi"):
        case {"role": "assistant"}:
            pytest.fail("a role that it does not have")
        case ChatMessage(role="user", content=text):
            assert text == "Hi"


def test_a_response_is_sent_back_as_a_mapping() -> None:
    with MockServer() as mock, Client(mock.api_key, base_url=mock.base_url) as client:
        first = client.chat([{"role": "user", "content": "Hi"}])
        client.chat([first.choices[0].message or {}, {"role": "user", "content": "x"}])
        assert mock.requests[-1]["body"]["messages"][0]["content"] == first.text
        client.chat([{"role": "user", "content": "x"}], additional_params=Usage.from_dict({"seed": 3}))
        assert mock.requests[-1]["body"]["additional_params"] == {"seed": 3}


def test_a_model_is_no_list() -> None:
    with (
        Client("indox-" + "0" * 32, authenticate=False) as client,
        pytest.raises(ValueError, match="messages: expected a list"),
    ):
        client.chat(ChatMessage(role="user", content="x"))  # type: ignore[arg-type]
