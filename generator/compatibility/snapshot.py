"""The snapshot of a description: every operation, argument, field, value and class, as users know them.

Comparing two snapshots compares two packages, without writing either of them to disk.
"""

from __future__ import annotations

from pathlib import Path

from ..description.read import Reading
from .entry import Portrait, Sitting
from .snapshot_operations import paint_description, paint_operation
from .snapshot_schemas import paint_schema


def portray(reading: Reading, templates: Path, package: str) -> Portrait:
    """The portrait of a description that was read."""
    sitting = Sitting(reading, templates, package)
    for component in reading.components:
        paint_schema(sitting, component)
    for operation in reading.description.operations:
        paint_operation(sitting, operation)
    paint_description(sitting)
    return sitting.portrait


__all__ = ["portray"]
