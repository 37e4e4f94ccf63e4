"""The clients behind a chat model or an embedding model, created on first use."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping
from typing import Any

from indoxrouter import AsyncClient, Client
from langchain_core.utils.utils import from_env, secret_from_env
from pydantic import BaseModel, Field, PrivateAttr, SecretStr

__all__ = ["Connection"]

KEY, URL = "INDOX_ROUTER_API_KEY", "INDOX_ROUTER_BASE_URL"


class Connection(BaseModel):
    """How the API is reached. A mixin for models of LangChain.

    Attributes:
        api_key: by default the environment variable `INDOX_ROUTER_API_KEY`.
        base_url: by default `INDOX_ROUTER_BASE_URL`, else the production server.
        timeout: seconds to wait for the next byte of an answer; None for the client's default of 30.
        max_retries: attempts after the first one, where a retry is safe.
        client_options: further options of the clients, such as `budget`, `observers` or `fallback_models`.
        client, async_client: clients of your own in place of those that are made from the fields above. You close them.
    """

    api_key: SecretStr | None = Field(default_factory=secret_from_env(KEY, default=None))
    base_url: str | None = Field(default_factory=from_env(URL, default=None))
    timeout: float | None = None
    max_retries: int = 2
    client_options: Mapping[str, Any] = Field(default_factory=dict, exclude=True, repr=False)
    client: Any = Field(default=None, exclude=True, repr=False)
    async_client: Any = Field(default=None, exclude=True, repr=False)

    _made: dict[str, Any] = PrivateAttr(default_factory=dict)
    _lock: Any = PrivateAttr(default_factory=threading.Lock)

    def blocking(self) -> Client:
        """The client that the synchronous methods use."""
        client: Client = self.client or self._make("blocking", Client, authenticate=False)
        return client

    def asynchronous(self) -> AsyncClient:
        """The client that the asynchronous methods use."""
        client: AsyncClient = self.async_client or self._make("asynchronous", AsyncClient)
        return client

    def _make(self, name: str, kind: Any, **options: Any) -> Any:
        with self._lock:
            if name not in self._made:
                if self.timeout is not None:
                    options["timeout"] = self.timeout
                self._made[name] = kind(
                    api_key=None if self.api_key is None else self.api_key.get_secret_value(),
                    base_url=self.base_url,
                    max_retries=self.max_retries,
                    **options,
                    **self.client_options,
                )
            return self._made[name]

    def close(self) -> None:
        """Close the connections of the synchronous methods. They are opened again when needed."""
        client = self._made.pop("blocking", None)
        if client is not None:
            client.close()

    async def aclose(self) -> None:
        """Close the connections of the asynchronous methods. They are opened again when needed."""
        client = self._made.pop("asynchronous", None)
        if client is not None:
            await client.close()

    def __del__(self) -> None:
        # Programs with LangChain do not close their models. The clients close themselves, without the warning.
        private: Any = getattr(self, "__pydantic_private__", None)
        if private and private.get("_made"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)
                private["_made"].clear()

    def __getstate__(self) -> dict[Any, Any]:
        state = super().__getstate__()  # connections and locks stay behind
        return {**state, "__pydantic_private__": None}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        super().__setstate__({**state, "__pydantic_private__": {"_made": {}, "_lock": threading.Lock()}})
