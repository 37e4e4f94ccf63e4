"""Codecs of text that represents another value, which callers may pass: a UUID, or bytes as Base64. Both read as text."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from functools import cache
from typing import Any, TypeGuard
from uuid import UUID

from .scalars import String


def _is_binary(value: object) -> TypeGuard[bytes | bytearray | memoryview[int]]:
    """A guard, because pyright does not know what the view is of after `isinstance(value, memoryview)`."""
    return isinstance(value, (bytes, bytearray, memoryview))


class UuidText(String):
    """The text of a UUID; callers may pass a `uuid.UUID`."""

    __slots__ = ()

    def encode(self, value: Any, path: str) -> Any:
        return super().encode(str(value) if isinstance(value, UUID) else value, path)


class Base64Text(String):
    """Base64; callers may pass the bytes."""

    __slots__ = ()

    def encode(self, value: Any, path: str) -> Any:
        if _is_binary(value):
            value = self.text_of(bytes(value))
        return super().encode(value, path)

    def text_of(self, data: bytes) -> str:
        """The text that represents bytes."""
        return b64encode(data).decode("ascii")


class Base64UrlText(Base64Text):
    """Base64 with the alphabet for URLs and file names."""

    __slots__ = ()

    def text_of(self, data: bytes) -> str:
        return urlsafe_b64encode(data).decode("ascii")


UUID_TEXT, BASE64_TEXT, BASE64URL_TEXT = UuidText(), Base64Text(), Base64UrlText()
uuid_text, base64_text, base64url_text = cache(UuidText), cache(Base64Text), cache(Base64UrlText)
"""Within documented bounds (characters)."""
