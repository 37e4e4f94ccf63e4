"""Embeddings: unit vectors that the text and the model determine."""

from __future__ import annotations

import hashlib
import math
import random
import struct
from functools import lru_cache


@lru_cache(maxsize=1024)
def unit_vector(text: str, model: str, dimensions: int, seed: int) -> tuple[float, ...]:
    """`dimensions` floats of length 1. Texts that share words lie closer together than texts that don't.

    It is the sum of a fixed vector for each word, so that a similarity search against the mock finds something
    sensible.
    """
    words = text.lower().split() or [text]
    total = [0.0] * dimensions
    for word in dict.fromkeys(words[:64]):
        for index, value in enumerate(_word(word, model, dimensions, seed)):
            total[index] += value
    # The text itself tips the balance, so that two texts of the same words in another order differ.
    for index, value in enumerate(_word(f"\x00{text}", model, dimensions, seed)):
        total[index] += 0.25 * value
    length = math.sqrt(sum(value * value for value in total)) or 1.0
    return tuple(round(value / length, 9) for value in total)


@lru_cache(maxsize=2048)
def _word(word: str, model: str, dimensions: int, seed: int) -> tuple[float, ...]:
    digest = hashlib.sha256(f"{seed}\x1f{model}\x1f{word}".encode("utf-8", "surrogatepass")).digest()
    raw = random.Random(int.from_bytes(digest, "big")).randbytes(2 * dimensions)
    return tuple(value / 32768.0 for value in struct.unpack(f"<{dimensions}h", raw))
