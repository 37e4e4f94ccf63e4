"""Commands about the account and the service: models, usage, the account, keys, and `doctor`.

Each module holds its command as `command`.
"""
