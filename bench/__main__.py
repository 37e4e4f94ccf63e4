"""`python -m bench`: run, print the tables, save the JSON, compare two runs."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from bench.cases import CASES
from bench.comparison import compare
from bench.environments import ROOT, pin
from bench.picture import picture
from bench.report import into_readme, report
from bench.run import measure, save
from bench.subjects import SUBJECTS

RESULTS = ROOT / "bench" / "results"
RECORD = ROOT / "bench" / "RESULTS.json"
TABLES = ROOT / "bench" / "RESULTS.md"
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "assets" / "speed.svg"
QUICK = ["httpx", "aiohttp", "default", "over_httpx"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds and only the units beside ours: one minute"
    )
    parser.add_argument(
        "--rounds", type=int, help="how often each subject has its turn (default: 9; quick: 3)"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        default=(),
        metavar="CASE",
        choices=sorted({case.name for case in CASES}),
        help=f"some cases only: {', '.join(dict.fromkeys(case.name for case in CASES))}",
    )
    parser.add_argument(
        "--subjects",
        nargs="+",
        choices=list(SUBJECTS),
        metavar="SUBJECT",
        help=f"some subjects only: {', '.join(SUBJECTS)}",
    )
    parser.add_argument(
        "--output", type=Path, help="the JSON file to write (default: bench/results/<time>.json)"
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help="keep the run as the project's figures: bench/RESULTS.json and .md, the README's table and picture",
    )
    parser.add_argument(
        "--render", type=Path, metavar="RUN", help="print the tables of a saved run; measure nothing"
    )
    parser.add_argument(
        "--compare", nargs=2, type=Path, metavar=("OLD", "NEW"), help="compare two runs; measure nothing"
    )
    parser.add_argument(
        "--pin", action="store_true", help="write down which packages the environments hold; measure nothing"
    )
    return parser


def main(given: list[str] | None = None) -> int:
    """Do what the arguments say; 1 when a comparison finds that one of our figures got worse."""
    arguments = _parser().parse_args(given)
    if arguments.compare:
        old, new = (json.loads(path.read_text()) for path in arguments.compare)
        text, worse = compare(old, new)
        print(text)
        return 1 if worse else 0
    if arguments.pin:
        pin(list(SUBJECTS))
        return 0
    if arguments.render:
        run = json.loads(arguments.render.read_text())
    else:
        subjects = arguments.subjects or (QUICK if arguments.quick else list(SUBJECTS))
        rounds = arguments.rounds or (3 if arguments.quick else 9)
        earlier = json.loads(RECORD.read_text()) if RECORD.exists() else None
        run = measure(subjects, rounds, arguments.quick, arguments.only, earlier)
        output = arguments.output or RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
        save(run, output)
        print(f"bench: saved to {output}", file=sys.stderr)
    text = report(run)
    print(text)
    if arguments.record:
        save(run, RECORD)
        TABLES.write_text(text)
        README.write_text(into_readme(README.read_text(), text))
        PICTURE.write_text(picture(run), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
