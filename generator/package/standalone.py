"""The client of a package that stands alone: the modules of this project's client that know nothing of one service.

They are copied as they are, less the names of this project: imports become relative, and the package's own name is
that of the logger and of the variable in the environment that chooses an engine.
"""

from __future__ import annotations

import re
from pathlib import Path

from ..source.settings import LAYER
from .manifest import HEADER

FOLDER = "_client"
# Folders and modules of the layer above, and nothing that one of them would have to import besides.
COPIED = ("http", "calls/retry.py", "streaming/sse.py", "standalone")
CLIENT_NAMES = {
    "ApiClient": f".{FOLDER}.standalone.client",
    "AsyncApiClient": f".{FOLDER}.standalone.client",
    "Stream": f".{FOLDER}.standalone.streams",
    "AsyncStream": f".{FOLDER}.standalone.streams",
    "RawResponse": f".{FOLDER}.standalone.answers",
    "Redirect": f".{FOLDER}.standalone.answers",
    "HttpInfo": f".{FOLDER}.standalone.answers",
}
_DOCS = {
    "": "The client: engines, retries, streams.",
    "calls": "Whether an attempt is repeated.",
    "streaming": "The decoder of event streams.",
}
_IMPORT = re.compile(r"^(\s*)from indoxrouter(\.[\w.]+)? import", re.MULTILINE)


def client_files(package: str, base_error: str) -> dict[str, str]:
    """The modules of the client, by their names in the package."""
    sources = [path for name in COPIED for path in _modules(LAYER / name)]
    found = {
        f"{FOLDER}/{name}/__init__.py".replace("//", "/"): f'"""{text}"""\n' for name, text in _DOCS.items()
    }
    for source in sources:
        path = f"{FOLDER}/{source.relative_to(LAYER).as_posix()}"
        found[path] = _adapted(source.read_text(encoding="utf-8"), path, package, base_error)
    return {path: HEADER + text for path, text in found.items()}


def _modules(place: Path) -> list[Path]:
    return sorted(place.rglob("*.py")) if place.is_dir() else [place]


def _adapted(text: str, path: str, package: str, base_error: str) -> str:
    up = "." * len(path.split("/"))
    text = _IMPORT.sub(lambda match: f"{match[1]}from {up}{(match[2] or '')[1:]} import", text)
    for word, replacement in (
        ("INDOX_ROUTER", package.upper()),
        ("IndoxRouterError", base_error),
        ("RootError", base_error),
        ("indoxrouter", package),
    ):
        text = text.replace(word, replacement)
    return text
