"""Tapes: recorded exchanges as files, their secrets masked, and the exchange that answers a request.

Nothing here listens or sends to a client: `app/tape_app.py` records and replays with this package.
"""
