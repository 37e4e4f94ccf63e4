"""What the operations do, one module a tag. Importing this package registers every handler by its operationId."""

from __future__ import annotations

from . import analytics, auth, embeddings, health, models, text, user

__all__ = ["analytics", "auth", "embeddings", "health", "models", "text", "user"]
