"""Commands that look around: models, usage, the account, keys, and `doctor`.

Each module holds its command as `command`.
"""
