"""What one request and its answer are held against: an operation, and the description that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from .document import Operation, Spec
from .validation import Validators


@dataclass(slots=True, frozen=True)
class Contract:
    """An operation of a description, with the compiled schemas of that description.

    For the native API it is the operation that is carried out. A path under `/v1` is described by the mock's own
    document, and carried out with the security, limits and prices of a native operation.
    """

    spec: Spec
    operation: Operation
    validators: Validators
