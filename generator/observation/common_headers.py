"""Headers that HTTP, its intermediaries or browsers add: no description lists them."""

from __future__ import annotations

COMMON_HEADERS = frozenset([
    "accept", "accept-encoding", "accept-language", "accept-ranges", "access-control-allow-origin", "age",
    "allow", "alt-svc", "authorization", "cache-control", "cf-cache-status", "cf-ray", "connection",
    "content-disposition", "content-encoding", "content-language", "content-length", "content-type",
    "cookie", "date", "etag", "expires", "host", "keep-alive", "last-modified", "link", "location", "nel",
    "origin", "pragma", "referer", "report-to", "retry-after", "server", "set-cookie",
    "strict-transport-security", "transfer-encoding", "user-agent", "vary", "via", "x-content-type-options",
    "x-frame-options", "x-powered-by", "x-forwarded-for", "x-xss-protection",
])  # fmt: skip
