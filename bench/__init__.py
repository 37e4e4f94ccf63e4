"""Benchmarks: our client beside its peers, against a loopback server that answers precomputed bytes.

`make bench` runs everything and prints a table; `make bench-quick` takes a minute. See docs/performance.md.
"""
