"""Does a request cost the same when there are many of them, and does memory stay where it is?

    python -m bench.scale                            # both engines, about a minute and a half
    python -m bench.scale --requests 5000            # the same, shorter
    python -m bench.scale --engine fast --part many  # one part only

For each engine, each part in a process of its own, with the asynchronous client:

  many      CPU time for a request with 1 to 1,000 at once, connections and memory
  long      CPU time for a request, memory and descriptors while --requests are made, 100 at once
  upload    the most memory that an upload of 100 MB adds (synchronous client, as the next two)
  download  the same for a download of 500 MB, to a file
  stream    the same for a stream of 20,000 events

Prints Markdown tables, and saves them as JSON to bench/results/scale-<time>.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.environments import ROOT
from bench.processes import Server, clean_environment, cores, pinned, running_server
from bench.scale_parts import PARTS, run_part

__all__ = ["main", "tables"]

ENGINES = ("direct", "httpx")
TABLES = {
    "requests at once": ("many",),
    "requests one after the other, 100 at once": ("long",),
    "one transfer": ("upload", "download", "stream"),
}


def tables(document: dict[str, Any]) -> str:
    """What was measured, in Markdown: a table for each part, the engines beside one another."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = document["engines"]
    lines = [
        f"Measured on {document['date']} with `{document['command']}`: CPU time of the client's process, the memory "
        "that it holds, and its files and sockets. A request that runs alone pays for a whole turn of the event loop.",
    ]
    for title, group in TABLES.items():
        columns = {
            engine: rows
            for engine, parts in found.items()
            if (rows := [row for part in group for row in parts.get(part, [])])
        }
        if columns:
            lines += ["", *_table(title, columns)]
    return "\n".join(lines) + "\n"


def _table(title: str, columns: dict[str, list[dict[str, Any]]]) -> list[str]:
    names = list(dict.fromkeys(row["what"] for rows in columns.values() for row in rows))
    keys = {engine: [key for key in rows[0] if key != "what"] for engine, rows in columns.items()}
    heads = [f"{engine}: {key}" for engine in columns for key in keys[engine]]
    lines = [f"| {title} | " + " | ".join(heads) + " |", "| --- |" + " ---: |" * len(heads)]
    for name in names:
        found = {
            engine: next((row for row in rows if row["what"] == name), {}) for engine, rows in columns.items()
        }
        cells = [
            f"{row[key]:,}" if key in row else "–" for engine, row in found.items() for key in keys[engine]
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.scale",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--engine", nargs="+", choices=ENGINES, default=list(ENGINES), help="engines to measure"
    )
    parser.add_argument(
        "--requests",
        type=int,
        default=100_000,
        help="of the part `long` (default: %(default)s); at least 1,000",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=150.0,
        help="that a part may take for an engine (default: %(default)s): then it stops, and shows what it has",
    )
    parser.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS), help="some parts only")
    parser.add_argument(
        "--output", type=Path, help="the JSON file (default: bench/results/scale-<time>.json)"
    )
    parser.add_argument("--markdown", type=Path, help="write the tables to this file too")
    parser.add_argument("--server", help=argparse.SUPPRESS)  # run one part here, against this server
    return parser


def main(given: list[str] | None = None) -> int:
    """Run the parts in processes of their own; 0 when all of them could be measured."""
    parser = _parser()
    arguments = parser.parse_args(given)
    if arguments.requests < 1000:
        parser.error(f"--requests has to be at least 1,000, not {arguments.requests}")
    if arguments.server:
        for row in run_part(arguments.part[0], arguments.server, arguments.requests, arguments.seconds):
            print(json.dumps(row), flush=True)
        return 0
    document: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "command": f"python -m bench.scale --requests {arguments.requests}",
        "engines": {},
    }
    failed = False
    server_core, client_core = cores()
    with running_server(server_core) as server:
        for engine in arguments.engine:
            parts = document["engines"].setdefault(engine, {})
            for part in arguments.part:
                began = time.monotonic()
                parts[part], error = _in_a_process(part, engine, server, client_core, arguments)
                failed = failed or bool(error)
                said = error or "done"
                took = time.monotonic() - began
                print(f"bench.scale: {engine}, {part}: {said} in {took:.0f} s", file=sys.stderr, flush=True)
    output = arguments.output or ROOT / "bench" / "results" / f"scale-{time.strftime('%Y%m%d-%H%M%S')}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(document, indent=1) + "\n")
    text = tables(document)
    print(text)
    if arguments.markdown:
        arguments.markdown.write_text(text)
    print(f"bench.scale: saved to {output}", file=sys.stderr)
    return 1 if failed else 0


def _in_a_process(
    part: str, engine: str, server: Server, core: int | None, arguments: argparse.Namespace
) -> tuple[list[dict[str, Any]], str]:
    """The rows of one part, and what went wrong."""
    command = [sys.executable, "-m", "bench.scale", "--part", part, "--server", server.url]
    command += ["--requests", str(arguments.requests), "--seconds", str(arguments.seconds)]
    try:
        done = subprocess.run(
            command,
            env={**clean_environment(), "INDOX_ROUTER_ENGINE": engine},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=pinned(core),  # this process has one thread
            timeout=arguments.seconds * 2 + 30,  # it stops by itself, unless something hangs
        )
    except subprocess.TimeoutExpired:
        return [], "it hung and was ended"
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return rows, done.stderr.strip()[-300:] if done.returncode else ""


if __name__ == "__main__":
    sys.exit(main())
