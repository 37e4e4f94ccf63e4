"""The generator: an OpenAPI description in, the typed package `indoxrouter` out.

The road, one module a step:

    source      YAML with line numbers, external files          (what the author wrote)
    node        a value that knows where it stands              (pointers, references)
    extensions  every `x-` key that is read, and its form
    shapes      what a schema means: one tree of dataclasses    (interpret builds it)
    lowering    the same description in the plain words that openapi-python-client's parser never loses
    parse       that parser: its verdict on names, models and endpoints
    names       identifiers: keywords, builtins, collisions
    codes       shapes as Python annotations and as codec expressions
    views       what each template receives                     (operations, models, facade ...)
    ledger      what the description holds against what came out; a difference is an error
    project     the `Project` subclass: templates, filters, every file of the package in memory
    output      formatting, the manifest, writing, comparing

Nothing here imports the package it writes, and nothing outside imports the generator.
"""

__all__: list[str] = []
