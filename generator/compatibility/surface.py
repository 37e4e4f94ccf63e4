"""The public surface of Python packages: every name, signature and type that a user's code may rest on.

Read from the sources by griffe, without importing them. Public is what a root module lists in `__all__`, and what the
types of public things lead to inside the same packages.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import griffe

Surface: TypeAlias = dict[str, dict[str, Any]]
# Dunder methods that are part of an interface; the others (`__repr__`, `__eq__`) have no signature to break.
_SPOKEN = frozenset({
    "__init__", "__call__", "__enter__", "__exit__", "__aenter__", "__aexit__", "__iter__", "__aiter__",
    "__next__", "__anext__", "__getitem__", "__len__", "__await__",
})  # fmt: skip


def surface_of(roots: list[str], search: list[Path]) -> Surface:
    """The surface of some modules, by dotted path.

    Raises:
        LookupError: for a root that is not below the search paths.
    """
    loader = griffe.GriffeLoader(search_paths=[str(path) for path in search], allow_inspection=False)
    packages = sorted({root.partition(".")[0] for root in roots})
    for package in packages:
        try:
            loader.load(package)
        except ImportError as error:
            raise LookupError(f"{package} is not below {', '.join(map(str, search))}") from error
    loader.resolve_aliases(implicit=True, external=False)
    return _Collector(loader, packages).collect(roots)


class _Collector:
    def __init__(self, loader: griffe.GriffeLoader, packages: list[str]) -> None:
        self._modules = loader.modules_collection
        self._packages = packages
        self._found: Surface = {}
        self._pending: list[str] = []

    def collect(self, roots: list[str]) -> Surface:
        for root in roots:
            module = self._modules[root]
            names = [str(name) for name in module.exports or ()]
            if not names:
                names = [
                    name
                    for name, member in module.members.items()
                    if not (name.startswith("_") or member.is_alias or member.is_module)
                ]
            for name in names:
                if name in module.members:
                    self._thing(f"{root}.{name}", module.members[name])
        while self._pending:
            path = self._pending.pop()
            if path not in self._found:
                self._thing(path, self._modules[path])
        return {path: self._found[path] for path in sorted(self._found) if path not in roots}

    def _thing(self, path: str, found: griffe.Object | griffe.Alias) -> None:
        """One public name; a re-exported name is described once, under its own path."""
        thing = self._target(found)
        if thing is None:
            self._found[path] = {"kind": "name"}
            return
        if thing.path != path and self._ours(thing.path):
            self._found[path] = {"kind": "name", "of": thing.path}
            if thing.path not in self._found:
                self._thing(thing.path, thing)
        elif thing.is_class:
            self._class(path, thing)
        elif thing.is_function:
            self._found[path] = self._function(thing)
        elif thing.is_attribute:
            self._found[path] = self._attribute(thing)

    def _ours(self, path: str) -> bool:
        return path.partition(".")[0] in self._packages

    def _target(self, found: griffe.Object | griffe.Alias) -> Any:
        try:
            return found.final_target if isinstance(found, griffe.Alias) else found
        except (griffe.AliasResolutionError, griffe.CyclicAliasError):
            return None

    def _class(self, path: str, thing: Any) -> None:
        self._found[path] = {"kind": "class", "bases": [str(base) for base in thing.bases]}
        members: dict[str, Any] = {**thing.inherited_members, **thing.members}
        for name, member in members.items():
            if name.startswith("_") and name not in _SPOKEN:
                continue
            target = self._target(member)
            if target is None or not (target.is_function or target.is_attribute):
                continue
            if name not in thing.members and not self._inherits(target):
                continue
            entry = self._function(target) if target.is_function else self._attribute(target)
            self._found[f"{path}.{name}"] = entry

    def _inherits(self, member: Any) -> bool:
        """Whether an inherited member is listed here: what all models share is listed once, at their base."""
        owner: str = member.parent.path
        if not self._ours(owner):
            return False
        if "._" in owner:
            if owner not in self._found:
                self._pending.append(owner)
            return False
        return True

    def _function(self, thing: Any) -> dict[str, Any]:
        entry: dict[str, Any] = {"kind": "function", **self._signature(thing)}
        overloads: list[Any] = list(thing.overloads or ())
        if overloads:
            entry["overloads"] = [self._signature(overload) for overload in overloads]
        if "async" in thing.labels:
            entry["async"] = True
        return entry

    def _signature(self, thing: Any) -> dict[str, Any]:
        parameters: list[dict[str, Any]] = []
        for parameter in thing.parameters:
            if parameter.name in ("self", "cls"):
                continue
            self._follow(parameter.annotation)
            row = {"name": parameter.name, "kind": parameter.kind.value if parameter.kind else ""}
            if parameter.annotation is not None:
                row["type"] = str(parameter.annotation)
            if parameter.default is not None and "variadic" not in row["kind"]:
                row["default"] = str(parameter.default)
            parameters.append(row)
        self._follow(thing.returns)
        return {
            "parameters": parameters,
            "returns": str(thing.returns) if thing.returns is not None else None,
        }

    def _attribute(self, thing: Any) -> dict[str, Any]:
        self._follow(thing.annotation)
        annotation = str(thing.annotation) if thing.annotation is not None else None
        if annotation == "TypeAlias":
            annotation = f"TypeAlias of {thing.value}"
        return {"kind": "attribute", "type": annotation}

    def _follow(self, annotation: Any) -> None:
        """A class used in a public type is public, wherever it is defined; the internals of the runtime are not."""
        for path in _paths(annotation):
            if self._ours(path) and "._" not in path and path not in self._found:
                try:
                    known = self._modules[path]
                except KeyError:
                    continue
                target = self._target(known)
                if target is not None and target.is_class and "._" not in target.path:
                    self._pending.append(target.path)


def _paths(annotation: Any) -> Iterator[str]:
    if isinstance(annotation, griffe.Expr):
        for part in annotation.iterate(flat=True):
            if isinstance(part, griffe.ExprName):
                yield part.canonical_path
