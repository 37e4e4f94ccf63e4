"""The providers and models that the mock offers, read from models.txt, with what a call to each of them costs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from pathlib import Path

CAPABILITY_PATHS = {
    "text_completions": "completion",
    "embeddings": "embedding",
    "image_generation": "image",
    "text_to_speech": "tts",
    "speech_to_text": "stt",
    "video_generation": "video",
}
"""The API's names for lists of models, and the catalog's ability for each."""


@dataclass(slots=True, frozen=True)
class Model:
    """One model. Prices are USD per 1K tokens; `unit` is USD for an image, a second of video, a minute of audio, or
    1K characters.
    """

    id: str
    provider: str
    abilities: frozenset[str]
    context: int
    price_in: float
    price_out: float
    unit: float = 0.0
    dimensions: int = 0
    longest_answer: int = 0
    """Tokens of an answer; 0 where the catalog knows no other limit than the context."""
    sizes: tuple[str, ...] = ()
    """Sizes of images; empty for a model that makes any."""

    @property
    def name(self) -> str:
        """A title: `gpt-4o-mini` is `GPT-4o Mini`."""
        words = re.split(r"[-_ /]+", self.id)
        title = " ".join(word if any(c.isdigit() for c in word) else word.capitalize() for word in words)
        return re.sub(r"^(Gpt|Tts) (\S+)", lambda found: f"{found[1].upper()}-{found[2]}", title)

    @property
    def capabilities(self) -> list[str]:
        """The model's abilities in the order in which lists show them."""
        return [ability for ability in ORDER if ability in self.abilities]

    @property
    def description(self) -> str:
        """One line about the model."""
        kinds = " and ".join(
            WORDS[ability] for ability in ORDER if ability in self.abilities and ability in WORDS
        )
        return f"{self.name}: {kinds} by {self.provider}"

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """USD for a call of that many tokens."""
        return tokens_in / 1000 * self.price_in + tokens_out / 1000 * self.price_out


ORDER = (
    "chat",
    "completion",
    "vision",
    "audio",
    "tools",
    "reasoning",
    "embedding",
    "image",
    "tts",
    "stt",
    "video",
)
WORDS = {
    "chat": "chat",
    "completion": "text completion",
    "embedding": "text embedding",
    "image": "image generation",
    "tts": "speech",
    "stt": "transcription",
    "video": "video generation",
}


@dataclass(slots=True)
class Provider:
    """One provider and its models, by id."""

    id: str
    name: str
    description: str
    models: dict[str, Model] = field(default_factory=dict[str, Model])

    @property
    def capabilities(self) -> list[str]:
        """All abilities of its models."""
        found = {ability for model in self.models.values() for ability in model.abilities}
        return [ability for ability in ORDER if ability in found]


def made_up(name: str, provider: str | None = None) -> Model:
    """A model that is in no catalog: it can do everything, and costs nothing."""
    first, slash, rest = name.partition("/")
    if provider is None:
        provider, name = (first, rest) if slash and rest else ("unknown", name)
    return Model(name.removeprefix(f"{provider}/"), provider, frozenset(ORDER), 128_000, 0.0, 0.0)


class ModelCatalog:
    """Providers by id, and a way from what a request names to a model."""

    def __init__(self, providers: dict[str, Provider]) -> None:
        self.providers = providers

    def __len__(self) -> int:
        return sum(len(provider.models) for provider in self.providers.values())

    def find(self, model: str, provider: str | None = None) -> Model | None:
        """A model by `provider/model`, by a bare id with `provider` beside it, or by a bare id that one provider
        has.
        """
        if provider:
            owner = self.providers.get(provider)
            if owner is None:
                return None
            return owner.models.get(model) or owner.models.get(model.removeprefix(f"{provider}/"))
        first, _, rest = model.partition("/")
        named = self.providers.get(first)
        if named is not None and rest in named.models:
            return named.models[rest]
        for owner in self.providers.values():
            if model in owner.models:
                return owner.models[model]
        return None

    def extended(self) -> ModelCatalog:
        """A copy that can be added to."""
        return ModelCatalog(dict(self.providers))

    def add(self, model: Model) -> None:
        """Add a model, under a new provider if there is none of its name. A model of the same id is replaced."""
        known = self.providers.get(model.provider)
        name, description = (known.name, known.description) if known else (model.provider, "Added by a test")
        models = {**(known.models if known else {}), model.id: model}
        self.providers[model.provider] = Provider(model.provider, name, description, models)

    def all(self) -> list[Model]:
        """Every model of every provider."""
        return [model for provider in self.providers.values() for model in provider.models.values()]


@lru_cache(maxsize=1)
def model_catalog() -> ModelCatalog:
    """The catalog, read once in a process: it never changes."""
    providers: dict[str, Provider] = {}
    current: Provider | None = None
    for line in (Path(__file__).parent / "models.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        columns = [column.strip() for column in line.split("|")]
        if line.startswith("@"):
            current = Provider(columns[0][1:], columns[1], columns[2])
            providers[current.id] = current
        elif current is not None:
            for model in _family(columns, current.id):
                current.models[model.id] = model
    return ModelCatalog(providers)


def _family(columns: list[str], provider: str) -> list[Model]:
    pattern, abilities, context, prices = columns[:4]
    price_in, price_out = (float(price) for price in prices.split())
    more = dict(item.split("=") for item in columns[4].split()) if len(columns) > 4 else {}
    return [
        Model(
            id=identifier,
            provider=provider,
            abilities=frozenset(abilities.split()),
            context=int(context),
            price_in=price_in,
            price_out=price_out,
            unit=float(more.get("unit", 0)),
            dimensions=int(more.get("dim", 0)),
            longest_answer=int(more.get("out", 0)),
            sizes=tuple(more["sizes"].split(",")) if "sizes" in more else (),
        )
        for identifier in _expanded(pattern)
    ]


def _expanded(pattern: str) -> list[str]:
    """Every id that a pattern with `{a,b}` alternatives describes."""
    pieces = re.split(r"\{([^{}]*)\}", pattern)
    choices = [piece.split(",") if index % 2 else [piece] for index, piece in enumerate(pieces)]
    return ["".join(chosen) for chosen in product(*choices)]
