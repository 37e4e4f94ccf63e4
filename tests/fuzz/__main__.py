"""`make fuzz`: run the fuzzers for a while from a seed, and print what they saw.

Usage: python -m tests.fuzz [poison truncation differential] [--seed N] [--seconds S] [--rounds N]
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import time
from collections import Counter
from collections.abc import Callable

from .asking import LOOPS
from .differential import compare
from .poisoning import Tally, poison_round
from .server import Authority
from .truncation import cut_everywhere, cut_in_compression, cut_on_the_wire

__all__ = ["FUZZERS", "main"]

Fuzzer = Callable[[int, Authority], tuple[str, list[str]]]
"""From a seed to one line for the report, and what must not be."""


def poison(seed: int, authority: Authority) -> tuple[str, list[str]]:
    """One round of poison on each loop, plain and over TLS, with one asker and with many."""
    total = Tally()
    for loop, tls, askers in itertools.product(LOOPS, (False, True), (1, 12)):
        tally = poison_round(
            seed, loop, tls=tls, authority=authority, askers=askers, calls=180 // (askers + 5)
        )
        total.add(tally, f"poison, seed {seed}, {loop}, {'TLS' if tls else 'plain'}, {askers} askers")
    return f"poison: {total}", total.wrong


def truncation(seed: int, authority: Authority) -> tuple[str, list[str]]:
    """Answers that are cut, for the parser alone and on each loop."""
    total = Tally()
    for number in range(seed * 20, seed * 20 + 20):
        parsed = Tally()
        cut_everywhere(number, parsed)
        cut_in_compression(number, parsed)
        total.add(parsed, f"truncation, seed {seed}, parser")
    for loop, tls in itertools.product(LOOPS, (False, True)):
        tally = cut_on_the_wire(seed, loop, tls=tls, authority=authority, calls=30)
        total.add(tally, f"truncation, seed {seed}, {loop}, {'TLS' if tls else 'plain'}")
    return f"truncation: {total}", total.wrong


def differential(seed: int, authority: Authority) -> tuple[str, list[str]]:
    """A thousand mutated answers through three parsers."""
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for number in range(seed * 1_000, seed * 1_000 + 1_000):
        wrong += compare(number, counts)
    kinds = sum(kind.startswith("only") for kind in counts)
    both = counts["both with h11"] + counts["both with llhttp"]
    return f"differential: 1000 answers, {both} verdicts shared, {kinds} kinds of disagreement", wrong


FUZZERS: dict[str, Fuzzer] = {"poison": poison, "truncation": truncation, "differential": differential}


def main(arguments: list[str] | None = None) -> int:
    """Fuzz, and return 1 when anything was wrong."""
    parser = argparse.ArgumentParser(prog="make fuzz", description="Fuzz the direct engine.")
    parser.add_argument(
        "fuzzers", nargs="*", metavar="fuzzer", help=f"of {', '.join(FUZZERS)}; by default all"
    )
    parser.add_argument("--seed", type=int, help="of the first round; by default random")
    parser.add_argument(
        "--seconds", type=float, default=60, help="no round starts later than this (default: 60)"
    )
    parser.add_argument("--rounds", type=int, default=10_000, help="at most so many rounds")
    options = parser.parse_args(arguments)
    for name in options.fuzzers:
        if name not in FUZZERS:
            parser.error(f"fuzzer: expected one of {', '.join(FUZZERS)}, got {name!r}")
    first = random.randrange(1_000_000) if options.seed is None else options.seed
    print(f"fuzz: seed {first}; the same again: python -m tests.fuzz --seed {first} --rounds 1", flush=True)
    authority = Authority()
    began = time.monotonic()
    failures = rounds = 0
    for seed in range(first, first + options.rounds):
        if time.monotonic() - began > options.seconds:
            break
        rounds += 1
        for name in options.fuzzers or FUZZERS:
            line, wrong = FUZZERS[name](seed, authority)
            print(f"{time.monotonic() - began:6.1f} s  seed {seed}  {line}", flush=True)
            for each in wrong:
                print(f"  WRONG  {each}")
            failures += len(wrong)
    print(f"fuzz: {rounds} rounds from seed {first} in {time.monotonic() - began:.0f} s, {failures} wrong")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
