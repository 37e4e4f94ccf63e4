"""The client behind real servers and proxies (`make servers`): what they are, how they start, what is tried.

These are programs of others, from Debian and the package index, so they are no part of `make test`.
"""
