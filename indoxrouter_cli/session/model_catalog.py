"""The models of a server as rows: their name in requests, capabilities and prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from indoxrouter import Client
    from indoxrouter.models import ModelInfo


class CatalogModel(NamedTuple):
    """A model: its name as `provider/model`, its provider, and the server's description of it."""

    name: str
    provider: str
    info: ModelInfo

    @property
    def prices(self) -> tuple[float | None, float | None]:
        """USD per 1,000 tokens, input and output."""
        pricing = self.info.pricing
        return (pricing.input, pricing.output) if pricing is not None else (None, None)

    @property
    def capabilities(self) -> list[str]:
        """The model's capabilities, as the server names them."""
        return self.info.capabilities or []


def load_catalog(client: Client) -> list[CatalogModel]:
    """Ask the server for its models, sorted by name.

    Raises:
        IndoxRouterError: when it does not answer.
    """
    rows = [
        CatalogModel(_name(provider.id, model), provider.id, model)
        for provider in client.models().providers
        for model in provider.models or []
    ]
    return sorted(rows, key=lambda row: row.name)


def _name(provider: str, model: ModelInfo) -> str:
    own = model.model_name or model.id
    return own if own.startswith(f"{provider}/") else f"{provider}/{own}"
