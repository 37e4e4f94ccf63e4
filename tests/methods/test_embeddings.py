"""Embeddings: plain lists and dimensions from every wire form, and NumPy for those who have it."""

from __future__ import annotations

from typing import Any

import pytest
from indoxrouter import APIError, EmbeddingResponse

from tests.methods.harness import Harness


@pytest.mark.parametrize("form", ["lists", "objects"])
@pytest.mark.parametrize("text", ["one text", ["one", "two", "three"]])
def test_data_is_one_list_of_floats_for_each_text(harness: Harness, form: str, text: Any) -> None:
    response = harness.with_headers(X_Mock_Embeddings=form).embeddings(text)
    assert isinstance(response, EmbeddingResponse)
    count = 1 if isinstance(text, str) else len(text)
    assert [len(vector) for vector in response.data] == [1536] * count
    assert response["data"] is response.data
    assert dict(response)["data"] == response.data
    assert response.dimensions == 1536
    assert response.usage.tokens_total > 0
    assert isinstance(response.to_dict()["data"][0], dict if form == "objects" else list)
    assert harness.last_request["body"] == {"text": text, "model": "openai/text-embedding-3-small"}


@pytest.mark.parametrize(
    ("data", "vectors"),
    [
        ([[1.0, 2.0]], [[1.0, 2.0]]),
        ([1.0, 2.0], [[1.0, 2.0]]),
        ([{"embedding": [1.0]}, {"embedding": [2.0]}], [[1.0], [2.0]]),
        ([{"embedding": [2.0], "index": 1}, {"embedding": [1.0], "index": 0}], [[1.0], [2.0]]),
        ([], []),
    ],
)
def test_every_wire_form_reads_as_plain_lists_and_is_kept_as_it_came(data: Any, vectors: Any) -> None:
    response = EmbeddingResponse.from_dict({"data": data})
    assert response.data == vectors
    assert response.to_dict() == {"data": data}
    assert response.dimensions == (len(vectors[0]) if vectors else None)


def test_lists_of_numbers_are_handed_through_without_a_copy() -> None:
    data = [[0.5] * 8]
    assert EmbeddingResponse.from_dict({"data": data}).data is data


def test_to_numpy_gives_a_row_for_each_text(harness: Harness) -> None:
    array = harness.embeddings(["one", "two"]).to_numpy()
    assert array.shape == (2, 1536)
    assert array.dtype == "float32"
    assert harness.embeddings("one").to_numpy(dtype="float64").dtype == "float64"


def test_vectors_of_different_lengths_are_a_typed_error() -> None:
    with pytest.raises(APIError, match="table of numbers"):
        EmbeddingResponse.from_dict({"data": [[1.0], [1.0, 2.0]]}).to_numpy()


def test_no_vectors_make_an_empty_table() -> None:
    assert EmbeddingResponse.from_dict({"data": []}).to_numpy().shape == (0, 0)


def test_without_numpy_the_error_says_what_to_install(run_python: Any) -> None:
    code = """
import sys
sys.modules["numpy"] = None
from indoxrouter import EmbeddingResponse
response = EmbeddingResponse.from_dict({"data": [[1.0]]})
print(response.data, response.dimensions)
try:
    response.to_numpy()
except ImportError as error:
    print(error)
"""
    shown = run_python(code).stdout
    assert shown == "[[1.0]] 1\nto_numpy() needs NumPy, which is not installed: pip install numpy\n"


def test_the_repr_counts_and_shows_no_numbers(harness: Harness) -> None:
    assert "<2 vectors of 1,536 dimensions>" in repr(harness.embeddings(["a", "b"]))
