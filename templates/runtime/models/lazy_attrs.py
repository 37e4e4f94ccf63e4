"""`attrs.define`, postponed until the fields of a class are requested.

The models are attrs classes: `attrs.fields`, `attrs.asdict`, `attrs.evolve`, cattrs and pattern matching work. Their
methods come from a template, so nothing that `attrs.define` generates is needed to use them, and importing attrs
takes as long as importing the rest of this package. attrs is therefore imported when one of its functions reads the
attribute `__attrs_attrs__` of a model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

ClassT = TypeVar("ClassT", bound="type[Any]")


class _LazyAttribute:
    """An attribute that attrs generates when it is first read."""

    __slots__ = ("_cls", "_defaults", "_name", "_options")

    def __init__(self, cls: type[Any], name: str, defaults: dict[str, Any], options: dict[str, Any]) -> None:
        self._cls = cls
        self._name = name
        self._defaults = defaults
        self._options = options

    def __get__(self, instance: object, owner: type[Any]) -> Any:
        import attrs  # cost: see above

        # A class of the same fields, because attrs takes the attributes of a class for defaults: the readers of fields.
        cls = self._cls
        fields = type(cls.__name__, (), {"__annotations__": vars(cls).get("__annotations__", {}), **self._defaults})
        defined = attrs.define(**self._options)(fields)
        for name in _GENERATED:
            setattr(cls, name, getattr(defined, name))
        return getattr(owner, self._name)


_GENERATED = ("__attrs_attrs__", "__match_args__")


def define(**options: Any) -> Callable[[ClassT], ClassT]:
    """Make a class an attrs class, as `attrs.define` does with the same options, when its fields are first requested.

    Like attrs, it removes the defaults of fields from the class: an attribute that is not set is decoded by
    `__getattr__`.
    """

    def decorate(cls: ClassT) -> ClassT:
        own = cls.__dict__
        defaults = {
            name: own[name] for name in own.get("__annotations__", {}) if name in own and name != "_schema_"
        }
        for name in defaults:
            delattr(cls, name)
        for name in _GENERATED:
            setattr(cls, name, _LazyAttribute(cls, name, defaults, options))
        return cls

    return decorate
