"""Embeddings as plain lists, from whichever form the server chose, and as a NumPy array for those who have NumPy."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.values.type_guards import is_list, is_object

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["to_array", "vectors_of"]


def vectors_of(data: Any) -> Any:
    """One list of numbers for each text.

    Args:
        data: lists of numbers, objects with an `embedding` each, or one flat list. Lists of numbers come back
            as they are: nothing is copied or walked. Objects are put into the order of their `index`.
            Anything else is handed through.
    """
    if not is_list(data) or not data:
        return data
    first = data[0]
    if isinstance(first, (int, float)) and not isinstance(first, bool):
        return [data]
    if is_object(first) and all(is_object(item) and "embedding" in item for item in data):
        indices = [item.get("index") for item in data]
        if all(isinstance(index, int) for index in indices) and len(set(indices)) == len(indices):
            data = sorted(data, key=lambda item: item["index"])
        return [item["embedding"] for item in data]
    return data


def to_array(vectors: Any, dtype: Any) -> NDArray[np.floating[Any]]:
    """A two-dimensional array, one row for each text.

    Raises:
        ImportError: when NumPy is not installed, with the command that installs it.
        APIError: when the vectors differ in length or hold something that is no number.
    """
    reason: str | None = None
    try:
        numpy: Any = import_module("numpy")
    except ModuleNotFoundError:
        raise ImportError("to_numpy() needs NumPy, which is not installed: pip install numpy") from None
    try:
        array: NDArray[np.floating[Any]] = numpy.asarray(vectors, dtype=dtype)
    except (TypeError, ValueError) as error:
        reason = str(error)
    else:
        if array.ndim == 2:
            return array
        if array.size == 0:
            empty: NDArray[np.floating[Any]] = numpy.empty((0, 0), dtype=dtype)
            return empty
        reason = f"they make an array of {array.ndim} dimensions"
    from indoxrouter.errors import APIError

    raise APIError(f"The embeddings of this response do not form a table of numbers: {reason}")
