"""How many rows a second bulk work makes: `client.map`, the same in two processes, Ray, Dask, Daft, LiteLLM.

    python -m bench.bulk                     # two minutes
    python -m bench.bulk --rows 4000         # shorter
    python -m bench.bulk --python .integrations/bin/python   # with Ray, Dask and Daft, as after `make integrations`

The server answers after 0 or 0.25 s. The ceiling at 0.25 s is `concurrency / 0.25` rows a second. Each subject
runs in a process of its own: rows a second of the whole run, CPU time a row, peak memory, seconds until the first row.
Ray starts for some twenty seconds: its rows a second count from the first batch to the last.
`map, files` reads JSON lines and writes a journal and Parquet; its second line has four times the rows and shows by how
many bytes a row the memory grows. A subject whose packages are missing is skipped, with the reason.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LATENCY = (0.0, 0.25)
CONCURRENCY = {0.0: 32, 0.25: 256}
BODY = json.dumps(
    {"request_id": "r", "created_at": "2026-01-01T00:00:00Z", "duration_ms": 1.0, "provider": "openai", "model": "m",
     "success": True, "message": "", "data": "An answer.", "finish_reason": "stop",
     "usage": {"tokens_prompt": 10, "tokens_completion": 5, "tokens_total": 15, "cost": 0.00001}}
).encode()  # fmt: skip
OPENAI = json.dumps(
    {"id": "r", "object": "chat.completion", "created": 1, "model": "m",
     "choices": [{"index": 0, "message": {"role": "assistant", "content": "An answer."}, "finish_reason": "stop"}],
     "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}}
).encode()  # fmt: skip
TOKEN = json.dumps(
    {"access_token": "t", "refresh_token": "r", "token_type": "bearer", "expires_in": 36000}
).encode()


class Done(NamedTuple):
    """What a subject reports of its run.

    Attributes:
        first: seconds until the first row; 0 if the subject cannot tell.
        rows, seconds: after the first batch, if the start of the subject would hide its speed; else None.
    """

    first: float = 0.0
    rows: int | None = None
    seconds: float | None = None


class Answers(asyncio.Protocol):
    """Answers each request after the latency; a token at once."""

    latency = 0.0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.held = b""

    def data_received(self, data: bytes) -> None:
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            head = self.held[:end].lower()
            at = head.find(b"content-length:")
            size = end + 4 + (int(head[at + 15 :].split(b"\r\n")[0]) if at >= 0 else 0)
            if len(self.held) < size:
                return
            token = b"/auth/" in head[:80]
            self.held = self.held[size:]
            body = TOKEN if token else OPENAI if b"/v1/" in head[:80] else BODY
            answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (
                len(body),
                body,
            )
            if self.latency and not token:
                asyncio.get_running_loop().call_later(self.latency, self.transport.write, answer)
            else:
                self.transport.write(answer)


async def serve(latency: float) -> None:
    Answers.latency = latency
    server = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def mapped(
    url: str, rows: int, concurrency: int, *, part: int = 0, of: int = 1, shared: str = ""
) -> float:
    """`client.map` over a part of the rows. Returns the seconds until the first row."""
    from indoxrouter import AsyncClient

    from indoxrouter_bulk.shared import SharedPace

    began = time.perf_counter()
    first = 0.0
    async with AsyncClient(api_key="indox-" + "b" * 32, base_url=url) as client:
        pace = SharedPace(shared) if shared else None
        requests = ((f"r{row}", f"Question {row}?") for row in range(part, rows, of))
        async for result in client.map(
            requests, concurrency=concurrency // of, pace=pace, idempotency="bench"
        ):
            first = first or time.perf_counter() - began
            result.unwrap()
    return first


def run_map(url: str, rows: int, concurrency: int) -> Done:
    return Done(asyncio.run(mapped(url, rows, concurrency)))


def run_map_part(url: str, rows: int, concurrency: int, part: int, shared: str) -> float:
    return asyncio.run(mapped(url, rows, concurrency, part=part, of=2, shared=shared))


def run_two(url: str, rows: int, concurrency: int) -> Done:
    """Two processes over one file of pace."""
    from concurrent.futures import ProcessPoolExecutor

    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(2) as pool:
        shared = f"{folder}/shared.db"
        parts = [pool.submit(run_map_part, url, rows, concurrency, part, shared) for part in (0, 1)]
        return Done(min(part.result() for part in parts))


def run_files(url: str, rows: int, concurrency: int) -> Done:
    """JSON lines in, a journal, Parquet out."""
    from indoxrouter import AsyncClient

    from indoxrouter_bulk.tables import read_rows, write_rows

    async def run(folder: Path) -> None:
        with (folder / "in.jsonl").open("w") as file:
            file.writelines(json.dumps({"id": n, "prompt": f"Question {n}?"}) + "\n" for n in range(rows))
        async with AsyncClient(api_key="indox-" + "b" * 32, base_url=url) as client:
            requests = read_rows(folder / "in.jsonl")
            results = client.map(requests, concurrency=concurrency, journal=folder / "journal")
            assert await write_rows(results, folder / "out.parquet") == rows

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))
    return Done()


def run_more_files(url: str, rows: int, concurrency: int) -> Done:
    return run_files(url, 4 * rows, concurrency)


class Empty:
    """A function of the same latency that makes no call: what Ray itself costs."""

    def __init__(self, latency: float, concurrency: int) -> None:
        self.latency = latency
        self.slots = asyncio.Semaphore(concurrency)

    async def __call__(self, batch: Any) -> Any:
        async def one() -> None:
            async with self.slots:
                await asyncio.sleep(self.latency)

        await asyncio.gather(*(one() for _ in batch["id"]))
        return batch


def run_ray(url: str, rows: int, concurrency: int, *, empty: bool = False) -> Done:
    import ray

    from indoxrouter_ray import Chat

    ray.init(num_cpus=2, include_dashboard=False, object_store_memory=200_000_000, log_to_driver=False)
    began = time.perf_counter()
    dataset = ray.data.from_items([{"id": n, "prompt": f"Question {n}?"} for n in range(rows)])
    options: dict[str, Any] = {
        "job": "bench", "id": "id", "concurrency": concurrency // 2,
        "client": {"api_key": "indox-" + "b" * 32, "base_url": url},
    }  # fmt: skip
    if empty:
        options = {"latency": float(os.environ["BENCH_LATENCY"]), "concurrency": concurrency // 2}
    done = dataset.map_batches(
        Empty if empty else Chat, fn_constructor_kwargs=options, batch_size=256, concurrency=2, num_cpus=0.5
    )
    first, early, count = 0.0, 0, 0
    for batch in done.iter_batches(batch_size=256):
        count += len(batch["id"])
        if not first:
            first, early = time.perf_counter() - began, count
    assert count == rows
    return Done(first, count - early, time.perf_counter() - began - first)


def run_ray_empty(url: str, rows: int, concurrency: int) -> Done:
    return run_ray(url, rows, concurrency, empty=True)


def run_dask(url: str, rows: int, concurrency: int) -> Done:
    import dask.dataframe as dd
    import pandas as pd

    from indoxrouter_ray import Chat

    chat = Chat(
        job="bench",
        id="id",
        concurrency=concurrency,
        client={"api_key": "indox-" + "b" * 32, "base_url": url},
    )
    frame = pd.DataFrame({"id": range(rows), "prompt": [f"Question {n}?" for n in range(rows)]})
    meta = chat_meta()
    began = time.perf_counter()
    parts = dd.from_pandas(frame, npartitions=8)
    found = parts.map_partitions(lambda part: chat.run(part).to_pandas(), meta=meta).compute(
        scheduler="threads"
    )
    assert len(found) == rows
    chat.close()
    return Done(time.perf_counter() - began)


def run_daft(url: str, rows: int, concurrency: int) -> Done:
    import daft

    from indoxrouter_ray import Chat

    chat = Chat(
        job="bench", concurrency=concurrency, client={"api_key": "indox-" + "b" * 32, "base_url": url}
    )

    @daft.func.batch(return_dtype=daft.DataType.string())  # type: ignore[untyped-decorator, unused-ignore]
    def answer(prompt: Any) -> Any:
        return chat.run({"prompt": prompt.to_pylist()}).column("answer").to_pylist()

    began = time.perf_counter()
    frame = daft.from_pydict({"prompt": [f"Question {n}?" for n in range(rows)]})
    found = frame.with_column("answer", answer(daft.col("prompt"))).to_pydict()
    assert len(found["answer"]) == rows
    chat.close()
    return Done(time.perf_counter() - began)


def run_litellm(url: str, rows: int, concurrency: int) -> Done:
    """LiteLLM's own loop over threads, at the same server in the form of OpenAI's answers."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # its prices come from the network otherwise
    import litellm

    began = time.perf_counter()
    messages = [[{"role": "user", "content": f"Question {n}?"}] for n in range(rows)]
    found = litellm.batch_completion(
        model="openai/m", messages=messages, api_base=f"{url}/v1", api_key="k", max_workers=concurrency
    )
    assert len([each for each in found if not isinstance(each, Exception)]) == rows
    return Done(time.perf_counter() - began)


def run_ray_http(url: str, rows: int, concurrency: int) -> Done:
    """Ray's own processor of HTTP requests."""
    import ray
    from ray.data.llm import HttpRequestProcessorConfig, build_processor

    ray.init(num_cpus=2, include_dashboard=False, object_store_memory=200_000_000, log_to_driver=False)
    config = HttpRequestProcessorConfig(url=f"{url}/chat/completions", concurrency=1, batch_size=32)
    processor = build_processor(
        config,
        preprocess=lambda row: {"payload": {"messages": [{"role": "user", "content": row["prompt"]}]}},
        postprocess=lambda row: {"answer": row["http_response"]["data"]},
    )
    began = time.perf_counter()
    first, early, count = 0.0, 0, 0
    for batch in processor(
        ray.data.from_items([{"prompt": f"Question {n}?"} for n in range(rows)])
    ).iter_batches(batch_size=32):
        count += len(batch["answer"])
        if not first:
            first, early = time.perf_counter() - began, count
    assert count == rows
    return Done(first, count - early, time.perf_counter() - began - first)


def chat_meta() -> dict[str, Any]:
    return {"id": "int64", "prompt": object, "answer": object, "cost": "float64", "error": object,
            "error_type": object}  # fmt: skip


SUBJECTS: dict[str, Callable[[str, int, int], Done]] = {
    "map": run_map,
    "map, 2 processes": run_two,
    "map, files": run_files,
    "map, files, 4 times": run_more_files,
    "Ray, empty function": run_ray_empty,
    "Ray, Chat": run_ray,
    "Dask, Chat": run_dask,
    "Daft, Chat": run_daft,
    "LiteLLM, batch_completion": run_litellm,
    "Ray, HTTP processor": run_ray_http,
}
SLOW = {"LiteLLM, batch_completion": 20, "Ray, HTTP processor": 20}
"""Subjects that get a part of the rows only, so that a run ends in minutes."""


def measure(subject: str, url: str, rows: int, concurrency: int) -> dict[str, Any]:
    """Run a subject in this process."""
    began = time.perf_counter()
    try:
        done = SUBJECTS[subject](url, rows, concurrency)
    except ModuleNotFoundError as error:
        return {"skipped": f"the package {error.name} is not installed"}
    rows *= 4 if subject.endswith("4 times") else 1
    seconds = time.perf_counter() - began
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "rows_per_second": done.rows / done.seconds if done.rows and done.seconds else rows / seconds,
        "cpu_us": 1e6 * (own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime) / rows,
        "memory_mb": max(own.ru_maxrss, children.ru_maxrss) / 1024,
        "first_row": done.first,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.bulk", description=__doc__.split("\n")[0] if __doc__ else ""
    )
    parser.add_argument("--rows", type=int, default=20_000, help="rows at 0 s; half of them at 0.25 s")
    parser.add_argument(
        "--python", default=str(ROOT / ".integrations/bin/python"), help="has Ray, Dask and Daft"
    )
    parser.add_argument("--only", nargs="+", choices=list(SUBJECTS), metavar="SUBJECT", help="some subjects")
    parser.add_argument(
        "--latency", nargs="+", type=float, choices=LATENCY, default=LATENCY, help="of the server"
    )
    parser.add_argument("--inside", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        kind, url, rows, concurrency, latency = options.inside
        if kind == "server":
            asyncio.run(serve(float(latency)))
        print(json.dumps(measure(kind, url, int(rows), int(concurrency))))
        return
    print("| server | subject | rows/s | of ceiling | CPU, µs/row | memory, MB | first row, s |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'generated'}"}
    for latency in options.latency:
        memory: dict[str, float] = {}
        rows = options.rows if not latency else max(options.rows // 2, 2000)
        concurrency = CONCURRENCY[latency]
        command = ["-m", "bench.bulk", "--inside"]
        with subprocess.Popen(
            [sys.executable, *command, "server", "-", "0", "0", str(latency)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        ) as server:
            assert server.stdout is not None
            url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
            for subject in options.only or SUBJECTS:
                python = sys.executable if subject.startswith("map") else options.python
                if not Path(python).exists():
                    continue
                done = subprocess.run(
                    [python, *command, subject, url, str(rows // SLOW.get(subject, 1)), str(concurrency), str(latency)],
                    stdout=subprocess.PIPE, text=True, cwd=ROOT, check=False,
                    env={**environment, "BENCH_LATENCY": str(latency)},
                )  # fmt: skip
                if done.returncode:
                    print(f"| {latency} s | {subject} | failed | | | | |", flush=True)
                    continue
                got = json.loads(done.stdout.splitlines()[-1])
                if "skipped" in got:
                    print(f"| {latency} s | {subject} | skipped: {got['skipped']} | | | | |", flush=True)
                    continue
                ceiling = f"{got['rows_per_second'] * latency / concurrency:.0%}" if latency else ""
                print(
                    f"| {latency} s | {subject} | {got['rows_per_second']:,.0f} | {ceiling} | {got['cpu_us']:,.0f} | "
                    f"{got['memory_mb']:,.0f} | {got['first_row']:.2f} |",
                    flush=True,
                )
                memory[subject] = got["memory_mb"]
            few, many = (memory.get(name) for name in ("map, files", "map, files, 4 times"))
            if few and many:
                slope = (many - few) * 2**20 / (3 * rows)
                print(f"| {latency} s | memory grows by {slope:,.0f} bytes a row | | | | | |", flush=True)
            server.terminate()


if __name__ == "__main__":
    main()
