"""The package as files: rendered, checked for completeness, formatted, hashed, compared, written.

Nothing here knows what a schema or an operation means.
"""
