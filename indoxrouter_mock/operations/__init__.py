"""What the operations do, one module a tag. Importing this package registers every handler by its operationId.

Books, answers and faults are not here but in `state`, `answers` and `app`.
"""

from __future__ import annotations

from . import analytics, audio, auth, chat, completions, embeddings, health, images, models, user, videos

__all__ = [
    "analytics",
    "audio",
    "auth",
    "chat",
    "completions",
    "embeddings",
    "health",
    "images",
    "models",
    "user",
    "videos",
]
