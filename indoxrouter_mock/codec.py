"""JSON in and out, in one place. msgspec is strict (no NaN, no lone surrogates) and quick enough to disappear."""

from __future__ import annotations

from typing import Any

import msgspec

DecodeError = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What `loads` raises on bytes that aren't JSON."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


def dumps(value: Any) -> bytes:
    return _encoder.encode(value)


def loads(content: bytes) -> Any:
    return _decoder.decode(content)
