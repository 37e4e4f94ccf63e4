"""Writes the derived pages: HTTP operations, from openapi.yaml; schemas as classes; examples; the changelog.

They go to docs/reference/http/, docs/reference/schemas/ and docs/repository/, which the repository does not keep.

    python -m scripts.reference_pages [docs]
"""

from __future__ import annotations

import ast
import json
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import indoxrouter
import yaml
from indoxrouter import models

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("reference/http", "reference/schemas", "repository")
METHODS = ("get", "put", "post", "delete", "patch")
MODELS = ".models."
_OWN_MEMBERS = "    options:\n      inherited_members: false\n"


def pages() -> dict[str, str]:
    """Every derived page: its path below docs/, and its text."""
    text = (ROOT / "openapi.yaml").read_text(encoding="utf-8")
    spec: dict[str, Any] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {
        **{f"reference/http/{name}": text for name, text in _http_pages(spec).items()},
        **{f"reference/schemas/{name}": text for name, text in _schema_pages().items()},
        "repository/examples.md": _examples_page(),
        "repository/changelog.md": _NO_SEARCH + (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
    }


_NO_SEARCH = "---\nsearch:\n  exclude: true\n---\n\n"


def _examples_page() -> str:
    """The programs of examples/, each with its description."""
    parts = [
        "# Examples",
        "Complete programs from the folder `examples/` of the repository. They read the key from "
        "`INDOX_ROUTER_API_KEY`. `INDOX_ROUTER_BASE_URL` names another server, such as the "
        "[mock](../testing-with-the-mock.md).",
    ]
    for path in sorted((ROOT / "examples").glob("*.py")):
        source = path.read_text(encoding="utf-8")
        body = source.split('"""', 2)[2].strip()
        summary, _, usage = (ast.get_docstring(ast.parse(source)) or "").partition("\n\n")
        parts += [f"## {path.name}", " ".join(summary.split())]
        if usage:
            parts.append(f"```text\n{usage}\n```")
        code = "\n".join(f"    {line}".rstrip() for line in body.splitlines())
        parts.append(f'??? example "{path.name}"\n\n    ```python\n{code}\n    ```')
    return "\n\n".join(parts) + "\n"


def _http_pages(spec: dict[str, Any]) -> dict[str, str]:
    """One page for each tag of the spec, and one for the schemas of each module of models."""
    tags = {tag["name"]: tag.get("description", "") for tag in spec.get("tags", [])}
    by_tag: dict[str, list[str]] = {name: [] for name in tags}
    for path, item in spec["paths"].items():
        for method in METHODS:
            if method in item:
                for tag in item[method]["tags"]:
                    by_tag.setdefault(tag, []).append(_operation(spec, path, method, item[method]))
    found = {
        f"{tag}.md": f"# {tag.capitalize()}\n\n{tags.get(tag, '')}\n\n" + "\n\n".join(operations) + "\n"
        for tag, operations in by_tag.items()
    }
    groups: dict[str, list[str]] = {}
    for name, schema in spec["components"]["schemas"].items():
        groups.setdefault(_group(name), []).append(_schema(spec, name, schema))
    for group, texts in groups.items():
        title = f"Schemas: {group.replace('_', ' ')}"
        found[f"schemas_{group}.md"] = f"# {title}\n\n" + "\n\n".join(texts) + "\n"
    return found


@cache
def _group(schema: str) -> str:
    """The module of `indoxrouter.models` that defines the schema."""
    for module in iter_modules(models.__path__):
        if schema in vars(import_module(f"{models.__name__}.{module.name}")):
            return module.name
    return "shared"


def _schema_pages() -> dict[str, str]:
    """One page for each module of `indoxrouter.models`, with the classes that the package exports from it."""
    modules: dict[str, list[str]] = {}
    for name in indoxrouter.__all__:
        module = indoxrouter._MODULES.get(name, "")  # pyright: ignore[reportPrivateUsage]  # the table of exports
        if module.startswith(MODELS):
            modules.setdefault(module.removeprefix(MODELS), []).append(name)
    return {
        f"{module}.md": f"# {module.replace('_', ' ').capitalize()}\n\n"
        + "\n".join(f"::: indoxrouter.models.{module}.{name}\n{_OWN_MEMBERS}" for name in names)
        for module, names in modules.items()
    }


def main(docs: Path = ROOT / "docs") -> None:
    """Write the pages; those that no longer exist are removed."""
    found = pages()
    for folder in FOLDERS:
        (docs / folder).mkdir(parents=True, exist_ok=True)
        for path in (docs / folder).glob("*.md"):
            if f"{folder}/{path.name}" not in found:
                path.unlink()
    for name, text in found.items():
        (docs / name).write_text(text, encoding="utf-8")
    print(f"{docs.name}: {len(found)} derived pages")


def _resolve(spec: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = spec
        for piece in node["$ref"].removeprefix("#/").split("/"):
            target = target[piece.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def _type(node: Any) -> str:
    """A schema in a few words, with links to named schemas."""
    if not isinstance(node, dict):
        return "any"
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return f"[{name}](schemas_{_group(name)}.md#{name.lower()})"
    for key in ("oneOf", "anyOf"):
        if key in node:
            return " or ".join(dict.fromkeys(_type(member) for member in node[key]))
    if "const" in node:
        return f"`{json.dumps(node['const'])}`"
    if "enum" in node:
        return " \\| ".join(f"`{value}`" for value in node["enum"])
    if node.get("type") == "array":
        return f"list of {_type(node.get('items', {}))}"
    kind = str(node.get("type", "any"))
    bounds = [f"{word} {node[key]}" for key, word in _BOUNDS.items() if key in node]
    kind += f" ({node['format']})" if "format" in node else ""
    return f"{kind}, {', '.join(bounds)}" if bounds else kind


_BOUNDS = {
    "minimum": "≥",
    "maximum": "≤",
    "exclusiveMinimum": ">",
    "exclusiveMaximum": "<",
    "minItems": "at least",
}


def _cell(text: Any) -> str:
    return " ".join(str(text or "").split()).replace("|", "\\|")


def _operation(spec: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> str:
    lines = [f"## {operation['summary']} {{#{operation['operationId'].lower()}}}", ""]
    lines += [
        f"`{method.upper()} {path}` · operation `{operation['operationId']}`",
        "",
        operation["description"],
        "",
    ]
    facade = [f"`{entry['name']}`" for entry in operation.get("x-facade", [])]
    if facade:
        lines += [f"In the client: {', '.join(facade)}.", ""]
    parameters = [_resolve(spec, parameter) for parameter in operation.get("parameters", [])]
    if parameters:
        lines += ["| parameter | in | type | |", "| --- | --- | --- | --- |"]
        for parameter in parameters:
            needed = " **required**" if parameter.get("required") else ""
            kind = _cell(_type(parameter["schema"])).replace("\\\\|", "\\|")
            text = f"{needed} {_cell(parameter.get('description'))}"
            lines.append(f"| `{parameter['name']}` | {parameter['in']} | {kind} |{text} |")
        lines.append("")
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        lines.append(f"Body, `{media_type}`: {_type(content.get('schema'))}\n")
        lines += _examples(content)
    if "x-stream" in operation:
        stream = operation["x-stream"]
        asked = f"With `{stream['parameter']}: true`, the" if "parameter" in stream else "The"
        ends = [
            *([f"`{stream['done']}`"] if "done" in stream else []),
            *(f"an event of type `{kind}`" for kind in stream.get("terminal", ())),
        ]
        lines += [f"{asked} answer is a stream{', which ends with ' if ends else ''}{' or '.join(ends)}.", ""]
    lines += ["| status | body | |", "| --- | --- | --- |"]
    for status, response in operation["responses"].items():
        response = _resolve(spec, response)
        bodies = [
            f"`{kind}` {_type(content.get('schema'))}"
            for kind, content in response.get("content", {}).items()
        ]
        lines.append(f"| {status} | {'<br>'.join(bodies) or 'none'} | {_cell(response.get('description'))} |")
    return "\n".join(lines)


def _examples(content: dict[str, Any]) -> list[str]:
    for example in content.get("examples", {}).values():
        if isinstance(example, dict) and "value" in example:
            return [
                "```json",
                json.dumps(example["value"], indent=2, ensure_ascii=False, default=str),
                "```",
                "",
            ]
    return []


def _schema(spec: dict[str, Any], name: str, schema: dict[str, Any]) -> str:
    lines = [f"## {name}", "", str(schema.get("description", "")), ""]
    properties = schema.get("properties", {})
    if properties:
        required = schema.get("required", [])
        lines += ["| field | type | |", "| --- | --- | --- |"]
        for field, node in properties.items():
            needed = "**required** " if field in required else ""
            text = node.get("description") or _resolve(spec, node).get("description")
            lines.append(f"| `{field}` | {_type(node)} | {needed}{_cell(text)} |")
    else:
        lines.append(_type({key: value for key, value in schema.items() if key != "description"}))
    return "\n".join(lines)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
