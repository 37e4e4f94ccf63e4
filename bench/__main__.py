"""`python -m bench`: run, print the table, save the JSON, compare two runs."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from bench.environments import ROOT
from bench.report import compare, table
from bench.run import measure, save
from bench.subjects import SUBJECTS

RESULTS = ROOT / "bench" / "results"


def main() -> int:
    """Do what the arguments say; 1 when a comparison finds that one of our figures got worse."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds and only the units beside ours: one minute"
    )
    parser.add_argument("--rounds", type=int, help="how often each subject has its turn")
    parser.add_argument("--only", nargs="+", default=(), metavar="CASE", help="some cases only")
    parser.add_argument("--subjects", nargs="+", choices=list(SUBJECTS), help="some subjects only")
    parser.add_argument(
        "--output", type=Path, help="the JSON file to write (default: bench/results/<time>.json)"
    )
    parser.add_argument("--markdown", type=Path, help="write the table to this file too")
    parser.add_argument(
        "--compare", nargs=2, type=Path, metavar=("OLD", "NEW"), help="compare two runs and do nothing else"
    )
    arguments = parser.parse_args()
    if arguments.compare:
        old, new = (json.loads(path.read_text()) for path in arguments.compare)
        text, worse = compare(old, new)
        print(text)
        return 1 if worse else 0
    subjects = arguments.subjects or (
        ["httpx", "aiohttp", "default", "fast"] if arguments.quick else list(SUBJECTS)
    )
    rounds = arguments.rounds or (3 if arguments.quick else 9)
    run = measure(subjects, rounds, arguments.quick, arguments.only)
    output = arguments.output or RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    save(run, output)
    text = table(run)
    print(text)
    if arguments.markdown:
        arguments.markdown.write_text(text)
    print(f"bench: saved to {output}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
