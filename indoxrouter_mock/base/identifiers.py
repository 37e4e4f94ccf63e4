"""Identifiers from a seeded generator: the same seed and the same calls give the same ids."""

from __future__ import annotations

import random
import string

_ALPHABET = string.ascii_letters + string.digits
NEITHER_VERSION_NOR_VARIANT = ~(0xF << 76 | 0x3 << 62)
VERSION_4 = 0x4 << 76 | 0x2 << 62
"""The bits of a UUID that say that it is random, as RFC 9562 lays them out."""


class Identifiers:
    """Where all ids, keys and refresh tokens of one server come from."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random()
        self.reseed(seed)

    def reseed(self, seed: int) -> None:
        """Start again from a seed."""
        self._random.seed(f"identifiers:{seed}")

    def uuid(self) -> str:
        """A version 4 UUID."""
        bits = self._random.getrandbits(128) & NEITHER_VERSION_NOR_VARIANT | VERSION_4
        digits = bits.to_bytes(16, "big").hex()
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def hex(self, length: int = 24) -> str:
        """Hexadecimal digits."""
        return f"{self._random.getrandbits(4 * length):0{length}x}"

    def token(self, length: int) -> str:
        """Letters and digits, for keys and refresh tokens. Seeded, so a secret only in the sense of a test."""
        return "".join(self._random.choices(_ALPHABET, k=length))
