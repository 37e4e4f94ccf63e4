"""Exit codes: how a script distinguishes failures by `$?`."""

from __future__ import annotations

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
    FAILURE: "the server, the model's provider or a job failed",
    USAGE: "the command or its input is wrong: an option, a file, an unknown model",
    AUTHENTICATION: "the API key is missing, was rejected, or lacks permission",
    RATE_LIMIT: "a rate limit was reached",
    CREDITS: "the account has too few credits",
    NETWORK: "the server could not be reached, or the connection was lost",
    PARTIAL: "some items failed, the others succeeded",
    TOO_EXPENSIVE: "stopped by --max-cost or --budget",
    INTERRUPTED: "stopped by Ctrl-C, or because you answered no",
}
"""The meaning of each code; the help text and the documentation print this table."""
