"""The models of a server as rows: what they are called in requests, what they can do, what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from indoxrouter import Client
    from indoxrouter.models import ModelInfo

__all__ = ["CatalogModel", "load_catalog"]


class CatalogModel(NamedTuple):
    """A model: its name as `provider/model`, and what the server says of it."""

    name: str
    provider: str
    info: ModelInfo

    @property
    def prices(self) -> tuple[float | None, float | None]:
        """USD per 1,000 tokens, in and out."""
        pricing = self.info.pricing
        return (pricing.input, pricing.output) if pricing is not None else (None, None)

    @property
    def capabilities(self) -> list[str]:
        """What the model can do."""
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
