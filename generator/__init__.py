"""The generator: reads an OpenAPI description and writes the typed Python package `indoxrouter`.

Each folder may import the ones after it, never one before it:

    commands        the verbs of `python -m generator`, `cli` in front of them
    compatibility   what changed for users: two descriptions, two releases
    observation     what answers of a real server say that the description does not, as proposals to it
    package         rendering, completeness, formatting, hashes, writing
    rules           what a description has to fulfil beyond its schemas
    upstream        openapi-python-client: its parser's input and verdict, its templates
    python          what each template receives: types, codec tables, docstrings, imports
    description     operations, parameters, answers and errors, read into one `Description`
    schema          what a JSON Schema means, as a tree of shapes
    source          files, places, problems and settings

Nothing here imports the package it writes, and nothing outside imports the generator.
"""
