"""`make changes`: adopt changes of the description in clones, and run the tests on what comes of them.

    python -m tests.changes                          # every change alone, an hour; the tests that read the description
    python -m tests.changes --together               # all that can be made together, and the whole suite: 15 minutes
    python -m tests.changes "a field" "an error"     # those whose names hold one of these texts
    python -m tests.changes --place 3                # at the fourth place that the description offers, not the first
    python -m tests.changes --tests "tests/methods"  # other tests, as options of pytest; `none` for the upgrade alone
    python -m tests.changes --list                   # what there is, and what each would do

Each change is adopted twice (the second time writes nothing), checked, tested, and taken back. A test may fail only if
it states the very behaviour that changed: one that the change lists, or, for a change that breaks callers, one whose id
or message names what the change is about. Every other failure fails the run; read the first kind as well.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from .adopt import adopt, edited, way_back
from .all import ALL, TOGETHER
from .change import Change, NoPlace
from .clone import ROOT, Clone

# The tests that read the description or what is made from it; the rest does not know of it.
READERS = (
    "tests/spec tests/methods tests/models tests/generator tests/cli tests/mock tests/contract tests/docs tests/typing "
    "tests/evolution tests/house tests/examples -n 2 --dist loadgroup"
)
WHOLE = "-n 2 --dist loadgroup"


def main(arguments: Sequence[str] | None = None) -> int:
    """Adopt and test the chosen changes: 0 if only announced tests fail, 1 otherwise, 2 for a choice of nothing."""
    first, _, usage = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        prog="python -m tests.changes",
        description=first,
        epilog=usage,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("chosen", nargs="*", help="texts in the names of changes (all)")
    parser.add_argument(
        "--together", action="store_true", help="make the changes together, and run all tests"
    )
    parser.add_argument(
        "--place", type=int, default=0, help="which of the places that a change could be made to (0)"
    )
    parser.add_argument("--tests", help="options of pytest, or none")
    parser.add_argument(
        "--keep", metavar="DIR", help="leave the clones and the tests' output in this directory"
    )
    parser.add_argument("--list", action="store_true", help="say what each change would do, and do nothing")
    options = parser.parse_args(arguments)
    chosen = [c for c in ALL if not options.chosen or any(text in c.name for text in options.chosen)]
    if not chosen:
        names = ", ".join(change.name for change in ALL)
        print(f"error: no change is named like that; there are: {names}", file=sys.stderr)
        return 2
    if options.list:
        _list(chosen, options.place)
        return 0
    if options.together:
        groups = [[change for change in chosen if change in TOGETHER]]
    else:
        groups = [[change] for change in chosen]
    tests = options.tests or (WHOLE if options.together else READERS)
    with tempfile.TemporaryDirectory(prefix="changes-") as temporary:
        directory = Path(options.keep).resolve() if options.keep else Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        failures = 0
        for index, group in enumerate(groups):
            began = time.monotonic()
            problems = [*_try(directory / f"{index:02d}", group, options.place, tests)]
            failures += bool(problems)
            print(f"  {'; '.join(problems) or 'fine'} ({time.monotonic() - began:.0f} s)", flush=True)
    print(f"{len(groups)} tried, {failures} failed")
    return 1 if failures else 0


def _list(changes: Sequence[Change], place: int) -> None:
    text = (ROOT / "openapi.yaml").read_text(encoding="utf-8")
    for change in changes:
        try:
            done = edited(text, [change], place)[1][0]
        except NoPlace:
            done = "the description has no place for it"
        print(f"{change.name}: {done}", flush=True)  # half a second each


def _try(root: Path, group: Sequence[Change], place: int, tests: str) -> Iterator[str]:
    """What went wrong with some changes that are made together."""
    clone = Clone(root)
    new = root.parent / f"{root.name}.yaml"
    try:
        text, said = edited(clone.spec.read_text(encoding="utf-8"), group, place)
    except NoPlace:
        print(f"{group[0].name}: the description has no place for it")
        return
    for change, done in zip(group, said, strict=True):
        print(f"{change.name}: {done}", flush=True)
    new.write_text(text, encoding="utf-8")
    before = clone.tree()
    problems = [*adopt(clone, new)]
    yield from problems
    if not problems and tests.strip() != "none":
        failed, last = clone.tests(shlex.split(tests))
        print(f"  tests: {last.strip('= ')}", flush=True)
        breaking = [done for change, done in zip(group, said, strict=True) if change.breaks]
        names = re.compile(rf"\b({'|'.join(map(re.escape, changed_names(breaking)))})\b")
        listed = tuple(test for change in group for test in change.states)
        unexpected = 0
        for test, message in failed.items():
            known = test.startswith(listed) or names.search(f"{test} {message}") is not None
            unexpected += not known
            print(f"  {'states what changed' if known else 'FAILED'}: {test} - {message}"[:300])
        if unexpected:
            yield f"{unexpected} tests fail that state nothing that changed"
    yield from way_back(clone, before)


def changed_names(said: Sequence[str]) -> list[str]:
    """The names of the description in what changes say that they did: of operations, fields, values, headers."""
    text = "\n".join(said)
    words = [word for word in re.findall(r"[\w-]+", text) if re.search(r"[A-Z_-]", word[1:])]
    members = re.findall(r"\.(\w+)|(\w+) is now called", text)
    return sorted({*words, *(name for pair in members for name in pair if name)}) or ["nothing"]


if __name__ == "__main__":
    sys.exit(main())
