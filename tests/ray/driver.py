"""A driver of Ray for tests that kill it or its workers: `python -m tests.ray.driver '<JSON>'`.

Options: rows, out (directory of Parquet), operation (arguments of `Chat`). Prints `started`, then the number of rows.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import ray

from indoxrouter_ray import Chat


def main(options: dict[str, Any]) -> int:
    ray.init(num_cpus=2, include_dashboard=False, object_store_memory=200_000_000, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    print("started", flush=True)
    rows = ray.data.from_items([{"id": n, "prompt": f"Question {n}?"} for n in range(options["rows"])])
    answers = rows.map_batches(
        Chat, fn_constructor_kwargs=options["operation"], batch_size=64, concurrency=2, num_cpus=0.5
    )
    answers.write_parquet(options["out"])
    found: int = ray.data.read_parquet(str(Path(options["out"]))).count()
    return found


if __name__ == "__main__":
    print(main(json.loads(sys.argv[1])), flush=True)
