"""Running the program: the one place where exceptions become messages and exit codes."""

from __future__ import annotations

import io
import os
import sys

import click

from .app import app
from .base import exit_codes
from .base.errors import CommandError, ErrorReport
from .diagnosis.explanation import explain
from .session.session import META, Session

_OURS = {"indoxrouter": "indoxrouter (the client)", "indoxrouter_ext": "indoxrouter (the client)",
         "indoxrouter_bulk": "indoxrouter_bulk"}  # fmt: skip

PROGRAM = "indoxrouter"


def run(arguments: list[str]) -> int:
    """Run a command line and return its exit code. Messages are written to the standard error."""
    session: Session | None = None
    report: ErrorReport | None = None
    _repair_streams()
    if "_INDOXROUTER_COMPLETE" in os.environ:
        from .command_line.shell_completion import run_completion  # cost: for Tab only

        run_completion(app, arguments, PROGRAM)
    try:
        with app.make_context(PROGRAM, list(arguments)) as context:
            try:
                app.invoke(context)
                sys.stdout.flush()  # here, where a full disk can still be reported
            finally:
                session = context.meta.get(META + "session")
        return exit_codes.OK
    except click.exceptions.Exit as exit_request:
        return exit_request.exit_code
    except click.UsageError as error:
        return _usage_error(error)
    except click.ClickException as error:
        report = ErrorReport(error.format_message(), None, exit_codes.USAGE)
    except (KeyboardInterrupt, click.Abort):
        report = ErrorReport("Stopped.", None, exit_codes.INTERRUPTED)
    except CommandError as error:
        report = error.report
    except BrokenPipeError:
        _discard_output()  # the reader (`head`, a pager) stopped reading: not a failure
        return exit_codes.OK
    except Exception as error:  # exceptions of the client become messages; all others are raised again
        report = _report_of(error, session)
        if report is None:
            raise
    finally:
        if session is not None:
            session.close()
    print_error(report)
    return report.code


def _repair_streams() -> None:
    """Make the three standard streams usable, whatever state the program was started in."""
    # A closed stream (`>&-`) is None; a stream without UTF-8 would raise an error for a check mark.
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115  # open as long as the process is
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # likewise
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # likewise
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(errors="replace")


def _report_of(error: Exception, session: Session | None) -> ErrorReport | None:
    missing = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else None
    if missing in _OURS:
        hint = "Install it: pip install 'indoxrouter[cli]'"  # the extra, because all need the same version
        return ErrorReport(f"The package {_OURS[missing]} is missing.", hint, exit_codes.USAGE)
    # Imported here for cost: a run without errors does not need it.
    from indoxrouter.errors import IndoxRouterError  # cost: loads the client

    if isinstance(error, IndoxRouterError):
        return explain(error, session)
    if isinstance(error, OSError) and error.strerror:  # a full disk, a directory that vanished
        _discard_output()
        place = f"{error.filename}: " if error.filename else ""
        return ErrorReport(f"{place}{error.strerror}", None, exit_codes.FAILURE)
    return None


def _usage_error(error: click.UsageError) -> int:
    # Raised by Click since 8.2 for a group without a command; its message is the help.
    if type(error).__name__ == "NoArgsIsHelpError":
        click.echo(error.format_message())
        return exit_codes.OK
    path = error.ctx.command_path if error.ctx is not None else PROGRAM
    print_error(ErrorReport(error.format_message(), f"See `{path} --help`.", exit_codes.USAGE))
    return exit_codes.USAGE


def print_error(report: ErrorReport) -> None:
    """Print an error on the standard error."""
    color = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    label = click.style("error:", fg="red", bold=True) if color else "error:"
    click.echo(f"{label} {report.message}", err=True)
    if report.hint:
        click.echo(f"       {report.hint}", err=True)


def _discard_output() -> None:
    """Discard what is still buffered: it could not be written, and would raise again when the process ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # not a file, as under a test's capture
        return
