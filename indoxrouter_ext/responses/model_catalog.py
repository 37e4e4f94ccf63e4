"""The catalogue of models, as the documents have it: provider names, and for each of them its models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.models.model import Model
from indoxrouter._runtime.values.type_guards import is_list

if TYPE_CHECKING:
    from indoxrouter.models import ModelInfo, Provider

    from ..calls.history import CallInfo

__all__ = ["ModelCatalog"]


class ModelCatalog(dict[str, "list[ModelInfo]"]):
    """Models by provider: `catalog["openai"]` is a list of `ModelInfo`.

    A provider is found under its id (`openai`) and, by `[]`, under its name (`OpenAI`) too;
    `catalog["providers"]` is `providers`, as the endpoint guide shows it. `to_dict()` is what the server
    sent.

    Attributes:
        providers: the providers with everything the server says of them.
    """

    def __init__(self, providers: list[Provider], answer: Any = None) -> None:
        super().__init__({provider.id: list(provider.models or []) for provider in providers})
        self.providers = providers
        self._answer = answer

    @classmethod
    def of(cls, answer: Any, provider: str | None = None) -> ModelCatalog:
        """The catalogue from either of its wire forms: a list of providers, or an object that holds one.

        Args:
            answer: as the API's codec made it.
            provider: keep this one only; a provider that is not there gives an empty catalogue.
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
                return self[provider.id]
        raise KeyError(key)

    @property
    def http(self) -> CallInfo | None:
        """Status, headers and attempts of the call, where the server sent an object; see `Client.with_raw_response`."""
        info: CallInfo | None = getattr(self._answer, "__dict__", {}).get("_http_")
        return info

    def to_dict(self) -> Any:
        """What the server sent: an object with `providers`, or a list of them."""
        from indoxrouter._runtime.models.model import dump

        return dump(self._answer if self._answer is not None else self.providers)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}: {len(models)}" for name, models in list(self.items())[:12])
        more = f", … ({len(self)} providers)" if len(self) > 12 else ""
        return f"ModelCatalog({shown}{more})"

    def _repr_html_(self) -> str:
        from .notebook import table

        rows = [
            [
                name,
                model.id,
                ", ".join(model.capabilities or []),
                _price(model, "input"),
                _price(model, "output"),
            ]
            for name, models in self.items()
            for model in models
        ]
        head = ["provider", "model", "capabilities", "input $/1K", "output $/1K"]
        return table(head, rows[:200], f"{len(rows)} models of {len(self)} providers")


def _price(model: ModelInfo, which: str) -> str:
    price = getattr(model.pricing, which, None) if model.pricing is not None else None
    return "" if price is None else f"{price:g}"
