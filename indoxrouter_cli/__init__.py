"""The command `indoxrouter`: everything the client can do, from a terminal, a script or a pipe.

`main` is the entry point. Nothing is imported before it is needed: each command is a module of its own under
`commands/`, and `indoxrouter --help` imports none of them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; `indoxrouter_cli.base.exit_codes` says what the codes mean.

    Args:
        argv: the arguments without the program's name; by default those of the process.
    """
    try:
        from .run import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("click", "rich", "platformdirs", "tomli"):
            raise
        print(
            f"indoxrouter: the package {error.name} is missing; install the command line's extra: "
            "pip install 'indoxrouter[cli]'",
            file=sys.stderr,
        )
        return 2
    return run(sys.argv[1:] if argv is None else list(argv))
