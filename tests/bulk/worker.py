"""A process that runs a part of a job, for tests that kill it: `python -m tests.bulk.worker '<JSON>'`.

Options: url, api_key, rows (count), and optional: part [number, of], journal, job, pace, budget (paths), usd,
concurrency, per_minute, lease. Prints `started`, and at the end one line of JSON: rows, resumed, cost, error.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from indoxrouter import AsyncClient
from indoxrouter.errors import IndoxRouterError

from indoxrouter_bulk.shared import SharedBudget, SharedPace


async def main(options: dict[str, Any]) -> dict[str, Any]:
    number, of = options.get("part", [0, 1])
    requests = [(f"row{row}", f"Question {row}?") for row in range(number, options["rows"], of)]
    lease = options.get("lease", 60.0)
    pace = SharedPace(options["pace"], options.get("per_minute"), lease=lease) if "pace" in options else None
    budget = SharedBudget(options["budget"], options.get("usd"), lease=lease) if "budget" in options else None
    rows: list[str] = []
    error = None
    async with AsyncClient(
        api_key=options["api_key"], base_url=options["url"], max_retries=options.get("max_retries", 8)
    ) as client:
        run = client.map(
            requests,
            journal=options.get("journal"),
            idempotency=options.get("job"),
            pace=pace,
            budget=budget,
            concurrency=options.get("concurrency", 8),
            retries=50,
        )
        print("started", flush=True)
        try:
            async for result in run:
                rows.append(result.id)
                if result.error is not None:
                    error = repr(result.error)
        except IndoxRouterError as reason:
            error = type(reason).__name__
    return {"rows": rows, "resumed": run.resumed, "cost": run.cost, "error": error}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(json.loads(sys.argv[1])))), flush=True)
