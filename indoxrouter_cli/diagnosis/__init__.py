"""Diagnosis of failures: messages with a remedy for exceptions of the client, and the checks of `doctor`.

Nothing here ends a command.
"""
