"""Finds the description that a server publishes of itself, and compares it with ours."""

from __future__ import annotations

import json
import re
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import yaml

from ..compatibility.diff import BREAKS, compare
from ..compatibility.report import FORMS
from ..description.operations import METHODS
from ..source.json_types import is_object
from ..source.problems import SpecRefused, plural
from ..source.settings import GeneratorSettings

# Where frameworks publish their description, and the pages that name it.
DOCUMENTS = ("openapi.json", "openapi.yaml", "swagger.json", "v3/api-docs", "api-docs", "schema")
PAGES = ("docs", "redoc", "swagger", "swagger-ui", "reference", "scalar")
_LINK = re.compile(
    r"""(?:\burl\s*:\s*|\bspec-url\s*=\s*|\bspecUrl\s*[:=]\s*|\bdata-url\s*=\s*)["']([^"'\s]+)["']"""
)


class NothingFound(Exception):
    """The server publishes no description that could be found."""


@dataclass(frozen=True)
class Published:
    """A description of a server: where it was found, and its content."""

    url: str
    document: dict[str, Any]


def find(url: str, headers: dict[str, str]) -> Published:
    """The server's own description: at the URL itself, at the usual places, or named by a documentation page.

    Raises:
        NothingFound: with every place that was tried, and its answer.
    """
    tried: dict[int, list[str]] = {}
    with httpx.Client(headers=headers, follow_redirects=True, timeout=30) as client:
        for place in _places(url):
            response = _get(client, place)
            tried.setdefault(response.status_code, []).append(place)
            if response.is_error:
                continue
            document = _document(response.text)
            if document is not None:
                return Published(str(response.url), document)
            for link in _LINK.findall(response.text):
                target = urljoin(str(response.url), link)
                if urlsplit(target).netloc != urlsplit(str(response.url)).netloc:
                    continue  # the credentials are for this server only
                answer = _get(client, target)
                tried.setdefault(answer.status_code, []).append(target)
                document = _document(answer.text) if answer.is_success else None
                if document is not None:
                    return Published(str(answer.url), document)
    raise NothingFound(_nowhere(url, tried, given="authorization" in {name.lower() for name in headers}))


def _get(client: httpx.Client, place: str) -> httpx.Response:
    try:
        return client.get(place)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NothingFound(f"{place}: {type(error).__name__}: {error}") from error


def _nowhere(url: str, tried: dict[int, list[str]], *, given: bool) -> str:
    """Which places gave which status, and what may help."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    count = sum(map(len, tried.values()))
    lines = [f"no OpenAPI description at {origin}; {plural(count, 'place')} tried:"]
    for status, places in sorted(tried.items()):
        listed = ", ".join(place.removeprefix(origin) or "/" for place in places)
        lines.extend(
            textwrap.wrap(f"{status}: {listed}", 110, initial_indent="  ", subsequent_indent=" " * 7)
        )
    if {401, 403} & tried.keys():
        lines.append(
            "these credentials were refused: look at --header"
            if given
            else "it asks for credentials: give them by --header 'Authorization: Bearer ...'"
        )
    return "\n".join(lines)


def _places(url: str) -> Iterator[str]:
    yield url
    parts = urlsplit(url)
    segments = [piece for piece in parts.path.split("/") if piece]
    # `/api/v1`, `/api` and the root: a framework may be mounted at any of them.
    for count in range(len(segments), -1, -1):
        base = f"{parts.scheme}://{parts.netloc}/" + "".join(f"{piece}/" for piece in segments[:count])
        for name in (*DOCUMENTS, *PAGES):
            yield base + name


def _document(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError):
        return None
    return found if is_object(found) and ("openapi" in found or "swagger" in found) else None


def _operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """(method, path below the server's base path, without the names of parameters) -> operation."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    paths: dict[str, Any] = document.get("paths") or {}
    for path, item in paths.items():
        for method, operation in item.items() if is_object(item) else ():
            if method in METHODS and is_object(operation):
                found[method, re.sub(r"\{[^}]*\}", "{}", path)] = operation
    return found


def aligned(document: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    """The published description with our base path, and our ids and `x-` keys on the operations that both have.

    Frameworks make ids out of function names and know nothing of `x-` keys; without this every operation would be
    removed and added.
    """
    servers: list[dict[str, Any]] = ours.get("servers") or []
    theirs: list[dict[str, Any]] = document.get("servers") or []
    bases = {urlsplit(str(server.get("url"))).path.rstrip("/") for server in servers}
    paths: dict[str, Any] = document.get("paths") or {}
    for base in sorted(bases - {""}, key=len, reverse=True):
        if paths and any(path.startswith(f"{base}/") for path in paths):
            paths = {
                path.removeprefix(base) if path.startswith(f"{base}/") else path: item
                for path, item in paths.items()
            }
            break
    document = {**document, "paths": paths}
    # A framework seldom knows the address that it is reached under.
    if servers and not any(urlsplit(str(server.get("url"))).netloc for server in theirs):
        document["servers"] = servers
    known = _operations(ours)
    for key, operation in _operations(document).items():
        if key in known:
            operation["operationId"] = known[key].get("operationId")
            operation["tags"] = known[key].get("tags")
            for name, value in known[key].items():
                if name.startswith("x-"):
                    operation.setdefault(name, value)
    components = document.setdefault("components", {})
    own: dict[str, Any] = ours.get("components") or {}
    for name, value in own.items():
        if name.startswith("x-"):
            components.setdefault(name, value)
    return document


def live(url: str, settings: GeneratorSettings, headers: dict[str, str], form: str) -> int:
    """Compare; the exit code: 0 equal, 3 different, 1 unreadable, 2 nothing found."""
    try:
        published = find(url, headers)
    except NothingFound as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    version = str(published.document.get("openapi", published.document.get("swagger")))
    if not version.startswith("3."):
        print(
            f"error: {published.url} publishes OpenAPI {version}; only 3.0 and 3.1 are supported",
            file=sys.stderr,
        )
        return 1
    ours = yaml.safe_load(settings.spec.read_text(encoding="utf-8"))
    document = aligned(published.document, ours)
    here, there = _operations(ours), _operations(document)
    with tempfile.TemporaryDirectory(prefix="indoxrouter-live-") as directory:
        path = Path(directory) / "published.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        candidate = replace(settings, spec=path, strict=False, lenient=True)
        try:
            # As JSON too: redocly takes what stands behind an anchor of YAML for missing.
            known_as_json = Path(directory) / "ours.json"
            known_as_json.write_text(json.dumps(ours, default=str), encoding="utf-8")
            comparison = compare(known_as_json, candidate, shown=(settings.spec.name, published.url))
        except SpecRefused as refusal:
            for problem in refusal.problems:
                print(f"error: {str(problem).replace(str(path), published.url)}", file=sys.stderr)
            print(f"{published.url}: {plural(len(refusal.problems), 'problem')}", file=sys.stderr)
            return 1
    print(FORMS[form](comparison).rstrip("\n"))
    if form != "json":
        for words, keys in (
            ("only here", here.keys() - there.keys()),
            ("only there", there.keys() - here.keys()),
        ):
            listed = [f"{method.upper()} {path}" for method, path in sorted(keys, key=lambda key: key[::-1])]
            if listed:
                print(f"\n{plural(len(listed), 'operation')} {words}: {', '.join(listed)}")
    return BREAKS if comparison.changes or here.keys() != there.keys() else 0
