"""The fast engine: HTTP/1.1 over plain sockets, with Node's parser (llhttp, through `httptools`).

It serves direct connections to HTTP/1.1 servers, over TCP or TLS, which is what an API client does all day. For
everything else (proxies, HTTP/2, an `http_client` of the caller's own, a mocking or tracing tool that watches httpx)
the engine is httpx; `engines` decides. docs/performance.md says what else was tried.
"""
