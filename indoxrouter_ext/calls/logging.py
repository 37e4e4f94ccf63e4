"""Logging: one line for each call under the logger `indoxrouter`, and nothing that is secret.

A line holds the method, the path, the status, the number of attempts, the milliseconds and the request id. Bodies,
headers and query strings are not logged at any level. As long as nobody has imported `logging`, there is nobody to
log to, and this module does not import it either: it costs a quarter of the start-up time of a small program.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call

    from .request_flow import Answer

__all__ = ["configure_from_environment", "enable_debug", "log_call"]

LOGGER = "indoxrouter"
VARIABLE = "INDOX_ROUTER_LOG"

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def log_call(call: Call[Any], answer: Answer | None, error: BaseException | None, seconds: float) -> None:
    """Write the line of one call: INFO for a success, WARNING for a failure."""
    logger = _known.get(LOGGER) or _look_up()
    if logger is None:
        return
    level = 20 if error is None else 30
    if not logger.isEnabledFor(level) or not logger.hasHandlers():
        return  # without a handler, `logging` would print warnings by itself, though the caller gets an exception
    attempts = answer.attempts if answer is not None else getattr(error, "attempts", ())
    status = answer.status if answer is not None else getattr(error, "status_code", None)
    request_id = answer.request_id if answer is not None else getattr(error, "request_id", None)
    operation = call.operation
    logger.log(
        level,
        "%s %s status=%s attempts=%d ms=%.0f request_id=%s%s",
        operation.method,
        call.path,
        status if status is not None else "-",
        len(attempts),
        seconds * 1000,
        request_id or "-",
        "" if error is None else f" error={type(error).__name__}",
    )


_known: dict[str, Any] = {}  # looking a logger up takes a lock each time


def _look_up() -> Any:
    logging = sys.modules.get("logging")
    if logging is None:
        return None
    return _known.setdefault(LOGGER, logging.getLogger(LOGGER))


def configure_from_environment() -> None:
    """Follow `INDOX_ROUTER_LOG` (debug or info): lines go to the standard error stream.

    Raises:
        ValueError: when the variable holds something else.
    """
    wanted = os.environ.get(VARIABLE, "").strip().lower()
    if not wanted:
        return
    if wanted not in _LEVELS:
        raise ValueError(f"{VARIABLE}: expected one of {', '.join(_LEVELS)}, got {wanted[:40]!r}")
    enable_debug(_LEVELS[wanted])


def enable_debug(level: int | str = 10) -> None:
    """Show the client's log lines on the standard error stream, from `level` on (a `logging` level).

    Raises:
        ValueError: for a level that `logging` does not know.
    """
    import logging

    logger = logging.getLogger(LOGGER)
    try:
        logger.setLevel(level.upper() if isinstance(level, str) else level)
    except TypeError:
        raise ValueError(
            f"level: expected a level of the logging module, got {type(level).__name__}"
        ) from None
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
