"""The direct engine: HTTP/1.1 over sockets and asyncio, with llhttp (Node's parser, through `httptools`).

It serves direct connections to HTTP/1.1 servers, over TCP or TLS. Proxies, HTTP/2, a caller's `http_client` and tools
that replace httpx's methods are served by the httpx engine; `choice` decides. What is common to the blocking and the
asynchronous engine has no I/O and lives in `http1` and `addresses`. No private interface of another package is used.
"""
