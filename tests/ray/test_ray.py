"""Ray in local mode with two CPUs, Dask and Daft, against the mock, whose billing log is the witness."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from indoxrouter_mock import MockServer

ray = pytest.importorskip("ray", reason="Ray is not installed; `make integrations` installs it")

from indoxrouter_ray import Chat, Embed, Operation, governor  # noqa: E402
from indoxrouter_ray.governor import Governor  # noqa: E402

pytestmark = [pytest.mark.timeout(300), pytest.mark.filterwarnings("default")]


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    ray.init(num_cpus=2, include_dashboard=False, object_store_memory=200_000_000, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


@pytest.fixture
def mock(indoxrouter_mock: MockServer) -> MockServer:
    return indoxrouter_mock


def client(mock: MockServer) -> dict[str, Any]:
    return {"api_key": mock.api_key, "base_url": mock.url, "max_retries": 8}


def prompts(count: int) -> Any:
    return ray.data.from_items([{"id": n, "prompt": f"Question {n}?", "text": f"t{n}"} for n in range(count)])


def apply(dataset: Any, operation: type[Operation], **options: Any) -> Any:
    return dataset.map_batches(
        operation, fn_constructor_kwargs={"id": "id", **options}, batch_size=32, concurrency=2, num_cpus=0.5
    )


def test_every_row_has_an_answer_or_an_error_in_typed_columns(cluster: None, mock: MockServer) -> None:
    before = mock.credits
    mock.faults.add("error", status=400, times=3, operation="createChatCompletion")
    rows = apply(prompts(200), Chat, job="night", client=client(mock)).take_all()
    assert sorted(row["id"] for row in rows) == list(range(200))
    failed = [row for row in rows if row["error"] is not None]
    assert [row["answer"] for row in failed] == [None] * 3
    assert all(f"Question {row['id']}?" in row["answer"] for row in rows if row["error"] is None)
    assert before - mock.credits == pytest.approx(sum(row["cost"] or 0.0 for row in rows), rel=1e-6)


def test_a_job_that_runs_again_is_not_billed_again(cluster: None, mock: MockServer) -> None:
    first = apply(prompts(60), Embed, job="vectors", client=client(mock)).take_all()
    spent = mock.credits
    second = apply(prompts(60), Embed, job="vectors", client=client(mock)).take_all()
    assert mock.credits == spent
    assert {row["id"]: list(row["embedding"]) for row in first} == {
        row["id"]: list(row["embedding"]) for row in second
    }
    assert len(first[0]["embedding"]) == 1536


def test_refused_credits_are_errors_of_rows_and_not_results(cluster: None, mock: MockServer) -> None:
    mock.credits = 0.0
    rows = apply(prompts(50), Chat, job="poor", client=client(mock)).take_all()
    assert len(rows) == 50
    assert {row["error_type"] for row in rows} == {"InsufficientCreditsError"}
    assert {row["answer"] for row in rows} == {None}


def test_a_governor_bounds_what_two_actors_spend(cluster: None, mock: MockServer) -> None:
    before = mock.credits
    actor = governor(usd=0.002)
    rows = apply(
        prompts(300), Chat, job="bounded", client=client(mock), governor=actor, concurrency=2
    ).take_all()
    assert len(rows) == 300
    assert {row["error_type"] for row in rows} == {None, "BudgetExceededError"}
    dearest = max(row["cost"] or 0.0 for row in rows)
    assert 0.0015 < before - mock.credits <= 0.002 + 4 * dearest
    assert ray.get(actor.spend.remote()).usd == pytest.approx(before - mock.credits, rel=1e-6)


def test_a_refusal_pauses_every_worker_of_a_governor_and_the_dead_give_back() -> None:
    now = [0.0]
    made = Governor(usd=1.0, lease=10.0, clock=lambda: now[0])
    assert made.take("a", 0, 0) == (16, 0.0)
    assert made.reserve("a", 1, 0.9) is None
    assert made.refused("a", 5.0) == 5.0
    assert made.take("b", 0, 0) == (0, 5.0)
    refusal = made.reserve("b", 1, 0.2)
    assert refusal is not None
    assert refusal.reserved.usd == 0.9
    now[0] = 11.0  # a is silent for longer than its lease
    made.take("b", 0, 0)
    assert made.reserve("b", 1, 0.2) is None


def test_the_same_class_answers_partitions_of_dask(mock: MockServer) -> None:
    dask = pytest.importorskip("dask.dataframe", reason="Dask is not installed")
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    chat = Chat(job="dask", id="id", client=client(mock))
    assert "dask" in repr(pickle.loads(pickle.dumps(chat)))
    frame = pandas.DataFrame({"id": range(40), "prompt": [f"Question {n}?" for n in range(40)]})
    meta = {"id": "int64", "prompt": object, "answer": object, "cost": "float64", "error": object,
            "error_type": object}  # fmt: skip
    found = (
        dask.from_pandas(frame, npartitions=4)
        .map_partitions(lambda part: chat.run(part).to_pandas(), meta=meta)
        .compute(scheduler="threads")
    )
    chat.close()
    assert sorted(found["id"]) == list(range(40))
    assert all(f"Question {n}?" in text for n, text in zip(found["id"], found["answer"], strict=True))


def test_the_same_class_answers_columns_of_daft(mock: MockServer) -> None:
    daft = pytest.importorskip("daft", reason="Daft is not installed")
    chat = Chat(job="daft", client=client(mock))

    @daft.func.batch(return_dtype=daft.DataType.string())  # type: ignore[untyped-decorator, unused-ignore]
    def answer(prompt: Any) -> Any:
        return chat.run({"prompt": prompt.to_pylist()}).column("answer").to_pylist()

    frame = daft.from_pydict({"prompt": [f"Question {n}?" for n in range(40)]})
    found = frame.with_column("answer", answer(daft.col("prompt"))).to_pydict()
    chat.close()
    assert all(q in a for q, a in zip(found["prompt"], found["answer"], strict=True))
    assert mock.counters["requests"] >= 40


def test_other_operations_return_json(mock: MockServer) -> None:
    with Operation(job="i", method="images", column="text", client=client(mock)) as images:
        table = images.run({"text": ["a boat"]})
    assert json.loads(table.column("result")[0].as_py())["success"] is True
    assert "images" in repr(images)
