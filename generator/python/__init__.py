"""From the description to what each template receives: types, codec tables, docstrings, imports, views.

No file is read or written here, and no template is rendered.
"""
