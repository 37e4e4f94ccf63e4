"""Embeddings: unit vectors that the text and the model determine."""

from __future__ import annotations

import hashlib
import math
import random
import struct
from functools import lru_cache

WORDS_USED = 64
MIDDLE = 32_768


@lru_cache(maxsize=256)
def unit_vector(text: str, model: str, dimensions: int, seed: int) -> tuple[float, ...]:
    """`dimensions` floats of length 1. Texts that share words lie closer together than texts that don't.

    It is the sum of a fixed vector for each word, so that a similarity search against the mock finds something
    sensible. The text itself adds a quarter of a word, so that the order of the words makes a difference.
    """
    words = list(dict.fromkeys((text.lower().split() or [text])[:WORDS_USED]))
    # A vector is one large integer of 32-bit lanes: adding two of them adds all lanes at once.
    lanes = 4 * sum(_word(word, model, dimensions, seed) for word in words)
    lanes += _word(f"\x00{text}", model, dimensions, seed)
    found = struct.unpack(f"<{dimensions}I", lanes.to_bytes(4 * dimensions, "little"))
    shift = (4 * len(words) + 1) * MIDDLE
    length = math.sqrt(sum((value - shift) ** 2 for value in found)) or 1.0
    return tuple([round((value - shift) / length, 9) for value in found])


@lru_cache(maxsize=2048)
def _word(word: str, model: str, dimensions: int, seed: int) -> int:
    digest = hashlib.sha256(f"{seed}\x1f{model}\x1f{word}".encode("utf-8", "surrogatepass")).digest()
    raw = random.Random(int.from_bytes(digest, "big")).randbytes(2 * dimensions)
    values = struct.unpack(f"<{dimensions}H", raw)
    return int.from_bytes(struct.pack(f"<{dimensions}I", *values), "little")
