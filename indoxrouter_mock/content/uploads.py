"""The format and the length of uploaded audio files."""

from __future__ import annotations

import struct
from dataclasses import dataclass

GUESSED_RATE = 16_000
"""Bytes a second that are assumed where a file doesn't say (128 kbit/s)."""

MOST_CHUNKS = 1000
MOST_FRAMES = 300_000
"""Pieces of a file that are looked at: more than a real recording of 100 MB has."""

_MP3_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_MP3_KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MP3_KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_AAC_RATES = (
    96_000,
    88_200,
    64_000,
    48_000,
    44_100,
    32_000,
    24_000,
    22_050,
    16_000,
    12_000,
    11_025,
    8_000,
    7_350,
)


@dataclass(slots=True, frozen=True)
class AudioInfo:
    """`format` is `wav`, `mp3` and so on, or `unknown` for what is no recording; `seconds` is read from the file, or
    guessed when `exact` is false.
    """

    format: str
    seconds: float
    exact: bool
    rate: int | None = None
    channels: int | None = None


def read_audio(content: bytes) -> AudioInfo:
    """Recognise an audio file by its content."""
    for reader in (_wav, _flac, _ogg, _adts, _mp3):
        found = reader(content)
        if found is not None:
            return found
    name = "unknown"
    if content[4:8] == b"ftyp":
        name = "m4a"
    elif content[:4] == b"\x1aE\xdf\xa3":
        name = "webm"
    return AudioInfo(name, round(len(content) / GUESSED_RATE, 3), False)


def _wav(content: bytes) -> AudioInfo | None:
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        return None
    at, rate, channels, width, length = 12, 0, 0, 0, 0
    for _ in range(MOST_CHUNKS):
        if at + 8 > len(content):
            break
        kind, size = struct.unpack_from("<4sI", content, at)
        if kind == b"fmt " and at + 24 <= len(content):
            channels, rate, _, _, width = struct.unpack_from("<HIIHH", content, at + 10)
        elif kind == b"data":
            length = min(size, len(content) - at - 8)  # a streamed WAV declares no true size
        at += 8 + size + size % 2
    if not rate or not channels or width < 8:
        return AudioInfo("wav", round(len(content) / GUESSED_RATE, 3), False)
    return AudioInfo("wav", round(length / (rate * channels * (width // 8)), 3), True, rate, channels)


def _flac(content: bytes) -> AudioInfo | None:
    if content[:4] != b"fLaC" or len(content) < 26:
        return None
    packed = int.from_bytes(content[18:26], "big")
    rate = packed >> 44
    if not rate:
        return None
    return AudioInfo(
        "flac", round((packed & ((1 << 36) - 1)) / rate, 3), True, rate, ((packed >> 41) & 7) + 1
    )


def _ogg(content: bytes) -> AudioInfo | None:
    if content[:4] != b"OggS":
        return None
    last = content.rfind(b"OggS")
    if last + 14 > len(content):
        return None
    granule = max(0, struct.unpack_from("<q", content, last + 6)[0])
    opus = content.find(b"OpusHead", 0, 80)
    if opus >= 0:
        channels = content[opus + 9] if opus + 9 < len(content) else None
        return AudioInfo("opus", round(granule / 48_000, 3), True, 48_000, channels)
    vorbis = content.find(b"\x01vorbis", 0, 80)
    rate = (
        struct.unpack_from("<I", content, vorbis + 12)[0]
        if vorbis >= 0 and vorbis + 16 <= len(content)
        else 0
    )
    return (
        AudioInfo("ogg", round(granule / rate, 3), True, rate)
        if rate
        else AudioInfo("ogg", round(len(content) / GUESSED_RATE, 3), False)
    )


def _adts(content: bytes) -> AudioInfo | None:
    if len(content) < 7 or content[0] != 0xFF or content[1] & 0xF6 != 0xF0:
        return None
    index = (content[2] >> 2) & 15
    if index >= len(_AAC_RATES):
        return None
    at, frames = 0, 0
    while at + 7 <= len(content) and content[at] == 0xFF and frames < MOST_FRAMES:
        size = ((content[at + 3] & 3) << 11) | (content[at + 4] << 3) | (content[at + 5] >> 5)
        if size < 7:
            break
        frames, at = frames + 1, at + size
    return AudioInfo("aac", round(frames * 1024 / _AAC_RATES[index], 3), True, _AAC_RATES[index])


def _mp3(content: bytes) -> AudioInfo | None:
    at = 0
    if content[:3] == b"ID3" and len(content) > 10:
        at = 10 + (content[6] << 21 | content[7] << 14 | content[8] << 7 | content[9])
    head = content[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return AudioInfo("mp3", round(len(content) / GUESSED_RATE, 3), False) if at else None
    version, kbits, rate = (head[1] >> 3) & 3, head[2] >> 4, (head[2] >> 2) & 3
    if version not in _MP3_RATES or rate > 2 or not 0 < kbits < 15:
        return None
    bits = 1000 * (_MP3_KBITS_1 if version == 3 else _MP3_KBITS_2)[kbits]
    return AudioInfo(
        "mp3",
        round((len(content) - at) * 8 / bits, 3),
        True,
        _MP3_RATES[version][rate],
        1 if head[3] >> 6 == 3 else 2,
    )
