"""What a JSON Schema means, as a tree of shapes: `interpreter` is the entry, `shapes` holds the result.

Nothing here knows of operations, templates or the text of Python code; names of classes are given here, in `names`.
"""
