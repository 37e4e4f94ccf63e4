"""The models of the IndoxRouter API for `llm`, the command line and library by Simon Willison.

`llm` finds the functions below by the entry point of this package. They make no request: the models are those of a list
that `llm indoxrouter refresh` writes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llm

from indoxrouter_llm.catalog import add_commands, listed
from indoxrouter_llm.models import AsyncChatModel, ChatModel, Embedder

__all__ = ["register_commands", "register_embedding_models", "register_models"]


@llm.hookimpl
def register_models(register: Callable[..., None]) -> None:
    """Register the models that chat, as `indoxrouter/<provider>/<model>`."""
    for name, tags in listed().items():
        if "chat" in tags:
            register(ChatModel(name, tags), AsyncChatModel(name, tags))


@llm.hookimpl
def register_embedding_models(register: Callable[..., None]) -> None:
    """Register the models that embed."""
    for name, tags in listed().items():
        if "embedding" in tags:
            register(Embedder(name))


@llm.hookimpl
def register_commands(cli: Any) -> None:
    """Add `llm indoxrouter refresh` and `llm indoxrouter models`."""
    add_commands(cli)
