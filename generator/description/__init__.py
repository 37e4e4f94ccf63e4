"""The whole description as one `Description` (model): operations, parameters, answers, errors, webhooks.

`read` is the entry. Only facts live here: how they look in Python is decided in `python`.
"""
