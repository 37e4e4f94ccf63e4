"""The catalog of models: providers, and the models of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indoxrouter import models
from indoxrouter._runtime.codecs.base import near_names, no_attribute, raise_invalid_argument
from indoxrouter._runtime.models.model import Model, dump
from indoxrouter._runtime.models.pydantic_support import PydanticField, json_schema
from indoxrouter._runtime.values.json import is_list, is_mapping, is_sequence

if TYPE_CHECKING:
    from indoxrouter.models import ModelInfo, Provider

    from ..calls.answer import CallInfo


class ModelCatalog(PydanticField, dict[str, "list[ModelInfo]"]):
    """Models by provider: `catalog["openai"]` is a list of `ModelInfo`.

    A provider is found under its id (`openai`) and, with `[]`, also under its name (`OpenAI`). One whose id is not
    text is only in `providers`. `catalog["providers"]` is the same as `catalog.providers`. `to_dict()` returns what
    was received.

    Attributes:
        providers: the providers with everything that the server reports about them.
    """

    def __init__(self, providers: list[Provider], answer: Any = None) -> None:
        super().__init__()
        for provider in providers:
            key: Any = provider.id  # whatever the server sent
            if isinstance(key, str):
                self[key] = _models_of(provider)
        self.providers = providers
        self._answer = answer

    @classmethod
    def of(cls, answer: Any, provider: str | None = None) -> ModelCatalog:
        """The catalog from either of its wire forms: a list of providers, or an object with such a list.

        Args:
            answer: the decoded answer.
            provider: id or name of the only provider to keep; the catalog is empty if there is none.
        """
        found: Any = getattr(answer, "providers", answer)
        items: list[Any] = found if is_list(found) else []
        providers: list[Any] = [item for item in items if isinstance(item, Model)]
        if provider is not None:
            providers = [item for item in providers if provider in (item.id, item.name)]
        return cls(providers, answer)

    def __missing__(self, key: str) -> Any:
        if key == "providers":
            return self.providers
        for provider in self.providers:
            if provider.name == key:
                return _models_of(provider)
        hint = near_names(str(key), self, f"there are {', '.join(self) or 'none'}")
        raise KeyError(f"no provider {key!r:.60}; {hint}")

    if not TYPE_CHECKING:  # hidden from type checkers, so that they report misspelt attributes

        def __getattr__(self, name: str) -> Any:
            if name in self:
                raise AttributeError(f"ModelCatalog has no {name!r}; use catalog[{name!r}]")
            raise no_attribute(self, name, {"data": "providers", "models": "values()"})

    @classmethod
    def _from_json_(cls, value: Any) -> ModelCatalog:
        items: Any = value.get("providers") if is_mapping(value) else value
        if not is_sequence(items):
            raise ValueError(f"expected ModelCatalog or a list of providers, got {type(value).__name__}")
        wire: dict[str, Any] = {"providers": dump(list(items))}
        models.ProviderList._check_wire_(wire)  # pyright: ignore[reportPrivateUsage]  # made for pydantic
        return cls(models.ProviderList.from_dict(wire).providers)

    def _to_json_(self) -> Any:
        return dump(self.providers)

    @classmethod
    def _json_schema_(cls) -> dict[str, Any]:
        return {"type": "array", "title": cls.__name__, "items": json_schema(models.Provider)}

    @property
    def http(self) -> CallInfo | None:
        """The HTTP side of the call; None if the server sent a list (see `Client.with_raw_response`)."""
        info: CallInfo | None = getattr(self._answer, "__dict__", {}).get("_http_")
        return info

    def to_dict(self) -> Any:
        """What was received: an object with `providers`, or a list of them."""
        return dump(self._answer if self._answer is not None else self.providers)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}: {len(models)}" for name, models in list(self.items())[:12])
        more = f", … ({len(self)} providers)" if len(self) > 12 else ""
        return f"ModelCatalog({shown}{more})"


def check_provider(provider: object) -> None:
    """Raise `InvalidParametersError` for a provider that is not named by text, before the catalog is requested."""
    if provider is not None and not isinstance(provider, str):
        raise_invalid_argument("provider", provider, "the id or the name of a provider")


def _models_of(provider: Provider) -> list[ModelInfo]:
    models: Any = provider.models  # whatever the server sent, if it is not a list
    return models if is_list(models) else []
