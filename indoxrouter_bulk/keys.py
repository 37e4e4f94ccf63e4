"""The identity of a row: the key under which it is journaled, and under which the server bills it once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import sha256
from pathlib import PurePath
from typing import Any

import msgspec

__all__ = ["request_hash", "row_key"]


def row_key(job: str, row: Any, digest: str) -> str:
    """The idempotency key of a row: 32 characters, derived from the job, the row's id and the hash of its request.

    Two processes that send the same row of the same job use one key, so that the server bills the row once. A row whose
    request has changed has another key: a server refuses a known key with another request.
    """
    return sha256(f"{job}\0{row}\0{digest}".encode("utf-8", "backslashreplace")).hexdigest()[:32]


def request_hash(arguments: Mapping[str, Any], secrets: Collection[str] = ()) -> str | None:
    """A digest of a request's arguments, independent of their order; None if they are not plain data.

    Args:
        arguments: of the method.
        secrets: names of arguments that are left out: a new key of a provider makes no new request.
    """
    plain = {name: value for name, value in arguments.items() if name not in secrets}
    try:
        return sha256(msgspec.json.encode(plain, order="sorted", enc_hook=_encode)).hexdigest()[:32]
    except (TypeError, ValueError, NotImplementedError, RecursionError):
        return None  # such as an open file


def _encode(value: Any) -> Any:
    convert = getattr(value, "to_dict", None)
    if callable(convert):
        return convert()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    raise NotImplementedError
