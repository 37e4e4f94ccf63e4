"""The command line: `python -m generator generate | check | lint | diff | upgrade | surface | templates-status`.

Each subcommand is an entry of `COMMANDS`: a function that adds its arguments and one that runs it. Imports of the
parser and the templates happen inside, so that a run with nothing to do takes a few milliseconds.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .commands.maintenance import COMMANDS as MAINTENANCE
from .commands.maintenance import SPEC, Command, argument
from .source.problems import SpecRefused, plural, shown_path
from .source.settings import BadSettings, GeneratorSettings, load

_COMMON = (
    SPEC,
    argument(
        "--output", type=Path, metavar="DIR", help="the package's directory (default: generated/<package>)"
    ),
    argument(
        "--strict",
        action="store_true",
        help="refuse keywords of schemas that JSON Schema does not know (default: they are annotations)",
    ),
    argument(
        "--lenient",
        action="store_true",
        help="leave out what has a problem, and list it, in place of refusing the description",
    ),
    argument(
        "--project",
        action="store_true",
        help="make --output a project that pip can install: pyproject.toml, README.md, and the package as a folder",
    ),
    argument(
        "--package",
        metavar="NAME",
        help="the package's name (default: indoxrouter); any other gives a standalone package",
    ),
)


def _settings_of(options: argparse.Namespace) -> GeneratorSettings:
    """The settings from the arguments."""
    return load(
        spec=options.spec,
        output=options.output,
        package=options.package,
        strict=options.strict,
        lenient=options.lenient,
        distribution=options.project,
    )


def _generate(options: argparse.Namespace) -> int:
    settings = _settings_of(options)
    started = time.perf_counter()
    from .package.manifest import is_current

    if not options.force and is_current(settings):
        print(f"{shown_path(settings.output)} is up to date")
        return 0
    from .package.files import compare, make, write
    from .package.manifest import files_below
    from .package.writing import owned_files

    if not options.explain:
        owned_files(settings.output)  # refuses one that is not ours, before any work is done
    package = make(settings)
    facts = ", ".join(plural(count, name.removesuffix("s")) for name, count in package.facts.items())
    for problem in package.left_out:
        print(f"left out: {problem}", file=sys.stderr)
    if options.explain:
        drifts = compare(package, settings.output)
        for drift in drifts:
            print(drift)
        print(f"{facts}; {plural(len(drifts), 'difference')}; nothing was written")
        return 0
    changed = write(package, settings.output)
    seconds = time.perf_counter() - started
    kept = sorted(set(files_below(settings.output)) - set(package.files))
    if kept:
        print(
            f"note: left unchanged {plural(len(kept), 'file')} not written by the generator: {', '.join(kept[:5])}"
        )
    written = f"{len(changed)} of {plural(len(package.files), 'file')} changed"
    print(f"{shown_path(settings.output)}: {facts}; {written}, {seconds:.1f} s")
    return 0


def _check(options: argparse.Namespace) -> int:
    settings = _settings_of(options)
    from .package.files import compare, make

    package = make(settings)
    drifts = compare(package, settings.output)
    for drift in drifts:
        print(drift, file=sys.stderr)
    if drifts:
        count = plural(len(drifts), "difference")
        print(
            f"{shown_path(settings.output)} is out of date: {count}; remedy: make generate", file=sys.stderr
        )
        return 1
    print(
        f"{shown_path(settings.output)} matches the description and the templates: {plural(len(package.files), 'file')}"
    )
    return 0


def _lint(options: argparse.Namespace) -> int:
    settings = _settings_of(options)
    from .commands.lint import lint

    problems, checks = lint(settings)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    if problems:
        print(f"{shown_path(settings.spec)}: {plural(len(problems), 'problem')}", file=sys.stderr)
        return 1
    print(f"{shown_path(settings.spec)} is valid: {', '.join(checks)}")
    return 0


COMMANDS: dict[str, Command] = {
    "generate": Command(
        "write the package from the description and the templates",
        "Reads the description, renders the package, formats it and writes what changed. Files "
        "of a former run that are no longer part of the package are removed; other files are never touched. "
        "A problem of the description, or an element that the package would lack, is an error with file, line and "
        "path: nothing is written and the exit code is 1.",
        (
            *_COMMON,
            argument("--explain", action="store_true", help="show what would change, and write nothing"),
            argument("--force", action="store_true", help="generate even if nothing changed"),
        ),
        _generate,
    ),
    "check": Command(
        "check that the package matches the description and the templates",
        "Renders the package in memory and compares it with the files byte by byte. For files that were edited, added "
        "or deleted, and inputs that changed without `generate`: a line for each, the remedy, and exit code 1.",
        _COMMON,
        _check,
    ),
    "lint": Command(
        "check the description itself",
        "Validates against OpenAPI, loads with both YAML libraries that read the file, and checks every `x-` key: an "
        "unknown one or one with a value of the wrong form is an error with file, path and line.",
        _COMMON,
        _lint,
    ),
    **MAINTENANCE,
}


def parser() -> argparse.ArgumentParser:
    """The argument parser with every command."""
    root = argparse.ArgumentParser(
        prog="python -m generator",
        description="Generates a typed Python package from an OpenAPI description.",
        epilog="Exit codes: 0 success, 1 a problem of the description or the package, 2 invalid arguments.",
    )
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.summary, description=command.text)
        for add in command.arguments:
            add(sub)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    command_line = parser()
    options, rest = command_line.parse_known_args(arguments)
    if rest:
        is_file = hasattr(options, "spec") and rest[0][0] != "-"
        other = "; a description is given as --spec FILE" if is_file else ""
        name = options.command
        command_line.error(f"{name} does not take {' '.join(rest)}{other}; see {name} --help")
    try:
        return COMMANDS[options.command].run(options)
    except BadSettings as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error}; nothing was written", file=sys.stderr)
        return 1
    except SpecRefused as refusal:
        for problem in refusal.problems:
            print(f"error: {problem}", file=sys.stderr)
        remedy = f"; {refusal.remedy}" if refusal.remedy else ""
        print(f"{plural(len(refusal.problems), 'problem')}; nothing was written{remedy}", file=sys.stderr)
        return 1
