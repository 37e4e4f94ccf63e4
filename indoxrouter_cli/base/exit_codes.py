"""Exit codes: what a script can tell from `$?`."""

from __future__ import annotations

__all__ = [
    "AUTHENTICATION",
    "CREDITS",
    "FAILURE",
    "INTERRUPTED",
    "MEANINGS",
    "NETWORK",
    "OK",
    "PARTIAL",
    "RATE_LIMIT",
    "TOO_EXPENSIVE",
    "USAGE",
]

OK = 0
FAILURE = 1
USAGE = 2
AUTHENTICATION = 3
RATE_LIMIT = 4
CREDITS = 5
NETWORK = 6
PARTIAL = 7
TOO_EXPENSIVE = 8
INTERRUPTED = 130

MEANINGS = {
    OK: "everything worked",
    FAILURE: "the server or the model's provider failed, or a job did",
    USAGE: "the command or its input is wrong: an option, a file, a model that does not exist",
    AUTHENTICATION: "no API key, or one that was refused, or that may not do this",
    RATE_LIMIT: "a rate limit was reached",
    CREDITS: "the account has too few credits",
    NETWORK: "the server could not be reached, or the connection broke",
    PARTIAL: "some items of many failed, the rest was done",
    TOO_EXPENSIVE: "stopped by --max-cost",
    INTERRUPTED: "stopped by Ctrl-C, or by a no to a question",
}
"""What each code means; the help text and the documentation print this table."""
