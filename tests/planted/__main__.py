"""`make planted`: plant each fault, and see its test fail.

    python -m tests.planted                    # all of them, some minutes
    python -m tests.planted tokens 14          # those of some subjects or rules
    python -m tests.planted -k "no token"      # those whose name holds a text
    python -m tests.planted --list             # what there is

First the named tests have to pass without any fault.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from .fault import Fault, all_faults
from .finder import NotFound, node_of
from .proof import Verdict, holds, prove


def main(arguments: Sequence[str] | None = None) -> int:
    """Prove the chosen faults: 0 if each is noticed, 1 if one is not, 2 for a choice that names nothing."""
    first, _, usage = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        prog="python -m tests.planted",
        description=first,
        epilog=usage,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("chosen", nargs="*", help="subjects or rules (all)")
    parser.add_argument("-k", dest="text", default="", help="only faults whose name holds this text")
    parser.add_argument("-j", dest="jobs", type=int, default=2, help="how many at the same time (2)")
    parser.add_argument("--tests", default="", help="only faults that tests below this folder notice")
    parser.add_argument("--list", action="store_true", help="name the faults and plant none")
    options = parser.parse_args(arguments)
    faults = all_faults()
    known = {name for fault in faults for name in (fault.subject, fault.rule)}
    if unknown := [name for name in options.chosen if name not in known]:
        print(
            f"error: no faults of {', '.join(unknown)}; there are {' '.join(sorted(known))}", file=sys.stderr
        )
        return 2
    wanted = [
        fault
        for fault in faults
        if (not options.chosen or {fault.subject, fault.rule} & {*options.chosen})
        and options.text in fault.name
        and (not options.tests or node_of(fault.noticed_by).startswith(f"{options.tests.rstrip('/')}/"))
    ]
    if options.list:
        for fault in wanted:
            print(f"{fault.subject}: {fault.name}  ({fault.package}: {fault.target}; {fault.noticed_by})")
        return 0
    return 0 if prove_all(wanted, options.jobs) else 1


def prove_all(faults: Iterable[Fault], jobs: int = 2) -> bool:
    """Prove faults, print a line for each, and return whether all of them were noticed."""
    wanted = [*faults]
    began = time.monotonic()
    fine, output = holds((fault.noticed_by for fault in wanted), jobs)
    if not fine:
        print(f"without any fault, the tests do not pass:\n{output[-4000:]}")
        return False
    print(f"without any fault, {len({fault.noticed_by for fault in wanted})} tests pass", flush=True)
    survivors = 0
    with ThreadPoolExecutor(jobs) as workers:
        for fault, verdict in zip(wanted, workers.map(_verdict, wanted), strict=True):
            survivors += not verdict.noticed
            print(f"{fault.rule:>10}: {fault.name}: {verdict.reason}", flush=True)
            if not verdict.noticed:
                print(verdict.output[-1500:])
    summary = f"{survivors} survived" if survivors else "all noticed"
    print(f"{len(wanted)} faults, {summary}, {time.monotonic() - began:.0f} s")
    return not survivors


def _verdict(fault: Fault) -> Verdict:
    try:
        return prove(fault)
    except NotFound as error:
        return Verdict(False, str(error), "")


if __name__ == "__main__":
    sys.exit(main())
