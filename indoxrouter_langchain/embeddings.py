"""The embedding model."""

from __future__ import annotations

from typing import Any

from langchain_core.embeddings import Embeddings
from pydantic import ConfigDict, Field

from indoxrouter_langchain.connection import Connection

__all__ = ["IndoxRouterEmbeddings"]


class IndoxRouterEmbeddings(Connection, Embeddings):
    """Embeddings of the IndoxRouter API.

    Args:
        model: `provider/model`, such as `openai/text-embedding-3-small`.
        batch_size: most texts of one request.
        model_kwargs: further arguments of `Client.embeddings`, such as `dimensions`.
        api_key, base_url, timeout, max_retries, client_options, client, async_client: see `Connection`.
    """

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, protected_namespaces=())

    model: str = "openai/text-embedding-3-small"
    batch_size: int = Field(default=256, ge=1)
    model_kwargs: dict[str, Any] = Field(default_factory=dict)

    def _batches(self, texts: list[str]) -> list[list[str]]:
        return [texts[start : start + self.batch_size] for start in range(0, len(texts), self.batch_size)]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """The vectors of texts, in their order."""
        found: list[list[float]] = []
        for batch in self._batches(texts):
            found += self.blocking().embeddings(batch, model=self.model, **self.model_kwargs).data
        return found

    def embed_query(self, text: str) -> list[float]:
        """The vector of one text."""
        return self.embed_documents([text])[0]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """The vectors of texts, in their order."""
        found: list[list[float]] = []
        for batch in self._batches(texts):
            response = await self.asynchronous().embeddings(batch, model=self.model, **self.model_kwargs)
            found += response.data
        return found

    async def aembed_query(self, text: str) -> list[float]:
        """The vector of one text."""
        return (await self.aembed_documents([text]))[0]
