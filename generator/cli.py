"""The command line: `python -m generator generate | check | lint | diff | upgrade | surface | templates-status`.

Each subcommand is an entry of `COMMANDS`: a function that adds its arguments and one that runs it. Imports of the
parser and the templates happen inside, so that finding nothing to do costs a few milliseconds.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from .commands.maintenance import COMMANDS as EVOLUTION
from .source.problems import SpecRefused
from .source.settings import BadSettings, Settings, load

REMEDY = "remedy: make generate"


class Command(NamedTuple):
    """A subcommand: one line for the overview, a paragraph for its own help, its arguments, and its work."""

    summary: str
    text: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def common_arguments(parser: argparse.ArgumentParser) -> None:
    """What every command takes: which description, which package, where."""
    parser.add_argument(
        "--spec", type=Path, metavar="FILE", help="the OpenAPI description (default: openapi.yaml)"
    )
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="the package's directory (default: generated/<package>)"
    )
    parser.add_argument(
        "--package", metavar="NAME", help="the package's name (default: indoxrouter); any other stands alone"
    )


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that the arguments give."""
    return load(spec=options.spec, output=options.output, package=options.package)


# ── generate ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _generate_arguments(parser: argparse.ArgumentParser) -> None:
    common_arguments(parser)
    parser.add_argument("--explain", action="store_true", help="say what would change, and write nothing")
    parser.add_argument("--force", action="store_true", help="generate even if nothing changed")


def _generate(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    started = time.perf_counter()
    from .package.manifest import is_current

    if not options.force and is_current(settings):
        print(f"{_shown(settings.output)} is up to date")
        return 0
    from .package.files import compare, make, write

    package = make(settings)
    facts = ", ".join(f"{count} {name}" for name, count in package.facts.items())
    if options.explain:
        drifts = compare(package, settings.output)
        for drift in drifts:
            print(drift)
        print(f"{facts}; {len(drifts)} differences; nothing was written")
        return 0
    changed = write(package, settings.output)
    seconds = time.perf_counter() - started
    print(
        f"{_shown(settings.output)}: {facts}; {len(changed)} of {len(package.files)} files changed, {seconds:.1f} s"
    )
    return 0


# ── check ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _check(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    from .package.files import compare, make

    package = make(settings)
    drifts = compare(package, settings.output)
    for drift in drifts:
        print(drift, file=sys.stderr)
    if drifts:
        count = "1 difference" if len(drifts) == 1 else f"{len(drifts)} differences"
        print(f"{_shown(settings.output)} has drifted: {count}; {REMEDY}", file=sys.stderr)
        return 1
    print(
        f"{_shown(settings.output)} is what the description and the templates give: {len(package.files)} files"
    )
    return 0


# ── lint ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _lint(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    from .commands.lint import lint

    problems, checks = lint(settings)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    if problems:
        print(
            f"{_shown(settings.spec)}: {len(problems)} problem{'s' if len(problems) != 1 else ''}",
            file=sys.stderr,
        )
        return 1
    print(f"{_shown(settings.spec)} is sound: {', '.join(checks)}")
    return 0


COMMANDS: dict[str, Command] = {
    "generate": Command(
        "write the package from the description and the templates",
        "Reads the description, renders the package, formats it and writes what changed; stale files are removed. "
        "Anything wrong with the description, or anything that would be lost, is an error with file, path and "
        "line: then nothing is written and the exit code is 1.",
        _generate_arguments,
        _generate,
    ),
    "check": Command(
        "prove that the package is what the description and the templates give",
        "Renders the package anew, in memory, and compares it byte by byte: files that were edited, added or deleted, "
        "and inputs that changed without generating. Exit code 1, one line for each difference, and the remedy.",
        common_arguments,
        _check,
    ),
    "lint": Command(
        "check the description itself",
        "Validates against OpenAPI, loads with both YAML libraries that read the file, and checks every `x-` key: an "
        "unknown one or one with a value of the wrong form is an error with file, path and line.",
        common_arguments,
        _lint,
    ),
    **{name: Command(*rest) for name, rest in EVOLUTION.items()},
}


def parser() -> argparse.ArgumentParser:
    """The argument parser with every command."""
    root = argparse.ArgumentParser(
        prog="python -m generator",
        description="Makes the typed Python package from an OpenAPI description.",
        epilog="Exit codes: 0 done, 1 the description or the package is not right, 2 wrong arguments.",
    )
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.summary, description=command.text)
        command.arguments(sub)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    options = parser().parse_args(arguments)
    try:
        return COMMANDS[options.command].run(options)
    except BadSettings as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except SpecRefused as refusal:
        for problem in refusal.problems:
            print(f"error: {problem}", file=sys.stderr)
        count = len(refusal.problems)
        print(f"{count} problem{'s' if count != 1 else ''}; nothing was written", file=sys.stderr)
        return 1


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


__all__ = ["COMMANDS", "Command", "common_arguments", "main", "parser", "settings_of"]
