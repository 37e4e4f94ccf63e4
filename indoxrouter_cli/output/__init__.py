"""Output helpers: consoles, JSON, formatted values, and files that are never overwritten by accident.

Nothing here knows a command, a setting or a client.
"""
