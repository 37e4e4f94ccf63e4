"""Finds names in a package, and tests by their names, wherever they are."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import re
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["NotFound", "module_of", "node_of"]

TESTS = Path(__file__).resolve().parents[1]

# Faults are proved in threads. CPython 3.11 counts the depth of a syntax tree for all threads together, and raises
# `SystemError: AST constructor recursion depth mismatch` when two of them parse at once.
_parsing = threading.Lock()


class NotFound(Exception):
    """A name that is nowhere, or in more than one place. The message says which, and what is like it."""


def module_of(package: str, target: str) -> str:
    """The module of a package that defines a qualified name, such as `RetryBudget.refund`.

    Raises:
        NotFound: when no module defines it, or more than one.
    """
    modules = _modules(package)
    first = target.partition(".")[0]
    found = [
        module
        for module, path in modules.items()
        if re.search(rf"\b{re.escape(first)}\b", _text(path)) and target in _names(path)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(f"{package}: {target} is ambiguous: {', '.join(sorted(found))} define it")
    known = {name for path in modules.values() for name in _names(path)}
    last = target.rpartition(".")[2]
    near = sorted(name for name in known if name.rpartition(".")[2] == last and name != last)[:4]
    near += difflib.get_close_matches(target, known, n=4, cutoff=0.6)
    hint = f"; it has {', '.join(dict.fromkeys(near))}" if near else ""
    raise NotFound(f"{package}: no module defines {target}{hint}")


def node_of(test: str) -> str:
    """The pytest node id of a test that is named by its function, with its class and parameters if it has any.

    Raises:
        NotFound: when no test has the name, or more than one.
    """
    name, bracket, parameters = test.partition("[")
    qualified = name.replace("::", ".")
    found = [
        path
        for path in sorted(TESTS.rglob("test_*.py"))
        if f"def {name.rpartition('::')[2]}(" in _text(path) and qualified in _names(path)
    ]
    if len(found) != 1:
        places = f"{len(found)} modules have it" if found else "no module has it"
        raise NotFound(f"the test {name}: {places}")
    return f"{found[0].relative_to(TESTS.parent).as_posix()}::{name}{bracket}{parameters}"


@cache
def _modules(package: str) -> dict[str, Path]:
    """The modules of a package by their dotted names. Nothing is imported."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise NotFound(f"{package}: no such package")
    modules: dict[str, Path] = {}
    for root in map(Path, spec.submodule_search_locations):
        for path in root.rglob("*.py"):
            parts = [package, *path.relative_to(root).with_suffix("").parts]
            modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _names(path: Path) -> frozenset[str]:
    """The qualified names that a module defines: functions, classes, their methods and attributes."""
    with _parsing:
        tree = ast.parse(_text(path))
    return frozenset(_defined(tree.body, ""))


def _defined(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield prefix + statement.name
        elif isinstance(statement, ast.ClassDef):
            yield prefix + statement.name
            yield from _defined(statement.body, f"{prefix}{statement.name}.")
        elif isinstance(statement, ast.Assign):
            yield from (prefix + target.id for target in statement.targets if isinstance(target, ast.Name))
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            if isinstance(statement.target, ast.Name):
                yield prefix + statement.target.id
        elif isinstance(statement, (ast.If, ast.Try)):
            yield from _defined([*statement.body, *statement.orelse], prefix)
