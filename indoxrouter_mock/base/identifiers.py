"""Identifiers from a seeded generator: the same seed and the same calls give the same ids."""

from __future__ import annotations

import random
import string

_ALPHABET = string.ascii_letters + string.digits


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
        digits = f"{self._random.getrandbits(128):032x}"
        variant = "89ab"[int(digits[16], 16) % 4]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"

    def hex(self, length: int = 24) -> str:
        """Hexadecimal digits."""
        return f"{self._random.getrandbits(4 * length):0{length}x}"

    def token(self, length: int) -> str:
        """Letters and digits, for keys and refresh tokens. Seeded, so a secret only in the sense of a test."""
        return "".join(self._random.choices(_ALPHABET, k=length))
