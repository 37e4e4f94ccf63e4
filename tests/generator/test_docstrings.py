"""Docstrings hold what the description says and the type hint does not show, and say it once."""

from __future__ import annotations

import inspect
import typing
from pathlib import Path

from tests.generator.support import document, generate

SPEC = document(
    """
/a:
  post:
    operationId: a
    tags: [things]
    requestBody:
      content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}
    responses:
      '200': {description: Fine., content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
""",
    """
Mood: {type: string, enum: [calm, wild]}
Thing:
  type: object
  properties:
    kind: {type: string, const: thing, description: Always `thing`.}
    note: {type: [string, 'null'], description: A note.}
    heat: {type: number, minimum: 0, maximum: 2, description: Between 0 and 2.}
    size: {type: integer, minimum: 1, maximum: 9, description: How large it is.}
    mood: {$ref: '#/components/schemas/Mood'}
    code: {type: string, format: uuid, description: Identifies it.}
    way: {type: string, enum: [in, out]}
    last: {const: 3}
    names: {type: array, items: {type: string, maxLength: 5}, description: Its names.}
    sign: {type: string, maxLength: 1, description: Its sign.}
    pair: {type: array, minItems: 2, maxItems: 2, items: {type: string}, description: Its pair.}
    only: {type: array, maxItems: 1, items: {type: string}, description: The only one.}
""",
)


def attributes(model: type) -> dict[str, str]:
    """The texts of a model's attributes, from its docstring."""
    text = inspect.cleandoc(model.__doc__ or "")
    rows = text.partition("Attributes:\n")[2].replace("\n        ", " ").splitlines()
    return dict(row.strip().split(": ", 1) for row in rows if ": " in row)


def test_bounds_and_formats_stand_beside_the_text_once_and_nothing_of_the_type_does(tmp_path: Path) -> None:
    made = generate(SPEC, tmp_path)
    assert attributes(made().Thing) == {
        "kind": "Always `thing`.",
        "note": "A note.",
        "heat": "Between 0 and 2.",
        "size": "How large it is. 1 to 9.",
        "mood": "`Mood`.",
        "code": "Identifies it. Format: uuid.",
        "way": "Text.",
        "last": "A whole number.",
        "names": "Its names. Each item: at most 5 characters.",
        "sign": "Its sign. At most 1 character.",
        "pair": "Its pair. At least 2 items, at most 2 items.",
        "only": "The only one. At most 1 item.",
    }


def test_a_literal_type_is_one_at_run_time(tmp_path: Path) -> None:
    made = generate(SPEC, tmp_path)
    assert typing.get_args(made().MoodLiteral) == ("calm", "wild")
    assert (made().Mood.CALM, made().Mood.WILD) == ("calm", "wild")


def test_a_module_says_whose_schemas_it_holds(tmp_path: Path) -> None:
    assert generate(SPEC, tmp_path)("models.things").__doc__ == "Schemas of `things`."
