"""Calls of the IndoxRouter API for `ray.data.Dataset.map_batches`, and for Dask and Daft.

Public names: `Chat`, `Embed`, `Operation`, `governor`.
"""

from indoxrouter_ray.governor import governor
from indoxrouter_ray.operations import Chat, Embed, Operation

__all__ = ["Chat", "Embed", "Operation", "governor"]
