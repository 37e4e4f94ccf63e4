"""Embeddings as plain lists, whichever of the three wire forms the server chose, and as a NumPy array."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from indoxrouter._runtime.codecs.base import raise_invalid_argument
from indoxrouter._runtime.values.json import is_list, is_object
from indoxrouter._runtime.values.text import plural
from indoxrouter.errors import APIError
from indoxrouter.models.embeddings import EmbeddingResponse as _EmbeddingResponse

from .base import ReceivedResponse

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import DTypeLike, NDArray

    from .usage import Usage


class EmbeddingResponse(ReceivedResponse, _EmbeddingResponse):
    """Vectors for texts.

    Attributes:
        data: one list of floats for each text, in the order of the texts. `response["data"]` is the same;
            `to_dict()` returns the form that was received.
        dimensions: the length of a vector.
        usage, cost: tokens, and USD.
        provider, model, request_id, created_at, duration_ms, success, message, raw_response: as documented.
        http: status, headers, attempts of the call.
    """

    _other_names_: ClassVar[dict[str, str]] = dict.fromkeys(
        ("embedding", "embeddings", "vector", "vectors", "[…]"), "data[0]"
    )

    if TYPE_CHECKING:
        data: list[list[float]]  # pyright: ignore[reportIncompatibleVariableOverride]  # always the plain form
        usage: Usage | None  # pyright: ignore[reportIncompatibleVariableOverride]  # more specific

    else:

        def __getattr__(self, name: str) -> Any:
            if name != "data" or "data" not in self._wire_():
                return super().__getattr__(name)
            state = self.__dict__
            if "_vectors_" not in state:
                state["_vectors_"] = _vectors_of(self._wire_()["data"])
            return state["_vectors_"]

    def _item_(self, key: str) -> Any:
        return self.data if key == "data" else super()._item_(key)

    def _derive_field_(self, wire: str) -> Any:
        if wire == self._schema_.renamed.get("dimensions", "dimensions"):  # whatever the API calls it today
            vectors: Any = self.data
            if is_list(vectors) and vectors and is_list(vectors[0]):
                return len(vectors[0])
        return super()._derive_field_(wire)

    def to_numpy(self, dtype: DTypeLike = "float32") -> NDArray[np.floating[Any]]:
        """The vectors as an array of shape `(texts, dimensions)`.

        Args:
            dtype: of the array. Providers compute with at most 32 bits, so the default loses no precision.

        Raises:
            ImportError: when NumPy is not installed.
            InvalidParametersError: for a `dtype` that NumPy does not know.
            APIError: when the server's vectors differ in length.
        """
        try:
            numpy: Any = import_module("numpy")
        except ModuleNotFoundError:
            raise ImportError("to_numpy() needs NumPy, which is not installed: pip install numpy") from None
        try:
            numpy.dtype(dtype)
        except TypeError:
            raise_invalid_argument("dtype", dtype, "a type of NumPy's, such as 'float32'")
        try:
            array: NDArray[np.floating[Any]] = numpy.asarray(self.data, dtype=dtype)
        except (TypeError, ValueError) as error:
            reason = str(error)
        else:
            if array.ndim == 2:
                return array
            if array.size == 0:
                empty: NDArray[np.floating[Any]] = numpy.empty((0, 0), dtype=dtype)
                return empty
            reason = f"they make an array of {plural(array.ndim, 'dimension')}"
        raise APIError(f"The embeddings of this response do not form a table of numbers: {reason}")

    def _own_parts_(self) -> Iterator[str]:
        vectors: Any = self.data  # a server may send null, or anything
        count = len(vectors) if is_list(vectors) else 0
        yield f"data=<{plural(count, 'vector')} of {plural(self.dimensions or 0, 'dimension')}>"


def _vectors_of(data: Any) -> Any:
    """One list of numbers for each text, from objects with an `embedding` each, or from one flat list.

    Lists of numbers, and anything else, are returned unchanged, without per-element work.
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
