"""The numbers of the direct engine, and the sentences that both of its forms use."""

__all__ = [
    "CLOSED_RESPONSE",
    "ENGINE_CLOSED",
    "IDLE_SECONDS",
    "KEEPALIVE_CHECK",
    "MAX_CONNECTIONS",
    "MAX_IDLE",
]

MAX_CONNECTIONS = 1000
"""Requests under way at once; further ones wait for as long as `timeout.pool` allows."""

MAX_IDLE = 1000
"""Idle connections that are kept for each server."""

IDLE_SECONDS = 30.0
"""Seconds after which an idle connection is not used again. Many servers and gateways close at 60."""

KEEPALIVE_CHECK = 0.001
"""Seconds for which a connection is watched before its second request, if that is one that cannot be repeated.

Some servers close after each answer without announcing it. Their FIN arrives a moment after the answer, and a paid call
written into that moment fails for nothing. The check costs a millisecond, once in the life of a connection.
"""

ENGINE_CLOSED = "the engine has been closed"
CLOSED_RESPONSE = "the answer was closed while it was read"
