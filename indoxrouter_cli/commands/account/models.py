"""`indoxrouter models`: the models with capabilities and prices."""

from __future__ import annotations

import click

from ...base.errors import CommandError, suggest
from ...command_line.completion import complete_capabilities, complete_providers
from ...console.tables import Column, show_table
from ...output.json_text import print_json
from ...session.model_catalog import CatalogModel
from ...session.session import Session, pass_session


@click.command(
    "models",
    epilog="\b\nExamples:\n  indoxrouter models gpt\n  indoxrouter models --capability vision --sort price\n"
    "  indoxrouter models --json | jq -r '.[].id'\n\nPrices are in US dollars per million tokens.",
)
@click.argument("words", nargs=-1)
@click.option(
    "-p",
    "--provider",
    metavar="NAME",
    help="List only models of this provider.",
    shell_complete=complete_providers,
)
@click.option(
    "-c",
    "--capability",
    "capabilities",
    multiple=True,
    metavar="NAME",
    help="List only models with this capability. Repeatable.",
    shell_complete=complete_capabilities,
)
@click.option(
    "--sort",
    type=click.Choice(["name", "price", "context"]),
    default="name",
    show_default=True,
    help="The order of the list.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the server's description of the models as JSON.")
@pass_session
def command(
    session: Session,
    words: tuple[str, ...],
    provider: str | None,
    capabilities: tuple[str, ...],
    sort: str,
    as_json: bool,
) -> None:
    """List the models whose name or description contains all WORDS.

    No API key is needed.
    """
    entries = session.catalog()
    if provider is not None:
        _check_known("provider", provider, {entry.provider for entry in entries})
    for capability in capabilities:
        _check_known("capability", capability, {name for entry in entries for name in entry.capabilities})
    found = [
        entry
        for entry in entries
        if (provider is None or entry.provider == provider)
        and set(capabilities) <= set(entry.capabilities)
        and all(_mentions(entry, word.lower()) for word in words)
    ]
    if sort == "price":
        found.sort(
            key=lambda entry: (entry.prices[1] is None, sum(price or 0 for price in entry.prices), entry.name)
        )
    elif sort == "context":
        found.sort(key=lambda entry: (-(entry.info.max_tokens or 0), entry.name))
    if as_json:
        print_json([entry.info for entry in found])
        return
    if not found and words:
        matches = suggest(" ".join(words), [entry.name for entry in entries])
        raise CommandError(
            f"No model matches {' '.join(words)!r}.",
            f"Did you mean {' or '.join(matches)}?" if matches else None,
        )
    _print_table(session, found)


def _check_known(what: str, given: str, known: set[str]) -> None:
    if given not in known:
        matches = suggest(given, known)
        hint = f"Did you mean {' or '.join(matches)}?" if matches else f"Known: {', '.join(sorted(known))}."
        raise CommandError(f"Unknown {what} {given!r}.", hint)


def _mentions(entry: CatalogModel, word: str) -> bool:
    return any(
        word in text.lower() for text in (entry.name, entry.info.name or "", entry.info.description or "")
    )


def _print_table(session: Session, entries: list[CatalogModel]) -> None:
    columns = (
        Column("Model"),
        Column("$/M in", right=True),
        Column("$/M out", right=True),
        Column("Context", right=True, optional=True),
        Column("Capabilities", optional=True, wraps=True),
    )
    rows = [
        (
            entry.name,
            *(_price(price) for price in entry.prices),
            _context(entry.info.max_tokens),
            ", ".join(entry.capabilities),
        )
        for entry in entries
    ]
    show_table(session, columns, rows, empty="No models.")


def _price(price: float | None) -> str:
    """USD per million tokens; the server reports prices per thousand."""
    return "–" if price is None else f"{price * 1000:.4g}"


def _context(tokens: int | None) -> str:
    if tokens is None:
        return "–"
    return f"{round(tokens / 1000)}k" if tokens >= 1000 else str(tokens)
