"""The reference is complete: every public name and every method of the client stands on exactly one page."""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import indoxrouter
import pytest
import yaml
from indoxrouter import AsyncClient, Client

from scripts import reference_entries, reference_pages
from tests.docs.pages import ROOT

_ENTRY = re.compile(r"^::: (\S+)$", re.MULTILINE)
REFERENCE = ROOT / "docs" / "reference"
REMEDY = (
    "`python -m scripts.reference_entries` adds methods and exceptions to docs/reference; add others by hand"
)
# By name, because checkers that read this for Python 3.10 know no tomllib. The tests need 3.11.
tomllib: Any = import_module("tomllib")
ALIASES = {"AsyncIndoxRouter", "IndoxRouter", "__version__"}
"""Other names of something that has an entry, and a text: the page of the client mentions them."""


def _texts() -> dict[str, str]:
    written = {
        path.relative_to(REFERENCE).as_posix(): path.read_text(encoding="utf-8")
        for path in REFERENCE.glob("*.md")
    }
    derived = {
        name.removeprefix("reference/"): text
        for name, text in reference_pages.pages().items()
        if name.startswith("reference/")
    }
    return {**written, **derived}


TEXTS = _texts()
ENTRIES = Counter(entry for text in TEXTS.values() for entry in _ENTRY.findall(text))


def _is_public(entry: str, name: str) -> bool:
    """Whether an entry is that of a public name, not of something else that is called the same."""
    module, _, last = entry.rpartition(".")
    if last != name:
        return False
    found = getattr(import_module(module), name)
    return found is getattr(indoxrouter, name) or not isinstance(found, type)


@pytest.mark.parametrize("name", sorted({*indoxrouter.__all__} - ALIASES))
def test_every_public_name_stands_on_one_page(name: str) -> None:
    assert [count for entry, count in ENTRIES.items() if _is_public(entry, name)] == [1], REMEDY


@pytest.mark.parametrize("name", sorted(name for name in dir(Client) if not name.startswith("_")))
def test_every_method_of_the_client_stands_on_one_page(name: str) -> None:
    assert ENTRIES[f"{Client.__module__}.Client.{name}"] == 1, REMEDY


def test_what_only_the_asynchronous_client_has_is_there_too() -> None:
    own = {name for name in dir(AsyncClient) if not name.startswith("_")} - {*dir(Client)}
    assert own == {"aclose", "map"}
    assert ENTRIES["indoxrouter_ext.async_client.AsyncClient.map"] == 1
    assert "members: [aclose]" in TEXTS["client.md"]


@pytest.mark.parametrize("page", sorted(name for name in TEXTS if "/" not in name and name != "engines.md"))
def test_every_page_has_an_example(page: str) -> None:
    """An entry of a method is followed by code that calls it."""
    for part in re.split(r"^(?=::: )", TEXTS[page], flags=re.MULTILINE):
        found = re.match(r"::: \S+\.(?:Client\.|functions\.|image_input\.)([a-z_]+)$", part, re.MULTILINE)
        if found is not None:
            assert f"{found[1]}" in part.partition("```python")[2].partition("```")[0], found[1]
    assert "```python" in TEXTS[page] or page == "model.md"


def test_the_site_shows_every_page() -> None:
    config = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))

    def shown(node: Any) -> set[str]:
        if isinstance(node, str):
            return {node}
        return {page for part in (node.values() if isinstance(node, dict) else node) for page in shown(part)}

    docs = ROOT / "docs"
    derived = {*reference_pages.pages()}
    folders = {Path(folder) for folder in reference_pages.FOLDERS}
    written = {
        path.relative_to(docs).as_posix()
        for path in docs.rglob("*.md")
        if path.relative_to(docs).parent not in folders
    }
    assert shown(config["project"]["nav"]) == written | derived


def test_what_the_search_leaves_out_is_listed_on_a_page_that_it_finds() -> None:
    """The search cannot rank pages: those for maintainers are found through one page, and users' pages come first."""
    texts = {
        path.relative_to(ROOT / "docs").as_posix(): path.read_text("utf-8")
        for path in (ROOT / "docs").glob("*.md")
    }
    texts |= reference_pages.pages()
    left_out = {name for name, text in texts.items() if text.startswith("---\nsearch:\n  exclude: true")}
    assert {"architecture.md", "extensions.md", "repository/changelog.md"} <= left_out
    assert "the-project.md" not in left_out
    linked = set(re.findall(r"\]\(([\w/-]+\.md)\)", texts["the-project.md"]))
    assert linked == left_out | {"performance.md"}


def test_a_new_method_gets_its_entry_on_the_page_of_its_tag() -> None:
    entry = "::: indoxrouter_ext.client.Client"
    pages = {
        "account.md": f"# Account\n\n{entry}.get_usage\n",
        "audio.md": f"# Audio\n\n{entry}.speak\n\n{entry}.listen\n",
    }
    tags = {"get_usage": "user", "speak": "audio", "listen": "audio"}
    assert reference_entries.with_entries(pages, tags) == {}
    found = reference_entries.with_entries(pages, {**tags, "sing": "audio", "swim": "water"})
    assert found == {
        "audio.md": f"{pages['audio.md']}\n{entry}.sing\n",
        "account.md": f"{pages['account.md']}\n{entry}.swim\n",
    }
    assert reference_entries.with_entries({**pages, **found}, {**tags, "sing": "audio"}) == {}
    shown = reference_entries.with_entries(pages, {"sing": "audio"}, {"sing": "client.sing(song='a')"})
    assert shown["account.md"].endswith(
        f"{entry}.sing\n\n```python\nprint(client.sing(song='a') is not None)\n```\n\n```output\nTrue\n```\n"
    )


def test_a_method_that_returns_nothing_is_called_and_not_printed() -> None:
    pages = {"account.md": "# Account\n"}
    found = reference_entries.with_entries(pages, {"drop": "user"}, {"drop": "client.drop()"}, {"drop"})
    assert found["account.md"].endswith(".drop\n\n```python\nclient.drop()\n```\n")


def test_a_new_exception_gets_its_entry_at_the_end_of_the_list() -> None:
    page = "# Errors\n\n::: indoxrouter.errors.A\n\nText.\n\n## More\n\nText.\n"
    spec = {"components": {"x-exceptions": {"A": {"doc": "a"}, "B": {"doc": "When b."}}}}
    found = reference_entries.with_exceptions(page, spec)
    entry = "::: indoxrouter.errors.B\n    options:\n      inherited_members: false\n\n**Why.** When b.\n"
    assert found == page.replace("## More", f"{entry}\n## More")
    assert reference_entries.with_exceptions(found, spec) == found


def test_derived_pages_come_into_the_menu_and_leave_it() -> None:
    menu = (
        '    { Own = "index.md" },\n      { Chat = "reference/http/chat.md" },\n'
        '      { Chat = "reference/http/schemas_chat.md" },\n'
    )
    derived = {"reference/http/chat.md", "reference/http/new_one.md"}
    found = reference_entries.with_pages(menu, derived)
    assert found == menu.splitlines(keepends=True)[0] + (
        '      { Chat = "reference/http/chat.md" },\n      { "New one" = "reference/http/new_one.md" },\n'
    )
    assert reference_entries.with_pages(found, derived) == found


def test_methods_of_the_description_have_entries_already() -> None:
    spec = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))
    calls = reference_entries.calls(spec)
    assert calls["get_usage"] == "client.get_usage()"
    assert calls["get_provider"] == "client.get_provider(provider='openai')"
    assert set(calls) == set(reference_entries.methods(spec)) <= {name.rpartition(".")[2] for name in ENTRIES}
