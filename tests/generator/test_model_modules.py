"""Schemas stand in modules with those that are used together: the description alone decides, with no circles."""

from __future__ import annotations

import ast
import json
import pickle
import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from generator.description.model_modules import LARGEST
from generator.description.read import read
from generator.python.imports import ANNOTATIONS, CODECS
from generator.schema.names import RESERVED_CLASSES, RESERVED_CONSTANTS
from tests.evolution.types import complaints
from tests.generator.support import Made, answers, document, generate

OBJECT = "{type: object, properties: {a: {type: string}}}"


def described(paths: list[str], schemas: list[str], webhooks: str = "{}") -> str:
    """A description in which `@Name` refers to a schema."""
    texts = (
        re.sub(r"@(\w+)", r"{$ref: '#/components/schemas/\1'}", text)
        for text in ("\n".join(paths), "\n".join(schemas), webhooks)
    )
    path_items, components, hooks = texts
    return document(path_items, components, webhooks=yaml.safe_load(hooks))


def path(name: str, tag: str, *schemas: str) -> str:
    """An operation that answers with one of some schemas, and fails with a `Problem`."""
    fine = answers(f"{{anyOf: [{', '.join(f'@{schema}' for schema in schemas)}]}}").removesuffix("}")
    failure = "default: {description: No., content: {application/json: {schema: @Problem}}}"
    return f"/{name}: {{get: {{operationId: {name}, tags: [{tag}], {fine}, {failure}}}}}}}"


PATHS = [
    path("a", "pets", "Alone", "Pair", "Everywhere"),
    path("b", "zoos", "Pair", "Everywhere"),
    path("c", "care", "Everywhere", "Everywhere"),
    "/d: {put: {operationId: d, tags: [pets], requestBody: {content: {application/json: {schema: @Asked}}},"
    " responses: {'204': {description: Fine.}}}}",
]
SCHEMAS = [
    "Alone: {type: object, properties: {part: @Part}}",
    "Everywhere: {type: array, items: @Deep}",
    "Deep: {type: object, properties: {kind: @Kind}}",
    "Kind: {type: string, enum: [x, y]}",
    "Problem: {type: object, properties: {kind: @Kind, why: @Why}}",
    *(f"{name}: {OBJECT}" for name in ("Part", "Pair", "Why", "Asked", "Told", "Nobody")),
]
WEBHOOKS = (
    "told: {post: {requestBody: {content: {application/json: {schema: @Told}}},"
    " responses: {'200': {description: Thanks.}}}}"
)
GROUPS = {
    "Alone": "pets",
    "Part": "pets",
    "Asked": "pets",
    "Pair": "pets_and_zoos",
    "Everywhere": "shared",
    "Deep": "shared",
    "Kind": "shared",
    "Problem": "failures",
    "Why": "failures",
    "Told": "webhooks",
    "Nobody": "other",
}


def groups(text: str, directory: Path) -> dict[str, str]:
    """The module of each schema."""
    spec = directory / "spec.yaml"
    spec.write_text(text, encoding="utf-8")
    return {component.name: component.module for component in read(spec).components}


def shuffled(value: Any, dice: random.Random) -> Any:
    """The same description with the keys of its mappings in another order."""
    if isinstance(value, dict):
        items = [(key, shuffled(item, dice)) for key, item in value.items()]
        dice.shuffle(items)
        return dict(items)
    return [shuffled(item, dice) for item in value] if isinstance(value, list) else value


def test_who_uses_a_schema_decides_where_it_stands(tmp_path: Path) -> None:
    assert groups(described(PATHS, SCHEMAS, WEBHOOKS), tmp_path) == GROUPS


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_description_does_not_matter(tmp_path: Path, seed: int) -> None:
    whole = yaml.safe_load(described(PATHS, SCHEMAS, WEBHOOKS))
    other = yaml.safe_dump(shuffled(whole, random.Random(seed)), sort_keys=False)
    assert groups(other, tmp_path) == GROUPS


def test_what_has_nothing_to_do_with_a_schema_does_not_move_it(tmp_path: Path) -> None:
    paths = [path("e", "new", "Newcomer"), *PATHS, path("f", "pets", "Alone")]
    found = groups(described(paths, [f"Newcomer: {OBJECT}", *SCHEMAS], WEBHOOKS), tmp_path)
    assert found.pop("Newcomer") == "new"
    assert found == GROUPS


def many(names: list[str]) -> str:
    return described([path("a", "pets", *names)], [f"{name}: {OBJECT}" for name in [*names, "Problem"]])


def test_a_large_group_is_divided_by_the_letters_of_its_names(tmp_path: Path) -> None:
    names = [f"Cat{a}{b}" for a in "ABCDEFGHIJKLMNOPQRST" for b in "abcd"] + ["Dog", "Cat", "Emu"]
    found = groups(many(names), tmp_path)
    sizes = [list(found.values()).count(module) for module in set(found.values())]
    assert len(names) > LARGEST >= max(sizes)
    assert (found["Dog"], found["Emu"], found["Problem"]) == ("pets_d", "pets_e", "failures")
    assert all(module.startswith("pets_cat") for name, module in found.items() if name.startswith("Cat"))
    again = groups(many([*names[::-1], "Fox"]), tmp_path)
    assert again.pop("Fox") == "pets_f"
    assert again == found


def test_a_group_of_the_largest_size_stays_whole(tmp_path: Path) -> None:
    names = [f"Cat{number:03}" for number in range(LARGEST)]
    found = groups(many(names), tmp_path)
    assert {found[name] for name in names} == {"pets"}


# ── circles ──────────────────────────────────────────────────────────────────────────────────────────────────────────

CROSSWISE = [
    "LeftKind: {type: string, enum: [l, m]}",
    "RightKind: {type: string, enum: [r, s]}",
    "LeftList: {type: array, items: @RightUnion}",
    "RightList: {type: array, items: @LeftUnion}",
    "LeftUnion: {oneOf: [@LeftKind, @Left]}",
    "RightUnion: {oneOf: [@RightKind, @Right]}",
    "Left: {type: object, required: [left], properties: {left: @LeftKind, next: @RightList, box: @LeftBox}}",
    "Right: {type: object, required: [right], properties: {right: @RightKind, next: @LeftList, box: @RightBox}}",
    "LeftBox: {type: object, properties: {all: @LeftList, kinds: {type: array, items: @RightKind}}}",
    "RightBox: {type: object, properties: {all: @RightList, kinds: {type: array, items: @LeftKind}}}",
    "LeftOnly: {type: object, properties: {union: @RightUnion, kind: @LeftKind, box: @RightBox}}",
    "RightOnly: {type: object, properties: {union: @LeftUnion, kind: @RightKind, box: @LeftBox}}",
    "Problem: {type: object, properties: {first: @LeftOnly, second: @RightOnly}}",
]


# References between groups lead one way, to those with more users. Between the parts of a divided one they lead both.
LETTERS = [
    *(f"Black{n}: {{type: array, items: {{anyOf: [@White{n}, @Dot]}}}}" for n in range(LARGEST // 2)),
    *(f"White{n}: {{type: array, items: {{anyOf: [@Black{n}, @Dot]}}}}" for n in range(LARGEST // 2)),
    "Dot: {type: string, enum: [dot]}",
]


@pytest.fixture(scope="module")
def crosswise(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A package in which enums, aliases and models of several modules refer to one another in circles."""
    board = path("c", "board", *(f"Black{n}" for n in range(LARGEST // 2)))
    paths = [path("a", "left", "LeftOnly"), path("b", "right", "RightOnly"), board]
    return generate(described(paths, [*CROSSWISE, *LETTERS]), tmp_path_factory.mktemp("crosswise"))


def modules_of(made: Made) -> list[str]:
    return sorted(file.stem for file in (made.directory / "models").glob("*.py") if file.stem != "__init__")


def test_any_of_the_modules_that_refer_to_one_another_can_be_imported_first(
    crosswise: Made, run_python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    modules = modules_of(crosswise)
    assert modules == ["board_b", "board_d", "board_w", "failures", "left", "left_and_right", "right"]
    for first in modules:
        imports = "; ".join(f"import {crosswise.name}.models.{module}" for module in (first, *modules))
        run_python(f"import sys; sys.path.insert(0, {str(crosswise.directory.parent)!r}); {imports}")


def test_schemas_that_refer_to_one_another_across_modules_are_read_and_written(crosswise: Made) -> None:
    models = crosswise("models")
    raw = {"union": {"right": "s", "next": ["r", {"right": "s"}]}, "box": {"all": ["l", {"left": "m"}]}}
    found = models.LeftOnly.from_dict(raw)
    assert type(found).__module__.endswith(".left")
    assert type(found.union.next[1]) is models.Right
    assert type(found.box.all[1]) is models.Left
    assert found.to_dict() == raw
    (answer,) = crosswise.operation("left", "a").responses
    assert json.dumps(answer.codec.encode(found, "body")) == json.dumps(raw)
    nested = [["dot", ["dot"]]]
    black = crosswise("models.board_b").BLACK0_CODEC
    assert black.decode(nested) == black.encode(nested, "body") == nested


def test_objects_of_every_module_survive_pickling(crosswise: Made) -> None:
    models = crosswise("models")
    only = models.LeftOnly(union=models.Right("s"), kind="l")
    twin = pickle.loads(pickle.dumps(only))
    assert type(twin) is models.LeftOnly
    assert twin == only


@pytest.mark.parametrize("package", ["crosswise", "torture", "indoxrouter_copy"])
def test_no_module_of_models_imports_another_at_run_time(
    package: str, request: pytest.FixtureRequest
) -> None:
    made: Made = request.getfixturevalue(package)
    for module in modules_of(made):
        top = ast.parse(made.text(f"models/{module}.py")).body
        inner = [node for branch in top if isinstance(branch, ast.If) for node in branch.orelse]
        sources = {node.module or "" for node in [*top, *inner] if isinstance(node, ast.ImportFrom)}
        assert {name.partition(".")[0] for name in sources} <= {"__future__", "typing", "_runtime"}, module
        assert not any(isinstance(node, ast.Import) for node in [*top, *inner]), module


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_module_needs_for_itself_is_hidden_by_no_schema(crosswise: Made) -> None:
    one = "{type: object, required: [n], properties: {n: {type: string}, m: {type: [integer, 'null']}}}"
    hiding = [f"'{name}'" for name in sorted(RESERVED_CONSTANTS)]
    imported = ["Encoding", "Iterable", "ResponseSpec"]
    named = [*hiding, *imported, "KindLiteral", "模型", "Problem"]
    schemas = ["Kind: {type: string, enum: [a]}", *(f"{name}: {one}" for name in named)]
    beside = crosswise.directory.parent  # one run of mypy checks the types of both
    made = generate(described([path("a", "模型", "KindLiteral", "Kind", "模型", *imported)], schemas), beside)
    models = made("models")
    assert set(models.__all__) >= {f"{name}Model" for name in RESERVED_CONSTANTS}
    assert models.KindLiteral("x").n == "x"
    assert get_args(models.KindLiteral2) == ("a",)
    assert made("models.模型_").模型 is models.模型
    assert models.模型("x").to_dict() == {"n": "x"}
    assert complaints([crosswise.directory, made.directory], cache="model-modules") == ""


def test_the_names_that_are_kept_free_are_those_of_the_codecs(root: Path) -> None:
    tree = ast.parse((root / "templates/runtime/codecs/factory.py").read_text(encoding="utf-8"))
    targets = [node.targets[0] for node in tree.body if isinstance(node, ast.Assign)]
    constants = {target.id for target in targets if isinstance(target, ast.Name) and target.id.isupper()}
    assert constants == RESERVED_CONSTANTS


def test_no_schema_has_a_name_that_the_templates_import(root: Path) -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in (root / "templates").glob("*.jinja"))
    lines = re.findall(r"^ *from [\w.]+ import ([\w, ]+)$", texts, re.MULTILINE)
    imported = {name.split(" as ")[-1] for line in lines for name in line.split(", ")} | {
        *ANNOTATIONS,
        *CODECS,
    }
    classes = {name for name in imported if name[0].isupper() and not name.isupper()}
    # `_send` and `errors` have no schema's name beside these.
    assert classes - {"Awaitable", "BaseError", "Protocol", "TypeVar"} <= RESERVED_CLASSES
