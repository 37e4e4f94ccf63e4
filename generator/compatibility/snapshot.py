"""The snapshot of a description: every operation, argument, field, value and class, as users know them.

Comparing two snapshots compares two packages, without writing either of them to disk.
"""

from __future__ import annotations

from pathlib import Path

from ..description.read import Reading
from .entry import Snapshot, SnapshotBuilder
from .snapshot_operations import add_description, add_operation
from .snapshot_schemas import add_schema


def snapshot_of(reading: Reading, templates: Path, package: str) -> Snapshot:
    """The snapshot of a description."""
    builder = SnapshotBuilder(reading, templates, package)
    for component in reading.components:
        add_schema(builder, component)
    for operation in reading.description.operations:
        add_operation(builder, operation)
    add_description(builder)
    return builder.snapshot


__all__ = ["snapshot_of"]
