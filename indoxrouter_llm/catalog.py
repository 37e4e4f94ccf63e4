"""The list of models: a file in the folder of `llm`, and the commands that write and print it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import llm
from indoxrouter import Client, IndoxRouterError

__all__ = ["add_commands", "listed"]

FIRST_MODELS = {
    "openai/gpt-4o-mini": ["chat", "vision"],
    "openai/text-embedding-3-small": ["embedding"],
}
"""The models before the first `llm indoxrouter refresh`."""
# Names of a capability that the documents and servers use.
_CHAT = frozenset({"chat", "text_completions", "chat_completions"})
_EMBEDDING = frozenset({"embedding", "embeddings"})


def path() -> Path:
    """The file with the list."""
    return Path(llm.user_dir()) / "indoxrouter-models.json"  # type: ignore[no-untyped-call]


def listed() -> dict[str, list[str]]:
    """The known models, `provider/model`, and what they can do: chat, vision, embedding."""
    try:
        found: Any = json.loads(path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return FIRST_MODELS
    return found if isinstance(found, dict) else FIRST_MODELS


def fetch(client: Client) -> dict[str, list[str]]:
    """The models of the server. Needs no key of an account."""
    found: dict[str, list[str]] = {}
    for provider in client.providers():
        for model in provider.models or []:
            can = {str(each).lower() for each in model.capabilities or []}
            tags = ["chat"] * bool(can & _CHAT) + ["vision"] * ("vision" in can)
            tags += ["embedding"] * bool(can & _EMBEDDING)
            if tags:
                found[f"{provider.id}/{model.id}"] = tags
    return dict(sorted(found.items()))


def add_commands(cli: Any) -> None:
    """Add the group `indoxrouter` to the commands of `llm`."""

    @cli.group(name="indoxrouter")
    def group() -> None:
        """Models of the IndoxRouter API."""

    @group.command()
    def refresh() -> None:
        """Fetch the list of models."""
        try:
            # The catalog needs no key, but a client does.
            with Client(
                llm.get_key("", "indoxrouter", "INDOX_ROUTER_API_KEY") or "none", auth="api_key"
            ) as client:
                models = fetch(client)
        except IndoxRouterError as error:
            raise click.ClickException(str(error)) from None
        path().parent.mkdir(parents=True, exist_ok=True)
        path().write_text(json.dumps(models, indent=1) + "\n", encoding="utf-8")
        click.echo(f"{len(models)} model{'' if len(models) == 1 else 's'} in {path()}")

    @group.command()
    def models() -> None:
        """List the known models, and what they can do."""
        for name, tags in listed().items():
            click.echo(f"indoxrouter/{name}: {', '.join(tags)}")
