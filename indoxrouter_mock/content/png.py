"""Real PNG images of any size, drawn from a prompt and a seed with nothing but zlib."""

from __future__ import annotations

import re
import struct
import zlib

from .fake_text import seeded_random

LARGEST = 4096
"""Pixels along one side that a picture may have."""
TILES = 8
DEFAULT_SIZE = (1024, 1024)

RATIOS = {
    "1:1": (1024, 1024),
    "16:9": (1792, 1024),
    "9:16": (1024, 1792),
    "4:3": (1024, 768),
    "3:4": (768, 1024),
    "3:2": (1536, 1024),
    "2:3": (1024, 1536),
}
"""The size for each aspect ratio."""


def png_image(prompt: str, seed: object, width: int, height: int, *, transparent: bool = False) -> bytes:
    """A PNG of exactly `width` by `height` pixels: a mosaic whose colours the prompt and the seed determine."""
    rng = seeded_random("picture", prompt, seed)
    background = tuple(rng.randrange(256) for _ in range(3))
    colours = [bytes(rng.randrange(256) for _ in range(3)) for _ in range(6)]
    if transparent:
        colours = [colour + b"\xff" for colour in colours]
    ground = bytes(background) + (b"\x00" if transparent else b"")
    rows: list[bytes] = []
    for tile in range(TILES):
        top, bottom = tile * height // TILES, (tile + 1) * height // TILES
        cells = [ground if rng.random() < 0.4 else rng.choice(colours) for _ in range(TILES)]
        row = b"".join(
            cell * ((index + 1) * width // TILES - index * width // TILES) for index, cell in enumerate(cells)
        )
        rows.append((b"\x00" + row) * (bottom - top))
    header = struct.pack(">IIBBBBB", width, height, 8, 6 if transparent else 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(b"".join(rows), 1))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def image_format(content: bytes) -> str | None:
    """`png`, `jpeg`, `gif` or `webp` by the first bytes of a file; None for anything else."""
    for name, start in (("png", b"\x89PNG\r\n\x1a\n"), ("jpeg", b"\xff\xd8\xff"), ("gif", b"GIF8")):
        if content.startswith(start):
            return name
    return "webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None


def size_of(size: str | None, ratio: str | None) -> tuple[tuple[int, int], bool]:
    """The width and height for a `size` (`1024x1024`, `2K`) or an aspect ratio (`16:9`), and whether it was
    recognised.

    Providers have size names of their own; an unknown one gets the default size, which the answer reports.
    """
    if size:
        found = re.fullmatch(r"(\d{1,6})\s*[xX×*]\s*(\d{1,6})", size.strip(), re.ASCII)
        if found:
            return (int(found[1]), int(found[2])), True
        if thousands := re.fullmatch(r"([1-4])[kK]", size.strip(), re.ASCII):
            return (1024 * int(thousands[1]), 1024 * int(thousands[1])), True
        if size.strip().lower() != "auto" and not ratio:
            return DEFAULT_SIZE, False
    if ratio:
        if ratio in RATIOS:
            return RATIOS[ratio], True
        pair = re.fullmatch(r"(\d{1,3}):(\d{1,3})", ratio.strip(), re.ASCII)
        if pair and int(pair[1]) and int(pair[2]):
            across, down = int(pair[1]), int(pair[2])
            longest = max(across, down)
            return (max(1, 1536 * across // longest), max(1, 1536 * down // longest)), True
        return DEFAULT_SIZE, False
    return DEFAULT_SIZE, True
