"""The catalog: providers, models, and which of them are used most."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ..content import fake_text
from ..request.call import Call, operation
from ..spec.errors import ApiError
from ..state.models import CAPABILITY_PATHS, Model, ModelCatalog, Provider

LABELS = {"tts": "text_to_speech", "stt": "speech_to_text", "video": "video_generation"}
"""The API's words for abilities, where the catalog has shorter ones."""

DEFAULT_DAYS, DEFAULT_LIMIT = 7, 10
PREFERRED = (
    "gpt-4o-mini",
    "claude-sonnet-4-5",
    "gemini-2.5-flash",
    "gpt-4o",
    "deepseek-chat",
    "mistral-large-latest",
    "grok-4",
    "o3",
)


def describe(model: Model) -> dict[str, Any]:
    """A model as `ModelInfo`."""
    return {
        "id": model.id,
        "name": model.name,
        "provider": model.provider,
        "capabilities": [LABELS.get(ability, ability) for ability in model.capabilities],
        "description": model.description,
        "max_tokens": model.context or None,
        "pricing": {"input": model.price_in, "output": model.price_out},
    }


def describe_provider(provider: Provider) -> dict[str, Any]:
    """A provider as `ProviderInfo`, with its models."""
    return {
        "id": provider.id,
        "name": provider.name,
        "description": provider.description,
        "capabilities": [LABELS.get(ability, ability) for ability in provider.capabilities],
        "models": [describe(model) for model in provider.models.values()],
    }


@operation("listModels", "listModelsUnslashed")
def list_models(call: Call) -> dict[str, Any]:
    """All providers with their models."""
    return {"providers": [describe_provider(provider) for provider in call.state.models.providers.values()]}


def find_provider(catalog: ModelCatalog, identifier: str) -> Provider:
    """A provider by its id. Raises ApiError 404."""
    provider = catalog.providers.get(identifier)
    if provider is None:
        raise ApiError(404, f"there is no provider {identifier!r}", details={"provider": identifier})
    return provider


@operation("getProvider")
def get_provider(call: Call) -> dict[str, Any]:
    """One provider with its models."""
    return describe_provider(find_provider(call.state.models, call.params["provider_id"]))


@operation("getModel")
def get_model(call: Call) -> dict[str, Any]:
    """One model of a provider."""
    provider = find_provider(call.state.models, call.params["provider_id"])
    model = provider.models.get(call.params["model_id"])
    if model is None:
        raise ApiError(
            404,
            f"{provider.name} has no model {call.params['model_id']!r}",
            details={"model": call.params["model_id"]},
        )
    return describe(model)


@operation(
    "listTextCompletionModels",
    "listEmbeddingModels",
    "listImageGenerationModels",
    "listTextToSpeechModels",
    "listSpeechToTextModels",
    "listVideoGenerationModels",
)
def list_by_capability(call: Call) -> list[dict[str, Any]]:
    """The models of a provider that have the ability that the path ends in."""
    ability = CAPABILITY_PATHS[call.operation.path.rpartition("/")[2]]
    provider = find_provider(call.state.models, call.params["provider_id"])
    return [describe(model) for model in provider.models.values() if ability in model.abilities]


@operation("listTrendingModels")
def list_trending(call: Call) -> list[dict[str, Any]]:
    """Models by their requests in the period, most used first. Models without requests follow in a made-up order."""
    since = call.started - 86_400 * call.query.get("days", DEFAULT_DAYS)
    requests: Counter[tuple[str, str]] = Counter()
    tokens: Counter[tuple[str, str]] = Counter()
    for record in call.state.billing_log.records:
        if record.moment >= since:
            requests[record.provider, record.model] += 1
            tokens[record.provider, record.model] += record.tokens

    def order(model: Model) -> tuple[int, int, float]:
        place = PREFERRED.index(model.id) if model.id in PREFERRED else len(PREFERRED)
        return (
            -requests[model.provider, model.id],
            place,
            fake_text.seeded_random("trending", call.state.seed, model.provider, model.id).random(),
        )

    ranked = sorted(call.state.models.all(), key=order)[: call.query.get("limit", DEFAULT_LIMIT)]
    return [
        {
            "id": model.id,
            "name": model.name,
            "provider": model.provider,
            "requests": requests[model.provider, model.id],
            "tokens": tokens[model.provider, model.id],
            "rank": rank,
        }
        for rank, model in enumerate(ranked, 1)
    ]
