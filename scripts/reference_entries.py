"""Adds an entry to docs/reference/ for each documented method of the client that has none yet.

An entry goes to the end of the page that has the most methods of the operation's tag, with a first example: a call with
the description's own values. Write a better one. Nothing else on the pages is touched.

    python -m scripts.reference_entries
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
METHODS = ("get", "put", "post", "delete", "patch")
_ENTRY = re.compile(r"^::: indoxrouter_ext\.client\.Client\.(\w+)$", re.MULTILINE)
# Where the first method of a new tag goes.
DEFAULT_PAGE = "account.md"


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


def with_entries(
    pages: dict[str, str], tags: dict[str, str], examples: dict[str, str] | None = None
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
        shown = f"\n```python\nprint({example} is not None)\n```\n\n```output\nTrue\n```\n" if example else ""
        changed[page] = f"{text.rstrip()}\n\n::: indoxrouter_ext.client.Client.{name}\n{shown}"
    return changed


def main(root: Path = ROOT) -> int:
    """Write the entries."""
    folder = root / "docs" / "reference"
    pages = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}
    spec = yaml.safe_load((root / "openapi.yaml").read_text(encoding="utf-8"))
    for name, text in with_entries(pages, methods(spec), calls(spec)).items():
        (folder / name).write_text(text, encoding="utf-8")
        print(f"docs/reference/{name}: entries added")
    return 0


if __name__ == "__main__":
    sys.exit(main())
