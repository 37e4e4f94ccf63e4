"""What servers have told, kept for completion: their models with what these can do, and the ids of video jobs.

Small files in the cache directory of the platform, some for each server, named after a digest of its address. They hold
names alone: no key, no address, no price. All of it is a courtesy: what cannot be read or written is done without.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from ..base.errors import CommandError

__all__ = ["cache_jobs", "cache_models", "cached_jobs", "cached_models"]

_MAX_AGE = 24 * 3600.0  # seconds for which a list of models is good
_TIMEOUT = 1.0  # seconds that somebody who has pressed the tabulator may be kept waiting
_RETRY_AFTER = 30.0  # seconds until a server that has not answered is asked again
_MAX_JOBS = 50  # the latest of them

Models = dict[str, list[str]]
"""Names as `provider/model`, and what the catalog says the model can do."""


def cached_models(base_url: str | None) -> Models:
    """The models of a server: remembered ones, or, when these are older than a day, those it names within a second.

    When it does not, the old ones are better than none.
    """
    path = _path(base_url, "models")
    if _age(path) < _MAX_AGE and (models := _parse_models(_read(path))):
        return models
    asked = _path(base_url, "asked")
    if _age(asked) >= _RETRY_AFTER:
        _write(asked, None)  # before asking: whoever loses patience with a silent server is not held up again
        models = _fetch_models(base_url)
        if models:
            cache_models(base_url, models)
            return models
    return _parse_models(_read(path))


def cache_models(base_url: str | None, models: Mapping[str, list[str]]) -> None:
    """Keep a server's models for a day."""
    if models:
        _write(_path(base_url, "models"), models)


def cached_jobs(base_url: str | None) -> list[str]:
    """Ids of video jobs that were made or listed at a server, the latest first."""
    found = _read(_path(base_url, "jobs"))
    return _strings(found) if isinstance(found, list) else []


def cache_jobs(base_url: str | None, ids: Iterable[str]) -> None:
    """Keep the ids of jobs, the latest first."""
    known = list(dict.fromkeys([*ids, *cached_jobs(base_url)]))
    _write(_path(base_url, "jobs"), known[:_MAX_JOBS])


def _fetch_models(base_url: str | None) -> Models:
    """Ask the server, without a credential; nothing when it does not answer in time."""
    import threading

    found: Models = {}

    def fetch() -> None:
        from indoxrouter import Client
        from indoxrouter.errors import IndoxRouterError

        from .model_catalog import load_catalog

        with contextlib.suppress(IndoxRouterError, ValueError, OSError):
            options: dict[str, Any] = {"timeout": _TIMEOUT, "deadline": _TIMEOUT, "max_retries": 0}
            # Listing needs no key, but a client does: this one is never sent.
            with Client("none", base_url=base_url, authenticate=False, **options) as client:
                found.update((entry.name, entry.capabilities) for entry in load_catalog(client))

    # The client's deadline does not end a lookup of a name that hangs in the system; leaving a thread behind does.
    thread = threading.Thread(target=fetch, daemon=True)
    thread.start()
    thread.join(_TIMEOUT + 0.2)
    return {} if thread.is_alive() else found


def _path(base_url: str | None, kind: str) -> Path:
    from hashlib import sha256

    from indoxrouter.about import SERVERS
    from platformdirs import user_cache_path

    server = (base_url or SERVERS[0]).rstrip("/")
    digest = sha256(server.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return user_cache_path("indoxrouter", appauthor=False) / f"{digest}.{kind}.json"


def _age(path: Path) -> float:
    """Seconds since a file was written; endless for one that does not exist or is of the future."""
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
    from ..output.files import atomic_write

    if not path.is_absolute():
        return  # there is no home: `~` would become a directory of that name, here
    with contextlib.suppress(CommandError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with atomic_write(path, force=True) as file:
            file.write(json.dumps(value).encode())


def _parse_models(value: Any) -> Models:
    """What a file holds, if it is a list of models: another version of this program may have written another form."""
    if not isinstance(value, dict):
        return {}
    table = cast("dict[str, Any]", value)
    return {name: _strings(abilities) for name, abilities in table.items() if isinstance(abilities, list)}


def _strings(value: Any) -> list[str]:
    return [item for item in cast("list[Any]", value) if isinstance(item, str)]
