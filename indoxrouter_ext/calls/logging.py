"""One log line for each call, under the logger `indoxrouter`, without secrets.

A line holds the method, the path, the status, the number of attempts, the milliseconds and the request id. Bodies,
headers and query strings are not logged at any level. As long as the program has not imported `logging`, no handler can
exist, and this module does not import it either: that import is a quarter of the start-up time of a small program.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from logging import Logger
    from types import ModuleType

    from indoxrouter._runtime.operations.operation import Call

    from .history import HttpAnswer

__all__ = ["configure_from_environment", "enable_debug", "library_logger", "log_call"]

LOGGER = "indoxrouter"
VARIABLE = "INDOX_ROUTER_LOG"

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def log_call(call: Call[Any], answer: HttpAnswer | None, error: BaseException | None, seconds: float) -> None:
    """Write the line of one call: INFO for a success, WARNING for a failure; `seconds` is its duration."""
    logger = _loggers.get(LOGGER) or _look_up()
    if logger is None:
        return
    level = 20 if error is None else 30
    if not logger.isEnabledFor(level) or not logger.hasHandlers():
        return  # without a handler, `logging` prints warnings itself, and the caller already gets an exception
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


_loggers: dict[str, Any] = {}  # `logging.getLogger` takes a lock each time


def _look_up() -> Any:
    logging = sys.modules.get("logging")
    if logging is None:
        return None
    return _loggers.setdefault(LOGGER, logging.getLogger(LOGGER))


def _logging() -> ModuleType:
    import logging  # cost: see above

    return logging


def library_logger() -> Logger:
    """The logger `indoxrouter`, for failures that the call must survive."""
    logger: Logger = _logging().getLogger(LOGGER)
    return logger


def configure_from_environment() -> None:
    """Show log lines on standard error if `INDOX_ROUTER_LOG` is set to debug, info, warning or error.

    Raises:
        ValueError: for any other value of the variable.
    """
    wanted = os.environ.get(VARIABLE, "").strip().lower()
    if not wanted:
        return
    if wanted not in _LEVELS:
        raise ValueError(f"{VARIABLE}: expected one of {', '.join(_LEVELS)}, got {wanted[:40]!r}")
    enable_debug(_LEVELS[wanted])


def enable_debug(level: int | str = 10) -> None:
    """Show the client's log lines on standard error, from `level` (of `logging`) upwards.

    Raises:
        ValueError: for a level that `logging` does not know.
    """
    logging = _logging()
    logger = logging.getLogger(LOGGER)
    try:
        logger.setLevel(level.upper() if isinstance(level, str) else level)
    except (TypeError, ValueError):
        raise ValueError(f"level: expected a level of the logging module, got {level!r:.60}") from None
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
