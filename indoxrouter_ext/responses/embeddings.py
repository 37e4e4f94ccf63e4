"""Answers made of numbers: embeddings, whichever of their three wire forms came."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.values.type_guards import is_list
from indoxrouter.models import EmbeddingResponse as _EmbeddingResponse

from .base import Response
from .vectors import to_array, vectors_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import DTypeLike, NDArray

    from .usage import Usage

__all__ = ["EmbeddingResponse"]


class EmbeddingResponse(Response, _EmbeddingResponse):
    """Vectors for texts.

    Attributes:
        data: one list of floats for each text, in the order of the texts, whichever form the server chose;
            `to_dict()` has what came. `response["data"]` is the same.
        dimensions: how many numbers a vector has.
        usage, cost: tokens, and USD.
        provider, model, request_id, created_at, duration_ms, success, message, raw_response: as documented.
        http: status, headers, attempts of the call.
    """

    if TYPE_CHECKING:
        data: list[list[float]]  # pyright: ignore[reportIncompatibleVariableOverride]  # always the plain form
        usage: Usage | None  # pyright: ignore[reportIncompatibleVariableOverride]  # what is read

    else:

        def __getattr__(self, name: str) -> Any:
            if name != "data" or "data" not in self._wire_():
                return super().__getattr__(name)
            state = self.__dict__
            if "_vectors_" not in state:
                state["_vectors_"] = vectors_of(self._wire_()["data"])
            return state["_vectors_"]

    def __getitem__(self, key: str) -> Any:
        return self.data if key == "data" else super().__getitem__(key)

    def _elsewhere_(self, wire: str) -> Any:
        if wire == "dimensions":
            vectors: Any = self.data
            if is_list(vectors) and vectors and is_list(vectors[0]):
                return len(vectors[0])
        return super()._elsewhere_(wire)

    def to_numpy(self, dtype: DTypeLike = "float32") -> NDArray[np.floating[Any]]:
        """The vectors as an array of shape `(texts, dimensions)`.

        Args:
            dtype: of the array. Providers compute in 32 bits or fewer, so the default loses nothing.

        Raises:
            ImportError: when NumPy is not installed.
            APIError: when the server's vectors differ in length.
        """
        return to_array(self.data, dtype)

    def _own_parts_(self) -> Iterator[str]:
        vectors: Any = self.data  # a server may send null, or anything
        count = len(vectors) if is_list(vectors) else 0
        yield f"data=<{count} vectors of {self.dimensions} dimensions>"

    def _repr_html_(self) -> str:
        from .notebook import table

        data: Any = self.data
        vectors = [vector for vector in data if is_list(vector)] if is_list(data) else []
        rows = [[str(index), *map(_short, vector[:8]), "…"] for index, vector in enumerate(vectors[:10])]
        head = ["", *map(str, range(max((len(row) for row in rows), default=2) - 2)), ""]
        return table(head, rows, f"{len(vectors)} × {self.dimensions}")


def _short(number: Any) -> str:
    return f"{number:.4f}" if isinstance(number, float) else str(number)[:12]
