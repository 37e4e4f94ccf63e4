"""Runs the Python blocks of one page in order, in one namespace, as a reader would paste them. A process of its own.

Reads the blocks as JSON on standard input and prints, as JSON, what each one printed or how it failed.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import io
import json
import sys
import traceback
from typing import Any


def main() -> None:
    blocks: list[dict[str, Any]] = json.load(sys.stdin)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    results: list[dict[str, Any]] = []
    with contextlib.redirect_stdout(io.StringIO()), asyncio.Runner() as runner:  # type: ignore[attr-defined]  # since 3.11, which the tests need
        for block in blocks:
            printed = io.StringIO()
            failure = None
            try:
                with contextlib.redirect_stdout(printed):
                    # Blank lines in front, so that a traceback names the line of the page.
                    source = "\n" * block["line"] + block["text"]
                    code = compile(source, block["page"], "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
                    running = eval(code, namespace)  # noqa: S307  # the project's own documentation
                    if inspect.iscoroutine(running):
                        runner.run(running)
            except BaseException:  # noqa: BLE001  # whatever a block raises is a failure of the page
                failure = traceback.format_exc(limit=-4)
            results.append({"printed": printed.getvalue(), "failure": failure})
            if failure is not None:
                break
    json.dump(results, sys.__stdout__ or sys.stdout)


if __name__ == "__main__":
    main()
