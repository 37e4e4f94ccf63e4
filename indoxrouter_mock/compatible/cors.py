"""Cross-origin requests below `/v1`, which pages with a client of OpenAI's send. The admin endpoints allow none."""

from __future__ import annotations

SHOWN = "x-request-id, x-stream-id, retry-after, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset"
LONGEST = 1000


def cors_headers(headers: dict[str, str]) -> list[tuple[str, str]]:
    """What lets a page read an answer; nothing for a request without `Origin`."""
    if "origin" not in headers:
        return []
    return [("access-control-allow-origin", "*"), ("access-control-expose-headers", SHOWN)]


def options_headers(known: list[str], headers: dict[str, str]) -> list[tuple[str, str]]:
    """The answer to `OPTIONS` for a path with these methods; for a page also which headers it may send."""
    methods = sorted(set(known) or {"GET"})
    if "GET" in methods:
        methods.append("HEAD")
    allowed = ", ".join([*methods, "OPTIONS"])
    found = [("allow", allowed)]
    if "origin" in headers:
        asked = headers.get("access-control-request-headers", "*")
        safe = asked if len(asked) <= LONGEST and asked.isascii() and asked.isprintable() else "*"
        found += [("access-control-allow-methods", allowed), ("access-control-allow-headers", safe)]
        found += [("access-control-max-age", "600"), ("vary", "access-control-request-headers")]
    return found
