"""Tests use no private names of the product, so that these can change without a test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = [*ROOT.glob("indoxrouter_*"), ROOT / "generated" / "indoxrouter", ROOT / "generator"]
NOT_READ = {"planted", "releases", "golden_record"}  # names functions by design; what was generated
PERMITTED = {
    "_runtime": "the package of the generated runtime; docs/architecture.md says what is in it",
    "_replace": "a public method of named tuples",
    "_authenticate": "documented under this name since 0.1, and in the message about an expired token",
}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in ("_", *PERMITTED)


def defined(tree: ast.AST) -> Iterator[str]:
    """The names that a module gives to functions, classes, variables and attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def used(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The names that a module imports, reads from something that is not `self` or `cls`, or passes as text to a call,
    such as `setattr`."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                continue
            case ast.Attribute(attr=name):
                yield node.lineno, name
            case ast.alias(name=text) | ast.ImportFrom(module=str(text)):
                yield from ((node.lineno, name) for name in text.split("."))
            case ast.Call(args=arguments):
                texts = [each.value for each in arguments if isinstance(each, ast.Constant)]
                yield from ((node.lineno, name) for text in texts for name in str(text).split("."))


def test_tests_use_no_private_names_of_the_product() -> None:
    private = {
        name
        for part in PRODUCT
        for path in part.rglob("*.py")
        for name in (path.stem, *defined(ast.parse(path.read_text("utf-8"))))
        if is_private(name)
    }
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if not NOT_READ & {*path.parts}
        for line, name in used(ast.parse(path.read_text("utf-8")))
        if name in private
    ]
    assert not found, "\n".join(found)
