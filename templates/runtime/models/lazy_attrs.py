"""`attrs.define`, put off until somebody asks what fields a class has.

The models are attrs classes: `attrs.has`, `attrs.fields`, `attrs.asdict`, `attrs.evolve`, cattrs and pattern matching all work.
But their own code comes from a template, so nothing that `attrs.define` writes is needed to use them, and importing attrs
takes as long as importing the rest of this package. So attrs is imported when one of its functions looks at a model,
which it does through the attribute `__attrs_attrs__`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["define"]

ClassT = TypeVar("ClassT", bound="type[Any]")


class _Later:
    """Stands in a class for an attribute that attrs writes, and has attrs write it when it is read."""

    __slots__ = ("_cls", "_defaults", "_name", "_options")

    def __init__(self, cls: type[Any], name: str, defaults: dict[str, Any], options: dict[str, Any]) -> None:
        self._cls = cls
        self._name = name
        self._defaults = defaults
        self._options = options

    def __get__(self, instance: object, owner: type[Any]) -> Any:
        cls = self._cls
        if isinstance(cls.__dict__.get("__attrs_attrs__"), _Later):
            import attrs

            for name in _WRITTEN:
                delattr(cls, name)
            for name, default in self._defaults.items():
                setattr(cls, name, default)
            attrs.define(**self._options)(cls)
        return getattr(owner, self._name)


_WRITTEN = ("__attrs_attrs__", "__match_args__")


def define(**options: Any) -> Callable[[ClassT], ClassT]:
    """Make a class an attrs class, as `attrs.define` does with the same options, when that is first asked about.

    Defaults of fields are taken out of the class, as attrs does: an attribute that is not set is looked up by
    `__getattr__`, which decodes it.
    """

    def decorate(cls: ClassT) -> ClassT:
        own = cls.__dict__
        defaults = {name: own[name] for name in own.get("__annotations__", {}) if name in own and name != "_schema_"}
        for name in defaults:
            delattr(cls, name)
        for name in _WRITTEN:
            setattr(cls, name, _Later(cls, name, defaults, options))
        return cls

    return decorate
