"""Annotations of public names that `typing.get_type_hints`, `inspect.signature`, pydantic and FastAPI can resolve.

The package imports a module when it is first needed. So most of the names in annotations are imported for type checkers
only, below `if TYPE_CHECKING:`. Whoever resolves annotations at run time reads `__annotations__` and looks the names up
in the module. The classes and functions of the front door therefore have annotations that run these imports when they
are first read, as sphinx-autodoc-typehints does for documentation.
"""

from __future__ import annotations

import sys
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from functools import cached_property
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ast

_ROOT = __name__.partition(".")[0]
_completed: set[str] = set()
_running: list[str] = []  # modules that are being completed; their aliases are still text


class _Unresolved(str):
    """The text of an alias that is resolved when all imports were run."""

    __slots__ = ("origin",)
    origin: tuple[str, str]  # the module that defines it, and its name there


def introspectable(value: Any, module: str, name: str) -> Any:
    """A public name, with annotations that can be resolved. An alias that is text is replaced by what it stands for.

    Args:
        value: the class, function or alias.
        module: full name of the module that defines it.
        name: its name there.
    """
    if isinstance(value, str) and _is_alias(module, name):
        _complete(module)
        value = getattr(sys.modules[module], name)
        if isinstance(value, str):
            value = _Unresolved(value)
            value.origin = (module, name)
        return value
    if isinstance(value, type):
        for base in value.__mro__:
            if base.__module__.startswith(_ROOT):
                _defer_class(base)
    elif isinstance(value, FunctionType):
        _defer(value)
    return value


def _is_alias(module: str, name: str) -> bool:
    return bool(vars(sys.modules[module]).get("__annotations__", {}).get(name) == "TypeAlias")


def _defer_class(cls: type[Any]) -> None:
    own = vars(cls)
    if type(own.get("__annotations__")) is dict:
        cls.__annotations__ = _Annotations(own["__annotations__"], cls.__module__)
    for attribute in own.values():
        member: Any = attribute
        if isinstance(attribute, (classmethod, staticmethod)):
            member = member.__func__
        elif isinstance(member, property):
            member = member.fget
        elif isinstance(member, cached_property):
            member = member.func
        if isinstance(member, FunctionType) and member.__module__ == cls.__module__:
            _defer(member)
    if not hasattr(cls, "__get_pydantic_core_schema__") and not hasattr(cls, "__total__"):
        cls.__get_pydantic_core_schema__ = classmethod(accept_instances)


def _defer(function: FunctionType) -> None:
    annotations = function.__annotations__
    if type(annotations) is dict and annotations:
        function.__annotations__ = _Annotations(annotations, function.__module__)
    wrapped = getattr(function, "__wrapped__", None)  # whose signature `inspect` reads
    if isinstance(wrapped, FunctionType):
        _defer(wrapped)


def accept_instances(cls: type[Any], source: Any, handler: Any) -> Any:
    """The schema of a class for pydantic: instances, unchanged."""
    from importlib import import_module  # cost: an optional package

    if issubclass(cls, tuple):
        return handler(source)  # pydantic knows named tuples
    core: Any = import_module("pydantic_core.core_schema")
    return core.any_schema() if getattr(cls, "_is_protocol", False) else core.is_instance_schema(cls)


class _Unchecked:
    """The class of `UNCHECKED`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from importlib import import_module  # cost: an optional package

        return import_module("pydantic_core.core_schema").any_schema()

    def __repr__(self) -> str:
        return "UNCHECKED"


UNCHECKED = _Unchecked()
"""In `Annotated[…]`: a type with parts that pydantic cannot describe; it leaves the check to this package."""


class _HasAll(type):
    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return cls


class NotInstalled(metaclass=_HasAll):
    """In annotations, stands for a package that is not installed, and for its classes, with or without parameters."""

    def __class_getitem__(cls, parameters: Any) -> Any:
        return cls

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return UNCHECKED.__get_pydantic_core_schema__(source, handler)


class _Annotations(dict[str, Any]):
    """Annotations whose names are imported when they are read."""

    __slots__ = ("_module",)

    def __init__(self, annotations: dict[str, Any], module: str) -> None:
        super().__init__(annotations)
        self._module = module

    def __iter__(self) -> Iterator[str]:
        _complete(self._module)
        return super().__iter__()

    def __getitem__(self, name: str, /) -> Any:
        _complete(self._module)
        return super().__getitem__(name)

    def keys(self) -> KeysView[str]:  # type: ignore[override]  # `dict(annotations)` calls it
        return KeysView(self)

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        return ItemsView(self)

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        return ValuesView(self)

    def get(self, name: str, default: Any = None, /) -> Any:
        _complete(self._module)
        return super().get(name, default)

    def copy(self) -> dict[str, Any]:
        return dict(self)


def _complete(name: str) -> None:
    """Run the imports of a module that are meant for type checkers, then resolve the aliases that are text.

    Those modules are completed as well. They may import one another, so aliases are resolved last.
    """
    if name in _completed:
        return
    outermost = not _running
    _running.append(name)
    try:
        _run_imports(name)
        if outermost:
            for each in [each for each in sys.modules if each.startswith(_ROOT)]:
                for bound, value in list(vars(sys.modules[each]).items()):
                    if isinstance(value, _Unresolved) or (isinstance(value, str) and each in _running):
                        _resolve(each, bound)
    finally:
        if outermost:
            _running.clear()


def _run_imports(name: str) -> None:
    import ast  # cost: for introspection only
    import inspect

    namespace = vars(sys.modules[name])
    try:
        body = ast.parse(inspect.getsource(sys.modules[name])).body
    except (OSError, TypeError):  # a program that was frozen without sources
        return
    _completed.add(name)
    for node in body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for statement in node.body:
                _run(statement, namespace)
    for value in list(namespace.values()):
        if isinstance(value, type) and value.__module__.startswith(_ROOT):
            introspectable(value, value.__module__, value.__name__)


def _resolve(module: str, name: str) -> Any:
    """The value of a name of a module. An alias that is text is evaluated, after those that it names."""
    import ast  # cost: as above

    namespace = vars(sys.modules[module])
    value = namespace.get(name)
    if isinstance(value, _Unresolved):
        namespace[name] = _resolve(*value.origin)
    elif isinstance(value, str) and _is_alias(module, name):
        namespace[name] = Any  # while it is evaluated: an alias may contain itself
        for node in ast.walk(ast.parse(value)):
            if isinstance(node, ast.Name):
                _resolve(module, node.id)
        namespace[name] = eval(value, namespace)  # noqa: S307  # the text is a part of this package
    return namespace.get(name)


def _run(statement: ast.stmt, namespace: dict[str, Any]) -> None:
    """Execute an import or an assignment. A name of a package that is not installed becomes `NotInstalled`."""
    import ast  # cost: as above
    import typing
    from importlib.util import resolve_name  # cost: as above

    source, names = "", dict[str, str]()  # bound name -> its name in the source
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        names = {item.asname or item.name.partition(".")[0]: item.name for item in statement.names}
        if isinstance(statement, ast.ImportFrom):
            source = resolve_name("." * statement.level + (statement.module or ""), namespace["__package__"])
    elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        names = {statement.targets[0].id: "Any"}
    if names.keys() <= namespace.keys():
        return
    try:
        exec(compile(ast.Module([statement], []), "<annotations>", "exec"), namespace)  # noqa: S102  # our own source
    except (ImportError, TypeError):  # TypeError: `TypeVar(default=…)` before Python 3.13, without typing_extensions
        namespace.update((bound, getattr(typing, name, NotInstalled)) for bound, name in names.items())
    if source.startswith(_ROOT):
        namespace.update((bound, introspectable(namespace[bound], source, name)) for bound, name in names.items())
