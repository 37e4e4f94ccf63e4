"""Frames of pandas, polars and Ray's results as requests, and results as frames."""

from __future__ import annotations

from typing import Any

import pytest
from indoxrouter import AsyncClient
from indoxrouter.errors import InvalidParametersError

from indoxrouter_bulk.tables import read_rows, to_arrow
from indoxrouter_mock import MockServer

pandas = pytest.importorskip("pandas", reason="pandas is not installed; `make integrations` installs it")

DATA: dict[str, list[Any]] = {
    "review": ["Good boots.", None, "Too small."],
    "key": [7, 8, 9],
    "stars": [5.0, None, 2.0],
}


async def answers(mock: MockServer, frame: Any, **options: Any) -> Any:
    async with AsyncClient(api_key=mock.api_key, base_url=mock.url) as client:
        return await to_arrow(client.map(read_rows(frame, **options), ordered=True))


def check(mock: MockServer, table: Any) -> None:
    assert table.column("id").to_pylist() == ["7", "8", "9"]
    first, second, third = table.column("answer").to_pylist()
    assert "Good boots." in first
    assert "Too small." in third
    assert second is None
    assert table.column("error").to_pylist() == [None, "row 2: missing `review`", None]
    chats = [request for request in mock.requests if request["operation"] == "createChatCompletion"]
    assert len(chats) == 2


async def test_a_frame_of_pandas(indoxrouter_mock: MockServer) -> None:
    table = await answers(indoxrouter_mock, pandas.DataFrame(DATA), column="review", id="key")
    check(indoxrouter_mock, table)
    found = table.to_pandas().astype({"id": int})
    frame = pandas.DataFrame(DATA).merge(found, left_on="key", right_on="id")
    assert list(frame["stars"].dropna()) == [5.0, 2.0]


def test_an_index_of_pandas_is_no_column() -> None:
    frame = pandas.DataFrame(DATA).set_index("key")
    with pytest.raises(InvalidParametersError, match="id: expected one of the columns review, stars"):
        list(read_rows(frame, column="review", id="key"))
    first: Any = next(read_rows(frame.reset_index(), column="review", id="key"))
    assert first[0] == 7
    unnamed = pandas.DataFrame({"prompt": ["one"]}, index=["x"])
    assert list(read_rows(unnamed)) == [{"messages": [{"role": "user", "content": "one"}]}]


async def test_a_frame_of_polars(indoxrouter_mock: MockServer) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    table = await answers(indoxrouter_mock, polars.DataFrame(DATA), column="review", id="key")
    check(indoxrouter_mock, table)
    assert polars.from_arrow(table)["answer"].null_count() == 1


async def test_a_frame_is_passed_to_map_itself(indoxrouter_mock: MockServer) -> None:
    frame = pandas.DataFrame({"id": ["a", "b"], "prompt": ["one", "two"], "max_tokens": [5, None]})
    async with AsyncClient(api_key=indoxrouter_mock.api_key, base_url=indoxrouter_mock.url) as client:
        results = [result async for result in client.map(frame, ordered=True)]
    assert [(result.id, result.ok) for result in results] == [("a", True), ("b", True)]
