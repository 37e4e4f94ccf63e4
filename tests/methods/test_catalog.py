"""Models and providers: the documented mapping, from both wire forms, and everything about one model."""

from __future__ import annotations

from typing import Any

import pytest
from indoxrouter import InvalidParametersError, ModelCatalog, ModelNotFoundError, ProviderNotFoundError
from indoxrouter import models as generated

from tests.methods.harness import Harness

PROVIDERS: list[Any] = [
    {"id": "openai", "name": "OpenAI", "models": [{"id": "gpt-4o-mini", "provider": "openai"}]},
    {"id": "mistral", "name": "Mistral AI", "models": []},
    {"id": "bare"},
]


def test_models_is_a_mapping_of_provider_to_its_models(harness: Harness) -> None:
    catalog = harness.models()
    assert isinstance(catalog, dict)
    assert isinstance(catalog, ModelCatalog)
    assert len(catalog) >= 12
    assert all(isinstance(model, generated.ModelInfo) for models in catalog.values() for model in models)
    assert "gpt-4o-mini" in {model["id"] for model in catalog["openai"]}
    assert catalog["OpenAI"] is catalog["openai"]
    assert [provider.id for provider in catalog.providers] == list(catalog)
    assert catalog["providers"] is catalog.providers
    assert "openai: " in repr(catalog)


def test_one_provider_can_be_picked(harness: Harness) -> None:
    assert list(harness.models("openai")) == ["openai"]
    assert list(harness.models(provider="openai")) == ["openai"]
    assert harness.models(provider="nobody") == {}


@pytest.mark.parametrize(
    "wrap", [lambda found: generated.ProviderList.from_dict({"providers": found}), lambda found: found]
)
def test_both_wire_forms_give_the_same_mapping(wrap: Any) -> None:
    providers = [generated.Provider.from_dict(provider) for provider in PROVIDERS]
    answer = wrap(PROVIDERS if isinstance(wrap(PROVIDERS), generated.ProviderList) else providers)
    catalog = ModelCatalog.of(answer)
    assert {name: [model.id for model in models] for name, models in catalog.items()} == {
        "openai": ["gpt-4o-mini"],
        "mistral": [],
        "bare": [],
    }
    plain = catalog.to_dict()
    assert plain in (PROVIDERS, {"providers": PROVIDERS})
    with pytest.raises(KeyError):
        _ = catalog["nobody"]


def test_providers_are_a_list_with_their_models(harness: Harness) -> None:
    providers = harness.providers()
    assert isinstance(providers, list)
    assert all(isinstance(provider, generated.Provider) for provider in providers)
    assert providers[0].models


@pytest.mark.parametrize("method", ["get_model_info", "model_info"])
def test_one_model_is_described(harness: Harness, method: str) -> None:
    info = getattr(harness, method)("openai", "gpt-4o-mini")
    assert isinstance(info, generated.ModelInfo)
    assert info["id"] == info.id == "gpt-4o-mini"
    assert info.pricing is not None
    assert info.pricing.input is not None
    assert getattr(harness, method)(provider="openai", model="gpt-4o-mini") == info


def test_model_ids_with_slashes_and_colons_are_found(harness: Harness) -> None:
    odd = [
        (name, model.id)
        for name, models in harness.models().items()
        for model in models
        if "/" in model.id or ":" in model.id
    ]
    assert any("/" in model for _, model in odd)
    assert any(":" in model for _, model in odd)
    for provider, model in odd[:4]:
        assert harness.get_model_info(provider, model).id == model


def test_what_is_not_there_is_named_by_its_exception(harness: Harness) -> None:
    with pytest.raises(ModelNotFoundError):
        harness.get_model_info("openai", "gpt-0")
    with pytest.raises(ProviderNotFoundError):
        harness.get_provider("nobody")


@pytest.mark.parametrize("model", ["../../admin", "%2e%2e/x", "a//b", ""])
def test_a_model_id_cannot_lead_elsewhere(harness: Harness, model: str) -> None:
    before = len(harness.mock.requests)
    with pytest.raises(InvalidParametersError, match=r"^model: "):
        harness.get_model_info("openai", model)
    assert len(harness.mock.requests) == before


CAPABILITIES = [
    "text_completions",
    "embeddings",
    "image_generation",
    "text_to_speech",
    "speech_to_text",
    "video_generation",
]


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_models_by_capability(harness: Harness, capability: str) -> None:
    found = harness.models_by_capability("openai", capability)
    assert all(isinstance(model, generated.ModelInfo) for model in found)
    assert harness.last_request["path"] == f"/api/v1/models/openai/{capability}"


def test_an_unknown_capability_is_refused_with_the_known_ones(harness: Harness) -> None:
    before = len(harness.mock.requests)
    with pytest.raises(InvalidParametersError, match=r"capability.*'text_completions'"):
        harness.models_by_capability("openai", "telepathy")
    assert len(harness.mock.requests) == before


def test_trending_models(harness: Harness) -> None:
    harness.chat([{"role": "user", "content": "x"}])
    found = harness.trending_models(days=7, limit=3)
    assert isinstance(found, list)
    assert len(found) <= 3
    assert all(isinstance(model, generated.TrendingModel) for model in found)
    assert harness.last_request["query"] == "days=7&limit=3"


def test_the_catalog_is_asked_with_the_token_at_hand(harness: Harness) -> None:
    """The documents disagree on whether it needs credentials; a server that needs none ignores them."""
    harness.get_usage()  # after this there is one
    harness.models()
    assert "authorization" in harness.last_request["headers"]
