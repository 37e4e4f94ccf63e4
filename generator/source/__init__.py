"""The description as its author wrote it: files, values that know their place, problems with a place, settings.

Nothing here knows OpenAPI or Python: a key has no meaning yet.
"""
