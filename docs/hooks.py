"""MkDocs hooks: they generate the HTTP reference from openapi.yaml whenever the site is built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
METHODS = ("get", "put", "post", "delete", "patch")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add one page for each tag of the spec, and one for its schemas, under reference/http/."""
    spec: dict[str, Any] = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))
    tags = {tag["name"]: tag.get("description", "") for tag in spec.get("tags", [])}
    by_tag: dict[str, list[str]] = {name: [] for name in tags}
    for path, item in spec["paths"].items():
        for method in METHODS:
            if method in item:
                for tag in item[method]["tags"]:
                    by_tag.setdefault(tag, []).append(_operation(spec, path, method, item[method]))
    for tag, operations in by_tag.items():
        text = f"# {tag.capitalize()}\n\n{tags.get(tag, '')}\n\n" + "\n\n".join(operations)
        files.append(File.generated(config, f"reference/http/{tag}.md", content=text))
    schemas = spec["components"]["schemas"]
    text = "# Schemas\n\n" + "\n\n".join(_schema(spec, name, schema) for name, schema in schemas.items())
    files.append(File.generated(config, "reference/http/schemas.md", content=text))
    return files


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
        return f"[{name}](schemas.md#{name.lower()})"
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
