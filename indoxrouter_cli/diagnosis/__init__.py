"""Why something failed: messages with a remedy for exceptions of the client, and the checks of `doctor`.

Nothing here ends a command; it only says what is wrong.
"""
