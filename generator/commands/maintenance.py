"""The maintenance commands: the description, upstream's templates or the public surface has changed.

Only what the argument parser needs is here; the work is imported when its command runs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

Argument: TypeAlias = Callable[[argparse.ArgumentParser], object]
"""Adds one argument to a parser."""


class Command(NamedTuple):
    """A subcommand: one line for the overview, a paragraph for its own help, its arguments, and its work."""

    summary: str
    text: str
    arguments: tuple[Argument, ...]
    run: Callable[[argparse.Namespace], int]


def argument(*names: str, **options: Any) -> Argument:
    """An argument of a command, by what `argparse` takes for it."""
    return lambda parser: parser.add_argument(*names, **options)


SPEC = argument("--spec", type=Path, metavar="FILE", help="the OpenAPI description (default: openapi.yaml)")
_FORMAT = argument(
    "--format",
    choices=("table", "markdown", "json"),
    default="table",
    help="table (default) is for people",
)


def _diff(options: argparse.Namespace) -> int:
    from ..compatibility.diff import BREAKS, WORTH, NoSuchDescription, at, compare
    from ..compatibility.report import FORMS
    from ..source.settings import load

    settings = load(spec=options.new, package=options.package)
    try:
        with at(options.old, settings) as old:
            shown = options.old, str(options.new) if options.new else settings.spec.name
            comparison = compare(old, settings, shown=shown)
            print(FORMS[options.format](comparison).rstrip("\n"))
    except NoSuchDescription as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.fail_on == "never":
        return 0
    return BREAKS if WORTH[comparison.bump] >= WORTH[options.fail_on] else 0


def _upgrade(options: argparse.Namespace) -> int:
    from ..source.settings import PROJECT
    from .undo import restore_state
    from .upgrade import upgrade

    if options.back:
        return restore_state(PROJECT)
    if options.spec is None:
        print("error: SPEC is missing: the new description", file=sys.stderr)
        return 2
    return upgrade(options.spec, explain=options.explain, since=options.since, tests=options.tests)


def _observe(options: argparse.Namespace) -> int:
    from ..source.settings import load
    from .observe import observe

    if not options.tapes and not options.har:
        print("error: expected a tape or --har FILE", file=sys.stderr)
        return 2
    settings = load(spec=options.spec)
    return observe(options.tapes, options.har, settings, form=options.format, propose=options.propose)


def _live(options: argparse.Namespace) -> int:
    from ..source.settings import load
    from .live import live

    headers: dict[str, str] = {}
    for line in options.header:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            print("error: --header: expected `NAME: VALUE`", file=sys.stderr)  # the value may be a secret
            return 2
        headers[name.strip()] = value.strip()
    if not options.url.startswith(("http://", "https://")):
        print(f"error: URL: expected http:// or https://, got {options.url!r}", file=sys.stderr)
        return 2
    return live(options.url, load(), headers, options.format)


def _surface(options: argparse.Namespace) -> int:
    from ..compatibility.surface_record import check, record

    return check() if options.check else record()


def _status(options: argparse.Namespace) -> int:
    from ..upstream.templates_status import status

    return status(options.names)


COMMANDS: dict[str, Command] = {
    "diff": Command(
        "show what changed for users between two descriptions",
        "Lists operations, arguments, fields, values, types, credentials and events that were added, removed, renamed "
        "or retyped: the Python names that each change affects, whether it breaks callers or readers, and the next "
        "version. Exit code 0 when nothing breaks, 3 when something does, 1 when a description is invalid.",
        (
            argument("old", metavar="OLD", help="the former description: a file, or a git ref"),
            argument(
                "new", metavar="NEW", nargs="?", type=Path, help="the new description (default: openapi.yaml)"
            ),
            _FORMAT,
            argument(
                "--fail-on",
                choices=("major", "minor", "patch", "never"),
                default="major",
                help="end with exit code 3 when the changes require this bump or a higher one (default: major)",
            ),
            argument("--package", metavar="NAME", help="the package's name, for the Python names"),
        ),
        _diff,
    ),
    "upgrade": Command(
        "adopt a new description: lint, diff, generate, check, derived files, changelog, tests, version",
        "Nothing is written until the new description is valid and the package can be rendered from it. A step that "
        "fails after that is reported. The last lines list what is left to you. A second run writes nothing new; "
        "`--back` restores the state before the run.",
        (
            argument(
                "spec",
                metavar="SPEC",
                type=Path,
                nargs="?",
                help="the new description, or a patch that `observe` wrote",
            ),
            argument(
                "--back",
                action="store_true",
                help="put the work tree back to the state before the last upgrade",
            ),
            argument("--explain", action="store_true", help="show what would happen, and write nothing"),
            argument(
                "--since",
                metavar="REF",
                default="HEAD",
                help="what to compare with when SPEC is openapi.yaml itself (default: HEAD)",
            ),
            argument(
                "--tests",
                metavar="ARGS",
                default="-n 2 --dist loadgroup",
                help="options for pytest; `none` runs no tests",
            ),
        ),
        _upgrade,
    ),
    "observe": Command(
        "report what recorded exchanges contain and the description lacks",
        "Reads tapes of the mock (`python -m indoxrouter_mock record`) and HAR files. Lists operations, parameters, "
        "fields, types, nulls, enum values, statuses, event types, headers and limits that are new, with count, place "
        "and an example without secrets. --propose writes the edit of the description as a patch. Exit code 0 when "
        "nothing is new, 3 when something is, 2 when a recording cannot be read.",
        (
            argument(
                "tapes", metavar="TAPES", nargs="*", type=Path, help="folders or files of the mock's tapes"
            ),
            argument(
                "--har",
                metavar="FILE",
                action="append",
                default=[],
                type=Path,
                help="a HAR file of a browser or proxy",
            ),
            argument(
                "--propose", metavar="FILE", type=Path, help="write the edit of the description as a patch"
            ),
            _FORMAT,
            SPEC,
        ),
        _observe,
    ),
    "live": Command(
        "compare the description that a server publishes with ours",
        "Looks at the URL, at the usual places (`openapi.json`, `/docs`, `/redoc` and the like) and at those that a "
        "documentation page names. Operations are matched by method and path, below the base path of our servers. "
        "Exit code 0 when the two are equivalent, 3 when they differ, 1 when the description cannot be read, 2 when "
        "there is none.",
        (
            argument("url", metavar="URL", help="the server, or the place of its description"),
            argument(
                "--header",
                action="append",
                default=[],
                metavar="'NAME: VALUE'",
                help="a header of each request, such as `Authorization: Bearer ...`; may be repeated",
            ),
            _FORMAT,
        ),
        _live,
    ),
    "surface": Command(
        "record the public names, signatures and types, or compare them with the record",
        "The packages and the path of the record are in pyproject.toml under [tool.indoxrouter.surface]. With "
        "--check: exit code 1 when the record is out of date, or when a released name is broken without a version "
        "number that allows it.",
        (argument("--check", action="store_true", help="compare with what is recorded, and write nothing"),),
        _surface,
    ),
    "templates-status": Command(
        "compare our templates with those of openapi-python-client",
        "For each template that we override: its base, the installed version, and ours. Exit code 1 when upstream "
        "changed.",
        (argument("names", metavar="TEMPLATE", nargs="*", help="these in full (default: all, in short)"),),
        _status,
    ),
}
