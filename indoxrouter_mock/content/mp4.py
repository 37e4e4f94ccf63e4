"""Videos that play: MP4 with H.264, made without an encoder.

Each frame is one colour: its first macroblock holds the samples as they are (`I_PCM`), and every other one is predicted
from its neighbours with nothing added, which takes one byte. Browsers and ffmpeg play it like any other video.
"""

from __future__ import annotations

import math
import struct
from functools import lru_cache

from .fake_text import seeded_random

LARGEST_SIDE = 2048
MOST_FRAMES = 240
_ORDINARY = 0x27
"""A macroblock that repeats its neighbours: `Intra_16x16` with DC prediction and no residual, in exactly eight bits."""


class _Bits:
    """Bits in the order in which H.264 writes them."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._length = 0

    def fixed(self, value: int, width: int) -> _Bits:
        self._text.append(f"{value:0{width}b}")
        self._length += width
        return self

    def ue(self, value: int) -> _Bits:
        """Exp-Golomb, unsigned."""
        width = (value + 1).bit_length()
        return self.fixed(value + 1, 2 * width - 1)

    def text(self, bits: str) -> _Bits:
        self._text.append(bits)
        self._length += len(bits)
        return self

    def align(self) -> _Bits:
        return self.fixed(0, -self._length % 8) if self._length % 8 else self

    @property
    def written(self) -> str:
        return "".join(self._text)

    def end(self) -> bytes:
        """With the stop bit, as bytes, and with the bytes that keep start codes from appearing inside."""
        self.fixed(1, 1).align()
        text = "".join(self._text)
        return escaped(int(text, 2).to_bytes(len(text) // 8, "big"))


def escaped(content: bytes) -> bytes:
    """Insert the emulation prevention byte after two zero bytes that a byte below 4 follows."""
    if b"\x00\x00" not in content:
        return content
    found = bytearray()
    zeros = 0
    for byte in content:
        if zeros >= 2 and byte <= 3:
            found.append(3)
            zeros = 0
        found.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(found)


def _sequence_set(width: int, height: int) -> bytes:
    across, down = -(-width // 16), -(-height // 16)
    bits = _Bits().fixed(66, 8).fixed(0xC0, 8).fixed(40, 8)  # baseline, level 4.0
    bits.ue(0).ue(0).ue(2).ue(0).fixed(0, 1).ue(across - 1).ue(down - 1).fixed(1, 1).fixed(1, 1)
    right, bottom = (16 * across - width) // 2, (16 * down - height) // 2
    if right or bottom:
        bits.fixed(1, 1).ue(0).ue(right).ue(0).ue(bottom)
    else:
        bits.fixed(0, 1)
    return b"\x67" + bits.fixed(0, 1).end()


def _picture_set() -> bytes:
    bits = _Bits().ue(0).ue(0).fixed(0, 2).ue(0).ue(0).ue(0).fixed(0, 3).ue(0).ue(0).ue(0)
    return b"\x68" + bits.fixed(0b100, 3).end()  # the deblocking filter is controlled in each slice


def _frame(colour: tuple[int, int, int], across: int, down: int, number: int) -> bytes:
    """One IDR picture of one colour, given as Y, Cb and Cr."""
    bits = _Bits().ue(0).ue(7).ue(0).fixed(0, 4).ue(number % 2).fixed(0, 2).ue(0).ue(1)
    bits.ue(25).align()
    for value, count in zip(colour, (256, 64, 64), strict=True):
        bits.fixed(int.from_bytes(bytes([value]) * count, "big"), 8 * count)
    return b"\x65" + bits.text(_rest(across, down)).end()


@lru_cache(maxsize=8)
def _rest(across: int, down: int) -> str:
    """All macroblocks but the first. Those beside and below it see a neighbour of sixteen coefficients, which
    changes one code.
    """
    blocks = [f"{_ORDINARY:08b}"] * (across * down)
    for index in (1, across):
        if index < len(blocks):
            blocks[index] = _Bits().ue(3).ue(0).ue(0).fixed(0b000011, 6).written
    return "".join(blocks[1:])


def mp4_video(prompt: str, seed: object, width: int, height: int, seconds: float, rate: int) -> bytes:
    """An MP4 of the given size and length whose colour, from the prompt and the seed, changes slowly.

    Sides are even numbers up to 2048; long videos have fewer frames a second, and 240 frames at most.
    """
    width, height, count, across, down = _layout(width, height, seconds, rate)
    rng = seeded_random("film", prompt, seed)
    start, turn = rng.random() * 2 * math.pi, rng.choice((-1, 1))
    frames: list[bytes] = []
    for number in range(count):
        angle = start + turn * math.pi * number / count
        colour = (120, 128 + int(90 * math.cos(angle)), 128 + int(90 * math.sin(angle)))
        frames.append(_frame(colour, across, down, number))
    return _mp4(frames, _sequence_set(width, height), _picture_set(), width, height, seconds)


def mp4_size(width: int, height: int, seconds: float, rate: int) -> int:
    """The number of bytes of such a video, which does not depend on its colours, without making it."""
    width, height, count, across, down = _layout(width, height, seconds, rate)
    empty = _mp4([b""] * count, _sequence_set(width, height), _picture_set(), width, height, seconds)
    even, odd = (len(_frame((120, 128, 128), across, down, number)) for number in (0, 1))
    return len(empty) + even * (count - count // 2) + odd * (count // 2)


def _layout(width: int, height: int, seconds: float, rate: int) -> tuple[int, int, int, int, int]:
    width, height = (max(16, min(LARGEST_SIDE, side)) // 2 * 2 for side in (width, height))
    count = max(1, min(MOST_FRAMES, round(seconds * rate)))
    return width, height, count, -(-width // 16), -(-height // 16)


def _box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + kind + body


def _full(kind: bytes, flags: int, *content: bytes) -> bytes:
    return _box(kind, struct.pack(">I", flags), *content)


_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def _mp4(
    frames: list[bytes], sequence: bytes, picture: bytes, width: int, height: int, seconds: float
) -> bytes:
    scale, step = 12_800, max(1, round(12_800 * seconds / len(frames)))
    length = step * len(frames)
    samples = [struct.pack(">I", len(frame)) + frame for frame in frames]
    kind = _box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomiso2avc1mp41")
    data = _box(b"mdat", *samples)
    settings = _box(
        b"avcC",
        b"\x01" + sequence[1:4] + b"\xff\xe1",
        struct.pack(">H", len(sequence)),
        sequence,
        b"\x01",
        struct.pack(">H", len(picture)),
        picture,
    )
    entry = _box(
        b"avc1",
        b"\x00" * 6
        + struct.pack(">H", 1)
        + b"\x00" * 16
        + struct.pack(">HHIIIH", width, height, 0x480000, 0x480000, 0, 1),
        b"\x00" * 32 + struct.pack(">Hh", 24, -1),
        settings,
    )
    table = _box(
        b"stbl",
        _full(b"stsd", 0, struct.pack(">I", 1), entry),
        _full(b"stts", 0, struct.pack(">III", 1, len(frames), step)),
        _full(b"stsc", 0, struct.pack(">IIII", 1, 1, len(frames), 1)),
        _full(
            b"stsz",
            0,
            struct.pack(">II", 0, len(frames)),
            b"".join(struct.pack(">I", len(sample)) for sample in samples),
        ),
        _full(b"stco", 0, struct.pack(">II", 1, len(kind) + 8)),
    )
    reference = _box(b"dinf", _full(b"dref", 0, struct.pack(">I", 1), _full(b"url ", 1)))
    media = _box(
        b"mdia",
        _full(b"mdhd", 0, struct.pack(">IIIIHH", 0, 0, scale, length, 0x55C4, 0)),
        _full(b"hdlr", 0, struct.pack(">I4s", 0, b"vide"), b"\x00" * 12 + b"mock\x00"),
        _box(b"minf", _full(b"vmhd", 1, b"\x00" * 8), reference, table),
    )
    track_header = (
        struct.pack(">IIIII", 0, 0, 1, 0, length)
        + b"\x00" * 16
        + _MATRIX
        + struct.pack(">II", width << 16, height << 16)
    )
    movie_header = (
        struct.pack(">IIIIIH", 0, 0, scale, length, 0x10000, 0x100)
        + b"\x00" * 10
        + _MATRIX
        + b"\x00" * 24
        + struct.pack(">I", 2)
    )
    movie = _box(
        b"moov", _full(b"mvhd", 0, movie_header), _box(b"trak", _full(b"tkhd", 3, track_header), media)
    )
    return kind + data + movie
