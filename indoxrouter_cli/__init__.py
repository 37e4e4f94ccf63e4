"""The command `indoxrouter`: the client's features in a terminal, a script or a pipe.

`main` is the entry point. Modules are imported when they are needed: each command is a module of its own under
`commands/`, and `indoxrouter --help` imports none of them.

Each folder may import the ones after it: commands > batch, chat > command_line, files > console > diagnosis > session >
output > base. Nothing outside this package imports it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; `indoxrouter_cli.base.exit_codes` lists the codes.

    Args:
        argv: the arguments without the program's name; by default those of the process.
    """
    try:
        from .run import run  # optional: click and Rich come with the extra `cli`
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
