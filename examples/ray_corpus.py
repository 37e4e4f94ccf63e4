"""Classifies and embeds a corpus with Ray Data: a CSV file with the columns id and text in, Parquet out.

pip install indoxrouter-ray
python examples/ray_corpus.py reviews.csv labelled
"""

from __future__ import annotations

import os
import sys
from typing import Any

import pyarrow.parquet as pq
import ray

from indoxrouter_ray import Chat, Embed, governor

QUESTION = "Is this review positive, negative or neutral? Answer with one word.\n\n"


def ask(row: dict[str, Any]) -> dict[str, Any]:
    """The question about a row."""
    return {**row, "prompt": QUESTION + row["text"]}


def main(source: str, target: str) -> None:
    """Run the job. Run it again after a crash: what the journal has is not sent again, and nothing is paid twice."""
    common = {"id": "id", "journal": f"{os.path.abspath(target)}.journal", "governor": governor(usd=5.0)}
    labels = ray.data.read_csv(source).map(ask).map_batches(
        Chat,
        fn_constructor_kwargs={**common, "job": "reviews-labels", "journal": f"{common['journal']}/labels"},
        batch_size=64,
        concurrency=2,  # actors
        num_cpus=0.25,
    )  # fmt: skip
    labels = labels.rename_columns({name: f"label_{name}" for name in ("cost", "error", "error_type")})
    vectors = labels.map_batches(
        Embed,
        fn_constructor_kwargs={**common, "job": "reviews-vectors", "journal": f"{common['journal']}/vectors"},
        batch_size=64,
        concurrency=2,
        num_cpus=0.25,
    )
    vectors.drop_columns(["prompt"]).write_parquet(target)
    done = pq.read_table(target, columns=["cost", "label_cost"]).to_pydict()
    costs = [cost for column in done.values() for cost in column if cost is not None]
    print(f"{len(done['cost'])} rows, ${sum(costs):.6f}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    ray.init(num_cpus=2, include_dashboard=False)
    main(sys.argv[1], sys.argv[2])
