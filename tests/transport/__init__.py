"""Connections as tests see them from outside: TLS, proxies, deadlines, cancellation, HTTP that is malformed."""
