"""Speech as audio files: a tone for each word in WAV and FLAC; silence of the right length in formats that need an
encoder.
"""

from __future__ import annotations

import array
import hashlib
import math
import struct
import sys
from collections.abc import Callable
from functools import lru_cache

from .fake_text import seeded_random

RATE = 16_000
"""Samples a second, 16 bits, one channel."""
WORD_SECONDS = 0.3
PAUSE_SECONDS = 0.06


def speech_seconds(text: str, speed: float) -> float:
    """How long a text takes to say."""
    return max(1, len(text.split())) * (WORD_SECONDS + PAUSE_SECONDS) / speed


def speech_samples(text: str, voice: str, speed: float) -> bytes:
    """Little-endian 16-bit samples: a tone for each word, higher or lower by the word and the voice."""
    base = 180 + 20 * (seeded_random("voice", voice).random() * 10)
    sounding, silent = int(RATE * WORD_SECONDS / speed), int(RATE * PAUSE_SECONDS / speed)
    found = array.array("h")
    for word in (text.split() or [""])[:20_000]:
        pitch = base * 2 ** (seeded_random("word", word.lower()).randrange(12) / 12)
        found.frombytes(_tone(round(pitch), sounding))
        found.extend([0] * silent)
    if sys.byteorder == "big":
        found.byteswap()
    return found.tobytes()


@lru_cache(maxsize=256)
def _tone(pitch: int, length: int) -> bytes:
    fade = max(1, length // 10)
    step = 2 * math.pi * pitch / RATE
    return array.array(
        "h",
        (
            int(9000 * min(1.0, index / fade, (length - index) / fade) * math.sin(step * index))
            for index in range(length)
        ),
    ).tobytes()


def wav(pcm: bytes, rate: int = RATE) -> bytes:
    """A RIFF/WAVE file of 16-bit mono samples."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    return (
        b"RIFF"
        + struct.pack("<I", 12 + len(form) + len(pcm))
        + b"WAVE"
        + form
        + b"data"
        + struct.pack("<I", len(pcm))
        + pcm
    )


def flac(pcm: bytes) -> bytes:
    """A FLAC file whose frames hold the samples as they are (`VERBATIM` subframes): lossless, and not smaller."""
    swapped = array.array("h", pcm)
    swapped.byteswap()
    big, block = swapped.tobytes(), 4096
    total = len(pcm) // 2
    info = struct.pack(">HH", block, block) + b"\x00" * 6
    info += ((RATE << 44) | (0 << 41) | (15 << 36) | total).to_bytes(8, "big") + hashlib.md5(
        pcm, usedforsecurity=False
    ).digest()
    parts = [b"fLaC", b"\x80" + len(info).to_bytes(3, "big"), info]
    for number, start in enumerate(range(0, total, block)):
        count = min(block, total - start)
        header = b"\xff\xf8\x75\x08" + _flac_number(number) + struct.pack(">H", count - 1)
        frame = header + bytes([_crc(header, 8, 0x07)]) + b"\x02" + big[2 * start : 2 * (start + count)]
        parts.append(frame + _crc(frame, 16, 0x8005).to_bytes(2, "big"))
    return b"".join(parts)


def _flac_number(number: int) -> bytes:
    """A frame number in the extended UTF-8 that FLAC uses."""
    return chr(number).encode("utf-8", "surrogatepass")


@lru_cache(maxsize=8)
def _crc_table(bits: int, polynomial: int) -> tuple[int, ...]:
    top, mask = 1 << (bits - 1), (1 << bits) - 1
    table: list[int] = []
    for byte in range(256):
        value = byte << (bits - 8)
        for _ in range(8):
            value = ((value << 1) ^ polynomial if value & top else value << 1) & mask
        table.append(value)
    return tuple(table)


def _crc(content: bytes, bits: int, polynomial: int) -> int:
    table, shift, mask, value = _crc_table(bits, polynomial), bits - 8, (1 << bits) - 1, 0
    for byte in content:
        value = ((value << 8) & mask) ^ table[((value >> shift) ^ byte) & 0xFF]
    return value


def silent_mp3(seconds: float) -> bytes:
    """MPEG-2 layer III, 24 kHz, mono, 32 kbit/s: frames whose granules are empty, which is silence."""
    frame = bytes.fromhex("fff344c0").ljust(96, b"\x00")
    return frame * max(1, round(seconds * 24_000 / 576))


def silent_aac(seconds: float) -> bytes:
    """AAC-LC in ADTS frames, 16 kHz, mono, each holding a silent block."""
    block = bytes.fromhex("00c800802380")
    length = 7 + len(block)
    header = bytes(
        [0xFF, 0xF1, 0x60, 0x40 | (length >> 11), (length >> 3) & 0xFF, ((length & 7) << 5) | 0x1F, 0xFC]
    )
    return (header + block) * max(1, round(seconds * RATE / 1024))


def silent_opus(seconds: float) -> bytes:
    """Opus in Ogg: packets of 20 ms that say silence."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, RATE, 0, 0)
    vendor = b"indoxrouter mock"
    tags = b"OpusTags" + struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", 0)
    pages = [_ogg_page([head], 0, 2, 0), _ogg_page([tags], 1, 0, 0)]
    count = max(1, round(seconds * 50))
    for number, start in enumerate(range(0, count, 50), 2):
        packets = [b"\xf8\xff\xfe"] * min(50, count - start)
        last = start + len(packets) >= count
        pages.append(_ogg_page(packets, number, 4 if last else 0, 960 * (start + len(packets))))
    return b"".join(pages)


def _ogg_page(packets: list[bytes], number: int, flags: int, granule: int) -> bytes:
    table = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    head = (
        struct.pack("<4sBBqIII", b"OggS", 0, flags, granule, 0x1D0C, number, 0) + bytes([len(table)]) + table
    )
    page = head + b"".join(packets)
    return page[:22] + struct.pack("<I", _crc(page, 32, 0x04C11DB7)) + page[26:]


FORMATS: dict[str, tuple[str, Callable[[bytes, float], bytes]]] = {
    "wav": ("audio/wav", lambda pcm, seconds: wav(pcm)),
    "pcm": ("audio/pcm", lambda pcm, seconds: pcm),
    "flac": ("audio/flac", lambda pcm, seconds: flac(pcm)),
    "mp3": ("audio/mpeg", lambda pcm, seconds: silent_mp3(seconds)),
    "aac": ("audio/aac", lambda pcm, seconds: silent_aac(seconds)),
    "opus": ("audio/ogg", lambda pcm, seconds: silent_opus(seconds)),
}
"""By `response_format`: the media type, and how to make the file. What needs an encoder is silent, and as long as
the speech.
"""
