"""`make servers`: the client with real servers and proxies, plain and over TLS; prints a table.

Usage: python -m tests.servers [uvicorn nginx …] [--seconds 300]
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import sys
import tempfile
import time
from pathlib import Path

import trustme

from .programs import SERVERS, Missing, Server, running
from .smoke import CASES, try_all

__all__ = ["main"]

_WAYS = tuple(itertools.product(("sync", "async"), ("direct", "httpx")))


def _row(server: Server, certificate: Path | None, place: Path, until: float) -> tuple[list[str], list[str]]:
    """The cells of one row, and how cases failed."""
    cells: list[str] = []
    failures: list[str] = []
    old = server.name == "http.server"
    with running(server, certificate, place) as port:
        url = f"{'https' if certificate else 'http'}://127.0.0.1:{port}/api/v1"
        for kind, engine in _WAYS:
            passed, failed = asyncio.run(try_all(kind, engine, url, port, old=old, until=until))
            cells.append(f"{passed}/{passed + len(failed)}")
            failures += [f"{server.name} {kind} {engine}: {each}" for each in failed]
    return cells, failures


def main(arguments: list[str] | None = None) -> int:
    """Try every server, and return 1 when a case failed."""
    parser = argparse.ArgumentParser(prog="make servers", description="The client with real servers.")
    parser.add_argument("servers", nargs="*", help=f"of {', '.join(server.name for server in SERVERS)}")
    parser.add_argument(
        "--seconds", type=float, default=300, help="nothing starts later than this (default: 300)"
    )
    options = parser.parse_args(arguments)
    known = {server.name: server for server in SERVERS}
    for name in options.servers:
        if name not in known:
            parser.error(f"server: expected one of {', '.join(known)}, got {name!r}")
    chosen = [known[name] for name in options.servers] or list(SERVERS)
    until = time.monotonic() + options.seconds
    print(f"servers: {', '.join(case.__name__ for case in CASES)}")
    print(f"{'server':12} {'':5} " + " ".join(f"{kind + ' ' + engine:13}" for kind, engine in _WAYS))
    failures: list[str] = []
    ran = 0
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        place.chmod(0o755)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(place / "authority.pem"))
        pair = authority.issue_cert("127.0.0.1", "localhost")
        certificate = place / "server.pem"
        pair.private_key_and_cert_chain_pem.write_to_path(str(certificate))
        os.environ["SSL_CERT_FILE"] = str(place / "authority.pem")
        for server in chosen:
            for tls in (False, True) if server.tls else (False,):
                start = f"{server.name:12} {'TLS' if tls else 'plain':5} "
                if time.monotonic() > until:
                    print(f"{start}skipped: no time was left")
                    continue
                try:
                    cells, failed = _row(server, certificate if tls else None, place, until)
                except Missing as reason:
                    print(f"{start}skipped: {reason}", flush=True)
                    continue
                ran += 1
                failures += failed
                print(start + " ".join(f"{cell:13}" for cell in cells), flush=True)
    for failure in failures:
        print(f"  FAILED  {failure}")
    print(f"servers: {ran} set-ups, {len(failures)} cases failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
