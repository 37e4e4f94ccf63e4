"""Files that answers point to: images, speech and videos."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class ServedFile:
    """Bytes at a URL of this server: an image, a sound, a film."""

    content: bytes = field(repr=False)
    media_type: str
    name: str
