"""The generator: an OpenAPI description in, the typed package `indoxrouter` out.

The road, step by step:

    source, node            what the author wrote: YAML or JSON, other files, references; every value knows its place
    structure, extensions   every object of the description, and every `x-` key that is read, in its form
    facets, unions,         what a schema means, as one tree of dataclasses (shapes): `interpret` is the way in
      containers, scalars,    and `components` holds those that have, or need, a name of their own (names)
      inheritance, interpret
    operations, exceptions, the rest of the description, into one `Description` (ir): `read` is the way in
      operation_extensions
    rules                   what no schema can demand: names that mean something, defaults that fit
    lowering, parse         the same in plain words for openapi-python-client's parser, and its verdict
    annotations, codecs,    shapes as Python types, as tables for the runtime, and as sentences
      docs
    build_*, views          what each template receives
    project                 the `Project` subclass: templates, filters, every file of the package in memory
    ledger                  what the description holds against what came out; a difference is an error
    formatting, manifest,   formatting, hashes, writing, comparing
      output
    lint, cli               and the commands

And for the day when something changes:

    portrait    a description as its users see it; `changes` compares two, `diff_report` says it
    upgrade     taking over a new description, step by step
    surface     the public names, signatures and types of the packages, on record
    templates_status   our templates beside those of upstream

Nothing here imports the package it writes, and nothing outside imports the generator.
"""

__all__: list[str] = []
