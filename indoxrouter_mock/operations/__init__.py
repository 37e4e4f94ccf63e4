"""What the operations do, one module a tag. Importing this package registers every handler by its operationId."""

from __future__ import annotations

from . import analytics, audio, auth, embeddings, health, images, models, text, user, videos

__all__ = ["analytics", "audio", "auth", "embeddings", "health", "images", "models", "text", "user", "videos"]
