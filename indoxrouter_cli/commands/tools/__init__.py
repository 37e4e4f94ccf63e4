"""Commands for everything else: raw operations, configuration, completion, the mock.

Each module holds its command as `command`.
"""
