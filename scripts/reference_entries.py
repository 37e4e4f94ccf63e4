"""Adds entries to docs/reference/ for documented methods and exceptions that have none, and derived pages to the menu.

An entry goes to the end of the page that has the most methods of the operation's tag, with a first example: a call with
the description's own values. Write a better one. Nothing else on the pages is touched.

    python -m scripts.reference_entries
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from . import reference_pages

ROOT = Path(__file__).resolve().parent.parent
METHODS = ("get", "put", "post", "delete", "patch")
_ENTRY = re.compile(r"^::: indoxrouter_ext\.client\.Client\.(\w+)$", re.MULTILINE)
# Where the first method of a new tag goes.
DEFAULT_PAGE = "account.md"
ERRORS = "errors.md"
_PAGE = re.compile(r'= "([^"]+\.md)"')


def methods(spec: dict[str, Any]) -> dict[str, str]:
    """Each method of the client that an operation has, and the operation's tag."""
    found: dict[str, str] = {}
    for item in spec["paths"].values():
        for verb, operation in item.items():
            for entry in operation.get("x-facade", ()) if verb in METHODS else ():
                found.setdefault(entry["name"], operation["tags"][0])
    return found


def calls(spec: dict[str, Any]) -> dict[str, str]:
    """A call of each method, with the description's examples of the arguments that have to be given."""

    def resolved(node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            target: Any = spec
            for piece in node["$ref"].split("/")[1:]:
                target = target[piece]
            node = target
        return node

    found: dict[str, str] = {}
    for item in spec["paths"].values():
        for verb, operation in item.items():
            for entry in operation.get("x-facade", ()) if verb in METHODS else ():
                parameters = [resolved(each) for each in operation.get("parameters", ())]
                given = {each["name"]: each["example"] for each in parameters if each.get("required")}
                for media in operation.get("requestBody", {}).get("content", {}).values():
                    body = next(iter(media["examples"].values()))["value"]
                    needed = resolved(media["schema"]).get("required", ())
                    given.update({name: body[name] for name in needed if name in body})
                    break
                rename = entry.get("rename", {})
                arguments = ", ".join(f"{rename.get(name, name)}={value!r}" for name, value in given.items())
                found.setdefault(entry["name"], f"client.{entry['name']}({arguments})")
    return found


def silent(spec: dict[str, Any]) -> set[str]:
    """The methods that return nothing: no answer of success of their operation has a body."""
    return {
        entry["name"]
        for item in spec["paths"].values()
        for verb, operation in item.items()
        for entry in (operation.get("x-facade", ()) if verb in METHODS else ())
        if not any("content" in each for status, each in operation["responses"].items() if status[0] == "2")
    }


def with_exceptions(page: str, spec: dict[str, Any]) -> str:
    """The page of errors, with an entry for each exception that it lacks, before the line that ends the list."""
    entry = "::: indoxrouter.errors."
    missing = [
        f"{entry}{name}\n    options:\n      inherited_members: false\n\n**Why.** {each['doc']}\n"
        for name, each in spec["components"]["x-exceptions"].items()
        if not re.search(rf"^{entry}{name}$", page, re.MULTILINE)
    ]
    end = re.search(r"^#", page[page.rindex(entry) :], re.MULTILINE)
    at = page.rindex(entry) + end.start() if end else len(page)
    return page[:at] + "".join(f"{each}\n" for each in missing) + page[at:]


def with_pages(menu: str, derived: set[str]) -> str:
    """The settings of the site, with the derived pages that the menu lacks and without those that are gone.

    A page goes behind the last one of its kind: those of a folder whose names begin alike.
    """
    lines = [
        line
        for line in menu.splitlines()
        if not (found := _PAGE.search(line))
        or found[1] in derived
        or not found[1].startswith(reference_pages.FOLDERS)
    ]
    shown = {found[1] for line in lines if (found := _PAGE.search(line))}
    for page in sorted(derived - shown):
        folder, _, name = page.rpartition("/")
        schemas = name.startswith("schemas_")
        alike = [
            at
            for at, line in enumerate(lines)
            if (found := _PAGE.search(line))
            and found[1].rpartition("/")[0] == folder
            and found[1].rpartition("/")[2].startswith("schemas_") == schemas
        ]
        if alike:
            indent = lines[alike[-1]][: len(lines[alike[-1]]) - len(lines[alike[-1]].lstrip())]
            title = name.removesuffix(".md").removeprefix("schemas_").replace("_", " ").capitalize()
            lines.insert(alike[-1] + 1, f'{indent}{{ "{title}" = "{page}" }},')
    return "\n".join(lines) + "\n"


def with_entries(
    pages: dict[str, str],
    tags: dict[str, str],
    examples: dict[str, str] | None = None,
    silent: Collection[str] = (),
) -> dict[str, str]:
    """The pages that change, with entries and the given examples for the methods that no page has."""
    home = {name: page for page, text in pages.items() for name in _ENTRY.findall(text)}
    changed: dict[str, str] = {}
    for name, tag in tags.items():
        if name in home:
            continue
        votes = Counter(page for known, page in home.items() if tags.get(known) == tag)
        page = votes.most_common(1)[0][0] if votes else DEFAULT_PAGE
        text = changed.get(page, pages[page])
        example = (examples or {}).get(name)
        printed = "" if name in silent else "\n```output\nTrue\n```\n"
        code = example if name in silent else f"print({example} is not None)"
        shown = f"\n```python\n{code}\n```\n{printed}" if example else ""
        changed[page] = f"{text.rstrip()}\n\n::: indoxrouter_ext.client.Client.{name}\n{shown}"
    return changed


def main(root: Path = ROOT) -> int:
    """Write the entries."""
    folder = root / "docs" / "reference"
    pages = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}
    spec = yaml.safe_load((root / "openapi.yaml").read_text(encoding="utf-8"))
    changed = with_entries(pages, methods(spec), calls(spec), silent(spec))
    errors = with_exceptions(changed.get(ERRORS, pages[ERRORS]), spec)
    if errors != pages[ERRORS]:
        changed[ERRORS] = errors
    for name, text in changed.items():
        (folder / name).write_text(text, encoding="utf-8")
        print(f"docs/reference/{name}: entries added")
    site = root / "zensical.toml"
    menu = site.read_text(encoding="utf-8")
    wanted = with_pages(menu, {*reference_pages.pages()})
    if wanted != menu:
        site.write_text(wanted, encoding="utf-8")
        print("zensical.toml: the menu has other pages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
