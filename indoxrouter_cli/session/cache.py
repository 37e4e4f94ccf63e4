"""The cache for shell completion: models of each server with their capabilities, and ids of video jobs.

The files are in the platform's cache directory, named after a digest of the server's address. They hold names only: no
key, no address, no price. The cache is optional: files that cannot be read or written are ignored.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from ..base.errors import CommandError
from ..output.files import atomic_write
from .model_catalog import load_catalog

_MAX_AGE = 24 * 3600.0  # seconds for which a list of models is used
_TIMEOUT = 1.0  # seconds that a user who pressed Tab may wait
_RETRY_AFTER = 30.0  # seconds until a server that did not answer is asked again
_MAX_JOBS = 50  # the most recent ones

Models = dict[str, list[str]]
"""Names as `provider/model`, each with the model's capabilities."""


def cached_models(base_url: str | None) -> Models:
    """The models of a server, from the cache; when it is older than a day, from the server.

    If the server does not answer within a second, the old list is returned.
    """
    path = _path(base_url, "models")
    if _age(path) < _MAX_AGE and (models := _parse_models(_read(path))):
        return models
    asked = _path(base_url, "asked")
    if _age(asked) >= _RETRY_AFTER:
        _write(asked, None)  # before the request: a user who interrupts it does not have to wait again
        models = _fetch_models(base_url)
        if models:
            cache_models(base_url, models)
            return models
    return _parse_models(_read(path))


def cache_models(base_url: str | None, models: Mapping[str, list[str]]) -> None:
    """Store a server's models for a day."""
    if models:
        _write(_path(base_url, "models"), models)


def cached_jobs(base_url: str | None) -> list[str]:
    """Ids of video jobs that were created or listed at a server, the most recent first."""
    found = _read(_path(base_url, "jobs"))
    return _strings(found) if isinstance(found, list) else []


def cache_jobs(base_url: str | None, ids: Iterable[str]) -> None:
    """Store the ids of jobs, the most recent first."""
    known = list(dict.fromkeys([*ids, *cached_jobs(base_url)]))
    _write(_path(base_url, "jobs"), known[:_MAX_JOBS])


def _fetch_models(base_url: str | None) -> Models:
    """Ask the server, without a credential; empty if it does not answer in time."""
    found: Models = {}

    def fetch() -> None:
        from indoxrouter import Client  # cost: loads the client
        from indoxrouter.errors import IndoxRouterError

        with contextlib.suppress(IndoxRouterError, ValueError, OSError):
            options: dict[str, Any] = {"timeout": _TIMEOUT, "deadline": _TIMEOUT, "max_retries": 0}
            # Listing needs no key, but the client's constructor does: this one is never sent.
            with Client("none", base_url=base_url, authenticate=False, **options) as client:
                found.update((entry.name, entry.capabilities) for entry in load_catalog(client))

    # The client's deadline cannot interrupt a DNS lookup inside the operating system; a daemon thread can be abandoned.
    thread = threading.Thread(target=fetch, daemon=True)
    thread.start()
    thread.join(_TIMEOUT + 0.2)
    return {} if thread.is_alive() else found


def _path(base_url: str | None, kind: str) -> Path:
    from hashlib import sha256  # cost: loads OpenSSL

    from indoxrouter.about import SERVERS  # cost: loads the client
    from platformdirs import user_cache_path

    server = (base_url or SERVERS[0]).rstrip("/")
    digest = sha256(server.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return user_cache_path("indoxrouter", appauthor=False) / f"{digest}.{kind}.json"


def _age(path: Path) -> float:
    """Seconds since a file was written; infinite if it does not exist or its time is in the future."""
    try:
        age = time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")
    return age if age >= 0 else float("inf")


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def _write(path: Path, value: Any) -> None:
    if not path.is_absolute():
        return  # no home directory: `~` would become a directory of that name here
    with contextlib.suppress(CommandError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with atomic_write(path, force=True) as file:
            file.write(json.dumps(value).encode())


def _parse_models(value: Any) -> Models:
    """The models in a file; empty if another version of this program wrote another format."""
    if not isinstance(value, dict):
        return {}
    table = cast("dict[str, Any]", value)
    return {name: _strings(abilities) for name, abilities in table.items() if isinstance(abilities, list)}


def _strings(value: Any) -> list[str]:
    return [item for item in cast("list[Any]", value) if isinstance(item, str)]
