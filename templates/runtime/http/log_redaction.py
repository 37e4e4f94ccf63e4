"""Discretion of the loggers below httpx: their debug lines hold headers, and headers hold secrets."""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar

__all__ = ["sending", "without_quotes"]


def without_quotes(text: str) -> str:
    """A message without the bytes that it quotes, and what follows them."""
    return re.sub(r"[:\s(]*(bytearray\(|b['\"]).*", "", text, flags=re.DOTALL)  # compiled when first needed


sending: ContextVar[bool] = ContextVar("sending", default=False)
"""Whether one of our own requests is being sent in this context."""


class _Discreet(logging.Filter):
    """Takes the headers out of the debug lines that are written below httpx while one of our requests is sent.

    httpcore writes all headers of an answer at DEBUG, a cookie with a token among them, and quotes the bytes that it
    could not read. Other users of httpcore in the same program keep their lines, but for such quotes.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if sending.get():
            what = record.getMessage().partition(" ")[0]
            record.msg, record.args = f"{what} (without headers, which may hold secrets)", ()
        elif "exception=" in str(record.msg):
            record.msg, record.args = without_quotes(record.getMessage()), ()
        return True


for _name in ("httpcore.http11", "httpcore.http2", "hpack.hpack", "hpack.table"):
    logging.getLogger(_name).addFilter(_Discreet())
