"""The ASGI application: it routes and checks requests, writes answers, injects faults, and serves admin and pages.

Nothing here knows sockets or threads, and no operation is implemented here.
"""
