"""A client that gets a large answer made of models: typed objects, what happened on the wire, and failures as ever."""

from __future__ import annotations

import json
from typing import Any

import pytest
from indoxrouter import Client, ModelInfo, Provider
from indoxrouter.errors import APIError, IndoxRouterError

from tests.performance.counting import KEY, CannedEngine

MODELS = [
    {
        "id": f"m{number}",
        "name": f"Model {number}",
        "capabilities": ["chat"],
        "pricing": {"input": number / 1000, "output": 1, "unit": "token"},
        "description": "Words " * 20,
        "released": "2026-01-15",
    }
    for number in range(400)
]
PROVIDERS = [{"id": "openai", "name": "OpenAI", "models": MODELS, "site": "https://example.com"}]
FORMS = [PROVIDERS, {"providers": PROVIDERS, "page": 1}]


def client_for(body: Any) -> Client:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert len(text) > 64 * 1024
    return Client(KEY, base_url="http://127.0.0.1:1", auth="api_key", engine=CannedEngine([text]))


@pytest.mark.parametrize("body", FORMS, ids=["list", "object"])
def test_the_catalog_reads_in_every_documented_way(body: Any) -> None:
    with client_for(body) as client:
        catalog = client.models()
    (provider,) = catalog.providers
    assert type(provider) is Provider
    assert [model.id for model in catalog["OpenAI"]] == [model["id"] for model in MODELS]
    assert all(isinstance(model, ModelInfo) for model in catalog["openai"])
    assert sum(model.pricing.input or 0 for model in catalog["openai"] if model.pricing) == pytest.approx(
        79.8
    )
    assert catalog["openai"][7]["released"] == "2026-01-15"
    assert catalog["openai"][7].pricing == MODELS[7]["pricing"]
    assert catalog.to_dict() == body
    assert list(catalog.to_dict()) == list(body)


def test_a_large_object_knows_what_happened_on_the_wire() -> None:
    with client_for(FORMS[1]) as client:
        answer: Any = client.api.models.list_models()
        assert answer.http.status == 200
        assert client.models().http is not None


@pytest.mark.parametrize("told", [{"error": "Broken"}, {"detail": "Broken"}])
def test_a_failure_in_a_large_success_is_raised(told: dict[str, Any]) -> None:
    body = {"success": False, "providers": PROVIDERS, **told}
    with client_for(body) as client, pytest.raises(IndoxRouterError, match="Broken"):
        client.models()


def test_words_about_failures_further_down_are_no_failure() -> None:
    told = [{**PROVIDERS[0], "error": "none so far", "detail": {"success": False}}]
    with client_for({"providers": told}) as client:
        (provider,) = client.models().providers
    assert type(provider) is Provider
    assert provider["error"] == "none so far"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[:-1], "not valid JSON"),
        (lambda text: text.replace(b'"2026-01-15"', b'"\\q"', 1), "not valid JSON"),
    ],
)
def test_a_large_answer_that_cannot_be_read_is_refused_at_once(change: Any, said: str) -> None:
    with client_for(change(json.dumps(PROVIDERS).encode())) as client, pytest.raises(APIError, match=said):
        client.models()


def test_broken_text_in_a_large_answer_is_read_with_replacement_characters() -> None:
    broken = json.dumps(PROVIDERS).encode().replace(b'"id": "', b'"id": "\xff', 1)
    with client_for(broken) as client:
        providers: Any = client.models().providers
    assert providers[0].id.startswith("\N{REPLACEMENT CHARACTER}")


def test_fields_of_another_kind_come_out_as_they_came() -> None:
    odd = [{**MODELS[0], "id": 7, "capabilities": "chat", "pricing": "free"}, "text", None, *MODELS]
    with client_for([{"id": "openai", "models": odd}, 5, {"id": "other", "models": {"m": 1}}]) as client:
        providers: Any = client.api.models.list_models()
    first = providers[0].models[0]
    assert (first.id, first.capabilities, first.pricing) == (7, "chat", "free")
    assert providers[0].models[1:3] == ["text", None]
    assert providers[1] == 5
    assert providers[2].models == {"m": 1}
